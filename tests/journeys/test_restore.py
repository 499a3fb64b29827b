"""Backup and restore as docs/maintenance.md has them: an empty machine goes on where the lost one stopped."""

import hashlib
import json
import shutil
import subprocess
from pathlib import Path

import pytest

from bot.snapshot.archive.signature import Signer
from tests.journeys.conftest import HOME, Desk, Ran, both_flavours, settings_for

pytestmark = [pytest.mark.parametrize("seed", ["demo"]), pytest.mark.needs("ssh-keygen")]


class Machine:
    """A machine of the bot, with settings, data file, key, state and snapshots in one folder, as `init` lays them."""

    def __init__(self, desk: Desk, name: str) -> None:
        self._desk = desk
        self.folder = desk.folder / name

    def ran(self, *words: str, code: int = 0) -> Ran:
        return self._desk.ran(*words, "--config", str(self.folder / "bot.yaml"), code=code)

    @property
    def head(self) -> str:
        return hashlib.sha256((self.folder / "snapshots" / "CHECKPOINT").read_bytes()).hexdigest()

    def back_up(self, *without: str) -> Path:
        """Make the archive that docs/maintenance.md describes, without the folders *without*."""
        file = self._desk.folder / f"{self.folder.name}.tar"
        words = [f"--exclude={name}" for name in without]
        subprocess.run(["tar", "--create", "--file", file, *words, "--directory", self.folder, "."], check=True)
        return file

    def restore(self, file: Path) -> None:
        self.folder.mkdir()
        command = ["tar", "--extract", "--preserve-permissions", "--file", str(file), "--directory", str(self.folder)]
        subprocess.run(command, check=True)


@pytest.fixture
def lost(desk: Desk) -> Machine:
    """A machine that published news and captured twice."""
    machine = Machine(desk, "lost")
    machine.folder.mkdir()
    key = machine.folder / "snapshots-key"
    subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", key], check=True, stdin=subprocess.DEVNULL)
    (machine.folder / "allowed_signers").write_text(Signer(key).allowed_signers())
    signed = "signing_key: snapshots-key, allowed_signers: allowed_signers"
    (machine.folder / "bot.yaml").write_text(settings_for(desk.wiki).replace("signing_key: none", signed))
    machine.ran("adopt", HOME, "--space", "WS2", "--yes")
    machine.ran("snapshot")
    machine.ran("news", "add", "Published before the loss.", "--date", "2026-01-02")
    machine.ran("sync")
    discuss(desk, machine)
    machine.ran("snapshot")
    return machine


def discuss(desk: Desk, machine: Machine) -> None:
    """Change something that the next capture takes."""
    pages = (machine.folder / "snapshots" / "WS2" / "pages.jsonl").read_text().splitlines()
    desk.wiki.store.comments.add(
        int(json.loads(pages[0])["page"]["id"]), "<p>again</p>", author=desk.wiki.account("li")
    )


def goes_on(desk: Desk, machine: Machine, head: str) -> None:
    """Assert that *machine* writes nothing where nothing is to do, and that its next capture descends from *head*."""
    before = len(desk.writes())
    machine.ran("sync")
    machine.ran("snapshot")
    assert desk.writes()[before:] == []
    assert machine.head == head
    discuss(desk, machine)
    machine.ran("snapshot")
    assert machine.head != head
    machine.ran("verify", "--witness", head)
    machine.ran("news", "add", "Published after the restore.", "--date", "2026-01-03")
    machine.ran("sync")
    assert "Published before the loss." in desk.home_body
    assert "Published after the restore." in desk.home_body


@both_flavours
def test_an_empty_machine_with_the_whole_backup_goes_on(desk: Desk, lost: Machine) -> None:
    head, archive = lost.head, lost.back_up()
    shutil.rmtree(lost.folder)
    machine = Machine(desk, "new")

    machine.restore(archive)

    machine.ran("check")
    machine.ran("verify", "--witness", head)
    machine.ran("plan")
    goes_on(desk, machine, head)


@both_flavours
def test_an_empty_machine_without_the_state_goes_on_after_a_person_typed_the_head(desk: Desk, lost: Machine) -> None:
    head, archive = lost.head, lost.back_up(".wikibot")
    shutil.rmtree(lost.folder)
    machine = Machine(desk, "new")

    machine.restore(archive)

    machine.ran("plan")
    refused = machine.ran("snapshot", code=1)
    assert "wikibot evidence trust" in refused.err
    assert machine.head == head
    machine.ran("evidence", "trust", "--head", head)
    head = machine.head  # the decision is an event of its own
    goes_on(desk, machine, head)


@both_flavours
def test_a_backup_that_is_older_than_the_wiki_takes_nothing_back(desk: Desk, lost: Machine) -> None:
    archive = lost.back_up()
    lost.ran("news", "add", "Published after the backup.", "--date", "2026-01-03")
    lost.ran("sync")
    shutil.rmtree(lost.folder)
    machine = Machine(desk, "new")
    machine.restore(archive)
    body = desk.home_body

    refused = machine.ran("sync", code=3)

    assert desk.home_body == body
    assert "news" in refused.out + refused.err
    machine.ran("news", "add", "Published after the backup.", "--date", "2026-01-03")  # the person types it again
    machine.ran("sync")
    machine.ran("plan")
    assert desk.home_body == body

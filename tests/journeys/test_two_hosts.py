"""Two hosts, each with a state of its own, that are given the same workspace or different wikis."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from bot.snapshot.verify.verification import verify
from tests.journeys.conftest import HOME, Desk, Ran, both_flavours, settings_for
from tests.snapshot.small_tree import tree_bytes
from wikiserver.testing import running_wiki

pytestmark = pytest.mark.parametrize("seed", ["demo"])


class Host:
    """One machine: a folder with settings, data file, state and snapshots."""

    def __init__(self, desk: Desk, name: str) -> None:
        self._desk = desk
        self.folder = desk.folder / name
        self.folder.mkdir()
        (self.folder / "bot.yaml").write_text(settings_for(desk.wiki))

    @property
    def data(self) -> Path:
        return self.folder / "ws2.yaml"

    def ran(self, *words: str, code: int = 0) -> Ran:
        return self._desk.ran(*words, "--config", str(self.folder / "bot.yaml"), code=code)

    def says(self, text: str) -> None:
        """Edit the data file of this host."""
        self.ran("banner", "set", "--line", "1", text)


@pytest.fixture
def hosts(desk: Desk) -> tuple[Host, Host]:
    """Two hosts that have the same data file, and agree with the page."""
    a, b = Host(desk, "a"), Host(desk, "b")
    a.ran("adopt", HOME, "--space", "WS2", "--yes")
    shutil.copy(a.data, b.data)
    a.ran("sync")
    b.ran("sync")
    return a, b


@both_flavours
def test_the_host_with_the_older_data_stands_back_until_both_have_the_same(
    desk: Desk, hosts: tuple[Host, Host]
) -> None:
    a, b = hosts
    a.says("News of A")
    a.ran("sync")
    written = desk.home_body

    refused = b.ran("sync", code=3)

    assert "not by this host" in refused.out + refused.err
    assert "wikibot apply" in refused.out + refused.err
    assert desk.home_body == written
    shutil.copy(a.data, b.data)
    b.ran("sync")
    b.says("News of both")
    b.ran("sync")
    assert "News of both" in desk.home_body


@pytest.mark.parametrize("flavour", ["cloud"])
def test_two_hosts_with_different_data_do_not_overwrite_each_other(desk: Desk, hosts: tuple[Host, Host]) -> None:
    a, b = hosts
    a.says("News of A")
    b.says("News of B")
    before = len(desk.writes())

    codes = [desk.run("sync", "--config", str(host.folder / "bot.yaml")).code for host in (a, b, a, b)]

    assert codes == [0, 3, 0, 3]
    assert "News of A" in desk.home_body
    assert len(desk.writes()) == before + 1


@pytest.mark.parametrize("flavour", ["datacenter"])
def test_a_host_that_took_over_makes_the_other_stand_back(desk: Desk, hosts: tuple[Host, Host]) -> None:
    a, b = hosts
    (b.folder / ".wikibot" / "pages.json").unlink()  # a host that never saw the page
    b.says("News of B")
    b.ran("sync")
    a.says("News of A")

    a.ran("sync", code=3)

    assert "News of B" in desk.home_body
    planned = a.ran("plan", code=2)
    assert "not by this host" in planned.out + planned.err
    a.ran("apply", "--yes")
    assert "News of A" in desk.home_body
    b.ran("sync", code=3)


@pytest.mark.parametrize("flavour", ["cloud"])
def test_a_person_s_edit_after_the_other_host_is_neither_repaired_nor_merged(
    desk: Desk, hosts: tuple[Host, Host]
) -> None:
    a, b = hosts
    a.says("News of A")
    a.ran("sync")
    desk.wiki.edit(desk.home_id, desk.home_body.replace("News of A", "News of a person"), by="li")
    data, body = b.data.read_bytes(), desk.home_body

    b.ran("sync", code=3)

    assert (b.data.read_bytes(), desk.home_body) == (data, body)


@both_flavours
def test_the_snapshots_of_another_host_are_not_continued(hosts: tuple[Host, Host]) -> None:
    a, b = hosts
    a.ran("snapshot")
    settings = b.folder / "bot.yaml"
    settings.write_text(settings.read_text().replace("path: snapshots", f"path: {a.folder / 'snapshots'}"))
    before = tree_bytes(a.folder / "snapshots")

    refused = b.ran("snapshot", code=1)

    assert "this bot has no memory of the snapshots" in refused.err
    assert tree_bytes(a.folder / "snapshots") == before
    a.ran("snapshot")


@pytest.mark.parametrize("flavour", ["cloud"])
def test_two_processes_capture_two_wikis_into_disjoint_folders(desk: Desk, tmp_path: Path) -> None:
    with running_wiki("datacenter", "demo") as other:
        folders = {}
        for name, wiki in (("one", desk.wiki), ("two", other)):
            folders[name] = tmp_path / name
            folders[name].mkdir()
            (folders[name] / "bot.yaml").write_text(settings_for(wiki))
            (folders[name] / "ws2.yaml").write_text(f"workspace: {{space: WS2, home: {HOME}}}\n")
        processes = {name: start(folders[name], token) for name, token in (("one", "bot-secret"), ("two", "bot-token"))}
        said = {name: process.communicate()[1] for name, process in processes.items()}

    assert [process.returncode for process in processes.values()] == [0, 0], said
    checked = {name: verify(folder / "snapshots") for name, folder in folders.items()}
    assert all(each.is_clean for each in checked.values())
    heads = [each.head.origin for each in checked.values() if each.head]
    assert heads == [desk.wiki.url.rstrip("/"), other.url.rstrip("/")]


def start(folder: Path, token: str) -> subprocess.Popen[bytes]:
    environment = os.environ | {"WIKIBOT_WIKI__TOKEN": token, "WIKIBOT_CONFIG": str(folder / "bot.yaml")}
    command = [sys.executable, "-m", "bot", "snapshot"]
    return subprocess.Popen(command, env=environment, cwd=folder, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)


ANA = "Ana wrote this herself"


@pytest.fixture
def shared_adoption(desk: Desk, hosts: tuple[Host, Host]) -> Host:
    """The second of two hosts that share the data file, after the first one adopted what Ana wrote."""
    a, b = hosts
    body = desk.home_body
    at = body.index("<li>", body.index("wikibot-news" if "wikibot-news" in body else "News"))
    desk.wiki.edit(desk.home_id, f"{body[:at]}<li>{ANA}</li>{body[at:]}", by="ana")
    a.ran("adopt", "--yes")
    shutil.copy(a.data, b.data)
    return b


@pytest.mark.parametrize("flavour", ["cloud"])
def test_what_another_host_adopted_can_be_removed_by_command(desk: Desk, shared_adoption: Host) -> None:
    listed = shared_adoption.ran("news", "list", "--format", "json").json
    (item,) = (each["id"] for each in listed if each["text"] == ANA)

    shared_adoption.ran("news", "remove", item)
    shared_adoption.ran("sync")

    assert ANA not in desk.home_body


@pytest.mark.parametrize("flavour", ["cloud"])
@pytest.mark.parametrize(
    ("new", "is_kept"),
    [(f"{ANA}, yesterday", True), ("Ana wrote that herself", False)],
    ids=["people added words", "the words went"],
)
def test_what_another_host_adopted_is_missing_only_if_its_words_are(
    shared_adoption: Host, new: str, *, is_kept: bool
) -> None:
    text = shared_adoption.data.read_text()
    assert ANA in text
    shared_adoption.data.write_text(text.replace(ANA, new))

    planned = shared_adoption.ran("plan", code=2 if is_kept else 3)

    assert ("rolled back" in planned.out) is not is_kept

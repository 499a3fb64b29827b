"""Witnesses in the settings, on both kinds of wiki: what is told, refused and asked."""

import re
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.journeys.conftest import HOME, Desk
from tests.machine import need
from tests.snapshot.small_tree import tree_bytes
from tests.snapshot.witness_servers import SECRET, Receiver, running_receiver

pytestmark = [
    pytest.mark.parametrize("flavour", ["cloud", "datacenter"]),
    pytest.mark.parametrize("seed", ["demo"]),
]
HEADS = "Head of the snapshots"
SECRET_WORDS = re.compile("T0PSECRET|V3RYSECRET|a key that both")


@pytest.fixture(autouse=True)
def data_file(desk: Desk) -> None:
    desk.data.write_text(f"workspace: {{space: WS2, home: {HOME}}}\n")


@pytest.fixture
def receiver(monkeypatch: pytest.MonkeyPatch) -> Iterator[Receiver]:
    with running_receiver() as receiver:
        monkeypatch.setenv("WIKIBOT_SNAPSHOTS__WEBHOOKS__AUDIT_TRAIL__URL", receiver.url)
        monkeypatch.setenv("WIKIBOT_SNAPSHOTS__WEBHOOKS__AUDIT_TRAIL__SECRET", SECRET)
        yield receiver


def with_witnesses(desk: Desk, *witnesses: str) -> None:
    path = desk.folder / "bot.yaml"
    settings = path.read_text().replace("path: snapshots", f"path: snapshots, witnesses: [{', '.join(witnesses)}]")
    path.write_text(settings)


def change_and_capture(desk: Desk, title: str, code: int | None = 0) -> str:
    desk.wiki.add_page(title, parent=desk.wiki.find("Archive").id)
    ran = desk.ran("snapshot", code=code)
    return ran.out + ran.err


def roll_back(desk: Desk, copy: Path) -> None:
    shutil.rmtree(desk.folder / "snapshots")
    shutil.copytree(copy, desk.folder / "snapshots")


def test_three_witnesses_confirm_each_run(desk: Desk, receiver: Receiver) -> None:
    need("git")
    subprocess.run(["git", "init", "--quiet", "--bare", desk.folder / "heads.git"], check=True)
    with_witnesses(
        desk,
        f"{{kind: page, title: {HEADS}}}",
        "{kind: webhook, name: audit_trail}",
        f"{{kind: git, remote: {desk.folder}/heads.git}}",
    )

    ran = desk.ran("snapshot", "--format", "json")

    assert [each["state"] for each in ran.json["witnesses"]] == ["confirmed"] * 3
    assert not SECRET_WORDS.search(ran.out + ran.err)
    digest = desk.ran("verify", "--format", "json").json["head_digest"]
    assert digest in desk.wiki.body(desk.wiki.find(HEADS).id)
    assert receiver.heads[-1]["sha256"] == digest
    said = change_and_capture(desk, "changed")
    assert said.count("run 2 confirmed") == 3
    assert "ok      witness page 'Head of the snapshots' in space WS2" in desk.ran("check").out


def test_a_folder_that_was_rolled_back_is_refused_before_anything_is_written(desk: Desk) -> None:
    with_witnesses(desk, f"{{kind: page, title: {HEADS}}}")
    desk.ran("snapshot")
    copy = Path(shutil.copytree(desk.folder / "snapshots", desk.folder / "copy"))
    change_and_capture(desk, "changed")
    roll_back(desk, copy)
    shutil.rmtree(desk.folder / ".wikibot")
    before = tree_bytes(desk.folder / "snapshots"), desk.wiki.body(desk.wiki.find(HEADS).id)

    said = change_and_capture(desk, "changed again", code=1)

    assert "shows run 2" in said
    assert "Restore the newest copy of the folder" in said
    assert (tree_bytes(desk.folder / "snapshots"), desk.wiki.body(desk.wiki.find(HEADS).id)) == before


def test_a_removed_folder_is_refused_where_a_witness_shows_a_head(desk: Desk) -> None:
    with_witnesses(desk, f"{{kind: page, title: {HEADS}}}")
    desk.ran("snapshot")
    shutil.rmtree(desk.folder / "snapshots")
    shutil.rmtree(desk.folder / ".wikibot")

    ran = desk.ran("snapshot", code=1)

    assert "there are no snapshots in" in ran.err
    assert not (desk.folder / "snapshots" / "CHECKPOINT").exists()


def test_a_receiver_that_refuses_is_reported_by_its_host_only(desk: Desk, receiver: Receiver) -> None:
    with_witnesses(desk, "{kind: webhook, name: audit_trail}", f"{{kind: page, title: {HEADS}}}")
    receiver.post_status = 403

    ran = desk.ran("snapshot", "--format", "json", code=1)

    webhook, page = ran.json["witnesses"]
    assert (webhook["state"], page["state"]) == ("failed", "confirmed")
    assert "127.0.0.1 answers POST with 403; the next run tries again" in webhook["message"]
    assert not SECRET_WORDS.search(ran.out + ran.err)
    receiver.post_status = 204
    assert "webhook audit_trail (127.0.0.1): run 1 confirmed" in desk.ran("snapshot").out


def test_a_webhook_needs_its_secrets_and_they_are_not_in_the_settings(desk: Desk) -> None:
    with_witnesses(desk, "{kind: webhook, name: audit_trail}")

    ran = desk.ran("snapshot", code=1)

    assert "set WIKIBOT_SNAPSHOTS__WEBHOOKS__AUDIT_TRAIL__URL" in ran.err
    assert not (desk.folder / "snapshots" / "CHECKPOINT").exists()
    path = desk.folder / "bot.yaml"
    path.write_text(path.read_text().replace("witnesses:", "webhooks: {audit: {url: x, secret: y}}, witnesses:"))
    assert "snapshots.webhooks is a secret and must not be in this file" in desk.ran("snapshot", code=1).err


def test_the_secrets_folder_has_the_address_of_a_webhook(
    desk: Desk, receiver: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    secrets = desk.folder / "none"
    secrets.mkdir(mode=0o700)
    for name, value in (("URL", receiver.url), ("SECRET", SECRET)):
        monkeypatch.delenv(f"WIKIBOT_SNAPSHOTS__WEBHOOKS__AUDIT_TRAIL__{name}")
        (secrets / f"WIKIBOT_SNAPSHOTS__WEBHOOKS__AUDIT_TRAIL__{name}").write_text(f"{value}\n")
        (secrets / f"WIKIBOT_SNAPSHOTS__WEBHOOKS__AUDIT_TRAIL__{name}").chmod(0o600)
    with_witnesses(desk, "{kind: webhook, name: audit_trail}")

    desk.ran("snapshot")

    assert len(receiver.heads) == 1


def test_a_wrong_clock_captures_nothing(desk: Desk) -> None:
    desk.ran("snapshot")
    before = tree_bytes(desk.folder / "snapshots")

    for seconds, words in ((-7200, "2.0 hours ahead of the wiki's"), (7200, "2.0 hours behind the wiki's")):
        desk.wiki.faults.add(f"clock={seconds}")
        assert words in change_and_capture(desk, words, code=1)
        assert tree_bytes(desk.folder / "snapshots") == before


def test_another_wiki_does_not_continue_the_history(desk: Desk) -> None:
    desk.ran("snapshot")
    path = desk.folder / "bot.yaml"
    path.write_text(path.read_text().replace("127.0.0.1", "localhost"))

    said = change_and_capture(desk, "changed", code=1)

    assert "not of http://localhost" in said
    assert "wikibot evidence new-log" in said

"""Witnesses in the settings, on both kinds of wiki: what is told, refused and asked."""

import datetime as dt
import json
import re
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from bot.convert import convert_page
from bot.snapshot.archive.checkpoint import load_head
from bot.snapshot.archive.events import Event, EventOutcome, EventType
from bot.snapshot.archive.evidence_state import EvidenceState
from bot.snapshot.archive.writer import open_writer
from tests.journeys.conftest import HOME, Desk
from tests.journeys.test_snapshots import signing_key
from tests.machine import need
from tests.snapshot.small_tree import tree_bytes
from tests.snapshot.witness_servers import SECRET, Receiver, running_authority, running_receiver

pytestmark = [
    pytest.mark.either_flavour,
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


@pytest.mark.either_flavour
def test_holds_reach_the_witnesses_at_once(desk: Desk, receiver: Receiver, monkeypatch: pytest.MonkeyPatch) -> None:
    with_witnesses(desk, "{kind: webhook, name: audit_trail}")
    desk.ran("snapshot")
    held, *_ = sorted(page.stem.rpartition("--")[2] for page in (desk.folder / "snapshots").glob("WS2/data/2*/*.md"))
    for number, command in enumerate(
        (
            ("hold", "add", held, "--name", "case 7", "--reason", "a court"),
            ("hold", "release", "case 7", "--reason", "settled"),
        ),
        start=2,
    ):
        ran = desk.ran(*command)
        assert f"run {number} confirmed" in ran.out
        assert receiver.heads[-1]["sequence"] == number

    monkeypatch.setenv("WIKIBOT_SNAPSHOTS__WEBHOOKS__AUDIT_TRAIL__URL", "https://127.0.0.1:1/gone")
    other = sorted(page.stem.rpartition("--")[2] for page in (desk.folder / "snapshots").glob("WS2/data/2*/*.md"))[1]
    ran = desk.ran("hold", "add", other, "--name", "case 8", "--reason", "a court", code=1)
    assert "failed" in ran.err
    assert "the next run tries again" in ran.err


@pytest.mark.either_flavour
def test_a_mirror_that_does_not_get_a_hold_is_no_success(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    desk.ran("snapshot")
    held = next((desk.folder / "snapshots").glob("WS2/data/2*/*.md")).stem.rpartition("--")[2]
    settings = desk.folder / "bot.yaml"
    text = settings.read_text().replace("path: snapshots", "path: snapshots, mirror: 's3://bucket/ws2'")
    settings.write_text(f"{text}object_store: {{endpoint: 'http://127.0.0.1:1'}}\n")
    monkeypatch.setenv("WIKIBOT_OBJECT_STORE__ACCESS_KEY_ID", "id")
    monkeypatch.setenv("WIKIBOT_OBJECT_STORE__SECRET_ACCESS_KEY", "not-a-secret")

    ran = desk.ran("hold", "add", held, "--name", "case 7", "--reason", "a court", code=1)

    assert "held as 'case 7' in run 2" in ran.out
    assert "mirror s3://bucket/ws2: failed" in ran.err
    assert "not-a-secret" not in ran.err


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


@pytest.mark.needs("git")
def test_a_git_repository_that_cannot_be_written_keeps_no_head_from_the_witnesses(
    desk: Desk, receiver: Receiver
) -> None:
    with_witnesses(desk, "{kind: webhook, name: audit_trail}")
    settings = desk.folder / "bot.yaml"
    settings.write_text(settings.read_text().replace("path: snapshots", "path: snapshots, git: true"))
    desk.ran("snapshot")
    (repository,) = (desk.folder / ".wikibot" / "evidence").glob("*.git")
    shutil.rmtree(repository / "objects" / "pack")
    for path in (repository / "objects").glob("??/*"):
        path.unlink()

    said = change_and_capture(desk, "changed", code=1)

    assert "its last commit cannot be read" in said
    assert receiver.heads[-1]["sequence"] == 2


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
    secrets = desk.folder / "no-secrets"
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


def test_verify_asks_every_witness_and_says_what_it_could_not_check(desk: Desk, receiver: Receiver) -> None:
    with_witnesses(desk, f"{{kind: page, title: {HEADS}}}", "{kind: webhook, name: audit_trail}")
    desk.ran("snapshot")
    head = desk.ran("verify", "--format", "json").json["head_digest"]

    asked = desk.ran("verify", "--witnesses", "--witness", head, "--witness", f"sha256:{head.upper()}")
    assert asked.out.count("run 1 confirmed") == 2
    copy = str(shutil.copytree(desk.folder / "snapshots", desk.folder / "copy"))
    change_and_capture(desk, "changed")
    assert "witness: CHECKPOINT" in desk.ran("verify", copy, "--witnesses", code=3).out
    desk.ran("verify", "--witness", head, "--witness", "0" * 64, code=3)
    receiver.get_status = 503
    silent = desk.ran("verify", "--witnesses", code=1)
    assert "not checked: webhook audit_trail (127.0.0.1): failed: 127.0.0.1 answers GET with 503" in silent.err
    receiver.get_status = 200
    receiver.heads.append({"sequence": 9, "sha256": "0" * 64})
    refused = desk.ran("verify", "--witnesses", "--format", "json", code=3)
    assert [each["state"] for each in refused.json["witnesses"]] == ["confirmed", "refused"]
    assert not SECRET_WORDS.search(refused.out + refused.err + silent.err)


def test_verify_without_a_witness_in_the_settings_says_so(desk: Desk) -> None:
    desk.ran("snapshot")

    assert "none can be asked" in desk.ran("verify", "--witnesses", code=1).err


def test_the_heads_are_stamped_and_verify_checks_the_stamps(desk: Desk, tmp_path: Path) -> None:
    with running_authority(tmp_path / "tsa") as authority:
        signing_key(desk)
        with_witnesses(desk, f"{{kind: timestamp, url: '{authority.url}', ca: tsa/ca.pem}}")
        desk.ran("snapshot")
        assert "time stamp of 127.0.0.1: run 2 confirmed" in change_and_capture(desk, "changed")
        authority.status = 500
        said = change_and_capture(desk, "changed again")
        assert "time stamp of 127.0.0.1: failed: 127.0.0.1 answers with 500; the next run tries again" in said
        authority.make_authority("stranger")

        shown = desk.ran("verify").out
        assert len(re.findall(r"time stamp: log/\d{4}/00000[12]\.checkpoint\.tsr of 20", shown)) == 2
        root = str(desk.folder / "snapshots")
        assert "2 time stamps not checked; give --tsa-ca" in desk.ran("verify", root).out
        desk.ran("verify", root, "--tsa-ca", str(authority.ca))
        wrong = desk.ran("verify", root, "--tsa-ca", str(tmp_path / "tsa" / "stranger.pem"), code=3)
        assert wrong.out.count("is signed by an authority that the given certificates do not include") == 2


def test_false_markdown_is_found_by_rendering_again(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    desk.ran("snapshot", "--all")
    assert "rendered again: the Markdown is the same" in desk.ran("verify", "--renditions").out

    monkeypatch.setattr("bot.convert.convert_page", lambda _body, context: convert_page("<p>forged</p>", context))
    assert "rendered again" in desk.ran("snapshot", "--rebuild").out
    desk.ran("verify")
    monkeypatch.undo()
    monkeypatch.setenv("WIKIBOT_CONFIG", str(desk.folder / "bot.yaml"))

    found = desk.ran("verify", "--renditions", "--format", "json", code=3).json["findings"]
    assert {finding["kind"] for finding in found} == {"rendition"}
    assert "is not what wikibot-markdown" in found[0]["message"]


def test_markdown_of_an_older_converter_is_not_fine_and_a_rebuild_says_what_changed(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    desk.ran("snapshot")
    for module in ("rendition", "rebuild", "rendition_check", "page_capture", "part_writer"):
        monkeypatch.setattr(f"bot.snapshot.capture.{module}.CONVERTER", "wikibot-markdown 99")
    monkeypatch.setattr("bot.cli.snapshot_commands.CONVERTER", "wikibot-markdown 99")

    ran = desk.ran("verify", "--renditions", code=1)

    assert re.search(
        r"not checked: WS2/data/\S+ is not checkable here: wikibot-markdown \d+ made it; needs wikibot \d", ran.err
    )
    assert re.search(
        r"WS2/data/\S+: made by wikibot-markdown \d+, now by wikibot-markdown 99", desk.ran("snapshot", "--rebuild").out
    )
    desk.ran("verify", "--renditions")


def test_a_rollback_that_only_a_witness_knows_of_can_be_accepted(desk: Desk) -> None:
    with_witnesses(desk, f"{{kind: page, title: {HEADS}}}")
    desk.ran("snapshot")
    digest = desk.ran("verify", "--format", "json").json["head_digest"]
    copies = [shutil.copytree(desk.folder / name, desk.folder / f"{name}-copy") for name in ("snapshots", ".wikibot")]
    change_and_capture(desk, "changed")
    for copy in copies:
        shutil.rmtree(copy.with_name(copy.name.removesuffix("-copy")))
        shutil.copytree(copy, copy.with_name(copy.name.removesuffix("-copy")))
    assert "shows run 2" in change_and_capture(desk, "changed again", code=1)

    desk.ran("evidence", "accept-rollback", "--head", digest, "--reason", "the disk was lost")

    assert "run 4 confirmed" in desk.ran("snapshot").out
    assert "# lost: 2-2 " in (next((desk.folder / "snapshots" / "log").glob("*/000003.checkpoint"))).read_text()


@pytest.mark.parametrize(
    "answer", ["the whole head", "number and digest", "number and digest, no longer in the settings"]
)
def test_runs_of_a_log_that_was_given_up_are_no_lost_runs_of_the_new_one(
    desk: Desk, receiver: Receiver, answer: str
) -> None:
    with_witnesses(desk, "{kind: webhook, name: audit_trail}")
    desk.ran("snapshot")
    change_and_capture(desk, "changed")
    if answer != "the whole head":
        receiver.shown = json.dumps({name: receiver.heads[-1][name] for name in ("sequence", "sha256")}).encode()
    desk.ran("evidence", "new-log", "--reason", "begin again", code=None)
    said = change_and_capture(desk, "changed again", code=1)
    if answer.endswith("settings"):
        path = desk.folder / "bot.yaml"
        path.write_text(re.sub(r", witnesses: \[.*\]", "", path.read_text()))
    digest = desk.ran("verify", "--format", "json").json["head_digest"]
    before = tree_bytes(desk.folder / "snapshots")

    ran = desk.ran("evidence", "accept-rollback", "--head", digest, "--reason", "x", code=1)

    assert "shows run 2" in said
    for text in (said, ran.err):
        assert re.search("another place (for this witness )?in snapshots.witnesses", text)
    assert tree_bytes(desk.folder / "snapshots") == before


def test_a_head_of_the_future_is_found(desk: Desk) -> None:
    desk.ran("snapshot")
    copy = desk.folder / "snapshots"
    ahead = dt.datetime.now(dt.UTC) + dt.timedelta(days=900)

    with open_writer(
        EvidenceState(copy, desk.folder / ".wikibot"),
        origin=(load_head(copy) or pytest.fail("no head")).origin,
        software="wikibot test",
        clock=lambda: ahead,
    ) as writer:
        writer.finish([Event(EventType.INGESTION, EventOutcome.SUCCESS, "")], agents=("wikibot test",))

    for words in (["verify"], ["verify", str(copy)]):
        assert "lies in the future" in desk.ran(*words, code=3).out
    assert "which is later. Set the clock" in change_and_capture(desk, "changed", code=1)

"""Each file that outlives a run states its format, fits its schema, keeps unknown keys, and refuses newer formats."""

import json
import re
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from bot.audit_log import AuditLog
from bot.config.data_history import DataHistory, PendingAdoption
from bot.config.policy import WorkspaceSettings
from bot.config.shared_data_file import SharedDataFile
from bot.errors import BotError, EvidenceError, SettingsError
from bot.file_format import FileFormatError, NewerFormatError
from bot.files import replace_file
from bot.notify.memory import ChannelFailure, NotifiedFile, Receiver, ToldConcern
from bot.operations.drafts import Drafts
from bot.operations.edit import add_news, set_heading
from bot.operations.last_check import keep_check
from bot.operations.setup import Answers
from bot.operations.workspace import Folders, Workspace
from bot.replaced_texts import ReplacedText, ReplacedTexts
from bot.snapshot.archive.checkpoint import parse_checkpoint
from bot.snapshot.archive.disk import Disk
from bot.snapshot.archive.entry import parse_line
from bot.snapshot.archive.events import parse_events
from bot.snapshot.archive.journal import recover
from bot.snapshot.archive.record import is_same_capture, parse_record
from bot.snapshot.archive.writer import open_writer
from bot.snapshot.capture.capture_memory import CaptureMemory, SpaceMemory
from bot.snapshot.erasure.removal import redact
from bot.snapshot.erasure.traces import find_traces
from bot.storage.markers import Marker
from bot.sync.page_memory import PageMemory
from bot.sync.plan import Plan
from bot.sync.plan_file import dump_plan, load_plan
from bot.sync.region_memory import RegionMemory
from bot.sync.stop_order import StopOrder
from bot.wiki.gateway import User, Version
from script.file_formats import FILE_KINDS, FileKind
from script.reference import ROOT
from tests.snapshot.breaking_disk import CountingDisk, Killed, KillingDisk
from tests.snapshot.small_tree import AFTER, ORIGIN, SOFTWARE, capture_first, capture_second, state_of
from tests.sync.plans import change, drifted, page, plan, problem

KINDS = {kind.name: kind for kind in FILE_KINDS}
LATER = {"added_later": {"by": ["a later version"]}}
each_kind = pytest.mark.parametrize("kind", FILE_KINDS, ids=list(KINDS))


@pytest.fixture(scope="module")
def written(tmp_path_factory: pytest.TempPathFactory) -> dict[str, list[dict[str, Any]]]:
    """What the program wrote of each kind: files, or lines of files."""
    root = tmp_path_factory.mktemp("written")
    capture_first(root / "snapshots", Disk())
    capture_second(root / "snapshots", Disk())
    with open_writer(state_of(root / "snapshots"), origin=ORIGIN, software=SOFTWARE, clock=lambda: AFTER) as writer:
        redact(writer, find_traces(writer.library, "103"), reason="a name", by="Ana")
    journal = interrupt(root / "interrupted")
    memory = root / "pages.json"
    remember(memory)
    answers = Answers(url=ORIGIN, flavour="cloud", space_key="WS2").keep(root / "bot.yaml")
    assert answers is not None
    made = plan(page(change(lost_comments=("old",)), drifted()), problems=(problem(),), notices=("new",))
    return {
        "record": documents(root, "snapshots/*/data/_source/*/record-*.json"),
        "redaction": documents(root, "snapshots/*/data/_source/*/redaction-*.json"),
        "page": lines(root, "snapshots/*/pages.jsonl"),
        "events": lines(root, "snapshots/log/*/*.events.jsonl"),
        "transaction": [json.loads(journal.read_bytes())],
        "evidence": [json.loads(witnessed_state(root / "snapshots").read_bytes())],
        "captures": [json.loads(memory_of_a_capture(root / "snapshots").read_bytes())],
        "plan": [json.loads(dump_plan(made))],
        "page-memory": [json.loads(memory.read_bytes())],
        "init": [json.loads(answers.read_bytes())],
        "draft": [draft_of_a_change(root)],
        "revision": [revision_of_a_change(root)],
        "data-history": [json.loads(history_of_an_interrupted_adoption(root).read_bytes())],
        "region-memory": [json.loads(memory_of_a_page(root).read_bytes())],
        "audit": audit_lines(root),
        "check": [last_check(root, made)],
        "stop": [StopOrder(since=AFTER, by="Ana", reason="the wiki is being moved").content()],
        "notified": [told_channels()],
        "replaced": [json.loads(record_of_a_repair(root).read_bytes())],
    }


def audit_lines(root: Path) -> list[dict[str, Any]]:
    log = AuditLog(root / "audited", lambda: AFTER)
    log.record("sign in", "ana", who="ana", address="127.0.0.1")
    log.record("edit news", "q1", who="ana", address="127.0.0.1", workspace="ws2", before="old", after="new")
    return [json.loads(line.model_dump_json()) for path in log.months() for line in log.lines(path)]


def last_check(root: Path, made: Plan) -> dict[str, Any]:
    keep_check(Folders(root / "snapshots", root / "checked"), made, AFTER)
    (path,) = (root / "checked" / "checks").iterdir()
    found: dict[str, Any] = json.loads(path.read_bytes())
    return found


def told_channels() -> dict[str, Any]:
    failure = ChannelFailure(reason="no answer", since=AFTER, tries=1, again=AFTER)
    told = ToldConcern(matter="sync: failed", at=AFTER, over=AFTER)
    receiver = Receiver(concerns={"failed:sync": told}, occurrences={"published:ws2:q1": AFTER}, failure=failure)
    return NotifiedFile(receivers={"channel ops": receiver}).content()


def memory_of_a_page(root: Path) -> Path:
    memory = RegionMemory(root / "regions" / "1.json")
    version = Version(1, datetime(2026, 3, 1, tzinfo=UTC), User("ana", "Ana"))
    memory.remember(version, Marker("news"), "<p>Hers</p>")
    memory.remember(version, Marker("status"), None)
    memory.save()
    return root / "regions" / "1.json"


def record_of_a_repair(root: Path) -> Path:
    texts = ReplacedTexts(root / "state")
    texts.add(
        ReplacedText(
            number=0,
            when=datetime(2026, 3, 1, tzinfo=UTC),
            workspace="ws2",
            page_id="1",
            title="Home",
            region="news",
            version=3,
            people=("Ana",),
            text="<p>Hers</p>",
            base="<p>His</p>",
            written="<p>His</p>",
        )
    )
    return root / "state" / "replaced.json"


def draft_of_a_change(root: Path) -> dict[str, Any]:
    data = root / "drafted.yaml"
    data.write_text("workspace: {space: WS2, home: Home}\n")
    settings = WorkspaceSettings(name="ws2", data=data)
    workspace = Workspace(settings, data, Folders(root / "none", root / "drafted"), pytest.fail)
    operation = add_news(workspace.load_data_file(), "New").operation
    assert operation is not None
    drafts = Drafts(workspace)
    number = drafts.add(operation, "ana").number
    drafts.remark(number, "Good.", "max")
    drafts.send(number, "ana")
    return drafts.approve(number, drafts.load(number).digest, "max").content()


def revision_of_a_change(root: Path) -> dict[str, Any]:
    data = root / "revised.yaml"
    data.write_text("workspace: {space: WS2, home: Home}\n")
    shared = SharedDataFile(data, root / "revised", "ws2")
    set_heading(add_news(shared.read(), "New").after, "news", "News:").save(shared, who="ana")
    return shared.journal.load(2).content()


def history_of_an_interrupted_adoption(root: Path) -> Path:
    data = root / "ws2.yaml"
    data.write_text("workspace: {space: WS2, home: Home}\n")
    shared = SharedDataFile(data, root / "state")
    before = shared.read()
    for text in ("# given up\n", "# pending\n"):
        adoption = PendingAdoption(
            page_id="101",
            base_version=3,
            message="wikibot news=1f2e3d",
            before=before.revision,
            text=before.text + text,
        )
        shared.begin_adoption(adoption)
        if "given up" in text:
            shared.abandon_adoption()
    (path,) = (root / "state").glob("data-*.json")
    return path


def documents(root: Path, pattern: str) -> list[dict[str, Any]]:
    return [json.loads(path.read_bytes()) for path in root.glob(pattern)]


def lines(root: Path, pattern: str) -> list[dict[str, Any]]:
    return [json.loads(line) for path in root.glob(pattern) for line in path.read_bytes().splitlines()]


def interrupt(root: Path) -> Path:
    """Return the journal of a run that was killed while it put its files in place."""
    counting = CountingDisk()
    capture_first(root / "whole", counting)
    with pytest.raises(Killed):
        capture_first(root / "killed", KillingDisk(counting.count - 40))
    return state_of(root / "killed").journal


def witnessed_state(root: Path) -> Path:
    """Return what the bot remembers about snapshots that were published to a witness."""
    state = state_of(root)
    state.note_witness("page", told=state.memory.head, read_back=state.memory.head)
    return state.folder / f"{state.log}.json"


def memory_of_a_capture(root: Path) -> Path:
    """Return what a capture saw of a space."""
    state = state_of(root)
    seen = SpaceMemory(full_at=AFTER, pages={"101": 3}, labelled={"archived": ("101",)}, attachments_until=AFTER)
    CaptureMemory(state, AFTER).save({"WS2": seen})
    return state.captures


def remember(path: Path) -> None:
    memory = PageMemory(path, wiki=ORIGIN, space_key="WS2")
    memory.remember("Home", "101")
    memory.remember_linked("Former home", "101")
    memory.save()


def with_later_keys(value: Any) -> Any:
    """Add an unknown key to the object and to each model inside it; objects of free keys are left alone."""
    if isinstance(value, list):
        return [with_later_keys(item) for item in value]
    if not isinstance(value, dict):
        return value
    free = {
        "facts",
        "included",
        "linked",
        "listings",
        "receivers",
        "removed",
        "spaces",
        "users",
        "values",
        "versions",
        "witnesses",
        "written",
    }
    inner = {key: item if key in free or item == {} else with_later_keys(item) for key, item in value.items()}
    return inner | LATER


@each_kind
def test_what_the_program_writes_fits_its_schema(kind: FileKind, written: dict[str, list[dict[str, Any]]]) -> None:
    newest = f"{kind.model.KIND}/{kind.model.NUMBER}"
    assert newest in {document["format"] for document in written[kind.name]}
    validator = jsonschema.validators.validator_for(kind.schema)(kind.schema)
    validator.check_schema(kind.schema)
    for document in written[kind.name]:
        validator.validate(document)
        for key in kind.schema["required"]:
            with pytest.raises(jsonschema.ValidationError, match=key):
                validator.validate({name: item for name, item in document.items() if name != key})


@each_kind
def test_keys_of_a_later_version_are_written_again(kind: FileKind, written: dict[str, list[dict[str, Any]]]) -> None:
    for document in written[kind.name]:
        later = with_later_keys(document)
        if kind.model.model_config.get("extra") == "forbid":  # evidence that `verify` makes again
            with pytest.raises(FileFormatError, match="Extra inputs are not permitted"):
                kind.model.parse(json.dumps(later))
            continue

        assert kind.model.parse(json.dumps(later)).content() == later
        assert kind.model.parse(json.dumps(later)).without_unknown().content() == document


@each_kind
@pytest.mark.parametrize("stated", ["wikibot-other/1", "wikibot/1", "", 1, None, "/", "{kind}/x", "{kind}/", "{kind}"])
def test_a_file_without_its_format_is_refused(
    kind: FileKind, stated: object, written: dict[str, list[dict[str, Any]]]
) -> None:
    value = stated.format(kind=kind.model.KIND) if isinstance(stated, str) else stated
    document = written[kind.name][0] | {"format": value}

    with pytest.raises(FileFormatError, match=rf"does not state the format {kind.model.KIND}/{kind.model.NUMBER}"):
        kind.model.parse(json.dumps(document))


@each_kind
def test_a_newer_format_is_refused_even_if_it_reads_like_this_one(
    kind: FileKind, written: dict[str, list[dict[str, Any]]]
) -> None:
    for document in (written[kind.name][0], {}):
        newer = json.dumps(document | {"format": f"{kind.model.KIND}/{kind.model.NUMBER + 1}"})

        with pytest.raises(
            NewerFormatError, match=rf"/{kind.model.NUMBER + 1}, written by a newer wikibot; .* update wikibot"
        ):
            kind.model.parse(newer)


def recall_answers(text: str, path: Path) -> Answers:
    replace_file(path.parent / ".wikibot" / "init.json", text.encode())
    return Answers.recall(path)


def load_replaced(text: str, path: Path) -> object:
    (path.parent / "replaced.json").write_text(text)
    return ReplacedTexts(path.parent).load()


READERS: dict[str, Callable[[str, Path], object]] = {
    "record": lambda text, _: parse_record(text.encode(), name="record-000001.json"),
    "page": lambda text, _: parse_line(text.encode(), name="WS2/pages.jsonl:1"),
    "events": lambda text, path: parse_events(text.encode(), name=str(path)),
    "plan": lambda text, _: load_plan(text),
    "init": recall_answers,
    "data-history": lambda text, path: path.write_text(text) and DataHistory(path, path).load(),
    "replaced": lambda text, path: (
        path.with_name("replaced.json").write_text(text) and ReplacedTexts(path.parent).load()
    ),
    "region-memory": lambda text, path: path.write_text(text) and RegionMemory(path),
    "page-memory": lambda text, path: path.write_text(text) and PageMemory(path, wiki=ORIGIN, space_key="WS2"),
}


@pytest.mark.parametrize("name", READERS)
def test_each_reader_says_what_to_do_about_a_newer_file(
    name: str, tmp_path: Path, written: dict[str, list[dict[str, Any]]]
) -> None:
    model = KINDS[name].model
    newer = json.dumps(written[name][0] | {"format": f"{model.KIND}/{model.NUMBER + 1}"})

    with pytest.raises(BotError, match=r"newer wikibot.*update wikibot"):
        READERS[name](newer, tmp_path / "file")


def test_a_newer_page_memory_stays_as_it_is(tmp_path: Path) -> None:
    path = tmp_path / "pages.json"
    path.write_text('{"format": "wikibot-page-memory/2", "more": 1}')

    with pytest.raises(SettingsError, match="or delete the file"):
        remember(path)

    assert path.read_text() == '{"format": "wikibot-page-memory/2", "more": 1}'


def test_a_damaged_page_memory_is_written_anew(tmp_path: Path) -> None:
    path = tmp_path / "pages.json"
    path.write_text('{"format": "wikibot-page-memory/1", "spaces": 7}')

    remember(path)

    assert PageMemory(path, wiki=ORIGIN, space_key="WS2").recall("Home") == "101"


def test_a_journal_of_a_newer_version_is_neither_completed_nor_discarded(tmp_path: Path) -> None:
    journal = interrupt(tmp_path)
    newer = journal.read_text().replace("wikibot-transaction/1", "wikibot-transaction/2")
    journal.write_text(newer)

    with pytest.raises(EvidenceError, match="update wikibot"):
        recover(state_of(tmp_path / "killed"), Disk())

    assert journal.read_text() == newer


def test_a_checkpoint_of_a_newer_version_is_refused(tmp_path: Path) -> None:
    capture_first(tmp_path, Disk())
    data = (tmp_path / "CHECKPOINT").read_bytes()

    with pytest.raises(EvidenceError, match="checkpoint 3, written by a newer wikibot"):
        parse_checkpoint(data.replace(b"checkpoint 2", b"checkpoint 3"))
    with pytest.raises(EvidenceError, match="does not begin as a checkpoint"):
        parse_checkpoint(data.replace(b"checkpoint 2", b"checkpoint 0"))


def test_unknown_keys_of_a_record_do_not_cause_another_capture(written: dict[str, list[dict[str, Any]]]) -> None:
    record = written["record"][0]
    before = parse_record(json.dumps(with_later_keys(record)).encode())
    after = parse_record(json.dumps(record).encode())

    assert is_same_capture(before, after)
    assert not is_same_capture(before, after.replaced(labels=("new",)))


def test_every_model_of_a_file_is_in_the_reference() -> None:
    sources = [path.read_text(encoding="utf-8") for path in (ROOT / "bot").rglob("*.py")]
    defined = {name for source in sources for name in re.findall(r"^class (\w+)\(FileDocument\)", source, re.MULTILINE)}

    frozen = {"FirstEventLine", "FirstPageLine"}  # readers of format 1
    assert defined == {kind.model.__name__ for kind in FILE_KINDS} | frozen


@each_kind
def test_every_key_of_a_file_is_described_in_a_sentence(kind: FileKind) -> None:
    parts = [kind.schema, *(part for part in kind.schema.get("$defs", {}).values() if "properties" in part)]
    for part in parts:
        for name, key in part["properties"].items():
            assert re.fullmatch(r"[A-Z`].*\.", key.get("description", ""), re.DOTALL), name

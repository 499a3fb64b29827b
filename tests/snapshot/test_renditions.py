"""`verify --renditions`: the Markdown is what the converter makes of body and record."""

from pathlib import Path

import pytest

from bot.errors import EvidenceError
from bot.snapshot.archive.bag import sha256
from bot.snapshot.archive.events import Event, EventOutcome, EventType
from bot.snapshot.archive.library import load_library
from bot.snapshot.archive.writer import open_writer
from bot.snapshot.capture import rebuild, rendition, rendition_check
from bot.snapshot.capture.rendition_check import RenditionReport, check_renditions
from bot.snapshot.capture.serial_executor import SerialExecutor
from bot.snapshot.verify.verification import verify
from bot.wiki.dialect import Flavour
from tests.snapshot.capturing import events_of, run_capture
from tests.snapshot.small_tree import AFTER, SOFTWARE, copy_snapshots, state_of
from tests.snapshot.small_wiki import small_wiki

OTHER = "wikibot-markdown next"


@pytest.fixture(scope="module", params=list(Flavour), ids=lambda flavour: flavour.value)
def captured(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("captured") / "snapshots"
    with small_wiki(request.param) as wiki:
        run_capture(wiki, root)
    return root


@pytest.fixture
def root(captured: Path, tmp_path: Path) -> Path:
    return copy_snapshots(captured, tmp_path / "snapshots")


def check(root: Path) -> RenditionReport:
    return check_renditions(root, SerialExecutor())


def change_markdown(root: Path, *, converter: str) -> str:
    """Change the Markdown of one page as the holder of the key can do it: with a new run; return its path."""
    with open_writer(state_of(root), origin="https://wiki.test", software=SOFTWARE, clock=lambda: AFTER) as writer:
        bag, entry = next(iter(writer.library.iter_entries()))
        writer.put(bag, entry.path, b"# forged\n")
        writer.put_entry(bag, entry.replaced(converter=converter))
        event = Event(EventType.MIGRATION, EventOutcome.SUCCESS, "", (entry.page_id,))
        writer.finish([event], agents=(SOFTWARE, converter))
        return f"{bag.name}/{entry.path}"


def test_what_was_captured_is_what_the_converter_makes(root: Path) -> None:
    pages = len(list(load_library(root).iter_entries()))

    assert check(root) == RenditionReport(equal=pages)


def test_false_markdown_of_the_holder_of_the_key_is_found(root: Path) -> None:
    path = change_markdown(root, converter=rendition.CONVERTER)

    (finding,) = check(root).findings

    assert verify(root).is_clean
    assert (finding.kind.value, finding.path) == ("rendition", path)


@pytest.mark.parametrize("converter", ["wikibot-markdown 1", "wikibot-markdown 9999", "another program 3"])
def test_markdown_of_another_converter_is_never_fine(root: Path, converter: str) -> None:
    path = change_markdown(root, converter=converter)

    (other,) = check(root).uncheckable

    assert (other.path, other.converter, other.program) == (path, converter, SOFTWARE)
    assert str(other) == f"{path} is not checkable here: {converter} made it; needs {SOFTWARE}"


def test_markdown_from_a_changed_source_is_not_rendered(root: Path) -> None:
    source = next(root.glob("WS2/data/_source/*/v*.xml"))
    source.write_bytes(b"<p>forged</p>")

    with pytest.raises(EvidenceError, match="is not what was captured"):
        check(root)


def test_an_absent_folder_is_no_proof(tmp_path: Path) -> None:
    with pytest.raises(EvidenceError, match="there are no snapshots"):
        check(tmp_path)


def test_a_new_converter_makes_old_markdown_uncheckable_until_the_rebuild_which_names_both_digests(
    root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    old = {entry.page_id: bag.manifest[entry.path] for bag, entry in load_library(root).iter_entries()}
    for module in (rendition, rebuild, rendition_check):
        monkeypatch.setattr(module, "CONVERTER", OTHER)

    assert len(check(root).uncheckable) == len(old)

    with open_writer(state_of(root), origin="https://wiki.test", software=SOFTWARE, clock=lambda: AFTER) as writer:
        rebuilt = rebuild.rebuild(writer, SerialExecutor())
    assert check(root) == RenditionReport(equal=len(old))
    assert {page.page_id: page.old_sha256 for page in rebuilt.pages} == old
    for page in rebuilt.pages:
        assert sha256((root / page.path).read_bytes()) == page.new_sha256
    events = {event["pages"][0]: event for event in events_of(root, 2)}
    assert {page: event["facts"]["old_sha256"] for page, event in events.items()} == old
    assert {event["page"]["converter"] for event in events.values()} == {OTHER}
    assert verify(root).is_clean

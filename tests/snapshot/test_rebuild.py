from pathlib import Path

import pytest

from bot.errors import EvidenceError
from bot.snapshot.archive.library import load_library
from bot.snapshot.archive.writer import open_writer
from bot.snapshot.capture import rendition
from bot.snapshot.capture.rebuild import rebuild
from bot.snapshot.capture.serial_executor import SerialExecutor
from bot.snapshot.verify.verification import verify
from bot.wiki.dialect import Flavour
from tests.snapshot.capturing import events_of, markdown_of, run_capture
from tests.snapshot.small_tree import CLOCK, SOFTWARE, index_of, state_of, tree_bytes
from tests.snapshot.small_wiki import small_wiki


@pytest.fixture
def root(tmp_path: Path) -> Path:
    with small_wiki(Flavour.CLOUD) as wiki:
        run_capture(wiki, tmp_path)
    return tmp_path


def run_rebuild(root: Path) -> bool:
    with open_writer(state_of(root), origin="https://wiki.test", software=SOFTWARE, clock=lambda: CLOCK) as writer:
        return rebuild(writer, SerialExecutor()).checkpoint is not None


def test_a_rebuild_with_the_same_converter_writes_nothing(root: Path) -> None:
    before = tree_bytes(root)

    assert not run_rebuild(root)
    assert tree_bytes(root) == before


def test_a_new_converter_renders_anew_and_touches_no_source(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    before = tree_bytes(root)
    monkeypatch.setattr(rendition, "CONVERTER", "wikibot-markdown next")

    assert run_rebuild(root)

    after = tree_bytes(root)
    assert 'converter: "wikibot-markdown next"' in markdown_of(root, "Minutes")
    assert {path: data for path, data in after.items() if "_source" in path} == {
        path: data for path, data in before.items() if "_source" in path
    }
    assert {event["type"] for event in events_of(root, 2)} == {"migration"}
    assert verify(root).is_clean


def test_nothing_is_rendered_from_a_source_that_was_tampered_with(root: Path) -> None:
    source = next(root.glob("WS2/data/_source/*/v*.xml"))
    source.write_bytes(b"<p>forged</p>")

    with pytest.raises(EvidenceError, match="is not what was captured"):
        run_rebuild(root)


def test_a_forged_page_is_not_found_under_its_name(root: Path) -> None:
    library = load_library(root)
    bag, entry = library.get_page("Minutes")
    (root / bag.name / entry.path).write_text("forged words")

    index = index_of(root)

    assert index.search("forged") == []
    assert [hit.title for hit in index.search("findings")] == ["Final report"]

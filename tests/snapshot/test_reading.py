from collections.abc import Iterator
from pathlib import Path

import pytest

from bot.config.policy import HistoryMode
from bot.errors import SnapshotError
from bot.present.page_diff_view import page_diff_as_html, page_diff_as_text
from bot.snapshot.archive.library import load_library
from bot.snapshot.archive.writer import open_writer
from bot.snapshot.erasure.removal import redact
from bot.snapshot.erasure.traces import find_traces
from bot.snapshot.query.page_diff import ChangeKind, compare_page, diff_page
from bot.snapshot.query.timeline import read_timeline
from bot.snapshot.verify.verification import verify
from bot.text_diff import diff_words
from bot.wiki.dialect import Flavour
from tests.snapshot.capturing import events_of, run_capture
from tests.snapshot.public_tools import bagit_accepts, run_instructions
from tests.snapshot.small_tree import CLOCK, SOFTWARE, index_of, state_of, tree_bytes
from tests.snapshot.small_wiki import LI, SmallWiki, small_wiki


@pytest.fixture
def wiki() -> Iterator[SmallWiki]:
    """One kind of wiki suffices here: what is read lies on disk."""
    with small_wiki(Flavour.CLOUD) as wiki:
        yield wiki


def diff_of(root: Path, title: str, *states: str) -> str:
    library = load_library(root)
    return page_diff_as_text(diff_page(library, *library.get_page(title), *states))


def test_history_lists_versions_and_what_happened(wiki: SmallWiki, tmp_path: Path) -> None:
    run_capture(wiki, tmp_path)
    wiki.store.labels.add(wiki.ids["Minutes"], "final")
    run_capture(wiki, tmp_path, day=1)
    library = load_library(tmp_path)

    timeline = read_timeline(library, *library.get_page("Minutes"))

    assert [(held.version.number, bool(held.paths)) for held in timeline.versions] == [
        (3, True),
        (2, False),
        (1, False),
    ]
    assert [(event.run, event.type) for event in timeline.happenings] == [(1, "capture"), (2, "metadata modification")]


def test_diff_of_versions_shows_words(wiki: SmallWiki, tmp_path: Path) -> None:
    run_capture(wiki, tmp_path, history=HistoryMode.ALL)

    assert "~ version [-one-]{+three+}" in diff_of(tmp_path, "Minutes", "1", "3")
    assert "~ version [-two-]{+three+}" in diff_of(tmp_path, "Minutes")


def test_diff_of_captures_shows_what_changed_about_the_page(wiki: SmallWiki, tmp_path: Path) -> None:
    run_capture(wiki, tmp_path)
    wiki.store.labels.add(wiki.ids["Minutes"], "final")
    wiki.store.pages.update(wiki.ids["Minutes"], author=LI, title="Minutes of 2024")
    run_capture(wiki, tmp_path, day=1)

    shown = diff_of(tmp_path, "Minutes of 2024", "run:1", "run:2")

    assert "* label final added" in shown
    assert "* renamed from 'Minutes' to 'Minutes of 2024'" in shown


def test_diff_shows_structure(wiki: SmallWiki, tmp_path: Path) -> None:
    wiki.add("Rich", "<h2>One</h2><p>stays</p><ul><li>goes</li></ul><table><tbody><tr><th>a</th></tr></tbody></table>")
    run_capture(wiki, tmp_path)
    wiki.edit("Rich", "<h2>One</h2><p>stays</p><table><tbody><tr><th>a</th></tr><tr><td>new</td></tr></tbody></table>")
    run_capture(wiki, tmp_path, day=1)

    shown = diff_of(tmp_path, "Rich")

    assert "1 list item removed" in shown
    assert "1 table row added" in shown
    assert "  stays" in shown


def test_a_moved_paragraph_is_called_moved(wiki: SmallWiki, tmp_path: Path) -> None:
    wiki.add("Order", "<p>alpha beta gamma</p><p>delta epsilon</p><p>zeta eta theta</p>")
    run_capture(wiki, tmp_path)
    wiki.edit("Order", "<p>zeta eta theta</p><p>alpha beta gamma</p><p>delta epsilon</p>")
    run_capture(wiki, tmp_path, day=1)
    library = load_library(tmp_path)

    diff = diff_page(library, *library.get_page("Order"))

    assert [b.pieces[0].text for b in diff.blocks if b.change is ChangeKind.MOVED] == ["zeta eta theta"]
    assert not [b for b in diff.blocks if b.change in (ChangeKind.ADDED, ChangeKind.REMOVED)]


def test_scripts_without_spaces_compare_by_character() -> None:
    changed = [(piece.kind.value, piece.text) for piece in diff_words("决定：通过。", "决定：否决。")]

    assert changed == [("same", "决定："), ("removed", "通过"), ("added", "否决"), ("same", "。")]


def test_diff_as_html_takes_text_for_text(wiki: SmallWiki, tmp_path: Path) -> None:
    wiki.add("Sharp", "<p>before</p>")
    run_capture(wiki, tmp_path)
    wiki.edit("Sharp", "<p>before &lt;script&gt;alert(1)&lt;/script&gt;</p>")
    run_capture(wiki, tmp_path, day=1)
    library = load_library(tmp_path)

    html = page_diff_as_html(compare_page(library, *library.get_page("Sharp")))

    assert "<script>" not in html
    assert "<ins>" in html


def test_a_version_that_is_not_held_is_named_with_those_that_are(wiki: SmallWiki, tmp_path: Path) -> None:
    run_capture(wiki, tmp_path)

    with pytest.raises(SnapshotError, match=r"version 1 of page \d+ was not captured; captured versions: 3"):
        diff_of(tmp_path, "Minutes", "1", "3")


@pytest.mark.parametrize(
    ("words", "titles"),
    [
        ("findings", ["Final report"]),
        ("FINDINGS", ["Final report"]),
        ("find", ["Final report"]),
        ("通过", ["会议记录"]),
        ("会议", ["会议记录"]),
        ("过通", []),
        ("resume pdf", ["Minutes"]),
        ("board", ["Minutes"]),
        ('"version three"', ["Minutes"]),
        ('"three version"', []),
        ("version -three", []),
        ("nichts", []),
        ('AND OR NOT ( ) * : ^ " final', []),
        ("1' OR '1'='1 final", []),
    ],
)
def test_search_finds_any_script_and_takes_words_for_words(searchable: Path, words: str, titles: list[str]) -> None:
    assert [hit.title for hit in index_of(searchable).search(words)] == titles


def test_what_is_found_reads_as_it_was_written(wiki: SmallWiki, tmp_path: Path) -> None:
    wiki.edit("Minutes", "<p>The draft 报告草案 of 2018 现公开征询意见，截止日期为 5月11日</p>")
    run_capture(wiki, tmp_path)

    [hit] = index_of(tmp_path).search("公开征询")

    assert "报告草案 of 2018 现\x02公开征询\x03意见" in hit.snippet


@pytest.fixture
def searchable(wiki: SmallWiki, tmp_path: Path) -> Path:
    run_capture(wiki, tmp_path)
    return tmp_path


def test_search_follows_every_capture_and_leaves_the_evidence_alone(wiki: SmallWiki, tmp_path: Path) -> None:
    run_capture(wiki, tmp_path)
    index = index_of(tmp_path)
    assert index.search("zanzibar") == []
    wiki.edit("Minutes", "<p>Zanzibar</p>")
    run_capture(wiki, tmp_path, day=1)

    assert [hit.title for hit in index.search("zanzibar")] == ["Minutes"]
    assert index.search("three") == []
    assert verify(tmp_path).is_clean


def test_a_broken_index_is_made_anew(searchable: Path) -> None:
    index = index_of(searchable)
    index.search("version")
    state_of(searchable).search.write_bytes(b"not a database at all" * 400)

    assert [hit.title for hit in index.search("version")] == ["Minutes"]


def test_search_writes_nothing_into_the_folder_where_it_is_called(
    searchable: Path, tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch
) -> None:
    elsewhere = tmp_path_factory.mktemp("elsewhere")
    monkeypatch.chdir(elsewhere)

    assert index_of(searchable).search("version")

    assert list(elsewhere.iterdir()) == []


def test_redaction_removes_the_content_and_everything_still_verifies(wiki: SmallWiki, tmp_path: Path) -> None:
    run_capture(wiki, tmp_path)
    digest = verify(tmp_path).head_digest
    with open_writer(state_of(tmp_path), origin="https://wiki.test", software=SOFTWARE, clock=lambda: CLOCK) as writer:
        redact(writer, find_traces(writer.library, "Minutes"), reason="personal data", by="Ana")

    files = tree_bytes(tmp_path)
    for secret in (b"version three", b"%PDF-1", b"Is this", b"It is."):
        assert not [path for path, data in files.items() if secret in data], secret
    assert verify(tmp_path, witnesses=[str(digest)]).findings == ()
    assert run_instructions(tmp_path, witness=digest or "").returncode == 0
    assert bagit_accepts(tmp_path)
    assert events_of(tmp_path, 2)[0]["type"] == "redaction"


def test_a_redacted_page_keeps_its_digests_and_is_not_captured_again(wiki: SmallWiki, tmp_path: Path) -> None:
    run_capture(wiki, tmp_path)
    before = tree_bytes(tmp_path)
    source = f"WS2/data/_source/{wiki.ids['Minutes']}/v3.xml"
    with open_writer(state_of(tmp_path), origin="https://wiki.test", software=SOFTWARE, clock=lambda: CLOCK) as writer:
        redact(writer, find_traces(writer.library, "Minutes"), reason="personal data", by="Ana")
    wiki.edit("Minutes", "<p>version four</p>")

    outcome = run_capture(wiki, tmp_path, day=1)

    assert [trouble.title for trouble in outcome.skipped] == [f"Redacted page {wiki.ids['Minutes']}"]
    assert outcome.checkpoint is None
    import hashlib

    (record,) = (tmp_path / f"WS2/data/_source/{wiki.ids['Minutes']}").iterdir()
    assert hashlib.sha256(before[source]).hexdigest() in record.read_text()

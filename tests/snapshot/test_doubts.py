"""Pages whose data contradict each other are captured as the wiki sends them, and the run is not called complete."""

import datetime as dt
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from bot.config.policy import HistoryMode
from bot.snapshot.archive.library import load_library
from bot.snapshot.archive.verdict import RunVerdict
from bot.snapshot.capture.outcome import CaptureOutcome
from bot.snapshot.verify.verification import verify
from tests.scripted_proxy import Answer
from tests.snapshot.capturing import record_of, run_capture
from tests.snapshot.lying_proxy import text_of
from tests.snapshot.small_tree import tree_bytes
from tests.snapshot.small_wiki import ANA, LI, WHEN, SmallWiki

pytestmark = pytest.mark.either_flavour

LISTINGS = r"/spaces/\d+/pages\?|/rest/api/content\?(?!ids)|/api/v2/pages\?space-id|/space/WS2/content/page\?"
PAGES = r"/(pages|content)/\d+\?(?!.*version=\d)|/pages\?id=|/content\?ids="
OLD = r"/(pages|content)/\d+\?.*version=\d"
HISTORY = r"/(pages|content)/\d+/versions?\b"
FILES = r"/attachments\?|/child/attachment\?|children\.attachment"
COMMENTS = r"-comments\?|/child/comment\?|descendants\.comment"


@pytest.fixture
def marked(wiki: SmallWiki) -> SmallWiki:
    """Add a page of two versions with two files, one of which its text names, and two comments, one with a mark."""
    page_id = wiki.add("Marked", '<p>this <ac:link><ri:attachment ri:filename="b.txt" /></ac:link></p>')
    for name in ("a.txt", "b.txt"):
        wiki.store.attachments.add(page_id, name, name.encode(), author=ANA, when=WHEN)
    wiki.store.comments.add(page_id, "<p>First</p>", author=LI, when=WHEN)
    wiki.store.comments.add_inline(page_id, "<p>Why?</p>", author=LI, selection="this")
    wiki.edit("Marked", wiki.store.contents.body(page_id).replace("</p>", " and more</p>"))
    return wiki


def capture(wiki: SmallWiki, root: Path, day: int = 0) -> CaptureOutcome:
    return run_capture(wiki, root, history=HistoryMode.ALL, day=day)


def for_pages(change: Callable[[dict[str, Any]], object]) -> Callable[[Answer], None]:
    """Return a lie about each page of an answer, a page or a list of pages."""

    def lie(answer: Answer) -> None:
        data = answer.json
        for item in (*data.get("results", ()), data):
            if "title" in item and "version" in item:
                change(item)
        answer.json = data

    return lie


def keep_results(keep: Callable[[list[Any]], list[Any]]) -> Callable[[Answer], None]:
    """Return a lie that leaves results out of an answer, and of the lists of files and comments in a list of pages."""

    def lie(answer: Answer) -> None:
        data = answer.json
        inside = [
            item[outer][inner]
            for item in data["results"]
            for outer, inner in (("children", "attachment"), ("descendants", "comment"))
            if inner in item.get(outer, {})
        ]
        for found in inside or [data]:
            found["results"] = keep(found["results"])
        answer.json = data

    return lie


def _date(version: dict[str, Any]) -> None:
    version["createdAt" if "createdAt" in version else "when"] = "2020-02-02T02:02:02.000Z"


def _is_inline(comment: dict[str, Any]) -> bool:
    return "inlineMarkerRef" in comment.get("properties", {}) or "inlineProperties" in comment.get("extensions", {})


def _older(page: dict[str, Any]) -> None:
    page["version"]["number"] = max(1, page["version"]["number"] - 1)


def _without_texts(answer: Answer) -> None:
    data = answer.json
    for item in data.get("results", ()):
        for comment in item.get("descendants", {}).get("comment", {}).get("results", [item]):
            if "storage" in comment.get("body", {}) and "version" in comment and "space" not in comment:
                comment["body"]["storage"]["value"] = ""
    answer.json = data


class Lie(NamedTuple):
    """What the proxy changes, always, and the words of the doubt."""

    pattern: str
    change: Callable[[Answer], None]
    said: str


LIES = {
    "another title": Lie(PAGES, for_pages(lambda page: page.update(title=f"Other {page['title']}")), "with the title"),
    "another time": Lie(PAGES, for_pages(lambda page: _date(page["version"])), "with the time"),
    "another status": Lie(LISTINGS, for_pages(lambda page: page.update(status="draft")), "listed as draft"),
    "no history": Lie(HISTORY, keep_results(lambda _found: []), "its history lacks 2 versions (1, 2)"),
    "history cut": Lie(HISTORY, keep_results(lambda found: found[:1]), "its history lacks 2 versions (1, 2)"),
    "history with a gap": Lie(HISTORY, keep_results(lambda found: found[:1] + found[2:]), "lacks 1 version"),
    "a file less than named": Lie(
        FILES,
        keep_results(lambda found: [file for file in found if file["title"] != "b.txt"]),
        "the search index has 2",
    ),
    "a comment less than marked": Lie(
        COMMENTS, keep_results(lambda found: [one for one in found if not _is_inline(one)]), "the search index has 2"
    ),
    "comments without texts": Lie(r"comment", _without_texts, "without a text"),
}


@pytest.mark.parametrize("name", LIES)
def test_what_contradicts_is_captured_and_said(marked: SmallWiki, tmp_path: Path, name: str) -> None:
    lie = LIES[name]
    with marked.proxied() as proxy:
        proxy.change("GET", lie.pattern, lie.change)

        outcome = capture(marked, tmp_path)

    assert outcome.verdict is RunVerdict.UNCONFIRMED, outcome
    assert any(lie.said in doubt.reason for doubt in outcome.doubts), outcome.doubts
    assert outcome.captured == outcome.expected


def test_a_history_that_was_cut_is_read_again_until_it_is_whole(marked: SmallWiki, tmp_path: Path) -> None:
    with marked.proxied() as proxy:
        proxy.change("GET", HISTORY, keep_results(lambda found: found[:1]))
        verdicts = [capture(marked, tmp_path, day).verdict for day in (0, 1)]
    assert [version.number for version in record_of(tmp_path, "Minutes").versions] == [3]

    verdicts.append(capture(marked, tmp_path, day=7).verdict)

    assert verdicts == [RunVerdict.UNCONFIRMED, RunVerdict.COMPLETE, RunVerdict.COMPLETE]
    assert [version.number for version in record_of(tmp_path, "Minutes").versions] == [3, 2, 1]
    bag, _ = load_library(tmp_path).get_page("Minutes")
    assert f"data/_source/{marked.ids['Minutes']}/v1.xml" in bag.manifest


def test_a_version_that_the_history_names_and_the_wiki_does_not_send_is_said(marked: SmallWiki, tmp_path: Path) -> None:
    with marked.proxied() as proxy:
        proxy.instead("GET", OLD, 404, "No such version.")
        outcomes = [capture(marked, tmp_path, day) for day in (0, 1)]

    assert [outcome.verdict for outcome in outcomes] == [RunVerdict.UNCONFIRMED, RunVerdict.COMPLETE]
    assert "names 2 versions (1, 2)" in {doubt.title: doubt.reason for doubt in outcomes[0].doubts}["Minutes"]


@pytest.mark.parametrize("is_held", [False, True])
def test_an_older_version_than_listed_is_missing(marked: SmallWiki, tmp_path: Path, *, is_held: bool) -> None:
    if is_held:
        capture(marked, tmp_path)
        marked.edit("Minutes", "<p>version four</p>")
    with marked.proxied() as proxy:
        proxy.change("GET", PAGES, for_pages(_older))

        outcome = capture(marked, tmp_path, day=1)

    assert outcome.verdict is RunVerdict.INCOMPLETE
    assert "and the wiki sent version" in {trouble.title: trouble.reason for trouble in outcome.failed}["Minutes"]
    assert capture(marked, tmp_path, day=2).verdict is RunVerdict.COMPLETE


def test_a_text_that_is_cut_is_a_doubt_until_a_later_run_reads_the_same(marked: SmallWiki, tmp_path: Path) -> None:
    with marked.proxied() as proxy:
        proxy.change("GET", "storage", text_of(marked.ids["Minutes"], "<p>version thr"))
        outcomes = [capture(marked, tmp_path, day) for day in (0, 1)]

    assert [outcome.verdict for outcome in outcomes] == [RunVerdict.UNCONFIRMED, RunVerdict.COMPLETE]
    assert ["may be cut" in doubt.reason for doubt in outcomes[0].doubts] == [True]


def test_a_file_that_only_the_list_lost_is_a_doubt_and_one_that_people_deleted_is_none(
    marked: SmallWiki, tmp_path: Path
) -> None:
    capture(marked, tmp_path)
    with marked.proxied() as proxy:
        proxy.change("GET", FILES, keep_results(lambda found: [file for file in found if file["title"] != "a.txt"]))
        lied = capture(marked, tmp_path, day=7)
    assert capture(marked, tmp_path, day=8).verdict is RunVerdict.COMPLETE
    gone = next(file for file in marked.store.attachments.of(marked.ids["Marked"]) if file.title == "a.txt")
    marked.store.pages.purge(gone.id)

    deleted = capture(marked, tmp_path, day=14)

    assert (lied.verdict, deleted.verdict) == (RunVerdict.UNCONFIRMED, RunVerdict.COMPLETE), (lied, deleted)
    assert [file.name for file in record_of(tmp_path, "Marked").attachments] == ["b.txt"]


@pytest.mark.parametrize(("change", "said"), [({"title": ""}, "with the title ''"), ({"status": "draft"}, "as draft")])
def test_a_listing_that_is_wrong_about_captured_pages_changes_none(
    marked: SmallWiki, tmp_path: Path, change: dict[str, str], said: str
) -> None:
    capture(marked, tmp_path)
    before = {entry.page_id: (entry.title, entry.status) for _, entry in load_library(tmp_path).iter_entries()}
    with marked.proxied() as proxy:
        proxy.change("GET", LISTINGS, for_pages(lambda page: page.update(change)))

        outcome = capture(marked, tmp_path, day=1)

    after = {entry.page_id: (entry.title, entry.status) for _, entry in load_library(tmp_path).iter_entries()}
    assert (outcome.verdict, after) == (RunVerdict.UNCONFIRMED, before), outcome
    assert all(said in doubt.reason for doubt in outcome.doubts), outcome.doubts
    assert capture(marked, tmp_path, day=2).verdict is RunVerdict.COMPLETE


def test_a_page_without_a_title_is_missing(marked: SmallWiki, tmp_path: Path) -> None:
    with marked.proxied() as proxy:
        proxy.change("GET", f"{LISTINGS}|{PAGES}", for_pages(lambda page: page.update(title="")))

        outcome = capture(marked, tmp_path)

    assert outcome.verdict is RunVerdict.INCOMPLETE
    assert "without a title" in outcome.failed[0].reason


def test_a_listing_that_is_older_than_the_last_capture_is_said_and_nothing_stays_behind(
    marked: SmallWiki, tmp_path: Path
) -> None:
    capture(marked, tmp_path)
    marked.edit("Final report", "<p>new findings</p>")
    with marked.proxied() as proxy:
        proxy.change("GET", LISTINGS, for_pages(_older))
        old = capture(marked, tmp_path, day=1)

    now = capture(marked, tmp_path, day=2)

    assert (old.verdict, now.verdict) == (RunVerdict.UNCONFIRMED, RunVerdict.COMPLETE), (old, now)
    assert any("it may be old" in doubt.reason for doubt in old.doubts), old.doubts
    assert now.reads_everything
    assert record_of(tmp_path, "Final report").version.number == 2


@pytest.mark.parametrize("kind", ["attachment", "comment"])
def test_what_is_captured_is_no_second_answer_if_a_listing_says_that_there_is_more(
    marked: SmallWiki, tmp_path: Path, kind: str
) -> None:
    capture(marked, tmp_path)
    page_id = marked.ids["Minutes"]
    if kind == "attachment":
        marked.store.attachments.add(page_id, "zzz.txt", b"z", author=ANA)
    else:
        marked.store.comments.add(page_id, "<p>Later</p>", author=LI)
    with marked.proxied() as proxy:
        lists = rf"/{page_id}/(child/{kind}|{kind}s|footer-{kind}s)\?"
        proxy.change("GET", lists, keep_results(lambda found: found[:-1]), times=1)

        outcome = capture(marked, tmp_path, day=1)

    record = record_of(tmp_path, "Minutes")
    assert outcome.verdict is RunVerdict.COMPLETE
    assert (len(record.attachments), len(record.comments)) == ((2, 2) if kind == "attachment" else (1, 3))


def test_a_page_that_has_fewer_versions_than_were_captured_is_read_again_and_a_doubt(
    wiki: SmallWiki, tmp_path: Path
) -> None:
    for number in (2, 3):
        wiki.edit("Final report", f"<p>text {number}</p>")
    capture(wiki, tmp_path)
    wiki.store.pages.delete_version(wiki.ids["Final report"], 2)  # the newest version is the second one then

    lessened = capture(wiki, tmp_path, day=1)

    record = record_of(tmp_path, "Final report")
    assert (record.version.number, [each.number for each in record.versions]) == (2, [2, 1])
    assert lessened.verdict is RunVerdict.UNCONFIRMED
    assert any("an earlier version of 1 page than the last capture saw" in each.reason for each in lessened.doubts)
    assert verify(tmp_path).findings == ()
    wiki.edit("Final report", "<p>text 4</p>")
    assert capture(wiki, tmp_path, day=2).verdict is RunVerdict.COMPLETE
    assert [each.number for each in record_of(tmp_path, "Final report").versions] == [3, 2, 1]


@pytest.mark.parametrize(("new", "history"), [(1, HistoryMode.CHANGES), (3, HistoryMode.CHANGES), (2, HistoryMode.ALL)])
def test_versions_with_the_numbers_of_deleted_ones_are_captured_and_a_doubt(
    wiki: SmallWiki, tmp_path: Path, new: int, history: HistoryMode
) -> None:
    page = wiki.add("Split", "<p>text 1</p>")
    texts = [f"<p>text {number}</p>" for number in range(2, 4 + new)]

    def write(number: int) -> None:
        when = WHEN + dt.timedelta(days=number)
        wiki.store.pages.update(page, author=LI, body=texts[number], when=when)

    write(0)
    write(1)
    run_capture(wiki, tmp_path, history=history)
    wiki.store.pages.delete_version(page, 2)  # version 3 is the second one then
    for number in range(2, 2 + new):
        write(number)

    outcome = run_capture(wiki, tmp_path, history=history, day=1)

    bodies = b"".join(data for path, data in tree_bytes(tmp_path).items() if path.endswith(".xml"))
    wanted = texts if history is HistoryMode.ALL else texts[1:]
    assert [text for text in wanted if text.encode() not in bodies] == []
    assert outcome.verdict is RunVerdict.UNCONFIRMED
    assert any("people deleted versions, so 2 versions (2, 3)" in doubt.reason for doubt in outcome.doubts)
    assert [each.number for each in record_of(tmp_path, "Split").versions] == list(range(2 + new, 0, -1))
    assert verify(tmp_path).findings == ()
    settled = run_capture(wiki, tmp_path, history=history, day=2)
    assert (settled.verdict, settled.captured) == (RunVerdict.COMPLETE, 0)

"""How many requests a capture sends: the first one, one without changes, one after changes; and what each notices."""

import math
import re
from collections import Counter
from pathlib import Path

import pytest

from bot.config.policy import ArchivedSettings
from bot.snapshot.archive.verdict import RunVerdict
from bot.snapshot.capture import overview
from bot.snapshot.capture.outcome import CaptureOutcome
from bot.wiki.dialect import Flavour
from bot.wiki.request_counts import kind_of
from tests.scripted_proxy import ScriptedProxy
from tests.snapshot.capturing import record_of, run_capture
from tests.snapshot.small_tree import tree_bytes
from tests.snapshot.small_wiki import ANA, LI, WHEN, SmallWiki, small_wiki

PAGES = 36
IDLE = {Flavour.CLOUD: 16, Flavour.DATA_CENTER: 5}
"""Requests without changes, besides those for each 200 pages; Data Center: two of them for a page with many files."""
RULE = ArchivedSettings(status=True, labels=("archived",), under=("Archive",))


@pytest.fixture
def mixed(wiki: SmallWiki) -> SmallWiki:
    """Pages by label, below a page and, on Cloud, by status; some with files, comments, replies or several versions."""
    wiki.add("Archive", "<p>old things</p>", under="Home", label="")
    for number in range(PAGES - 4):  # the small wiki has three archived pages
        is_labelled = number % 2 == 0
        under, label = ("Home", "archived") if is_labelled else ("Archive", "kept")
        page_id = wiki.add(f"Page {number}", "<p>this</p>", under=under, label=label)
        if number % 3 == 0:
            wiki.edit(f"Page {number}", "<p>this again</p>")
        if number % 4 == 0:
            wiki.store.attachments.add(page_id, "plan.txt", f"plan {number}".encode(), author=ANA, when=WHEN)
        if number % 5 == 0:
            first = wiki.store.comments.add_inline(page_id, "<p>Why?</p>", author=LI, selection="this", when=WHEN)
            wiki.store.comments.add(page_id, "<p>Because.</p>", author=ANA, parent_id=first.id, when=WHEN)
    crowded = wiki.add("Crowded", under="Archive", label="kept")
    for number in range(26):
        wiki.store.attachments.add(crowded, f"{number}.txt", b"x", author=ANA, when=WHEN)
    if wiki.flavour is Flavour.CLOUD:
        wiki.store.pages.set_status(wiki.ids["Page 1"], "archived")
    return wiki


def capture(wiki: SmallWiki, root: Path, *, day: int = 0) -> CaptureOutcome:
    outcome = run_capture(wiki, root, rule=RULE, day=day)
    assert outcome.verdict is RunVerdict.COMPLETE, (outcome.shortfalls, outcome.doubts)
    assert outcome.expected == PAGES
    return outcome


def total(outcome: CaptureOutcome) -> int:
    return sum(outcome.requests.values())


def test_a_first_capture_needs_few_requests(mixed: SmallWiki, tmp_path: Path) -> None:
    outcome = capture(mixed, tmp_path)

    files = 2 * sum(len(mixed.store.attachments.of(page_id)) for page_id in mixed.ids.values())  # each is read twice
    by_flavour = {Flavour.CLOUD: 2 * PAGES + PAGES / 80, Flavour.DATA_CENTER: PAGES / 50 + PAGES}
    sample = 20  # bodies that are read singly, too, however many pages there are
    assert outcome.captured == PAGES
    assert outcome.requests["files"] == files
    assert total(outcome) <= by_flavour[mixed.flavour] + files + sample


def test_a_capture_without_changes_reads_no_body_and_writes_nothing(mixed: SmallWiki, tmp_path: Path) -> None:
    capture(mixed, tmp_path)
    before = tree_bytes(tmp_path)

    with mixed.proxied() as proxy:
        outcome = capture(mixed, tmp_path, day=1)

    assert (outcome.captured, outcome.unchanged) == (0, PAGES)
    assert total(outcome) == len(proxy.seen)
    assert total(outcome) <= 2 * math.ceil(PAGES / 200) + IDLE[mixed.flavour], outcome.requests
    assert [path for _, path in proxy.seen if "body" in path and "-comments" not in path] == []
    assert tree_bytes(tmp_path) == before


def test_spaces_share_the_lists_of_the_whole_wiki(tmp_path: Path) -> None:
    with small_wiki(Flavour.CLOUD) as wiki:
        pages = {}
        for key in ("B", "C"):
            space = wiki.store.spaces.create(key, key, creator=ANA, now=WHEN)
            pages[key] = wiki.store.pages.create(space.id, f"Page of {key}", "<p>text</p>", author=ANA, when=WHEN).id
            wiki.store.labels.add(pages[key], "archived")
        run_capture(wiki, tmp_path, spaces=("WS2", "B"))
        wiki.store.attachments.add(wiki.ids["Minutes"], "new.txt", b"new", author=LI)
        wiki.store.comments.add(pages["B"], "<p>New.</p>", author=LI)

        with wiki.proxied() as proxy:
            daily = run_capture(wiki, tmp_path, spaces=("WS2", "B"), day=1)
        with wiki.proxied() as proxy_with_new_space:
            with_new_space = run_capture(wiki, tmp_path, spaces=("WS2", "B", "C"), day=2)

    assert (daily.verdict, daily.captured, with_new_space.captured) == (RunVerdict.COMPLETE, 2, 1)
    assert [file.name for file in record_of(tmp_path, "Minutes").attachments][-1] == "new.txt"
    assert [comment.body for comment in record_of(tmp_path, "Page of B").comments] == ["<p>New.</p>"]
    assert _wide_lists(proxy) == dict.fromkeys(("attachments", "footer-comments", "inline-comments"), 2)
    assert max(_wide_lists(proxy_with_new_space).values()) == 4, "a new space needs the whole lists"


def _wide_lists(proxy: ScriptedProxy) -> Counter[str]:
    """Return how often each list of the whole wiki was read."""
    return Counter(
        found[1] for _, path in proxy.seen if (found := re.search(r"/v2/([a-z-]*(?:attach|comm)[a-z]*)[?]", path))
    )


@pytest.mark.parametrize("changed", [1, 5])
def test_changed_pages_need_few_requests_each(mixed: SmallWiki, tmp_path: Path, changed: int) -> None:
    capture(mixed, tmp_path)
    idle = total(capture(mixed, tmp_path, day=1))
    for number in range(changed):
        mixed.edit(f"Page {number + 2}", "<p>this is new</p>")

    outcome = capture(mixed, tmp_path, day=2)

    assert outcome.captured == changed
    each = {Flavour.CLOUD: 4, Flavour.DATA_CENTER: 3}  # one of them for the history: people may have deleted versions
    assert total(outcome) <= idle + each[mixed.flavour] * changed, outcome.requests
    assert record_of(tmp_path, "Page 2").version.number == 2


@pytest.mark.slow
def test_a_large_space_without_changes_needs_few_requests(wiki: SmallWiki, tmp_path: Path) -> None:
    for number in range(600 - len(wiki.ids)):
        wiki.add(f"Page {number}", f"<p>text {number}</p>", label=f"kept-{number % 9}")
    run_capture(wiki, tmp_path, everything=True)

    idle = run_capture(wiki, tmp_path, everything=True, day=1)
    wiki.store.labels.add(wiki.ids["Page 300"], "late")
    wiki.edit("Page 3", "<p>this is new</p>")
    changed = run_capture(wiki, tmp_path, everything=True, day=2)

    assert (idle.captured, changed.captured) == (0, 2)
    assert total(idle) <= 4 * 600 / 200 + 13, idle.requests
    assert total(changed) <= total(idle) + 6, changed.requests
    assert "late" in record_of(tmp_path, "Page 300").labels


def test_once_a_week_everything_is_read_again(mixed: SmallWiki, tmp_path: Path) -> None:
    capture(mixed, tmp_path)
    mixed.store.pages.replace_body_unversioned(mixed.ids["Page 2"], "<p>another text under the same version</p>")

    assert capture(mixed, tmp_path, day=6).captured == 0
    weekly = run_capture(mixed, tmp_path, rule=RULE, day=7)

    assert (weekly.captured, [doubt.title for doubt in weekly.doubts]) == (1, ["Page 2"])


def test_what_people_do_without_a_new_version_is_noticed_the_next_day(mixed: SmallWiki, tmp_path: Path) -> None:
    capture(mixed, tmp_path)
    store, ids = mixed.store, mixed.ids
    store.attachments.add(ids["Page 2"], "new.txt", b"new", author=LI)
    store.comments.add(ids["Page 3"], "<p>New.</p>", author=LI)
    store.labels.add(ids["Page 6"], "board")
    store.restrictions.add(ids["Page 7"], "update", "user", LI)
    store.comments.add_inline(ids["Page 9"], "<p>Marked.</p>", author=LI, selection="this")
    for file in store.attachments.of(ids["Page 4"]):
        store.pages.purge(file.id)

    outcome = run_capture(mixed, tmp_path, rule=RULE, day=1)

    assert (outcome.captured, outcome.shortfalls) == (6, ())
    assert [doubt.title for doubt in outcome.doubts] == ["Page 9"], "the marks are in the text, not in a version"
    assert [file.name for file in record_of(tmp_path, "Page 2").attachments] == ["new.txt"]
    assert [comment.body for comment in record_of(tmp_path, "Page 3").comments] == ["<p>New.</p>"]
    assert record_of(tmp_path, "Page 6").labels == ("archived", "board")
    assert len(record_of(tmp_path, "Page 7").restrictions.editors) == 1
    assert len(record_of(tmp_path, "Page 9").comments) == 1
    assert record_of(tmp_path, "Page 4").attachments == ()


def test_pages_with_a_doubt_are_asked_about_again(mixed: SmallWiki, tmp_path: Path) -> None:
    capture(mixed, tmp_path)
    link = '<p><ac:link><ri:attachment ri:filename="gone.txt" /></ac:link></p>'
    mixed.edit("Page 2", link)
    with mixed.proxied() as proxy:
        proxy.instead("GET", r"/search\?cql=type.*attachment", 403, "Not for you.")
        for day in (1, 2):
            assert run_capture(mixed, tmp_path, rule=RULE, day=day).verdict is RunVerdict.UNCONFIRMED

    assert run_capture(mixed, tmp_path, rule=RULE, day=3).verdict is RunVerdict.COMPLETE


@pytest.mark.parametrize(
    ("address", "kind"),
    [
        ("/api/v2/spaces/7/pages?limit=250", "lists of pages"),
        ("/api/v2/pages?id=1,2&body-format=storage", "pages"),
        ("/api/v2/labels/3/pages?space-id=7", "labels"),
        ("/api/v2/inline-comments?limit=250", "comments"),
        ("/rest/api/content?type=page&spaceKey=WS2&", "lists of pages"),
        ("/rest/api/content?ids=1&ids=2&", "pages"),
        ("/rest/api/content/1/restriction/byOperation?", "restrictions"),
        ("/rest/api/content/1/child/attachment/att2/download?version=1", "files"),
        ("/rest/experimental/content/1/version?limit=200", "versions"),
        ("/rest/api/search?cql=type", "search"),
        ("/rest/api/user/current", "people"),
        ("/rest/api/space/WS2", "other things"),
    ],
)
def test_requests_are_counted_by_what_they_are_about(address: str, kind: str) -> None:
    assert kind_of(address) == kind


def test_in_a_large_space_restrictions_are_read_by_rotation(
    mixed: SmallWiki, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(overview, "_SLICE", 5)
    capture(mixed, tmp_path)

    daily = capture(mixed, tmp_path, day=1)

    assert (daily.captured, daily.reads_everything) == (0, False)
    if mixed.flavour is Flavour.CLOUD:
        assert 0 < daily.restrictions_read < PAGES / 2
    else:
        assert daily.restrictions_read == PAGES, "the listing has them"

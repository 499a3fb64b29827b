"""The report of a run about pages that it expected and did not capture, and about captured pages that are gone."""

import hashlib
from collections.abc import Collection, Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from bot.snapshot.archive.entry import PageEntry, Tombstone
from bot.snapshot.archive.events import Event, EventOutcome, EventType
from bot.snapshot.archive.library import load_library
from bot.snapshot.archive.verdict import RunVerdict
from bot.snapshot.archive.writer import SnapshotWriter, open_writer
from bot.snapshot.capture.bulk_consent import BulkConsent, list_digest
from bot.snapshot.capture.outcome import CaptureOutcome, Trouble
from bot.snapshot.capture.selection import RuleProblem, Selection, select
from bot.snapshot.capture.vanished import account_for_vanished
from tests.snapshot.capturing import NO_CONSENT, RULE
from tests.snapshot.small_tree import CLOCK, ORIGIN, SOFTWARE, put_page, state_of
from tests.snapshot.small_wiki import ANA, WHEN, SmallWiki

TROUBLE = Trouble("7", "Minutes", "no answer")
GONE = "deleted, or restricted for the account that captures (the wiki answers alike for both)"


class Held:
    """A run over pages that earlier runs captured."""

    def __init__(self, wiki: SmallWiki, root: Path, writer: SnapshotWriter) -> None:
        self.wiki, self.root, self.writer = wiki, root, writer
        self.outcome = CaptureOutcome()
        self.held: list[str] = []

    def hold(self, title: str, *, space_key: str = "WS2", tombstone: bool = False, is_selected: bool = True) -> str:
        """Add a captured page. A title that the wiki never had is a page that was purged."""
        page_id = str(self.wiki.ids.setdefault(title, 900_000 + len(self.wiki.ids)))
        put_page(self.writer, page_id, title, "<p>x</p>", version=1, space_key=space_key)
        self.held.append(page_id)
        bag = next(bag for bag in self.writer.library.bags.values() if page_id in bag.entries)
        grave = Tombstone(when=CLOCK, reason="long ago") if tombstone else None
        self.writer.put_entry(bag, bag.entries[page_id].replaced(tombstone=grave, is_selected=is_selected))
        return page_id

    def account(
        self, *, left_out: Collection[str] = (), also_listed: int = 0, consent: BulkConsent = NO_CONSENT
    ) -> None:
        """Compare with what the wiki lists, and finish the run."""
        selection = select(self.wiki.gateway, "WS2", RULE)
        listed = {key: ref for key, ref in selection.listed.items() if ref.title not in left_out}
        ref = next(iter(listed.values()))
        for number in range(also_listed):
            listed[self.hold(f"Listed {number}")] = ref
        more = frozenset(listed) - selection.listed.keys()
        archived = selection.archived | more
        self.account_for([replace(selection, listed=listed, archived=archived, matched={})], consent)

    def account_for(self, selections: list[Selection], consent: BulkConsent = NO_CONSENT) -> None:
        """Compare with *selections*, and finish the run."""
        account_for_vanished(self.wiki.gateway, self.writer, selections, self.outcome, consent)
        captures = [Event(EventType.CAPTURE, EventOutcome.SUCCESS, "", (page_id,)) for page_id in self.held]
        events = [self.outcome.run_event("0" * 64), *captures, *self.outcome.events]
        self.writer.finish(events, agents=(SOFTWARE,))

    def entry(self, title: str) -> PageEntry:
        """Return what is on the disk."""
        return load_library(self.root).get_page(title)[1]

    def events(self) -> list[tuple[EventType, str, tuple[str, ...]]]:
        """Return the events of single pages."""
        assert all(event.outcome is EventOutcome.SUCCESS for event in self.outcome.events)
        return [(event.type, event.detail, event.objects) for event in self.outcome.events]


@pytest.fixture
def held(wiki: SmallWiki, tmp_path: Path) -> Iterator[Held]:
    with open_writer(state_of(tmp_path), origin=ORIGIN, software=SOFTWARE, clock=lambda: CLOCK) as writer:
        yield Held(wiki, tmp_path, writer)


def test_a_page_in_the_trash_and_a_purged_one_get_a_tombstone(held: Held) -> None:
    trashed, purged = held.hold("Minutes"), held.hold("Never there")
    held.wiki.store.pages.trash(held.wiki.ids["Minutes"])

    held.account()

    assert held.entry("Minutes").tombstone == Tombstone(when=CLOCK, reason=GONE)
    assert held.entry("Never there").tombstone == Tombstone(when=CLOCK, reason=GONE)
    assert not held.entry("Minutes").is_selected
    assert (held.outcome.gone, held.outcome.shortfalls) == (2, ())
    assert held.events() == [
        (EventType.DELETION, f"Minutes: {GONE}", (trashed,)),
        (EventType.DELETION, f"Never there: {GONE}", (purged,)),
    ]


def test_a_page_that_is_listed_and_archived_is_left_as_it_is(held: Held) -> None:
    held.hold("Minutes")

    held.account()

    assert (held.entry("Minutes").tombstone, held.entry("Minutes").is_selected) == (None, True)
    assert held.events() == []


def test_a_page_that_is_back_loses_its_tombstone(held: Held) -> None:
    home = held.hold("Home", tombstone=True)
    minutes = held.hold("Minutes", tombstone=True, is_selected=False)

    held.account()

    assert (held.entry("Minutes").tombstone, held.entry("Home").tombstone) == (None, None)
    assert not held.entry("Home").is_selected, "the page Home is not archived"
    assert held.events() == [
        (EventType.METADATA, "Home: in the wiki again", (home,)),
        (EventType.METADATA, "Minutes: in the wiki again", (minutes,)),
        (EventType.DEACCESSION, "Home: no longer archived; its capture stays", (home,)),
    ]


def test_a_page_that_is_gone_or_deselected_already_is_not_reported_again(held: Held) -> None:
    held.hold("Never there", tombstone=True)
    held.hold("Home", is_selected=False)

    held.account()

    assert (held.outcome.gone, held.events(), held.outcome.shortfalls) == (0, [], ())


def test_each_page_that_is_not_listed_is_judged_by_itself(held: Held) -> None:
    store = held.wiki.store
    target = store.pages.create(store.spaces.create("OTHER", "Other", creator=ANA, now=WHEN).id, "T", "", author=ANA)
    left_out, moved, again = held.hold("Final report"), held.hold("Minutes"), held.hold("会议记录", is_selected=False)
    for page_id in (moved, again):
        store.pages.move(int(page_id), target.id, "append")
    purged = held.hold("Never there")

    held.account(left_out=["Final report"])

    assert held.outcome.shortfalls == (
        Trouble(left_out, "Final report", "the listing left it out, though the wiki has it"),
    )
    assert held.events() == [
        (EventType.DELETION, f"Never there: {GONE}", (purged,)),
        (EventType.DEACCESSION, "Minutes: moved to space OTHER; its capture stays", (moved,)),
    ]
    assert [held.entry(title).is_selected for title in ("Final report", "Minutes", "会议记录", "Never there")] == [
        True,
        False,
        False,
        False,
    ]


@pytest.mark.parametrize(
    ("lost", "of", "is_accepted"), [(5, 5, True), (6, 6, False), (6, 29, False), (6, 30, True), (7, 30, False)]
)
def test_many_pages_gone_at_once_are_a_shortfall(held: Held, lost: int, of: int, is_accepted: bool) -> None:
    digest = list_digest("gone", [held.hold(f"Lost {number}") for number in range(lost)])
    held.hold("Lost long ago", tombstone=True)
    held.hold("In another space", space_key="OTHER")

    held.account(also_listed=of - lost)

    reason = (
        f"{lost} of {of} captured pages are gone from the wiki at once; check the account's rights and `wiki.flavour`, "
        f"and capture with --accept-gone {digest} if they were really deleted"
    )
    assert held.outcome.gone == (lost if is_accepted else 0)
    assert [trouble.title for trouble in held.outcome.unknown] == (
        [] if is_accepted else [f"Lost {number}" for number in range(lost)]
    )
    assert {trouble.reason for trouble in held.outcome.shortfalls} == (set() if is_accepted else {reason})
    assert held.entry("Lost 0").is_selected is not is_accepted


def test_many_pages_gone_at_once_are_accepted_if_a_person_says_so(held: Held) -> None:
    lost = [held.hold(f"Lost {number}") for number in range(6)]

    held.account(consent=BulkConsent(gone=frozenset({list_digest("gone", lost)})))

    assert (held.outcome.gone, held.outcome.shortfalls) == (6, ())


def test_consent_to_one_list_does_not_accept_another(held: Held) -> None:
    lost = [held.hold(f"Lost {number}") for number in range(7)]
    digests = frozenset({list_digest("gone", lost[:6]), list_digest("deselected", lost)})

    held.account(consent=BulkConsent(gone=digests, deselected=digests))

    assert (held.outcome.gone, len(held.outcome.unknown)) == (0, 7)


def test_a_page_that_moved_is_not_in_doubt_among_many_that_are_gone(held: Held) -> None:
    store = held.wiki.store
    target = store.pages.create(store.spaces.create("OTHER", "Other", creator=ANA, now=WHEN).id, "T", "", author=ANA)
    lost = [held.hold(f"Lost {number}") for number in range(6)]
    moved = held.hold("Minutes")
    store.pages.move(int(moved), target.id, "append")

    held.account()

    assert [trouble.page_id for trouble in held.outcome.unknown] == lost
    assert held.events() == [(EventType.DEACCESSION, "Minutes: moved to space OTHER; its capture stays", (moved,))]


def leave(held: Held, count: int) -> list[Trouble]:
    """Add captured pages that the wiki lists and that are no longer archived; return each with its reason."""
    for number in range(count):
        held.wiki.add(f"Left {number}", under="Home", label="")
    left = [held.hold(f"Left {number}") for number in range(count)]
    digest = list_digest("deselected", left)
    reason = (
        f"in the wiki, but no longer selected, as are {count} of {count} captured pages at once; check `archived` in "
        f"bot.yaml, and capture with --accept-deselected {digest} if these pages are active again"
    )
    return [Trouble(page_id, f"Left {number}", reason) for number, page_id in enumerate(left)]


def consent_to_left(left: list[Trouble]) -> BulkConsent:
    return BulkConsent(deselected=frozenset({list_digest("deselected", [each.page_id for each in left])}))


def test_many_pages_that_are_no_longer_archived_stay_selected(held: Held) -> None:
    left = leave(held, 6)

    held.account()

    assert held.outcome.unknown == left
    assert (held.outcome.deselected, held.events()) == ([], [])
    assert held.entry("Left 0").is_selected


def test_many_pages_that_are_no_longer_archived_are_accepted_if_a_person_says_so(held: Held) -> None:
    left = leave(held, 6)

    held.account(consent=consent_to_left(left))

    reason = "no longer archived; its capture stays"
    assert held.outcome.deselected == [replace(each, reason=reason) for each in left]
    assert (held.outcome.unknown, held.entry("Left 0").is_selected) == ([], False)


@pytest.mark.parametrize("is_accepted", [False, True])
def test_a_rule_that_matches_nothing_leaves_the_pages_selected(held: Held, is_accepted: bool) -> None:
    (left,) = leave(held, 1)
    selection = replace(
        select(held.wiki.gateway, "WS2", RULE), problems=(RuleProblem(("labels", "old"), "", matches=False),)
    )

    held.account_for([selection], consent_to_left([left]) if is_accepted else NO_CONSENT)

    reason = (
        "in the wiki, but no longer selected; a rule that matches nothing or a page without a place may be the reason; "
        f"if the page is active again, capture with --accept-deselected {list_digest('deselected', [left.page_id])}"
    )
    assert held.outcome.unknown == ([] if is_accepted else [replace(left, reason=reason)])
    assert held.entry("Left 0").is_selected is not is_accepted


def test_pages_of_spaces_that_were_not_asked_for_are_left_alone(held: Held) -> None:
    held.hold("Elsewhere", space_key="OTHER")

    held.account()

    assert (held.outcome.gone, held.events(), held.entry("Elsewhere").tombstone) == (0, [], None)


def test_a_wiki_that_does_not_answer_leaves_the_question_open(held: Held) -> None:
    page_id = held.hold("Never there")
    selection = select(held.wiki.gateway, "WS2", RULE)
    held.wiki.server.faults.add("garbage@any*always")
    held.outcome.unknown.append(TROUBLE)

    held.account_for([selection])

    first, trouble = held.outcome.shortfalls
    assert first == TROUBLE
    assert (trouble.page_id, trouble.title) == (page_id, "Never there")
    assert trouble.reason.startswith("no longer listed: ")
    assert len(trouble.reason) > len("no longer listed: None")
    assert (held.outcome.gone, held.entry("Never there").tombstone) == (0, None)


@pytest.mark.parametrize(
    "kind", ["unlisted", "failed", "restricted", "incomplete", "missing", "unknown", "unmatched", "unplaced"]
)
def test_each_kind_of_trouble_is_a_shortfall(kind: str) -> None:
    outcome = CaptureOutcome()
    getattr(outcome, kind).append(TROUBLE)

    assert outcome.has_shortfall
    assert outcome.shortfalls == (TROUBLE,)
    assert outcome.run_event("").outcome is EventOutcome.FAILURE


def test_a_page_that_was_skipped_on_purpose_is_no_shortfall() -> None:
    outcome = CaptureOutcome(skipped=[TROUBLE])

    assert not outcome.has_shortfall
    assert outcome.run_event("").outcome is EventOutcome.SUCCESS


def test_the_event_of_the_run_has_all_counts() -> None:
    outcome = CaptureOutcome(
        queries=('space = "WS2"',),
        expected=20,
        captured=12,
        unchanged=3,
        gone=4,
        failed=[TROUBLE] * 5,
        restricted=[TROUBLE] * 6,
        skipped=[TROUBLE, Trouble("5", "Old minutes", "redacted")],
        incomplete=[TROUBLE] * 8,
        left_out=14,
        unknown=[TROUBLE] * 9,
        unlisted=[Trouble("WS3", "space WS3", "no answer")],
        deselected=[TROUBLE] * 10,
        unmatched=[TROUBLE] * 11,
        unplaced=[TROUBLE] * 13,
        not_capturable=[TROUBLE, Trouble("6", "Board", "a whiteboard")],
    )

    assert outcome.run_event("abc") == Event(
        EventType.INGESTION,
        EventOutcome.FAILURE,
        "captured 12 of 20 pages, 3 unchanged, 2 redacted earlier, 3 not captured",
        (),
        {
            "captured": 12,
            "deselected": 10,
            "doubts": 0,
            "expected": 20,
            "expected_ids_sha256": "abc",
            "failed": 5,
            "gone": 4,
            "incomplete": 8,
            "left_out": 14,
            "missing": 0,
            "not_capturable": ["6", "7"],
            "read_everything": True,
            "restrictions_read": 0,
            "queries_sha256": hashlib.sha256(b'space = "WS2"').hexdigest(),
            "restricted": 6,
            "skipped": 2,
            "skipped_ids": ["5", "7"],
            "unchanged": 3,
            "unknown": 9,
            "unlisted_spaces": ["WS3"],
            "unmatched": 11,
            "unplaced": 13,
            "verdict": "incomplete",
        },
    )


def test_trouble_is_counted_by_its_kind_and_logged() -> None:
    outcome, space, hidden = CaptureOutcome(), Trouble("WS3", "space WS3", "no answer"), Trouble("8", "Plan", "hidden")

    outcome.add_trouble(EventOutcome.RESTRICTED, hidden)
    outcome.add_trouble(EventOutcome.FAILURE, TROUBLE)
    outcome.add_unlisted(space)

    assert (outcome.restricted, outcome.failed, outcome.unlisted) == ([hidden], [TROUBLE], [space])
    assert outcome.events == [
        Event(EventType.CAPTURE, EventOutcome.RESTRICTED, "Plan: hidden", ("8",)),
        Event(EventType.CAPTURE, EventOutcome.FAILURE, "Minutes: no answer", ("7",)),
        Event(
            EventType.INGESTION,
            EventOutcome.FAILURE,
            "space WS3 could not be listed: no answer",
            ("WS3",),
            {"problem": "unlisted"},
        ),
    ]


def _of_run(detail: str, about: str, problem: str) -> Event:
    return Event(EventType.INGESTION, EventOutcome.FAILURE, detail, (about,), {"problem": problem})


def test_trouble_of_a_rule_or_a_place_is_logged_under_its_title_or_another() -> None:
    outcome = CaptureOutcome(unmatched=[TROUBLE])
    rule, folder = Trouble("archive", "/home/ana/bot.yaml", "matches no page"), Trouble("9", "Plans", "no parent")

    outcome.note(outcome.unmatched, rule, logged_as="bot.yaml")
    outcome.note(outcome.unplaced, folder)

    assert (outcome.unmatched, outcome.unplaced) == ([TROUBLE, rule], [folder])
    assert outcome.events == [
        Event(
            EventType.INGESTION,
            EventOutcome.FAILURE,
            "bot.yaml: matches no page",
            ("archive",),
            {"problem": "unmatched"},
        ),
        _of_run("Plans: no parent", "9", "unplaced"),
    ]


def test_only_a_run_without_shortfalls_and_doubts_is_called_complete() -> None:
    assert CaptureOutcome().verdict is RunVerdict.COMPLETE
    assert CaptureOutcome(doubts=[TROUBLE]).verdict is RunVerdict.UNCONFIRMED
    assert CaptureOutcome(doubts=[TROUBLE], failed=[TROUBLE]).verdict is RunVerdict.INCOMPLETE
    assert CaptureOutcome(doubts=[TROUBLE]).run_event("").facts["verdict"] == "unconfirmed"


def test_strays_of_both_folders_are_named() -> None:
    separate = CaptureOutcome(strays=("/restricted/b",))

    assert CaptureOutcome(strays=("/snapshots/a",), separate=separate).all_strays == ("/snapshots/a", "/restricted/b")
    assert CaptureOutcome().all_strays == ()

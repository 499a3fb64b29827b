"""A capture in parts: each is committed as a run, so that the capture after an interruption continues where it was.

A part is a run whose verdict is `incomplete`. Its event has the fact `part`. The last run of the capture does not have
this fact. The next capture does not read again what the parts have, if it starts soon enough.
"""

import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from bot.config.policy import HistoryMode
from bot.current_run import current_run
from bot.snapshot.archive.entry import PageEntry
from bot.snapshot.archive.events import BOT_RUN, PART, Event, EventOutcome, EventType, LoggedEvent
from bot.snapshot.archive.library import Library
from bot.snapshot.archive.paths import safe_id
from bot.snapshot.archive.verdict import RunVerdict
from bot.snapshot.capture.outcome import CaptureOutcome
from bot.snapshot.capture.selection import Selection
from bot.wiki.gateway import PageRef

PART_PAGES = 100
"""Maximum number of changed pages in one part."""

RESUME_WITHIN = timedelta(hours=12)
"""After this time a page is read again: its labels, files and comments may have changed without a new version."""


@dataclass
class Parts:
    """The parts of the capture that are committed, by this process and by the interrupted ones before it."""

    count: int = 0
    captured: int = 0
    losses: dict[str, int] = field(default_factory=dict)
    """Page id, as in file names → number of elements that could not be converted, for each page that the parts have."""
    updated: set[str] = field(default_factory=set)
    """Ids, as in file names, of the pages that had an earlier capture."""
    has_unnamed_people: bool = False
    """Whether the wiki gave no name for any person in one of the parts."""

    def has(self, ref: PageRef, entry: PageEntry | None, selection: Selection) -> bool:
        """Return whether the parts have a page as it is listed now."""
        if entry is None or safe_id(ref.id) not in self.losses or entry.tombstone:
            return False
        listed = (ref.version.number, ref.status.value, ref.position, unicodedata.normalize("NFC", ref.title))
        above = [ancestor.id for ancestor in selection.ancestors(ref.id)]
        return (
            (entry.version, entry.status.value, entry.position, entry.title) == listed
            and [ancestor.id for ancestor in entry.ancestors] == above
            and entry.is_selected == (ref.id in selection.archived)
        )


def find_parts(library: Library, history: HistoryMode, now: datetime) -> Parts:
    """Return the parts of the capture that was interrupted last; none if it is too old or kept other versions."""
    parts = Parts()
    seen: set[str] = set()
    for head, _ in library.iter_heads():
        if head.verdict is None:
            continue  # no capture, for example a redaction
        if head.verdict is not RunVerdict.INCOMPLETE or (not parts.count and now - head.time > RESUME_WITHIN):
            break
        logged = library.load_events(head)
        facts = logged[0].event.facts if logged else {}
        if PART not in facts or facts.get("history") != history.value:
            break
        parts.count += 1
        parts.has_unnamed_people |= facts.get("unnamed_people") is True
        again = facts.get("read_again")
        seen.update(map(str, again if isinstance(again, list) else ()))
        _add_pages(parts, logged, seen)
    return parts


def _add_pages(parts: Parts, logged: Iterable[LoggedEvent], seen: set[str]) -> None:
    """Add the pages of one part that are not in *seen*, the pages of later parts and those to read again."""
    for each in logged:
        facts, page = each.event.facts, each.page
        if page is None or "source_sha256" not in facts or page.id in seen:
            continue
        seen.add(page.id)
        losses = facts.get("losses")
        parts.losses[page.id] = losses if isinstance(losses, int) else 0
        if facts.get("first") is not True:
            parts.updated.add(page.id)


def part_event(number: int, outcome: CaptureOutcome, history: HistoryMode, *, has_unnamed_people: bool) -> Event:
    """Return the event of a part, the first event of its run.

    It names the pages of the part that the next capture must read again, because something about them is missing or in
    doubt.
    """
    captured = {page_id for event in outcome.events if "source_sha256" in event.facts for page_id in event.objects}
    unsettled = {trouble.page_id for trouble in (*outcome.incomplete, *outcome.doubts)}
    facts: dict[str, object] = {
        "captured": outcome.captured,
        "expected": outcome.expected,
        "history": history.value,
        PART: number,
        "read_again": sorted(map(safe_id, captured & unsettled)),
        "unnamed_people": has_unnamed_people,
        "verdict": RunVerdict.INCOMPLETE.value,
    }
    if bot_run := current_run().number:
        facts[BOT_RUN] = bot_run
    detail = f"part {number}: captured {outcome.captured} of {outcome.expected} pages"
    return Event(EventType.INGESTION, EventOutcome.FAILURE, detail, (), facts)

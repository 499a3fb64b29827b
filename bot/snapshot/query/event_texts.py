"""Sentences for people about the events of the log, made from events and records at reading time.

The log itself has no title, name or text of the wiki; what a redaction removed cannot be told any more.
"""

from dataclasses import dataclass
from functools import cached_property

from bot.errors import EvidenceError
from bot.plural import counted
from bot.snapshot.archive import paths
from bot.snapshot.archive.bag import Bag
from bot.snapshot.archive.entry import GONE, PageEntry
from bot.snapshot.archive.events import PART, Event, EventOutcome, EventType, LoggedEvent, name_rest
from bot.snapshot.archive.library import Library
from bot.snapshot.archive.paths import safe_id
from bot.snapshot.archive.record import PageRecord
from bot.snapshot.capture.changes import describe_changes

_PROBLEMS = {
    "attachment": "an attachment could not be downloaded",
    "missing": "named by a list of the wiki or by the roster, and not captured",
    "unlisted": "a space could not be listed",
    "unmatched": "a rule of the settings matched nothing, or needs a correction",
    "unplaced": "its place in the page tree is not known",
}
_SIMPLE = {
    EventType.DELETION: GONE,
    EventType.DEACCESSION: "no longer archived; its capture stays",
    EventType.RESTRICTED: "only some people may read the page now; its capture stays",
    EventType.UPGRADE: "taken over from format 1",
    EventType.START_SIGNING: "signing began",
    EventType.KEY_ROTATION: "another key was announced for the next run",
    EventType.ROLLBACK: "an older state of the snapshots was accepted",
    EventType.NEW_LOG: "a new log was begun",
    EventType.TRUST: "a bot without memory of the snapshots went on with them",
}


@dataclass
class EventTexts:
    """Describes events with the records of *library*."""

    library: Library

    @cached_property
    def _ids(self) -> dict[str, str]:
        """Id in file names → page id."""
        return {safe_id(page_id): page_id for bag in self.library.bags.values() for page_id in bag.entries}

    def _find(self, page_id: str) -> tuple[Bag, PageEntry] | None:
        bag = self.library.find_bag_of(self._ids.get(page_id, ""))
        return (bag, bag.entries[self._ids[page_id]]) if bag else None

    def _records(self, page_id: str) -> dict[int, tuple[Bag, str]]:
        """Return the records of a page by run."""
        found = self._find(page_id)
        if found is None:
            return {}
        bag, entry = found
        return {paths.record_run(path) or 0: (bag, path) for path in self.library.record_paths(bag, entry)}

    def describe(self, logged: LoggedEvent) -> str:
        """Return what happened, with the title that the page had at that time."""
        event = logged.event
        if event.detail:
            return event.detail  # an event of format 1
        page_id = event.objects[0] if len(event.objects) == 1 else ""
        title = self._title(page_id, logged.sequence) if page_id else ""
        return f"{title}: {self._what(logged, page_id)}" if title else self._what(logged, page_id)

    def _what(self, logged: LoggedEvent, page_id: str) -> str:
        event = logged.event
        if event.outcome is not EventOutcome.SUCCESS and "expected" not in event.facts:
            return _describe_trouble(event)
        match event.type:
            case EventType.INGESTION if PART in event.facts:
                expected, captured = (event.facts.get(n, 0) for n in ("expected", "captured"))
                total = counted(int(str(expected)), "page")
                return f"part {event.facts[PART]} of a capture: {captured} of {total} so far"
            case EventType.INGESTION:
                names = ("expected", "captured", "unchanged", "skipped")
                expected, captured, unchanged, skipped = (int(str(event.facts.get(name, 0))) for name in names)
                rest = name_rest(expected, captured, unchanged, skipped)
                return f"captured {captured} of {counted(expected, 'page')}, {unchanged} unchanged{rest}"
            case EventType.CAPTURE | EventType.METADATA:
                return "; ".join(self._changes(logged, page_id))
            case EventType.DEACCESSION if "moved_to" in event.facts:
                return f"moved to space {event.facts['moved_to']}; its capture stays"
            case EventType.MIGRATION:
                return f"rendered again by {logged.page.converter if logged.page else 'another converter'}"
            case EventType.REDACTION if "redacted_page" in event.facts:
                return (
                    f"what it showed of the redacted page {event.facts['redacted_page']} was removed from its records"
                )
            case EventType.HOLD | EventType.HOLD_RELEASE:
                word = "held as" if event.type is EventType.HOLD else "released from"
                name, reason, by = (event.facts.get(key) for key in ("name", "reason", "by"))
                return f"{word} {name!r} by {by}: {reason}"
            case _:
                what = _SIMPLE.get(event.type, "")
                reason = str(event.facts.get("reason", ""))
                return f"{what}: {reason}" if what and reason else what or reason or event.type.value

    def _changes(self, logged: LoggedEvent, page_id: str) -> list[str]:
        runs = self._records(page_id)
        again = ["in the wiki again"] if logged.event.facts.get("again") else []
        if logged.sequence not in runs:
            found = self._find(page_id)
            is_redacted = found is not None and found[1].redacted_at is not None
            return ["captured; a redaction removed the content later"] if is_redacted else again or ["archived again"]
        before = max((run for run in runs if run < logged.sequence), default=None)
        try:
            after = self._load(page_id, logged.sequence)
            return describe_changes(None if before is None else self._load(page_id, before), after) + again
        except EvidenceError:
            return ["its record cannot be read; see `wikibot verify`"]

    def _load(self, page_id: str, run: int) -> PageRecord:
        return self.library.load_record_at(*self._records(page_id)[run])

    def _title(self, page_id: str, sequence: int) -> str:
        runs = [run for run in self._records(page_id) if run <= sequence]
        try:
            return self._load(page_id, max(runs)).title if runs else self._present_title(page_id)
        except EvidenceError:
            return self._present_title(page_id)

    def _present_title(self, page_id: str) -> str:
        found = self._find(page_id)
        return found[1].title if found else f"page {page_id}"


def _describe_trouble(event: Event) -> str:
    problem = _PROBLEMS.get(str(event.facts.get("problem", "")))
    if problem:
        return problem
    return "not readable" if event.outcome is EventOutcome.RESTRICTED else "could not be captured"

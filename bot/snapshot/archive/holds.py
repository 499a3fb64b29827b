"""Holds: captured pages that must not be redacted, for example during an investigation.

The log records them. The state remembers those that are not released, so that no restored copy makes them disappear.
"""

import shlex
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from bot.errors import SnapshotError
from bot.snapshot.archive.checkpoint import Checkpoint
from bot.snapshot.archive.events import Event, EventOutcome, EventType, LoggedEvent, check_free_texts
from bot.snapshot.archive.evidence_state import EvidenceState, RememberedHold
from bot.snapshot.archive.library import Library
from bot.snapshot.archive.paths import safe_id
from bot.snapshot.archive.writer import SnapshotWriter
from bot.suggestion import did_you_mean


@dataclass(frozen=True, slots=True)
class HeldPage:
    """A page in a hold: who placed it and why, and who released it and why, if it was released."""

    name: str
    page_id: str
    """Page id as file names have it."""
    reason: str
    by: str
    since: datetime
    run: int
    released_at: datetime | None = None
    released_by: str = ""
    release_reason: str = ""
    title: str = ""
    """The title of the newest capture, where a person reads it; the log has no titles."""


def find_holds(log: Iterable[LoggedEvent]) -> list[HeldPage]:
    """Return all held pages, released ones included, from the log, oldest event first."""
    held: list[HeldPage] = []
    for logged in log:
        event = logged.event
        if event.outcome is not EventOutcome.SUCCESS:
            continue
        name, reason, by = (str(event.facts.get(key, "")) for key in ("name", "reason", "by"))
        if event.type is EventType.HOLD:
            held += [HeldPage(name, page_id, reason, by, logged.when, logged.sequence) for page_id in event.objects]
        elif event.type is EventType.HOLD_RELEASE:
            held = [
                replace(each, released_at=logged.when, released_by=by, release_reason=reason)
                if _is_active(each, name) and each.page_id in event.objects
                else each
                for each in held
            ]
    return held


def active_holds(library: Library) -> list[HeldPage]:
    """Return the held pages of a library that are not released."""
    return [held for held in find_holds(library.iter_log()) if held.released_at is None]


def place_hold(writer: SnapshotWriter, pages: Sequence[str], *, name: str, reason: str, by: str) -> Checkpoint:
    """Place a hold on captured pages, or add pages to the hold *name*; the event has the digest of each page's body.

    Raises `SnapshotError` if a page is not captured, is redacted, is in the hold already or is named twice.
    """
    check_free_texts("a hold", name=name, reason=reason, by=by)
    found = [entry for _, entry in map(writer.library.get_page, pages)]
    entries = {safe_id(entry.page_id): entry for entry in found}
    if len(entries) < len(found):
        raise SnapshotError("a page is named twice")
    active = active_holds(writer.library)
    already = {held.page_id for held in active if held.name == name}
    for page_id, entry in entries.items():
        if entry.redacted_at is not None:
            raise SnapshotError(f"page {page_id} was redacted on {entry.redacted_at.date().isoformat()}")
        if page_id in already:
            raise SnapshotError(f"page {page_id} is in the hold {name!r} already")
    facts = {
        "by": by,
        "name": name,
        "reason": reason,
        "source_sha256": {page_id: entry.source_sha256 for page_id, entry in entries.items()},
    }
    event = Event(EventType.HOLD, EventOutcome.SUCCESS, f"hold {name}: {reason}", tuple(entries), facts)
    new = [RememberedHold(name=name, page_id=page_id, reason=reason, by=by) for page_id in entries]
    _remember(writer.state, [*map(_remembered, active), *new])  # before the run: a crash must not forget it
    return writer.finish([event], agents=(writer.software,))


def release_hold(writer: SnapshotWriter, name: str, pages: Sequence[str], *, reason: str, by: str) -> Checkpoint:
    """Release a hold for *pages*, or for all its pages if none is named; raises `SnapshotError` if nothing is held."""
    check_free_texts("a hold", reason=reason, by=by)
    active = active_holds(writer.library)
    held = [each.page_id for each in active if each.name == name]
    if not held:
        names = sorted({each.name for each in active})
        known = f"; holds: {', '.join(names)}" if names else "; no page is held"
        raise SnapshotError(f"there is no hold {name!r}{did_you_mean(name, names)}{known}")
    chosen = [safe_id(writer.library.get_page(page)[1].page_id) for page in pages] or held
    for page_id in chosen:
        if page_id not in held:
            raise SnapshotError(f"page {page_id} is not in the hold {name!r}")
    facts = {"by": by, "name": name, "reason": reason}
    event = Event(EventType.HOLD_RELEASE, EventOutcome.SUCCESS, f"hold {name}: {reason}", tuple(chosen), facts)
    made = writer.finish([event], agents=(writer.software,))
    _remember(writer.state, [_remembered(each) for each in active if each.name != name or each.page_id not in chosen])
    return made


def remember_holds(writer: SnapshotWriter) -> None:
    """Let the state remember the holds of the log: another bot may have placed or released some."""
    _remember(writer.state, map(_remembered, active_holds(writer.library)))


def hold_again(library: Library, remembered: Iterable[RememberedHold]) -> list[Event]:
    """Return the events that place the *remembered* holds again which the log does not have, one for each hold.

    A page is held also if it is not captured (yet); the event has the digests of those that are.
    """
    known = {(held.name, held.page_id) for held in active_holds(library)}
    lost: dict[tuple[str, str, str], list[str]] = {}
    for each in remembered:
        if (each.name, each.page_id) not in known:
            lost.setdefault((each.name, each.reason, each.by), []).append(each.page_id)
    events = []
    for (name, reason, by), pages in lost.items():
        entries = {page_id: library.find_entry(page_id) for page_id in pages}
        sources = {page_id: entry.source_sha256 for page_id, entry in entries.items() if entry}
        facts = {"by": by, "name": name, "reason": reason, **({"source_sha256": sources} if sources else {})}
        events.append(Event(EventType.HOLD, EventOutcome.SUCCESS, f"hold {name}: {reason}", tuple(pages), facts))
    return events


def _remember(state: EvidenceState, held: Iterable[RememberedHold]) -> None:
    holds = tuple(held)
    state.update(lambda memory: memory.replaced(holds=holds))


def _remembered(held: HeldPage) -> RememberedHold:
    return RememberedHold(name=held.name, page_id=held.page_id, reason=held.reason, by=held.by)


def check_not_held(library: Library, page_id: str) -> None:
    """Raise `SnapshotError` that names each hold of a page."""
    found = [held for held in active_holds(library) if held.page_id == safe_id(page_id)]
    if found:
        said = "; ".join(f"{held.name!r} by {held.by} since {held.since.date()}: {held.reason}" for held in found)
        raise SnapshotError(
            f"page {page_id} must not be redacted, because it is held: {said}; release it with "
            f"`wikibot hold release --reason TEXT -- {shlex.quote(found[0].name)}`"
        )


def _is_active(held: HeldPage, name: str) -> bool:
    return held.name == name and held.released_at is None

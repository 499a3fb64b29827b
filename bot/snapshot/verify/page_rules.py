"""What the events of a run can have done to a captured page. `VERIFY.md` has the same rules."""

from collections.abc import Collection, Iterator
from datetime import UTC, datetime
from functools import lru_cache
from typing import NamedTuple

from bot.snapshot.archive.events import EventType
from bot.snapshot.verify.event_line import LoggedPage

_MAY_REDACT = frozenset[str]({EventType.REDACTION, EventType.UPGRADE})
_MAY_BURY = frozenset[str]({EventType.DELETION, EventType.UPGRADE})
_MAY_REVIVE = frozenset[str]({EventType.CAPTURE, EventType.METADATA})
_MAY_DESELECT = frozenset[str]({*_MAY_REVIVE, EventType.DEACCESSION, EventType.DELETION, EventType.RESTRICTED})
MAY_CAPTURE = frozenset[str]({*_MAY_REVIVE, EventType.REDACTION, EventType.UPGRADE})
"""Events that give a page another record, body or attachment."""
MAY_RENDER = frozenset[str]({*MAY_CAPTURE, EventType.MIGRATION})
"""Events that write the Markdown of a page again."""


class RunOfPage(NamedTuple):
    """What a run did that concerns one page."""

    when: str
    """Time of the run."""
    kinds: Collection[str]
    """Types of the successful events that list the page."""
    kept: Collection[str] = frozenset()
    """Paths of all files that the run added."""
    is_held: bool = False
    """Whether a hold protects the page from redaction."""
    since: str = ""
    """Time of the run before; empty for the first run."""


def is_plainly_new(run: RunOfPage, after: LoggedPage) -> bool:
    """Return whether a new page is as a capture makes nearly all pages, in which `find_flaws` finds nothing."""
    folder = f"data/_source/{after.id}/"
    return (
        run.since <= after.captured_at == run.when
        and _is_time(run.when)
        and after.tombstone is after.redacted_at is None
        and after.source is not None
        and after.record.startswith(folder)
        and after.source.startswith(folder)
        and f"{after.bag}/{after.record}" in run.kept
        and not MAY_CAPTURE.isdisjoint(run.kinds)
    )


def find_flaws(run: RunOfPage, before: LoggedPage | None, after: LoggedPage) -> list[str]:
    """Return what events of these kinds cannot have done to a page; *before* is None for a new page."""
    flaws = [*_find_capture_flaws(run, before, after), *_find_redaction_flaws(run, before, after)]
    if not all(map(_is_time, (after.captured_at, after.tombstone, after.redacted_at))):
        flaws.append("has a time that no calendar has")
    if before is not None and before.bag != after.bag:
        flaws.append("moved to another bag")
    if after.tombstone != (before.tombstone if before else None):
        flaws += _find_tombstone_flaws(run, after)
    if before and before.archived != after.archived:
        kinds = _MAY_REVIVE if after.archived == "true" else _MAY_DESELECT
        flaws += ["is selected otherwise without an event that says so"] if kinds.isdisjoint(run.kinds) else []
    if before and before.converter != after.converter and MAY_RENDER.isdisjoint(run.kinds):
        flaws.append("has another converter without an event that rendered it")
    return flaws


def _find_capture_flaws(run: RunOfPage, before: LoggedPage | None, after: LoggedPage) -> Iterator[str]:
    folder = f"data/_source/{after.id}/"
    if not after.record.startswith(folder) or not (after.source or folder).startswith(folder):
        yield "has the record or body of another page"
    if after.captured_at > run.when:
        yield "was captured after the run"
    if before is None or before.record != after.record:
        if MAY_CAPTURE.isdisjoint(run.kinds):
            yield "gets another record or body without a capture"
        if f"{after.bag}/{after.record}" not in run.kept:
            yield f"gets the record {after.record}, which the run did not write"
        is_new = after.source is not None and f"{after.bag}/{after.source}" in run.kept
        if is_new and after.captured_at < run.since and EventType.UPGRADE not in run.kinds:
            yield "has a body that claims to be older than the run before"
        if before and before.source == after.source and before.captured_at != after.captured_at:
            yield "gets another time of capture for the same body"
    elif (before.source, before.sha256, before.version, before.captured_at) != (
        after.source,
        after.sha256,
        after.version,
        after.captured_at,
    ):
        yield "gets another body, version or time of capture without a new record"


def _find_redaction_flaws(run: RunOfPage, before: LoggedPage | None, after: LoggedPage) -> Iterator[str]:
    earlier = before.redacted_at if before else None
    if earlier and earlier != after.redacted_at:
        yield "is no longer redacted, or was redacted again"
    if after.redacted_at and after.source:
        yield "is redacted, but has a body"
    if not after.redacted_at or earlier:
        return
    if _MAY_REDACT.isdisjoint(run.kinds):
        yield "is redacted without a redaction event"
    if after.redacted_at != run.when and EventType.UPGRADE not in run.kinds:
        yield "is redacted at another time than the run"
    if run.is_held:
        yield "is redacted, though a hold protects it"


def _find_tombstone_flaws(run: RunOfPage, after: LoggedPage) -> Iterator[str]:
    if not after.tombstone:
        if _MAY_REVIVE.isdisjoint(run.kinds):
            yield "loses its tombstone without an event that found the page again"
        return
    if _MAY_BURY.isdisjoint(run.kinds):
        yield "gets a tombstone without a deletion event"
    if after.tombstone != run.when and EventType.UPGRADE not in run.kinds:
        yield "gets a tombstone of another time than the run"


@lru_cache
def _is_time(text: str | None) -> bool:
    """Return whether a time in the form of the log exists, or is not stated."""
    if text is None:
        return True
    try:
        datetime.strptime(text, "%Y-%m-%dT%H:%M:%SZ").replace(tzinfo=UTC)
    except ValueError:
        return False
    return True

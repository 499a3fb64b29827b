"""One run for a reader: what it expected, and its pages by what happened to each."""

from dataclasses import dataclass
from enum import StrEnum

from bot.errors import SnapshotError
from bot.snapshot.archive.checkpoint import Checkpoint
from bot.snapshot.archive.events import EventOutcome, EventType, LoggedEvent
from bot.snapshot.archive.library import Library


class Fate(StrEnum):
    """What happened to a page in a run."""

    CAPTURED = "captured"
    FAILED = "failed"
    MISSING = "missing"
    """The wiki did not answer for a page or space that the run had to read."""
    RESTRICTED = "restricted"
    GONE = "gone"
    LEFT = "left"
    OTHER = "other"


@dataclass(frozen=True, slots=True)
class RunView:
    """A run with its head, the SHA-256 of the head, and the events by fate; *facts* are those of the whole run."""

    head: Checkpoint
    digest: str
    facts: dict[str, object]
    lists: dict[Fate, tuple[LoggedEvent, ...]]

    def count(self, name: str) -> int | None:
        """Return a number that the run states; None if it states none, as a run that captured nothing."""
        value = self.facts.get(name)
        return value if isinstance(value, int) and not isinstance(value, bool) else None

    def ids(self, name: str) -> list[object]:
        """Return the ids that the run states; none if it states none."""
        value = self.facts.get(name)
        return value if isinstance(value, list) else []


def view_run(library: Library, heads: list[tuple[Checkpoint, str]], number: int) -> RunView:
    """Return one run; raises `SnapshotError` if there is none with this number."""
    found = next(((head, digest) for head, digest in heads if head.sequence == number), None)
    if found is None:
        raise SnapshotError(f"there is no run {number} in {library.root}")
    logged = library.load_events(found[0])
    whole = next((each.event.facts for each in logged if "expected" in each.event.facts), {})
    lists: dict[Fate, list[LoggedEvent]] = {fate: [] for fate in Fate}
    for each in logged:
        if each.event.facts is not whole:
            lists[fate_of(each)].append(each)
    return RunView(*found, dict(whole), {fate: tuple(events) for fate, events in lists.items()})


def fate_of(logged: LoggedEvent) -> Fate:
    """Return what an event says about its page."""
    event = logged.event
    if event.type is EventType.RESTRICTED or event.outcome is EventOutcome.RESTRICTED:
        return Fate.RESTRICTED
    if event.facts.get("problem") == "missing":
        return Fate.MISSING
    if event.outcome is EventOutcome.FAILURE:
        return Fate.FAILED
    return {
        EventType.CAPTURE: Fate.CAPTURED,
        EventType.METADATA: Fate.CAPTURED,
        EventType.DELETION: Fate.GONE,
        EventType.DEACCESSION: Fate.LEFT,
    }.get(event.type, Fate.OTHER)

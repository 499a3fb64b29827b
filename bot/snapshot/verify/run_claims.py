"""What the head of a run claims, and what its events say: both must be the same. `VERIFY.md` has the same rules."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, NamedTuple

from bot.snapshot.archive.checkpoint import Checkpoint
from bot.snapshot.archive.events import EventType

ABOUT_RUNS = frozenset[str](
    {
        EventType.INGESTION,
        EventType.KEY_ROTATION,
        EventType.NEW_LOG,
        EventType.ROLLBACK,
        EventType.START_SIGNING,
        EventType.UPGRADE,
    }
)
"""Types of the events that say something about a whole run."""


class RunClaim(NamedTuple):
    """What an event says about its run."""

    type: str
    facts: Mapping[str, Any]


def find_false_claims(head: Checkpoint, below: Checkpoint | None, claims: Sequence[RunClaim]) -> Iterator[str]:
    """Yield each contradiction; *below* is the head before *head*."""
    types = {claim.type for claim in claims}
    if EventType.NEW_LOG in types and head.sequence != 1:
        yield "an event says that the log begins here, but it is not the first run"
    if EventType.UPGRADE in types and (below is None or below.format > 1):
        yield "an event says that format 1 was taken over, but the run before has format 2"
    begins = below is not None and below.key is None and head.key is not None
    if begins != (EventType.START_SIGNING in types):
        yield "signing begins without an event" if begins else "an event says that signing begins, but it does not"
    yield from _find_key_claims(head, below, _facts(claims, EventType.KEY_ROTATION, "next_key"))
    lost = {head.lost.digest} if head.lost else set[Any]()
    if _facts(claims, EventType.ROLLBACK, "lost_head") != lost:
        yield "the lost runs in the head are not those that an event says"
    stated = _facts(claims, EventType.INGESTION, "verdict") - {""}
    for verdict in stated - {head.verdict or "-"}:
        yield f"an event says that the verdict is {verdict}, but the head says {head.verdict or '-'}"
    if head.verdict and not stated:
        yield f"the head says that the verdict is {head.verdict}, but no event does"


def _find_key_claims(head: Checkpoint, below: Checkpoint | None, announced: set[Any]) -> Iterator[str]:
    is_new = head.next_key is not None and head.next_key != (below.next_key if below else None)
    if is_new and head.next_key not in announced:
        yield f"announces the key {head.next_key} without an event"
    if announced - {head.next_key}:
        yield "an event announces a key that the head does not"


def _facts(claims: Sequence[RunClaim], kind: EventType, name: str) -> set[Any]:
    """Return the values of a fact in the events of a kind; empty for one that is no text."""
    values = [claim.facts.get(name) for claim in claims if claim.type == kind]
    return {value if isinstance(value, str) else "" for value in values}

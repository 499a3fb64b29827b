"""Handle captured pages that are no longer listed or no longer archived: log an event; the capture stays."""

from collections.abc import Collection, Mapping, Sequence

from bot.errors import WikiError
from bot.snapshot.archive.bag import Bag
from bot.snapshot.archive.entry import GONE, PageEntry, Tombstone
from bot.snapshot.archive.events import Event, EventOutcome, EventType
from bot.snapshot.archive.writer import SnapshotWriter
from bot.snapshot.capture.outcome import CaptureOutcome, Trouble
from bot.snapshot.capture.selection import Selection
from bot.wiki.gateway import WikiGateway

_MANY_PAGES, _MANY_SHARE = 5, 0.2
"""If more pages than both limits vanish at once, a lost permission or a wrong setting is likely."""
_UNCERTAIN = (
    "in the wiki, but no longer selected; a rule that matches nothing or a page without a place may be the reason; if "
    "the page is active again, capture with --accept-deselected"
)


def account_for_vanished(
    gateway: WikiGateway,
    writer: SnapshotWriter,
    selections: Sequence[Selection],
    outcome: CaptureOutcome,
    *,
    accepts_many: bool,
    accepts_many_deselected: bool = False,
) -> None:
    """Add a tombstone to every captured page of the requested spaces that the wiki no longer shows.

    A mass deletion makes the run incomplete instead, unless *accepts_many*. The same is true for many pages that leave
    the selection and are still in the wiki, and for all of them if a rule matches nothing, because the rule may be the
    reason; unless *accepts_many_deselected*.
    """
    listed = {page_id for selection in selections for page_id in selection.listed}
    archived = {page_id for selection in selections for page_id in selection.archived}
    spaces = {selection.space_key for selection in selections}
    lost: list[tuple[Bag, PageEntry]] = []
    left: list[tuple[Bag, PageEntry]] = []
    held = 0
    for bag, entry in list(writer.library.iter_entries()):
        held += entry.space_key in spaces and entry.tombstone is None
        if entry.page_id in listed:
            if entry.tombstone:
                writer.put_entry(bag, entry.replaced(tombstone=None))
                _log(outcome, EventType.METADATA, entry, "in the wiki again", {"again": True})
            if entry.is_selected and entry.page_id not in archived:
                left.append((bag, entry))
        elif entry.space_key in spaces and entry.tombstone is None:
            lost.append((bag, entry))
    if left:
        is_suspicious = _is_many(len(left), held) and not accepts_many_deselected
        uncertain = {each.space_key for each in selections if not each.is_certain and not accepts_many_deselected}
        _account_for_left(
            writer, outcome, left, uncertain, doubt=_doubt_about_left(len(left), held) if is_suspicious else None
        )
    if lost:
        is_suspicious = _is_many(len(lost), held) and not accepts_many
        _account_for_lost(gateway, writer, outcome, lost, doubt=_doubt(len(lost), held) if is_suspicious else "")


def _is_many(count: int, held: int) -> bool:
    return count > _MANY_PAGES and count > _MANY_SHARE * held


def _account_for_left(
    writer: SnapshotWriter,
    outcome: CaptureOutcome,
    left: list[tuple[Bag, PageEntry]],
    uncertain: Collection[str],
    *,
    doubt: str | None,
) -> None:
    """Deselect the pages that are in the wiki and no longer archived, unless a person should look first."""
    for bag, entry in left:
        reason = doubt or (_UNCERTAIN if entry.space_key in uncertain else None)
        if reason:
            outcome.unknown.append(Trouble(entry.page_id, entry.title, reason))
        else:
            _deselect(writer, outcome, bag, entry, "no longer archived; its capture stays")


def _account_for_lost(
    gateway: WikiGateway,
    writer: SnapshotWriter,
    outcome: CaptureOutcome,
    lost: list[tuple[Bag, PageEntry]],
    *,
    doubt: str,
) -> None:
    try:
        found = gateway.fetch_pages([entry.page_id for _, entry in lost])
    except WikiError as error:
        outcome.unknown += [Trouble(entry.page_id, entry.title, f"no longer listed: {error}") for _, entry in lost]
        return
    for bag, entry in lost:
        page = found.get(entry.page_id)
        if page is None and not doubt:
            tombstone = Tombstone(when=writer.now)
            writer.put_entry(bag, entry.replaced(tombstone=tombstone, is_selected=False))
            outcome.gone += 1
            _log(outcome, EventType.DELETION, entry, GONE)
        elif page is None:
            outcome.unknown.append(Trouble(entry.page_id, entry.title, doubt))
        elif page.ref.space_key == entry.space_key:
            reason = "the listing left it out, though the wiki has it"
            outcome.unknown.append(Trouble(entry.page_id, entry.title, reason))
        elif entry.is_selected:
            space_key = page.ref.space_key
            reason = f"moved to space {space_key}; its capture stays"
            _deselect(writer, outcome, bag, entry, reason, {"moved_to": space_key})


def _doubt(lost: int, held: int) -> str:
    return (
        f"{lost} of {held} captured pages are gone from the wiki at once; check the account's rights and "
        "`wiki.flavour`, and capture with --accept-gone if they were really deleted"
    )


def _doubt_about_left(left: int, held: int) -> str:
    return (
        f"in the wiki, but no longer selected, as are {left} of {held} captured pages at once; check `archived` in "
        "bot.yaml, and capture with --accept-deselected if these pages are active again"
    )


def _deselect(
    writer: SnapshotWriter,
    outcome: CaptureOutcome,
    bag: Bag,
    entry: PageEntry,
    reason: str,
    facts: Mapping[str, object] | None = None,
) -> None:
    writer.put_entry(bag, bag.entries[entry.page_id].replaced(is_selected=False))
    outcome.deselected.append(Trouble(entry.page_id, entry.title, reason))
    _log(outcome, EventType.DEACCESSION, entry, reason, facts)


def _log(
    outcome: CaptureOutcome, kind: EventType, entry: PageEntry, reason: str, facts: Mapping[str, object] | None = None
) -> None:
    detail = f"{entry.title}: {reason}"
    outcome.events.append(Event(kind, EventOutcome.SUCCESS, detail, (entry.page_id,), facts or {}))

"""Handle captured pages that are no longer listed or no longer archived: log an event; the capture stays."""

from collections.abc import Sequence

from bot.errors import WikiError
from bot.snapshot.archive.bag import Bag
from bot.snapshot.archive.entry import PageEntry, Tombstone
from bot.snapshot.archive.events import Event, EventOutcome, EventType
from bot.snapshot.archive.writer import SnapshotWriter
from bot.snapshot.capture.outcome import CaptureOutcome, Trouble
from bot.snapshot.capture.selection import Selection
from bot.wiki.gateway import WikiGateway

_MANY_PAGES, _MANY_SHARE = 5, 0.2
"""If more pages than both limits vanish at once, a lost permission or a wrong setting is likely."""
_GONE = "deleted, or restricted for the account that captures (the wiki answers alike for both)"


def account_for_vanished(
    gateway: WikiGateway,
    writer: SnapshotWriter,
    selections: Sequence[Selection],
    outcome: CaptureOutcome,
    *,
    accepts_many: bool = False,
) -> None:
    """Add a tombstone to every captured page of the requested spaces that the wiki no longer shows.

    A mass deletion makes the run incomplete instead, unless *accepts_many*.
    """
    listed = {page_id for selection in selections for page_id in selection.listed}
    archived = {page_id for selection in selections for page_id in selection.archived}
    spaces = {selection.space_key for selection in selections}
    lost: list[tuple[Bag, PageEntry]] = []
    held = 0
    for bag, entry in list(writer.library.iter_entries()):
        held += entry.space_key in spaces and entry.tombstone is None
        if entry.page_id in listed:
            if entry.tombstone:
                writer.put_entry(bag, entry.replaced(tombstone=None))
                _log(outcome, EventType.METADATA, entry, "in the wiki again")
            if entry.is_selected and entry.page_id not in archived:
                _deselect(writer, outcome, bag, entry, "no longer archived; its capture stays")
        elif entry.space_key in spaces and entry.tombstone is None:
            lost.append((bag, entry))
    if lost:
        is_suspicious = len(lost) > _MANY_PAGES and len(lost) > _MANY_SHARE * held and not accepts_many
        _account_for_lost(gateway, writer, outcome, lost, doubt=_doubt(len(lost), held) if is_suspicious else "")


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
            tombstone = Tombstone(when=writer.now, reason=_GONE)
            writer.put_entry(bag, entry.replaced(tombstone=tombstone, is_selected=False))
            outcome.gone += 1
            _log(outcome, EventType.DELETION, entry, _GONE)
        elif page is None:
            outcome.unknown.append(Trouble(entry.page_id, entry.title, doubt))
        elif page.ref.space_key == entry.space_key:
            reason = "the listing left it out, though the wiki has it"
            outcome.unknown.append(Trouble(entry.page_id, entry.title, reason))
        elif entry.is_selected:
            _deselect(writer, outcome, bag, entry, f"moved to space {page.ref.space_key}; its capture stays")


def _doubt(lost: int, held: int) -> str:
    return (
        f"{lost} of {held} held pages are gone from the wiki at once; check the account's rights and `wiki.flavour`, "
        "and capture with --accept-gone if they were really deleted"
    )


def _deselect(writer: SnapshotWriter, outcome: CaptureOutcome, bag: Bag, entry: PageEntry, reason: str) -> None:
    writer.put_entry(bag, bag.entries[entry.page_id].replaced(is_selected=False))
    _log(outcome, EventType.DEACCESSION, entry, reason)


def _log(outcome: CaptureOutcome, kind: EventType, entry: PageEntry, reason: str) -> None:
    outcome.events.append(Event(kind, EventOutcome.SUCCESS, f"{entry.title}: {reason}", (entry.page_id,)))

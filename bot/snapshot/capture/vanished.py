"""Handle captured pages that are no longer listed or no longer archived: log an event; the capture stays."""

from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from bot.errors import PageNotFoundError, WikiError
from bot.plural import counted
from bot.snapshot.archive.bag import Bag
from bot.snapshot.archive.entry import GONE, PageEntry, Tombstone, id_order
from bot.snapshot.archive.events import Event, EventOutcome, EventType
from bot.snapshot.archive.library import Library
from bot.snapshot.archive.record import RecordedStatus
from bot.snapshot.archive.writer import SnapshotWriter
from bot.snapshot.capture.bulk_consent import BulkConsent, is_many, list_digest
from bot.snapshot.capture.census import read_pages
from bot.snapshot.capture.outcome import CaptureOutcome, Trouble
from bot.snapshot.capture.selection import RuleName, Selection
from bot.storage.addresses import stated_title
from bot.wiki.gateway import PageRef, PageStatus, WikiGateway

Held = tuple[Bag, PageEntry]
Left = tuple[Bag, PageEntry, str | None]
"""A page that left the selection, and the space that it moved to."""
_UNCERTAIN = (
    "in the wiki, but no longer selected; a rule that matches nothing or a page without a place may be the reason; if "
    "the page is active again, capture with --accept-deselected {digest}"
)
_LEFT = (
    "in the wiki, but no longer selected, as are {bulk} at once; check `archived` in bot.yaml, and capture with "
    "--accept-deselected {digest} if these pages are active again"
)
_LOST = (
    "{bulk} are gone from the wiki at once; check the account's rights and `wiki.flavour`, and capture with "
    "--accept-gone {digest} if they were really deleted"
)
_STILL_NAMED = "the wiki does not show it, but another listing or the search index names it"


_STILL_LABELLED = "no listing has it with the label {label!r}, and its own list of labels does"


def account_for_vanished(
    gateway: WikiGateway,
    writer: SnapshotWriter,
    selections: Sequence[Selection],
    outcome: CaptureOutcome,
    consent: BulkConsent,
) -> None:
    """Add a tombstone to every captured page of the requested spaces that the wiki no longer shows.

    Two answers of the wiki and the absence from its other listings are needed. A mass deletion makes the run incomplete
    instead, and so do many pages that leave the selection at once, in a space or of a rule. If a rule matches nothing,
    no page of the space leaves the selection. *consent* accepts each of these lists.
    """
    library = writer.library
    back = [page_id for page_id, standing in library.unusual.items() if standing.is_gone]
    for page_id in sorted(back, key=id_order):
        if any(page_id in selection.listed for selection in selections):
            bag, entry = _held(library, page_id)
            writer.put_entry(bag, entry.replaced(tombstone=None))
            _log(outcome, EventType.METADATA, entry, "in the wiki again", {"again": True})
    for selection in selections:
        held, lost, active = _sort_out(library, selection)
        left: list[Left] = [(*_held(library, page_id), None) for page_id in active]
        left += _account_for_lost(gateway, writer, selection, outcome, (held, lost), consent)
        _account_for_left(gateway, writer, selection, outcome, (held, left), consent)


def _sort_out(library: Library, selection: Selection) -> tuple[list[str], list[Held], list[str]]:
    """Return the captured pages of a space, those that the wiki does not list, and those that are not archived now."""
    held, lost, active = [], [], []
    for page_id, standing in library.iter_standings():
        is_listed = page_id in selection.listed
        if not standing.is_gone and standing.space_key == selection.space_key:
            held.append(page_id)
            if not is_listed:
                lost.append(page_id)
        if is_listed and standing.is_selected and page_id not in selection.archived:
            active.append(page_id)
    return held, [_held(library, page_id) for page_id in sorted(lost, key=id_order)], sorted(active, key=id_order)


def _held(library: Library, page_id: str) -> Held:
    bag = library.find_bag_of(page_id)
    if bag is None:
        raise KeyError(page_id)
    return bag, bag.entries[page_id]


def _account_for_left(
    gateway: WikiGateway,
    writer: SnapshotWriter,
    selection: Selection,
    outcome: CaptureOutcome,
    held_and_left: tuple[list[str], list[Left]],
    consent: BulkConsent,
) -> None:
    """Deselect the pages that are in the wiki and no longer archived, unless a person should look first."""
    held, left = held_and_left
    digest = list_digest("deselected", [entry.page_id for _, entry, _ in left])
    bulk = _find_bulk(writer, selection, held, [(bag, entry) for bag, entry, _ in left])
    for bag, entry, moved_to in left:
        doubt = ""
        if digest in consent.deselected:
            pass
        elif bulk or not selection.is_certain:
            doubt = (_LEFT if bulk else _UNCERTAIN).format(bulk=bulk, digest=digest)
        elif moved_to is None:
            doubt = _find_label(gateway, writer, selection, (bag, entry))
        if doubt:
            outcome.unknown.append(Trouble(entry.page_id, entry.title, doubt))
        else:
            reason = f"moved to space {moved_to}" if moved_to else "no longer archived"
            facts = {"moved_to": moved_to} if moved_to else {}
            _deselect(writer, outcome, bag, entry, f"{reason}; its capture stays", facts)


def _find_label(gateway: WikiGateway, writer: SnapshotWriter, selection: Selection, held: Held) -> str:
    """Return a reason not to deselect a page: it has a label of the rule, although no listing says so."""
    labels = [rule for rule in selection.matched if rule[0] == "labels" and _was_matched(writer, selection, rule, held)]
    if not labels:
        return ""
    try:
        names = gateway.fetch_labels(held[1].page_id)
    except WikiError as error:
        return f"no longer selected, and its labels cannot be read: {error}"
    return next((_STILL_LABELLED.format(label=name) for _, name in labels if name.casefold() in names), "")


def _account_for_lost(
    gateway: WikiGateway,
    writer: SnapshotWriter,
    selection: Selection,
    outcome: CaptureOutcome,
    held_and_lost: tuple[list[str], list[Held]],
    consent: BulkConsent,
) -> list[Left]:
    """Add tombstones, or note why not; return the pages that moved to another space."""
    held, lost = held_and_lost
    by_id = {entry.page_id: (bag, entry) for bag, entry in lost}
    gone: list[Held] = []
    moved: list[Left] = []
    for page_id, page in read_pages(gateway, list(by_id)):
        bag, entry = by_id[page_id]
        is_absent = isinstance(page, PageNotFoundError) or (
            not isinstance(page, WikiError) and page.ref.status is PageStatus.TRASHED
        )
        if is_absent and selection.census and selection.census.still_named(page_id):
            outcome.unknown.append(Trouble(page_id, entry.title, _STILL_NAMED))
        elif is_absent:
            gone.append((bag, entry))
        elif isinstance(page, WikiError):
            outcome.unknown.append(Trouble(page_id, entry.title, f"no longer listed: {page}"))
        elif page.ref.space_key == entry.space_key:
            reason = "the listing left it out, though the wiki has it"
            outcome.unknown.append(Trouble(page_id, entry.title, reason))
        elif entry.is_selected:
            moved.append((bag, entry, page.ref.space_key))
    bulk = _find_bulk(writer, selection, held, gone)
    digest = list_digest("gone", [entry.page_id for _, entry in gone])
    for bag, entry in gone:
        if bulk and digest not in consent.gone:
            outcome.unknown.append(Trouble(entry.page_id, entry.title, _LOST.format(bulk=bulk, digest=digest)))
            continue
        writer.put_entry(bag, entry.replaced(tombstone=Tombstone(when=writer.now), is_selected=False))
        outcome.gone += 1
        _log(outcome, EventType.DELETION, entry, GONE)
    return moved


def _find_bulk(writer: SnapshotWriter, selection: Selection, held: Sequence[str], taken: Sequence[Held]) -> str:
    """Return which part of the captured pages *taken* is, if it is too large for a space or for one of its rules.

    All pages of a rule are too many, unless it is only one.
    """
    if is_many(len(taken), len(held)):
        return f"{len(taken)} of {counted(len(held), 'captured page')}"
    if len(taken) <= 1:
        return ""
    held_ids = frozenset(held)
    for rule, matched in selection.matched.items():
        count = sum(_was_matched(writer, selection, rule, each) for each in taken)
        of = count + len(matched & held_ids)
        if is_many(count, of) or (count == of and count > 1):
            return f"{count} of {counted(of, 'captured page')} of the rule `{rule[0]}: {rule[1]}`"
    return ""


def _was_matched(writer: SnapshotWriter, selection: Selection, rule: RuleName, held: Held) -> bool:
    key, name = rule
    bag, entry = held
    match key:
        case "status":
            return entry.status is RecordedStatus.ARCHIVED
        case "labels":
            return name.casefold() in writer.library.load_record(bag, entry).labels
        case _:
            root, title = selection.roots.get(name, name), stated_title(name)
            return any(root == above.id or title == above.title for above in entry.ancestors)


@dataclass
class Losses:
    """The pages of a space that lost data since they were captured, and how many captured pages have each kind."""

    pages: dict[str, dict[str, str]] = field(default_factory=dict)
    """Kind of data → page id → title."""
    held: Counter[str] = field(default_factory=Counter)

    def add(self, ref: PageRef, held: Iterable[str], lost: Collection[str]) -> bool:
        """Count a page, and return whether it lost anything."""
        self.held.update(held)
        for kind in lost:
            self.pages.setdefault(kind, {})[ref.id] = ref.title
        return bool(lost)


def judge_losses(outcome: CaptureOutcome, selection: Selection, losses: Losses, consent: BulkConsent) -> set[str]:
    """Return the ids of the pages to capture with what they lost; the others make the run incomplete."""
    accepted = {page_id for titles in losses.pages.values() for page_id in titles}
    for kind, titles in losses.pages.items():
        held = losses.held[kind]
        digest = list_digest(f"{kind} in {selection.space_key}", titles)
        if not is_many(len(titles), held) or digest in consent.gone:
            continue
        accepted -= titles.keys()
        reason = (
            f"{len(titles)} of {counted(held, 'captured page')} lost {kind} at once, so these pages were not captured; "
            f"capture with --accept-gone {digest} if people removed them"
        )
        outcome.unknown += [Trouble(page_id, title, reason) for page_id, title in titles.items()]
    return accepted


def _deselect(
    writer: SnapshotWriter,
    outcome: CaptureOutcome,
    bag: Bag,
    entry: PageEntry,
    reason: str,
    facts: Mapping[str, object],
) -> None:
    writer.put_entry(bag, bag.entries[entry.page_id].replaced(is_selected=False))
    outcome.deselected.append(Trouble(entry.page_id, entry.title, reason))
    _log(outcome, EventType.DEACCESSION, entry, reason, facts)


def _log(
    outcome: CaptureOutcome, kind: EventType, entry: PageEntry, reason: str, facts: Mapping[str, object] | None = None
) -> None:
    detail = f"{entry.title}: {reason}"
    outcome.events.append(Event(kind, EventOutcome.SUCCESS, detail, (entry.page_id,), facts or {}))

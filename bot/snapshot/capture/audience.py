"""For whom a folder of snapshots is: with or without the pages that only some people may read."""

from concurrent.futures import Executor
from dataclasses import replace
from enum import StrEnum

from bot.snapshot.archive.events import Event, EventOutcome, EventType
from bot.snapshot.archive.writer import SnapshotWriter
from bot.snapshot.capture.outcome import CaptureOutcome, Trouble
from bot.snapshot.capture.selection import Selection
from bot.wiki.gateway import WikiGateway
from bot.wiki.read_access import ReadAccess

_NOW_RESTRICTED = "only some people may read it now; its capture stays"
_NOW_OPEN = "everyone in the space may read it now, so it is captured with the other pages; its capture here stays"


class Audience(StrEnum):
    """Which pages a folder of snapshots has."""

    ALL = "all"
    OPEN = "open"
    RESTRICTED = "restricted"


def choose_for(
    audience: Audience, gateway: WikiGateway, selection: Selection, outcome: CaptureOutcome, fetchers: Executor
) -> Selection:
    """Return *selection* without the pages that are not for *audience*; note pages of which this is not known.

    *fetchers* are the threads that read from the wiki.

    A page of which this is not known counts as restricted. Neither log nor messages have the title of a page that is
    left out.
    """
    wanted = [ref.id for ref in selection.chosen] + [node.id for node in selection.without_content()]
    overview = selection.overview
    overview.read_restrictions(gateway, wanted, selection.nodes, fetchers)
    if audience is Audience.ALL:
        return selection
    access = ReadAccess.of_listed(gateway, selection.space_key, selection.nodes, overview.own_readers, fetchers)
    access.prepare(wanted)
    restricted = frozenset(ref.id for ref in selection.chosen if access.is_restricted(ref.id))
    if audience is Audience.RESTRICTED:
        kept = tuple(ref for ref in selection.chosen if ref.id in restricted)
        withheld = frozenset(ref.id for ref in selection.chosen) - restricted
        return replace(selection, chosen=kept, withheld=withheld, access=access, audience_is_open=False)
    unclear = []
    for ref in selection.chosen:
        problem = access.find_problem(ref.id) if ref.id in restricted else None
        if problem:
            unclear.append(ref)
            outcome.add_trouble(EventOutcome.FAILURE, Trouble(ref.id, f"page {ref.id}", f"left out, because {problem}"))
    kept = tuple(ref for ref in selection.chosen if ref.id not in restricted)
    outcome.left_out += len(restricted) - len(unclear)
    return replace(selection, chosen=kept, withheld=restricted, unclear=tuple(unclear), access=access)


def hide_restricted(
    gateway: WikiGateway, selection: Selection, *, home_id: str | None = None
) -> tuple[Selection, list[str]]:
    """Return *selection* without the nodes that only some people may read, and the problems of reading restrictions.

    Restrictions that also apply to the page *home_id*, on which the nodes are listed, do not count.
    """
    access = ReadAccess(gateway, selection.space_key, selection.nodes)
    access.prepare(selection.nodes)
    like = access.restricting(home_id) if home_id is not None else frozenset()
    visible = {node_id: node for node_id, node in selection.nodes.items() if access.restricting(node_id) <= like}
    problems = [f"page {node_id} counts as restricted: {reason}" for node_id, reason in access.problems.items()]
    return replace(selection, nodes=visible), problems


def note_changed_audience(writer: SnapshotWriter, selection: Selection, outcome: CaptureOutcome) -> None:
    """Deselect the captured pages that are not for this folder any more; name them, and log each once."""
    unclear = {ref.id for ref in selection.unclear}
    is_open = selection.audience_is_open
    for page_id in sorted(selection.withheld - unclear):
        standing, bag = writer.library.standing(page_id), writer.library.find_bag_of(page_id)
        if bag is None or standing is None or standing.is_redacted:
            continue
        entry = bag.entries[page_id]
        reason = _NOW_RESTRICTED if is_open else _NOW_OPEN
        if is_open or entry.is_selected:
            (outcome.restricted_later if is_open else outcome.deselected).append(Trouble(page_id, entry.title, reason))
        if entry.is_selected:
            writer.put_entry(bag, entry.replaced(is_selected=False))
            kind = EventType.RESTRICTED if is_open else EventType.DEACCESSION
            event = Event(kind, EventOutcome.SUCCESS, f"{entry.title}: {reason}", (page_id,))
            outcome.events.append(event)

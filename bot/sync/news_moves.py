"""The order in which news moves between pages: an item leaves a page only after the other page has it (pure)."""

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from difflib import get_close_matches

from bot.plural import counted
from bot.storage.visible_text import lines_of
from bot.sync.plan import Action, Change, PagePlan, Requirement

_ALIKE = 0.6
"""A line that is at least this similar to a line that left the other page counts as the same item, corrected."""
_NAMED = 2
_INTERIM = "keeps what the news still needs; a later step removes it"


@dataclass(frozen=True, slots=True)
class NewsMove:
    """The two regions between which news moves, and the page of the older news.

    *page* is the name of that page in the data file, *place* its file and line. *text* is the desired text of
    that page, *news* that of the news. *interim* returns the text of older news with all current items.
    """

    region: str
    older_region: str
    page: str
    place: str
    text: str
    news: str
    interim: Callable[[], str]
    home_id: str


@dataclass(frozen=True, slots=True)
class Judged:
    """One judged region and the page that it is on."""

    page_id: str
    title: str
    change: Change


def order_moves(pages: Sequence[PagePlan], judged: Sequence[Judged], move: NewsMove) -> list[PagePlan]:
    """Return *pages* in an order in which each news item is written before it leaves its old page.

    *judged* are all regions that were judged, also those in sync. A change is held if the other page will not have the
    item. If items move in both directions, the page of older news is written twice: first with all current items.
    """
    archive = next((each for each in judged if each.change.region == move.older_region), None)
    news = [each for each in judged if each.change.region == move.region]
    home = next((each for each in news if each.page_id == move.home_id), news[0] if news else None)
    needs = {
        each.page_id: lines for each in news if _drops(each.change) and (lines := _leaving(each.change, archive, move))
    }
    pages = [_require(page, move, archive, needs.get(page.id, ())) for page in pages]
    if archive is None or not _drops(archive.change):
        return _archive_first(pages, archive)
    returning = _shared(_dropped(archive.change), lines_of(move.news))
    if not returning:
        return _archive_first(pages, archive)
    return _bring_back(pages, archive, home, returning, move)


def _drops(change: Change) -> bool:
    return change.action is Action.WRITE and bool(_dropped(change))


def _dropped(change: Change) -> list[str]:
    """Return the lines that the write removes from the page."""
    return list((Counter(lines_of(change.live or "")) - Counter(lines_of(change.desired))).elements())


def _shared(lines: Sequence[str], others: Sequence[str]) -> tuple[str, ...]:
    known = {line.strip() for line in others} - {""}
    return tuple(dict.fromkeys(line.strip() for line in lines if line.strip() in known))


def _leaving(change: Change, archive: Judged | None, move: NewsMove) -> tuple[str, ...]:
    """Return the lines that the page of older news needs before *change* is written.

    These are the removed lines, and the most similar line for each line that was corrected at the same time.
    """
    dropped = _dropped(change)
    leaving = _shared(dropped, lines_of(move.text))
    pending = _lines(move.text) - _lines(archive.change.live if archive else None)
    new = _lines(change.desired) - _lines(change.live)
    candidates = [match for line in dropped for match in get_close_matches(line, pending | new, n=1, cutoff=_ALIKE)]
    corrected = [match for match in candidates if match in pending]
    return tuple(dict.fromkeys((*leaving, *corrected)))


def _require(page: PagePlan, move: NewsMove, archive: Judged | None, lines: tuple[str, ...]) -> PagePlan:
    """Return *page* with its news bound to the page of older news, or held if that page will not have the lines."""
    if not lines:
        return page
    obstacle = _find_obstacle(archive, lines)
    changes = []
    for change in page.changes:
        if change.region != move.region or change.action is Action.NONE:
            changes.append(change)
        elif obstacle or archive is None:
            changes.append(replace(change, action=Action.NONE, note=_hold(move, lines, obstacle)))
        elif archive.page_id == page.id:
            changes.append(change)  # one write brings both regions
        else:
            needed = Requirement(archive.page_id, archive.title, archive.change.marker, lines)
            changes.append(replace(change, requires=needed))
    return replace(page, changes=tuple(changes))


def _find_obstacle(archive: Judged | None, lines: Sequence[str]) -> str:
    """Return why the page of older news will not have *lines*; empty if it has them or is written."""
    if archive is None:
        return "it is missing, excluded or cannot be read"
    if archive.change.action is not Action.NONE:
        return ""
    return "" if _lines(archive.change.live) >= set(lines) else archive.change.note or "its region is not written"


def _hold(move: NewsMove, lines: Sequence[str], obstacle: str) -> str:
    return (
        f"held, because {_describe_lines(lines)} would leave this page, and the page {move.page!r} for older news does "
        f"not get it ({move.place}): {obstacle}; correct that page, or name another page or none in `older`"
    )


def find_missing_lines(needed: Requirement, text: str) -> tuple[str, ...]:
    """Return the lines that *text* lacks, of those that it must have."""
    present = _lines(text)
    return tuple(line for line in needed.lines if line not in present)


def describe_unmet(needed: Requirement, reason: str = "") -> str:
    """Return why a change is not written whose lines the other page does not have."""
    return (
        f"news: not written, because the page {needed.title!r} does not have {_describe_lines(needed.lines)}, which "
        f"would be shown nowhere then{f': {reason}' if reason else ''}; it is written once that page has it"
    )


def _describe_lines(lines: Sequence[str]) -> str:
    """Name the first of some lines, shortened."""
    named = ", ".join(f"“{line[:60]}{'…' if len(line) > 60 else ''}”" for line in lines[:_NAMED])
    more = len(lines) - _NAMED
    return named + (f" and {counted(more, 'more line')}" if more > 0 else "")


def _archive_first(pages: Sequence[PagePlan], archive: Judged | None) -> list[PagePlan]:
    archive_id = archive.page_id if archive else ""
    return sorted(pages, key=lambda page: page.id != archive_id)


def _bring_back(
    pages: Sequence[PagePlan], archive: Judged, home: Judged | None, returning: tuple[str, ...], move: NewsMove
) -> list[PagePlan]:
    """Return the pages so that *returning* leaves the page of older news only after the home page has it."""
    if home is not None and archive.page_id == home.page_id:
        return list(pages)
    own = next(page for page in pages if page.id == archive.page_id)
    others = [page for page in pages if page.id != archive.page_id]
    news = [(page.id, change) for page in others for change in page.writes if change.region == move.region]
    if home is None or (home.page_id not in dict(news) and not set(returning) <= _lines(home.change.live)):
        return [_with_change(own, _keep(archive.change, move.interim())), *others]
    change = replace(archive.change, requires=Requirement(home.page_id, home.title, home.change.marker, returning))
    if not any(each.requires for _, each in news):
        return [*others, _with_change(own, change)]
    interim = replace(archive.change, desired=move.interim(), note=_INTERIM)
    first = replace(own, changes=(interim,))
    return [first, *others, _with_change(own, replace(change, live=interim.desired))]


def _keep(change: Change, interim: str) -> Change:
    """Return *change* with a text that keeps the items that the home page does not have."""
    note = "keeps the items that return to the home page, until that page has them; it is not written now"
    is_kept = lines_of(change.live or "") == lines_of(interim)
    return replace(change, desired=interim, action=Action.NONE if is_kept else change.action, note=note)


def _with_change(page: PagePlan, change: Change) -> PagePlan:
    return replace(page, changes=tuple(change if each.region == change.region else each for each in page.changes))


def _lines(text: str | None) -> set[str]:
    return {line for each in lines_of(text or "") if (line := each.strip())}

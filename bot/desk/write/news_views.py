"""The list of the news, and what can be done with an item without opening it."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from http import HTTPStatus
from urllib.parse import urlencode

from flask import flash, redirect, render_template, request, url_for
from werkzeug import Response

from bot.config.data_model import NewsItem
from bot.config.data_operation import EditEntry, EntryPlace, MoveEntry, Operation, RemoveEntry
from bot.config.entry_ref import EntryRef
from bot.config.news_selection import NewsState
from bot.desk.desk import current_desk
from bot.desk.language import gettext as _
from bot.desk.roles import Role, requires
from bot.desk.visitor import signed_in
from bot.desk.write import blueprint
from bot.desk.write.draft_list import unfinished
from bot.desk.write.page_states import HELD, SAVED, WAITS, states_of
from bot.desk.write.saved_edit import flash_saved, save
from bot.desk.write.shown_content import ShownContent, find_ref, load_content
from bot.desk.write.write_state import next_run, write_state
from bot.errors import BotError
from bot.inline import plain_text

PAGE = 30
"""Items on one page of the list: with more, the first load is over 100 kB."""
_GROUPS = {
    **dict.fromkeys((NewsState.PINNED.value, NewsState.LIVE.value), 0),
    **dict.fromkeys((SAVED, WAITS, HELD), 0),
    NewsState.SCHEDULED.value: 1,
    NewsState.OLDER.value: 2,
    NewsState.EXPIRED.value: 3,
}
_SHOWN = frozenset((NewsState.PINNED.value, NewsState.LIVE.value))


@dataclass(frozen=True, slots=True)
class NewsRow:
    """One item of the list; *above* and *below* are its neighbours in the order of the page.

    Items of one *level* can change places: pinned ones, other ones on the page, scheduled, older, expired.
    """

    item: NewsItem
    state: str
    group: int
    level: str
    text: str
    above: str | None
    below: str | None


@dataclass(frozen=True, slots=True)
class NewsRowPage:
    """The rows of one page of the list, and where the pages before and after it begin."""

    rows: tuple[NewsRow, ...]
    newer: str | None
    older: str | None
    total: int


@dataclass(frozen=True, slots=True)
class _Placed:
    """An item at its place in the order of the page."""

    item: NewsItem
    state: str
    group: int

    @property
    def level(self) -> str:
        return f"{self.group}{'p' if self.group == 0 and self.item.pinned else ''}"


@blueprint.get("/w/<workspace>/news")
@requires(Role.EDITOR)
def news(workspace: str) -> str:
    """Show the news in the order of the page: shown, scheduled, older, expired."""
    content, now = load_content(workspace), current_desk().clock()
    write_state().listings.begin(content.workspace)
    words, state = request.args.get("q", "").strip(), request.args.get("state", "")
    states = states_of(content, now)
    page = _page(_ordered(content, states.states), words, state, request.args.get("from", ""))
    return render_template(
        "news.html.j2",
        content=content,
        page=page,
        counts=_counts(states.states),
        reason=states.reason,
        words=words,
        state=state,
        drafts=unfinished(workspace, "news"),
        others=write_state().presence.note(workspace, "news", signed_in().name, now),
        next_run=next_run(),
    )


@blueprint.post("/w/<workspace>/news")
@requires(Role.EDITOR)
def change_news(workspace: str) -> Response:
    """Move, pin or remove an item."""
    content = load_content(workspace)
    action, _colon, item_id = request.form.get("do", "").partition(":")
    back = redirect(_back(workspace), HTTPStatus.SEE_OTHER)
    document = content.as_seen(request.form.get("digest", ""))
    entry = find_ref(document, "news", item_id)
    if entry is None:
        flash(_("This item is gone; somebody removed it."), "warn")
        return back
    operation = _operation(content, action, entry)
    if operation is None:
        return back
    try:
        saved = save(content, operation, request.form.get("digest", ""))
    except BotError as error:
        flash(_("Not changed: %(reason)s", reason=str(error)), "bad")
        return back
    flash_saved(workspace, _done(action, plain_text(str(entry.seen.get("text", "")))), saved)
    return back


def _operation(content: ShownContent, action: str, entry: EntryRef) -> Operation | None:
    if action in ("pin", "unpin"):
        return EditEntry(entry=entry, changes={"pinned": True if action == "pin" else None})
    if action == "remove":
        return RemoveEntry(entry=entry)
    if action == "place":
        return _move_to(content, entry)
    placed = _ordered(content, states_of(content, current_desk().clock()).states)
    at = next((number for number, each in enumerate(placed) if each.item.id == entry.name), None)
    if at is None:
        return None
    first = next(each.item.id for each in placed if each.level == placed[at].level)
    above, below = _neighbours(placed, at)
    wanted = {"up": above, "down": below, "top": first}.get(action)
    neighbour = find_ref(content.document, "news", wanted) if wanted else None
    if neighbour is None or neighbour.name == entry.name:
        return None
    place = EntryPlace(after=neighbour) if action == "down" else EntryPlace(before=neighbour)
    return MoveEntry(entry=entry, place=place)


def _move_to(content: ShownContent, entry: EntryRef) -> Operation | None:
    """Return the move before or after the item that the form names, or to the start of the list."""
    before, after = request.form.get("before", ""), request.form.get("after", "")
    if before == "first":
        return MoveEntry(entry=entry, place=EntryPlace(is_first=True))
    neighbour = find_ref(content.document, "news", before or after)
    if neighbour is None or neighbour.name == entry.name:
        return None
    return MoveEntry(entry=entry, place=EntryPlace(before=neighbour) if before else EntryPlace(after=neighbour))


def _done(action: str, text: str) -> str:
    text = text if len(text) <= 60 else text[:59] + "…"
    return {
        "pin": _("“%(words)s” stays at the top of the list.", words=text),
        "unpin": _("“%(words)s” is no longer kept at the top.", words=text),
        "remove": _("“%(words)s” is removed.", words=text),
    }.get(action, _("“%(words)s” is moved.", words=text))


def _ordered(content: ShownContent, states: Sequence[str]) -> list[_Placed]:
    """Return all items in the order of the page."""
    items = content.data.news.items if content.data.news else ()
    placed = [_Placed(item, state, _GROUPS[state]) for item, state in zip(items, states, strict=True)]
    return sorted(placed, key=lambda each: (each.group, not each.item.pinned if each.group == 0 else False))


def _neighbours(placed: Sequence[_Placed], at: int) -> tuple[str | None, str | None]:
    """Return the ids of the items above and below the one *at* a place, if they are of its level."""
    near = (placed[number] if 0 <= number < len(placed) else None for number in (at - 1, at + 1))
    above, below = (each.item.id if each is not None and each.level == placed[at].level else None for each in near)
    return above, below


def _page(placed: Sequence[_Placed], words: str, state: str, start: str) -> NewsRowPage:
    wanted = _SHOWN if state == "shown" else {state}
    found = [number for number, each in enumerate(placed) if not state or each.state in wanted]
    for word in words.casefold().split():
        found = [at for at in found if word in placed[at].item.text.casefold() or word in placed[at].item.id]
    first = next((number for number, at in enumerate(found) if placed[at].item.id == start), 0) if start else 0
    newer = placed[found[max(0, first - PAGE)]].item.id if first else None
    older = placed[found[first + PAGE]].item.id if first + PAGE < len(found) else None
    return NewsRowPage(tuple(_row(placed, at) for at in found[first : first + PAGE]), newer, older, len(found))


def _row(placed: Sequence[_Placed], at: int) -> NewsRow:
    own = placed[at]
    return NewsRow(own.item, own.state, own.group, own.level, plain_text(own.item.text), *_neighbours(placed, at))


def _counts(states: Sequence[str]) -> dict[str, int]:
    return Counter("shown" if state in _SHOWN else state for state in states)


def _back(workspace: str) -> str:
    """Return the address of the list with the filter that was set."""
    chosen = {name: value for name in ("q", "state", "from") if (value := request.values.get(name, ""))}
    return url_for("write.news", workspace=workspace) + (f"?{urlencode(chosen)}" if chosen else "")

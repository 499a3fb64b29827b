"""The list of the news, and what can be done with an item without opening it."""

from dataclasses import dataclass
from datetime import datetime
from http import HTTPStatus
from urllib.parse import urlencode

from flask import flash, redirect, render_template, request, url_for
from werkzeug import Response

from bot.config.data_model import NewsItem
from bot.config.data_operation import EditEntry, EntryPlace, MoveEntry, Operation, RemoveEntry
from bot.config.entry_ref import EntryRef
from bot.config.news_selection import NewsState, news_states
from bot.desk.desk import current_desk
from bot.desk.language import gettext as _
from bot.desk.roles import Role, requires
from bot.desk.visitor import signed_in
from bot.desk.write import blueprint
from bot.desk.write.draft_list import unfinished
from bot.desk.write.saved_edit import flash_saved, save
from bot.desk.write.shown_content import ShownContent, find_ref, load_content
from bot.desk.write.write_state import next_run, write_state
from bot.errors import BotError
from bot.inline import plain_text

PAGE = 50
_ORDER = {NewsState.PINNED: 0, NewsState.LIVE: 0, NewsState.SCHEDULED: 1, NewsState.OLDER: 2, NewsState.EXPIRED: 3}


@dataclass(frozen=True, slots=True)
class NewsRow:
    """One item of the list; *above* and *below* are its neighbours in the order of the page."""

    item: NewsItem
    state: NewsState
    group: int
    text: str = ""
    above: str | None = None
    below: str | None = None


@dataclass(frozen=True, slots=True)
class NewsRowPage:
    """The rows of one page of the list, and where the pages before and after it begin."""

    rows: tuple[NewsRow, ...]
    newer: str | None
    older: str | None
    total: int


@blueprint.get("/w/<workspace>/news")
@requires(Role.EDITOR)
def news(workspace: str) -> str:
    """Show the news in the order of the page: shown, scheduled, older, expired."""
    content, now = load_content(workspace), current_desk().clock()
    write_state().listings.begin(content.workspace)
    words, state = request.args.get("q", "").strip(), request.args.get("state", "")
    page = _page(content, now, words, state, request.args.get("from", ""))
    return render_template(
        "news.html.j2",
        content=content,
        page=page,
        counts=_counts(content, now),
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
    rows = _rows(content, current_desk().clock())
    row = next((each for each in rows if each.item.id == entry.name), None)
    if row is None:
        return None
    first = next(each.item.id for each in rows if each.state is row.state)
    wanted = {"up": row.above, "down": row.below, "top": first}.get(action)
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


def _rows(content: ShownContent, now: datetime) -> list[NewsRow]:
    """Return all items in the order of the page, each with its neighbours; the texts are added to what is shown."""
    section = content.data.news
    if section is None:
        return []
    found = [
        NewsRow(item, state, _ORDER[state])
        for item, state in zip(section.items, news_states(section, now), strict=True)
    ]
    found.sort(key=lambda row: (row.group, not row.item.pinned if row.group == 0 else False))
    linked: list[NewsRow] = []
    for number, row in enumerate(found):
        above = found[number - 1] if number else None
        below = found[number + 1] if number + 1 < len(found) else None
        linked.append(
            NewsRow(
                row.item,
                row.state,
                row.group,
                above=above.item.id if above and above.state is row.state else None,
                below=below.item.id if below and below.state is row.state else None,
            )
        )
    return linked


def _page(content: ShownContent, now: datetime, words: str, state: str, start: str) -> NewsRowPage:
    rows = _rows(content, now)
    if state:
        rows = [row for row in rows if row.state == state or (state == "shown" and row.group == 0)]
    for word in words.casefold().split():
        rows = [row for row in rows if word in row.item.text.casefold() or word in row.item.id]
    first = next((number for number, row in enumerate(rows) if row.item.id == start), 0)
    shown = rows[first : first + PAGE]
    newer = rows[max(0, first - PAGE)].item.id if first else None
    older = rows[first + PAGE].item.id if first + PAGE < len(rows) else None
    with_text = tuple(
        NewsRow(row.item, row.state, row.group, plain_text(row.item.text), row.above, row.below) for row in shown
    )
    return NewsRowPage(with_text, newer, older, len(rows))


def _counts(content: ShownContent, now: datetime) -> dict[str, int]:
    section = content.data.news
    counts: dict[str, int] = {}
    for state in news_states(section, now) if section else ():
        name = "shown" if _ORDER[state] == 0 else state.value
        counts[name] = counts.get(name, 0) + 1
    return counts


def _back(workspace: str) -> str:
    """Return the address of the list with the filter that was set."""
    chosen = {name: value for name in ("q", "state", "from") if (value := request.values.get(name, ""))}
    return url_for("write.news", workspace=workspace) + (f"?{urlencode(chosen)}" if chosen else "")

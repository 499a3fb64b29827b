"""Show a region as the wiki would draw it at a moment with an unsaved edit, and say what the edit changes."""

import datetime as dt
import re
from collections.abc import Sequence
from dataclasses import dataclass
from html import escape as escape_xml
from zoneinfo import ZoneInfo

from bot.config.data_model import News, NewsItem, WorkspaceData
from bot.config.news_selection import day_of, older_news, shown_news
from bot.convert.shown_html import EntryMark, make_safe
from bot.errors import BotError
from bot.inline import LinkResolver, TitlesAsWritten, attachment_link, plain_text
from bot.operations.workspace import Connect, Workspace
from bot.render import section_of
from bot.storage.addresses import attachment_address
from bot.sync.data_links import iter_links, resolve_links
from bot.wiki.gateway import PageRef, WikiGateway

MARK_WORDS = {EntryMark.NEW: "new", EntryMark.MOVED: "moved", EntryMark.LEAVING: "leaves"}


@dataclass(frozen=True, slots=True)
class Leaving:
    """An item that the home page no longer shows; *older* is the page that takes it, if there is one."""

    text: str
    older: str | None = None


@dataclass(frozen=True, slots=True)
class Effects:
    """What an edit changes at a moment.

    *position* counts from 1 the place of the edited item among *count* shown items; None if it is not shown.
    """

    regions: tuple[str, ...] = ()
    position: int | None = None
    count: int = 0
    leaving: tuple[Leaving, ...] = ()
    is_older: bool = False
    """Whether the edited item goes to the page of older news at once."""


@dataclass(frozen=True, slots=True)
class Preview:
    """A region as HTML that is safe to show; *reason* says why it is not drawn by the wiki, else it is empty."""

    html: str
    moment: dt.datetime
    effects: Effects
    reason: str = ""
    is_marked: bool = True

    @property
    def is_drawn_by_wiki(self) -> bool:
        """Whether the wiki itself has drawn the region."""
        return not self.reason


def preview(
    connect: Connect,
    workspace: Workspace,
    before: WorkspaceData,
    after: WorkspaceData,
    *,
    region: str,
    moment: dt.datetime,
    item_id: str | None = None,
) -> Preview:
    """Return *region* at *moment* as the wiki would draw it with the data *after*; nothing is written.

    The wiki is asked once. If it does not answer, the preview is drawn without it.
    """
    effects = find_effects(before, after, moment, item_id)
    shown, marks = mark_entries(before, after, moment) if region == "news" else (after, ())
    gateway, reason = _try_connect(connect)
    links, home, reason = _look_up(gateway, workspace, shown, region, reason)
    text = _render(workspace, shown, region, moment, links)
    html = text
    if gateway is not None and home is not None and text:
        try:
            html = gateway.render_view(_with_files(text, shown, gateway.base_url, home.id), home)
        except BotError as error:
            reason = str(error)
    base_url = gateway.base_url if gateway is not None and not reason else ""
    safe = make_safe(html, base_url, marks=marks, words=MARK_WORDS)
    return Preview(safe.html, moment, effects, reason, safe.is_marked)


@dataclass(frozen=True, slots=True)
class Drawing:
    """Text of a region as HTML that is safe to show; *reason* says why the wiki has not drawn it, else it is empty."""

    html: str
    reason: str = ""


def draw(connect: Connect, text: str, page_id: str) -> Drawing:
    """Return storage format as the wiki would draw it on a page; nothing is written."""
    html, base_url, reason = text, "", ""
    try:
        if text.strip():
            gateway = connect()
            html, base_url = gateway.render_view(text, gateway.fetch_page(page_id).ref), gateway.base_url
    except BotError as error:
        reason = str(error)
    return Drawing(make_safe(html, base_url, words=MARK_WORDS).html, reason)


def find_effects(
    before: WorkspaceData, after: WorkspaceData, moment: dt.datetime, item_id: str | None = None
) -> Effects:
    """Return what changes at *moment* between *before* and *after*."""
    regions = [
        name
        for name in ("status", "quick_links", "news")
        if getattr(before, name) != getattr(after, name) and (name != "news" or _is_seen(before, after, moment))
    ]
    if after.news is None:
        return Effects(tuple(regions))
    now_shown = shown_news(after.news, moment)
    leaving = _leaving(before.news, after.news, moment)
    older = {item.id for item in older_news(after.news, moment)}
    moved_to = after.news.older if after.news.show is not None else None
    ids = [item.id for item in now_shown]
    return Effects(
        tuple(regions),
        ids.index(item_id) + 1 if item_id in ids else None,
        len(ids),
        tuple(Leaving(plain_text(each.text), moved_to if each.id in older else None) for each in leaving),
        item_id in older,
    )


def _is_seen(before: WorkspaceData, after: WorkspaceData, moment: dt.datetime) -> bool:
    if before.news is None or after.news is None:
        return True
    return shown_news(before.news, moment) != shown_news(after.news, moment)


def _leaving(before: News | None, after: News, moment: dt.datetime) -> list[NewsItem]:
    kept = {item.id for item in shown_news(after, moment)}
    return [item for item in shown_news(before, moment) if item.id not in kept] if before else []


def mark_entries(
    before: WorkspaceData, after: WorkspaceData, moment: dt.datetime
) -> tuple[WorkspaceData, tuple[EntryMark | None, ...]]:
    """Return *after* with the items shown at *moment*, then those that leave, and one mark for each of them."""
    if after.news is None:
        return after, ()
    zone = ZoneInfo(after.workspace.timezone)
    shown, leaving = shown_news(after.news, moment), _leaving(before.news, after.news, moment)
    gone = [
        each.model_copy(update={"pinned": False, "publish_at": None, "expires_at": None, "date": day_of(each, zone)})
        for each in leaving
    ]
    left = {each.id for each in leaving}
    rest = [item for item in older_news(after.news, moment) if item.id not in left][:1]
    limit = None if after.news.show is None else len(shown) + len(gone)
    news = after.news.model_copy(update={"items": (*shown, *gone, *rest), "show": limit})
    old = {item.id: item for item in before.news.items} if before.news else {}
    marks = [*_marks(shown, [item.id for item in shown_news(before.news, moment)] if before.news else [], old)]
    return after.model_copy(update={"news": news}), (*marks, *[EntryMark.LEAVING] * len(gone))


def _marks(shown: Sequence[NewsItem], was: Sequence[str], old: dict[str, NewsItem]) -> list[EntryMark | None]:
    """Return the mark of each shown item: new if it was not shown or has other words, moved if its place changed."""
    kept = [item.id for item in shown if item.id in was]
    before = [each for each in was if each in kept]
    is_moved = {now for now, then in zip(kept, before, strict=True) if now != then}
    return [
        EntryMark.NEW
        if item.id not in was or old[item.id].text != item.text or old[item.id].items != item.items
        else EntryMark.MOVED
        if item.id in is_moved
        else None
        for item in shown
    ]


def _try_connect(connect: Connect) -> tuple[WikiGateway | None, str]:
    try:
        return connect(), ""
    except BotError as error:
        return None, str(error)


def _look_up(
    gateway: WikiGateway | None, workspace: Workspace, data: WorkspaceData, region: str, reason: str
) -> tuple[LinkResolver, PageRef | None, str]:
    """Return the pages that the links of *region* lead to, and the home page; without the wiki, titles as written."""
    if gateway is None:
        return TitlesAsWritten(), None, reason
    section = section_of(region)
    try:
        finder = workspace.page_finder(gateway, data)
        links = resolve_links((link for link in iter_links(data) if link.location[0] == section), finder)
        home = gateway.fetch_page(finder.get_id(data.workspace.home)).ref
    except BotError as error:
        return TitlesAsWritten(), None, str(error)
    return links, home, ""


def _with_files(text: str, data: WorkspaceData, base_url: str, page_id: str) -> str:
    """Return *text* with the links to the files of news items as links to the addresses that they will have.

    A file is uploaded when its item is published. Until then the wiki would draw the link as plain words.
    """
    for item in data.news.items if data.news else ():
        if item.file is not None:
            begin, _, end = attachment_link(item.file.name, "\0").partition("\0")
            address = escape_xml(attachment_address(base_url, page_id, item.file.name))
            text = re.sub(f"{re.escape(begin)}(.*?){re.escape(end)}", rf'<a href="{address}">\1</a>', text)
    return text


def _render(workspace: Workspace, data: WorkspaceData, region: str, moment: dt.datetime, links: LinkResolver) -> str:
    notice = workspace.settings.notice_of(region)
    return workspace.load_renderer().render(region, data, now=moment, links=links, notice=notice)

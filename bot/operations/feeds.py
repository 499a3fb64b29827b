"""Write an Atom feed of each workspace's news next to the snapshots, without what only some people may read."""

import datetime as dt
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from bot.config.data_model import News, WorkspaceData
from bot.errors import BotError, PageNotFoundError
from bot.files import read_file, replace_file
from bot.log import logger
from bot.operations.workspace import Workspace
from bot.plural import counted
from bot.storage.addresses import may_be_id, stated_title
from bot.sync.clock_difference import find_doubt
from bot.sync.data_links import DataLink, LinkKind, iter_links, own_page
from bot.sync.feed import render_feed
from bot.sync.page_finder import PageFinder
from bot.wiki.gateway import WikiGateway
from bot.wiki.read_access import ReadAccess, read_access_of


def feed_path(workspace: Workspace) -> Path:
    """Return the path of the Atom feed of a workspace."""
    return workspace.folders.feeds / f"{workspace.name}.atom"


@dataclass(frozen=True, slots=True)
class _Draft:
    """What is known of one feed before it is known who may read the pages: *linked* are the pages of its items."""

    workspace: Workspace
    data: WorkspaceData
    home_id: str
    linked: Mapping[DataLink, str]


def write_feeds(gateway: WikiGateway, workspaces: Iterable[Workspace], *, now: dt.datetime) -> None:
    """Write the changed feeds; a feed that cannot be written is logged and does not prevent the update of pages.

    Who may read their pages is asked for all workspaces of a space together.
    """
    drafts: dict[str, list[_Draft]] = {}
    for workspace in workspaces:
        with _logged(workspace):
            draft = _prepare(gateway, workspace)
            if draft is not None:
                drafts.setdefault(draft.data.workspace.space, []).append(draft)
    for space_key, of_space in drafts.items():
        careful = [draft for draft in of_space if draft.workspace.hides_restricted]
        access: ReadAccess | None = None
        if careful:
            pages = {page for draft in careful for page in (draft.home_id, *draft.linked.values())}
            try:
                access = read_access_of(gateway, space_key, pages)
            except BotError as error:
                names = ", ".join(draft.workspace.name for draft in careful)
                logger.warning("the feeds of {} cannot be written: {}", names, error)
                of_space = [draft for draft in of_space if draft not in careful]
        for draft in of_space:
            with _logged(draft.workspace):
                _write_feed(gateway, draft, access, now)


@contextmanager
def _logged(workspace: Workspace) -> Iterator[None]:
    try:
        yield
    except (BotError, OSError) as error:
        logger.warning("the feed of workspace {} cannot be written: {}", workspace.name, error)


def _prepare(gateway: WikiGateway, workspace: Workspace) -> _Draft | None:
    data = workspace.load_data_file().data
    if data.news is None:
        return None
    finder = workspace.page_finder(gateway, data)
    home_id = finder.get_id(data.workspace.home)
    links = [link for link in iter_links(data) if _is_in_item(link)] if workspace.hides_restricted else []
    finder.prefetch([link.target for link in links if link.kind is LinkKind.PAGE])
    linked = {link: page_id for link in links if (page_id := _find_linked(gateway, finder, link))}
    return _Draft(workspace, data, home_id, linked)


def _write_feed(gateway: WikiGateway, draft: _Draft, access: ReadAccess | None, now: dt.datetime) -> None:
    workspace, data, path = draft.workspace, draft.data, feed_path(draft.workspace)
    if workspace.hides_restricted and access is not None:
        public = _without_restricted(draft, access)
        if public is None:
            path.unlink(missing_ok=True)
            logger.warning("workspace {} has no feed, because only some people may read its home page", workspace.name)
            return
        data = public
    home_url = f"{gateway.base_url}/pages/viewpage.action?pageId={draft.home_id}"
    title = workspace.name if may_be_id(data.workspace.home) else stated_title(data.workspace.home)

    def render(moment: dt.datetime) -> bytes:
        return render_feed(data, now=moment, title=title, home_url=home_url)

    wiki_time = gateway.wiki_time
    written = now if wiki_time is not None else gateway.fetch_page(draft.home_id).ref.version.when
    if doubt := find_doubt(render, now, wiki_time, written=written):
        logger.warning("the feed of workspace {} is not written: {}", workspace.name, doubt)
        return
    _write_if_changed(path, render(now))


def _without_restricted(draft: _Draft, access: ReadAccess) -> WorkspaceData | None:
    """Return the data without the news that link to a restricted page; None if the home page itself is restricted.

    A page whose restrictions cannot be read counts as restricted.
    """
    if access.is_restricted(draft.home_id):
        return None
    news = draft.data.news or News()
    hidden = {link.location[2] for link, page_id in draft.linked.items() if access.is_restricted(page_id)}
    items = tuple(item for index, item in enumerate(news.items) if index not in hidden)
    if hidden:
        logger.warning(
            "the feed of workspace {} lacks {} that link to pages which only some people may read",
            draft.workspace.name,
            counted(len(hidden), "item"),
        )
    return draft.data.model_copy(update={"news": news.model_copy(update={"items": items})})


def _is_in_item(link: DataLink) -> bool:
    return link.location[:2] == ("news", "items")


def _find_linked(gateway: WikiGateway, finder: PageFinder, link: DataLink) -> str | None:
    """Return the id of the page of this wiki that a link leads to; None for another target or no page."""
    if link.kind is LinkKind.PAGE:
        found = finder.find(link.target)
        return found.ref.id if found else None
    address = own_page(link, gateway)
    if address is None or address.page_id:
        return address.page_id if address else None
    try:
        ref = gateway.find_page(address.space_key or finder.space_key, address.title or "")
    except PageNotFoundError:
        return None
    return ref.id if ref else None


def _write_if_changed(path: Path, content: bytes) -> None:
    if path.exists() and read_file(path) == content:
        return
    replace_file(path, content)

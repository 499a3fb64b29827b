"""Write an Atom feed of each workspace's news next to the snapshots."""

import datetime as dt
from collections.abc import Iterable
from pathlib import Path

from loguru import logger

from bot.errors import BotError
from bot.files import replace_file
from bot.operations.workspace import Workspace
from bot.storage.addresses import may_be_id, stated_title
from bot.sync.clock_difference import describe_difference
from bot.sync.feed import render_feed
from bot.wiki.gateway import WikiGateway


def feed_path(workspace: Workspace) -> Path:
    """Return the path of the Atom feed of a workspace."""
    return workspace.folders.feeds / f"{workspace.name}.atom"


def write_feeds(gateway: WikiGateway, workspaces: Iterable[Workspace], *, now: dt.datetime) -> None:
    """Write the changed feeds; a feed that cannot be written is logged and does not prevent the update of pages."""
    for workspace in workspaces:
        try:
            content = _render(gateway, workspace, now)
            problem = describe_difference(now, gateway.wiki_time)
            if problem and content != _render(gateway, workspace, gateway.wiki_time or now):
                logger.warning("the feed of workspace {} is not written: {}", workspace.name, problem)
            elif content is not None:
                _write_if_changed(feed_path(workspace), content)
        except (BotError, OSError) as error:
            logger.warning("the feed of workspace {} cannot be written: {}", workspace.name, error)


def _render(gateway: WikiGateway, workspace: Workspace, now: dt.datetime) -> bytes | None:
    data = workspace.load_data_file().data
    if data.news is None:
        return None
    home_id = workspace.page_finder(gateway, data).get_id(data.workspace.home)
    home_url = f"{gateway.base_url}/pages/viewpage.action?pageId={home_id}"
    title = workspace.name if may_be_id(data.workspace.home) else stated_title(data.workspace.home)
    return render_feed(data, now=now, title=title, home_url=home_url)


def _write_if_changed(path: Path, content: bytes) -> None:
    if path.exists() and path.read_bytes() == content:
        return
    replace_file(path, content)

"""Keep an Atom feed of each workspace's news beside the snapshots."""

from pathlib import Path

from loguru import logger

from bot.config.policy import WorkspaceSettings
from bot.errors import BotError
from bot.files import replace_file
from bot.operations.assignment import page_finder
from bot.runtime import Runtime
from bot.sync.feed import render_feed


def feed_path(runtime: Runtime, workspace: WorkspaceSettings) -> Path:
    """Return where the feed of a workspace is: in `feeds`, beside the folder of the snapshots."""
    return runtime.snapshots_dir.parent / "feeds" / f"{workspace.name}.atom"


def write_feeds(runtime: Runtime) -> None:
    """Write the feeds that have changed; one that cannot be written is logged, since the wiki is what matters."""
    for workspace in runtime.workspaces:
        try:
            content = _render(runtime, workspace)
            if content is not None:
                _write_if_changed(feed_path(runtime, workspace), content)
        except (BotError, OSError) as error:
            logger.warning("the feed of workspace {} cannot be written: {}", workspace.name, error)


def _render(runtime: Runtime, workspace: WorkspaceSettings) -> bytes | None:
    data = runtime.document(workspace).data
    if data.news is None:
        return None
    gateway = runtime.gateway()
    home_id = page_finder(runtime, gateway, data).get_id(data.workspace.home)
    home_url = f"{gateway.base_url}/pages/viewpage.action?pageId={home_id}"
    title = workspace.name if data.workspace.home.isdecimal() else data.workspace.home
    return render_feed(data, now=runtime.clock(), title=title, home_url=home_url)


def _write_if_changed(path: Path, content: bytes) -> None:
    if path.exists() and path.read_bytes() == content:
        return
    replace_file(path, content)

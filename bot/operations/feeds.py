"""Keep an Atom feed of each workspace's news beside the snapshots."""

import os
import tempfile
from pathlib import Path

from loguru import logger

from bot.operations.assigning import page_finder
from bot.runtime import Runtime
from bot.settings import WorkspaceSettings
from bot.sync.feed import render_feed


def feed_path(runtime: Runtime, workspace: WorkspaceSettings) -> Path:
    """Return where the feed of a workspace is: in `feeds`, beside the folder of the snapshots."""
    return runtime.snapshots_dir.parent / "feeds" / f"{workspace.name}.atom"


def write_feeds(runtime: Runtime) -> None:
    """Write the feeds that have changed; one that cannot be written is logged, since the wiki is what matters."""
    for workspace in runtime.workspaces:
        data = runtime.document(workspace).workspace
        if data.news is None:
            continue
        gateway = runtime.gateway()
        home_id = page_finder(runtime, gateway, data).get_id(data.workspace.home)
        home_url = f"{gateway.base_url}/pages/viewpage.action?pageId={home_id}"
        title = data.workspace.home if not data.workspace.home.isdecimal() else workspace.name
        content = render_feed(data, now=runtime.clock(), title=title, home_url=home_url)
        path = feed_path(runtime, workspace)
        try:
            _write_if_changed(path, content)
        except OSError as error:
            logger.warning("{}: the feed cannot be written: {}", path, error.strerror)


def _write_if_changed(path: Path, content: bytes) -> None:
    if path.exists() and path.read_bytes() == content:
        return
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, temporary = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(content)
        Path(temporary).chmod(0o644)
        Path(temporary).replace(path)
    except BaseException:
        Path(temporary).unlink(missing_ok=True)
        raise

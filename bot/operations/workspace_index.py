"""Build the index of a workspace's pages: the tree, which pages are archived, and the paths of the snapshots."""

from pathlib import Path

from bot.config.data_model import PageIndex, WorkspaceData
from bot.config.policy import TargetSettings
from bot.errors import SnapshotError
from bot.log import logger
from bot.operations.workspace import Workspace
from bot.render import Index
from bot.sync.page_finder import PageFinder
from bot.sync.page_index import build_index
from bot.wiki.gateway import WikiGateway


def make_index(
    gateway: WikiGateway,
    workspace: Workspace,
    data: WorkspaceData,
    finder: PageFinder,
    problems: list[str] | None = None,
) -> Index | None:
    """Build the index of the pages of a workspace; None, without any request, if the data file wants no index.

    Pages that not everyone who reads the home page may read are left out, unless the settings include them. Adds what
    is wrong with the rules for archived pages, and restrictions that cannot be read, to *problems*.
    """
    wanted: PageIndex | None = data.page_index
    if wanted is None or "page_index" not in workspace.settings.regions:
        return None
    from bot.snapshot.capture.audience import hide_restricted  # imports the converter: too slow for each plan
    from bot.snapshot.capture.selection import select

    home_id = finder.get_id(data.workspace.home)
    places = workspace.archive_rules()
    selection = select(
        gateway,
        data.workspace.space,
        workspace.settings.archived,
        everything=True,
        stated=places,
        recall=workspace.page_memory(gateway, data.workspace.space).recall,
    )
    if problems is not None:
        problems += [f"{places.get(each.rule, 'archived')}: {each.message}" for each in selection.problems]
    if workspace.hides_restricted:
        is_alone = workspace.settings.regions["page_index"].also == TargetSettings()
        selection, unread = hide_restricted(gateway, selection, home_id=home_id if is_alone else None)
        if problems is not None:
            problems += unread
    return build_index(
        selection.tree(home_id=home_id),
        home_id=home_id,
        archived=selection.archived,
        depth=wanted.depth,
        lists_archived=wanted.archived,
        max_pages=wanted.max_pages,
        find_snapshot=_snapshot_paths(workspace.folders.snapshots).get,
    )


def _snapshot_paths(root: Path) -> dict[str, str]:
    """Return the path of each page's snapshot, by page id; empty if the snapshots cannot be read."""
    from bot.snapshot.archive.library import full_path, load_library

    try:
        library = load_library(root)
    except SnapshotError as error:
        logger.warning("the page index names no snapshots: {}", error)
        return {}
    return {entry.page_id: full_path(bag, entry) for bag, entry in library.iter_entries()}

"""Read the page tree of a workspace, and render its regions."""

import datetime as dt
from dataclasses import dataclass

from bot.config.data_model import WorkspaceData
from bot.errors import ContentError
from bot.inline import LinkResolver, TitlesAsWritten
from bot.operations.workspace import Workspace
from bot.operations.workspace_index import make_index
from bot.snapshot.capture.selection import select
from bot.suggestion import did_you_mean
from bot.sync.data_links import iter_links, resolve_links
from bot.wiki.gateway import WikiGateway
from bot.wiki.page_tree import build_tree


@dataclass(frozen=True, slots=True)
class TreePage:
    """One line of the page tree; *depth* 0 is a page without a parent in the listing."""

    id: str
    title: str
    is_archived: bool
    depth: int
    version: int
    url: str


def read_tree(gateway: WikiGateway, workspace: Workspace, *, archived_only: bool = False) -> list[TreePage]:
    """Return the pages of the workspace's space, depth first, in the order that the wiki shows."""
    space = gateway.fetch_space(workspace.load_data_file().data.workspace.space)
    selection = select(gateway, space.key, workspace.settings.archived, everything=True)
    tree = build_tree(selection.listed.values(), home_id=space.homepage_id)
    return [
        TreePage(
            node.ref.id,
            node.ref.title,
            node.ref.id in selection.archived,
            node.depth,
            node.ref.version.number,
            node.ref.url,
        )
        for node in tree
        if not archived_only or node.ref.id in selection.archived
    ]


def render_regions(
    workspace: Workspace, gateway: WikiGateway | None, wanted: str | None = None, *, now: dt.datetime
) -> dict[str, str]:
    """Render the desired storage format, by region; raises `ContentError` for an unknown region.

    Without a *gateway*, every page reference is taken for a title, and no request is sent.
    """
    document = workspace.load_data_file()
    names = [name for name in WorkspaceData.model_fields if name != "workspace"]
    present = [name for name in names if getattr(document.data, name) is not None]
    if wanted is not None and wanted not in present:
        raise ContentError(
            f"has no region {wanted!r}{did_you_mean(wanted, names)}; it has: {', '.join(present) or 'none'}",
            path=document.path,
        )
    links: LinkResolver = TitlesAsWritten()
    index = None
    if gateway is not None:
        finder = workspace.page_finder(gateway, document.data)
        links = resolve_links(iter_links(document.data), finder)
        index = make_index(gateway, workspace, document.data, finder)
    renderer = workspace.load_renderer()
    return {
        name: renderer.render(name, document.data, now=now, links=links, index=index)
        for name in present
        if wanted in (None, name)
    }

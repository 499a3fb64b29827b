"""Read the workspace: its page tree, and the regions as they would be written."""

from dataclasses import dataclass

from bot.config.data_model import WorkspaceData
from bot.errors import ContentError
from bot.inline import LinkResolver, TitlesAsWritten
from bot.operations.assignment import page_finder
from bot.operations.workspace_index import make_index
from bot.render import Index
from bot.runtime import Runtime
from bot.snapshot.capture.selection import select
from bot.suggestion import did_you_mean
from bot.sync.data_links import iter_links, resolve_links
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


def read_tree(runtime: Runtime, *, archived_only: bool = False) -> list[TreePage]:
    """Return the pages of the workspace's space, depth first, in the order that people see."""
    gateway = runtime.gateway()
    space = gateway.fetch_space(runtime.document(runtime.workspace).data.workspace.space)
    selection = select(gateway, space.key, runtime.workspace.archived, everything=True)
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


def render_regions(runtime: Runtime, wanted: str | None = None, *, offline: bool = False) -> dict[str, str]:
    """Return the storage format that would be written, by region; raises `ContentError` for an unknown region.

    *offline* takes every page reference for a title instead of asking the wiki for the page.
    """
    document = runtime.document(runtime.workspace)
    names = [name for name in WorkspaceData.model_fields if name != "workspace"]
    present = [name for name in names if getattr(document.data, name) is not None]
    if wanted is not None and wanted not in present:
        raise ContentError(
            f"has no region {wanted!r}{did_you_mean(wanted, names)}; it has: {', '.join(present) or 'none'}",
            path=document.path,
        )
    links, index = (TitlesAsWritten(), None) if offline else _ask_the_wiki(runtime, document.data)
    now = runtime.clock()
    return {
        name: runtime.renderer.render(name, document.data, now=now, links=links, index=index)
        for name in present
        if wanted in (None, name)
    }


def _ask_the_wiki(runtime: Runtime, data: WorkspaceData) -> tuple[LinkResolver, Index | None]:
    gateway = runtime.gateway()
    finder = page_finder(runtime, gateway, data)
    links = resolve_links(iter_links(data), finder)
    return links, make_index(runtime, gateway, runtime.workspace, data, finder)

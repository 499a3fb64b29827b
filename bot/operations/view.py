"""Read the page tree of a workspace, and render its regions."""

import datetime as dt
from collections.abc import Iterable
from dataclasses import dataclass, replace

from bot.config.data_model import WorkspaceData
from bot.errors import ContentError
from bot.inline import LinkResolver, TitlesAsWritten
from bot.operations.workspace import Workspace
from bot.operations.workspace_index import make_index
from bot.snapshot.capture.audience import hide_restricted
from bot.snapshot.capture.selection import Selection, select
from bot.suggestion import did_you_mean
from bot.sync.data_links import iter_links, resolve_links
from bot.wiki.gateway import PageRef, PageStatus, TreeKind, WikiGateway
from bot.wiki.page_tree import describe_defects


@dataclass(frozen=True, slots=True)
class TreePage:
    """One line of the page tree; *depth* 0 is a node without a parent in the listing. Only pages have a version."""

    id: str
    title: str
    is_archived: bool
    depth: int
    version: int | None
    url: str
    kind: TreeKind = TreeKind.PAGE
    changed: dt.datetime | None = None
    """Time of the last change."""
    changed_by: str = ""
    """Who made it, as the wiki shows the name."""
    changed_by_names: tuple[str, ...] = ()
    """Other names of that account: its id, and its user name."""


@dataclass(frozen=True, slots=True)
class SpaceTree:
    """The page tree of a space, and what is wrong with it."""

    pages: tuple[TreePage, ...]
    problems: tuple[str, ...]
    left_out: int = 0
    """Number of pages and folders that are left out, because only some people may read them."""


def read_tree(
    gateway: WikiGateway, workspace: Workspace, *, archived_only: bool = False, shows_restricted: bool = False
) -> SpaceTree:
    """Return the pages and folders of the workspace's space, depth first, in the order that the wiki shows.

    Without *shows_restricted*, pages that only some people may read are left out, unless the settings include them.
    """
    space = gateway.fetch_space(workspace.load_data_file().data.workspace.space)
    everything = selection = select_all(gateway, workspace, space.key, lists_all_nodes=True)
    unread: list[str] = []
    if workspace.hides_restricted and not shows_restricted:
        selection, unread = hide_restricted(gateway, everything)
    tree = selection.tree(home_id=space.homepage_id)
    pages = (
        TreePage(
            node.ref.id,
            node.ref.title,
            node.ref.id in selection.archived or node.ref.status is PageStatus.ARCHIVED,
            node.depth,
            node.ref.version.number if isinstance(node.ref, PageRef) else None,
            node.ref.url,
            node.ref.kind,
            *(_last_change(node.ref) if isinstance(node.ref, PageRef) else ()),
        )
        for node in tree
    )
    return SpaceTree(
        tuple(page for page in pages if page.is_archived or not archived_only),
        (*describe_defects(tree), *selection.unlisted, *unread),
        len(everything.nodes) - len(selection.nodes),
    )


def unchanged_since(tree: SpaceTree, moment: dt.datetime) -> list[TreePage]:
    """Return the active pages that nobody changed after *moment*, the oldest change first."""
    found = [(page.changed, page) for page in tree.pages if page.changed is not None and not page.is_archived]
    return [page for changed, page in sorted(found, key=lambda pair: pair[0]) if changed < moment]


def with_names(gateway: WikiGateway, pages: Iterable[TreePage]) -> tuple[TreePage, ...]:
    """Return *pages* with the names of who changed them; listings of Cloud have ids, so one request for each person."""
    return tuple(
        replace(page, changed_by=gateway.fetch_user(page.changed_by).display_name)
        if page.changed_by in page.changed_by_names[:1]
        else page
        for page in pages
    )


def _last_change(ref: PageRef) -> tuple[dt.datetime, str, tuple[str, ...]]:
    who = ref.version.author
    return ref.version.when, who.display_name, tuple(filter(None, (who.id, who.username)))


def select_all(
    gateway: WikiGateway, workspace: Workspace, space_key: str, *, lists_all_nodes: bool = False
) -> Selection:
    """Return the page tree of a space, and which pages the rules of the workspace count as archived."""
    return select(
        gateway,
        space_key,
        workspace.settings.archived,
        everything=True,
        lists_all_nodes=lists_all_nodes,
        stated=workspace.archive_rules(),
        recall=workspace.page_memory(gateway, space_key).recall,
    )


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
        name: renderer.render(
            name, document.data, now=now, links=links, index=index, notice=workspace.settings.notice_of(name)
        )
        for name in present
        if wanted in (None, name)
    }

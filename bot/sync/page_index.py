"""The page index of a workspace: active pages as a tree, archived pages as a list (pure)."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass

from bot.render import Index, IndexEntry
from bot.wiki.gateway import TreeKind
from bot.wiki.page_tree import PageTree, TreeNode

DEEPEST = 30
"""Maximum depth of the index, whatever the data file says; a deeper list is not readable."""


@dataclass(slots=True)
class _Open:
    """A page whose children are not yet complete."""

    node: TreeNode
    children: list[IndexEntry]


def build_index(
    tree: PageTree,
    *,
    home_id: str,
    archived: frozenset[str],
    depth: int | None = None,
    lists_archived: bool = True,
    find_snapshot: Callable[[str], str | None] = lambda _page_id: None,
) -> Index:
    """Build the index of all pages except the home page, with *depth* levels of active pages.

    An active child of an archived page, or of a folder or whiteboard, takes the position of its parent: a page cannot
    link to these. *find_snapshot* returns the path of the snapshot of a page by page id.
    """
    active = _nest(
        (node for node in tree if node.ref.id not in {home_id, *archived} and node.ref.kind is TreeKind.PAGE),
        min(depth or DEEPEST, DEEPEST),
    )
    listed = tuple(
        IndexEntry(node.ref.title, snapshot=find_snapshot(node.ref.id)) for node in tree if node.ref.id in archived
    )
    return Index(active, listed if lists_archived else ())


def _nest(nodes: Iterable[TreeNode], depth: int) -> tuple[IndexEntry, ...]:
    """Build nested entries from nodes in depth-first order, *depth* levels; children of an omitted page move up."""
    top: list[IndexEntry] = []
    open_pages: list[_Open] = []

    def close(down_to: int) -> None:
        while open_pages and open_pages[-1].node.depth >= down_to:
            done = open_pages.pop()
            entry = IndexEntry(done.node.ref.title, tuple(done.children))
            (open_pages[-1].children if open_pages else top).append(entry)

    for node in nodes:
        close(node.depth)
        if len(open_pages) < depth:
            open_pages.append(_Open(node, []))
    close(0)
    return tuple(top)

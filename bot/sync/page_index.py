"""The index of a workspace's pages, active ones as a tree and archived ones as a list (pure)."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass

from bot.render import Index, IndexEntry
from bot.wiki.page_tree import PageTree, TreeNode

DEEPEST = 30
"""Deeper pages are left out whatever the data file says; no reader finds them in a list."""


@dataclass(slots=True)
class _Open:
    """A page whose children are still coming."""

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
    """Arrange all pages but the home page, *depth* levels of them.

    An active page below an archived one stands where that one would. *find_snapshot* returns the path of a page's
    snapshot by the page's id.
    """
    active = _nest(
        (node for node in tree if node.ref.id != home_id and node.ref.id not in archived),
        min(depth or DEEPEST, DEEPEST),
    )
    listed = tuple(
        IndexEntry(node.ref.title, snapshot=find_snapshot(node.ref.id)) for node in tree if node.ref.id in archived
    )
    return Index(active, listed if lists_archived else ())


def _nest(nodes: Iterable[TreeNode], depth: int) -> tuple[IndexEntry, ...]:
    """Build nested entries out of nodes that come depth first; a page that was left out leaves no gap."""
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

"""The page index of a workspace: active pages as a tree, archived pages as a list (pure)."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from bot.render import Index, IndexEntry
from bot.wiki.gateway import TreeKind
from bot.wiki.page_tree import PageTree, TreeNode

DEEPEST = 30
"""Maximum depth of the index, also if the data file has a larger number; a deeper list is not readable."""
MAX_BYTES = 2 * 2**20
"""Maximum size of each list of the index, also if the data file has a larger number; wikis refuse pages over 5 MiB."""
_ENTRY_BYTES = 200
"""The markup of an entry without its title, which occurs twice: in the address and as text."""


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
    max_pages: int = 1000,
    find_snapshot: Callable[[str], str | None] = lambda _page_id: None,
) -> Index:
    """Build the index of all pages except the home page, with *depth* levels of active pages.

    An active child of an archived page, or of a folder or whiteboard, takes the position of its parent: a page cannot
    link to these. *find_snapshot* returns the path of the snapshot of a page by page id. Each list has at most
    *max_pages* pages; the active pages of the upper levels come first.
    """
    nodes = [node for node in tree if node.ref.id not in {home_id, *archived} and node.ref.kind is TreeKind.PAGE]
    levels = min(depth or DEEPEST, DEEPEST)
    active, left_out = _most_important(nodes, max_pages)
    listed, left_out_archived = _capped([node for node in tree if node.ref.id in archived], max_pages)
    entries = tuple(IndexEntry(node.ref.title, snapshot=find_snapshot(node.ref.id)) for node in listed)
    nested = _nest(active, levels)
    if not lists_archived:
        return Index(nested, left_out=left_out)
    return Index(nested, entries, left_out, left_out_archived)


def _most_important(nodes: Sequence[TreeNode], max_pages: int) -> tuple[list[TreeNode], int]:
    """Return the nodes of the upper levels in their order, and how many are left out."""
    kept, left_out = _capped(sorted(nodes, key=lambda node: node.depth), max_pages)
    if not left_out:
        return list(nodes), 0
    ids = {node.ref.id for node in kept}
    return [node for node in nodes if node.ref.id in ids], left_out


def _capped(nodes: Sequence[TreeNode], max_pages: int) -> tuple[list[TreeNode], int]:
    """Return the first nodes, within *max_pages* and MAX_BYTES, and how many are left out."""
    kept, size = list[TreeNode](), 0
    for node in nodes[:max_pages]:
        size += _ENTRY_BYTES + 2 * len(node.ref.title.encode())
        if size > MAX_BYTES:
            break
        kept.append(node)
    return kept, len(nodes) - len(kept)


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

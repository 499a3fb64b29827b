"""The page tree of a space: order, paths, lookups. Inconsistent parents in the listing still result in a tree."""

from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from bot.wiki.gateway import PageRef

_LAST = float("inf")


@dataclass(frozen=True, slots=True)
class TreeNode:
    """A page and its place; *depth* counts from 0, *path* has the titles from the root to the page itself."""

    ref: PageRef
    depth: int
    path: tuple[str, ...]
    has_children: bool = False


@dataclass(frozen=True, slots=True)
class PageTree:
    """All pages in depth-first order, children sorted by position, then by title.

    *orphans* are pages whose parent is not in the listing (hidden, archived or a folder); they become roots. *cyclic*
    are pages whose ancestors form a cycle; the first page of each cycle, by id, becomes a root.
    """

    nodes: tuple[TreeNode, ...]
    orphans: tuple[PageRef, ...] = ()
    cyclic: tuple[PageRef, ...] = ()

    def __iter__(self) -> Iterator[TreeNode]:
        """Iterate over all pages, depth first."""
        return iter(self.nodes)

    def __len__(self) -> int:
        """Return the number of pages."""
        return len(self.nodes)

    def find(self, page_id: str) -> TreeNode | None:
        """Find a page by its id."""
        return next((node for node in self.nodes if node.ref.id == page_id), None)

    def find_titled(self, title: str) -> TreeNode | None:
        """Find the first page, depth first, with exactly this title."""
        return next((node for node in self.nodes if node.ref.title == title), None)

    def iter_under(self, page_id: str) -> Iterator[TreeNode]:
        """Iterate over the descendants of a page, depth first, without the page itself."""
        nodes = iter(self.nodes)
        top = next((node for node in nodes if node.ref.id == page_id), None)
        for node in nodes:
            if top is None or node.depth <= top.depth:
                return
            yield node


def build_tree(refs: Iterable[PageRef], *, home_id: str | None = None) -> PageTree:
    """Build the tree of *refs*; the page *home_id* is the first of the roots."""
    pages = {ref.id: ref for ref in refs}
    children: dict[str, list[PageRef]] = defaultdict(list)
    roots: list[PageRef] = []
    orphans: list[PageRef] = []
    for ref in pages.values():
        if ref.parent_id in pages:
            children[str(ref.parent_id)].append(ref)
            continue
        roots.append(ref)
        if ref.parent_id is not None:
            orphans.append(ref)
    heads, cyclic = _break_cycles(pages)
    for head in heads:
        children[str(head.parent_id)].remove(head)
    nodes: list[TreeNode] = []
    _walk(sorted([*roots, *heads], key=lambda ref: (ref.id != home_id, *_order(ref))), children, nodes)
    return PageTree(tuple(nodes), tuple(sorted(orphans, key=_order)), tuple(cyclic))


def _order(ref: PageRef) -> tuple[float, str, str]:
    return (_LAST if ref.position is None else ref.position, ref.title.casefold(), ref.id)


def _walk(roots: list[PageRef], children: dict[str, list[PageRef]], nodes: list[TreeNode]) -> None:
    """Add all pages depth first, with an explicit stack: a tree may exceed the recursion limit of Python."""
    stack: list[tuple[PageRef, int, tuple[str, ...]]] = [(ref, 0, ()) for ref in reversed(roots)]
    while stack:
        ref, depth, above = stack.pop()
        below = sorted(children.get(ref.id, ()), key=_order)
        path = (*above, ref.title)
        nodes.append(TreeNode(ref, depth, path, has_children=bool(below)))
        stack += [(child, depth + 1, path) for child in reversed(below)]


def _break_cycles(pages: dict[str, PageRef]) -> tuple[list[PageRef], list[PageRef]]:
    """Return the page at which to cut each cycle of parents, and all pages that are part of a cycle."""
    settled: set[str] = set()
    heads: list[PageRef] = []
    cyclic: list[PageRef] = []
    for start in pages:
        trail: dict[str, None] = {}
        page_id: str | None = start
        while page_id in pages and page_id not in settled and page_id not in trail:
            trail[page_id] = None
            page_id = pages[page_id].parent_id
        if page_id in trail:
            ids = list(trail)
            cycle = sorted((pages[on_cycle] for on_cycle in ids[ids.index(page_id) :]), key=lambda ref: ref.id)
            heads.append(cycle[0])
            cyclic += cycle
        settled.update(trail)
    return heads, cyclic

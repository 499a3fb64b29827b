"""The page tree of a space: order, paths, lookups. Inconsistent parents in the listing still result in a tree."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from bot.wiki.gateway import TreeItem, TreeKind

_LAST = float("inf")


@dataclass(frozen=True, slots=True)
class TreeNode:
    """A node and its place; *depth* counts from 0."""

    ref: TreeItem
    depth: int
    has_children: bool = False


@dataclass(frozen=True, slots=True)
class PageTree:
    """All nodes in depth-first order, children sorted by position, then by title.

    *orphans* are nodes whose parent is not in the listing (hidden, deleted or archived); they become roots. *cyclic*
    are nodes whose ancestors form a cycle; the first node of each cycle, by id, becomes a root.
    """

    nodes: tuple[TreeNode, ...]
    orphans: tuple[TreeItem, ...] = ()
    cyclic: tuple[TreeItem, ...] = ()

    def __iter__(self) -> Iterator[TreeNode]:
        """Iterate over all nodes, depth first."""
        return iter(self.nodes)

    def __len__(self) -> int:
        """Return the number of nodes."""
        return len(self.nodes)

    def find(self, page_id: str) -> TreeNode | None:
        """Find a node by its id."""
        return next((node for node in self.nodes if node.ref.id == page_id), None)

    def find_titled(self, title: str) -> TreeNode | None:
        """Find the first page, depth first, with exactly this title."""
        return next((node for node in self.nodes if node.ref.title == title and node.ref.kind is TreeKind.PAGE), None)

    def iter_under(self, page_id: str) -> Iterator[TreeNode]:
        """Iterate over the descendants of a node, depth first, without the node itself."""
        nodes = iter(self.nodes)
        top = next((node for node in nodes if node.ref.id == page_id), None)
        for node in nodes:
            if top is None or node.depth <= top.depth:
                return
            yield node


@dataclass(frozen=True, slots=True)
class Misplaced:
    """The nodes whose place is not certain: without their parent, or above themselves; *heads* cut the cycles."""

    orphans: tuple[TreeItem, ...]
    cyclic: tuple[TreeItem, ...]
    heads: tuple[TreeItem, ...]

    def __bool__(self) -> bool:
        """Return whether there are any."""
        return bool(self.orphans or self.cyclic)


def find_misplaced(pages: Mapping[str, TreeItem]) -> Misplaced:
    """Return the nodes of a listing whose place is not certain, without building the tree."""
    orphans = [ref for ref in pages.values() if ref.parent_id is not None and ref.parent_id not in pages]
    heads, cyclic = _break_cycles(pages)
    return Misplaced(tuple(sorted(orphans, key=_order)), tuple(cyclic), tuple(heads))


def group_children(refs: Iterable[TreeItem]) -> dict[str | None, list[TreeItem]]:
    """Return the nodes by the id of their parents, in order."""
    children: dict[str | None, list[TreeItem]] = defaultdict(list)
    for ref in refs:
        children[ref.parent_id].append(ref)
    for below in children.values():
        below.sort(key=_order)
    return children


def build_tree(refs: Iterable[TreeItem], *, home_id: str | None = None) -> PageTree:
    """Build the tree of *refs*; the page *home_id* is the first of the roots."""
    pages = {ref.id: ref for ref in refs}
    children: dict[str, list[TreeItem]] = defaultdict(list)
    roots: list[TreeItem] = []
    for ref in pages.values():
        if ref.parent_id in pages:
            children[str(ref.parent_id)].append(ref)
        else:
            roots.append(ref)
    misplaced = find_misplaced(pages)
    for head in misplaced.heads:
        children[str(head.parent_id)].remove(head)
    nodes: list[TreeNode] = []
    _walk(sorted([*roots, *misplaced.heads], key=lambda ref: (ref.id != home_id, *_order(ref))), children, nodes)
    return PageTree(tuple(nodes), misplaced.orphans, misplaced.cyclic)


def find_defects(tree: PageTree | Misplaced) -> list[tuple[TreeItem, str]]:
    """Return each node whose place in the tree is not certain, and why."""
    orphans = [(node, f"its parent {node.parent_id} is hidden, in the trash or deleted") for node in tree.orphans]
    return orphans + [(node, "it is above itself in the page tree") for node in tree.cyclic]


def describe_defects(tree: PageTree) -> list[str]:
    """Return the defects of a tree for people."""
    return [f"{node.kind} {node.title!r} ({node.id}): {defect}" for node, defect in find_defects(tree)]


def _order(ref: TreeItem) -> tuple[float, str, str]:
    return (_LAST if ref.position is None else ref.position, ref.title.casefold(), ref.id)


def _walk(roots: list[TreeItem], children: dict[str, list[TreeItem]], nodes: list[TreeNode]) -> None:
    """Add all pages depth first, with an explicit stack: a tree may exceed the recursion limit of Python."""
    stack = [(ref, 0) for ref in reversed(roots)]
    while stack:
        ref, depth = stack.pop()
        below = sorted(children.get(ref.id, ()), key=_order)
        nodes.append(TreeNode(ref, depth, has_children=bool(below)))
        stack += [(child, depth + 1) for child in reversed(below)]


def _break_cycles(pages: Mapping[str, TreeItem]) -> tuple[list[TreeItem], list[TreeItem]]:
    """Return the page at which to cut each cycle of parents, and all pages that are part of a cycle."""
    settled: set[str] = set()
    heads: list[TreeItem] = []
    cyclic: list[TreeItem] = []
    for start in pages:
        trail: dict[str, None] = {}
        page_id: str | None = start
        while page_id is not None and page_id in pages and page_id not in settled and page_id not in trail:
            trail[page_id] = None
            page_id = pages[page_id].parent_id
        if page_id in trail:
            ids = list(trail)
            cycle = sorted((pages[on_cycle] for on_cycle in ids[ids.index(page_id) :]), key=lambda ref: ref.id)
            heads.append(cycle[0])
            cyclic += cycle
        settled.update(trail)
    return heads, cyclic

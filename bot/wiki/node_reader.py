"""Read the nodes of the page tree that are not pages: folders, whiteboards, databases, embeds (Cloud)."""

from collections import deque
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence

from bot.errors import PageNotFoundError
from bot.wiki.answers import read_status
from bot.wiki.dialect import DESCENDANTS_DEPTH, Descendant, Dialect
from bot.wiki.gateway import Container, PageRef, Space, TreeItem, TreeKind
from bot.wiki.rest_client import RestClient


class NodeReader:
    """Reads the nodes through *client* in *dialect*."""

    def __init__(self, client: RestClient, dialect: Dialect, base_url: Callable[[], str]) -> None:
        self._client, self._dialect, self._base_url = client, dialect, base_url

    def fetch_above(self, refs: Sequence[PageRef]) -> list[Container]:
        """Return the containers above the pages, level by level upwards; absent and hidden ones are omitted."""
        known = {ref.id for ref in refs}
        found: list[Container] = []
        waiting = deque(_unknown_parents(refs, known))
        while waiting:
            node_id, kind = waiting.popleft()
            container = self._find(kind, node_id)
            if container is not None:
                found.append(container)
                waiting += _unknown_parents([container], known)
        return found

    def fetch_in_space(self, space: Space, known: Collection[str]) -> list[Container]:
        """Return the containers of a space, except those in *known* outside the tree of the home page."""
        found: dict[str, Container] = {}
        if space.homepage_id is not None and space.homepage_id in known:
            found = self._below(TreeKind.PAGE, space.homepage_id, space.key)
        call = self._dialect.containers(space)
        for kind, node_id in self._client.iter(call) if call else ():
            container = None if node_id in found or node_id in known else self._find(kind, node_id)
            if container is not None:
                found[node_id] = container
        return list(found.values())

    def find_pages_below(self, page_id: str) -> frozenset[str]:
        """Return the ids of the pages below a page, at any depth."""
        return frozenset(node.id for node, kind in self._iter_below(TreeKind.PAGE, page_id) if kind is TreeKind.PAGE)

    def _find(self, kind: TreeKind, node_id: str) -> Container | None:
        call = self._dialect.container(kind, node_id)
        try:
            return self._client.send(call) if call else None
        except PageNotFoundError:
            return None

    def fetch_below(self, node: TreeItem) -> list[Container]:
        """Return the containers below a node, at any depth."""
        return list(self._below(node.kind, node.id, node.url.partition("/spaces/")[2].partition("/")[0]).values())

    def _below(self, top: TreeKind, top_id: str, space_key: str) -> dict[str, Container]:
        found: dict[str, Container] = {}
        kinds = {top_id: top}
        for below, kind in self._iter_below(top, top_id):
            kinds[below.id] = kind
            if kind is not TreeKind.PAGE:
                found[below.id] = self._container(below, kind, kinds.get(below.parent_id or ""), space_key)
        return found

    def _iter_below(self, top: TreeKind, top_id: str) -> Iterator[tuple[Descendant, TreeKind]]:
        """Yield each node below a node once, at any depth."""
        seen = {top_id}
        waiting = deque([(top, top_id)])
        while waiting:
            call = self._dialect.descendants(*waiting.popleft())
            for below in self._client.iter(call) if call else ():
                kind = _kind_of(below)
                if kind is None or below.id in seen:
                    continue
                seen.add(below.id)
                yield below, kind
                if below.depth == DESCENDANTS_DEPTH:
                    waiting.append((kind, below.id))

    def _container(self, node: Descendant, kind: TreeKind, parent: TreeKind | None, space_key: str) -> Container:
        return Container(
            id=node.id,
            kind=kind,
            title=node.title,
            status=read_status(node.status, node.id),
            parent_id=node.parent_id,
            position=node.position,
            url=f"{self._base_url()}/spaces/{space_key}/{kind}/{node.id}",  # as observed; the listing has no links
            parent_kind=parent,
        )


def _kind_of(node: Descendant) -> TreeKind | None:
    """Return the type; None for a type that did not exist when this was written."""
    return TreeKind(node.kind) if node.kind in set(TreeKind) else None


def _unknown_parents(nodes: Iterable[TreeItem], known: set[str]) -> Iterator[tuple[str, TreeKind]]:
    """Yield each parent that is not a page and was not seen before, and add the parent to *known*."""
    for node in nodes:
        if node.parent_id is None or node.parent_kind in (None, TreeKind.PAGE) or node.parent_id in known:
            continue
        known.add(node.parent_id)
        if node.parent_kind is not None:
            yield node.parent_id, node.parent_kind

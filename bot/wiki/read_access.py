"""Which pages of a space only some people may read: a read restriction counts for a page and for all pages below it."""

from collections.abc import Iterable, Iterator, Mapping
from concurrent.futures import Executor, ThreadPoolExecutor
from contextlib import nullcontext
from dataclasses import dataclass, field

from bot.errors import PageNotFoundError, WikiError
from bot.wiki.gateway import Restrictions, TreeItem, TreeKind, WikiGateway

_FETCHERS = 4  # if there is no pool of the caller
_GIVE_UP_AFTER = 5  # consecutive nodes whose restrictions cannot be read
_FEW = 10  # up to this number of nodes, each is read separately


@dataclass
class ReadAccess:
    """The read restrictions of *nodes*, the page tree of a space; what was read is not requested again.

    Requests: one for each 200 current pages of the space, then one for each node that this listing omits, such as
    archived pages, when the node is asked about. For few nodes, only one for each node and each node above.

    Fails closed: a node whose restrictions cannot be read counts as restricted, and is in `problems`. A parent that is
    not in *nodes* and that the wiki does not find is in the trash or deleted and restricts nobody: who cannot see a
    parent because of a restriction cannot see the pages below it either.
    """

    gateway: WikiGateway
    space_key: str
    nodes: Mapping[str, TreeItem]
    problems: dict[str, str] = field(default_factory=dict)
    """Node id → why its restrictions cannot be read."""
    restrictions: dict[str, Restrictions] = field(default_factory=dict)
    """The restrictions of the nodes that were read separately."""
    fetchers: Executor | None = None
    """The threads that read from the wiki; None for threads of its own."""
    _own: dict[str, bool] = field(default_factory=dict)
    _has_listing: bool = False
    _failures: int = 0

    @classmethod
    def of_listed(
        cls,
        gateway: WikiGateway,
        space_key: str,
        nodes: Mapping[str, TreeItem],
        own: dict[str, bool],
        fetchers: Executor,
    ) -> "ReadAccess":
        """Return the access to *nodes*; *own* says which have a read restriction, as far as listings say it.

        What is read separately is added to *own*.
        """
        return cls(gateway, space_key, nodes, fetchers=fetchers, _own=own, _has_listing=True)

    @property
    def own_readers(self) -> dict[str, bool]:
        """Id of a node → whether it has a read restriction of its own, for all nodes of which this is known."""
        return {node: is_own for node, is_own in self._own.items() if node not in self.problems}

    def prepare(self, node_ids: Iterable[str]) -> None:
        """Read the restrictions of these nodes and of all nodes above them, several at a time."""
        wanted = {each for node_id in node_ids for each in trail_of(self.nodes, node_id)} - self._own.keys()
        if len(wanted) > _FEW:
            self._list()
        missing = sorted(wanted - self._own.keys())
        if not missing:
            return
        with nullcontext(self.fetchers) if self.fetchers else _own_fetchers() as fetchers:
            for _ in fetchers.map(self._has_own, missing):
                pass

    def read_together(self) -> None:
        """Read the restrictions of all nodes with few requests, as far as the search index has the nodes."""
        if len(self.nodes) <= 1:
            return
        try:
            parts = self.gateway.find_parts(sorted(self.nodes))
        except WikiError:
            return  # each node is read separately, and can fail separately
        found = {node_id: part.restrictions for node_id, part in parts.items() if part.restrictions is not None}
        self._own |= {node_id: bool(each.readers) for node_id, each in found.items()}

    def is_restricted(self, node_id: str) -> bool:
        """Return whether only some people may read a node, because of the node itself or of a node above it."""
        return bool(self.restricting(node_id))

    def restricting(self, node_id: str) -> frozenset[str]:
        """Return the ids of the nodes whose read restrictions apply to a node."""
        return frozenset(each for each in trail_of(self.nodes, node_id) if self._has_own(each))

    def find_problem(self, node_id: str) -> str | None:
        """Return why it is not known who may read a node; None if it is known, or a restriction applies for certain."""
        applying = self.restricting(node_id)
        if not applying or not applying <= self.problems.keys():
            return None
        return next(self.problems[each] for each in trail_of(self.nodes, node_id) if each in applying)

    def _has_own(self, node_id: str) -> bool:
        known = self._own.get(node_id)
        if known is None:
            known = self._own[node_id] = self._read(node_id)
        return known

    def _read(self, node_id: str) -> bool:
        if self._failures >= _GIVE_UP_AFTER:
            self.problems[node_id] = "its restrictions were not read, because those of other pages could not be read"
            return True
        try:
            found = self.gateway.fetch_restrictions(node_id)
        except PageNotFoundError as error:
            if node_id not in self.nodes:
                return False
            return self._fail(node_id, error)
        except WikiError as error:
            return self._fail(node_id, error)
        self._failures = 0
        self.restrictions[node_id] = found
        return bool(found.readers)

    def _fail(self, node_id: str, error: WikiError) -> bool:
        self._failures += 1
        self.problems[node_id] = f"the restrictions of page {node_id} cannot be read: {error}"
        return True

    def _list(self) -> None:
        if self._has_listing:
            return
        self._has_listing = True
        try:
            listed = self.gateway.fetch_read_restricted(self.space_key)
        except WikiError:
            return  # each node is read separately, and can fail separately
        self._own = listed | self._own


def _own_fetchers() -> ThreadPoolExecutor:
    return ThreadPoolExecutor(_FETCHERS, thread_name_prefix="restrictions")


def trail_of(nodes: Mapping[str, TreeItem], node_id: str) -> Iterator[str]:
    """Yield a node and all nodes above it; the last may be not listed. A cycle ends where it closes."""
    seen: set[str] = set()
    current: str | None = node_id
    while current is not None and current not in seen:
        seen.add(current)
        yield current
        node = nodes.get(current)
        current = node.parent_id if node else None


def read_access_of(gateway: WikiGateway, space_key: str, page_ids: Iterable[str]) -> ReadAccess:
    """Return who may read some pages, without a listing of the space; the pages above are read level by level.

    The restrictions of all of them come from one request for each 200; what the search index lacks is read separately.
    """
    nodes: dict[str, TreeItem] = {}
    waiting = set(page_ids)
    tried: set[str] = set()
    while waiting:
        tried |= waiting
        refs = [page.ref for page in gateway.fetch_pages(sorted(waiting)).values()]
        nodes |= {ref.id: ref for ref in refs}
        nodes |= {container.id: container for container in gateway.fetch_containers_above(refs)}
        parents = (node for node in nodes.values() if node.parent_kind in (None, TreeKind.PAGE))
        waiting = {node.parent_id for node in parents if node.parent_id} - tried
    access = ReadAccess(gateway, space_key, nodes)
    access.read_together()
    return access

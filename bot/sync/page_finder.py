"""Find pages by title or id with few requests, also after a page was renamed."""

from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property

from bot.errors import PageNotFoundError
from bot.storage.addresses import may_be_id, stated_title
from bot.sync.page_memory import PageMemory
from bot.wiki.gateway import PageRef, PageStatus, TreeKind, WikiGateway
from bot.wiki.page_lookup import POSSIBLE_REASONS, explain_missing
from bot.wiki.page_tree import PageTree, build_tree
from bot.wiki.tree_roots import TreeRoots, find_roots

_LOOKUPS_BEFORE_LISTING = 10


@dataclass(frozen=True, slots=True)
class FoundPage:
    """The page that a reference names; *is_renamed* if the page had that title before and has another title now."""

    ref: PageRef
    is_renamed: bool = False


class PageFinder:
    """Finds the pages of a space: few pages by single requests, many pages by listing the space once."""

    def __init__(self, gateway: WikiGateway, space_key: str, memory: PageMemory) -> None:
        self.space_key = space_key
        self._gateway, self._memory = gateway, memory
        self._found: dict[str, FoundPage | None] = {}

    @cached_property
    def tree(self) -> PageTree:
        """The current pages of the space, and the folders above them, as a tree; the space is listed on first use."""
        refs = list(self._gateway.iter_refs(self.space_key))
        return build_tree([*refs, *self._gateway.fetch_containers_above(refs)])

    @property
    def _has_tree(self) -> bool:
        return "tree" in self.__dict__

    def find(self, reference: str) -> FoundPage | None:
        """Find a page by title or id, including archived pages and pages that had that title when last seen."""
        if reference not in self._found:
            self._found[reference] = self._look_up(reference)
        return self._found[reference]

    def get_id(self, reference: str) -> str:
        """Return the id of the page that *reference* names; raises `PageNotFoundError`.

        The page memory takes precedence over a search by title: a renamed page stays the same target, and a remembered
        page needs no request.
        """
        remembered = self._memory.recall(reference)
        if remembered is not None:
            return remembered
        found = self.find(reference)
        if found is None:
            raise PageNotFoundError(reference, space_key=self.space_key, reason=self.explain_missing(reference))
        self._memory.remember(reference, found.ref.id)
        return found.ref.id

    def explain_missing(self, reference: str) -> str:
        """Return why a reference finds no page, and what to do; lists the space for similar titles."""
        titles = (node.ref.title for node in self.tree if node.ref.kind is TreeKind.PAGE)
        remembered = self._memory.recall_linked(reference)
        return explain_missing(self._gateway, self.space_key, reference, remembered=remembered, titles=titles)

    def has_seen(self, reference: str) -> bool:
        """Return whether an earlier run found the page that *reference* names."""
        return self._memory.recall_linked(reference) is not None

    def find_renamed(self, title: str) -> PageRef | None:
        """Return the page that a link named by *title*, if it has another title now; no title costs a request else."""
        if self._memory.recall_linked(title) is None:
            return None
        found = self.find(title)
        return found.ref if found is not None and found.is_renamed else None

    def link_to(self, ref: PageRef) -> None:
        """Remember the title by which a link names a page of the space, for when the page is renamed again."""
        if ref.space_key == self.space_key:
            self._memory.remember_linked(ref.title, ref.id)

    def find_again(self, title: str) -> str | None:
        """Find the id of the current page with that title, without the page memory: the old page may be deleted."""
        ref = self._gateway.find_page(self.space_key, title)
        if ref is None or ref.status is not PageStatus.CURRENT:
            return None
        self._memory.remember(title, ref.id)
        self._memory.save()
        return ref.id

    def find_roots(self, reference: str) -> TreeRoots:
        """Find the pages and folders that the key `under` names; *problem* also says why nothing was found."""
        nodes = [node.ref for node in self.tree]
        roots = find_roots(reference, nodes, remembered=self._memory.recall(reference))
        if len(roots.ids) == 1 and not roots.problem:
            self._memory.remember(reference, next(iter(roots.ids)))
        if roots.ids:
            return roots
        archived = self._gateway.find_page(self.space_key, stated_title(reference))
        if archived is not None:
            return TreeRoots(problem=f"page {archived.title!r} is {archived.status}; name another page, or restore it")
        return TreeRoots(
            problem=f"there is no page or folder {reference!r} in space {self.space_key}; "
            f"{self.explain_missing(reference) or POSSIBLE_REASONS}"
        )

    def iter_ids_under(self, roots: TreeRoots) -> list[str]:
        """Return the ids of all current pages below the roots, in the order of the tree."""
        below = {node.ref.id for root in roots.ids for node in self.tree.iter_under(root)}
        return [node.ref.id for node in self.tree if node.ref.id in below and node.ref.kind is TreeKind.PAGE]

    def expect(self, references: Iterable[str], *, wants_tree: bool = False) -> None:
        """Announce references; lists the space if more than 10 of them are unknown titles, or if *wants_tree*."""
        strangers = {each for each in references if not may_be_id(each) and self._memory.recall(each) is None}
        if wants_tree or len(strangers) > _LOOKUPS_BEFORE_LISTING:
            _ = self.tree

    def prefetch(self, references: Iterable[str]) -> None:
        """Read the remembered pages in one bulk request; renamed or missing pages are looked up later, by `find`."""
        if self._has_tree:
            return
        ids = {each: self._memory.recall(each) or "" for each in references if each not in self._found}
        pages = self._gateway.fetch_pages([page_id for page_id in ids.values() if page_id])
        for reference, page_id in ids.items():
            page = pages.get(page_id)
            if page is not None and page.title == reference and page.ref.status is PageStatus.CURRENT:
                self._found[reference] = FoundPage(page.ref)

    def know(self, ref: PageRef) -> None:
        """Add a page that was found by other means to the page memory."""
        self._memory.remember(ref.title, ref.id)

    def save(self) -> None:
        """Save the page memory for the next run."""
        self._memory.save()

    def _look_up(self, reference: str) -> FoundPage | None:
        if may_be_id(reference):
            ref = self._by_id(reference)
            if ref is not None:
                return FoundPage(ref)
        ref = self._by_title(reference)
        if ref is not None:
            self._memory.remember(reference, ref.id)
            return FoundPage(ref)
        remembered = self._memory.recall_linked(reference)
        ref = self._by_id(remembered) if remembered else None
        if ref is None or ref.version.number == 1:  # a wiki that was restored gives ids again: this is another page
            return None
        return FoundPage(ref, is_renamed=True)

    def _by_title(self, reference: str) -> PageRef | None:
        for title in dict.fromkeys((stated_title(reference), reference)):
            node = self.tree.find_titled(title) if self._has_tree else None
            ref = node.ref if node else self._gateway.find_page(self.space_key, title)
            if isinstance(ref, PageRef):
                return ref
        return None

    def _by_id(self, page_id: str) -> PageRef | None:
        node = self.tree.find(page_id) if self._has_tree else None
        if node is not None and isinstance(node.ref, PageRef):
            return node.ref
        try:
            ref = self._gateway.fetch_page(page_id).ref
        except PageNotFoundError:
            return None
        return ref if ref.status is not PageStatus.TRASHED else None

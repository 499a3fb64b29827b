"""Find pages by title or id with few requests, also after a page was renamed."""

from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property

from bot.errors import PageNotFoundError
from bot.sync.page_memory import PageMemory
from bot.wiki.gateway import PageRef, PageStatus, WikiGateway
from bot.wiki.page_tree import PageTree, build_tree

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
        """The current pages of the space as a tree; the space is listed on first use."""
        return build_tree(self._gateway.iter_refs(self.space_key))

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
        if reference.isdecimal():
            return reference
        remembered = self._memory.recall(reference)
        if remembered is not None:
            return remembered
        found = self.find(reference)
        if found is None:
            raise PageNotFoundError(reference, space_key=self.space_key)
        return found.ref.id

    def find_again(self, title: str) -> str | None:
        """Find the id of the current page with that title, without the page memory: the old page may be deleted."""
        ref = self._gateway.find_page(self.space_key, title)
        if ref is None or ref.status is not PageStatus.CURRENT:
            return None
        self._memory.remember(title, ref.id)
        self._memory.save()
        return ref.id

    def iter_ids_under(self, reference: str) -> list[str]:
        """Return the ids of all current descendants of a page."""
        return [node.ref.id for node in self.tree.iter_under(self.get_id(reference))]

    def expect(self, references: Iterable[str], *, wants_tree: bool = False) -> None:
        """Announce references; lists the space if more than 10 of them are unknown titles, or if *wants_tree*."""
        strangers = {each for each in references if not each.isdecimal() and self._memory.recall(each) is None}
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
        if reference.isdecimal():
            ref = self._by_id(reference)
            if ref is not None:
                return FoundPage(ref)
        ref = self._by_title(reference)
        if ref is not None:
            self._memory.remember(reference, ref.id)
            return FoundPage(ref)
        remembered = self._memory.recall(reference)
        ref = self._by_id(remembered) if remembered else None
        return None if ref is None else FoundPage(ref, is_renamed=True)

    def _by_title(self, title: str) -> PageRef | None:
        node = self.tree.find_titled(title) if self._has_tree else None
        return node.ref if node else self._gateway.find_page(self.space_key, title)

    def _by_id(self, page_id: str) -> PageRef | None:
        node = self.tree.find(page_id) if self._has_tree else None
        if node is not None:
            return node.ref
        try:
            return self._gateway.fetch_page(page_id).ref
        except PageNotFoundError:
            return None

"""Where in the snapshots each captured or expected page has its rendition."""

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from functools import cached_property

from bot.snapshot.archive import paths
from bot.snapshot.archive.bag import Bag
from bot.snapshot.archive.entry import id_order
from bot.snapshot.archive.library import Library
from bot.snapshot.capture.selection import Selection
from bot.wiki.gateway import PageRef, PageStatus


class Homes(Mapping[str, str]):
    """Page id → path of its rendition relative to the snapshots folder; paths are looked up, not stored.

    Every expected page has a bag before the first page is converted, so that links between pages resolve.
    """

    def __init__(self, library: Library, selections: Sequence[Selection]) -> None:
        self._library, self._selections = library, selections
        for selection in selections:
            for ref in sorted(selection.chosen, key=lambda ref: id_order(ref.id)):
                library.place(selection.space_key, ref.id)

    def __getitem__(self, page_id: str) -> str:
        """Return the path of a rendition; raises `KeyError` for a page that is neither captured nor expected."""
        return f"{self.bag_of(page_id).name}/{self.path_in_bag(page_id)}"

    def __contains__(self, page_id: object) -> bool:
        """Return whether a page is captured or expected."""
        return isinstance(page_id, str) and self._library.find_bag_of(page_id) is not None

    def __iter__(self) -> Iterator[str]:
        """Iterate over the ids of all captured and expected pages."""
        expected = {ref.id for ref in self._iter_chosen()}
        yield from expected
        yield from (page_id for page_id, _ in self._library.iter_standings() if page_id not in expected)

    def __len__(self) -> int:
        """Return the number of pages."""
        return sum(1 for _ in self)

    def bag_of(self, page_id: str) -> Bag:
        """Return the bag of a page; raises `KeyError`."""
        bag = self._library.find_bag_of(page_id)
        if bag is None:
            raise KeyError(page_id)
        return bag

    def path_in_bag(self, page_id: str) -> str:
        """Return the path of a rendition in its bag. The title decides about the path of a page that is new."""
        if not self._library.is_new(page_id):
            return self.bag_of(page_id).entries[page_id].path
        ref = next(selection.listed[page_id] for selection in self._selections if page_id in selection.listed)
        return f"data/{ref.version.when.year:04}/{paths.page_name(ref.title, page_id)}"

    def in_bag_order(self, refs: Sequence[PageRef]) -> list[PageRef]:
        """Return pages sorted by bag, so that few bags are open at a time."""
        order = {name: number for number, name in enumerate(self._library.bags)}
        return sorted(refs, key=lambda ref: (order[self.bag_of(ref.id).name], id_order(ref.id)))

    def is_redacted(self, page_id: str) -> bool:
        """Return whether a page was redacted."""
        standing = self._library.standing(page_id)
        return standing is not None and standing.is_redacted

    def space_of(self, page_id: str) -> str:
        """Return the space of a page, as it is listed now if it is expected."""
        for selection in self._selections:
            if page_id in selection.listed:
                return selection.space_key
        standing = self._library.standing(page_id)
        return standing.space_key if standing else ""

    def find_titled(self, title: str) -> Sequence[str]:
        """Return the ids of the captured and expected pages with a title."""
        return self._titled.get(title, ())

    @cached_property
    def _titled(self) -> dict[str, list[str]]:
        """Title → ids: pages that are not expected first, then archived and current ones."""
        found: dict[str, list[str]] = defaultdict(list)
        expected = {ref.id for ref in self._iter_chosen()}
        for page_id, _ in self._library.iter_standings():
            if page_id not in expected:
                found[self.bag_of(page_id).entries[page_id].title].append(page_id)
        for is_current in (False, True):
            for ref in self._iter_chosen():
                if (ref.status is PageStatus.CURRENT) is is_current:
                    found[ref.title].append(ref.id)
        return found

    def _iter_chosen(self) -> Iterator[PageRef]:
        return (ref for selection in self._selections for ref in selection.chosen)

"""The pages that listing macros of one space showed at the time of the capture; each label is requested once."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import islice

from bot.errors import WikiError
from bot.snapshot.archive.record import RecordedLink, RecordedListing, RecordedRow
from bot.snapshot.capture.agreement import agreed
from bot.snapshot.capture.report_macros import (
    LIST,
    LabelQuery,
    PropertyBlock,
    find_listings,
    merge_properties,
    read_columns,
    read_properties,
    read_query,
)
from bot.storage.macros import Macro
from bot.wiki.gateway import PageRef, PageStatus, WikiGateway

_LISTED_PAGES = 200
"""Maximum length of a list; a longer list is cut and marked."""

LinkTo = Callable[[PageRef], RecordedLink]


@dataclass
class Listings:
    """Evaluates the listing macros of a space over *listed*, its pages; *name_of* returns the name of a person.

    Pages that *shows* refuses are in no list.
    """

    gateway: WikiGateway
    space_key: str
    listed: Mapping[str, PageRef]
    name_of: Callable[[str], str]
    on_failure: Callable[[str, str], None]
    """Is called with a page id and what could not be read for it."""
    shows: Callable[[str], bool] = lambda _page_id: True
    _labelled: dict[str, frozenset[str]] = field(default_factory=dict)
    _found: dict[tuple[tuple[str, ...], bool, str], list[PageRef]] = field(default_factory=dict)
    """Labels, whether a page needs all of them, and `title` or `modified` → the pages in this order."""
    _properties: dict[str, tuple[PropertyBlock, ...]] = field(default_factory=dict)

    def of(self, body: str, page_id: str, link_to: LinkTo) -> dict[str, RecordedListing]:
        """Return the lists of page *page_id* by `Macro.identity`; a list that is not supported is omitted (a loss)."""
        found = {}
        for macro in find_listings(body):
            query = read_query(macro, self.space_key)
            if query is None or macro.identity in found:
                continue
            try:
                found[macro.identity] = self._answer(macro, query, page_id, link_to)
            except WikiError as error:
                self.on_failure(page_id, f"a list of pages that it shows could not be read: {error}")
        return found

    def _answer(self, macro: Macro, query: LabelQuery, page_id: str, link_to: LinkTo) -> RecordedListing:
        if macro.name != LIST:
            return self._report(macro, query, self._pages(query), link_to)
        by = macro.get("sort")
        refs = self._pages(query, by="modified" if by == "modified" else "title")
        is_ordered = by in ("title", "modified")  # another order needs data that is not listed: all pages by title
        hidden = page_id if macro.get("excludeCurrent") == "true" and self._has(query, page_id) else None
        count = len(refs) - (hidden is not None)
        most = macro.get("max", "maxResults")
        if is_ordered and most.isdecimal() and int(most):
            count = min(count, int(most))
        wanted = iter(reversed(refs) if is_ordered and macro.get("reverse") == "true" else refs)
        shown = islice((ref for ref in wanted if ref.id != hidden), min(count, _LISTED_PAGES))
        kept = tuple(RecordedRow(page=link_to(ref), values={}) for ref in shown)
        return RecordedListing(rows=kept, left_out=count - len(kept), is_partial=query.is_partial)

    def _report(self, macro: Macro, query: LabelQuery, refs: Sequence[PageRef], link_to: LinkTo) -> RecordedListing:
        kept = refs[:_LISTED_PAGES]
        self._read([ref.id for ref in kept])
        rows = [
            RecordedRow(
                page=link_to(ref),
                values={name: str(value) for name, value in values.items()},
                bodies={name: value.body for name, value in values.items()},
            )
            for ref in kept
            for values in merge_properties(self._properties.get(ref.id, ()), macro.get("id"))
        ]
        columns = read_columns(macro.get("headings"), [row.values for row in rows])
        by, is_reversed = macro.get("sortBy"), macro.get("reverseSort") == "true"
        if by in columns:
            rows.sort(key=lambda row: row.values.get(by, "").casefold(), reverse=is_reversed)
        elif is_reversed and by.casefold() in ("title", macro.get("firstcolumn").casefold()):
            rows.reverse()
        return RecordedListing(
            rows=tuple(rows), columns=columns, left_out=len(refs) - len(kept), is_partial=query.is_partial
        )

    def _pages(self, query: LabelQuery, *, by: str = "title") -> list[PageRef]:
        """Return the pages with the labels in order; each query is answered once for all pages that show it."""
        asked = query.labels, query.needs_all, by
        if asked not in self._found:
            if by == "modified":
                self._found[asked] = sorted(self._pages(query), key=lambda ref: ref.version.when)
            else:
                refs = (self.listed[page_id] for page_id in self._ids(query) if self._is_shown(page_id))
                self._found[asked] = sorted(refs, key=lambda ref: (ref.title.casefold(), ref.title, ref.id))
        return self._found[asked]

    def _ids(self, query: LabelQuery) -> frozenset[str]:
        sets = [self._labelled_with(label) for label in query.labels]
        return frozenset.intersection(*sets) if query.needs_all else frozenset.union(*sets)

    def _has(self, query: LabelQuery, page_id: str) -> bool:
        """Return whether a page is in the list of a query."""
        has = (page_id in self._labelled_with(label) for label in query.labels)
        return (all(has) if query.needs_all else any(has)) and self._is_shown(page_id)

    def _is_shown(self, page_id: str) -> bool:
        ref = self.listed.get(page_id)
        return ref is not None and ref.status is PageStatus.CURRENT and self.shows(page_id)

    def _labelled_with(self, label: str) -> frozenset[str]:
        if label not in self._labelled:
            self._labelled[label] = self._find_labelled(label)
        return self._labelled[label]

    def _find_labelled(self, label: str) -> frozenset[str]:
        return agreed(lambda: frozenset(self.gateway.find_labelled(self.space_key, label)))

    def _read(self, page_ids: Sequence[str]) -> None:
        missing = [page_id for page_id in page_ids if page_id not in self._properties]
        for page in agreed(lambda: self.gateway.fetch_pages(missing)).values() if missing else ():
            self._properties[page.id] = read_properties(page.body, self.name_of)

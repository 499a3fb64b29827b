"""The pages that listing macros of one space showed at the time of the capture; each label is requested once."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

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
        refs = self._pages(query)
        if macro.name != LIST:
            return self._report(macro, query, refs, link_to)
        if macro.get("excludeCurrent") == "true":
            refs = [ref for ref in refs if ref.id != page_id]
        refs = _in_order(refs, macro)
        kept = tuple(RecordedRow(page=link_to(ref), values={}) for ref in refs[:_LISTED_PAGES])
        return RecordedListing(rows=kept, left_out=len(refs) - len(kept), is_partial=query.is_partial)

    def _report(self, macro: Macro, query: LabelQuery, refs: Sequence[PageRef], link_to: LinkTo) -> RecordedListing:
        kept = refs[:_LISTED_PAGES]
        self._read([ref.id for ref in kept])
        rows = [
            RecordedRow(page=link_to(ref), values=values)
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

    def _pages(self, query: LabelQuery) -> list[PageRef]:
        """Return the pages with the labels, by title."""
        for label in query.labels:
            if label not in self._labelled:
                self._labelled[label] = self._find_labelled(label)
        sets = [self._labelled[label] for label in query.labels]
        ids = frozenset.intersection(*sets) if query.needs_all else frozenset.union(*sets)
        refs = (self.listed[page_id] for page_id in ids if page_id in self.listed)
        current = [ref for ref in refs if ref.status is PageStatus.CURRENT and self.shows(ref.id)]
        return sorted(current, key=lambda ref: (ref.title.casefold(), ref.title, ref.id))

    def _find_labelled(self, label: str) -> frozenset[str]:
        return agreed(lambda: frozenset(self.gateway.find_labelled(self.space_key, label)))

    def _read(self, page_ids: Sequence[str]) -> None:
        missing = [page_id for page_id in page_ids if page_id not in self._properties]
        for page in agreed(lambda: self.gateway.fetch_pages(missing)).values() if missing else ():
            self._properties[page.id] = read_properties(page.body, self.name_of)


def _in_order(refs: list[PageRef], macro: Macro) -> list[PageRef]:
    """Sort and limit as the macro says. If its sort order needs data that is not listed, return all pages by title."""
    by = macro.get("sort")
    if by not in ("title", "modified"):
        return refs
    if by == "modified":
        refs = sorted(refs, key=lambda ref: ref.version.when)
    if macro.get("reverse") == "true":
        refs = refs[::-1]
    most = macro.get("max", "maxResults")
    return refs[: int(most)] if most.isdecimal() and int(most) else refs

"""Which captured pages everybody may read. Snapshots with `restricted: include` have other pages too."""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

from bot.config.policy import NO_RULES
from bot.errors import PageNotFoundError, WikiError
from bot.snapshot.archive.bag import Bag
from bot.snapshot.archive.entry import PageEntry
from bot.snapshot.archive.library import Library
from bot.snapshot.archive.record import PageRecord
from bot.snapshot.query.page_view import view_page
from bot.snapshot.query.timeline import read_timeline
from bot.wiki.gateway import WikiGateway

_RESTRICTED = "restricted"
_ID = re.compile(r"--([0-9]+)\.md$|/pages/([0-9]+)(?:/|$)|pageId=([0-9]+)(?:&|$)")


@dataclass
class OpenPages:
    """The pages of *library* that everybody may read; what is not known counts as restricted.

    *connect* reaches the wiki, which is asked about pages above that are not captured; None if the snapshots leave out
    restricted pages: then these pages were asked about at the capture.
    """

    library: Library
    connect: Callable[[], WikiGateway] | None
    _known: dict[str, str | None] = field(default_factory=dict)
    _above: dict[str, bool] = field(default_factory=dict)

    def why_hidden(self, bag: Bag, entry: PageEntry) -> str | None:
        """Return why the texts of a page are not for everybody; None if they are."""
        if entry.page_id not in self._known:
            self._known[entry.page_id] = None  # pages can include each other
            self._known[entry.page_id] = self._find_reason(bag, entry)
        return self._known[entry.page_id]

    def _find_reason(self, bag: Bag, entry: PageEntry) -> str | None:
        if entry.redacted_at:
            return "it was redacted"
        record = view_page(self.library, bag, entry, None, NO_RULES).record
        if record is not None and record.restrictions.readers:
            return "only some people may read it"
        if any(each.type == _RESTRICTED for each in read_timeline(self.library, bag, entry).happenings):
            return "it was restricted on the wiki"
        if record is not None and any(self._is_restricted(each.id) for each in record.ancestors):
            return "only some people may read a page above it"
        if record is not None and not all(map(self._is_open, _shown_by(record))):
            return "it shows the text of a page that only some people may read"
        return None

    def _is_restricted(self, page_id: str) -> bool:
        """Return whether a page above others has a restriction of its own."""
        if page_id not in self._above:
            self._above[page_id] = self._ask_about(page_id)
        return self._above[page_id]

    def _ask_about(self, page_id: str) -> bool:
        bag = self.library.find_bag_of(page_id)
        if bag is not None and bag.entries[page_id].redacted_at is None:
            return bool(self.library.load_record(bag, bag.entries[page_id]).restrictions.readers)
        if self.connect is None:
            return False
        try:
            return bool(self.connect().fetch_restrictions(page_id).readers)
        except PageNotFoundError:
            return False  # it is deleted
        except WikiError:
            return True

    def _is_open(self, target: str) -> bool:
        """Return whether everybody may read the page at *target*, of which another page shows the text."""
        found = _ID.search(target)
        page_id = next(filter(None, found.groups())) if found else ""
        bag = self.library.find_bag_of(page_id)
        if bag is None:
            return self.connect is None
        return self.why_hidden(bag, bag.entries[page_id]) is None


def _shown_by(record: PageRecord) -> Iterator[str]:
    """Yield the target of each page whose text the page shows: included pages, and rows with values."""
    around = record.surroundings
    yield from (page.target for page in around.included.values())
    for listing in around.listings.values():
        yield from (row.page.target for row in listing.rows if row.values or row.bodies)

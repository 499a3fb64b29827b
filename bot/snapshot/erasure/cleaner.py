"""What the record of a page shows of a redacted page, and the record without it."""

import posixpath
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from html import unescape
from typing import Literal

from bot.snapshot.archive import paths
from bot.snapshot.archive.bag import Bag
from bot.snapshot.archive.entry import PageEntry
from bot.snapshot.archive.library import Library
from bot.snapshot.archive.record import (
    Ancestor,
    PageRecord,
    RecordedInclude,
    RecordedLink,
    RecordedListing,
    RecordedRow,
    Surroundings,
    settled,
)
from bot.snapshot.archive.redaction import redacted_title
from bot.storage.addresses import name_digest
from bot.storage.reader import read_leniently


@dataclass(frozen=True, slots=True)
class Cleaner:
    """Removes what the record of page *entry* shows of the page *redacted*, which had *titles*."""

    library: Library
    bag: Bag
    entry: PageEntry
    redacted_bag: Bag
    redacted: PageEntry
    titles: set[str]

    @property
    def _placeholder(self) -> str:
        return redacted_title(self.redacted.page_id)

    def files_of_page(self, record: PageRecord) -> list[str]:
        """Return the paths of the files of the redacted page that were captured with this one."""
        borrowed = record.surroundings.borrowed
        return [file.path for file in borrowed if file.path and file.owner_id == self.redacted.page_id]

    def clean(self, record: PageRecord) -> PageRecord:
        """Return the record without what it shows of the page."""
        ancestors = tuple(
            Ancestor(id=each.id, title=self._placeholder) if each.id == self.redacted.page_id else each
            for each in record.ancestors
        )
        return record.replaced(ancestors=ancestors, surroundings=self._around(record))

    def _around(self, record: PageRecord) -> Surroundings:
        around = record.surroundings
        names = {f"{self.redacted.space_key}:{title}" for title in self.titles}
        gone = {name: "redacted" for name, page in around.included.items() if self._is_redacted(page)}
        return around.replaced(
            pages={
                key: target
                for key, target in around.pages.items()
                if key not in names and not (key == self.redacted.page_id or self._leads_there(target))
            },
            files={key: target for key, target in around.files.items() if not self._is_own_file(target, around)},
            borrowed=tuple(file for file in around.borrowed if file.owner_id != self.redacted.page_id),
            unread_files=tuple(key for key in around.unread_files if not self._names_file_of_page(key)),
            views={asked: view for asked, view in around.views.items() if not self._is_shown_in(view.html)},
            included={name: page for name, page in around.included.items() if name not in gone},
            withheld=self._withheld(record, gone) if gone else around.withheld,
            children=None if around.children is None else self._links(around.children),
            page_tree=None if around.page_tree is None else self._links(around.page_tree),
            listings={asked: self._listing(listing) for asked, listing in around.listings.items()},
        )

    def _withheld(self, record: PageRecord, gone: Iterable[str]) -> dict[str, Literal["restricted", "redacted"]]:
        """Return why pages are left out, by digest of the name, for names that a text which stays has anyway.

        The digest of another name could confirm a guess: a page can be included by its id, or by a page that is gone.
        """
        included = record.surroundings.included
        own = self.library.read_body(self.bag, record.source_path).decode("utf-8", "replace")
        texts = [unescape(text) for text in (own, *(page.body for name, page in included.items() if name not in gone))]
        withheld = dict(record.surroundings.withheld)
        withheld |= {_digest_of_name(name): "redacted" for name in gone}
        below = (name for each in gone for name in _names_in(included[each].body, record.space_key))
        for name in (*gone, *below):
            key, title = name.split(":", 1)
            if key and not any(_names(text, title) for text in texts):
                withheld.pop(_digest_of_name(name), None)
        return withheld

    def _links(self, links: tuple[RecordedLink, ...]) -> tuple[RecordedLink, ...]:
        return tuple(self._link(link) for link in links)

    def _link(self, link: RecordedLink) -> RecordedLink:
        children = self._links(link.children)
        if not self._is_redacted(link):
            return link.replaced(children=children)
        return RecordedLink(title=self._placeholder, target=self._target(), children=children)

    def _listing(self, listing: RecordedListing) -> RecordedListing:
        return listing.replaced(rows=tuple(self._row(row) for row in listing.rows))

    def _row(self, row: RecordedRow) -> RecordedRow:
        if not self._is_redacted(row.page):
            return row
        return RecordedRow(page=self._link(row.page), values={})

    def _is_redacted(self, link: RecordedLink | RecordedInclude) -> bool:
        """Return whether it is the page, which may have had another title or place at that capture."""
        return self._leads_there(link.target) or (link.title in self.titles and not has_other_id(link.target))

    def _leads_there(self, target: str) -> bool:
        return leads_to(target, self.redacted.page_id)

    def _is_shown_in(self, html: str) -> bool:
        wanted = re.escape(self.redacted.page_id)
        has_link = re.search(rf"(?:/pages/|pageId=){wanted}(?!\d)", html) is not None
        return has_link or any(title in unescape(html) for title in self.titles)

    def _is_own_file(self, target: str, around: Surroundings) -> bool:
        """Return whether a captured file is of the page, in its own folder or captured with the page that shows it."""
        borrowed = (file.path for file in around.borrowed if file.owner_id == self.redacted.page_id)
        names = [posixpath.basename(path) for path in borrowed if path]
        own_folder = paths.attachment_folder(self.entry.page_id).removeprefix("data/")
        is_borrowed = f"/{own_folder}/" in target and posixpath.basename(target) in names
        return is_borrowed or f"/{self._files_folder}/" in target

    def _names_file_of_page(self, key: str) -> bool:
        page = key.rpartition("/")[0]
        return page == f":{self.redacted.page_id}" or page.removeprefix(f"{self.redacted.space_key}:") in self.titles

    @property
    def _files_folder(self) -> str:
        return paths.attachment_folder(self.redacted.page_id).removeprefix("data/")

    def _target(self) -> str:
        folder = posixpath.dirname(f"{self.bag.name}/{self.entry.path}")
        return posixpath.relpath(f"{self.redacted_bag.name}/{paths.redacted_path(self.redacted.page_id)}", folder)


def cleaned_records(library: Library, bag: Bag, entry: PageEntry, cleaner: Cleaner) -> Iterator[tuple[str, PageRecord]]:
    """Yield path and new content of each record of a page that shows the redacted page."""
    for path in library.record_paths(bag, entry):
        record = library.load_record_at(bag, path)
        cleaned = settled(cleaner.clean(record))
        if cleaned != record:
            yield path, cleaned


def _names_in(body: str, space_key: str) -> Iterator[str]:
    """Yield `KEY:Title` of each page that a body names."""
    for page in read_leniently(body, has_offsets=False).elements("ri:page"):
        title, key = page.attributes.get("ri:content-title", ""), page.attributes.get("ri:space-key", "")
        yield from {f"{space_key}:{title}", f"{key or space_key}:{title}"}


def _names(text: str, title: str) -> bool:
    """Return whether an attribute or a parameter of a macro in *text* is a title, with or without a space key."""
    return any(word in text for word in (f'"{title}"', f"'{title}'", f">{title}<", f":{title}<"))


def _digest_of_name(name: str) -> str:
    return name_digest(*name.split(":", 1))


def leads_to(target: str, page_id: str) -> bool:
    """Return whether an address or a path leads to a page."""
    wanted = re.escape(page_id)
    return re.search(rf"(?:--{wanted}\.md|/pages/{wanted}(?:/|$)|pageId={wanted}(?:&|$))", target) is not None


def has_other_id(target: str) -> bool:
    """Return whether an address or a path has the id of a page."""
    return re.search(r"--[0-9a-z-]+\.md|/pages/\d+|pageId=\d+", target) is not None

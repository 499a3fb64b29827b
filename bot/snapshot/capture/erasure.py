"""Redact a page everywhere: its own files, and what the records and renditions of other pages show of it.

erasure = find_traces(library, page)      before anything is written: where title and text are
redact(writer, erasure, reason=…, by=…)   one run: remove the page, clean the other pages, render them again
find_leftovers(root, others, erasure)     afterwards: every file that still has title, file names or text
"""

import posixpath
import re
from collections.abc import Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from html import unescape
from pathlib import Path
from typing import Literal

from bot.files import delete_database, read_file
from bot.snapshot.archive import paths
from bot.snapshot.archive.bag import Bag
from bot.snapshot.archive.change_list import page_of
from bot.snapshot.archive.checkpoint import Checkpoint
from bot.snapshot.archive.entry import PageEntry
from bot.snapshot.archive.events import Event, EventOutcome, EventType
from bot.snapshot.archive.folder import Folder
from bot.snapshot.archive.holds import check_not_held
from bot.snapshot.archive.library import Library
from bot.snapshot.archive.needles import Hits, Needles
from bot.snapshot.archive.record import (
    Ancestor,
    PageRecord,
    RecordedInclude,
    RecordedLink,
    RecordedListing,
    RecordedRow,
    Surroundings,
    dump_record,
    settled,
)
from bot.snapshot.archive.redaction import find_redactable, redacted_title, remove_page
from bot.snapshot.archive.salt import SHORT, split_body
from bot.snapshot.archive.writer import SnapshotWriter
from bot.snapshot.capture.rendition import CONVERTER, render_page
from bot.storage.addresses import name_digest
from bot.storage.reader import read_leniently


@dataclass(frozen=True, slots=True)
class Trace:
    """A file or page that has something of the redacted page."""

    place: str
    """Title and id of a page, or the path of a file."""
    what: str
    """What was found: title, file name, text."""
    is_quoted: bool = False
    """Whether these are the words of further pages, which the page includes or lists."""


@dataclass
class Erasure:
    """A page that is to be redacted, and where else it is."""

    page_id: str
    title: str
    needles: Needles
    shown_by: list[Trace] = field(default_factory=list)
    """Other pages whose records show the page: they are cleaned and rendered again."""
    said_by: list[Trace] = field(default_factory=list)
    """Other pages whose own words, comments or files have the title, a file name or a line; they are not changed."""
    old_logs: list[str] = field(default_factory=list)
    """Logs of format 1 that have the title; they are evidence and cannot change."""
    guessable: int = 0
    """Number of removed bodies without a salt that are so short that the digest, which stays, can confirm a guess."""
    own: dict[str, Hits] = field(default_factory=dict)
    """Page id, as in file names → what that page itself says."""
    namesakes: frozenset[str] = frozenset()
    """Titles that other captured pages have too."""
    longer: frozenset[str] = frozenset()
    """Titles of other captured pages in which a title of the page is a part."""
    head: str = ""
    """SHA-256 of the head of the snapshots in which the traces were searched."""

    @property
    def has_copies(self) -> bool:
        """Whether text of the page is also in the own words of another page."""
        return any("text" in trace.what for trace in self.said_by)


def find_traces(library: Library, page: str) -> Erasure:
    """Return where title and text of a captured page are; raises `SnapshotError` if it must not be redacted."""
    bag, entry = find_redactable(library, page)
    erasure = Erasure(entry.page_id, entry.title, _needles_of(library, bag, entry), head=library.head_digest)
    erasure.needles.titles |= set(_iter_unseen_titles(library, entry, erasure.needles))
    erasure.guessable = sum(_is_guessable(library.read(bag, path)) for path in bag.sources_of(entry.page_id))
    for other_bag, other in library.iter_entries():
        if other.page_id == entry.page_id or other.redacted_at is not None:
            continue
        place = f"{other.title} ({other.page_id})"
        cleaner = _Cleaner(library, other_bag, other, bag, entry, erasure.needles.titles)
        own = _own_words(library, other_bag, other, erasure.needles)
        if own:
            erasure.said_by.append(Trace(place, own.describe()))
        quoted = _quoted_words(library, other_bag, other, cleaner, erasure.needles).without(own)
        if quoted:
            erasure.said_by.append(Trace(place, quoted.describe(), is_quoted=True))
        erasure.own[paths.safe_id(other.page_id)] = own.joined(quoted)
        if next(_cleaned(library, other_bag, other, cleaner), None):
            check_not_held(library, other.page_id)
            erasure.shown_by.append(Trace(place, "its records and its Markdown show the page"))
    titles = set(_iter_titles_of_others(library, entry))
    erasure.namesakes = frozenset(titles & erasure.needles.titles)
    erasure.longer = frozenset(
        title
        for title in titles - erasure.namesakes
        if any(own.casefold() in title.casefold() for own in erasure.needles.titles)
    )
    logs = (head.events_path for head, _ in library.iter_heads() if head.format == 1 and head.events_path)
    erasure.old_logs = [path for path in logs if erasure.needles.find(Folder(library.root).read(path))]
    return erasure


def _is_guessable(source: bytes) -> bool:
    body, salt = split_body(source)
    return salt is None and len(body) < SHORT


def redact(writer: SnapshotWriter, erasure: Erasure, *, reason: str, by: str) -> Checkpoint:
    """Remove the page, and clean the records of all other pages that show it, as one run."""
    library = writer.library
    bag, entry = find_redactable(library, erasure.page_id)
    events: list[Event] = []
    for other_bag, other in list(library.iter_entries()):
        if other.page_id != entry.page_id and other.redacted_at is None:
            cleaner = _Cleaner(library, other_bag, other, bag, entry, erasure.needles.titles)
            events += _clean(writer, other_bag, other, cleaner)
    events.insert(0, remove_page(writer, bag, entry, reason=reason, by=by))
    delete_database(writer.state.answers)
    return writer.finish(events, agents=(writer.software,))


def find_leftovers(root: Path, others: Iterable[Path], erasure: Erasure) -> list[Trace]:
    """Search every file of the snapshots, and the files *others* that are made from all pages.

    What another page says in its own words, and what an old log says, is no leftover.
    """
    everything = Hits()
    for own in erasure.own.values():
        everything = everything.joined(own)
    found = [_check_file(path, everything, erasure) for path in others]
    for path in sorted(root.rglob("*")):
        if path.is_file() and not path.is_symlink():
            name = path.relative_to(root).as_posix()
            page = page_of(name.partition("/")[2])
            own = erasure.own.get(page, Hits()) if page else Hits(erasure.namesakes)
            found.append(_check_file(path, own, erasure, is_old_log=name in erasure.old_logs))
    return [trace for trace in found if trace is not None]


def _check_file(path: Path, own: Hits, erasure: Erasure, *, is_old_log: bool = False) -> Trace | None:
    slugs = {f"{paths.slug(title)}--{paths.safe_id(erasure.page_id)}." for title in erasure.needles.titles}
    if any(slug in path.name for slug in slugs):
        return Trace(str(path), "title in the name of the file")
    content = read_file(path)
    left = Hits() if is_old_log else erasure.needles.find(content, passing=erasure.longer).without(own)
    if left:
        return Trace(str(path), left.describe())
    is_named = not is_old_log and any(slug.encode() in content for slug in slugs)
    return Trace(str(path), "the old name of the file") if is_named else None


def _needles_of(library: Library, bag: Bag, entry: PageEntry) -> Needles:
    needles = Needles({entry.title})
    borrowed: set[str] = set()
    """Files of other pages that this one shows."""
    for path in library.record_paths(bag, entry):
        record = library.load_record_at(bag, path)
        borrowed |= {file.path for file in record.surroundings.borrowed if file.path}
        needles.titles.add(record.title)
        needles.names |= {file.name for file in record.attachments}
        for comment in record.comments:
            needles.add_body(comment.body)
    for path in bag.sources_of(entry.page_id):
        needles.add_body(library.read_body(bag, path).decode("utf-8", "replace"))
    for path, digest in bag.manifest.items():
        if path.startswith(f"{paths.attachment_folder(entry.page_id)}/") and path not in borrowed:
            with suppress(OSError):  # the removal reports it
                needles.files[digest] = Folder(library.root).size(f"{bag.name}/{path}")
    return needles


def _iter_titles_of_others(library: Library, redacted: PageEntry) -> Iterator[str]:
    for bag, entry in library.iter_entries():
        if entry.page_id != redacted.page_id and entry.redacted_at is None:
            yield entry.title
            yield from (library.load_record_at(bag, path).title for path in library.record_paths(bag, entry))


def _iter_unseen_titles(library: Library, redacted: PageEntry, needles: Needles) -> Iterator[str]:
    """Yield the titles under which other pages include the page although it was never captured with them.

    An address of Data Center names a page by its title, so the included text says which page it is. What has the title
    of another captured page is that page.
    """
    known = {entry.title for _, entry in library.iter_entries()} | needles.titles
    for bag, entry in library.iter_entries():
        if entry.page_id == redacted.page_id or entry.redacted_at is not None:
            continue
        for path in library.record_paths(bag, entry):
            for page in library.load_record_at(bag, path).surroundings.included.values():
                if page.title not in known and _is_included_as(page, redacted.page_id, needles):
                    yield page.title


def _is_included_as(page: RecordedInclude, page_id: str, needles: Needles) -> bool:
    if _leads_to(page.target, page_id):
        return True
    return not _has_other_id(page.target) and bool(needles.find(page.body.encode("utf-8", "replace")).lines)


def _own_words(library: Library, bag: Bag, entry: PageEntry, needles: Needles) -> Hits:
    """Return what the bodies, comments and files of another page have of the redacted page."""
    own = Hits()
    records = set(library.record_paths(bag, entry))
    folders = (f"{paths.source_folder(entry.page_id)}/", f"{paths.attachment_folder(entry.page_id)}/")
    for path in bag.manifest:
        if not path.startswith(folders):
            continue
        if path in records:
            record = library.load_record_at(bag, path)
            content = dump_record(record.replaced(surroundings=Surroundings(), ancestors=()))
        else:
            content = library.read(bag, path)
        own = own.joined(needles.find(content))
    return own


def _quoted_words(library: Library, bag: Bag, entry: PageEntry, cleaner: "_Cleaner", needles: Needles) -> Hits:
    """Return what a page shows of the redacted page in the words of further pages, which stay as they are."""
    quoted = Hits()
    for path in library.record_paths(bag, entry):
        around = cleaner.clean(library.load_record_at(bag, path)).surroundings
        texts = [page.body for page in around.included.values()]
        rows = (row for listing in around.listings.values() for row in listing.rows)
        texts += [value for row in rows for value in (*row.values.values(), *row.bodies.values())]
        quoted = quoted.joined(needles.find("\n".join(texts).encode("utf-8", "replace")))
    return quoted


def _clean(writer: SnapshotWriter, bag: Bag, entry: PageEntry, cleaner: "_Cleaner") -> Iterator[Event]:
    """Replace the records of another page that show the redacted page, and render the page again."""
    newest = entry.record_path
    count = 0
    for path, record in _cleaned(writer.library, bag, entry, cleaner):
        new = paths.cleaned_path(path, writer.sequence)
        for file in cleaner.files_of_page(writer.library.load_record_at(bag, path)):
            if file in bag.manifest:
                writer.drop(bag, file)
        writer.drop(bag, path)
        cleaned = record.salted(writer.state.salts.draw(f"{bag.name}/{new}"))
        writer.put(bag, new, dump_record(cleaned))
        count += 1
        if path == newest:
            body = writer.library.read_body(bag, record.source_path).decode("utf-8", "surrogatepass")
            rendition = render_page(cleaned, body, entry.path, writer.origin)
            writer.put(bag, entry.path, rendition.markdown)
            shown = {"ancestors": cleaned.ancestors, "salt": cleaned.salt}
            writer.put_entry(bag, entry.replaced(record_path=new, converter=CONVERTER, **shown))
    if count:
        facts = {"records": count, "redacted_page": paths.safe_id(cleaner.redacted.page_id)}
        yield Event(EventType.REDACTION, EventOutcome.SUCCESS, "", (entry.page_id,), facts)


def _cleaned(library: Library, bag: Bag, entry: PageEntry, cleaner: "_Cleaner") -> Iterator[tuple[str, PageRecord]]:
    """Yield path and new content of each record of a page that shows the redacted page."""
    for path in library.record_paths(bag, entry):
        record = library.load_record_at(bag, path)
        cleaned = settled(cleaner.clean(record))
        if cleaned != record:
            yield path, cleaned


@dataclass(frozen=True, slots=True)
class _Cleaner:
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
        return self._leads_there(link.target) or (link.title in self.titles and not _has_other_id(link.target))

    def _leads_there(self, target: str) -> bool:
        return _leads_to(target, self.redacted.page_id)

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


def _leads_to(target: str, page_id: str) -> bool:
    wanted = re.escape(page_id)
    return re.search(rf"(?:--{wanted}\.md|/pages/{wanted}(?:/|$)|pageId={wanted}(?:&|$))", target) is not None


def _has_other_id(target: str) -> bool:
    return re.search(r"--[0-9a-z-]+\.md|/pages/\d+|pageId=\d+", target) is not None

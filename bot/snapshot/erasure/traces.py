"""Where a page is in the snapshots: its files, what other pages show of it, and what they say in their own words."""

from collections.abc import Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

from bot.files import read_file
from bot.snapshot.archive import paths
from bot.snapshot.archive.bag import Bag
from bot.snapshot.archive.change_list import page_of
from bot.snapshot.archive.entry import PageEntry
from bot.snapshot.archive.folder import Folder
from bot.snapshot.archive.holds import check_not_held
from bot.snapshot.archive.library import Library
from bot.snapshot.archive.record import RecordedInclude, Surroundings, dump_record
from bot.snapshot.archive.redaction import find_redactable
from bot.snapshot.archive.salt import SHORT, split_body
from bot.snapshot.erasure.cleaner import Cleaner, cleaned_records, has_other_id, leads_to
from bot.snapshot.erasure.file_texts import Unpacker
from bot.snapshot.erasure.needles import Hits, Needles


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
    unread: list[Trace] = field(default_factory=list)
    """Files of other pages and of the state folder that could not be searched, and why."""
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

    def search(self, content: bytes, place: str) -> Hits:
        """Return what a file at *place* has of the page, also packed in it, and note what of it cannot be read."""
        found, unpacker = Hits(), Unpacker()
        for text in unpacker.iter_texts(content):
            found = found.joined(self.needles.find(text))
        self.unread += [Trace(place, why) for why in unpacker.unread]
        return found


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
        cleaner = Cleaner(library, other_bag, other, bag, entry, erasure.needles.titles)
        own = _own_words(library, other_bag, other, erasure)
        if own:
            erasure.said_by.append(Trace(place, own.describe()))
        quoted = _quoted_words(library, other_bag, other, cleaner, erasure.needles).without(own)
        if quoted:
            erasure.said_by.append(Trace(place, quoted.describe(), is_quoted=True))
        erasure.own[paths.safe_id(other.page_id)] = own.joined(quoted)
        if next(cleaned_records(library, other_bag, other, cleaner), None):
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
    if leads_to(page.target, page_id):
        return True
    return not has_other_id(page.target) and bool(needles.find(page.body.encode("utf-8", "replace")).lines)


def _own_words(library: Library, bag: Bag, entry: PageEntry, erasure: Erasure) -> Hits:
    """Return what the bodies, comments and files of another page have of the page."""
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
        own = own.joined(erasure.search(content, f"{entry.title} ({entry.page_id}): {bag.name}/{path}"))
    return own


def _quoted_words(library: Library, bag: Bag, entry: PageEntry, cleaner: "Cleaner", needles: Needles) -> Hits:
    """Return what a page shows of the redacted page in the words of further pages, which stay as they are."""
    quoted = Hits()
    for path in library.record_paths(bag, entry):
        around = cleaner.clean(library.load_record_at(bag, path)).surroundings
        texts = [page.body for page in around.included.values()]
        rows = (row for listing in around.listings.values() for row in listing.rows)
        texts += [value for row in rows for value in (*row.values.values(), *row.bodies.values())]
        quoted = quoted.joined(needles.find("\n".join(texts).encode("utf-8", "replace")))
    return quoted

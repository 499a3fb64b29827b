"""The snapshots on disk: head, bags and page entries, loaded once at the start of a run."""

from collections import Counter, deque
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import NamedTuple

from bot.errors import SnapshotError
from bot.snapshot.archive import paths
from bot.snapshot.archive.bag import MANIFEST, MAX_PAGES, TAG_MANIFEST, Bag, bag_names, load_bag, parse_manifest, sha256
from bot.snapshot.archive.change_list import DROPPED
from bot.snapshot.archive.checkpoint import HEAD, SUMS, Checkpoint, parse_checkpoint, read_head
from bot.snapshot.archive.entry import PageEntry, Standing, id_order, standing_of
from bot.snapshot.archive.events import LoggedEvent, parse_events
from bot.snapshot.archive.folder import Folder, FolderReader
from bot.snapshot.archive.head_check import refuse_first_format
from bot.snapshot.archive.indexes import IndexRow, row_of
from bot.snapshot.archive.record import PageRecord, parse_record
from bot.snapshot.archive.salt import split_body

_LOADED_BAGS = 4
"""Number of bags whose entries a run has in memory besides those that it changes."""


class _Place(NamedTuple):
    bag: str
    is_captured: bool = True
    is_new: bool = False
    """Whether this run is the first to capture the page."""


@dataclass
class Library:
    """All captured pages under *root*."""

    root: Path
    head: Checkpoint | None = None
    sums: dict[str, str] = field(default_factory=dict)
    """The content of `SHA256SUMS`."""
    bags: dict[str, Bag] = field(default_factory=dict)
    head_digest: str = ""
    """SHA-256 of `CHECKPOINT`; empty if nothing was captured."""
    is_lean: bool = False
    """Whether the entries of few bags are in memory at a time; they are read again when they are needed."""
    rows: dict[str, IndexRow] = field(default_factory=dict)
    """Name of a bag → its row in the index, as the head has it; a bag without pages has none."""
    _places: dict[str, _Place] = field(default_factory=dict)
    """Id of a page → its place; the pages of a bag share few values."""
    _shared: dict[_Place, _Place] = field(default_factory=dict)
    _unusual: dict[str, Standing] = field(default_factory=dict)
    """The standing of the pages that are not simply archived pages of the space of their bag."""
    _loaded: deque[Bag] = field(default_factory=deque)
    """Bags whose entries or manifests are in memory, those that were loaded last at the end."""
    _loads: Counter[str] = field(default_factory=Counter)
    _open_bags: dict[str, deque[str]] = field(default_factory=dict)
    """Key of a space → names of its bags with room, in order."""
    _bag_counts: Counter[str] = field(default_factory=Counter)
    """Key of a space → number of its bags."""
    _taken: set[str] = field(default_factory=set)
    """Names of the bags in lower case."""

    def __post_init__(self) -> None:
        """Index the bags by page."""
        for bag in self.bags.values():
            bag.on_load = self._note_load
            row, place = row_of(bag), _Place(bag.name)
            for page_id, standing in bag.entries.iter_standings(bag.space_key):
                self._places[page_id] = place
                self._note_standing(bag, page_id, standing)
            if row.pages:
                self.rows[bag.name] = row
            self._loads[bag.name] = row.pages
            self._note_bag(bag)

    def _note_load(self, bag: Bag) -> None:
        """Release the bag that was loaded first, if too many are loaded."""
        if not self.is_lean:
            return
        if bag not in self._loaded:
            self._loaded.append(bag)
        while len(self._loaded) > _LOADED_BAGS:
            self._loaded.popleft().release()

    def iter_standings(self) -> Iterator[tuple[str, Standing]]:
        """Yield the standing of each captured page; no entry is read."""
        usual = {name: Standing(bag.space_key) for name, bag in self.bags.items()}
        for page_id, place in self._places.items():
            if place.is_captured:
                yield page_id, self._unusual.get(page_id) or usual[place.bag]

    @property
    def unusual(self) -> Mapping[str, Standing]:
        """The standing of the captured pages that are not simply archived pages of the space of their bag."""
        return self._unusual

    def standing(self, page_id: str) -> Standing | None:
        """Return the standing of a captured page, or None; its entry is not read."""
        place = self._places.get(page_id)
        if place is None or not place.is_captured:
            return None
        return self._unusual.get(page_id) or Standing(self.bags[place.bag].space_key)

    def is_new(self, page_id: str) -> bool:
        """Return whether this run is the first to capture a page."""
        place = self._places.get(page_id)
        return place is not None and place.is_new

    def put_entry(self, bag: Bag, entry: PageEntry) -> None:
        """Set the entry of a page."""
        bag.put_entry(entry)
        place = self._places.get(entry.page_id)
        if place is None or not place.is_captured:
            self._places[entry.page_id] = self._shared_place(_Place(bag.name, is_new=True))
        self._note_standing(bag, entry.page_id, standing_of(entry))

    def _shared_place(self, place: _Place) -> _Place:
        return self._shared.setdefault(place, place)

    def _note_standing(self, bag: Bag, page_id: str, standing: Standing) -> None:
        if standing == Standing(bag.space_key):
            self._unusual.pop(page_id, None)
        else:
            self._unusual[page_id] = standing

    def find_bag_of(self, page_id: str) -> Bag | None:
        """Return the bag that contains a page, or was chosen for it; else None."""
        place = self._places.get(page_id)
        return self.bags[place.bag] if place else None

    def find_entry(self, page_id: str) -> PageEntry | None:
        """Return the entry of a page, or None."""
        bag = self.find_bag_of(page_id)
        return bag.entries.get(page_id) if bag else None

    def iter_entries(self) -> Iterator[tuple[Bag, PageEntry]]:
        """Yield the entry of every captured page, by page id."""
        found = [(bag, entry) for bag in self.bags.values() for entry in bag.entries.values()]
        yield from sorted(found, key=lambda pair: id_order(pair[1].page_id))

    def get_page(self, wanted: str) -> tuple[Bag, PageEntry]:
        """Return a page by id, exact title, or path; raises `SnapshotError` unless exactly one page matches."""
        bag = self.find_bag_of(wanted)
        if bag:
            return bag, bag.entries[wanted]
        found = [pair for pair in self.iter_entries() if wanted in {pair[1].title, pair[1].path, full_path(*pair)}]
        if len(found) == 1:
            return found[0]
        if found:
            ids = ", ".join(entry.page_id for _, entry in found)
            raise SnapshotError(f"several captured pages are called {wanted!r}; name one by its id: {ids}")
        raise SnapshotError(
            f"no captured page is called {wanted!r} in {self.root}; `wikibot search` finds pages by words"
        )

    def place(self, space_key: str, page_id: str) -> Bag:
        """Return the bag of a page; a new page is assigned to a bag with room."""
        known = self.find_bag_of(page_id)
        if known:
            return known
        bag = self._bag_with_room(space_key)
        self._places[page_id] = self._shared_place(_Place(bag.name, is_captured=False, is_new=True))
        self._loads[bag.name] += 1
        return bag

    def _bag_with_room(self, space_key: str) -> Bag:
        waiting = self._open_bags.setdefault(space_key, deque())
        while waiting and self._loads[waiting[0]] >= MAX_PAGES:
            waiting.popleft()  # pages never leave a bag
        if waiting:
            return self.bags[waiting[0]]
        name = paths.bag_name(
            space_key, lambda name: name.lower() in self._taken, number=self._bag_counts[space_key] + 1
        )
        self.bags[name] = Bag(name, space_key, self.head.origin if self.head else "", on_load=self._note_load)
        self._note_bag(self.bags[name])
        return self.bags[name]

    def _note_bag(self, bag: Bag) -> None:
        self._open_bags.setdefault(bag.space_key, deque()).append(bag.name)
        self._bag_counts[bag.space_key] += 1
        self._taken.add(bag.name.lower())

    def load_record(self, bag: Bag, entry: PageEntry) -> PageRecord:
        """Read the newest record of a page; raises `EvidenceError` if it is missing or malformed."""
        return self.load_record_at(bag, entry.record_path)

    def load_record_at(self, bag: Bag, path: str) -> PageRecord:
        """Read one record."""
        return parse_record(self.read(bag, path), name=f"{bag.name}/{path}")

    def read(self, bag: Bag, path: str) -> bytes:
        """Read a payload file; raises `EvidenceError` if it is missing or does not match its digest."""
        named_by = f"{bag.name}/{MANIFEST}"
        return Folder(self.root).read_checked(f"{bag.name}/{path}", bag.manifest.get(path), named_by=named_by)

    def read_body(self, bag: Bag, path: str) -> bytes:
        """Read a body as the wiki sent it; raises `EvidenceError` as `read` does."""
        return split_body(self.read(bag, path))[0]

    def iter_heads(self) -> Iterator[tuple[Checkpoint, str]]:
        """Yield each head and its SHA-256, the newest first; raises `EvidenceError` if the chain is broken."""
        folder, head, digest = Folder(self.root), self.head, self.head_digest
        while head is not None:
            yield head, digest
            path = head.previous_path
            if path is None:
                return
            digest, named_by = head.digests[path], f"run {head.sequence}"
            head = parse_checkpoint(folder.read_checked(path, digest, named_by=named_by), name=path)

    def has_removals_since(self, digest: str) -> bool:
        """Return whether a run after the head *digest* removed files, as a redaction does.

        If that head is not in the chain, all runs count. Raises `EvidenceError` if the log is changed.
        """
        for head, found in self.iter_heads():
            if found == digest:
                return False
            path = head.changes_path  # format 1 has none
            if path is not None and DROPPED in Folder(self.root).read_checked(
                path, head.digests[path], named_by=f"run {head.sequence}"
            ):
                return True
        return False

    def iter_log(self) -> Iterator[LoggedEvent]:
        """Yield every event of every run, oldest first; raises `EvidenceError` if the log is changed."""
        for head, _ in reversed(list(self.iter_heads())):
            yield from self.load_events(head)

    def load_events(self, head: Checkpoint, *, about: Collection[str] = ()) -> list[LoggedEvent]:
        """Return the events of one run, or only those that have one of the words *about* as a text of their own.

        Raises `EvidenceError` if the log is changed.
        """
        path = head.events_path or ""
        data = Folder(self.root).read_checked(path, head.digests.get(path), named_by=f"run {head.sequence}")
        return parse_events(data, name=str(self.root / path), about=about)

    def record_paths(self, bag: Bag, entry: PageEntry) -> list[str]:
        """Return the paths of all records of a page, oldest first."""
        found = [(run, path) for path in bag.files_of(entry.page_id) if (run := paths.record_run(path)) is not None]
        return [path for _, path in sorted(found)]


def full_path(bag: Bag, entry: PageEntry) -> str:
    """Return the path of a rendition relative to the snapshots folder."""
    return f"{bag.name}/{entry.path}"


def load_library(root: Path, *, is_checked: bool = False) -> Library:
    """Load the head, the list of bags and every bag's tag files; an absent folder is an empty library.

    Each file is compared with the digest in the file above it, up to the head. Raises `EvidenceError` if any of them is
    changed. No payload is hashed; `Library.read` and `verify` do that. With *is_checked*, the tag files were just
    compared, and nobody else writes.
    """
    chain = load_chain(root)
    head, folder = chain.head, FolderReader(root)
    if head is None:
        return chain
    refuse_first_format(root, head)
    sums = parse_manifest(folder.read_checked(SUMS, head.digests.get(SUMS), named_by=HEAD), name=SUMS)
    bags = {
        name: load_bag(folder, name, sums[f"{name}/{TAG_MANIFEST}"], is_checked=is_checked) for name in bag_names(sums)
    }
    return Library(root, head, sums, bags, chain.head_digest, is_lean=is_checked)


def load_chain(root: Path) -> Library:
    """Load the head only, without bags and pages; raises `EvidenceError` if it is malformed."""
    data = read_head(Folder(root))
    if data is None:
        return Library(root)
    return Library(root, parse_checkpoint(data, name=str(root / HEAD)), head_digest=sha256(data))

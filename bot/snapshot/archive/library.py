"""The snapshots on disk: head, bags and page entries, loaded once at the start of a run."""

import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from bot.errors import EvidenceError, SnapshotError
from bot.snapshot.archive import paths
from bot.snapshot.archive.bag import MAX_PAGES, Bag, bag_names, load_bag, parse_manifest, sha256
from bot.snapshot.archive.checkpoint import SUMS, Checkpoint, load_head
from bot.snapshot.archive.entry import PageEntry, id_order
from bot.snapshot.archive.record import PageRecord, parse_record


@dataclass
class Library:
    """All captured pages under *root*."""

    root: Path
    head: Checkpoint | None = None
    sums: dict[str, str] = field(default_factory=dict)
    """The content of `SHA256SUMS`."""
    bags: dict[str, Bag] = field(default_factory=dict)
    _places: dict[str, str] = field(default_factory=dict)
    _loads: Counter[str] = field(default_factory=Counter)

    def __post_init__(self) -> None:
        """Index the bags by page."""
        self._places = {page_id: bag.name for bag in self.bags.values() for page_id in bag.entries}
        self._loads = Counter(self._places.values())

    def find_bag_of(self, page_id: str) -> Bag | None:
        """Return the bag that contains a page, or None."""
        name = self._places.get(page_id)
        return self.bags[name] if name else None

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
        self._places[page_id] = bag.name
        self._loads[bag.name] += 1
        return bag

    def _bag_with_room(self, space_key: str) -> Bag:
        for bag in self.bags.values():
            if bag.space_key == space_key and self._loads[bag.name] < MAX_PAGES:
                return bag
        taken = {name.lower() for name in self.bags}
        name = paths.bag_name(space_key, lambda name: name.lower() in taken)
        self.bags[name] = Bag(name, space_key, self.head.origin if self.head else "")
        return self.bags[name]

    def load_record(self, bag: Bag, entry: PageEntry) -> PageRecord:
        """Read the newest record of a page; raises `EvidenceError` if it is missing or malformed."""
        return self.load_record_at(bag, entry.record_path)

    def load_record_at(self, bag: Bag, path: str) -> PageRecord:
        """Read one record."""
        return parse_record(self.read(bag, path), name=f"{bag.name}/{path}")

    def read(self, bag: Bag, path: str) -> bytes:
        """Read a payload file; raises `EvidenceError` if it is missing or does not match its digest."""
        try:
            data = (self.root / bag.name / path).read_bytes()
        except OSError as error:
            raise EvidenceError(f"{bag.name}/{path} cannot be read ({error.strerror}); see `wikibot verify`") from error
        if sha256(data) != bag.manifest.get(path):
            raise EvidenceError(f"{bag.name}/{path} is not what was captured; see `wikibot verify`")
        return data

    def record_paths(self, bag: Bag, entry: PageEntry) -> list[str]:
        """Return the paths of all records of a page, oldest first."""
        pattern = re.compile(re.escape(paths.source_folder(entry.page_id)) + r"/(?:\d+/)?record-(\d+)\.json")
        found = [(int(match[1]), path) for path in bag.manifest if (match := pattern.fullmatch(path))]
        return [path for _, path in sorted(found)]


def full_path(bag: Bag, entry: PageEntry) -> str:
    """Return the path of a rendition relative to the snapshots folder."""
    return f"{bag.name}/{entry.path}"


def load_library(root: Path) -> Library:
    """Load the head, the list of bags and every bag's tag files; an absent folder is an empty library.

    Raises `EvidenceError` if any of them is malformed. No payload is hashed; `verify` does that.
    """
    head = load_head(root)
    if head is None:
        return Library(root)
    try:
        sums = parse_manifest((root / SUMS).read_bytes(), name=SUMS)
    except OSError as error:
        raise EvidenceError(f"{root / SUMS} cannot be read ({error.strerror}); see `wikibot verify`") from error
    return Library(root, head, sums, {name: load_bag(root, name) for name in bag_names(sums)})

"""The index of one snapshots folder: words, lists, tree, and the runs about each page. A cache; delete it freely."""

import sqlite3
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path

from bot.config.policy import NO_RULES, ArchivedSettings
from bot.errors import EvidenceError, SnapshotError
from bot.files import delete_database
from bot.snapshot.archive.bag import TAG_MANIFEST, Bag
from bot.snapshot.archive.evidence_state import make_private_folder
from bot.snapshot.archive.library import Library, full_path
from bot.snapshot.query.page_lists import count_and_grow, put_facts, remove_facts
from bot.snapshot.query.page_runs import note_runs
from bot.snapshot.query.search import (
    Hit,
    Query,
    build_query,
    find_hits,
    index_texts,
    open_index,
    open_scratch_index,
    put_page,
    remove_page,
)
from bot.snapshot.query.timeline import describe_status

_BAG = "bag "  # before the names of bags in the table `meta`


class ArchiveIndex:
    """The index at *path*; it is updated when the head of the snapshots has changed.

    *load* returns the snapshots. *rules* are the rules of the settings, as far as they are known.
    """

    def __init__(self, path: Path, load: Callable[[], Library], *, rules: ArchivedSettings = NO_RULES) -> None:
        self._path, self._load_library, self._rules = path, load, rules
        self.unreadable = 0
        """Number of pages whose file is missing or changed, so that they cannot be searched."""

    def search(self, words: str, *, limit: int = 20) -> list[Hit]:
        """Return the best hits: all words must occur, the last may be a prefix. Quotes make a phrase, `-` excludes.

        Raises `SnapshotError` if there are no snapshots or the query has no word.
        """
        query = build_query(words)
        library = self._load()
        self._update(library)
        hits = self._find(query, limit)
        if all(is_as_captured(library, query, hit) for hit in hits):
            return hits
        self.forget()
        self._update(library)
        return [hit for hit in self._find(query, limit) if is_as_captured(library, query, hit)]

    def refresh(
        self, *, from_scratch: bool = False, on_page: Callable[[str, int], None] = lambda _title, _total: None
    ) -> int:
        """Index what changed since the last update, and return the number of changed pages."""
        if from_scratch:
            self.forget()
        return self._update(self._load(), on_page)

    def is_current(self, library: Library) -> bool:
        """Return whether the index is that of the head of *library*."""
        if not self._path.is_file():
            return False
        try:
            with self.opened() as database:
                return self._known_head(database) == self._head_of(library)
        except sqlite3.DatabaseError:
            return False

    @contextmanager
    def opened(self) -> Iterator[sqlite3.Connection]:
        """Open the database, which was brought up to date before."""
        with closing(open_index(self._path)) as database:
            yield database

    def forget(self) -> None:
        """Delete the index; raises `SnapshotError` if something else is in its place."""
        try:
            delete_database(self._path)
        except OSError as error:
            raise SnapshotError(f"{self._path}: the search index cannot be replaced: {error.strerror}") from error

    def _find(self, query: Query, limit: int) -> list[Hit]:
        with self.opened() as database:
            return list(find_hits(database, query, limit))

    def _load(self) -> Library:
        library = self._load_library()
        if library.head is None:
            raise SnapshotError(f"there are no snapshots in {library.root}; `wikibot snapshot` makes the first")
        return library

    def _update(self, library: Library, on_page: Callable[[str, int], None] = lambda _title, _total: None) -> int:
        try:
            return self._refresh(library, on_page)
        except sqlite3.DatabaseError:
            # Not an index, or an index of an older version. All its data is in the files too.
            self.forget()
            return self._refresh(library, on_page)

    def _head_of(self, library: Library) -> tuple[str]:
        return (f"{library.head_digest} {self._rules.describe()}",)

    def _known_head(self, database: sqlite3.Connection) -> tuple[str] | None:
        found: tuple[str] | None = database.execute("SELECT value FROM meta WHERE name = 'head'").fetchone()
        return found

    def _has_redacted_texts(self, library: Library) -> bool:
        """Return whether a run removed texts that are in the file: a database keeps what is deleted in it."""
        with self.opened() as database:
            known = self._known_head(database)
        return known is not None and library.has_removals_since(known[0].partition(" ")[0])

    def _refresh(self, library: Library, on_page: Callable[[str, int], None]) -> int:
        make_private_folder(self._path.parent)
        if self._has_redacted_texts(library):
            self.forget()
        with self.opened() as database, database:
            if self._known_head(database) == self._head_of(library):
                return 0
            changed, unreadable = _Update(database, library, self._rules, on_page).run()
            self.unreadable = len(unreadable)
            note_runs(database, library)
            if changed or unreadable:
                count_and_grow(database)
            if not unreadable:  # else the next search reads them again: they may have been restored
                database.execute("INSERT OR REPLACE INTO meta VALUES ('head', ?)", self._head_of(library))
        return changed


class _Update:
    """One update of the index. Only the bags that changed since the last update are read."""

    def __init__(
        self,
        database: sqlite3.Connection,
        library: Library,
        rules: ArchivedSettings,
        on_page: Callable[[str, int], None],
    ) -> None:
        self._database, self._library, self._rules, self._on_page = database, library, rules, on_page
        self._total = sum(len(bag.entries) for bag in library.bags.values())

    def run(self) -> tuple[int, list[str]]:
        """Return the number of pages that changed, and the ids of those whose file is missing or modified."""
        seen = dict(self._database.execute("SELECT name, value FROM meta"))
        known: dict[str, dict[str, str]] = defaultdict(dict)
        for page_id, path, state in self._database.execute("SELECT page_id, path, state FROM pages"):
            known[path.partition("/")[0]][page_id] = state
        changed, unreadable = 0, list[str]()
        for name, bag in self._library.bags.items():
            digest = f"{self._library.sums[f'{name}/{TAG_MANIFEST}']} {self._rules.describe()}"
            states = known.pop(name, {})
            if seen.get(f"{_BAG}{name}") == digest:
                continue
            count, failed = self._update_bag(bag, states)
            changed, unreadable = changed + count, unreadable + failed
            if not failed:
                self._database.execute("INSERT OR REPLACE INTO meta VALUES (?, ?)", (f"{_BAG}{name}", digest))
        changed += sum(self._remove_lost(states) for states in known.values())
        return changed, unreadable

    def _update_bag(self, bag: Bag, known: dict[str, str]) -> tuple[int, list[str]]:
        changed, unreadable = 0, []
        for entry in bag.entries.values():
            status = describe_status(entry)
            state = f"{bag.manifest[entry.path]} {entry.title} {status} {entry.record_path} {self._rules.describe()}"
            if known.pop(entry.page_id, None) == state:
                continue
            self._on_page(entry.title, self._total)
            path = full_path(bag, entry)
            remove_page(self._database, entry.page_id)
            remove_facts(self._database, entry.page_id)
            try:
                markdown = self._library.read(bag, entry.path).decode("utf-8", "replace")
            except EvidenceError:
                put_facts(self._database, entry, path, "", self._rules)
                unreadable.append(entry.page_id)
                continue
            row = (entry.page_id, entry.title, path, status, state)
            put_page(self._database, row, entry.title, *index_texts(markdown))
            put_facts(self._database, entry, path, markdown.partition("\n---\n")[0], self._rules)
            changed += 1
        return changed + self._remove_lost(known), unreadable

    def _remove_lost(self, page_ids: Iterable[str]) -> int:
        """Remove the pages that no bag has any more, for example after a rollback; return their number."""
        lost = [page_id for page_id in page_ids if self._library.find_bag_of(page_id) is None]
        for page_id in lost:
            remove_page(self._database, page_id)
            remove_facts(self._database, page_id)
        return len(lost)


def is_as_captured(library: Library, query: Query, hit: Hit) -> bool:
    """Return whether the hashed file gives this hit: the index is a cache and proves nothing."""
    bag = library.find_bag_of(hit.page_id)
    if bag is None:
        return False
    entry = bag.entries[hit.page_id]
    try:
        markdown = library.read(bag, entry.path).decode("utf-8", "replace")
    except EvidenceError:
        return False
    with closing(open_scratch_index()) as database:
        row = (entry.page_id, entry.title, full_path(bag, entry), describe_status(entry), "")
        put_page(database, row, entry.title, *index_texts(markdown))
        return list(find_hits(database, query, 1)) == [hit]

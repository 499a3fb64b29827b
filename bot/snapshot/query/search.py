"""Full-text search over the renditions. The SQLite FTS5 index is a cache: it can be deleted and is rebuilt."""

import re
import sqlite3
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

from bot.errors import EvidenceError, SnapshotError
from bot.files import prepare_private_file
from bot.snapshot.archive.bag import TAG_MANIFEST, Bag
from bot.snapshot.archive.continuity import load_remembered
from bot.snapshot.archive.evidence_state import EvidenceState, make_private_folder
from bot.snapshot.archive.library import Library, full_path
from bot.snapshot.query.timeline import describe_status

_SCHEMA_VERSION = 2
_BAG = "bag "  # before the names of bags in the table `meta`
_FEW = 2_000  # maximum number of hits that are ranked

# Scripts without spaces: each character is indexed as a word, and a word of several characters is a phrase.
_UNSPACED = (
    "\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U000323af"
)
_UNSPACED_CHARACTER = re.compile(f"([{_UNSPACED}])")
_LINK_TARGET = re.compile(r"\]\([^)\s]*\)")
START, END, _ELLIPSIS = "\x02", "\x03", "…"
_SET_APART = re.compile(f" ?({START}?[{_UNSPACED}]{END}?) ?")


@dataclass(frozen=True, slots=True)
class Hit:
    """A matching page; *snippet* has the matching words between `START` and `END`."""

    page_id: str
    title: str
    path: str
    status: str
    snippet: str


@dataclass(frozen=True, slots=True)
class Query:
    """A query for FTS5; in *begun* the last word is a prefix, because the user may still be typing it."""

    exact: str
    begun: str


class SearchIndex:
    """The index of one snapshots folder; it is updated when the head has changed."""

    def __init__(self, state: EvidenceState, load: Callable[[EvidenceState], Library] = load_remembered) -> None:
        self._state, self._root, self._load_library = state, state.root, load
        self._path = state.search
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
        if all(_is_as_captured(library, query, hit) for hit in hits):
            return hits
        self._path.unlink()
        self._update(library)
        return [hit for hit in self._find(query, limit) if _is_as_captured(library, query, hit)]

    def refresh(self, *, from_scratch: bool = False) -> int:
        """Index what changed since the last update, and return the number of changed pages."""
        if from_scratch:
            self._path.unlink(missing_ok=True)
        return self._update(self._load())

    def _find(self, query: Query, limit: int) -> list[Hit]:
        with closing(open_index(self._path)) as database:
            return list(find_hits(database, query, limit))

    def _load(self) -> Library:
        library = self._load_library(self._state)
        if library.head is None:
            raise SnapshotError(f"there are no snapshots in {self._root}; `wikibot snapshot` makes the first")
        return library

    def _update(self, library: Library) -> int:
        try:
            return self._refresh(library)
        except sqlite3.DatabaseError:
            # Not an index, or an index of an older version. All its data is in the files too.
            self._path.unlink(missing_ok=True)
            return self._refresh(library)

    def _refresh(self, library: Library) -> int:
        make_private_folder(self._path.parent)
        self._path.touch(mode=0o600)
        with closing(open_index(self._path)) as database, database:
            known = database.execute("SELECT value FROM meta WHERE name = 'head'").fetchone()
            if known == (library.head_digest,):
                return 0
            changed, unreadable = _update(database, library)
            self.unreadable = len(unreadable)
            if not unreadable:  # else the next search reads them again: they may have been restored
                database.execute("INSERT OR REPLACE INTO meta VALUES ('head', ?)", (library.head_digest,))
        return changed


def build_query(words: str) -> Query:
    """Parse the query of a user; the only operators are quotes and a leading minus.

    Raises `SnapshotError` if the query has no word.
    """
    wanted: list[str] = []
    unwanted: list[str] = []
    may_go_on = False
    for minus, phrase, word in re.findall(r'(?:(?<=\s)|^)(-?)(?:"([^"]*)"|(\S+))', words):
        text = spaced(phrase or word.replace('"', "")).replace("\0", " ").strip()
        if not re.search(r"\w", text):
            continue
        (unwanted if minus else wanted).append(f'"{text}"')
        if not minus:
            may_go_on = bool(word) and not _UNSPACED_CHARACTER.search(text)
    if not wanted:
        raise SnapshotError(f"{words!r} has no word to search for")
    without = "".join(f" NOT {word}" for word in unwanted)
    exact = " AND ".join(wanted)
    return Query(exact + without, exact + ("*" if may_go_on else "") + without)


def spaced(text: str) -> str:
    """Separate all characters of scripts without spaces, so that the tokenizer takes each for a word."""
    return _UNSPACED_CHARACTER.sub(r" \1 ", text)


def index_texts(markdown: str) -> tuple[str, str]:
    """Return the labels and the words of a rendition, without link addresses."""
    front, _, body = markdown.partition("\n---\n")
    labels = re.search(r"^labels:\n((?:  - .*\n?)+)", front, re.MULTILINE)
    return labels[1].replace("  - ", "") if labels else "", _LINK_TARGET.sub("]", body)


def open_index(path: Path) -> sqlite3.Connection:
    """Open an index, or create it if absent; raises `sqlite3.DatabaseError` if the file is anything else."""
    prepare_private_file(path)
    return _connect(path)


def open_scratch_index() -> sqlite3.Connection:
    """Open an empty index in memory."""
    return _connect(":memory:")


def _connect(place: Path | str) -> sqlite3.Connection:
    database = sqlite3.connect(place, timeout=30)
    try:
        _ensure_schema(database)
    except sqlite3.DatabaseError:
        database.close()
        raise
    return database


def put_page(database: sqlite3.Connection, row: tuple[str, ...], title: str, labels: str, body: str) -> None:
    """Set a page: *row* is id, title, path, status and a state that differs if the page has changed."""
    _remove(database, row[0])
    cursor = database.execute("INSERT INTO pages (page_id, title, path, status, state) VALUES (?, ?, ?, ?, ?)", row)
    texts = (cursor.lastrowid, spaced(title), spaced(labels), spaced(body))
    database.execute("INSERT INTO words (rowid, title, labels, body) VALUES (?, ?, ?, ?)", texts)
    database.execute("INSERT INTO titles (rowid, title) VALUES (?, ?)", texts[:2])


def _ensure_schema(database: sqlite3.Connection) -> None:
    (version,) = database.execute("PRAGMA user_version").fetchone()
    if version not in (0, _SCHEMA_VERSION):
        raise sqlite3.DatabaseError("an index of another version")
    if version == 0:
        database.execute("CREATE TABLE meta (name TEXT PRIMARY KEY, value TEXT)")
        database.execute(
            "CREATE TABLE pages (id INTEGER PRIMARY KEY, page_id TEXT UNIQUE, title TEXT, path TEXT, status TEXT,"
            " state TEXT)"
        )
        database.execute(
            "CREATE VIRTUAL TABLE words USING fts5(title, labels, body, tokenize = 'unicode61 remove_diacritics 2',"
            " prefix = '2 3')"
        )
        database.execute("CREATE VIRTUAL TABLE titles USING fts5(title, tokenize = 'unicode61 remove_diacritics 2')")
        database.execute(f"PRAGMA user_version = {_SCHEMA_VERSION}")


def _update(database: sqlite3.Connection, library: Library) -> tuple[int, list[str]]:
    """Return the number of pages that changed, and the ids of those whose file is missing or modified.

    Only the bags that changed since the last update are read.
    """
    seen = dict(database.execute("SELECT name, value FROM meta"))
    known: dict[str, dict[str, str]] = defaultdict(dict)
    for page_id, path, state in database.execute("SELECT page_id, path, state FROM pages"):
        known[path.partition("/")[0]][page_id] = state
    changed, unreadable = 0, list[str]()
    for name, bag in library.bags.items():
        digest = library.sums[f"{name}/{TAG_MANIFEST}"]
        states = known.pop(name, {})
        if seen.get(f"{_BAG}{name}") == digest:
            continue
        count, failed = _update_bag(database, library, bag, states)
        changed, unreadable = changed + count, unreadable + failed
        if not failed:
            database.execute("INSERT OR REPLACE INTO meta VALUES (?, ?)", (f"{_BAG}{name}", digest))
    changed += sum(_remove_lost(database, library, states) for states in known.values())
    return changed, unreadable


def _update_bag(
    database: sqlite3.Connection, library: Library, bag: Bag, known: dict[str, str]
) -> tuple[int, list[str]]:
    changed, unreadable = 0, []
    for entry in bag.entries.values():
        status = describe_status(entry)
        state = f"{bag.manifest[entry.path]} {entry.title} {status}"
        if known.pop(entry.page_id, None) == state:
            continue
        try:
            markdown = library.read(bag, entry.path).decode("utf-8", "replace")
        except EvidenceError:
            _remove(database, entry.page_id)
            unreadable.append(entry.page_id)
            continue
        row = (entry.page_id, entry.title, full_path(bag, entry), status, state)
        put_page(database, row, entry.title, *index_texts(markdown))
        changed += 1
    return changed + _remove_lost(database, library, known), unreadable


def _remove_lost(database: sqlite3.Connection, library: Library, page_ids: Iterable[str]) -> int:
    """Remove the pages that no bag has any more, for example after a rollback; return their number."""
    lost = [page_id for page_id in page_ids if library.find_bag_of(page_id) is None]
    for page_id in lost:
        _remove(database, page_id)
    return len(lost)


def _remove(database: sqlite3.Connection, page_id: str) -> None:
    for table in ("words", "titles"):
        where = "rowid = (SELECT id FROM pages WHERE page_id = ?)"
        database.execute(f"DELETE FROM {table} WHERE {where}", (page_id,))  # noqa: S608 -- two fixed names
    database.execute("DELETE FROM pages WHERE page_id = ?", (page_id,))


def find_hits(database: sqlite3.Connection, query: Query, limit: int) -> Iterator[Hit]:
    """Return the best pages: matches of whole words before matches of a prefix of the last word."""
    exact = _find_ids(database, query.exact, limit)
    begun = _find_ids(database, query.begun, limit) if len(exact) < limit and query.begun != query.exact else []
    for rowid in list(dict.fromkeys(exact + begun))[:limit]:
        row = database.execute(
            "SELECT page_id, pages.title, path, status, snippet(words, -1, ?, ?, ?, 16)"
            " FROM words JOIN pages ON pages.id = words.rowid WHERE words MATCH ? AND words.rowid = ?",
            (START, END, _ELLIPSIS, query.exact if rowid in exact else query.begun, rowid),
        ).fetchone()
        page_id, title, path, status, snippet = row
        yield Hit(page_id, title, path, status, " ".join(_SET_APART.sub(r"\1", snippet).split()))


def _find_ids(database: sqlite3.Connection, query: str, limit: int) -> list[int]:
    """Rank the hits if there are few; of many, those with all words in the title come first, then the newest."""
    some = database.execute("SELECT rowid FROM words WHERE words MATCH ? LIMIT ?", (query, _FEW + 1)).fetchall()
    if len(some) <= _FEW:
        ranked = "SELECT rowid FROM words WHERE words MATCH ? ORDER BY bm25(words, 10.0, 5.0, 1.0) LIMIT ?"
        return [rowid for (rowid,) in database.execute(ranked, (query, limit))]
    titled = database.execute("SELECT rowid FROM titles WHERE titles MATCH ? LIMIT ?", (query, limit))
    newest = database.execute("SELECT rowid FROM words WHERE words MATCH ? ORDER BY rowid DESC LIMIT ?", (query, limit))
    return list(dict.fromkeys(rowid for (rowid,) in (*titled, *newest)))[:limit]


def _is_as_captured(library: Library, query: Query, hit: Hit) -> bool:
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

"""Full-text search over the renditions: an SQLite FTS5 index beside the evidence, made anew from the files at will."""

import hashlib
import re
import sqlite3
from collections.abc import Iterable, Iterator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

from bot.errors import SnapshotError
from bot.snapshot.checkpoint import HEAD
from bot.snapshot.journal import WORK_FOLDER
from bot.snapshot.library import Library, full_path, load_library
from bot.snapshot.timeline import describe_status

INDEX_NAME = "search.sqlite"
_SCHEMA_VERSION = 1
_FEW = 2_000  # so many hits are ranked; of more, those with the words in the title come first, then the newest

# Scripts that are written without spaces: each character is a word of its own, and a word of several is a phrase.
_UNSPACED = (
    "\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U000323af"
)
_UNSPACED_CHARACTER = re.compile(f"([{_UNSPACED}])")
_GAP = re.compile(f"(?<=[{_UNSPACED}]) (?=[{_UNSPACED}])")
_LINK_TARGET = re.compile(r"\]\([^)\s]*\)")
START, END, _ELLIPSIS = "\x02", "\x03", "…"


@dataclass(frozen=True, slots=True)
class Hit:
    """A page that was found; *snippet* has the found words between `START` and `END`."""

    page_id: str
    title: str
    path: str
    status: str
    snippet: str


class SearchIndex:
    """The index of one folder of snapshots; brought up to date when the head has moved."""

    def __init__(self, root: Path, *, path: Path | None = None) -> None:
        self._root = root
        self._path = path or root / WORK_FOLDER / INDEX_NAME

    def search(self, words: str, *, limit: int = 20) -> list[Hit]:
        """Return the best hits: all words must occur, the last may go on. Quotes make a phrase, `-` excludes.

        Raises `SnapshotError` when there are no snapshots or no word to search for.
        """
        query = build_query(words)
        self.refresh()
        with closing(self._connect()) as database:
            return [self._hit(row) for row in _find(database, query, limit)]

    def refresh(self, *, from_scratch: bool = False) -> int:
        """Index what changed since the last time, and return how many pages that were."""
        head = self._root / HEAD
        if not head.is_file():
            raise SnapshotError(f"there are no snapshots in {self._root}; `wikibot snapshot` makes the first")
        if from_scratch:
            self._path.unlink(missing_ok=True)
        digest = hashlib.sha256(head.read_bytes()).hexdigest()
        try:
            return self._refresh(digest)
        except sqlite3.DatabaseError:
            # Not an index, or one of a version that is gone: it holds nothing that the files do not.
            self._path.unlink(missing_ok=True)
            return self._refresh(digest)

    def _refresh(self, digest: str) -> int:
        self._path.parent.mkdir(parents=True, exist_ok=True)
        with closing(self._connect()) as database, database:
            _ensure_schema(database)
            known = database.execute("SELECT value FROM meta WHERE name = 'head'").fetchone()
            if known == (digest,):
                return 0
            changed = _update(database, load_library(self._root))
            database.execute("INSERT OR REPLACE INTO meta VALUES ('head', ?)", (digest,))
        return changed

    def _connect(self) -> sqlite3.Connection:
        return sqlite3.connect(self._path, timeout=30)

    @staticmethod
    def _hit(row: tuple[str, str, str, str, str]) -> Hit:
        page_id, title, path, status, snippet = row
        return Hit(page_id, title, path, status, " ".join(_GAP.sub("", snippet).split()))


def build_query(words: str) -> str:
    """Return the FTS5 query for what a person typed; nothing in it is an operator but quotes and a leading minus."""
    wanted: list[str] = []
    unwanted: list[str] = []
    for minus, phrase, word in re.findall(r'(?:(?<=\s)|^)(-?)(?:"([^"]*)"|(\S+))', words):
        text = spaced(phrase or word.replace('"', "")).strip()
        if re.search(r"\w", text):
            quoted = f'"{text}"' + ("" if phrase else "*" if word and not _UNSPACED_CHARACTER.search(text) else "")
            (unwanted if minus else wanted).append(quoted)
    if not wanted:
        raise SnapshotError(f"{words!r} has no word to search for")
    # Only the last word may go on: it is the one that may not be typed to its end.
    wanted = [*(word.rstrip("*") for word in wanted[:-1]), wanted[-1]]
    return " AND ".join(wanted) + "".join(f" NOT {word.rstrip('*')}" for word in unwanted)


def spaced(text: str) -> str:
    """Set every character of an unspaced script apart, so that the tokenizer takes each for a word."""
    return _UNSPACED_CHARACTER.sub(r" \1 ", text)


def index_texts(markdown: str) -> tuple[str, str]:
    """Return the labels and the words of a rendition; addresses of links are left out."""
    front, _, body = markdown.partition("\n---\n")
    labels = re.search(r"^labels:\n((?:  - .*\n?)+)", front, re.MULTILINE)
    return spaced(labels[1].replace("  - ", "")) if labels else "", spaced(_LINK_TARGET.sub("]", body))


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
        database.execute(f"PRAGMA user_version = {_SCHEMA_VERSION}")


def _update(database: sqlite3.Connection, library: Library) -> int:
    known = dict(database.execute("SELECT page_id, state FROM pages"))
    changed = 0
    for bag, entry in library.iter_entries():
        status = describe_status(entry)
        state = f"{bag.manifest[entry.path]} {entry.title} {status}"
        if known.pop(entry.page_id, None) == state:
            continue
        markdown = library.read(bag, entry.path).decode("utf-8", "replace")
        row = (entry.page_id, entry.title, full_path(bag, entry), status, state)
        _put(database, row, (spaced(entry.title), *index_texts(markdown)))
        changed += 1
    for page_id in known:
        _remove(database, page_id)
    return changed + len(known)


def _put(database: sqlite3.Connection, row: tuple[str, ...], texts: tuple[str, ...]) -> None:
    _remove(database, row[0])
    cursor = database.execute("INSERT INTO pages (page_id, title, path, status, state) VALUES (?, ?, ?, ?, ?)", row)
    database.execute("INSERT INTO words (rowid, title, labels, body) VALUES (?, ?, ?, ?)", (cursor.lastrowid, *texts))


def _remove(database: sqlite3.Connection, page_id: str) -> None:
    database.execute("DELETE FROM words WHERE rowid = (SELECT id FROM pages WHERE page_id = ?)", (page_id,))
    database.execute("DELETE FROM pages WHERE page_id = ?", (page_id,))


def _find(database: sqlite3.Connection, query: str, limit: int) -> Iterable[tuple[str, str, str, str, str]]:
    (count,) = database.execute(
        "SELECT count(*) FROM (SELECT 1 FROM words WHERE words MATCH ? LIMIT ?)", (query, _FEW + 1)
    ).fetchone()
    if count <= _FEW:
        ids = database.execute(
            "SELECT rowid FROM words WHERE words MATCH ? ORDER BY bm25(words, 10.0, 5.0, 1.0) LIMIT ?", (query, limit)
        )
    else:
        ids = database.execute(
            "SELECT rowid FROM (SELECT rowid FROM words WHERE words MATCH ? LIMIT ?)", (f"title : ({query})", limit)
        )
    found = [rowid for (rowid,) in ids]
    if len(found) < limit and count > _FEW:
        newest = database.execute(
            "SELECT rowid FROM words WHERE words MATCH ? ORDER BY rowid DESC LIMIT ?", (query, limit + len(found))
        )
        found += [rowid for (rowid,) in newest if rowid not in found][: limit - len(found)]
    yield from _describe(database, query, found)


def _describe(database: sqlite3.Connection, query: str, ids: list[int]) -> Iterator[tuple[str, str, str, str, str]]:
    """Return the rows of *ids* in their order, each with the place where the words stand."""
    for rowid in ids:
        row = database.execute(
            "SELECT page_id, pages.title, path, status, snippet(words, -1, ?, ?, ?, 16)"
            " FROM words JOIN pages ON pages.id = words.rowid WHERE words MATCH ? AND words.rowid = ?",
            (START, END, _ELLIPSIS, query, rowid),
        ).fetchone()
        if row:
            yield row

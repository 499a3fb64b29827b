"""Full-text search over the renditions. The SQLite FTS5 index is a cache: it can be deleted and is rebuilt."""

import re
import sqlite3
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from bot.errors import SnapshotError
from bot.files import prepare_private_file
from bot.snapshot.query import page_lists, page_runs
from bot.snapshot.query.page_lists import list_items
from bot.snapshot.query.plain_text import body_of, plain_text

_SCHEMA_VERSION = 3
_FEW = 2_000  # maximum number of hits that are ranked

# Scripts without spaces: each character is indexed as a word, and a word of several characters is a phrase.
_UNSPACED = (
    "\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U000323af"
)
_UNSPACED_CHARACTER = re.compile(f"([{_UNSPACED}])")
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

    @property
    def plain_snippet(self) -> str:
        """The snippet without marks."""
        return self.snippet.replace(START, "").replace(END, "")


@dataclass(frozen=True, slots=True)
class Query:
    """A query for FTS5; in *begun* the last word is a prefix, because the user may still be typing it."""

    exact: str
    begun: str


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
    """Return the labels and the words of a rendition, as text without Markdown."""
    front = markdown.partition("\n---\n")[0]
    return "\n".join(list_items(front, "labels")), plain_text(body_of(markdown))


def open_index(path: Path) -> sqlite3.Connection:
    """Open an index, or create it if absent; raises `sqlite3.DatabaseError` if the file is anything else.

    Raises `SnapshotError` if there can be no file.
    """
    try:
        prepare_private_file(path)
    except OSError as error:
        raise SnapshotError(f"{path}: the search index cannot be opened: {error.strerror}") from error
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
    remove_page(database, row[0])
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
        for statement in (*page_lists.SCHEMA, *page_runs.SCHEMA):
            database.execute(statement)
        database.execute(f"PRAGMA user_version = {_SCHEMA_VERSION}")


def remove_page(database: sqlite3.Connection, page_id: str) -> None:
    """Remove a page, if it is there."""
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

"""Lists, tree and facets of all captured pages, in the SQLite file of the search index, for archives of any size.

Each page has tags: space, year, labels, losses, state, and why it is archived. A list reads the tags of its rarest
facet in order and looks up the others. The tree and the number of pages with each tag are made when the index changes,
so that no list and no tree counts anything.
"""

import json
import sqlite3
import unicodedata
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from bot.config.policy import ArchivedSettings
from bot.snapshot.archive.entry import PageEntry
from bot.snapshot.archive.record import RecordedStatus

PAGE_SIZE = 50
_DEEPEST = 100
"""Levels of the tree above a page that are shown; a forged tree could have a cycle."""

SCHEMA = (
    """CREATE TABLE facts (
        id INTEGER PRIMARY KEY, page_id TEXT UNIQUE, title TEXT, path TEXT, space TEXT, parent TEXT, place TEXT,
        sort TEXT, changed TEXT, captured TEXT, version INTEGER, losses INTEGER, state TEXT, reasons TEXT, labels TEXT
    )""",
    """CREATE TABLE tags (
        kind TEXT, value TEXT, sort TEXT, changed TEXT, id INTEGER, PRIMARY KEY (kind, value, sort, id)
    ) WITHOUT ROWID""",
    "CREATE INDEX tags_by_time ON tags (kind, value, changed, id)",
    "CREATE INDEX tags_of_page ON tags (id)",
    "CREATE TABLE counts (kind TEXT, value TEXT, number INTEGER, PRIMARY KEY (kind, value)) WITHOUT ROWID",
    "CREATE TABLE above (node TEXT PRIMARY KEY, space TEXT, title TEXT, parent TEXT) WITHOUT ROWID",
    """CREATE TABLE nodes (
        node TEXT PRIMARY KEY, space TEXT, parent TEXT, place TEXT, title TEXT, children INTEGER, page_id TEXT
    )""",
    "CREATE INDEX nodes_by_place ON nodes (space, parent, place, node)",
    "CREATE INDEX nodes_by_parent ON nodes (parent)",
)
"""Tables and indexes of this module."""


UNSTATED = "not stated in the archive"
"""Reason of a page that was selected by a rule which the reader does not know, or that left the selection."""


class Facet(StrEnum):
    """What a list can be narrowed by."""

    SPACE = "space"
    REASON = "reason"
    STATE = "state"
    YEAR = "year"
    LOSSES = "losses"
    LABEL = "label"


class State(StrEnum):
    """Whether the wiki still has the page, and the archive its content."""

    IN_WIKI = "in the wiki"
    LEFT = "no longer archived"
    GONE = "gone from the wiki"
    REDACTED = "redacted"


class Order(StrEnum):
    """Order of a list."""

    TITLE = "title"
    NEWEST = "newest"


@dataclass(frozen=True, slots=True)
class PageFilter:
    """A list: the facets that its pages have, its order, and the key of the page that it continues after."""

    facets: Mapping[Facet, str] = field(default_factory=dict)
    order: Order = Order.TITLE
    after: tuple[str, int] | None = None
    size: int = PAGE_SIZE


@dataclass(frozen=True, slots=True)
class CapturedPageLine:
    """A row of a list. *changed* is the time of the newest captured version, *captured* that of its capture."""

    page_id: str
    title: str
    path: str
    space: str
    version: int
    changed: str
    captured: str
    state: str
    reasons: tuple[str, ...]
    losses: int
    labels: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class PageList:
    """A part of a list; *after* is where it goes on, None at its end. *total* is None if it is not known."""

    rows: tuple[CapturedPageLine, ...]
    after: tuple[str, int] | None
    total: int | None


@dataclass(frozen=True, slots=True)
class FacetCount:
    """A tag and the number of pages that have it."""

    value: str
    number: int


@dataclass(frozen=True, slots=True)
class CapturedNode:
    """A page in the tree, with the number of pages directly below; *page_id* is None if it was not captured."""

    node: str
    title: str
    space: str
    children: int
    page_id: str | None


@dataclass(frozen=True, slots=True)
class Branch:
    """The pages below one page: the nodes *above* from the top, the children, and the place where they go on."""

    above: tuple[CapturedNode, ...]
    rows: tuple[CapturedNode, ...]
    after: tuple[str, str] | None


def put_facts(database: sqlite3.Connection, entry: PageEntry, path: str, front: str, rules: ArchivedSettings) -> None:
    """Add the facts of a page; *front* is the front matter of its rendition, *path* relative to the snapshots."""
    labels, losses = read_list(front, "labels"), len(list_items(front, "losses"))
    state = state_of_page(entry)
    reasons = read_list(front, "archived_because") or reasons_of(entry, labels, rules)
    sort, changed = sort_key(entry.title), entry.version_when.strftime("%Y-%m-%dT%H:%M:%SZ")
    parent = entry.ancestors[-1].id if entry.ancestors else ""
    row = (None, entry.page_id, entry.title, path, entry.space_key, parent, place_of(entry.position, sort), sort)
    more = (changed, entry.captured_at.strftime("%Y-%m-%dT%H:%M:%SZ"), entry.version, losses, state.value)
    rowid = database.execute(
        "INSERT INTO facts VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        (*row, *more, json.dumps(reasons), json.dumps(labels)),
    ).lastrowid
    tags = [("", ""), (Facet.SPACE, entry.space_key), (Facet.STATE, state), (Facet.YEAR, changed[:4])]
    tags += [(Facet.LOSSES, "some" if losses else "none")]
    tags += [*((Facet.LABEL, label) for label in labels), *((Facet.REASON, reason) for reason in reasons)]
    database.executemany(
        "INSERT OR IGNORE INTO tags VALUES (?, ?, ?, ?, ?)",
        ((str(kind), str(value), sort, changed, rowid) for kind, value in tags),
    )
    above = ""
    for ancestor in entry.ancestors:
        where = (ancestor.id, entry.space_key, ancestor.title, above)
        database.execute("INSERT OR REPLACE INTO above VALUES (?, ?, ?, ?)", where)
        above = ancestor.id


def remove_facts(database: sqlite3.Connection, page_id: str) -> None:
    """Remove the facts of a page, if there are any."""
    database.execute("DELETE FROM tags WHERE id = (SELECT id FROM facts WHERE page_id = ?)", (page_id,))
    database.execute("DELETE FROM facts WHERE page_id = ?", (page_id,))


def count_and_grow(database: sqlite3.Connection) -> None:
    """Count the tags, and make the tree: all captured pages and the pages above them."""
    database.execute("DELETE FROM counts")
    database.execute("INSERT INTO counts SELECT kind, value, count(*) FROM tags GROUP BY kind, value")
    database.execute("DELETE FROM nodes")
    database.execute("INSERT INTO nodes SELECT page_id, space, parent, place, title, 0, page_id FROM facts")
    database.execute(
        "WITH RECURSIVE needed(node) AS (SELECT parent FROM facts WHERE parent != ''"
        " UNION SELECT above.parent FROM above JOIN needed ON above.node = needed.node WHERE above.parent != '')"
        " INSERT OR IGNORE INTO nodes SELECT above.node, space, parent, '', title, 0, NULL"
        " FROM needed JOIN above ON above.node = needed.node"
    )
    database.execute(
        "UPDATE nodes SET children = (SELECT count(*) FROM nodes AS below WHERE below.parent = nodes.node)"
        " WHERE node IN (SELECT parent FROM nodes)"
    )


def list_pages(database: sqlite3.Connection, wanted: PageFilter) -> PageList:
    """Return one part of a list."""
    facets = sorted(
        ((str(kind), value) for kind, value in wanted.facets.items()), key=lambda tag: _count(database, tag)
    )
    (kind, value), *others = facets or [("", "")]
    column = "changed" if wanted.order is Order.NEWEST else "sort"
    way, beyond = ("DESC", "<") if wanted.order is Order.NEWEST else ("ASC", ">")
    where = ["first.kind = ?", "first.value = ?"]
    values: list[str | int] = [kind, value]
    for other, tag in others:
        where.append(
            "EXISTS (SELECT 1 FROM tags WHERE tags.kind = ? AND tags.value = ?"
            " AND tags.sort = first.sort AND tags.id = first.id)"
        )
        values += [other, tag]
    if wanted.after:
        where.append(f"(first.{column}, first.id) {beyond} (?, ?)")
        values += wanted.after
    found = database.execute(
        f"SELECT first.{column}, first.id, {_COLUMNS} FROM tags AS first JOIN facts ON facts.id = first.id"  # noqa: S608 -- fixed words
        f" WHERE {' AND '.join(where)} ORDER BY first.{column} {way}, first.id {way} LIMIT ?",
        (*values, wanted.size + 1),
    ).fetchall()
    rows = found[: wanted.size]
    after = (rows[-1][0], rows[-1][1]) if len(found) > wanted.size else None
    total = None if len(facets) > 1 else _count(database, (kind, value))
    return PageList(tuple(_listed(row[2:]) for row in rows), after, total)


def iter_list(database: sqlite3.Connection, wanted: PageFilter) -> Iterator[CapturedPageLine]:
    """Yield all pages of a list."""
    after = wanted.after
    while True:
        part = list_pages(database, PageFilter(wanted.facets, wanted.order, after, 1_000))
        yield from part.rows
        after = part.after
        if after is None:
            return


def find_page(database: sqlite3.Connection, page_id: str) -> CapturedPageLine | None:
    """Return the row of one page."""
    row = database.execute(f"SELECT {_COLUMNS} FROM facts WHERE page_id = ?", (page_id,)).fetchone()  # noqa: S608
    return _listed(row) if row else None


def count_pages(database: sqlite3.Connection) -> int:
    """Return the number of captured pages."""
    (number,) = database.execute("SELECT count(*) FROM facts").fetchone()
    return int(number)


def count_facets(database: sqlite3.Connection, *, most: int = 30) -> dict[Facet, tuple[FacetCount, ...]]:
    """Return the most frequent values of each facet; years are in order of time."""
    return {facet: tuple(_facet(database, facet, most)) for facet in Facet}


def list_branch(
    database: sqlite3.Connection, space: str, under: str = "", after: tuple[str, str] | None = None, size: int = 100
) -> Branch:
    """Return the pages directly below *under*, or the top of a space."""
    place = after or ("", "")
    found = database.execute(
        "SELECT place, node, title, space, children, page_id FROM nodes"
        " WHERE space = ? AND parent = ? AND (place, node) > (?, ?) ORDER BY place, node LIMIT ?",
        (space, under, *place, size + 1),
    ).fetchall()
    rows = found[:size]
    goes_on = (rows[-1][0], rows[-1][1]) if len(found) > size else None
    return Branch(_above(database, under), tuple(_node(row[1:]) for row in rows), goes_on)


def sort_key(title: str) -> str:
    """Return the key by which titles are sorted: without case and accents."""
    plain = unicodedata.normalize("NFKD", title).casefold()
    return "".join(each for each in plain if not unicodedata.combining(each)).strip() or title


def place_of(position: int | None, sort: str) -> str:
    """Return the key of a page among its siblings: by the position that the wiki states, then by title."""
    return f"{max(position, 0):012} {sort}" if position is not None else f"~ {sort}"


def state_of_page(entry: PageEntry) -> State:
    """Return the state of a page."""
    if entry.redacted_at:
        return State.REDACTED
    if entry.tombstone:
        return State.GONE
    return State.IN_WIKI if entry.is_selected else State.LEFT


def reasons_of(entry: PageEntry, labels: Iterable[str], rules: ArchivedSettings) -> list[str]:
    """Return why a page is archived, as far as it is known: the log does not state the rules of the settings.

    Without settings, *rules* has no labels and no pages.
    """
    is_archived = entry.status is RecordedStatus.ARCHIVED
    titles = {name for ancestor in entry.ancestors for name in (ancestor.title, ancestor.id, f"page:{ancestor.id}")}
    found = ["archived in the wiki"] if is_archived else []
    found += [f"label {label}" for label in labels if label in rules.labels]
    found += [f"below {name}" for name in rules.under if name in titles]
    return found or [UNSTATED]


def list_items(front: str, name: str) -> list[str]:
    """Return the lines of a list in front matter, as the rendition writes it."""
    _, found, rest = f"\n{front}\n".partition(f"\n{name}:\n")
    items: list[str] = []
    for line in rest.split("\n") if found else ():
        if not line.startswith("  - "):
            break
        items.append(line[4:])
    return items


def read_list(front: str, name: str) -> list[str]:
    """Return the texts of a list in front matter; a line that is no JSON text is taken as it is."""
    return [_text(item) for item in list_items(front, name)]


_COLUMNS = ", ".join(
    f"facts.{name}"
    for name in (
        "page_id",
        "title",
        "path",
        "space",
        "version",
        "changed",
        "captured",
        "state",
        "reasons",
        "losses",
        "labels",
    )
)


def _listed(row: tuple[object, ...]) -> CapturedPageLine:
    page_id, title, path, space, version, changed, captured, state, reasons, losses, labels = row
    return CapturedPageLine(
        str(page_id),
        str(title),
        str(path),
        str(space),
        int(str(version)),
        str(changed),
        str(captured),
        str(state),
        tuple(json.loads(str(reasons))),
        int(str(losses)),
        tuple(json.loads(str(labels))),
    )


def _count(database: sqlite3.Connection, tag: tuple[str, str]) -> int:
    row = database.execute("SELECT number FROM counts WHERE kind = ? AND value = ?", tag).fetchone()
    return int(row[0]) if row else 0


def _facet(database: sqlite3.Connection, facet: Facet, most: int) -> Iterator[FacetCount]:
    order = "value DESC" if facet is Facet.YEAR else "number DESC, value"
    found = database.execute(f"SELECT value, number FROM counts WHERE kind = ? ORDER BY {order} LIMIT ?", (facet, most))  # noqa: S608
    yield from (FacetCount(value, number) for value, number in found)


def _above(database: sqlite3.Connection, node: str) -> tuple[CapturedNode, ...]:
    found: list[CapturedNode] = []
    while node and len(found) < _DEEPEST:
        row = database.execute(
            "SELECT node, title, space, children, page_id, parent FROM nodes WHERE node = ?", (node,)
        ).fetchone()
        if row is None:
            break
        found.append(_node(row[:5]))
        node = row[5]
    return tuple(reversed(found))


def _node(row: tuple[object, ...]) -> CapturedNode:
    node, title, space, children, page_id = row
    return CapturedNode(
        str(node), str(title), str(space), int(str(children)), None if page_id is None else str(page_id)
    )


def _text(item: str) -> str:
    try:
        return str(json.loads(item))
    except ValueError:
        return item

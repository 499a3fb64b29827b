"""What the last clean check of the bot's own snapshots replayed, so that a rotating check replays only later runs.

The database lies in the state folder, which is trusted as the remembered head is. It says: at this head, the log of all
runs was replayed, and the manifests and lists of pages were what the log makes them. A full check never reads it.
"""

import json
import sqlite3
import zlib
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from bot.errors import BotError
from bot.snapshot.archive.evidence_state import make_private_folder

_VERSION = 1
_TABLES = """
CREATE TABLE replayed (software TEXT NOT NULL, head TEXT NOT NULL, runs TEXT NOT NULL);
CREATE TABLE bags (name TEXT PRIMARY KEY, tags TEXT NOT NULL, portions INTEGER NOT NULL, state BLOB NOT NULL);
"""
_ALL_PORTIONS = 0b1111111


@dataclass(frozen=True, slots=True)
class BagState:
    """What the log says about one bag."""

    kept: dict[str, str] = field(default_factory=dict)
    """Path in the folder → digest of each source, record and attachment."""
    gone: list[str] = field(default_factory=list)
    """Paths of the files that redactions removed."""
    views: dict[str, str] = field(default_factory=dict)
    """Page id → digest of the rendition."""
    pages: dict[str, str] = field(default_factory=dict)
    """Page id → its state, as the log has it."""


@dataclass(frozen=True, slots=True)
class BagMark:
    """A bag whose tag manifest has the digest *tags*; *portions* has a bit for each seventh of its records compared."""

    tags: str
    portions: int

    def covers(self, portion: int | None) -> bool:
        """Return whether the records of this seventh were compared with the list of pages."""
        wanted = bit_of(portion)
        return self.portions & wanted == wanted


@dataclass(frozen=True, slots=True)
class Replayed:
    """What a check replayed, up to the head with the digest *head*."""

    head: str
    bags: dict[str, BagMark]
    held: dict[str, list[str]]
    """Page id → names of the holds that protect it."""
    removals: list[tuple[int, str, str]]
    """Run, path and digest of each file that a redaction removed."""


def bit_of(portion: int | None) -> int:
    """Return the bits of a seventh; of all, for None."""
    return _ALL_PORTIONS if portion is None else 1 << portion % _ALL_PORTIONS.bit_length()


class ReplayMemory:
    """The database at *path*. What another version of the software wrote, or what cannot be read, counts as nothing."""

    def __init__(self, path: Path, software: str) -> None:
        self._path, self._software = path, software

    def load(self) -> Replayed | None:
        """Return what was replayed; None if nothing is remembered."""
        with suppress(sqlite3.Error, OSError, ValueError, TypeError), self._opened() as database:
            if database is None:
                return None
            software, head, runs = database.execute("SELECT software, head, runs FROM replayed").fetchone()
            rows = database.execute("SELECT name, tags, portions FROM bags")
            bags = {name: BagMark(tags, portions) for name, tags, portions in rows}
            held, removals = json.loads(runs)
            if software == self._software:
                return Replayed(head, bags, held, [(run, path, digest) for run, path, digest in removals])
        return None

    def load_bag(self, name: str) -> BagState | None:
        """Return what the log said about a bag; None if it cannot be read."""
        with suppress(sqlite3.Error, OSError, ValueError, TypeError, zlib.error), self._opened() as database:
            if database is not None:
                (packed,) = database.execute("SELECT state FROM bags WHERE name = ?", (name,)).fetchone()
                return BagState(*json.loads(zlib.decompress(packed)))
        return None

    def save(self, replayed: Replayed, states: Mapping[str, BagState]) -> None:
        """Replace what is remembered; *states* has the bags whose state is another one now.

        A state folder that cannot be written is no error: the next check replays everything.
        """
        with suppress(sqlite3.Error, OSError, BotError):
            self._create()
            with self._opened() as database:
                if database is not None:
                    self._write(database, replayed, states)

    def _write(self, database: sqlite3.Connection, replayed: Replayed, states: Mapping[str, BagState]) -> None:
        with database:
            database.execute("DELETE FROM replayed")
            runs = json.dumps([replayed.held, replayed.removals])
            database.execute("INSERT INTO replayed VALUES (?, ?, ?)", (self._software, replayed.head, runs))
            known = {name for (name,) in database.execute("SELECT name FROM bags")}
            database.executemany("DELETE FROM bags WHERE name = ?", [(name,) for name in known - replayed.bags.keys()])
            for name, mark in replayed.bags.items():
                if name in states:
                    packed = _pack(states[name])
                    row = (name, mark.tags, mark.portions, packed)
                    database.execute("INSERT OR REPLACE INTO bags VALUES (?, ?, ?, ?)", row)
                else:
                    database.execute("UPDATE bags SET portions = ? WHERE name = ?", (mark.portions, name))

    def _create(self) -> None:
        """Make an empty database unless there is one of this version."""
        make_private_folder(self._path.parent)
        with self._opened() as database:
            if database is not None:
                return
        self._path.unlink(missing_ok=True)
        self._path.touch(mode=0o600)
        with closing(sqlite3.connect(self._path)) as made:
            made.executescript(f"{_TABLES} PRAGMA user_version = {_VERSION};")

    @contextmanager
    def _opened(self) -> Iterator[sqlite3.Connection | None]:
        """Open the database; None if there is none of this version."""
        if not self._path.is_file():
            yield None
            return
        with closing(sqlite3.connect(self._path)) as database:
            yield database if _version_of(database) == _VERSION else None


def _version_of(database: sqlite3.Connection) -> Any:
    try:
        return database.execute("PRAGMA user_version").fetchone()[0]
    except sqlite3.DatabaseError:
        return None


def _pack(state: BagState) -> bytes:
    return zlib.compress(json.dumps([state.kept, state.gone, state.views, state.pages]).encode(), 1)

"""What the wiki answered to a capture that is not finished, so that the next one need not ask again.

The file lies in the state folder: it has texts of pages, as the search index has. It has the listings, and the answers
about pages of the last parts. A capture that ends deletes it; so does a redaction.
"""

import re
import sqlite3
import threading
import zlib
from collections.abc import Collection
from contextlib import suppress
from datetime import datetime
from pathlib import Path

from loguru import logger

from bot.files import delete_database, prepare_private_file
from bot.plural import counted
from bot.snapshot.capture.parts import RESUME_WITHIN

_VERSION = 1
_TABLES = """
CREATE TABLE capture (account TEXT, began TEXT, process INTEGER);
CREATE TABLE answers (number INTEGER PRIMARY KEY, address TEXT, process INTEGER, part INTEGER, data BLOB);
CREATE INDEX by_address ON answers (address);
CREATE INDEX by_part ON answers (part);
"""
_LISTING = -1
_PARTS = 3  # what is read ahead belongs to one of the next parts


class KeptAnswers:
    """The answers of the wiki at *url* to one capture by *account*, over as many processes as it needs; thread-safe.

    An address that was asked twice has two answers, and they are found in the same order.
    """

    def __init__(self, path: Path, url: str, account: str, now: datetime) -> None:
        """Open the file of an interrupted capture; begin again if it is too old, damaged or of another account or wiki.

        Another wiki can have pages with the same ids and versions, for example a copy to try things.
        """
        self._path, self._lock = path, threading.Lock()
        self._part, self._process = _LISTING, 1
        self.is_continued = False
        """Whether there are answers to an earlier process."""
        self._database: sqlite3.Connection | None = None
        try:
            self._database = self._open(f"{account} at {url}", now)
        except (OSError, sqlite3.Error) as error:
            self._give_up(error)

    def find(self, address: str) -> bytes | None:
        """Return the next answer that an earlier process had from *address*; None if there is no other."""
        if not self.is_continued:
            return None
        with self._lock:
            try:
                return self._find(address)
            except sqlite3.Error as error:
                self._give_up(error)
                return None

    def keep(self, address: str, data: bytes) -> None:
        """Add an answer."""
        packed = zlib.compress(data, 1)
        query = "INSERT INTO answers (address, process, part, data) VALUES (?, ?, ?, ?)"
        self._change(query, address, self._process, self._part, packed)

    def begin_pages(self, parts: int) -> None:
        """Note that the listings are read and *parts* parts are written, and drop the answers about earlier parts."""
        self._part = parts
        self._change("DELETE FROM answers WHERE part >= 0 AND part <= ?", parts - _PARTS)

    def page_ids(self) -> set[str]:
        """Return the ids of the pages that kept answers may be about: all numbers in their addresses."""
        with self._lock:
            rows = (
                self._database.execute("SELECT address FROM answers WHERE part > ?", (_LISTING,)).fetchall()
                if self._database
                else []
            )
        return {number for (address,) in rows for number in re.findall(r"\d+", address)}

    def forget(self, page_ids: Collection[str] | None) -> None:
        """Drop the listings and what concerns *page_ids*; with None, everything."""
        if page_ids is None:
            self._change("DELETE FROM answers")
            self.is_continued = False
            return
        self._change("DELETE FROM answers WHERE part = ?", _LISTING)
        wanted = set(page_ids)
        with self._lock:
            rows = self._database.execute("SELECT number, address FROM answers").fetchall() if self._database else []
        for number, address in rows:
            if not wanted.isdisjoint(re.findall(r"\d+", address)):
                self._change("DELETE FROM answers WHERE number = ?", number)

    def close(self, *, is_finished: bool) -> None:
        """Close the file; delete it if the capture is finished."""
        with self._lock:
            if self._database is not None:
                self._database.close()
                self._database = None
        if is_finished:
            delete_database(self._path)

    def _open(self, account: str, now: datetime) -> sqlite3.Connection:
        if self._path.exists() and (database := self._reopen(account, now)):
            return database
        delete_database(self._path)
        prepare_private_file(self._path)
        database = _connect(self._path)
        database.executescript(f"{_TABLES} PRAGMA user_version = {_VERSION};")
        database.execute("INSERT INTO capture VALUES (?, ?, 1)", (account, now.isoformat()))
        return database

    def _reopen(self, account: str, now: datetime) -> sqlite3.Connection | None:
        """Return the file of an interrupted capture if it counts."""
        database = _connect(self._path)
        with suppress(sqlite3.Error, TypeError, ValueError):
            if database.execute("PRAGMA user_version").fetchone() == (_VERSION,):
                known, began, process = database.execute("SELECT account, began, process FROM capture").fetchone()
                age = now - datetime.fromisoformat(began)
                if known == account and abs(age) <= RESUME_WITHIN:
                    self._process = process + 1
                    database.execute("UPDATE capture SET process = ?", (self._process,))
                    (number,) = database.execute("SELECT count(*) FROM answers").fetchone()
                    self.is_continued = number > 0
                    logger.info("an interrupted capture goes on, with {} that it had", counted(number, "answer"))
                    return database
        database.close()
        return None

    def _find(self, address: str) -> bytes | None:
        if self._database is None:
            return None
        query = "SELECT number, data FROM answers WHERE address = ? AND process < ? ORDER BY number LIMIT 1"
        row = self._database.execute(query, (address, self._process)).fetchone()
        if row is None:
            return None
        number, data = row
        self._database.execute(
            "UPDATE answers SET process = ?, part = ? WHERE number = ?", (self._process, self._part, number)
        )
        try:
            return zlib.decompress(data)
        except zlib.error:
            return None

    def _change(self, query: str, *values: object) -> None:
        with self._lock:
            try:
                if self._database is not None:
                    self._database.execute(query, values)
            except sqlite3.Error as error:
                self._give_up(error)

    def _give_up(self, error: Exception) -> None:
        logger.warning("{}: cannot be used, so an interruption would cost more requests: {}", self._path.name, error)
        if self._database is not None:
            self._database.close()
        self._database, self.is_continued = None, False


def _connect(path: Path) -> sqlite3.Connection:
    """Open a file that survives the end of the process at any moment; after a power cut it may be damaged."""
    database = sqlite3.connect(path, isolation_level=None, check_same_thread=False)
    try:
        database.execute("PRAGMA journal_mode = WAL")
        database.execute("PRAGMA synchronous = OFF")
    except sqlite3.DatabaseError:
        database.close()
        raise
    return database

"""What a mirror has uploaded: a database in the state folder, so that an interrupted upload goes on where it was.

The store says what it has. The database says what of that the bot put there: only that may be replaced.
"""

import sqlite3
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from bot.snapshot.archive.evidence_state import make_private_folder
from bot.snapshot.mirror.object_store import UploadedPart

_VERSION = 1
_TABLES = """
CREATE TABLE files (path TEXT PRIMARY KEY, sha256 TEXT NOT NULL, etag TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE uploads (path TEXT PRIMARY KEY, sha256 TEXT NOT NULL, upload TEXT NOT NULL, part_bytes INTEGER NOT NULL);
CREATE TABLE parts (upload TEXT, number INTEGER, etag TEXT, sha256 TEXT, PRIMARY KEY (upload, number)) WITHOUT ROWID;
"""


class UploadMemory:
    """The database at *path*; a file that is not such a database is replaced by an empty one. Thread-safe."""

    def __init__(self, path: Path) -> None:
        make_private_folder(path.parent)
        path.touch(mode=0o600)
        self._lock = threading.Lock()
        self._database = _open(path)
        self._database.execute("PRAGMA secure_delete = ON")  # paths have titles, which a redaction removes

    def close(self) -> None:
        """Save everything and close the database."""
        with self._lock:
            self._database.commit()
            self._database.close()

    def save(self) -> None:
        """Save what was noted since the last time."""
        with self._lock:
            self._database.commit()

    def files(self, prefix: str) -> dict[str, tuple[str, str]]:
        """Return SHA-256 and ETag of the uploaded files whose paths begin with *prefix*, by path."""
        end = prefix[:-1] + chr(ord(prefix[-1]) + 1)
        rows = self._rows("SELECT path, sha256, etag FROM files WHERE path >= ? AND path < ?", prefix, end)
        return {path: (sha256, etag) for path, sha256, etag in rows}

    def file(self, path: str) -> tuple[str, str] | None:
        """Return SHA-256 and ETag of an uploaded file."""
        rows = self._rows("SELECT sha256, etag FROM files WHERE path = ?", path)
        return (rows[0][0], rows[0][1]) if rows else None

    def iter_other_paths(self) -> Iterator[str]:
        """Yield the paths of uploaded files that are no payload."""
        yield from (path for (path,) in self._rows("SELECT path FROM files WHERE path NOT GLOB '*/data/*'"))

    def note_file(self, path: str, sha256: str, etag: str) -> None:
        """Note a file in the store. An empty ETag: the head that is there lists it, and it was not looked at."""
        self._change("INSERT OR REPLACE INTO files VALUES (?, ?, ?)", path, sha256, etag)

    def forget_file(self, path: str) -> None:
        """Note that a file is not in the store any more."""
        self._change("DELETE FROM files WHERE path = ?", path)

    def find_upload(self, path: str, sha256: str, part_bytes: int) -> str | None:
        """Return the id of an upload in parts that began for this content."""
        rows = self._rows("SELECT upload, sha256, part_bytes FROM uploads WHERE path = ?", path)
        return str(rows[0][0]) if rows and rows[0][1:] == (sha256, part_bytes) else None

    def note_upload(self, path: str, sha256: str, part_bytes: int, upload: str) -> None:
        """Note that an upload in parts has begun."""
        self._change("INSERT OR REPLACE INTO uploads VALUES (?, ?, ?, ?)", path, sha256, upload, part_bytes)
        self.save()

    def forget_upload(self, path: str, upload: str) -> None:
        """Note that an upload in parts has ended."""
        self._change("DELETE FROM uploads WHERE path = ?", path)
        self._change("DELETE FROM parts WHERE upload = ?", upload)

    def parts(self, upload: str) -> dict[int, UploadedPart]:
        """Return the parts that were uploaded."""
        rows = self._rows("SELECT number, etag, sha256 FROM parts WHERE upload = ?", upload)
        return {number: UploadedPart(number, etag, sha256) for number, etag, sha256 in rows}

    def note_part(self, upload: str, part: UploadedPart) -> None:
        """Note an uploaded part."""
        self._change("INSERT OR REPLACE INTO parts VALUES (?, ?, ?, ?)", upload, part.number, part.etag, part.sha256)
        self.save()

    def _rows(self, query: str, *values: object) -> list[tuple[Any, ...]]:
        with self._lock:
            return self._database.execute(query, values).fetchall()

    def _change(self, query: str, *values: object) -> None:
        with self._lock:
            self._database.execute(query, values)


def _open(path: Path) -> sqlite3.Connection:
    database = sqlite3.connect(path, check_same_thread=False)
    try:
        if database.execute("PRAGMA user_version").fetchone() == (_VERSION,):
            return database
    except sqlite3.DatabaseError:
        pass
    database.close()
    path.unlink()
    path.touch(mode=0o600)
    database = sqlite3.connect(path, check_same_thread=False)
    database.executescript(f"{_TABLES} PRAGMA user_version = {_VERSION};")
    return database

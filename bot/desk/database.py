"""`desk.sqlite`: accounts, sessions and what people have not finished yet. The tables are the file format."""

import secrets
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

from bot.errors import BotError, SettingsError
from bot.files import prepare_private_file
from bot.migration import migrate

TABLES = (
    """\
CREATE TABLE accounts (
    id INTEGER PRIMARY KEY,
    name TEXT NOT NULL UNIQUE COLLATE NOCASE,
    password TEXT,                     -- argon2id hash; NULL for an account of single sign-on
    issuer TEXT,                       -- issuer and subject of single sign-on
    subject TEXT,
    zone TEXT,                         -- time zone; NULL: that of the workspace
    language TEXT,                     -- language of the pages; NULL: that of the browser
    has_keys INTEGER NOT NULL DEFAULT 1, -- whether keyboard shortcuts are on
    created TEXT NOT NULL,             -- time in ISO 8601, UTC
    signed_in TEXT,                    -- time of the last sign-in
    UNIQUE (issuer, subject)
);
CREATE TABLE roles (
    account INTEGER NOT NULL REFERENCES accounts ON DELETE CASCADE,
    workspace TEXT NOT NULL,           -- name of a workspace, or * for all
    role TEXT NOT NULL,                -- auditor, editor, maintainer or admin
    PRIMARY KEY (account, workspace)
);
CREATE TABLE sessions (
    digest TEXT PRIMARY KEY,           -- SHA-256 of the token; the token itself is only in the cookie
    account INTEGER REFERENCES accounts ON DELETE CASCADE, -- NULL: signed in by the link, without account
    began TEXT NOT NULL,
    seen TEXT NOT NULL,
    address TEXT NOT NULL,
    agent TEXT NOT NULL
);
CREATE TABLE carried (                 -- what was typed when a session had ended, until it is shown again
    id TEXT PRIMARY KEY,
    owner TEXT NOT NULL,               -- name of the person
    fields TEXT NOT NULL,              -- JSON list of name and value
    created TEXT NOT NULL
);
CREATE TABLE keys (name TEXT PRIMARY KEY, value TEXT NOT NULL);
""",
    """\
CREATE TABLE drafts (
    id INTEGER PRIMARY KEY,
    workspace TEXT NOT NULL,
    place TEXT NOT NULL,               -- the form: area and entry, such as news/new
    owner TEXT NOT NULL,               -- name of the person
    title TEXT NOT NULL,
    fields TEXT NOT NULL,              -- JSON object: name of a field -> value
    changed TEXT NOT NULL              -- time in ISO 8601, UTC
);
""",
    "",  # drafts are in `STATE/drafts`, with those of the commands; `earlier_drafts` moves the rows of the table
)
"""Script number N converts format N - 1 to format N; `PRAGMA user_version` is the format of a file."""
DATABASE_NAME = "desk.sqlite"
"""The name of the database in the state folder."""
_WAIT_SECONDS = 5


class DeskDatabase:
    """The database of the desk in one file that only its owner can read; safe to share between threads and processes.

    Raises `SettingsError` if the file cannot be made or used.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        try:
            prepare_private_file(path)
        except OSError as error:
            raise SettingsError(f"cannot be made: {error.strerror}", path=path) from error
        with self.connection() as connection:
            migrate(connection, TABLES, self._refuse)

    @contextmanager
    def connection(self) -> Iterator[sqlite3.Connection]:
        """Open a connection for one transaction; it is committed at the end, or rolled back after an error."""
        try:
            with closing(sqlite3.connect(self.path, timeout=_WAIT_SECONDS)) as connection, connection:
                connection.row_factory = sqlite3.Row
                connection.execute("PRAGMA foreign_keys = ON")
                yield connection
        except sqlite3.IntegrityError:
            raise
        except sqlite3.Error as error:
            raise BotError(f"{self.path}: the database of the desk cannot be used: {error}") from error

    def key(self, name: str) -> str:
        """Return a random secret that is made once and kept."""
        with self.connection() as connection:
            connection.execute("INSERT OR IGNORE INTO keys VALUES (?, ?)", (name, secrets.token_urlsafe(32)))
            (value,) = connection.execute("SELECT value FROM keys WHERE name = ?", (name,)).fetchone()
            return str(value)

    def _refuse(self, number: int) -> SettingsError:
        return SettingsError(
            f"has format {number}, written by a newer wikibot; this version reads {len(TABLES)} at most: update "
            "wikibot, or move the file away",
            path=self.path,
        )

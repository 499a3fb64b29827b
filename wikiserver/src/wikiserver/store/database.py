"""One SQLite connection shared by all threads, with one writer at a time and atomic transactions."""

import sqlite3
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

from wikiserver.store.schema import FIRST_CONTENT_ID, FIRST_SPACE_ID, NEW_COLUMNS, SCHEMA

Parameters = Sequence[object] | Mapping[str, object]
Row = sqlite3.Row


class Database:
    """Runs queries; all changes inside `transaction()` are atomic."""

    def __init__(self, path: Path | None = None) -> None:
        """Open the file *path*, or a database in memory; create the tables of a new database."""
        self._lock = threading.RLock()
        self._depth = 0
        self._connection = sqlite3.connect(path or ":memory:", isolation_level=None, check_same_thread=False)
        self._connection.row_factory = sqlite3.Row
        self._connection.execute("PRAGMA foreign_keys = ON")
        if path is not None:
            self._connection.execute("PRAGMA journal_mode = WAL")
            self._connection.execute("PRAGMA synchronous = NORMAL")
        if not self.rows("SELECT 1 FROM sqlite_master WHERE name = 'content'"):
            self._create()
        else:
            self._add_new_tables()
            self._add_new_columns()

    def _add_new_columns(self) -> None:
        """Add the columns that a database file of an earlier version lacks."""
        for table, column, definition in NEW_COLUMNS:
            if not self.rows("SELECT 1 FROM pragma_table_info(?) WHERE name = ?", (table, column)):
                self.execute(f"ALTER TABLE {table} ADD COLUMN {column} {definition}")

    def _create(self) -> None:
        with self.transaction():
            for statement in SCHEMA.split(";\n"):
                self._connection.execute(statement)
            self._connection.executemany(
                "INSERT INTO sqlite_sequence (name, seq) VALUES (?, ?)",
                [("content", FIRST_CONTENT_ID - 1), ("spaces", FIRST_SPACE_ID - 1)],
            )

    def _add_new_tables(self) -> None:
        """Add the tables that did not exist when the file was created."""
        with self.transaction():
            for statement in SCHEMA.split(";\n"):
                for kind in ("TABLE", "INDEX"):
                    statement = statement.replace(f"CREATE {kind} ", f"CREATE {kind} IF NOT EXISTS ")
                self._connection.execute(statement)

    def back_up(self) -> Callable[[], None]:
        """Copy the database in memory; the returned function puts the copy back, and ids are given out again."""
        copy = sqlite3.connect(":memory:", check_same_thread=False)

        def restore() -> None:
            with self._lock:
                copy.backup(self._connection)

        with self._lock:
            self._connection.backup(copy)
        return restore

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """Lock the database for one transaction; nested calls join the outer transaction."""
        with self._lock:
            if self._depth:
                yield
                return
            self._connection.execute("BEGIN IMMEDIATE")
            self._depth = 1
            try:
                yield
            except BaseException:
                self._connection.execute("ROLLBACK")
                raise
            else:
                self._connection.execute("COMMIT")
            finally:
                self._depth = 0

    def rows(self, statement: str, parameters: Parameters = ()) -> list[Row]:
        """Return all rows of a query."""
        with self._lock:
            return self._connection.execute(statement, parameters).fetchall()

    def row(self, statement: str, parameters: Parameters = ()) -> Row | None:
        """Return the first row of a query, or None."""
        with self._lock:
            found: Row | None = self._connection.execute(statement, parameters).fetchone()
            return found

    def value(self, statement: str, parameters: Parameters = ()) -> int:
        """Return the single number in the result of a query."""
        found = self.row(statement, parameters)
        return int(found[0]) if found is not None and found[0] is not None else 0

    def execute(self, statement: str, parameters: Parameters = ()) -> int:
        """Execute a statement that changes rows; return the number of changed rows."""
        with self.transaction():
            return self._connection.execute(statement, parameters).rowcount

    def execute_many(self, statement: str, parameters: Sequence[Sequence[object]]) -> None:
        """Execute a statement for many rows."""
        with self.transaction():
            self._connection.executemany(statement, parameters)

    def insert(self, statement: str, parameters: Parameters = ()) -> int:
        """Insert one row; return its id."""
        with self.transaction():
            return int(self._connection.execute(statement, parameters).lastrowid or 0)

    def close(self) -> None:
        """Close the connection; a database file preserves all commits."""
        with self._lock:
            self._connection.close()


def placeholders(values: Sequence[object]) -> str:
    """Return as many question marks as there are *values*, for `IN (…)`."""
    return ",".join("?" * len(values))

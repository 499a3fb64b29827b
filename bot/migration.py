"""The format of a file of SQLite: script number N converts format N - 1 to N; `PRAGMA user_version` is the format."""

import sqlite3
from collections.abc import Callable, Iterator, Sequence


def migrate(connection: sqlite3.Connection, scripts: Sequence[str], refuse: Callable[[int], Exception]) -> None:
    """Migrate the file to the newest format in one transaction, as several processes can open it at once.

    The caller commits. Raises what *refuse* returns for the number of a newer format, and `sqlite3.Error`.
    """
    if _read_format(connection, scripts, refuse) == len(scripts):
        return
    connection.execute("BEGIN IMMEDIATE")
    for script in scripts[_read_format(connection, scripts, refuse) :]:  # another process may have been faster
        for statement in _split_statements(script):  # `executescript` would end the transaction first
            connection.execute(statement)
    connection.execute(f"PRAGMA user_version = {len(scripts)}")


def _read_format(connection: sqlite3.Connection, scripts: Sequence[str], refuse: Callable[[int], Exception]) -> int:
    (number,) = connection.execute("PRAGMA user_version").fetchone()
    if number > len(scripts):
        raise refuse(number)
    return int(number)


def _split_statements(script: str) -> Iterator[str]:
    statement = ""
    for line in script.splitlines(keepends=True):
        statement += line
        if sqlite3.complete_statement(statement):
            yield statement
            statement = ""

"""Which runs have an event about a page: an index of the log, so that the history of a page reads a few files only."""

import sqlite3

from bot.snapshot.archive.library import Library

SCHEMA = ("CREATE TABLE page_runs (page TEXT, run INTEGER, PRIMARY KEY (page, run)) WITHOUT ROWID",)
"""Table of this module; *page* is the id as the log has it."""
_NEWEST = "log"


def note_runs(database: sqlite3.Connection, library: Library) -> None:
    """Index the runs since the last update; all of them if the head of that time is not in the chain."""
    known = database.execute("SELECT value FROM meta WHERE name = ?", (_NEWEST,)).fetchone()
    fresh = []
    for head, digest in library.iter_heads():
        if known == (digest,):
            break
        fresh.append(head)
    else:
        database.execute("DELETE FROM page_runs")
    for head in fresh:
        rows = {(page, head.sequence) for logged in library.load_events(head) for page in logged.event.objects}
        database.executemany("INSERT OR IGNORE INTO page_runs VALUES (?, ?)", rows)
    database.execute("INSERT OR REPLACE INTO meta VALUES (?, ?)", (_NEWEST, library.head_digest))


def runs_about(database: sqlite3.Connection, page: str) -> list[int]:
    """Return the runs with an event about a page, the oldest first; *page* is the id as the log has it."""
    found = database.execute("SELECT run FROM page_runs WHERE page = ? ORDER BY run", (page,))
    return [run for (run,) in found]

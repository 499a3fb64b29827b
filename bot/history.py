"""`runs.db`: run records of the scheduled jobs, in SQLite. The tables are the file format; `Run` is a row in memory."""

import json
import sqlite3
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from enum import StrEnum
from pathlib import Path

from bot.current_run import RunPage
from bot.errors import HistoryError
from bot.files import prepare_private_file
from bot.log import logger
from bot.migration import migrate

MIGRATIONS = (
    """\
CREATE TABLE IF NOT EXISTS runs (
    id INTEGER PRIMARY KEY,
    job TEXT NOT NULL,                 -- name of the job
    started TEXT NOT NULL,             -- time in ISO 8601, UTC
    finished TEXT,                     -- time in ISO 8601, UTC; NULL while the run goes on
    outcome TEXT,                      -- success, attention, failed, stopped or interrupted; NULL while the run goes on
    counts TEXT NOT NULL DEFAULT '{}', -- JSON object: name -> number
    message TEXT NOT NULL DEFAULT ''   -- why the run failed or stopped
);
CREATE INDEX IF NOT EXISTS runs_by_job ON runs (job, started);
""",
    """\
CREATE TABLE log_lines (
    run INTEGER NOT NULL,              -- id of the run
    number INTEGER NOT NULL,           -- position in the log of the run, from 1
    at TEXT NOT NULL,                  -- time in ISO 8601, UTC
    level TEXT NOT NULL,               -- INFO, WARNING, ERROR or CRITICAL
    text TEXT NOT NULL,                -- the message, without secrets
    PRIMARY KEY (run, number)
) WITHOUT ROWID;
CREATE TABLE requests (
    job TEXT PRIMARY KEY,              -- name of a job that a person wants to run now
    who TEXT NOT NULL,                 -- who asked for it
    at TEXT NOT NULL                   -- time in ISO 8601, UTC
) WITHOUT ROWID;
""",
    """\
CREATE TABLE pages (
    run INTEGER NOT NULL,              -- id of the run
    number INTEGER NOT NULL,           -- position among the pages of the run, from 1
    id TEXT NOT NULL,                  -- id of the page; for other things, such as a space, what names them
    title TEXT NOT NULL,
    result TEXT NOT NULL,              -- such as written, skipped, failed, drifted, captured
    workspace TEXT NOT NULL,           -- name of the workspace; empty if the run is about all
    version INTEGER,                   -- the version that the run wrote or captured
    regions TEXT NOT NULL,             -- JSON array of names
    reasons TEXT NOT NULL,             -- JSON array of texts
    PRIMARY KEY (run, number)
) WITHOUT ROWID;
""",
    """\
ALTER TABLE runs ADD COLUMN waiting INTEGER; -- how many matters waited for a person; NULL if it is not known
""",
)
"""Script number N converts format N - 1 to format N; `PRAGMA user_version` is the format of a file."""
REQUESTS_FOR = "requests for "
"""The beginning of the names of counts that are shares of another count, the requests."""
_COLUMNS = "id, job, started, finished, outcome, counts, message, waiting"
_KEPT_RUNS_PER_JOB = 1_000
_COUNTED_FAILURES = 10
_FORGET_OLD = """
DELETE FROM runs WHERE job = ? AND id NOT IN (SELECT id FROM runs WHERE job = ? ORDER BY id DESC LIMIT ?)
    AND id IS NOT (SELECT max(id) FROM runs WHERE job = ? AND outcome = 'success')
"""
_FORGET_DETAILS = (
    "DELETE FROM log_lines WHERE run NOT IN (SELECT id FROM runs)",
    "DELETE FROM pages WHERE run NOT IN (SELECT id FROM runs)",
)
_DAMAGED = ("file is not a database", "malformed", "no such column", "encrypted")


class RunOutcome(StrEnum):
    """How a run ended."""

    SUCCESS = "success"
    ATTENTION = "attention"
    """Everything was tried, and something waits for a person."""
    FAILED = "failed"
    STOPPED = "stopped"
    INTERRUPTED = "interrupted"


@dataclass(frozen=True, slots=True)
class Run:
    """One run of a job; *finished* and *outcome* are None while the run continues.

    *waiting* is how many matters waited for a person; None in a run that did not get so far, and in older records.
    """

    id: int
    job: str
    started: datetime
    finished: datetime | None = None
    outcome: RunOutcome | None = None
    counts: Mapping[str, int] = field(default_factory=dict)
    message: str = ""
    waiting: int | None = None

    def describe_counts(self) -> str:
        """Return the counts in one line, without their shares."""
        return ", ".join(f"{n} {what}" for what, n in self.counts.items() if not what.startswith(REQUESTS_FOR))

    def describe_requests(self) -> str:
        """Return what the requests were for, in one line; empty if there were none."""
        shares = {what: n for what, n in self.counts.items() if what.startswith(REQUESTS_FOR)}
        return ", ".join(f"{n} for {what.removeprefix(REQUESTS_FOR)}" for what, n in shares.items())


@dataclass(frozen=True, slots=True)
class LogLine:
    """One line of the log of a run."""

    at: datetime
    level: str
    text: str


@dataclass(frozen=True, slots=True)
class JobRequest:
    """A person wants a job to run now."""

    job: str
    who: str
    at: datetime


@dataclass(frozen=True, slots=True)
class JobResult:
    """What a job did: counts for its run record, and what waits for a person, with page, region and reason.

    *notes* are for the run record too: what the job took from people.
    """

    counts: Mapping[str, int] = field(default_factory=dict)
    attention: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()


class RunHistory:
    """The run records in one file; safe to share between threads and processes.

    A damaged file is renamed, with a warning, and replaced by a new file: people use the records, but no run depends
    on them. Every other problem (disk full, no permission) raises `HistoryError`.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._open_or_replace()

    def begin(self, job: str, *, at: datetime) -> int:
        """Record the start of a run; returns the id of the run."""
        with self._connection() as connection:
            row = connection.execute("INSERT INTO runs (job, started) VALUES (?, ?)", (job, _text(at)))
            if connection.execute(_FORGET_OLD, (job, job, _KEPT_RUNS_PER_JOB, job)).rowcount:
                for statement in _FORGET_DETAILS:
                    connection.execute(statement)
            return int(row.lastrowid or 0)

    def end(
        self,
        run_id: int,
        outcome: RunOutcome,
        *,
        at: datetime,
        counts: Mapping[str, int] | None = None,
        message: str = "",
        waiting: int | None = None,
        pages: Sequence[RunPage] = (),
    ) -> None:
        """Record the end of a run, how many matters are *waiting* for a person, and what it did about *pages*."""
        values = (_text(at), outcome.value, json.dumps(dict(counts or {})), _encodable(message), waiting, run_id)
        with self._connection() as connection:
            connection.execute(
                "UPDATE runs SET finished = ?, outcome = ?, counts = ?, message = ?, waiting = ? WHERE id = ?", values
            )
            connection.executemany(
                "INSERT INTO pages VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
                [_page_row(run_id, number, page) for number, page in enumerate(pages, start=1)],
            )

    def log(self, run_id: int, lines: Sequence[LogLine]) -> None:
        """Append *lines* to the log of a run."""
        with self._connection() as connection:
            (last,) = connection.execute("SELECT max(number) FROM log_lines WHERE run = ?", (run_id,)).fetchone()
            rows = [
                (run_id, number, _text(line.at), line.level, _encodable(line.text))
                for number, line in enumerate(lines, start=(last or 0) + 1)
            ]
            connection.executemany("INSERT INTO log_lines VALUES (?, ?, ?, ?, ?)", rows)

    def log_of(self, run_id: int) -> list[LogLine]:
        """Return the log of a run, oldest line first."""
        query = "SELECT at, level, text FROM log_lines WHERE run = ? ORDER BY number"
        with self._connection() as connection:
            return [
                LogLine(datetime.fromisoformat(at), level, text)
                for at, level, text in connection.execute(query, (run_id,))
            ]

    def pages_of(self, run_id: int) -> list[RunPage]:
        """Return what a run did about pages, in the order in which it did it."""
        query = (
            "SELECT id, title, result, workspace, version, regions, reasons FROM pages WHERE run = ? ORDER BY number"
        )
        with self._connection() as connection:
            return [_run_page(row) for row in connection.execute(query, (run_id,))]

    def redact(self, page_id: str, title: str, has_traces: Callable[[str], bool]) -> None:
        """Give a page another title, and replace each text that has traces of the page; nothing is left in the file."""
        gone = f"removed, because it was about: {title}"

        def cleaned(text: str) -> str:
            return gone if has_traces(text) else text

        def cleaned_list(text: str) -> str:
            return json.dumps([gone]) if has_traces(text) else text

        with self._connection() as connection:
            connection.create_function("cleaned", 1, cleaned)
            connection.create_function("cleaned_list", 1, cleaned_list)
            connection.execute("UPDATE pages SET title = ? WHERE id = ?", (title, page_id))
            connection.execute("UPDATE pages SET title = cleaned(title), reasons = cleaned_list(reasons)")
            connection.execute("UPDATE runs SET message = cleaned(message)")
            connection.execute("UPDATE log_lines SET text = cleaned(text)")
        try:
            with closing(sqlite3.connect(self._path, timeout=5)) as connection:
                connection.execute("VACUUM")  # otherwise the file keeps what was replaced
        except sqlite3.Error as error:
            raise HistoryError(f"{self._path}: the file of the run records cannot be compacted: {error}") from error

    def find(self, run_id: int) -> Run | None:
        """Return the run with that id."""
        return self._first("WHERE id = ?", (run_id,))

    def ask_for(self, request: JobRequest) -> None:
        """Ask the bot that runs the jobs to run one now."""
        values = (request.job, request.who, _text(request.at))
        with self._connection() as connection:
            connection.execute("INSERT OR REPLACE INTO requests VALUES (?, ?, ?)", values)

    def take_requests(self) -> list[JobRequest]:
        """Return the jobs that people want to run now, and forget that they do."""
        with self._connection() as connection:
            rows = connection.execute("SELECT job, who, at FROM requests ORDER BY at").fetchall()
            if rows:
                connection.execute("DELETE FROM requests")
        return [JobRequest(job, who, datetime.fromisoformat(at)) for job, who, at in rows]

    def close_interrupted(self, *, at: datetime) -> int:
        """Mark unfinished runs of dead processes as interrupted; returns their number. Requires the lock."""
        with self._connection() as connection:
            query = "UPDATE runs SET finished = ?, outcome = ?, message = ? WHERE finished IS NULL"
            return connection.execute(query, (_text(at), RunOutcome.INTERRUPTED.value, "the process ended")).rowcount

    def last_run(self, job: str) -> Run | None:
        """Return the newest run of a job, finished or not."""
        return self._first("WHERE job = ? ORDER BY id DESC", (job,))

    def first_run(self) -> Run | None:
        """Return the oldest run of any job that is still recorded."""
        return self._first("ORDER BY id", ())

    def last_run_of_kind(self, kind: str) -> Run | None:
        """Return the newest run of the job *kind*, with any cadence: a job with two cadences has two names."""
        return self._first("WHERE job = ? OR job LIKE ? ORDER BY id DESC", (kind, f"{kind} (%"))

    def count_failures(self, job: str) -> int:
        """Return the number of runs that failed or were interrupted since the last run that ended as it should."""
        failures = 0
        for run in self.recent(limit=_COUNTED_FAILURES, job=job):
            if run.outcome not in (RunOutcome.FAILED, RunOutcome.INTERRUPTED):
                break
            failures += 1
        return failures

    def last_success(self, job: str) -> Run | None:
        """Return the newest successful run of a job, of any age."""
        return self._first("WHERE job = ? AND outcome = 'success' ORDER BY id DESC", (job,))

    def recent(self, *, limit: int = 50, job: str | None = None, before: int | None = None) -> list[Run]:
        """Return the newest runs of one job or of all jobs, newest first; with *before* those with a lower id."""
        conditions = {"job = ?": job, "id < ?": before}
        given = {condition: value for condition, value in conditions.items() if value is not None}
        where = f"WHERE {' AND '.join(given)} " if given else ""
        return self._select(f"{where}ORDER BY id DESC", tuple(given.values()), limit)

    def _first(self, clause: str, values: tuple[str | int, ...]) -> Run | None:
        return next(iter(self._select(clause, values, 1)), None)

    def _select(self, clause: str, values: tuple[str | int, ...], limit: int) -> list[Run]:
        query = f"SELECT {_COLUMNS} FROM runs {clause} LIMIT ?"  # noqa: S608 -- clauses are ours
        with self._connection() as connection:
            return [_run(row) for row in connection.execute(query, (*values, limit))]

    @contextmanager
    def _connection(self) -> Iterator[sqlite3.Connection]:
        try:
            with closing(sqlite3.connect(self._path, timeout=5)) as connection, connection:
                yield connection
        except (sqlite3.Error, OverflowError) as error:  # a wiki can send a number that is too large for SQLite
            raise HistoryError(f"{self._path}: the run records cannot be used: {error}") from error

    def _open_or_replace(self) -> None:
        try:
            prepare_private_file(self._path)
        except OSError as error:
            raise HistoryError(f"{self._path}: cannot be made: {error.strerror}") from error
        try:
            self._check()
        except HistoryError as error:
            if not any(word in str(error) for word in _DAMAGED):
                raise
            aside = self._path.with_name(f"{self._path.name}.damaged-{datetime.now(UTC):%Y%m%dT%H%M%SZ}")
            self._path.rename(aside)
            logger.warning("the run records were damaged; they were moved to {}, and new records were started", aside)
            self._check()

    def _check(self) -> None:
        with self._connection() as connection:
            migrate(connection, MIGRATIONS, self._refuse)
            (state,) = connection.execute("PRAGMA quick_check(1)").fetchone()
            if state != "ok":
                raise sqlite3.DatabaseError(f"malformed: {state}")
            connection.execute(f"SELECT {_COLUMNS} FROM runs LIMIT 1")  # noqa: S608 -- they are ours

    def _refuse(self, number: int) -> HistoryError:
        return HistoryError(
            f"{self._path}: the run records have format {number}, written by a newer wikibot; "
            f"this version reads {len(MIGRATIONS)} at most: update wikibot, or move the file away"
        )


class LostRunHistory(RunHistory):
    """Run records that could not be opened, as on a full disk: empty, and recording fails, until they can be opened."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def _select(self, clause: str, values: tuple[str | int, ...], limit: int) -> list[Run]:
        try:
            return super()._select(clause, values, limit)
        except HistoryError:
            return []

    def take_requests(self) -> list[JobRequest]:
        try:
            return super().take_requests()
        except HistoryError:
            return []

    @contextmanager
    def _connection(self) -> Iterator[sqlite3.Connection]:
        with RunHistory(self._path)._connection() as connection:  # noqa: SLF001 -- the same class
            yield connection


def open_history(path: Path) -> RunHistory:
    """Open the run records; a disk that does not allow it must not stop the update of the wiki."""
    try:
        return RunHistory(path)
    except HistoryError as error:
        if not isinstance(error.__cause__, sqlite3.OperationalError | OSError):
            raise
        return LostRunHistory(path)


def _run(row: tuple[int, str, str, str | None, str | None, str, str, int | None]) -> Run:
    run_id, job, started, finished, outcome, counts, message, waiting = row
    return Run(
        run_id,
        job,
        datetime.fromisoformat(started),
        datetime.fromisoformat(finished) if finished else None,
        RunOutcome(outcome) if outcome else None,
        json.loads(counts),
        message,
        waiting,
    )


def _run_page(row: tuple[str, str, str, str, int | None, str, str]) -> RunPage:
    page_id, title, result, workspace, version, regions, reasons = row
    lists = tuple(json.loads(regions)), tuple(json.loads(reasons))
    return RunPage(page_id, title, result, workspace, version, *lists)


def _page_row(run_id: int, number: int, page: RunPage) -> tuple[object, ...]:
    texts = (json.dumps(page.regions), json.dumps(page.reasons))
    names = map(_encodable, (page.id, page.title, page.result, page.workspace))
    return (run_id, number, *names, page.version, *texts)


def _encodable(text: str) -> str:
    """Return *text* with lone surrogates as hexadecimal code points: a title can have some, as JSON allows them."""
    return text.encode("utf-8", "backslashreplace").decode()


def _text(moment: datetime) -> str:
    return moment.astimezone(UTC).isoformat()

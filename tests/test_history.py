import sqlite3
import threading
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from bot.current_run import RunPage
from bot.errors import HistoryError
from bot.history import MIGRATIONS, JobRequest, LogLine, Run, RunHistory, RunOutcome

NOON = datetime(2026, 1, 2, 12, tzinfo=UTC)


def test_records_survive_a_restart(tmp_path: Path) -> None:
    history = RunHistory(tmp_path / "runs.db")
    run_id = history.begin("sync", at=NOON)
    history.end(run_id, RunOutcome.SUCCESS, at=NOON + timedelta(seconds=3), counts={"written": 2})

    (run,) = RunHistory(tmp_path / "runs.db").recent()

    assert (run.job, run.started, run.finished) == ("sync", NOON, NOON + timedelta(seconds=3))
    assert (run.outcome, run.counts) == (RunOutcome.SUCCESS, {"written": 2})


def test_last_success_is_found_behind_later_failures(tmp_path: Path) -> None:
    history = RunHistory(tmp_path / "runs.db")
    history.end(history.begin("sync", at=NOON), RunOutcome.SUCCESS, at=NOON)
    history.end(history.begin("sync", at=NOON + timedelta(hours=1)), RunOutcome.FAILED, at=NOON, message="no wiki")

    last, success = history.last_run("sync"), history.last_success("sync")

    assert last is not None
    assert (last.outcome, last.message) == (RunOutcome.FAILED, "no wiki")
    assert success is not None
    assert success.started == NOON
    assert history.last_run("snapshot") is None


def test_old_runs_are_forgotten_but_the_last_success_stays(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("bot.history._KEPT_RUNS_PER_JOB", 3)
    history = RunHistory(tmp_path / "runs.db")
    history.end(history.begin("sync", at=NOON), RunOutcome.SUCCESS, at=NOON)
    for hour in range(1, 10):
        moment = NOON + timedelta(hours=hour)
        history.end(history.begin("sync", at=moment), RunOutcome.FAILED, at=moment)

    assert len(history.recent(job="sync")) == 4
    assert history.last_success("sync") is not None


def test_run_of_a_dead_process_is_closed_as_interrupted(tmp_path: Path) -> None:
    RunHistory(tmp_path / "runs.db").begin("sync", at=NOON)

    history = RunHistory(tmp_path / "runs.db")
    closed = history.close_interrupted(at=NOON)

    assert closed == 1
    assert [run.outcome for run in history.recent()] == [RunOutcome.INTERRUPTED]


def test_the_log_of_a_run_is_kept_and_forgotten_with_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("bot.history._KEPT_RUNS_PER_JOB", 1)
    history = RunHistory(tmp_path / "runs.db")
    first = history.begin("sync", at=NOON)
    lines = [LogLine(NOON, "INFO", "wrote 1 page"), LogLine(NOON, "WARNING", "one region waits")]
    history.log(first, lines[:1])
    history.log(first, lines[1:])
    assert history.log_of(first) == lines

    history.end(first, RunOutcome.ATTENTION, at=NOON)
    history.begin("sync", at=NOON + timedelta(hours=1))
    history.begin("sync", at=NOON + timedelta(hours=2))

    assert history.find(first) is None
    assert history.log_of(first) == []


def test_texts_that_no_encoding_has_are_recorded(tmp_path: Path) -> None:
    history = RunHistory(tmp_path / "runs.db")
    run_id = history.begin("sync", at=NOON)

    history.log(run_id, [LogLine(NOON, "INFO", "read A\ud800")])
    history.end(
        run_id, RunOutcome.SUCCESS, at=NOON, message="wrote A\ud800", pages=[RunPage("1", "A\ud800", "written")]
    )

    (run,), (page,), (line,) = history.recent(), history.pages_of(run_id), history.log_of(run_id)
    assert (run.message, page.title, line.text) == ("wrote A\\ud800", "A\\ud800", "read A\\ud800")


def test_a_number_that_is_too_large_to_be_recorded_says_so(tmp_path: Path) -> None:
    history = RunHistory(tmp_path / "runs.db")
    run_id = history.begin("sync", at=NOON)

    with pytest.raises(HistoryError, match="too large"):
        history.end(run_id, RunOutcome.SUCCESS, at=NOON, pages=[RunPage("1", "A", "written", version=2**70)])


def test_two_processes_can_migrate_the_records_at_once(tmp_path: Path) -> None:
    path = tmp_path / "runs.db"
    made: list[RunHistory] = []
    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        connection.execute("BEGIN IMMEDIATE")
        other = threading.Thread(target=lambda: made.append(RunHistory(path)))
        other.start()
        other.join(0.3)  # it reads the format, and waits for the lock
        for script in MIGRATIONS:
            for statement in script.split(";\n"):
                connection.execute(statement)
        connection.execute(f"PRAGMA user_version = {len(MIGRATIONS)}")
        connection.execute("COMMIT")
    other.join()

    assert [history.recent() for history in made] == [[]]


def test_a_request_is_taken_once(tmp_path: Path) -> None:
    request = JobRequest("sync", "li", NOON)
    RunHistory(tmp_path / "runs.db").ask_for(request)

    history = RunHistory(tmp_path / "runs.db")

    assert history.take_requests() == [request]
    assert history.take_requests() == []


def _truncated(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:5000])


def _garbage(path: Path) -> None:
    path.write_bytes(b"these are no records" * 100)


def _foreign(path: Path) -> None:
    path.unlink()
    connection = sqlite3.connect(path)
    connection.execute("CREATE TABLE runs (something_else TEXT)")
    connection.close()


@pytest.mark.parametrize("damage", [_truncated, _garbage, _foreign])
def test_damaged_records_are_put_aside_and_begun_anew(tmp_path: Path, damage: object) -> None:
    path = tmp_path / "runs.db"
    RunHistory(path).begin("sync", at=NOON)
    assert callable(damage)
    damage(path)
    damaged = path.read_bytes()

    history = RunHistory(path)

    assert history.recent() == []
    (aside,) = tmp_path.glob("runs.db.damaged-*")
    assert aside.read_bytes() == damaged


def test_records_that_cannot_be_opened_say_so(tmp_path: Path) -> None:
    (tmp_path / "runs.db").mkdir()

    with pytest.raises(HistoryError, match=r"runs\.db"):
        RunHistory(tmp_path / "runs.db")


def test_the_format_of_the_records_is_stated_in_the_file(tmp_path: Path) -> None:
    RunHistory(tmp_path / "runs.db").begin("sync", at=NOON)

    with closing(sqlite3.connect(tmp_path / "runs.db")) as database:
        assert database.execute("PRAGMA user_version").fetchone() == (len(MIGRATIONS),)


def test_records_of_an_older_format_are_migrated_and_stay(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    RunHistory(tmp_path / "runs.db").begin("sync", at=NOON)
    monkeypatch.setattr("bot.history.MIGRATIONS", (*MIGRATIONS, "ALTER TABLE runs ADD COLUMN host TEXT;\n"))

    history = RunHistory(tmp_path / "runs.db")

    assert [run.job for run in history.recent()] == ["sync"]
    with closing(sqlite3.connect(tmp_path / "runs.db")) as database:
        assert database.execute("PRAGMA user_version").fetchone() == (len(MIGRATIONS) + 1,)
        assert database.execute("SELECT host FROM runs").fetchall() == [(None,)]


@pytest.mark.parametrize("format_", range(1, len(MIGRATIONS)))
def test_records_of_each_earlier_version_are_read_and_go_on(tmp_path: Path, format_: int) -> None:
    path = tmp_path / "runs.db"
    with closing(sqlite3.connect(path)) as database:
        for script in MIGRATIONS[:format_]:
            database.executescript(script)
        values = (7, "sync", "2026-01-02T12:00:00+00:00", "2026-01-02T12:00:03+00:00", "success", '{"written": 1}', "")
        database.execute("INSERT INTO runs VALUES (?, ?, ?, ?, ?, ?, ?)", values)
        if format_ > 1:
            database.execute("INSERT INTO log_lines VALUES (7, 1, '2026-01-02T12:00:01+00:00', 'INFO', 'wrote 1 page')")
        database.execute(f"PRAGMA user_version = {format_}")
        database.commit()

    history = RunHistory(path)
    following = history.begin("sync", at=NOON)
    pages = [RunPage("1", "Home", "written", reasons=("why",))]
    history.end(following, RunOutcome.ATTENTION, at=NOON, waiting=3, pages=pages)

    assert following == 8
    assert history.find(7) == Run(7, "sync", NOON, NOON + timedelta(seconds=3), RunOutcome.SUCCESS, {"written": 1})
    assert [line.text for line in history.log_of(7)] == ["wrote 1 page"] * (format_ > 1)
    assert (history.pages_of(7), len(history.pages_of(8))) == ([], 1)
    assert [run.waiting for run in history.recent()] == [3, None]


def test_records_of_a_newer_version_are_refused_and_stay(tmp_path: Path) -> None:
    path = tmp_path / "runs.db"
    RunHistory(path).begin("sync", at=NOON)
    with closing(sqlite3.connect(path)) as database:
        database.execute(f"PRAGMA user_version = {len(MIGRATIONS) + 1}")
    before = path.read_bytes()

    with pytest.raises(
        HistoryError, match=rf"runs\.db: the run records have format {len(MIGRATIONS) + 1}, written by a newer wikibot"
    ):
        RunHistory(path)

    assert path.read_bytes() == before
    assert list(tmp_path.glob("*damaged*")) == []


def test_a_redaction_leaves_nothing_of_a_page_in_the_file(tmp_path: Path) -> None:
    history, title, reason = RunHistory(tmp_path / "runs.db"), "Zebra plan", "the zebra leaves"
    pages = (RunPage("7", title, "captured"), RunPage("8", "Other", "failed", reasons=(f"it includes {title}", "late")))
    run_id = history.begin("snapshot", at=NOON)
    history.log(run_id, [LogLine(NOON, "INFO", text) for text in (f"{title}: {reason}", "fine")])
    history.end(run_id, RunOutcome.ATTENTION, at=NOON, message=f"1 problem: {title}", pages=pages)
    assert title.encode() in (tmp_path / "runs.db").read_bytes()

    history.redact("7", "Redacted page 7", lambda text: title in text)

    assert all(word.encode() not in (tmp_path / "runs.db").read_bytes() for word in (title, reason))
    assert [(page.id, page.title, page.result) for page in history.pages_of(run_id)] == [
        ("7", "Redacted page 7", "captured"),
        ("8", "Other", "failed"),
    ]
    assert history.pages_of(run_id)[1].reasons == ("removed, because it was about: Redacted page 7",)
    assert [line.text for line in history.log_of(run_id)][1] == "fine"

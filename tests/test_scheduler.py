import threading
import time
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta, tzinfo
from itertools import pairwise
from pathlib import Path
from typing import Self

import pytest

from bot.config.policy import JobSettings
from bot.errors import ContentError, EvidenceError, SettingsError, StoppedError, WikiUnreachableError
from bot.history import JobRequest, JobResult, RunHistory, RunOutcome
from bot.log import logger, redact
from bot.scheduler import JobFunction, JobScheduler, NextMoment

NOON = datetime(2026, 1, 2, 12, tzinfo=UTC)
SYNC = JobSettings(run="sync", every="10 minutes")


class Clock:
    """A clock that changes only when it is moved."""

    def __init__(self) -> None:
        self.now = NOON

    def __call__(self) -> datetime:
        return self.now

    def move(self, **by: float) -> None:
        self.now += timedelta(**by)


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def history(tmp_path: Path) -> RunHistory:
    return RunHistory(tmp_path / "runs.db")


def make(
    history: RunHistory,
    clock: Clock,
    functions: Mapping[str, JobFunction],
    *specs: JobSettings,
    next_moments: Mapping[str, NextMoment] | None = None,
) -> JobScheduler:
    return JobScheduler(
        specs or (SYNC,),
        functions,
        history,
        next_moments=next_moments,
        now=clock,
        tick_seconds=0.001,
        grace_seconds=0.05,
    )


def counting(clock: Clock, runs: list[datetime]) -> JobFunction:
    def job(_is_stopping: Callable[[], bool]) -> JobResult:
        runs.append(clock())
        return JobResult({"written": len(runs)})

    return job


def due_again(scheduler: JobScheduler) -> None:
    """Let the scheduler look at the clock once, as its loop does."""
    scheduler.run_due()


def test_job_that_never_ran_runs_at_once_and_then_by_its_cadence(history: RunHistory, clock: Clock) -> None:
    runs: list[datetime] = []
    scheduler = make(history, clock, {"sync": counting(clock, runs)})

    due_again(scheduler)
    due_again(scheduler)
    clock.move(minutes=9)
    due_again(scheduler)
    clock.move(minutes=1)
    due_again(scheduler)

    assert runs == [NOON, NOON + timedelta(minutes=10)]
    assert scheduler.next_due == NOON + timedelta(minutes=20)


def test_runs_missed_while_down_are_made_up_for_once(history: RunHistory, clock: Clock) -> None:
    runs: list[datetime] = []
    due_again(make(history, clock, {"sync": counting(clock, runs)}))
    clock.move(hours=5, minutes=3)

    scheduler = make(history, clock, {"sync": counting(clock, runs)})
    due_again(scheduler)
    due_again(scheduler)

    assert runs == [NOON, clock.now]
    assert scheduler.next_due == clock.now + timedelta(minutes=10)


def test_restart_remembers_the_last_start(history: RunHistory, clock: Clock) -> None:
    runs: list[datetime] = []
    due_again(make(history, clock, {"sync": counting(clock, runs)}))
    clock.move(minutes=4)

    scheduler = make(history, clock, {"sync": counting(clock, runs)})
    due_again(scheduler)

    assert runs == [NOON]
    assert scheduler.next_due == NOON + timedelta(minutes=10)


def test_daily_job_missed_at_night_runs_in_the_morning_and_then_at_its_time(history: RunHistory, clock: Clock) -> None:
    runs: list[datetime] = []
    spec = JobSettings(run="snapshot", every="day", at="02:30", timezone="UTC")
    history.begin("snapshot", at=NOON - timedelta(days=2))

    scheduler = make(history, clock, {"snapshot": counting(clock, runs)}, spec)
    due_again(scheduler)

    assert runs == [NOON]
    assert scheduler.next_due == datetime(2026, 1, 3, 2, 30, tzinfo=UTC)


def test_long_machine_sleep_does_not_storm(history: RunHistory, clock: Clock) -> None:
    runs: list[datetime] = []
    scheduler = make(history, clock, {"sync": counting(clock, runs)})
    due_again(scheduler)

    clock.move(days=3)
    for _ in range(5):
        due_again(scheduler)

    assert len(runs) == 2


def test_run_that_takes_longer_than_its_cadence_is_not_followed_at_once(history: RunHistory, clock: Clock) -> None:
    runs: list[datetime] = []

    def slow(_is_stopping: Callable[[], bool]) -> None:
        runs.append(clock())
        clock.move(minutes=25)

    scheduler = make(history, clock, {"sync": slow})
    due_again(scheduler)
    due_again(scheduler)

    assert runs == [NOON]
    assert scheduler.next_due == NOON + timedelta(minutes=30)


def test_clock_set_back_does_not_silence_the_job(history: RunHistory, clock: Clock) -> None:
    runs: list[datetime] = []
    scheduler = make(history, clock, {"sync": counting(clock, runs)})
    due_again(scheduler)

    clock.move(days=-30)
    due_again(scheduler)
    clock.move(minutes=10)
    due_again(scheduler)

    assert len(runs) == 2


@pytest.mark.parametrize(
    ("error", "outcome"),
    [
        (WikiUnreachableError("no wiki"), RunOutcome.FAILED),
        (StoppedError("stop label"), RunOutcome.STOPPED),
        (RuntimeError("a bug"), RunOutcome.FAILED),
        (SystemExit(3), RunOutcome.FAILED),
    ],
)
def test_failure_is_contained_recorded_and_run_again_in_time(
    history: RunHistory, clock: Clock, error: BaseException, outcome: RunOutcome
) -> None:
    def failing(_is_stopping: Callable[[], bool]) -> None:
        raise error

    runs: list[datetime] = []
    specs = (SYNC, JobSettings(run="verify", every="10 minutes"))
    scheduler = make(history, clock, {"sync": failing, "verify": counting(clock, runs)}, *specs)

    due_again(scheduler)
    clock.move(minutes=10)
    due_again(scheduler)

    assert len(runs) == 2
    records = history.recent(job="sync")
    assert [run.outcome for run in records] == [outcome, outcome]
    assert str(error) in records[0].message
    assert history.last_success("sync") is None


def test_counts_are_kept_with_the_record(history: RunHistory, clock: Clock) -> None:
    due_again(make(history, clock, {"sync": counting(clock, [])}))

    success = history.last_success("sync")

    assert success is not None
    assert success.counts == {"written": 1}
    assert success.finished == NOON


def test_own_moment_of_a_job_comes_before_its_cadence(history: RunHistory, clock: Clock) -> None:
    runs: list[datetime] = []
    publish_at = NOON + timedelta(minutes=3)

    def next_news(after: datetime) -> datetime | None:
        return publish_at if publish_at > after else None

    scheduler = make(history, clock, {"sync": counting(clock, runs)}, next_moments={"sync": next_news})
    due_again(scheduler)
    first_due = scheduler.next_due
    clock.move(minutes=3)
    due_again(scheduler)

    assert first_due == publish_at
    assert runs == [NOON, publish_at]
    assert scheduler.next_due == publish_at + timedelta(minutes=10)


def test_own_moment_that_cannot_be_told_leaves_the_cadence(history: RunHistory, clock: Clock) -> None:
    def broken(_after: datetime) -> datetime | None:
        raise ContentError("line 3 is wrong")

    scheduler = make(history, clock, {"sync": counting(clock, [])}, next_moments={"sync": broken})

    due_again(scheduler)

    assert scheduler.next_due == NOON + timedelta(minutes=10)


def test_own_moment_that_comes_up_between_runs_is_noticed(history: RunHistory, clock: Clock) -> None:
    runs: list[datetime] = []
    moments: list[datetime] = []
    stop = threading.Event()

    def next_news(after: datetime) -> datetime | None:
        return min((moment for moment in moments if moment > after), default=None)

    scheduler = JobScheduler(
        [SYNC],
        {"sync": counting(clock, runs)},
        history,
        next_moments={"sync": next_news},
        now=clock,
        tick_seconds=0.01,
        look_ahead_seconds=1,
    )
    daemon = threading.Thread(target=scheduler.run_until, args=(stop,))
    daemon.start()
    try:
        wait_for(lambda: scheduler.next_due == NOON + timedelta(minutes=10))

        moments.append(NOON + timedelta(minutes=4))  # somebody edits the data file after the run
        wait_for(lambda: scheduler.next_due == NOON + timedelta(minutes=4))
        clock.move(minutes=4)

        wait_for(lambda: runs == [NOON, NOON + timedelta(minutes=4)])
    finally:
        stop.set()
        daemon.join()


def test_run_once_runs_what_is_due_and_what_never_ran(history: RunHistory, clock: Clock) -> None:
    runs: list[datetime] = []
    nightly = JobSettings(run="snapshot", every="day", at="02:30")
    functions = {"sync": counting(clock, runs), "snapshot": counting(clock, runs)}

    first = make(history, clock, functions, SYNC, nightly).run_once()
    clock.move(minutes=5)
    second = make(history, clock, functions, SYNC, nightly).run_once()
    clock.move(minutes=5)
    third = make(history, clock, functions, SYNC, nightly).run_once()

    assert [run.job for run in first] == ["sync", "snapshot"]
    assert second == ()
    assert [run.job for run in third] == ["sync"]


def test_stop_ends_the_loop_and_the_job_that_asks(history: RunHistory, clock: Clock) -> None:
    stop = threading.Event()

    def patient(is_stopping: Callable[[], bool]) -> None:
        stop.set()
        while not is_stopping():
            time.sleep(0.001)

    scheduler = make(history, clock, {"sync": patient})
    scheduler.run_until(stop)

    assert [run.outcome for run in history.recent()] == [RunOutcome.STOPPED]
    assert not scheduler.has_left_job_behind


def test_job_that_does_not_stop_is_left_behind_and_on_record(history: RunHistory, clock: Clock) -> None:
    stop, release = threading.Event(), threading.Event()

    def deaf(_is_stopping: Callable[[], bool]) -> None:
        stop.set()
        release.wait()

    scheduler = make(history, clock, {"sync": deaf})
    scheduler.run_until(stop)
    is_left_behind = scheduler.has_left_job_behind
    release.set()

    assert is_left_behind
    assert [run.outcome for run in history.recent()] == [RunOutcome.INTERRUPTED]


def test_after_a_stop_no_further_job_is_begun(history: RunHistory, clock: Clock) -> None:
    stop = threading.Event()
    runs: list[datetime] = []

    def stopping(_is_stopping: Callable[[], bool]) -> None:
        stop.set()

    specs = (SYNC, JobSettings(run="verify", every="10 minutes"))
    make(history, clock, {"sync": stopping, "verify": counting(clock, runs)}, *specs).run_until(stop)

    assert runs == []


@pytest.mark.parametrize(
    ("specs", "message"),
    [
        ((), "no job"),
        ((JobSettings(run="snapshot", every="hour"),), "no such job"),
        ((SYNC, SYNC), "twice"),
    ],
)
def test_senseless_job_tables_are_refused(
    history: RunHistory, clock: Clock, specs: tuple[JobSettings, ...], message: str
) -> None:
    with pytest.raises(SettingsError, match=message):
        JobScheduler(specs, {"sync": counting(clock, [])}, history, now=clock)


def test_same_job_at_two_cadences_has_records_of_its_own(history: RunHistory, clock: Clock) -> None:
    runs: list[datetime] = []
    specs = (JobSettings(run="sync", every="10 minutes"), JobSettings(run="sync", every="hour"))

    due_again(make(history, clock, {"sync": counting(clock, runs)}, *specs))

    assert {run.job for run in history.recent()} == {"sync (10 minutes)", "sync (hour)"}


def test_jobs_go_on_after_the_local_clock_was_set_back(
    history: RunHistory, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    runs: list[datetime] = []
    scheduler = make(history, clock, {"sync": counting(clock, runs)})
    stop = threading.Event()
    daemon = threading.Thread(target=scheduler.run_until, args=(stop,))
    daemon.start()
    try:
        wait_for(lambda: scheduler.next_due == NOON + timedelta(minutes=10))

        set_local_clock_back(monkeypatch, timedelta(hours=1))
        clock.move(minutes=10)

        wait_for(lambda: len(runs) == 2)
    finally:
        stop.set()
        daemon.join()


def set_local_clock_back(monkeypatch: pytest.MonkeyPatch, by: timedelta) -> None:
    class SetBack(datetime):
        @classmethod
        def now(cls, tz: tzinfo | None = None) -> Self:
            return super().now(tz) - by

    monkeypatch.setattr("schedule.datetime.datetime", SetBack)


def wait_for(condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 30
    while not condition():
        assert time.monotonic() < deadline, "it did not happen within 30 s"
        time.sleep(0.01)


def failing(clock: Clock, runs: list[datetime], *, times: int, error: Exception) -> JobFunction:
    def job(_is_stopping: Callable[[], bool]) -> JobResult:
        runs.append(clock())
        if len(runs) <= times:
            raise error
        return JobResult()

    return job


DAILY = JobSettings(run="sync", every="day", at="12:00")


def minutes_between(runs: list[datetime]) -> list[int]:
    return [round((later - earlier).total_seconds() / 60) for earlier, later in pairwise(runs)]


def test_a_failed_job_is_tried_again_with_growing_waits(history: RunHistory, clock: Clock) -> None:
    runs: list[datetime] = []
    job = failing(clock, runs, times=6, error=WikiUnreachableError("503"))
    scheduler = make(history, clock, {"sync": job}, DAILY)
    for _ in range(60 * 50):
        clock.move(minutes=1)
        scheduler.run_due()

    assert minutes_between(runs)[:6] == [1, 5, 15, 30, 60, 60]
    assert runs[7:] == [NOON + timedelta(days=2)]


def test_a_restart_does_not_forget_that_the_last_run_failed(history: RunHistory, clock: Clock) -> None:
    runs: list[datetime] = []
    job = failing(clock, runs, times=1, error=WikiUnreachableError("503"))
    clock.move(days=1)
    make(history, clock, {"sync": job}, DAILY).run_once()
    assert len(runs) == 1
    scheduler = make(history, clock, {"sync": job}, DAILY)
    clock.move(minutes=1)
    scheduler.run_due()

    assert minutes_between(runs) == [1]


def test_a_failure_that_does_not_pass_with_time_is_not_tried_again(history: RunHistory, clock: Clock) -> None:
    runs: list[datetime] = []
    job = failing(clock, runs, times=9, error=EvidenceError("changed"))
    scheduler = make(history, clock, {"sync": job}, DAILY)
    for _ in range(60):
        clock.move(hours=1)
        scheduler.run_due()

    assert minutes_between(runs) == [24 * 60]


def test_what_waits_for_a_person_is_on_record(history: RunHistory, clock: Clock) -> None:
    reasons = tuple(f"Home: region {number}" for number in range(7))
    make(history, clock, {"sync": lambda _: JobResult({"disputed": 7}, reasons)}).run_once()

    run = history.last_run("sync")

    assert run is not None
    assert run.outcome is RunOutcome.ATTENTION
    assert run.message == f"{'; '.join(reasons[:5])}; and 2 more"
    assert run.waiting == 7


@pytest.mark.parametrize("error", [ContentError("broken"), IndexError("string index out of range"), TypeError("x")])
def test_no_error_of_a_look_ahead_ends_the_daemon(history: RunHistory, clock: Clock, error: Exception) -> None:
    def moment(_: datetime) -> datetime | None:
        raise error

    runs: list[datetime] = []
    scheduler = make(history, clock, {"sync": counting(clock, runs)}, next_moments={"sync": moment})
    scheduler.look_ahead()
    scheduler.run_due()

    assert runs == [NOON]


def test_a_run_from_cron_that_starts_a_moment_early_is_not_skipped(history: RunHistory, clock: Clock) -> None:
    runs: list[datetime] = []
    make(history, clock, {"sync": counting(clock, runs)}).run_once()
    clock.move(minutes=9, seconds=59.9)
    make(history, clock, {"sync": counting(clock, runs)}).run_once()
    clock.move(minutes=5)
    make(history, clock, {"sync": counting(clock, runs)}).run_once()

    assert len(runs) == 2


def replace_with(scheduler: JobScheduler, functions: Mapping[str, JobFunction], *specs: JobSettings) -> None:
    scheduler.replace_jobs(specs, functions, {})


def test_another_cadence_counts_from_the_last_run_and_makes_up_for_nothing(history: RunHistory, clock: Clock) -> None:
    runs: list[datetime] = []
    functions = {"sync": counting(clock, runs), "verify": counting(clock, runs)}
    daily = JobSettings(run="verify", every="day", at="02:30")
    history.begin("verify", at=NOON - timedelta(hours=9, minutes=30))
    scheduler = make(history, clock, functions, JobSettings(run="sync", every="hour"), daily)
    scheduler.run_due()
    clock.move(minutes=25)

    replace_with(scheduler, functions, SYNC, JobSettings(run="verify", every="day", at="09:00"))
    scheduler.run_due()

    assert runs == [NOON]
    assert scheduler.due == {
        "sync": NOON + timedelta(minutes=30),
        "verify": datetime(2026, 1, 3, 9, tzinfo=UTC),
    }


def test_job_that_gets_a_second_cadence_is_not_run_again(history: RunHistory, clock: Clock) -> None:
    runs: list[datetime] = []
    functions = {"sync": counting(clock, runs)}
    scheduler = make(history, clock, functions)
    scheduler.run_due()
    clock.move(minutes=4)
    specs = (SYNC, JobSettings(run="sync", every="hour"))

    replace_with(scheduler, functions, *specs)
    scheduler.run_due()

    assert runs == [NOON]
    assert set(scheduler.due.values()) == {NOON + timedelta(minutes=10), NOON + timedelta(hours=1)}
    assert make(history, clock, functions, *specs).due == scheduler.due


def test_job_with_the_same_cadence_stays_due(history: RunHistory, clock: Clock) -> None:
    runs: list[datetime] = []
    functions = {"sync": counting(clock, runs)}
    scheduler = make(history, clock, functions)
    scheduler.run_due()
    clock.move(minutes=10)

    replace_with(scheduler, functions, SYNC)
    scheduler.run_due()

    assert len(runs) == 2


def test_failed_job_is_tried_at_once_with_new_settings(history: RunHistory, clock: Clock) -> None:
    runs: list[datetime] = []
    functions = {"sync": failing(clock, runs, times=1, error=WikiUnreachableError("401"))}
    scheduler = make(history, clock, functions)
    scheduler.run_due()

    replace_with(scheduler, functions, SYNC)
    scheduler.run_due()
    scheduler.run_due()

    assert runs == [NOON, NOON]


def test_wrong_job_table_leaves_the_old_one(history: RunHistory, clock: Clock) -> None:
    functions = {"sync": counting(clock, [])}
    scheduler = make(history, clock, functions)

    for specs in ((), (SYNC, SYNC), (JobSettings(run="verify", every="hour"),)):
        with pytest.raises(SettingsError):
            replace_with(scheduler, functions, *specs)

    assert list(scheduler.due) == ["sync"]


def test_settings_are_looked_at_before_each_job(history: RunHistory, clock: Clock) -> None:
    names: list[str] = []
    functions: dict[str, JobFunction] = {
        "sync": lambda _: names.append("sync"),
        "verify": lambda _: names.append("verify"),
    }
    specs = (SYNC, JobSettings(run="verify", every="hour"))

    def refresh() -> None:
        if names:
            replace_with(scheduler, functions, SYNC)

    scheduler = JobScheduler(specs, functions, history, now=clock, refresh=refresh)
    scheduler.run_due()

    assert names == ["sync"]


def test_concern_about_the_settings_is_in_the_record_of_each_run(history: RunHistory, clock: Clock) -> None:
    functions: dict[str, JobFunction] = {"sync": failing(clock, [], times=1, error=WikiUnreachableError("503"))}
    concern = "bot.yaml:3: bad"
    scheduler = JobScheduler((SYNC,), functions, history, now=clock, find_attention=lambda: (concern,))

    for _ in range(2):
        clock.move(minutes=10)
        scheduler.run_due()

    attention, failed = history.recent()
    assert (failed.outcome, failed.message) == (RunOutcome.FAILED, f"503; {concern}")
    assert (attention.outcome, attention.message) == (RunOutcome.ATTENTION, concern)


def test_the_record_of_a_run_has_its_log_without_secrets(
    history: RunHistory, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(redact, "_known", ())
    redact.add(["hunter2-token"])

    def job(_is_stopping: Callable[[], bool]) -> JobResult:
        threads = [threading.Thread(target=logger.info, args=("read with {}", "hunter2-token"))]
        for thread in threads:
            thread.start()
            thread.join()
        logger.debug("of no interest")
        raise ContentError("line 3 is wrong")

    due_again(make(history, clock, {"sync": job}))
    logger.warning("outside of any run")

    (run,) = history.recent()
    log = history.log_of(run.id)
    assert [(line.level, line.text) for line in log[:2]] == [
        ("INFO", "read with ***"),
        ("ERROR", "job sync failed: line 3 is wrong"),
    ]
    assert all("outside" not in line.text for line in log)


def test_a_job_that_never_stops_logging_has_a_log_of_bounded_length(
    history: RunHistory, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("bot.run_log._MOST_LINES", 5)

    def job(_is_stopping: Callable[[], bool]) -> JobResult:
        for number in range(20):
            logger.info("line {}", number)
        return JobResult()

    due_again(make(history, clock, {"sync": job}))

    log = [line.text for line in history.log_of(1)]
    assert log[:5] == [f"line {number}" for number in range(5)]
    assert "more lines" in log[5]
    assert len(log) == 6


def test_a_person_can_ask_for_a_run_now(history: RunHistory, clock: Clock) -> None:
    runs: list[datetime] = []
    scheduler = make(history, clock, {"sync": counting(clock, runs)})
    due_again(scheduler)
    clock.move(minutes=1)

    history.ask_for(JobRequest("sync", "li", clock.now))
    history.ask_for(JobRequest("no-such-job", "li", clock.now))
    due_again(scheduler)
    due_again(scheduler)

    assert runs == [NOON, NOON + timedelta(minutes=1)]

"""The daemon: a job table on `schedule`. Failures are isolated, missed runs coalesced, shutdown is clean."""

import threading
import time
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Protocol, Self

import schedule

from bot.advice import complete
from bot.config.cadence import Cadence
from bot.config.policy import JobSettings, name_jobs
from bot.current_run import CurrentRun, RunPage, working_for
from bot.errors import BotError, EvidenceError, HistoryError, SettingsError, SnapshotError, StoppedError
from bot.history import JobResult, Run, RunHistory, RunOutcome
from bot.log import collecting, logger, redact
from bot.plural import counted
from bot.run_log import ERRAND_THREAD, RunLog

JobFunction = Callable[[Callable[[], bool]], JobResult | None]
"""A job: receives a function that returns whether to stop, to call between pages."""
NextMoment = Callable[[datetime], datetime | None]
"""Returns the next time after a given time at which a job has extra work, such as a news item that becomes due."""
_DUE_SECONDS = 1
_WAIT_SECONDS, _WAITS_PER_WRITE = 0.1, 10
_LOOK_AHEAD_SECONDS = 60
_RETRY_MINUTES = (1, 5, 15, 30, 60)
"""The waits after the first, second, … failure in a row; the last one is repeated. A due time that is earlier wins."""
_SLACK = 0.05
_MAX_SLACK = timedelta(minutes=1)
"""A run from cron counts as due this share of its cadence early, as cron does not start to the second."""
_NAMED_IN_MESSAGE = 5


class RunWatcher(Protocol):
    """Learns of each run of a job; its methods return at once."""

    def begun(self, run: Run) -> None:
        """Learn that a run has begun."""

    def ended(self, run: Run) -> None:
        """Learn that a run has ended and was recorded."""


class _Job:
    """One entry of the job table and its next due time, in UTC."""

    def __init__(
        self,
        name: str,
        cadence: Cadence,
        function: JobFunction,
        *,
        now: Callable[[], datetime],
        last_start: datetime | None,
        next_moment: NextMoment,
        failures: int = 0,
    ) -> None:
        self.name = name
        self.function = function
        self.last_start = last_start
        self.failures = failures
        self._cadence = cadence
        self._now = now
        self._next_moment = next_moment
        self.due = self._planned_at = now()
        self.plan(may_catch_up=True)

    def __repr__(self) -> str:
        """Return the name of the job; the text of the library needs a time unit, which this job does not have."""
        return f"job {self.name}"

    __str__ = __repr__

    @property
    def is_due(self) -> bool:
        """Whether the job is due; if the clock was set back, the job is planned again from the new time."""
        now = self._now()
        if now < self._planned_at:
            self.plan()
        return self.due <= now

    def plan(self, *, may_catch_up: bool = False) -> None:
        """Set the next due time. With *may_catch_up*, all missed runs are coalesced into one run that is due now."""
        now = self._planned_at = self._now()
        if self.last_start is None:
            self.due = self._cadence.first_after(now)
        else:
            last_start = min(self.last_start, now)
            is_overdue = may_catch_up and self._cadence.is_missed(last_start, now)
            self.due = now if is_overdue else self._cadence.next_after(last_start, now)
            if self.failures:
                wait = _RETRY_MINUTES[min(self.failures, len(_RETRY_MINUTES)) - 1]
                self.due = min(self.due, now + timedelta(minutes=wait))
        self.look_ahead()

    def follow(self, former: Self | None) -> None:
        """Take the place of the job *former* of another job table; None for a job that is new in the table."""
        if former is not None:
            self.last_start, self.failures = former.last_start, former.failures
        if self.failures:
            self.due = self._now()
        elif former is not None and former._cadence == self._cadence:  # noqa: SLF001 -- the same class
            self.due, self._planned_at = former.due, former._planned_at  # noqa: SLF001
            self.look_ahead()
        else:
            self.plan()

    def allow_slack(self) -> None:
        """Make the job due now if it would be due within the slack for runs from cron."""
        now = self._now()
        if self.due - now <= min(self._cadence.step * _SLACK, _MAX_SLACK):
            self.due = min(self.due, now)

    def record(self, outcome: RunOutcome | None) -> None:
        """Count failures in a row: a failed job is tried again before its next due time."""
        is_failure = outcome in (RunOutcome.FAILED, RunOutcome.INTERRUPTED)
        self.failures = self.failures + 1 if is_failure else 0

    def look_ahead(self) -> None:
        """Set an earlier due time if the job has extra work before its next run; called often, as this can change."""
        now = self._now()
        moment = self._next_moment(self.last_start or now)
        if moment is not None and moment < self.due:
            self.due = max(moment, now)


class JobScheduler:
    """Runs jobs when they are due, one at a time, each in a separate thread so that signals are always handled.

    *grace_seconds* is how long a job may continue after a stop request; then the job is abandoned, and its run is
    recorded as interrupted. *look_ahead_seconds* is the interval at which jobs are asked for extra work. *refresh* is
    called at each tick and before each job, and may replace the job table. *watchers* learn of each run.
    *find_attention* returns what needs a person
    whatever the job does. A table *may_be_empty* if no job has to run here. The failure of a job does not end the loop.
    """

    def __init__(
        self,
        specs: Sequence[JobSettings],
        functions: Mapping[str, JobFunction],
        history: RunHistory,
        *,
        next_moments: Mapping[str, NextMoment] | None = None,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
        tick_seconds: float = 1.0,
        grace_seconds: float = 6.0,
        look_ahead_seconds: int = _LOOK_AHEAD_SECONDS,
        refresh: Callable[[], None] = lambda: None,
        watchers: Sequence[RunWatcher] = (),
        find_attention: Callable[[], tuple[str, ...]] = tuple,
        may_be_empty: bool = False,
        choice: Mapping[str, str] | None = None,
    ) -> None:
        self._history = history
        self._choice = choice or {}
        self._now = now
        self._tick_seconds = tick_seconds
        self._grace_seconds = grace_seconds
        self._look_ahead_seconds = look_ahead_seconds
        self._stop = threading.Event()
        self._ended: list[Run] = []
        self._refresh = refresh
        self._watchers = watchers
        self.last_sign_of_life = time.monotonic()
        """When the loop, or the wait for a job, went on the last time, on the clock of `time.monotonic`."""
        self._find_attention = find_attention
        self.has_left_job_behind = False
        self.has_lost_record = False
        self._may_be_empty = may_be_empty
        self._is_final = False
        """Whether the last failure has a cause that does not pass with time, so that a retry would only repeat it."""
        self._jobs = self._make_jobs(specs, functions, next_moments or {})

    def replace_jobs(
        self,
        specs: Sequence[JobSettings],
        functions: Mapping[str, JobFunction],
        next_moments: Mapping[str, NextMoment],
    ) -> None:
        """Use another job table from now on; raises `SettingsError` if it is wrong, and then the old one stays.

        A job with the same cadence keeps its due time. A job with another cadence is planned from its last run, and
        missed due times of the new cadence are not made up for. A job that failed is due now: what made it fail may be
        gone.
        """
        before = {job.name: job for job in self._jobs}
        jobs = self._make_jobs(specs, functions, next_moments)
        for job in jobs:
            job.follow(before.get(job.name))
        self._jobs = jobs
        self._log_next()

    def _make_jobs(
        self,
        specs: Sequence[JobSettings],
        functions: Mapping[str, JobFunction],
        next_moments: Mapping[str, NextMoment],
    ) -> list[_Job]:
        if not specs and not self._may_be_empty:
            raise SettingsError("no job is configured; add one under `jobs`, such as {run: sync, every: 10 minutes}")
        jobs = []
        for name, spec in name_jobs(specs):
            if spec.run not in functions:
                raise SettingsError(f"job {spec.run}: there is no such job; known: {', '.join(sorted(functions))}")
            last = self._history.last_run(name) or self._history.last_run_of_kind(spec.run)
            jobs.append(
                _Job(
                    name,
                    spec.cadence,
                    functions[spec.run],
                    now=self._now,
                    last_start=last.started if last else None,
                    next_moment=_contained(next_moments.get(spec.run), name),
                    failures=self._history.count_failures(name),
                )
            )
        return jobs

    @property
    def next_due(self) -> datetime:
        """The time of the next run of any job, in UTC."""
        return min(job.due for job in self._jobs)

    @property
    def due(self) -> dict[str, datetime]:
        """The time of the next run of each job, in UTC, by the name of the job in the run records."""
        return {job.name: job.due for job in self._jobs}

    def run_once(self, stop: threading.Event | None = None) -> tuple[Run, ...]:
        """Run each job once that is due now or never ran, for use with cron; returns the runs."""
        self._stop = stop or self._stop
        for job in self._jobs:
            if job.last_start is None:
                job.due = self._now()
            job.allow_slack()
        self.run_due()
        return tuple(self._ended)

    def run_until(self, stop: threading.Event) -> None:
        """Run jobs as they become due until *stop* is set."""
        self._stop = stop
        due = self.next_due
        self._log_next()
        ticks = self._schedule_ticks()
        while not stop.wait(self._tick_seconds):
            self.last_sign_of_life = time.monotonic()
            if _was_set_back(ticks):
                ticks = self._schedule_ticks()
            ticks.run_pending()
            if self.next_due != due:
                due = self.next_due
                logger.debug("the next job is due {}", due.isoformat(timespec="seconds"))

    def run_due(self) -> None:
        """Run each job that is due now, the longest overdue first, and set its next due time."""
        self._ended = []
        tried: set[str] = set()
        while job := self._find_due(tried):
            tried.add(job.name)
            self._is_final = False
            self._run(job, job.function)
            if self._ended:
                job.record(None if self._is_final else self._ended[-1].outcome)
            job.plan()

    def _find_due(self, tried: Collection[str]) -> _Job | None:
        """Return the job that is the longest overdue and was not tried, by the settings as they are now."""
        self._refresh()
        self._take_requests()
        due = (job for job in self._jobs if job.name not in tried and job.is_due)
        return min(due, key=lambda job: job.due, default=None)

    def _take_requests(self) -> None:
        """Make the jobs due that people want to run now."""
        try:
            requests = self._history.take_requests()
        except HistoryError as error:
            logger.debug("requests of people cannot be read: {}", error)
            return
        jobs = {job.name: job for job in self._jobs}
        for request in requests:
            if request.job in jobs:
                jobs[request.job].due = min(jobs[request.job].due, self._now())
                logger.info("job {} runs now, as {} asked", request.job, request.who)
            else:
                logger.warning("{} asked for job {}, which is not configured", request.who, request.job)

    def look_ahead(self) -> None:
        """Ask each job for extra work, such as a news item that becomes due before the next run."""
        for job in self._jobs:
            job.look_ahead()

    def _log_next(self) -> None:
        due = self.next_due.isoformat(timespec="seconds")
        logger.info("{} scheduled; the next is due {}", counted(len(self._jobs), "job"), due)

    def _schedule_ticks(self) -> schedule.Scheduler:
        """Return the ticks of the daemon on `schedule`; `Cadence` decides in UTC when a job is due."""
        ticks = schedule.Scheduler()
        ticks.every(self._look_ahead_seconds).seconds.do(self.look_ahead)
        ticks.every(_DUE_SECONDS).seconds.do(self.run_due)
        ticks.run_all()
        return ticks

    def _run(self, job: _Job, function: JobFunction) -> None:
        """Run one job in a thread and wait until the job ends, or until its grace period after a stop request ends."""
        if self._stop.is_set():
            return
        started = job.last_start = self._now()
        run_id = self._begin(job.name, started)
        self._tell_watchers(lambda watcher: watcher.begun(Run(run_id, job.name, started)))
        results: list[Run] = []
        current = CurrentRun(run_id)
        thread = threading.Thread(
            target=lambda: results.append(self._outcome(job.name, current, started, function)),
            name=f"job-{job.name}",
            daemon=True,
        )
        log = RunLog(self._history, run_id)
        with (
            collecting(log.add, only=lambda thread: not thread.startswith(ERRAND_THREAD)),
            logger.contextualize(run=run_id),
        ):
            thread.start()
            self._wait_for(thread, log)
            if results:
                run = results[0]
            else:
                self.has_left_job_behind = True
                logger.warning("job {} did not stop within {:.0f} s and was abandoned", job.name, self._grace_seconds)
                message = "it did not stop in time"
                run = Run(run_id, job.name, started, self._now(), RunOutcome.INTERRUPTED, current.counts, message)
            self._end(run, tuple(current.pages))
        log.end(self._now())
        self._tell_watchers(lambda watcher: watcher.ended(run))

    def _tell_watchers(self, tell: Callable[[RunWatcher], None]) -> None:
        for watcher in self._watchers:
            try:
                tell(watcher)
            except Exception as error:  # noqa: BLE001 -- what watches a job must not end the daemon
                logger.opt(exception=error).error("the state of a job could not be passed on")

    def _wait_for(self, thread: threading.Thread, log: RunLog) -> None:
        """Wait until the job ends, or until its grace period after a stop request ends; write its log meanwhile."""
        waits = 0
        while thread.is_alive() and not self._stop.is_set():
            thread.join(timeout=_WAIT_SECONDS)
            self.last_sign_of_life = time.monotonic()
            waits += 1
            if waits % _WAITS_PER_WRITE == 0:
                log.write()
        thread.join(timeout=self._grace_seconds)

    def _outcome(self, name: str, current: CurrentRun, started: datetime, function: JobFunction) -> Run:
        """Run the job and return its run record; every exception becomes a failed or stopped run."""
        result, waiting = JobResult(), None
        concerns = self._find_attention()
        try:
            with working_for(current), logger.contextualize(run=current.number):
                result = function(self._stop.is_set) or result
            attention = (complete(each, self._choice) for each in (*concerns, *result.attention))
            result = replace(result, attention=tuple(attention))
            waiting = len(result.attention)
            outcome, message = self._judge(name, result)
        except StoppedError as error:
            outcome, message = RunOutcome.STOPPED, complete(str(error), self._choice)
            logger.warning("job {} stopped: {}", name, message)
        except BotError as error:
            reason = complete(str(error), self._choice)
            logger.error("job {} failed: {}", name, reason)
            outcome, message = RunOutcome.FAILED, "; ".join((reason, *concerns))
            self._is_final = isinstance(error, EvidenceError | SnapshotError)
        except BaseException as error:  # noqa: BLE001 -- the daemon continues after any exception of a job
            logger.opt(exception=error).error("job {} crashed", name)
            outcome, message = RunOutcome.FAILED, f"{type(error).__name__}: {error}"
        counts = {**result.counts, **current.counts}
        return Run(current.number, name, started, self._now(), outcome, counts, message, waiting)

    def _judge(self, name: str, result: JobResult) -> tuple[RunOutcome, str]:
        if self._stop.is_set():
            return RunOutcome.STOPPED, ""
        for reason in result.attention:
            logger.warning("job {} needs a person: {}", name, reason)
        lines = (*result.attention, *result.notes)
        more = len(lines) - _NAMED_IN_MESSAGE
        named = "; ".join(lines[:_NAMED_IN_MESSAGE])
        outcome = RunOutcome.ATTENTION if result.attention else RunOutcome.SUCCESS
        return outcome, f"{named}; and {more} more" if more > 0 else named

    def _begin(self, name: str, started: datetime) -> int:
        try:
            return self._history.begin(name, at=started)
        except HistoryError as error:
            self.has_lost_record = True
            logger.error("job {} runs without a record: {}", name, error)
            return 0

    def _end(self, run: Run, pages: Sequence[RunPage]) -> None:
        self._ended.append(run)
        finished = run.finished or self._now()
        if run.id and run.outcome is not None:
            try:
                message = redact(run.message)
                self._history.end(
                    run.id,
                    run.outcome,
                    at=finished,
                    counts=run.counts,
                    message=message,
                    waiting=run.waiting,
                    pages=pages,
                )
            except HistoryError as error:
                self.has_lost_record = True
                logger.error("the end of job {} was not recorded: {}", run.job, error)
        took = (finished - run.started) / timedelta(seconds=1)
        named = (f"run {run.id}",) if run.id else ()
        more = "; ".join((*named, *filter(None, (run.describe_counts(),))))
        logger.info("job {}: {} in {:.1f} s{}", run.job, run.outcome, took, f" ({more})" if more else "")


def _was_set_back(ticks: schedule.Scheduler) -> bool:
    """Return whether the clock was set back: `schedule` uses naive local time and would wait for the repeated time."""
    return (ticks.idle_seconds or 0) > _DUE_SECONDS + 1


def _contained(next_moment: NextMoment | None, name: str) -> NextMoment:
    """Return *next_moment* without its errors: a broken data file is logged here and reported by the job itself."""
    last_words = ""

    def ask(after: datetime) -> datetime | None:
        nonlocal last_words
        if next_moment is None:
            return None
        try:
            moment = next_moment(after)
        except Exception as error:  # noqa: BLE001 -- no data file may end the daemon
            if str(error) != last_words:  # log a repeated error only once
                last_words = str(error)
                logger.warning("job {}: its next due time cannot be determined: {}", name, error)
            return None
        last_words = ""
        return moment

    return ask

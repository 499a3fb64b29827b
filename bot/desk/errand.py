"""Work that a person started at the desk and that takes longer than a page: one thread for each, with a run record.

An errand is a run like those of the scheduled jobs: it is in the list of runs, has a log, and other people see it.
"""

import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

from bot.current_run import CurrentRun, working_for
from bot.errors import BotError, HistoryError, LockedError, StoppedError
from bot.history import JobResult, RunHistory, RunOutcome
from bot.log import collecting, logger, redact
from bot.run_log import ERRAND_THREAD, RunLog

_WRITE_SECONDS = 0.5
_LOCK_TRIES, _LOCK_WAIT_SECONDS = 300, 2.0
_NAMED = 5

Work = Callable[[], JobResult]
"""Does the work of an errand; raises `BotError` if it fails."""


@dataclass
class Errands:
    """The errands of one desk; the records are in the file *path*."""

    path: Path
    clock: Callable[[], datetime]
    stop: threading.Event
    _going_on: dict[str, int] = field(default_factory=dict)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    @property
    def history(self) -> RunHistory:
        """The run records."""
        return RunHistory(self.path)

    def find(self, name: str) -> int | None:
        """Return the run of the errand *name* that is going on; None if there is none."""
        return self._going_on.get(name)

    def begin(self, name: str, who: str, work: Work, *, is_single: bool = True) -> int:
        """Start *work* and return its run; if it *is_single* and an errand *name* is going on, return that one."""
        with self._lock:
            if is_single and (run := self._going_on.get(name)) is not None:
                return run
            run = self.history.begin(name, at=self.clock())
            self._going_on[name] = run
        thread = threading.Thread(
            target=self._carry_out, args=(name, run, who, work), name=f"{ERRAND_THREAD}{run}", daemon=True
        )
        thread.start()
        return run

    def _carry_out(self, name: str, run: int, who: str, work: Work) -> None:
        log = RunLog(self.history, run)
        done = threading.Event()
        writer = threading.Thread(target=_write_until, args=(log, done), name=f"log-of-{run}", daemon=True)
        own_name = threading.current_thread().name
        outcome, result, message = RunOutcome.FAILED, JobResult(), ""
        current = CurrentRun(run)
        try:
            with (
                collecting(log.add, only=lambda thread: thread == own_name),
                working_for(current),
                logger.contextualize(run=run),
            ):
                writer.start()
                logger.info("{} asked for it", who)
                outcome, result, message = self._outcome(work)
        finally:
            done.set()
            writer.join()
            log.end(self.clock())
            try:
                counts = {**result.counts, **current.counts}
                self.history.end(
                    run, outcome, at=self.clock(), counts=counts, message=redact(message), pages=current.pages
                )
            except HistoryError as error:
                logger.error("the end of run {} was not recorded: {}", run, error)
            with self._lock:
                if self._going_on.get(name) == run:
                    del self._going_on[name]

    def _outcome(self, work: Work) -> tuple[RunOutcome, JobResult, str]:
        try:
            result = self._when_free(work)
        except StoppedError as error:
            logger.warning("stopped: {}", error)
            return RunOutcome.STOPPED, JobResult(), str(error)
        except BotError as error:
            logger.error("failed: {}", error)
            return RunOutcome.FAILED, JobResult(), str(error)
        except Exception as error:  # noqa: BLE001 -- the record has to say how the errand ended
            logger.opt(exception=error).error("crashed")
            return RunOutcome.FAILED, JobResult(), f"{type(error).__name__}: {error}"
        for reason in result.attention:
            logger.warning("needs a person: {}", reason)
        message = "; ".join((*result.attention, *result.notes)[:_NAMED])
        return (RunOutcome.ATTENTION if result.attention else RunOutcome.SUCCESS), result, message

    def _when_free(self, work: Work) -> JobResult:
        """Do the work when no other process has the lock that it needs; waits for ten minutes at most."""
        for number in range(_LOCK_TRIES):
            try:
                return work()
            except LockedError as error:
                if number == 0:
                    logger.info("waits: {}", error)
                if number == _LOCK_TRIES - 1 or self.stop.wait(_LOCK_WAIT_SECONDS):
                    raise
        raise AssertionError("unreachable")


def _write_until(log: RunLog, done: threading.Event) -> None:
    while not done.wait(_WRITE_SECONDS):
        log.write()

"""The scheduled bot on several wikis: a process for each, started again when it ends, and ended together."""

import signal
import subprocess
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from types import FrameType

from bot.cli.signal_handlers import handling
from bot.log import logger

_PAUSES_SECONDS = (1.0, 10.0, 60.0, 300.0)
"""The waits before a process that ended is started again; the last one is repeated."""
_GOOD_SECONDS = 600.0
"""A process that ran for so long counts as started well."""
_END_SECONDS = 9.5
_TICK_SECONDS = 0.5


class _Ward:
    """The process of one wiki."""

    def __init__(self, wiki: str, command: Sequence[str]) -> None:
        self.wiki, self._command = wiki, command
        self._failures = 0
        self._next_start = 0.0
        self._started = 0.0
        self.process: subprocess.Popen[bytes] | None = None

    def tend(self) -> None:
        """Start the process if it does not run and is due."""
        if self.process is not None:
            code = self.process.poll()
            if code is None:
                return
            self._plan(f"ended with {code}")
        if time.monotonic() >= self._next_start:
            self._started = time.monotonic()
            # Its standard input ends when this process ends, however that happens; then it ends too.
            # In a group of its own, it gets the signal of Ctrl-C once: from here.
            try:
                self.process = subprocess.Popen(self._command, stdin=subprocess.PIPE, process_group=0)  # noqa: S603
            except OSError as error:
                self._plan(f"cannot be started: {error.strerror}")

    def _plan(self, what: str) -> None:
        ran_well = time.monotonic() - self._started > _GOOD_SECONDS
        self._failures = 1 if ran_well else self._failures + 1
        wait = _PAUSES_SECONDS[min(self._failures, len(_PAUSES_SECONDS)) - 1]
        self._next_start = time.monotonic() + wait
        self.process = None
        logger.error("the bot of wiki {} {}; it starts again in {:.0f} s", self.wiki, what, wait)

    def send(self, number: int) -> None:
        """Send a signal to the process, if it runs."""
        if self.process is not None and self.process.poll() is None:
            self.process.send_signal(number)

    def wait(self, deadline: float) -> bool:
        """Wait until the process has ended, and end it at *deadline*; return whether it ended in good order.

        A process that waits to be started again did not.
        """
        if self.process is None:
            return self._failures == 0
        try:
            return self.process.wait(max(0.0, deadline - time.monotonic())) == 0
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
            return False


def supervise(wikis: Sequence[str], command_for: Callable[[str], Sequence[str]]) -> bool:
    """Run the process of each wiki until a signal to stop; return whether all ended in good order."""
    wards = [_Ward(wiki, command_for(wiki)) for wiki in wikis]
    logger.info("a process for each of {} wikis: {}", len(wikis), ", ".join(wikis))
    with _listening(wards) as stopping:
        while not stopping:
            for ward in wards:
                ward.tend()
            time.sleep(_TICK_SECONDS)
        for ward in wards:
            ward.send(signal.SIGTERM)
        deadline = time.monotonic() + _END_SECONDS
        ended_well = [ward.wait(deadline) for ward in wards]
    return all(ended_well)


@contextmanager
def _listening(wards: Sequence[_Ward]) -> Iterator[list[int]]:
    """Yield the signals to stop that have arrived; SIGHUP is passed on, as the processes read the settings again."""
    stopping: list[int] = []

    def stop(number: int, _frame: FrameType | None) -> None:
        stopping.append(number)

    def pass_on(number: int, _frame: FrameType | None) -> None:
        for ward in wards:
            ward.send(number)

    with handling({signal.SIGTERM: stop, signal.SIGINT: stop, signal.SIGHUP: pass_on}):
        yield stopping

"""Graceful stop: long waits and loops end as soon as the process is asked to stop."""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Protocol

from bot.errors import StoppedError


class Stop(Protocol):
    """Whether the process is asked to stop."""

    def is_set(self) -> bool:
        """Return whether this thread has to stop."""


class FinishableStop:
    """A request to stop, *event*, that a thread obeys only after what it is finishing."""

    def __init__(self, event: threading.Event) -> None:
        self._event = event
        self._thread = threading.local()

    def is_set(self) -> bool:
        """Return whether this thread has to stop."""
        return self._event.is_set() and not getattr(self._thread, "is_finishing", False)

    @contextmanager
    def finishing(self) -> Iterator[None]:
        """Let this thread go on in the block; waits still end as soon as the process is asked to stop."""
        self._thread.is_finishing = True
        try:
            yield
        finally:
            self._thread.is_finishing = False


def raise_if_stopping(stop: Stop) -> None:
    """Raise `StoppedError` if *stop* is set; call this between two steps of a long operation."""
    if stop.is_set():
        raise StoppedError("stopped on request; finished work is saved, and the next run continues")


def interruptible_sleep(stop: threading.Event) -> Callable[[float], None]:
    """Return a sleep function that raises `StoppedError` as soon as *stop* is set."""

    def sleep(seconds: float) -> None:
        stop.wait(seconds)
        raise_if_stopping(stop)

    return sleep

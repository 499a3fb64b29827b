"""Graceful stop: long waits and loops end as soon as the process is asked to stop."""

import threading
from collections.abc import Callable

from bot.errors import StoppedError


def raise_if_stopping(stop: threading.Event) -> None:
    """Raise `StoppedError` if *stop* is set; call this between two steps of a long operation."""
    if stop.is_set():
        raise StoppedError("stopped on request; finished work is saved, and the next run continues")


def interruptible_sleep(stop: threading.Event) -> Callable[[float], None]:
    """Return a sleep function that raises `StoppedError` as soon as *stop* is set."""

    def sleep(seconds: float) -> None:
        stop.wait(seconds)
        raise_if_stopping(stop)

    return sleep

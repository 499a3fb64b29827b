"""Ending in good order: long waits and loops give up as soon as the process was asked to end."""

import threading
from collections.abc import Callable

from bot.errors import StoppedError


def raise_if_stopping(stop: threading.Event) -> None:
    """Raise `StoppedError` once *stop* is set; for the seams between two steps of a long piece of work."""
    if stop.is_set():
        raise StoppedError("asked to end; what was done stands, and the next run goes on from there")


def interruptible_sleep(stop: threading.Event) -> Callable[[float], None]:
    """Return a sleep that ends with `StoppedError` as soon as *stop* is set."""

    def sleep(seconds: float) -> None:
        stop.wait(seconds)
        raise_if_stopping(stop)

    return sleep

"""Handlers of signals for the time of a block."""

import signal
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from types import FrameType

Handler = Callable[[int, FrameType | None], None]


@contextmanager
def handling(handlers: Mapping[int, Handler]) -> Iterator[None]:
    """Handle signals while the block runs; SIGHUP stays ignored where it was, as with `nohup`."""
    ignored = {signal.SIGHUP} if signal.getsignal(signal.SIGHUP) is signal.SIG_IGN else set()
    before = {number: signal.signal(number, handlers[number]) for number in handlers.keys() - ignored}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)

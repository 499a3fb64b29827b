"""Count what a step does, so that its growth can be tested without a clock."""

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from types import FrameType
from typing import TYPE_CHECKING, Any, NamedTuple

import pytest

import bot

if TYPE_CHECKING:
    from _typeshed import TraceFunction

_OURS = os.path.dirname(bot.__file__)  # noqa: PTH120 -- compared with the file names of code objects


class Work(NamedTuple):
    """How much a step did."""

    lines: int
    """Executed lines of the bot, each turn of a loop included, in this thread."""
    opened: int
    """Opened files and folders."""
    octets: int
    """Bytes read from files of the snapshots."""


@dataclass
class Counter:
    """The work up to now."""

    lines: int = 0
    opened: int = 0
    octets: int = 0

    def work(self) -> Work:
        """Return the work."""
        return Work(self.lines, self.opened, self.octets)


@contextmanager
def counting(monkeypatch: pytest.MonkeyPatch) -> Iterator[Counter]:
    """Count the work inside the block."""
    counter = Counter()
    real_open, real_read = os.open, os.read

    def open_(*args: Any, **names: Any) -> int:
        counter.opened += 1
        return real_open(*args, **names)

    def read(*args: Any) -> bytes:
        data = real_read(*args)
        counter.octets += len(data)
        return data

    def on_line(_frame: FrameType, event: str, _arg: object) -> "TraceFunction":
        counter.lines += event == "line"
        return on_line

    def on_call(frame: FrameType, _event: str, _arg: object) -> "TraceFunction | None":
        return on_line if frame.f_code.co_filename.startswith(_OURS) else None

    before = sys.gettrace()
    with monkeypatch.context() as patch:
        patch.setattr(os, "open", open_)
        patch.setattr(os, "read", read)
        sys.settrace(on_call)
        try:
            yield counter
        finally:
            sys.settrace(before)

"""A queue in front of standard error: a log line never blocks or breaks the program, whatever its reader does."""

import os
import select
import sys
import threading
from collections import deque
from collections.abc import Callable
from io import UnsupportedOperation

_MAX_LINES = 10_000
_PATIENCE_SECONDS = 0.5


def write_to_stderr(text: str) -> None:
    """Write *text* to standard error, without the locks of the stream; waits for the reader. Raises `OSError`."""
    stream = sys.stderr
    try:
        number = stream.fileno()
    except (UnsupportedOperation, ValueError):  # a stream in memory
        stream.write(text)
        return
    rest = text.encode(stream.encoding or "utf-8", errors="replace")
    while rest:
        try:
            rest = rest[os.write(number, rest) :]
        except BlockingIOError:  # another program with the same terminal or pipe made it non-blocking
            select.select([], [number], [])


class LogQueue:
    """Lines that a thread passes to *write* in their order.

    `put` waits until its line is written, but only for half a second, and not at all while the reader is asleep.
    Beyond *max_lines* the oldest lines are dropped. Lines that were dropped or could not be written are counted, and
    *describe_gap* makes the line in their place.
    """

    def __init__(
        self,
        write: Callable[[str], None],
        describe_gap: Callable[[int], str],
        *,
        max_lines: int = _MAX_LINES,
        patience_seconds: float = _PATIENCE_SECONDS,
    ) -> None:
        self._write = write
        self.describe_gap = describe_gap
        self._max_lines = max_lines
        self._patience_seconds = patience_seconds
        self._reset()
        os.register_at_fork(after_in_child=self._reset)

    def _reset(self) -> None:
        self._lines: deque[str] = deque()
        self._missing = 0
        self._is_stuck = False
        self._is_writing = False
        self._changed = threading.Condition()
        self._thread: threading.Thread | None = None

    def put(self, line: str) -> None:
        """Write *line*, or leave it to the thread if the reader is asleep."""
        with self._changed:
            if len(self._lines) >= self._max_lines:
                self._lines.popleft()
                self._missing += 1
            self._lines.append(line)
            self._changed.notify_all()
            if self._thread is None:
                self._thread = threading.Thread(target=self._pass_on, name="log", daemon=True)
                self._thread.start()
            if not self._is_stuck:
                self._is_stuck = not self._wait(self._patience_seconds)

    def flush(self, seconds: float | None) -> bool:
        """Wait until all lines are written, at most so many *seconds*; return whether they are."""
        with self._changed:
            return self._wait(seconds)

    def _wait(self, seconds: float | None) -> bool:
        return self._changed.wait_for(lambda: not self._lines and not self._is_writing, timeout=seconds)

    def _pass_on(self) -> None:
        while True:
            with self._changed:
                self._changed.wait_for(lambda: bool(self._lines))
                text, count = self._lines.popleft(), self._missing
                self._missing = 0
                self._is_writing = True
            is_written = self._try_to_write((self.describe_gap(count) if count else "") + text)
            with self._changed:
                self._is_writing = False
                if not is_written:
                    self._missing += count + 1
                if not self._lines:
                    self._is_stuck = False
                self._changed.notify_all()

    def _try_to_write(self, text: str) -> bool:
        try:
            self._write(text)
        except (OSError, ValueError):  # no reader, no space, or a closed stream: there is nowhere to say so
            return False
        return True

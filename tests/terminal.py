"""A command at a terminal of its own, and a person who reads it and types."""

import os
import pty
import re
import select
import signal
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import Self

# A suite that runs in the background of a shell ignores Ctrl-C, and would pass that on.
_AT_THE_TERMINAL = (
    "import fcntl, os, signal, sys, termios; signal.signal(signal.SIGINT, signal.SIG_DFL); "
    "fcntl.ioctl(0, termios.TIOCSCTTY, 0); os.execv(sys.argv[1], sys.argv[1:])"
)
_WIKIBOT = (sys.executable, "-m", "bot")
_STYLE = re.compile(r"\x1b\[[0-9;?]*[A-Za-z]")
_SECONDS = 60
_IDLE_LOOKS = 10


class Terminal:
    """Runs *program* with *words* in *folder* until the `with` block ends; *shown* is all that it printed.

    *shown* is without styles; `styles` has the escape sequences in the order in which they were printed.
    """

    def __init__(
        self, *words: str, folder: Path, environment: Mapping[str, str], program: Sequence[str] = _WIKIBOT
    ) -> None:
        self._near, far = pty.openpty()
        self._is_open = True
        command = [sys.executable, "-c", _AT_THE_TERMINAL, *program, *words]
        settled = {"PATH": os.environ["PATH"], "TERM": "xterm", "COLUMNS": "110", "PYTHONPATH": _repository()}
        self._process = subprocess.Popen(
            command,
            cwd=folder,
            env={**settled, **environment},
            stdin=far,
            stdout=far,
            stderr=far,
            start_new_session=True,
        )
        os.close(far)
        self.shown = ""
        self.styles: list[str] = []
        self._read = 0

    def expect(self, text: str, *, seconds: float = _SECONDS) -> str:
        """Wait until *text* is shown after what was expected last; return what was shown up to its end."""
        until = time.monotonic() + seconds
        while (found := self.shown.find(text, self._read)) < 0:
            assert self._receive(until - time.monotonic()), f"{text!r} was not shown:\n{self.shown[self._read :]}"
        start, self._read = self._read, found + len(text)
        return self.shown[start : self._read]

    def enter(self, line: str) -> None:
        """Type a line and press Enter."""
        os.write(self._near, f"{line}\n".encode())

    def answer(self, question: str, line: str) -> str:
        """Wait for a question and type the answer; return what was shown before it."""
        shown = self.expect(question)
        self.enter(line)
        return shown

    def interrupt(self) -> None:
        """Press Ctrl-C once the command waits for input: Python misses a signal just before it begins to read."""
        idle = 0
        while idle < _IDLE_LOOKS:
            time.sleep(0.05)
            idle = idle + 1 if self._is_asleep() else 0
        os.write(self._near, b"\x03")

    def close(self) -> int:
        """Close the window of the terminal; return how the command ended."""
        os.close(self._near)
        self._is_open = False
        return self._process.wait(timeout=_SECONDS)

    def _is_asleep(self) -> bool:
        status = Path(f"/proc/{self._process.pid}/stat")
        return not status.exists() or status.read_text().rpartition(")")[2].split()[0] == "S"

    def end(self) -> int:
        """Wait until the command ends; return its exit code."""
        until = time.monotonic() + _SECONDS
        while self._receive(until - time.monotonic()):
            pass
        return self._process.wait(timeout=_SECONDS)

    def _receive(self, seconds: float) -> bool:
        ready, _, _ = select.select([self._near], [], [], max(seconds, 0))
        assert ready, f"nothing more was shown in {_SECONDS} s:\n{self.shown[self._read :]}"
        try:
            piece = os.read(self._near, 65536)
        except OSError:  # Linux: the other end is closed
            return False
        shown = self.shown + piece.decode(errors="replace").replace("\r\n", "\n")
        self.styles += _STYLE.findall(shown)
        self.shown = _STYLE.sub("", shown)
        return bool(piece)

    def __enter__(self) -> Self:
        """Begin."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """End the command if it still runs."""
        if self._process.poll() is None:
            os.killpg(self._process.pid, signal.SIGKILL)
            self._process.wait()
        if self._is_open:
            os.close(self._near)


def _repository() -> str:
    return str(Path(__file__).resolve().parent.parent)

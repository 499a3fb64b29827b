"""The log of one run: collected from all threads while the run goes on, and written to the run records in batches."""

from collections import deque
from datetime import datetime

from bot.errors import HistoryError
from bot.history import LogLine, RunHistory
from bot.plural import counted

ERRAND_THREAD = "errand-"
"""The beginning of the name of a thread that works for a person at the desk; its lines are not those of a job."""
_MOST_LINES = 2_000
"""Number of log lines that are kept for one run; the standard error of the bot has them all."""


class RunLog:
    """The log lines of the run *run_id*; a log that cannot be written does not disturb the run."""

    def __init__(self, history: RunHistory, run_id: int) -> None:
        self._history, self._run_id = history, run_id
        self._waiting: deque[LogLine] = deque()
        self._count = 0

    def add(self, at: datetime, level: str, text: str) -> None:
        """Take a line; called from any thread."""
        self._count += 1
        if self._count <= _MOST_LINES:
            self._waiting.append(LogLine(at, level, text))

    def write(self) -> None:
        """Write the lines that were added since the last time."""
        lines = [self._waiting.popleft() for _ in range(len(self._waiting))]
        if lines and self._run_id:
            try:
                self._history.log(self._run_id, lines)
            except HistoryError:
                self._waiting.extendleft(reversed(lines))

    def end(self, at: datetime) -> None:
        """Write what is left, and how many lines are missing."""
        missing = self._count - _MOST_LINES
        if missing > 0:
            text = f"{counted(missing, 'more line')}, only in the log of the bot"
            self._waiting.append(LogLine(at, "WARNING", text))
        self.write()

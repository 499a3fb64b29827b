"""Work that a page starts and that goes on when the page was answered."""

import threading
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from bot.errors import BotError
from bot.log import logger


@dataclass(frozen=True, slots=True)
class BackgroundTask:
    """One piece of work; *finished* is None while it goes on, *error* is why it failed."""

    started: datetime
    finished: datetime | None = None
    error: str | None = None


class Background:
    """Runs each named piece of work once at a time, in a thread of its own."""

    def __init__(self, clock: Callable[[], datetime]) -> None:
        self._clock = clock
        self._tasks: dict[str, BackgroundTask] = {}
        self._threads: dict[str, threading.Thread] = {}
        self._lock = threading.Lock()

    def start(self, name: str, work: Callable[[], object]) -> bool:
        """Start *work*; return False if work with that name goes on."""
        with self._lock:
            if name in self._tasks and self._tasks[name].finished is None:
                return False
            self._tasks[name] = BackgroundTask(self._clock())
            thread = self._threads[name] = threading.Thread(target=self._run, args=(name, work), daemon=True, name=name)
        thread.start()
        return True

    def find(self, name: str) -> BackgroundTask | None:
        """Return the newest work with that name."""
        return self._tasks.get(name)

    def is_running(self, name: str) -> bool:
        """Return whether work with that name goes on."""
        task = self.find(name)
        return task is not None and task.finished is None

    def wait(self, name: str) -> None:
        """Wait until the work with that name ends."""
        if thread := self._threads.get(name):
            thread.join()

    def _run(self, name: str, work: Callable[[], object]) -> None:
        error = None
        try:
            work()
        except BotError as failure:
            error = str(failure)
            logger.error("{} failed: {}", name, error)
        except Exception as failure:  # noqa: BLE001 -- the page that shows the work reports it
            error = f"{type(failure).__name__}: {failure}"
            logger.opt(exception=failure).error("{} failed", name)
        self._tasks[name] = BackgroundTask(self._tasks[name].started, self._clock(), error)

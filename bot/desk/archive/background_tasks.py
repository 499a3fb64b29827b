"""Long work in the background, one piece at a time: verify, export, report, index."""

import itertools
import shutil
import tempfile
import threading
import weakref
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

from bot.errors import BotError
from bot.log import logger

_MOST_KEPT = 30


@dataclass(eq=False)
class Task:
    """One piece of work; *result* is a file to download, *href* the page that shows the result."""

    id: int
    kind: str
    label: str
    asked: datetime
    finished: datetime | None = None
    done: int = 0
    total: int = 0
    problem: str = ""
    outcome: str = ""
    result: Path | None = None
    name: str = ""
    href: str = ""

    def step(self, _label: str, total: int) -> None:
        """Note progress."""
        self.done, self.total = self.done + 1, total


@dataclass(eq=False)
class BackgroundTasks:
    """The tasks of this process; the results of tasks are in a private folder that is deleted at the end."""

    clock: Callable[[], datetime]
    _tasks: dict[int, Task] = field(default_factory=dict)
    _numbers: "itertools.count[int]" = field(default_factory=lambda: itertools.count(1))
    _lock: threading.Lock = field(default_factory=threading.Lock)
    _turn: threading.Lock = field(default_factory=threading.Lock)
    _folder: str = ""

    @property
    def all(self) -> list[Task]:
        """All tasks that are known, the newest first."""
        return sorted(self._tasks.values(), key=lambda task: -task.id)

    def find(self, number: int) -> Task | None:
        """Return a task, or None."""
        return self._tasks.get(number)

    def running(self, kind: str) -> Task | None:
        """Return the task of a kind that is not finished, or None."""
        return next((task for task in self.all if task.kind == kind and task.finished is None), None)

    def start(self, kind: str, label: str, work: Callable[[Task], None], *, key: str = "") -> Task:
        """Start *work* in the background; if the same is at work already, return that task."""
        with self._lock:
            known = next((t for t in self.all if (t.kind, t.name) == (kind, key) and t.finished is None), None)
            if known:
                return known
            task = Task(next(self._numbers), kind, label, self.clock(), name=key)
            self._tasks[task.id] = task
            for old in [each for each in self.all if each.finished][_MOST_KEPT:]:
                del self._tasks[old.id]
                if old.result:
                    old.result.unlink(missing_ok=True)
        threading.Thread(target=self._run, args=(task, work), name=f"desk-{kind}", daemon=True).start()
        return task

    def new_folder(self) -> Path:
        """Return a new private folder for a result."""
        with self._lock:
            if not self._folder:
                self._folder = tempfile.mkdtemp(prefix="wikibot-desk-")
                weakref.finalize(self, shutil.rmtree, self._folder, ignore_errors=True)
        return Path(tempfile.mkdtemp(dir=self._folder))

    def _run(self, task: Task, work: Callable[[Task], None]) -> None:
        with self._turn:
            try:
                work(task)
            except BotError as error:
                task.problem = str(error)
            except Exception as error:  # noqa: BLE001 -- a thread has nobody else who reports it
                logger.opt(exception=error).error("{} failed", task.label)
                task.problem = "this is a fault of wikibot; the log has the details"
            finally:
                task.finished = self.clock()

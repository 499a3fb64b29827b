"""An executor whose converter dies at certain words of a page, as a bug of a C library would end it.

It runs in a process of the pool or on a worker of the cluster: `os._exit` ends that process silently.
"""

import os
from collections.abc import Callable
from concurrent.futures import Executor, Future
from pathlib import Path
from typing import Any

from bot.config.policy import ArchivedSettings

POISON = "poison"
WITH_POISON = ArchivedSettings(status=True, labels=("archived", POISON))
DEADLY, DEADLY_ONCE = "deadly words", "words that are deadly once"


class DeadlyExecutor(Executor):
    """Runs the converter in *inner*; *notes* is a folder in which the processes note that they die."""

    def __init__(self, inner: Executor, notes: Path) -> None:
        self._inner, self._notes = inner, notes

    def submit(self, fn: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Future[Any]:
        return self._inner.submit(convert, str(self._notes), fn, *args, **kwargs)


def convert(notes: str, fn: Callable[..., Any], /, record: Any, body: str, *args: Any) -> Any:
    if DEADLY in body or (DEADLY_ONCE in body and not Path(notes, record.page_id).exists()):
        with Path(notes, record.page_id).open("a") as note:
            note.write(f"{os.getpid()}\n")
        os._exit(1)
    return fn(record, body, *args)


def deaths(notes: Path) -> dict[str, int]:
    """Return how many processes each page ended."""
    return {note.name: len(note.read_text().splitlines()) for note in notes.iterdir()}

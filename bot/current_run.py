"""The run that this thread works for: its number, and what is noted for its record while it goes on.

The number is in what the run leaves behind: messages of page versions, events of the snapshots, lines of the JSON log.
A context variable has it, because the runs of one process share the gateway and the log.
"""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, replace

from bot.log import redact

_MOST_PAGES = 2_000
"""Number of pages that are noted for one run; the first capture of a large space has many more."""


@dataclass(frozen=True, slots=True)
class RunPage:
    """What a run did about one page, or why it did nothing.

    *version* is the version that the run wrote, or captured. *regions* are those that *result* is about.
    """

    id: str
    title: str
    result: str
    workspace: str = ""
    version: int | None = None
    regions: tuple[str, ...] = ()
    reasons: tuple[str, ...] = ()


class CurrentRun:
    """Collects what is noted about the run *number*; 0 is a run without a record."""

    def __init__(self, number: int) -> None:
        self.number = number
        self.pages: list[RunPage] = []
        self._counts: dict[str, int] = {}
        self._left_out = 0

    @property
    def counts(self) -> Mapping[str, int]:
        """The noted counts, and the number of pages for which there was no room."""
        return self._counts | ({"pages not listed": self._left_out} if self._left_out else {})

    def add_page(self, page: RunPage) -> None:
        """Note what the run did about a page."""
        if len(self.pages) < _MOST_PAGES:
            self.pages.append(replace(page, reasons=tuple(map(redact, page.reasons))))
        else:
            self._left_out += 1

    def add_counts(self, counts: Mapping[str, int]) -> None:
        """Note counts, by what was counted; those of 0 are left out."""
        self._counts |= {what: count for what, count in counts.items() if count}


_current: ContextVar[CurrentRun | None] = ContextVar("current_run", default=None)


@contextmanager
def working_for(run: CurrentRun) -> Iterator[None]:
    """Let this thread work for *run* while the block runs."""
    token = _current.set(run)
    try:
        yield
    finally:
        _current.reset(token)


def current_run() -> CurrentRun:
    """Return the run that this thread works for; work outside a run has the number 0, and its notes go nowhere."""
    return _current.get() or CurrentRun(0)

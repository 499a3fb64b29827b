"""The progress of a long operation in the log: at most one line a minute, with the rate and the time left."""

import time
from collections.abc import Callable
from dataclasses import dataclass, field

from bot.log import logger

_SECONDS = 60


@dataclass
class ProgressLog:
    """Counts pages, and logs how many of them are done."""

    clock: Callable[[], float] = time.monotonic
    _done: int = 0
    _logged: tuple[float, int] = field(init=False)
    """Time of the last line, and the number of pages then."""

    def __post_init__(self) -> None:
        """Begin to measure."""
        self._logged = self.clock(), 0

    def step(self, total: int) -> None:
        """Count a page of *total*."""
        self._done += 1
        now = self.clock()
        since, before = self._logged
        if now - since < _SECONDS:
            return
        rate = (self._done - before) / (now - since)
        left = max(0, total - self._done) / rate
        logger.info(
            "captured {:,} of {:,} pages, {:.1f} pages a second, about {} left",
            self._done,
            total,
            rate,
            _in_words(left),
        )
        self._logged = now, self._done


def _in_words(seconds: float) -> str:
    minutes = round(seconds / 60)
    return f"{minutes // 60} h {minutes % 60} min" if minutes >= 60 else f"{max(1, minutes)} min"

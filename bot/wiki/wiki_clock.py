"""The time on the wiki's clock, from the `Date` header of the answers that were received anyway."""

import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from functools import lru_cache


@lru_cache(maxsize=4)
def _parse(date: str) -> datetime:
    """Parse the header; all answers of one second have the same."""
    stated = parsedate_to_datetime(date)
    return (stated if stated.tzinfo is not None else stated.replace(tzinfo=UTC)).astimezone(UTC)


class WikiClock:
    """Remembers the newest `Date` header and when it came; the clock of this machine may be wrong or jump."""

    def __init__(self, monotonic: Callable[[], float] = time.monotonic) -> None:
        self._monotonic = monotonic
        self._known: tuple[datetime, float] | None = None

    def note(self, date: str | None, age: str | None = None) -> None:
        """Take the headers `Date` and `Age` of an answer; *age* is how many seconds a cache had the answer."""
        try:
            stated = _parse(date or "")
            seconds = int(age or 0)
        except (TypeError, ValueError):
            return
        self._known = (stated + timedelta(seconds=seconds), self._monotonic())

    def time(self) -> datetime | None:
        """Return the time on the wiki's clock; None before the first answer with a date."""
        if self._known is None:
            return None
        stated, received = self._known
        return stated + timedelta(seconds=self._monotonic() - received)

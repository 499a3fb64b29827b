"""The time on the wiki's clock, from the `Date` header of the answers that were received anyway."""

import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime


class WikiClock:
    """Remembers the newest `Date` header and when it came; the clock of this machine may be wrong or jump."""

    def __init__(self, monotonic: Callable[[], float] = time.monotonic) -> None:
        self._monotonic = monotonic
        self._known: tuple[datetime, float] | None = None

    def note(self, date: str | None, age: str | None = None) -> None:
        """Take the headers `Date` and `Age` of an answer; *age* is how many seconds a cache had the answer."""
        try:
            stated = parsedate_to_datetime(date or "")
            seconds = int(age or 0)
        except (TypeError, ValueError):
            return
        stated = stated if stated.tzinfo is not None else stated.replace(tzinfo=UTC)
        self._known = (stated.astimezone(UTC) + timedelta(seconds=seconds), self._monotonic())

    def time(self) -> datetime | None:
        """Return the time on the wiki's clock; None before the first answer with a date."""
        if self._known is None:
            return None
        stated, received = self._known
        return stated + timedelta(seconds=self._monotonic() - received)

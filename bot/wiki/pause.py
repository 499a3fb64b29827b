"""How long the wiki asked to send no requests (`Retry-After` of a 429), also for the next job and the next process."""

import threading
from datetime import UTC, datetime, timedelta
from pathlib import Path

from bot.errors import RateLimitedError
from bot.files import read_text_file, replace_file
from bot.log import logger

_SHORTEST_SECONDS = 5.0
"""A shorter wait is over before another process could ask."""
_LONGEST = timedelta(days=1)


class Pause:
    """The moment before which no request may be sent; thread-safe. With *path*, other processes see it as well.

    The file has the moment and the address of the wiki.
    """

    def __init__(self, path: Path | None = None, *, wiki: str = "") -> None:
        self._path, self._wiki = path, wiki
        self._lock = threading.Lock()
        self._until: datetime | None = None

    def start(self, now: datetime, seconds: float) -> None:
        """Remember that the wiki asked for *seconds* without requests; at most a day."""
        if seconds < _SHORTEST_SECONDS:
            return
        with self._lock:
            self._until = now + min(timedelta(seconds=seconds), _LONGEST)
            if self._path is not None:
                try:
                    replace_file(self._path, f"{self._until.isoformat()} {self._wiki}\n".encode(), is_private=True)
                except OSError as error:
                    logger.warning("{}: cannot be written: {}; the next process does not know of it", self._path, error)

    def end(self) -> None:
        """Forget the moment: the wiki takes requests again."""
        with self._lock:
            if self._until is not None and self._path is not None:
                self._path.unlink(missing_ok=True)
            self._until = None

    def seconds_left(self, now: datetime) -> float:
        """Return how long no request may be sent; 0 if requests may be sent."""
        until = self._read(now)
        return 0.0 if until is None else max(0.0, (until - now).total_seconds())

    def refusal(self, about: str, now: datetime) -> RateLimitedError:
        """Return the error for a request that is not sent."""
        seconds = self.seconds_left(now)
        until = (now + timedelta(seconds=seconds)).astimezone(UTC)
        return RateLimitedError(
            f"{about}: nothing was sent: the wiki answered 429 and asked for no requests before "
            f"{until:%Y-%m-%d %H:%M:%S} UTC; run again then, or run jobs less often",
            retry_after_seconds=seconds,
        )

    def _read(self, now: datetime) -> datetime | None:
        with self._lock:
            if self._path is None:
                return self._until
            try:
                moment, _, wiki = read_text_file(self._path).strip().partition(" ")
                until = datetime.fromisoformat(moment)
            except (OSError, ValueError):
                return self._until
            is_ours = wiki == self._wiki and until.tzinfo is not None and until <= now + _LONGEST
            return until if is_ours else self._until

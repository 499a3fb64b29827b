"""Send fewer requests while the wiki says that few are left, so that it does not have to refuse one (429).

Cloud: `X-RateLimit-NearLimit: true` when less than a fifth of the limit is left, with `X-RateLimit-Remaining` and
`X-RateLimit-Reset` (ISO 8601). Data Center: `X-RateLimit-Limit`, `-Remaining`, `-FillRate` and `-Interval-Seconds`.
Source of both: Atlassian's developer documentation, *Rate limiting*.
"""

import re
import threading
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from datetime import UTC, datetime

_NEAR = 0.2  # part of the limit; Cloud uses the same
_LONGEST_SECONDS = 10.0
_DEFAULT_SECONDS = 1.0  # if the wiki does not say how many requests are left


class ReadPace:
    """The time between two requests of all threads; no time while the wiki does not say that its limit is near."""

    def __init__(self, *, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._lock = threading.Lock()
        self._interval = 0.0
        self._next = float("-inf")

    def wait(self, sleep: Callable[[float], None]) -> None:
        """Sleep until the next request may be sent."""
        with self._lock:
            now = self._clock()
            slot = max(now, self._next)
            self._next = slot + self._interval
        if slot > now:
            sleep(slot - now)

    def learn(self, headers: Mapping[str, str], now: datetime) -> None:
        """Set the pace from the headers of an answer at the time *now*; other answers do not change it."""
        interval = _interval(headers, now)
        if interval is None:
            return
        interval = min(interval, _LONGEST_SECONDS)
        with self._lock:
            if interval < self._interval:
                self._next = min(self._next, self._clock() + interval)
            self._interval = interval


def _interval(headers: Mapping[str, str], now: datetime) -> float | None:
    """Return the seconds between two requests; None if the answer does not say anything about a limit."""
    if "X-RateLimit-Remaining" not in headers and "X-RateLimit-NearLimit" not in headers:
        return None
    remaining = _number(headers, "Remaining")
    near = headers.get("X-RateLimit-NearLimit", "").strip().lower()
    if near in {"true", "false"}:
        return _until_reset(headers, remaining, now) if near == "true" else 0.0
    limit, rate, interval = (_number(headers, name) for name in ("Limit", "FillRate", "Interval-Seconds"))
    if remaining is None or limit is None:
        return None
    if remaining >= _NEAR * limit:
        return 0.0
    return interval / rate if interval is not None and rate else _DEFAULT_SECONDS


def _until_reset(headers: Mapping[str, str], remaining: float | None, now: datetime) -> float:
    reset = None
    with suppress(ValueError):
        reset = datetime.fromisoformat(headers.get("X-RateLimit-Reset", ""))
    if reset is None or remaining is None:
        return _DEFAULT_SECONDS
    reset = reset if reset.tzinfo else reset.replace(tzinfo=UTC)
    return max(0.0, (reset - now).total_seconds()) / max(1.0, remaining)


def _number(headers: Mapping[str, str], name: str) -> float | None:
    text = headers.get(f"X-RateLimit-{name}", "").strip()
    return float(text) if re.fullmatch(r"[0-9]+(\.[0-9]+)?", text) else None

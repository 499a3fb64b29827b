"""Keep writes apart, whichever thread makes them."""

import threading
import time
from collections.abc import Callable


class RateLimiter:
    """Keep calls at least *interval_seconds* apart; the first one never waits."""

    def __init__(
        self,
        interval_seconds: float,
        *,
        clock: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self._interval = interval_seconds
        self._clock = clock
        self._sleep = sleep
        self._lock = threading.Lock()
        self._next_slot = float("-inf")

    @classmethod
    def per_minute(
        cls,
        calls: float,
        *,
        clock: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], None] = time.sleep,
    ) -> "RateLimiter":
        """Allow *calls* a minute, evenly spaced; zero or less means no limit."""
        return cls(60.0 / calls if calls > 0 else 0.0, clock=clock, sleep=sleep)

    def wait(self) -> None:
        """Take the next free slot and sleep until it comes."""
        with self._lock:
            now = self._clock()
            slot = max(now, self._next_slot)
            self._next_slot = slot + self._interval
        if slot > now:
            self._sleep(slot - now)

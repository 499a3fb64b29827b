"""A token bucket for rate limits: requests use tokens, which are refilled over time."""

import math
import threading
import time
from collections.abc import Callable


class TokenBucket:
    """Up to *capacity* requests at once, *per_second* on average; one bucket per caller."""

    def __init__(
        self,
        capacity: int,
        per_second: float,
        *,
        counts_objects: bool = False,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.capacity, self.per_second, self.counts_objects = capacity, per_second, counts_objects
        self._clock = clock
        self._lock = threading.Lock()
        self._levels: dict[str, tuple[float, float]] = {}

    def take(self, caller: str) -> tuple[int, int]:
        """Use one token. Return (seconds to wait, tokens left); 0 seconds means that the request is allowed."""
        with self._lock:
            now = self._clock()
            level, since = self._levels.get(caller, (float(self.capacity), now))
            level = min(self.capacity, level + (now - since) * self.per_second)
            if level >= 1:
                self._levels[caller] = (level - 1, now)
                return 0, int(level - 1)
            self._levels[caller] = (level, now)
            wait = (1 - level) / self.per_second if self.per_second else 3600
            return max(1, math.ceil(wait)), 0

    def charge(self, caller: str, tokens: int) -> int:
        """Use more tokens for an answer that is known only now; return the tokens left."""
        with self._lock:
            level, since = self._levels[caller]
            self._levels[caller] = (level - tokens, since)
            return max(0, int(level - tokens))

    @property
    def seconds_to_full(self) -> int:
        """Return how long an empty bucket takes to fill up."""
        return math.ceil(self.capacity / self.per_second) if self.per_second else 3600

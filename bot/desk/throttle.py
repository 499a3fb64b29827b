"""Limits of how often something may be tried, in memory."""

from functools import cached_property
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from limits.strategies import MovingWindowRateLimiter


class Throttle:
    """Counts tries in a moving window; the counts end with the process."""

    @cached_property
    def _limiter(self) -> "MovingWindowRateLimiter":
        from limits.storage import MemoryStorage
        from limits.strategies import MovingWindowRateLimiter

        return MovingWindowRateLimiter(MemoryStorage())

    def allows(self, limit: str, *key: str) -> bool:
        """Count one try of *key* and return whether it is within *limit*, for example `5 per minute`."""
        from limits import parse

        return self._limiter.hit(parse(limit), limit, *key)

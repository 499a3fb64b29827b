"""How many requests this process has sent to wikis, what came of them, and how long it waited; for the metrics.

The numbers begin at zero when the process starts, as those of a Prometheus counter do.
"""

import threading
from collections import Counter
from collections.abc import Mapping


class Traffic:
    """Counts requests; safe to use from several threads."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._requests: Counter[tuple[str, str]] = Counter()
        self._pauses = 0
        self._waited_seconds = 0.0

    def answered(self, method: str, status: int | None) -> None:
        """Count one attempt; *status* is None if no answer came."""
        with self._lock:
            self._requests[method, "none" if status is None else str(status)] += 1

    def waits(self, seconds: float) -> None:
        """Count a pause before a request is sent again, or because the wiki asked for it."""
        with self._lock:
            self._pauses += 1
            self._waited_seconds += seconds

    @property
    def requests(self) -> Mapping[tuple[str, str], int]:
        """The number of attempts by method and status; the status is `none` if no answer came."""
        with self._lock:
            return dict(self._requests)

    @property
    def pauses(self) -> int:
        """The number of pauses."""
        return self._pauses

    @property
    def waited_seconds(self) -> float:
        """The length of all pauses in seconds."""
        return self._waited_seconds


TRAFFIC = Traffic()
"""The traffic of this process with all wikis."""

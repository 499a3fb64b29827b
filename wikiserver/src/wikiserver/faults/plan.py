"""The active faults: which requests each applies to, and how often."""

import random
import threading
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from typing import Final, cast

from wikiserver.faults.bucket import TokenBucket
from wikiserver.faults.spec import FaultSpec, parse_faults
from wikiserver.normalise import Level
from wikiserver.site import Site

_MAX_HITS: Final = 10_000
_SWITCHES: Final = {
    "read-only": "is_read_only",
    "forbidden": "answers_forbidden",
    "draft-conflict": "refuses_over_drafts",
    "no-nesting": "refuses_nested_macros",
    "no-date": "omits_date",
}
"""The faults that switch on a behaviour of the site, and the name of its attribute."""


@dataclass(slots=True)
class _Entry:
    """An active fault, and how many more times it applies; None means always."""

    spec: FaultSpec
    left: int | None


class Faults:
    """The active faults; they can be changed while the server runs."""

    def __init__(self, site: Site, set_level: Callable[[Level], None], *, level: Level) -> None:
        self._site, self._set_level, self._level = site, set_level, level
        self._lock = threading.Lock()
        self._entries: list[_Entry] = []
        self._random = random.Random(0)  # noqa: S311 -- not for secrets
        self.bucket: TokenBucket | None = None
        self.latency_seconds = 0.0
        self.hits: deque[tuple[str, str]] = deque(maxlen=_MAX_HITS)

    def add(self, text: str) -> None:
        """Add faults to the active ones; raises FaultSpecError."""
        for spec in parse_faults(text):
            if spec.is_site_wide:
                self._change_site(spec)
            with self._lock:
                self._entries.append(_Entry(spec, spec.times))

    def clear(self) -> None:
        """Remove all faults."""
        with self._lock:
            self._entries.clear()
            self.bucket, self.latency_seconds = None, 0.0
        site = self._site
        site.max_page_size, site.stale_search_seconds = 0, 0.0
        site.store.clock_shift = timedelta()
        for name in _SWITCHES.values():
            setattr(site, name, False)
        self._keep_state(keep=not site.is_cloud)
        self._set_level(self._level)

    def active(self) -> list[str]:
        """Return the active faults as specifications."""
        with self._lock:
            return [str(one.spec) if one.left is None else f"{one.spec} ({one.left} left)" for one in self._entries]

    def next_for(self, operation: str, method: str) -> FaultSpec | None:
        """Return the fault for a request, or None; this decrements the count of a counted fault."""
        with self._lock:
            for entry in self._entries:
                spec = entry.spec
                if spec.is_site_wide or entry.left == 0 or not spec.fits(operation, method):
                    continue
                if spec.percent < 100 and self._random.randrange(100) >= spec.percent:
                    continue
                if entry.left is not None:
                    entry.left -= 1
                self.hits.append((spec.kind, operation))
                return spec
        return None

    def _change_site(self, spec: FaultSpec) -> None:
        site = self._site
        if spec.kind in _SWITCHES:
            setattr(site, _SWITCHES[spec.kind], True)
        match spec.kind:
            case "cap":
                site.max_page_size = int(spec.argument)
            case "stale":
                site.stale_search_seconds = float(spec.argument)
            case "latency":
                self.latency_seconds = int(spec.argument) / 1000
            case "clock":
                site.store.clock_shift = timedelta(seconds=int(spec.argument))
            case "keep-state":
                self._keep_state(keep=True)
            case "level":
                self._set_level(cast(Level, spec.argument))
            case "seed":
                self._random.seed(int(spec.argument))
            case "bucket" | "points":
                capacity, _, per_second = spec.argument.partition("/")
                self.bucket = TokenBucket(int(capacity), float(per_second), counts_objects=spec.kind == "points")

    def _keep_state(self, *, keep: bool) -> None:
        self._site.store.pages.clears_state_on_write = not keep
        self._site.store.properties.clears_state_on_write = not keep

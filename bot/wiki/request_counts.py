"""Count the requests of one gateway by what they are about, for the records of runs."""

import re
import threading
from collections import Counter
from collections.abc import Mapping
from functools import lru_cache

_KINDS = (
    ("files", r"/download\b"),
    ("search", r"/search\?"),
    ("labels", r"/labels?\b"),
    ("versions", r"/version(s|\?|$)"),
    ("restrictions", r"/restriction/"),
    ("attachments", r"attachments?\b"),
    ("comments", r"comments?\b[?/]"),
    ("people", r"/user\b"),
    ("lists of pages", r"/spaces/[^/]+/pages\?|/pages\?space-id=|/content\?.*\bspaceKey=|/content/page\?"),
    ("pages", r"/(pages|content)[/?]"),
)
_PATTERNS = tuple((kind, re.compile(pattern)) for kind, pattern in _KINDS)
_OTHER = "other things"
_NUMBER = re.compile("[0-9]+")
"""Ids do not matter: without them, there are few addresses to remember."""


class RequestCounts:
    """Thread-safe. A request that is tried again counts once."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._counts: Counter[str] = Counter()

    def add(self, address: str) -> None:
        """Count a request to *address*, a path with its query."""
        path, _, query = address.partition("?")
        kind = kind_of(_NUMBER.sub("1", f"{path}?{query.partition('expand=')[0]}" if query else path))
        with self._lock:
            self._counts[kind] += 1

    def by_kind(self) -> Mapping[str, int]:
        """Return the number of requests of each kind so far."""
        with self._lock:
            return dict(self._counts)


@lru_cache(maxsize=256)
def kind_of(address: str) -> str:
    """Return what a request is about; *address* is a path with its query, without `expand`."""
    return next((kind for kind, pattern in _PATTERNS if pattern.search(address)), _OTHER)

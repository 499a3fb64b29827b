"""Ask a REST API: one client a thread, errors translated, answers decoded, listings followed to their end."""

import threading
from collections.abc import Callable, Iterator
from typing import Any, Protocol

import requests

from bot.errors import PageNotFoundError
from bot.wiki.answers import read_json
from bot.wiki.ask import Ask
from bot.wiki.paging import iter_results, next_path


class Verbs(Protocol):
    """The plain verbs of an API client; each returns the raw response."""

    def get(self, path: str) -> requests.Response: ...
    def put(self, path: str, payload: Any) -> requests.Response: ...
    def post(self, path: str, payload: Any) -> requests.Response: ...
    def download(self, path: str) -> bytes: ...


class RestClient:
    """Send what a dialect asks for. Clients are not thread-safe, so *connect* is called once a thread."""

    def __init__(self, connect: Callable[[], Verbs], *, base_url: str) -> None:
        self._connect = connect
        self._base_url = base_url
        self._local = threading.local()

    @property
    def _verbs(self) -> Verbs:
        verbs: Verbs | None = getattr(self._local, "verbs", None)
        if verbs is None:
            verbs = self._local.verbs = self._connect()
        return verbs

    def get(self, ask: Ask) -> Any:
        """Return the decoded answer."""
        return read_json(self._verbs.get(ask.address), ask)

    def put(self, ask: Ask) -> Any:
        """Return the decoded answer to a write."""
        return read_json(self._verbs.put(ask.address, ask.payload), ask, is_write=True)

    def post(self, ask: Ask) -> Any:
        """Return the decoded answer to a write."""
        return read_json(self._verbs.post(ask.address, ask.payload), ask, is_write=True)

    def download(self, path: str) -> bytes:
        """Return the bytes behind a path relative to the base address."""
        return self._verbs.download(next_path({"_links": {"next": path}}, self._base_url) or path)

    def iter(self, ask: Ask) -> Iterator[dict[str, Any]]:
        """Yield the results of a listing, however many requests it takes."""
        return iter_results(
            ask.address, lambda path: read_json(self._verbs.get(path), ask), base_url=self._base_url, about=ask.about
        )

    def iter_first(self, alternatives: tuple[Ask, ...]) -> Iterator[dict[str, Any]]:
        """Yield the results of the first of *alternatives* that the wiki knows."""
        *others, last = alternatives
        for ask in others:
            results = self.iter(ask)
            try:
                first = next(results, None)
            except PageNotFoundError:
                continue
            if first is not None:
                yield first
                yield from results
            return
        yield from self.iter(last)

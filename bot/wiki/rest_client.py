"""Send REST calls: one connection per thread; decode answers, follow listings to the end."""

import json
import re
import threading
from collections.abc import Callable, Iterator, Mapping
from typing import Any, Protocol, TypeVar
from urllib.parse import parse_qsl, urlencode, urlsplit

import requests

from bot.errors import (
    AuthenticationError,
    PageNotFoundError,
    PermissionDeniedError,
    UnsettledListingError,
    WikiAnswerError,
    WikiError,
)
from bot.wiki import rest_v1
from bot.wiki.answers import read_json
from bot.wiki.dialect import Call
from bot.wiki.failures import gives_no_reason, said_by_wiki
from bot.wiki.gateway import AnswerStore, RawAnswer, Sink
from bot.wiki.request_counts import RequestCounts
from bot.wiki.scopes import is_scope_failure

T = TypeVar("T")
_GATEWAY_PREFIX = re.compile(r"^/ex/confluence/[^/]+(?=/)")
_MAX_REQUESTS = 20_000
_MAX_KEPT_BYTES = 1024 * 1024
_PASSES = 6  # over a listing that changes while it is read


class Verbs(Protocol):
    """The plain verbs of an API client; each returns the raw response."""

    def send(self, method: str, path: str, payload: Any) -> requests.Response: ...
    def download(self, path: str, sink: Sink) -> int: ...
    def probe(self, method: str, path: str) -> requests.Response: ...


class RestClient:
    """Sends the calls of a dialect. Connections are not thread-safe, so *connect* is called once per thread.

    With *confirms_sign_in*, an answer that may mean a bad token is accepted only if the wiki still accepts the account:
    Cloud answers an expired or revoked token with 403 or 404, as if pages were absent.
    """

    def __init__(self, connect: Callable[[], Verbs], *, base_url: str, confirms_sign_in: bool = False) -> None:
        self._connect = connect
        self._base_url = base_url
        self._confirms_sign_in = confirms_sign_in
        self._local = threading.local()
        self.counts = RequestCounts()
        self.learn: Callable[[Any], None] = lambda _answer: None
        """Is called with each decoded answer."""
        self.answers: AnswerStore | None = None
        """Has answers to use instead of requests, and gets the others; None if each question is asked."""

    @property
    def _verbs(self) -> Verbs:
        verbs: Verbs | None = getattr(self._local, "verbs", None)
        if verbs is None:
            verbs = self._local.verbs = self._connect()
        return verbs

    def send(self, call: Call[T]) -> T:
        """Send one call and return the value in its answer."""
        return call.read(self._exchange(call, call.address))

    def fetch_headers(self, call: Call[Any]) -> Mapping[str, str]:
        """Send one call and return the headers of the answer."""
        response = self._verbs.send(call.method, call.address, call.payload)
        read_json(response, call)
        return response.headers

    def iter(self, call: Call[T]) -> Iterator[T]:
        """Yield the values of a listing, over as many requests as needed."""
        return map(call.read, self.items(call))

    def items(self, call: Call[Any]) -> Iterator[dict[str, Any]]:
        """Yield the raw items of a listing, for a caller that checks their ids before it decodes them."""
        return iter_results(
            call.address, lambda path: self._exchange(call, path), base_url=self._base_url, about=call.about
        )

    def batches(self, call: Call[T]) -> Iterator[tuple[list[T], bool]]:
        """Yield the values of each request of a listing by cursor, and whether they are the last ones."""
        path: str | None = call.address
        while path is not None:
            answer = self._exchange(call, path)
            path = next_path(answer, self._base_url) if isinstance(answer, dict) else None
            yield [call.read(item) for item in _results_of(answer, call.about)], path is None

    def iter_first(self, alternatives: tuple[Call[T], ...]) -> Iterator[T]:
        """Yield the values of the first of *alternatives* that the wiki supports."""
        *others, last = alternatives
        for call in others:
            results = self.iter(call)
            try:
                first = next(results, None)
            except PageNotFoundError:
                continue
            if first is not None:
                yield first
                yield from results
            return
        yield from self.iter(last)

    def download(self, path: str, sink: Sink) -> int:
        """Write the bytes at a path relative to the base address to *sink*; return their number."""
        if self.answers is not None and (kept := self.answers.find(path)) is not None:
            sink.restart()
            sink.write(kept)
            return len(kept)
        self.counts.add(path)
        copy = _CopyingSink(sink)
        size = self._verbs.download(next_path({"_links": {"next": path}}, self._base_url) or path, copy)
        if self.answers is not None and size <= _MAX_KEPT_BYTES:
            self.answers.keep(path, b"".join(copy.pieces))
        return size

    def probe(self, method: str, path: str) -> requests.Response:
        """Send a request that cannot change anything; return the answer, with any status."""
        return self._verbs.probe(method, path)

    def ask(self, path: str) -> RawAnswer:
        """Send a GET; return the answer with any status."""
        response = self._verbs.probe("GET", path)
        try:
            answer = response.json()
        except ValueError:
            answer = None
        found = answer.get("results") if isinstance(answer, dict) else None
        results = tuple(item for item in found if isinstance(item, dict)) if isinstance(found, list) else ()
        return RawAnswer(response.status_code, said_by_wiki(response), results)

    def _exchange(self, call: Call[Any], path: str) -> Any:
        """Return the decoded answer, an earlier one if it is kept."""
        answers = self.answers if call.is_kept and call.method == "GET" else None
        if answers is not None and (kept := answers.find(path)) is not None:
            answer = json.loads(kept) if kept else None
            self.learn(answer)
            return answer
        return self._ask(call, path, answers)

    def _ask(self, call: Call[Any], path: str, answers: AnswerStore | None) -> Any:
        self.counts.add(path)
        response = self._verbs.send(call.method, path, call.payload)
        try:
            answer = read_json(response, call)
        except (PageNotFoundError, PermissionDeniedError, WikiAnswerError) as error:
            if self._confirms_sign_in and gives_no_reason(response):
                self._confirm_sign_in(call, error)
            raise
        self.learn(answer)
        if answers is not None:
            answers.keep(path, response.content)
        return answer

    def _confirm_sign_in(self, call: Call[Any], error: WikiError) -> None:
        account = rest_v1.current_user()
        response = self._verbs.send(account.method, account.address, None)
        if is_scope_failure(said_by_wiki(response), response.headers.get("X-Failure-Category", "")):
            return  # the wiki knows the token, which has no scope for this question
        is_unknown = response.status_code in (requests.codes.unauthorized, requests.codes.forbidden)
        if is_unknown or (response.ok and account.read(read_json(response, account)).id == "anonymous"):
            raise AuthenticationError(
                f"{call.about}: the wiki answered {error.status} and does not know the bot's account any more; "
                "the token may have expired or been revoked: make a new one and replace the old one"
            ) from error


class _CopyingSink:
    """Passes a download on, and keeps it if it is small."""

    def __init__(self, sink: Sink) -> None:
        self._sink, self.pieces, self._size = sink, list[bytes](), 0

    def restart(self) -> None:
        self.pieces, self._size = [], 0
        self._sink.restart()

    def write(self, data: bytes) -> object:
        self._size += len(data)
        if self._size <= _MAX_KEPT_BYTES:
            self.pieces.append(data)
        else:
            self.pieces.clear()
        return self._sink.write(data)


def iter_results(
    first_path: str, fetch: Callable[[str], Any], *, base_url: str, about: str
) -> Iterator[dict[str, Any]]:
    """Yield the results of a listing until the wiki names no next page, each result once.

    The requested limit does not decide when to stop, because servers cap it. *fetch* takes a path relative to
    *base_url*. A listing by offset is requested one entry early: if the first entry is not the last one seen, people
    added or removed entries, and others may have been skipped. Then the listing is read again, until no entry moved or
    two passes agree; results that were yielded before are omitted. Raises `UnsettledListingError` if it never settles.
    """
    given: set[str] = set()
    before: list[str] = []
    for _ in range(_PASSES):
        order: list[str] = []
        is_shifted = False
        for results, is_overlapping in _iter_answers(first_path, fetch, base_url=base_url, about=about):
            names = [_identity(item) for item in results]
            is_shifted |= is_overlapping and names[:1] != order[-1:]
            order += names[1:] if is_overlapping and names[:1] == order[-1:] else names
            for name, item in zip(names, results, strict=True):
                if name not in given:
                    given.add(name)
                    yield item
        if not is_shifted or order == before:
            return
        before = order
    raise UnsettledListingError(f"{about}: the wiki's listing changed during each of {_PASSES} attempts to read it")


def _iter_answers(
    first_path: str, fetch: Callable[[str], Any], *, base_url: str, about: str
) -> Iterator[tuple[list[dict[str, Any]], bool]]:
    """Yield the results of each request of one pass, and whether the first result should repeat the last one seen."""
    path: str | None = first_path
    is_overlapping = False
    seen: set[str] = set()
    while path is not None:
        if path in seen or len(seen) >= _MAX_REQUESTS:
            raise WikiAnswerError(f"{about}: the wiki's listing does not end: its next page repeats an earlier one")
        seen.add(path)
        answer = fetch(path)
        results = _results_of(answer, about)
        yield results, is_overlapping
        path, is_overlapping = next_path(answer, base_url), False
        if path is not None and len(results) > 1:  # with one result a request, the offset would not advance
            path, is_overlapping = _one_entry_early(path)


def _results_of(answer: Any, about: str) -> list[dict[str, Any]]:
    results = answer.get("results") if isinstance(answer, dict) else None
    if not isinstance(results, list) or not all(isinstance(item, dict) for item in results):
        raise WikiAnswerError(f"{about}: the wiki's answer does not match the API: it has no list of results")
    return results


def _one_entry_early(path: str) -> tuple[str, bool]:
    """Return *path* with its offset reduced by one, and True; a listing by cursor is not changed."""
    bare, _, query = path.partition("?")
    values = parse_qsl(query, keep_blank_values=True)
    named = dict(values)
    start = named.get("start", "")
    if "cursor" in named or not start.isdecimal() or int(start) == 0:
        return path, False
    earlier = [(name, str(int(start) - 1) if name == "start" else value) for name, value in values]
    return f"{bare}?{urlencode(earlier, safe=',')}", True


def _identity(item: dict[str, Any]) -> str:
    """Return what identifies a result: the id of content, the number of a version, otherwise all of its data."""
    content = item.get("content")
    name = item.get("id", item.get("number", content.get("id") if isinstance(content, dict) else None))
    return str(name) if isinstance(name, str | int) else json.dumps(item, sort_keys=True, ensure_ascii=True)


def next_path(answer: dict[str, Any], base_url: str) -> str | None:
    """Return the path of the next page relative to *base_url*, or None on the last page.

    v1 gives the path relative to `_links.base`; v2 relative to the host, including the context path. Host names in it
    are ignored: a wiki behind a proxy may use another name for itself, and credentials are sent only to the configured
    host.
    """
    links = answer.get("_links")
    if not isinstance(links, dict) or not links.get("next"):
        return None
    try:
        parts = urlsplit(str(links["next"]))
        bases = (str(links.get("base") or ""), base_url)
        contexts = [_GATEWAY_PREFIX.sub("", urlsplit(base).path).rstrip("/") for base in bases]
    except ValueError as error:
        raise WikiAnswerError(
            f"the address of the next page of the wiki's listing is invalid: {links['next']!r}"
        ) from error
    path = _GATEWAY_PREFIX.sub("", "/" + parts.path.lstrip("/"))
    for context in contexts:
        if context and path.startswith(context + "/"):
            path = path[len(context) :]
            break
    return f"{path}?{parts.query}" if parts.query else path

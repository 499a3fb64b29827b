"""A WSGI middleware that applies faults to requests and answers."""

import json
import re
import socket
import struct
import threading
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from typing import Any, Final

from wikiserver.faults.plan import Faults
from wikiserver.faults.rate_limit import limited
from wikiserver.faults.refusals import refuse
from wikiserver.faults.spec import FaultSpec
from wikiserver.person_saves import open_and_save
from wikiserver.site import Site, authenticate
from wikiserver.store import Content, StoreError

SOCKET_KEY: Final = "wiki.socket"
ADMIN_PATH: Final = "/_admin/faults"

Environ = dict[str, Any]
Headers = list[tuple[str, str]]
StartResponse = Callable[..., Any]
App = Callable[[Environ, StartResponse], Iterable[bytes]]

_ONE_PAGE: Final = re.compile(r"/(?:rest/(?:api|experimental)/content|api/v2/(?:pages|blogposts))/(\d+)/?$")
_MEDIA: Final = re.compile(r"/file/[^/]+/binary$")
_TO_MEDIA: Final = re.compile(r"/child/attachment/[^/]+/download$")
"""Cloud answers with a redirect to the media host, which has the faults of downloads."""
_API: Final = re.compile(r"^(?:/[\w-]+)?/(?:rest/(?:api|experimental)|api/v2)/")
_HTML: Final = (
    "<!DOCTYPE html>\n<html><head><title>{title}</title></head><body><h1>{title}</h1><p>{text}</p></body></html>\n"
)
_LOGIN: Final = _HTML.format(
    title="Log in with Atlassian account",
    text='Log in to continue</p><form action="/login" method="post"><input name="username"/></form><p>',
)


@dataclass(slots=True)
class Answer:
    """A complete answer before it is sent."""

    status: str
    headers: Headers
    body: bytes

    def with_body(self, body: bytes, media_type: str | None = None) -> "Answer":
        """Return the answer with another body and the matching length."""
        kept = [(k, v) for k, v in self.headers if k.lower() not in {"content-length", "content-type"}]
        kind = media_type or dict(self.headers).get("Content-Type", "application/json")
        headers = [*kept, ("Content-Type", kind), ("Content-Length", str(len(body)))]
        return Answer(self.status, headers, body)


def operation_of(method: str, path: str) -> str:
    """Return the operation of a request, in the terms of fault specifications."""
    if "/label" in path:
        return "labels"
    if path.rstrip("/").endswith("/search") or "/search/" in path:
        return "search"
    if _MEDIA.match(path):
        return "files"
    if "/download/" in path or "/attachment" in path:
        return "files" if method == "GET" and "/download" in path else {"GET": "list"}.get(method, "files")
    if method in {"PUT", "POST", "DELETE"}:
        return method.lower()
    return "get" if _ONE_PAGE.search(path) else "list"


def _has_faults(path: str) -> bool:
    if path == ADMIN_PATH:
        return False
    return _API.match(path) is not None or "/download/" in path or _MEDIA.match(path) is not None


class FaultyApp:
    """The application with the active faults applied to requests and answers. Pages for browsers have no faults."""

    def __init__(self, app: App, site: Site, faults: Faults, stopping: threading.Event) -> None:
        self._app, self._site, self._faults, self._stopping = app, site, faults, stopping

    def __call__(self, environ: Environ, start_response: StartResponse) -> Iterable[bytes]:
        """Serve one request, with or without a fault."""
        path = environ.get("PATH_INFO", "")
        if not _has_faults(path):
            return self._app(environ, start_response)
        if self._faults.latency_seconds:
            self._stopping.wait(self._faults.latency_seconds)
        bucket = self._faults.bucket
        if bucket is None or _MEDIA.match(path):
            return self._faulty(environ, start_response)
        return limited(bucket, self._faulty, is_cloud=self._site.is_cloud)(environ, start_response)

    def _faulty(self, environ: Environ, start_response: StartResponse) -> Iterable[bytes]:
        method, path = environ["REQUEST_METHOD"], environ.get("PATH_INFO", "")
        is_redirect = self._site.is_cloud and _TO_MEDIA.search(path) is not None
        spec = None if is_redirect else self._faults.next_for(operation_of(method, path), method)
        if spec is None:
            return self._app(environ, start_response)
        return self._spoil(spec, environ, start_response)

    def _spoil(self, spec: FaultSpec, environ: Environ, start_response: StartResponse) -> Iterable[bytes]:
        early = self._refuse(spec, environ) if spec.kind == "refuse" else self._instead(spec, environ)
        if early is not None:
            return _send(early, start_response)
        answer = _collect(self._app, environ)
        match spec.kind:
            case "commit-reset":
                _reset(environ)
            case "commit-502":
                return _send(_gateway_error(502, []), start_response)
            case "slow":
                start_response(answer.status, answer.headers)
                return self._trickle(answer.body, int(spec.argument or 1))
            case "truncated":
                return _send(answer.with_body(answer.body[: len(answer.body) // 2]), start_response)
            case "cut":
                return _cut(answer, environ, start_response)
            case "empty":
                return _send(answer.with_body(_without_bodies(answer.body)), start_response)
            case "edit" | "editor" | "comment" | "draft":
                self._interfere(spec, environ)
        return _send(answer, start_response)

    def _instead(self, spec: FaultSpec, environ: Environ) -> Answer | None:
        """Return the answer that replaces the application's answer; None for faults that are applied later."""
        match spec.kind:
            case "reset":
                _reset(environ)
            case "timeout":
                self._stopping.wait(float(spec.argument or 3600))
                _reset(environ)
            case "429":
                return _error(429, "Rate limit exceeded", _retry_after(spec.argument or "1"))
            case "502" | "503":
                return _gateway_error(int(spec.kind), _retry_after(spec.argument or "none"))
            case "500" | "401" | "403" | "404":
                return _error(int(spec.kind), f"fault {spec.kind}", [])
            case "garbage":
                return Answer("200 OK", [], b"").with_body(b"\x00\xff{]garbage" * 20, "application/json")
            case "wrong-type":
                return Answer("200 OK", [], b"").with_body(
                    b'["not", "what", "you", "asked", "for"]', "application/json"
                )
            case "login":
                return Answer("200 OK", [], b"").with_body(_LOGIN.encode(), "text/html;charset=UTF-8")
            case "other-page":
                return self._other_page(environ)
        return None

    def _refuse(self, spec: FaultSpec, environ: Environ) -> Answer:
        line, headers, body = refuse(spec.argument, is_cloud=self._site.is_cloud, path=environ.get("PATH_INFO", ""))
        return Answer(line, headers, b"").with_body(body)

    def _trickle(self, body: bytes, bytes_per_second: int) -> Iterator[bytes]:
        for place in range(0, len(body), bytes_per_second):
            yield body[place : place + bytes_per_second]
            if self._stopping.wait(1):
                return

    def _other_page(self, environ: Environ) -> Answer | None:
        match = _ONE_PAGE.search(environ.get("PATH_INFO", ""))
        if match is None:
            return None
        other = self._site.store.contents.find_other_page(int(match[1]))
        if other is None:
            return None
        return _collect(self._app, environ | {"PATH_INFO": environ["PATH_INFO"].replace(match[1], str(other))})

    def _interfere(self, spec: FaultSpec, environ: Environ) -> None:
        """Perform an action of a person on the page that was just read or written."""
        match = _ONE_PAGE.search(environ.get("PATH_INFO", ""))
        page = self._site.store.contents.find(int(match[1])) if match else None
        if page is None:
            return
        try:
            self._act(spec, page)
        except StoreError:
            return  # the page does not allow this action: do nothing

    def _act(self, spec: FaultSpec, page: Content) -> None:
        store, kind = self._site.store, spec.kind
        person, body = store.people.get("omar").account_id, store.contents.body(page.id)
        if kind == "edit":
            store.pages.update(page.id, body=f"{body}<p>Edited meanwhile.</p>", author=person, message="meanwhile")
        elif kind == "editor":
            open_and_save(self._site, page.id, "omar", editor=spec.argument)
        elif kind == "draft":
            store.pages.save_draft(page.id, title=None, body=f"{body}<p>Not yet published.</p>", author=person)
        else:
            word = re.search(r"\w+(?=[^<>]*<)", re.sub(r"<[^>]*>", lambda tag: " " * len(tag[0]), body) + "<")
            if word is not None:
                store.comments.add_inline(page.id, "<p>Is this so?</p>", author=person, selection=word[0])


def fault_admin(app: App, site: Site, faults: Faults) -> App:
    """Return the application with the endpoint through which tests change the faults: GET, POST text, DELETE."""

    def answer(environ: Environ, start_response: StartResponse) -> Iterable[bytes]:
        if environ.get("PATH_INFO") != ADMIN_PATH:
            return app(environ, start_response)
        user = authenticate(environ.get("HTTP_AUTHORIZATION"), site)
        if user is None or not user.is_admin:
            return _send(_error(403, "Only administrators change the faults", []), start_response)
        if environ["REQUEST_METHOD"] == "DELETE":
            faults.clear()
        elif environ["REQUEST_METHOD"] == "POST":
            length = int(environ.get("CONTENT_LENGTH") or 0)
            try:
                faults.add(environ["wsgi.input"].read(length).decode())
            except ValueError as error:
                return _send(_error(400, str(error), []), start_response)
        body = json.dumps({"faults": faults.active(), "hits": list(faults.hits)}).encode()
        return _send(Answer("200 OK", [], b"").with_body(body, "application/json"), start_response)

    return answer


def _without_bodies(body: bytes) -> bytes:
    """Return a JSON answer with an empty text in each body."""

    def empty(value: object) -> object:
        if isinstance(value, dict):
            is_body = {"representation", "value"} <= value.keys()
            return {key: "" if is_body and key == "value" else empty(item) for key, item in value.items()}
        return [empty(item) for item in value] if isinstance(value, list) else value

    try:
        return json.dumps(empty(json.loads(body))).encode()
    except ValueError:
        return body


def _send(answer: Answer, start_response: StartResponse) -> list[bytes]:
    start_response(answer.status, answer.headers)
    return [answer.body]


def _collect(app: App, environ: Environ) -> Answer:
    """Run the application completely, so that its work is done before its answer is changed."""
    answer = Answer("", [], b"")

    def start_response(status: str, headers: Headers, exc_info: object = None) -> None:
        del exc_info
        answer.status, answer.headers = status, headers

    pieces = app(environ, start_response)
    try:
        answer.body = b"".join(pieces)
    finally:
        close = getattr(pieces, "close", None)
        if close is not None:
            close()
    return answer


def _cut(answer: Answer, environ: Environ, start_response: StartResponse) -> Iterator[bytes]:
    start_response(answer.status, answer.headers)
    yield answer.body[: len(answer.body) // 2]
    _reset(environ, at_once=False)


def _reset(environ: Environ, *, at_once: bool = True) -> None:
    """Close the connection: with a TCP reset if *at_once*, else after the sent data."""
    connection: socket.socket | None = environ.get(SOCKET_KEY)
    if connection is not None and at_once:
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    raise ConnectionResetError("fault: the connection ends here")


def _error(status: int, message: str, headers: Headers) -> Answer:
    body = json.dumps({"statusCode": status, "message": message, "data": None}).encode()
    names = {401: "Unauthorized", 403: "Forbidden", 404: "Not Found", 429: "Too Many Requests", 400: "Bad Request"}
    line = f"{status} {names.get(status, 'Internal Server Error')}"
    return Answer(line, headers, b"").with_body(body, "application/json")


def _gateway_error(status: int, headers: Headers) -> Answer:
    title = {502: "502 Bad Gateway", 503: "503 Service Temporarily Unavailable"}[status]
    body = _HTML.format(title=title, text="Something went wrong between you and the wiki.").encode()
    return Answer(title, headers, b"").with_body(body, "text/html")


def _retry_after(argument: str) -> Headers:
    if argument == "none":
        return []
    if argument == "date":
        return [("Retry-After", format_datetime(datetime.now(UTC) + timedelta(seconds=2), usegmt=True))]
    return [("Retry-After", argument)]

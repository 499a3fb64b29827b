"""A proxy between bot and wiki that changes the answers that it is set to change; the wiki behind it is unchanged."""

import http.client
import json
import re
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field, replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, TypeVar
from urllib.parse import urlsplit

NO_ANSWER = 0
"""A status in place of an answer: the connection ends."""
_NOT_FORWARDED = {"connection", "content-length", "host", "transfer-encoding", "server", "date"}


@dataclass
class Answer:
    """An answer of the wiki, or one in its place."""

    status: int
    body: bytes
    headers: dict[str, str] = field(default_factory=dict)

    @property
    def json(self) -> Any:
        return json.loads(self.body)

    @json.setter
    def json(self, value: object) -> None:
        self.body = json.dumps(value).encode()


@dataclass
class Rule:
    """What happens to a request: something first, another answer instead, or a change of the wiki's answer."""

    method: str
    pattern: re.Pattern[str]
    times: int | None
    first: Callable[[], object] | None = None
    instead: Answer | None = None
    change: Callable[[Answer], object] | None = None

    def fits(self, method: str, path: str) -> bool:
        return self.times != 0 and self.method == method and self.pattern.search(path) is not None


class ScriptedProxy(ThreadingHTTPServer):
    """*seen* has method and path with query of each request."""

    daemon_threads = True
    block_on_close = False

    def __init__(self, upstream: str) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.upstream = urlsplit(upstream)
        self.seen: list[tuple[str, str]] = []
        self._rules: list[Rule] = []
        self._lock = threading.Lock()

    def handle_error(self, request: object, client_address: object) -> None:
        """Say nothing about clients that hang up."""

    @property
    def url(self) -> str:
        """The address in place of the wiki's."""
        return f"http://127.0.0.1:{self.server_port}{self.upstream.path}"

    def first(self, method: str, pattern: str, act: Callable[[], object], *, times: int | None = 1) -> None:
        """Do something before a request reaches the wiki."""
        self._rules.append(Rule(method, re.compile(pattern), times, first=act))

    def instead(
        self, method: str, pattern: str, status: int, words: str, *, times: int | None = None, **headers: str
    ) -> None:
        """Answer a request with a refusal; the wiki does not see the request."""
        body = json.dumps({"statusCode": status, "message": words}).encode()
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        answer = Answer(status, body, {"Content-Type": "application/json", **named})
        self._rules.append(Rule(method, re.compile(pattern), times, instead=answer))

    def change(
        self, method: str, pattern: str, change: Callable[[Answer], object], *, times: int | None = None
    ) -> None:
        """Change the answers of the wiki to some requests."""
        self._rules.append(Rule(method, re.compile(pattern), times, change=change))

    def forget(self) -> None:
        """Leave all answers as they are from now on."""
        self._rules.clear()

    def answer(self, _method: str, _path: str, _headers: Mapping[str, str], ask: Callable[[], Answer]) -> Answer:
        """Return the answer to a request; *ask* sends it to the wiki."""
        return ask()

    def rules_for(self, method: str, path: str) -> list[Rule]:
        """Return the rules for a request, and count down those with a limit."""
        with self._lock:
            fitting = [rule for rule in self._rules if rule.fits(method, path)]
            for rule in fitting:
                if rule.times is not None:
                    rule.times -= 1
        return fitting


class CachingProxy(ScriptedProxy):
    """Answers a GET as it did the first time, unless the request asks for a new answer.

    If it is *stubborn*, it does so even then, and says how old the answer is, in seconds.
    """

    def __init__(self, upstream: str, stubborn: int | None = None) -> None:
        super().__init__(upstream)
        self._stubborn = stubborn
        self._cached: dict[str, Answer] = {}

    def answer(self, method: str, path: str, headers: Mapping[str, str], ask: Callable[[], Answer]) -> Answer:
        obeys = self._stubborn is None and "no-cache" in headers.get("Cache-Control", "")
        cached = self._cached.get(path)
        if method != "GET" or obeys or cached is None:
            answer = ask()
            self._cached[path] = replace(answer, headers=dict(answer.headers))
            return answer
        age = {} if self._stubborn is None else {"Age": str(self._stubborn)}
        return replace(cached, headers=cached.headers | age)


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: ScriptedProxy

    def do_GET(self) -> None:
        sent = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        self.server.seen.append((self.command, self.path))
        rules = self.server.rules_for(self.command, self.path)
        for rule in rules:
            if rule.first is not None:
                rule.first()
        instead = next((rule.instead for rule in rules if rule.instead is not None), None)
        answer = instead or self.server.answer(self.command, self.path, dict(self.headers), lambda: self._ask(sent))
        for rule in rules:
            if rule.change is not None:
                rule.change(answer)
        if answer.status == NO_ANSWER:
            self.close_connection = True
            return
        with suppress(OSError):
            self._send(answer)

    do_PUT = do_POST = do_DELETE = do_GET  # noqa: N815 -- names of the base class

    def _ask(self, sent: bytes) -> Answer:
        upstream = self.server.upstream
        connection = http.client.HTTPConnection(upstream.hostname or "", upstream.port, timeout=60)
        try:
            headers = {name: value for name, value in self.headers.items() if name.lower() not in _NOT_FORWARDED}
            connection.request(self.command, self.path, body=sent or None, headers=headers)
            response = connection.getresponse()
            return Answer(response.status, response.read(), dict(response.getheaders()))
        finally:
            connection.close()

    def _send(self, answer: Answer) -> None:
        self.send_response(answer.status)
        for name, value in answer.headers.items():
            if name.lower() not in _NOT_FORWARDED:
                self.send_header(name, value)
        self.send_header("Content-Length", str(len(answer.body)))
        self.end_headers()
        self.wfile.write(answer.body)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 -- name of the base class
        pass


@contextmanager
def scripted_proxy(upstream: str) -> Iterator[ScriptedProxy]:
    """Serve in front of *upstream* while the block runs."""
    with serving(ScriptedProxy(upstream)) as proxy:
        yield proxy


P = TypeVar("P", bound=ScriptedProxy)


@contextmanager
def serving(proxy: P) -> Iterator[P]:
    """Serve while the block runs."""
    thread = threading.Thread(target=proxy.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
    thread.start()
    try:
        yield proxy
    finally:
        proxy.shutdown()
        proxy.server_close()
        thread.join()

"""A server that misbehaves as no wiki can: it redirects elsewhere, answers slowly or endlessly, or echoes requests."""

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, urlsplit


class CrookedServer(ThreadingHTTPServer):
    """*seen* has each request as (method, path, Authorization header)."""

    daemon_threads = True
    block_on_close = False

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.seen: list[tuple[str, str, str | None]] = []
        self.is_closing = threading.Event()
        self.failures_left: dict[str, int] = {}

    def handle_error(self, request: object, client_address: object) -> None:
        """Say nothing: clients that hang up are the point."""

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_port}"


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: CrookedServer

    def do_GET(self) -> None:
        length = int(self.headers.get("Content-Length") or 0)
        self.rfile.read(length)
        parts = urlsplit(self.path)
        self.server.seen.append((self.command, parts.path, self.headers.get("Authorization")))
        query = {key: values[0] for key, values in parse_qs(parts.query).items()}
        with suppress(OSError):  # the client may be gone
            getattr(self, "answer" + parts.path.replace("/", "_").replace("-", "_"))(**query)

    do_PUT = do_POST = do_DELETE = do_GET  # noqa: N815 -- names of the base class

    def do_CONNECT(self) -> None:
        self.server.seen.append((self.command, self.path, self.headers.get("Authorization")))
        self.send(407, b"")
        self.close_connection = True

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 -- name of the base class
        pass

    def send(self, status: int, body: bytes, **headers: str) -> None:
        self.send_response(status)
        defaults = {"Content_Type": "application/json", "Content_Length": str(len(body))}
        for name, value in {**defaults, **headers}.items():
            self.send_header(name.replace("_", "-"), value)
        self.end_headers()
        self.wfile.write(body)

    def answer_echo(self) -> None:
        self.send(200, json.dumps({"authorization": self.headers.get("Authorization")}).encode())

    def answer_bytes(self, **_query: str) -> None:
        self.send(200, b"\x00\xffbytes", Content_Type="application/octet-stream")

    def answer_status(self, code: str, retry_after: str | None = None, times: str = "999") -> None:
        left = self.server.failures_left.setdefault(self.path, int(times))
        if left <= 0:
            self.send(200, b'{"fine": true}')
            return
        self.server.failures_left[self.path] = left - 1
        self.send(int(code), b'{"message": "no"}', **({"Retry_After": retry_after} if retry_after else {}))

    def answer_redirect(self, to: str) -> None:
        self.send(302, b"", Location=to)

    def answer_circle(self) -> None:
        self.answer_redirect("/circle")

    def answer_drip_body(self) -> None:
        self.send_response(200)
        self.send_header("Content-Length", "1000000")
        self.end_headers()
        self._drip()

    def answer_drip_headers(self) -> None:
        self.wfile.write(b"HTTP/1.1 200 OK\r\nX-Slow: ")
        self._drip()

    def _drip(self) -> None:
        while not self.server.is_closing.wait(0.02):
            self.wfile.write(b"a")
            self.wfile.flush()

    def answer_flood(self) -> None:
        self.send(200, b" " * 300_000)

    def answer_cut(self) -> None:
        self.send(200, b'{"a": 1}', Content_Length="1000")
        self.close_connection = True

    def answer_cut_once(self) -> None:
        is_first = self.server.failures_left.setdefault("cut-once", 1) > 0
        self.server.failures_left["cut-once"] = 0
        self.send(200, b"x" * (150_000 if is_first else 200_000), Content_Length="200000")
        self.close_connection = True

    def answer_half_json(self) -> None:
        self.send(200, b'{"a": ')

    def answer_login(self) -> None:
        self.send(200, b"<html><form>Log in: <input name=os_username></form></html>", Content_Type="text/html")

    def answer_page(self) -> None:
        self.send(200, b"<html>Welcome to our start page</html>", Content_Type="text/html")


@contextmanager
def crooked_server() -> Iterator[CrookedServer]:
    """Serve on a free port while the block runs."""
    server = CrookedServer()
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
    thread.start()
    try:
        yield server
    finally:
        server.is_closing.set()
        server.shutdown()
        server.server_close()
        thread.join()

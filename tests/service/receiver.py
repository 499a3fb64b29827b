"""A web server on loopback that records what it is sent, and answers as it is told to."""

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


@dataclass(frozen=True, slots=True)
class Received:
    """One request."""

    method: str
    path: str
    headers: dict[str, str]
    text: str


@dataclass
class Inbox:
    """The requests to the server at *url*; *status* is its answer."""

    url: str = ""
    status: int = 200
    received: list[Received] = field(default_factory=list)

    @property
    def paths(self) -> list[str]:
        return [each.path for each in self.received]

    def wait_for(self, is_there: Callable[["Inbox"], bool]) -> None:
        """Wait until the requests are there, at most a minute."""
        deadline = time.monotonic() + 60
        while not is_there(self):
            assert time.monotonic() < deadline, self.received
            time.sleep(0.02)


@contextmanager
def running_inbox() -> Iterator[Inbox]:
    """Serve during the block."""
    inbox = Inbox()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            text = self.rfile.read(int(self.headers.get("Content-Length", 0))).decode()
            inbox.received.append(Received(self.command, self.path, dict(self.headers), text))
            self.send_response(inbox.status)
            self.send_header("Content-Length", "0")
            self.end_headers()

        do_GET = do_POST  # noqa: N815 -- the name that the library looks for

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002 -- as above
            del format, args

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    inbox.url = f"http://127.0.0.1:{server.server_address[1]}"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield inbox
    finally:
        server.shutdown()
        thread.join()
        server.server_close()

"""A small answer that becomes large uses no more memory than the limit and 64 MB, measured by the kernel."""

import gzip
import subprocess
import sys
import threading
import zlib
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

MEGABYTE = 1024 * 1024
LIMIT = 32 * MEGABYTE
BOMB = 200 * MEGABYTE
MARGIN = 64 * MEGABYTE
_CHILD = """\
import resource, sys, threading
from bot.errors import WikiAnswerError
from bot.wiki.credentials import Credentials
from bot.wiki.session import Manners, Network, RateLimiter, WikiSession

class Sink:
    size = 0
    def restart(self): self.size = 0
    def write(self, data): self.size += len(data)

url, limit, kind = sys.argv[1], int(sys.argv[2]), sys.argv[3]
session = WikiSession(
    Credentials("token-of-the-bot"),
    write_limiter=RateLimiter(0),
    manners=Manners(tries=1, max_answer_bytes=limit, max_download_bytes=limit),
    network=Network(home=url),
)
before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
try:
    session.download(url, Sink()) if kind == "download" else session.request("GET", url)
except WikiAnswerError as error:
    print("refused:", error)
print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before)
"""


def zeros(size: int) -> Iterator[bytes]:
    """Yield *size* zero bytes, in pieces."""
    for _ in range(size // MEGABYTE):
        yield bytes(MEGABYTE)


def as_gzip(size: int) -> bytes:
    packer = zlib.compressobj(9, wbits=31)
    return b"".join(map(packer.compress, zeros(size))) + packer.flush()


def as_deflate(size: int) -> bytes:
    packer = zlib.compressobj(9)
    return b"".join(map(packer.compress, zeros(size))) + packer.flush()


PACKED: dict[str, tuple[str, Callable[[], bytes]]] = {
    "gzip": ("gzip", lambda: as_gzip(BOMB)),
    "gzip in gzip": ("gzip, gzip", lambda: gzip.compress(as_gzip(BOMB), 9)),
    "many gzip members": ("gzip", lambda: as_gzip(MEGABYTE) * (BOMB // MEGABYTE)),
    "deflate": ("deflate", lambda: as_deflate(BOMB)),
    "no encoding": ("", lambda: bytes(3 * LIMIT)),
}


class Bomb(ThreadingHTTPServer):
    """Answers each request with one body."""

    def __init__(self, encoding: str, body: bytes) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.encoding, self.body = encoding, body


class Handler(BaseHTTPRequestHandler):
    server: Bomb

    def do_GET(self) -> None:
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        if self.server.encoding:
            self.send_header("Content-Encoding", self.server.encoding)
        self.send_header("Content-Length", str(len(self.server.body)))
        self.end_headers()
        try:
            self.wfile.write(self.server.body)
        except OSError:
            return  # the client has refused the rest

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 -- the library's name
        del format, args


@pytest.mark.skipif(sys.platform != "linux", reason="the unit of ru_maxrss is that of Linux")
@pytest.mark.parametrize("kind", ["answer", "download"])
@pytest.mark.parametrize("name", PACKED)
def test_a_bomb_is_refused_within_the_memory_of_the_limit(name: str, kind: str) -> None:
    encoding, pack = PACKED[name]
    with Bomb(encoding, pack()) as server:
        threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True).start()
        url = f"http://127.0.0.1:{server.server_port}/x"
        child = subprocess.run(
            [sys.executable, "-c", _CHILD, url, str(LIMIT), kind], capture_output=True, text=True, check=True
        )
        server.shutdown()

    said, used = child.stdout.splitlines()
    assert "larger than" in said
    assert int(used) * 1024 <= LIMIT + MARGIN

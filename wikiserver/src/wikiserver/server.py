"""The wiki as a server: waitress in a thread, on a separate port."""

import threading
from collections import deque
from collections.abc import Callable, Iterable
from email.utils import format_datetime
from errno import EBADF
from types import TracebackType
from typing import Any, Final, NamedTuple, Self

from waitress import wasyncore
from waitress.channel import HTTPChannel
from waitress.server import create_server
from waitress.task import WSGITask

from wikiserver.application import WikiApp, normaliser
from wikiserver.faults import SOCKET_KEY, Faults, FaultyApp, fault_admin
from wikiserver.media_host import MediaApp
from wikiserver.normalise import Level
from wikiserver.site import Flavour, Site
from wikiserver.store import Store
from wikiserver.webhooks import Webhooks

MAX_REMEMBERED: Final = 50_000
THREADS: Final = 32  # each slow or hanging answer occupies one thread
MAX_BUFFERED_BYTES: Final = 64 * 2**20  # waitress does not close the temporary files that it uses above this size
LOOPBACK: Final = "127.0.0.1"


class Received(NamedTuple):
    """One request as received by the server."""

    method: str
    path: str
    query: str


class SentBytes:
    """The number of bytes of all answers so far, with their headers."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self.total = 0

    def add(self, size: int) -> None:
        """Count *size* bytes more."""
        with self._lock:
            self.total += size


class WikiServer:
    """A wiki that serves HTTP during the `with` block.

    *port* 0 selects a free port, also for *media_port*, the port of Cloud's media host. *address* is the base address
    of links, for a wiki behind a proxy. *requests* are the received requests in order, up to a limit. *sent* counts the
    bytes of the answers.
    """

    def __init__(
        self,
        store: Store,
        *,
        flavour: Flavour = "cloud",
        level: Level = "light",
        context_path: str | None = None,
        host: str = LOOPBACK,
        port: int = 0,
        address: str | None = None,
        media_port: int = 0,
    ) -> None:
        self.store = store
        self._media_port = media_port
        self.received: deque[Received] = deque(maxlen=MAX_REMEMBERED)
        self.app = WikiApp(store, flavour=flavour, level=level, context_path=context_path)
        self.site.address = address
        self.webhooks = Webhooks(self.site)
        self.sent = SentBytes()
        self._stopping = threading.Event()
        self.faults = Faults(self.site, self._set_level, level=level)
        faulty = FaultyApp(self.app, self.site, self.faults, self._stopping)
        self._sockets: dict[int, Any] = {}
        self._server = create_server(
            _dated(fault_admin(_Recorder(faulty, self.received), self.site, self.faults), self.site),
            map=self._sockets,
            host=host,
            port=port,
            threads=THREADS,
            outbuf_overflow=MAX_BUFFERED_BYTES,
            clear_untrusted_proxy_headers=True,
            log_socket_errors=False,
        )
        self._server.channel_class, self._server.sent = _Channel, self.sent
        if self.site.is_cloud:
            self.site.media_port = self._listen_for_media(host)
        self.host, self.port = host, int(self._server.effective_port)
        self._thread = threading.Thread(target=self._run, name=f"wiki-{self.port}", daemon=True)

    @property
    def url(self) -> str:
        """Return the address of the wiki, without a context path."""
        return f"http://{self.host}:{self.port}"

    @property
    def site(self) -> Site:
        """Return the served site, whose behaviour can be changed."""
        return self.app.site

    @property
    def requests(self) -> list[tuple[str, str]]:
        """Return the method and path of each request so far."""
        return [(one.method, one.path) for one in list(self.received)]

    def start(self) -> Self:
        """Start serving."""
        self._thread.start()
        return self

    def stop(self) -> None:
        """Close the port; return when all threads have ended. The store stays open."""
        self._stopping.set()
        if self._thread.is_alive():
            self._server.pull_trigger()
            self._thread.join()
        self.webhooks.stop()
        self._server.task_dispatcher.shutdown(timeout=2)
        wasyncore.close_all(self._sockets)  # last, because the trigger is one of these sockets

    def _listen_for_media(self, host: str) -> int:
        """Serve the media host on a port of its own, by the threads of the wiki; return the port."""
        media = create_server(
            FaultyApp(MediaApp(self.site), self.site, self.faults, self._stopping),
            map=self._sockets,
            _dispatcher=self._server.task_dispatcher,
            host=host,
            port=self._media_port,
            clear_untrusted_proxy_headers=True,
            log_socket_errors=False,
        )
        media.channel_class, media.sent = _Channel, self.sent
        return int(media.effective_port)

    def _set_level(self, level: Level) -> None:
        self.store.normalise = normaliser(self.site.flavour, level)

    def wait(self) -> None:
        """Block until the server is stopped."""
        self._stopping.wait()

    def _run(self) -> None:
        # waitress' own loop ends only when the last client disconnects; this loop ends when the server is stopped.
        while not self._stopping.is_set():
            try:
                wasyncore.loop(timeout=1, map=self._sockets, count=1)
            except OSError as error:
                # A thread that answers can close the socket of a client that went away, after the loop has listed it
                # and before select() looks at it. The next turn no longer lists it.
                if error.errno != EBADF:
                    raise

    def __enter__(self) -> Self:
        """Start serving."""
        return self.start()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Stop serving."""
        self.stop()


_NO_DATE = "none"
"""Stated as the `Date` of an answer that has none."""


class _Task(WSGITask):  # type: ignore[misc]  # waitress has no types
    """A request with its socket, so that a fault can reset the connection; `_NO_DATE` is left out."""

    def get_environment(self) -> dict[str, Any]:
        environ: dict[str, Any] = super().get_environment()
        environ[SOCKET_KEY] = self.channel.socket
        return environ

    def build_response_header(self) -> bytes:
        header: bytes = super().build_response_header()
        return header.replace(f"Date: {_NO_DATE}\r\n".encode(), b"")


class _Channel(HTTPChannel):  # type: ignore[misc]  # waitress has no types
    task_class = _Task

    def write_soon(self, data: Any) -> int:
        self.server.sent.add(len(data))  # first: the client may have the answer before `write_soon` returns
        return int(super().write_soon(data))


def _dated(app: Callable[..., Iterable[bytes]], site: Site) -> Callable[..., Iterable[bytes]]:
    """Return the application with the clock of the wiki in the `Date` header of each answer.

    `_Task` removes `_NO_DATE`: if there was no `Date`, waitress would add the time of the machine.
    """

    def answer(environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        def start(status: str, headers: list[tuple[str, str]], exc_info: Any = None) -> Any:
            date = ("Date", _NO_DATE if site.omits_date else format_datetime(site.store.clock(), usegmt=True))
            return start_response(status, [*headers, date], exc_info)

        return app(environ, start)

    return answer


class _Recorder:
    """Records each request before the application."""

    def __init__(self, app: Callable[..., Iterable[bytes]], received: deque[Received]) -> None:
        self._app, self._received = app, received

    def __call__(self, environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        path = environ.get("PATH_INFO", "")
        self._received.append(Received(environ["REQUEST_METHOD"], path, environ.get("QUERY_STRING", "")))
        return self._app(environ, start_response)

"""A WSGI application on waitress, in threads of this process."""

import socket
import threading
from types import TracebackType
from typing import TYPE_CHECKING, Any, Self

if TYPE_CHECKING:
    from wsgiref.types import WSGIApplication

_BACKLOG = 128


def listen_on(host: str, port: int) -> socket.socket:
    """Listen on *host* and *port*, 0 for a free one; raises `OSError`."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    return socket.create_server((host, port), family=family, backlog=_BACKLOG)


_END_SECONDS = 1
"""How long answers in progress may take at the end. The bot has two servers, and ten seconds to end in all."""


class WebServer:
    """An application that answers during the `with` block; *options* are those of waitress."""

    def __init__(
        self, application: "WSGIApplication", listener: socket.socket, *, name: str, threads: int, **options: Any
    ) -> None:
        from waitress.server import create_server

        self._sockets: dict[int, Any] = {}
        self._server = create_server(
            application, map=self._sockets, sockets=[listener], threads=threads, ident=None, **options
        )
        self._is_stopping = threading.Event()
        self._thread = threading.Thread(target=self._serve, name=name, daemon=True)

    def __enter__(self) -> Self:
        """Start answering."""
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Close the port, and let the answers in progress end."""
        from waitress import wasyncore

        self._is_stopping.set()
        self._server.pull_trigger()
        self._thread.join()
        self._server.task_dispatcher.shutdown(timeout=_END_SECONDS)
        wasyncore.close_all(self._sockets)

    def _serve(self) -> None:
        from waitress import wasyncore

        while not self._is_stopping.is_set():
            try:
                wasyncore.loop(timeout=1, map=self._sockets, count=1)
            except OSError:  # a client went away between two lines of the loop
                continue

"""Serve a desk with waitress, in threads of this process."""

import socket
import threading
from errno import EADDRINUSE
from types import TracebackType
from typing import Any, Self

from bot.desk.accounts import Accounts
from bot.desk.application import create_app
from bot.desk.desk import LOOPBACK, Desk, DeskAddress
from bot.errors import SettingsError

THREADS = 8
_BACKLOG = 128


def open_port(host: str, port: int) -> socket.socket:
    """Listen on *host* and *port*, 0 for a free one; raises `SettingsError` with what to do."""
    try:
        return socket.create_server((host, port), family=_family(host), backlog=_BACKLOG)
    except OSError as error:
        hint = (
            "; is the desk running already? Choose another with `desk.listen`, or `wikibot serve --port`"
            if error.errno == EADDRINUSE
            else ""
        )
        raise SettingsError(f"the desk cannot listen on {host}, port {port}: {error.strerror}{hint}") from error


def raise_if_exposed(address: DeskAddress, accounts: Accounts, *, has_single_sign_on: bool) -> None:
    """Raise `SettingsError` if others reach the desk without an account or without encryption."""
    if address.is_loopback and address.url is None:
        return
    missing = []
    if accounts.is_empty and not has_single_sign_on:
        missing.append("make an account with `wikibot user add NAME --role admin`")
    if not address.is_https:
        missing.append("set `desk.url` to the https address under which people reach it")
    if missing:
        where = f"{address.host}, port {address.port}" if address.url is None else address.url
        raise SettingsError(
            f"the desk does not serve {where}: other people and machines could reach it; first "
            f"{', and '.join(missing)}. On {LOOPBACK[0]} without `desk.url` it needs neither"
        )


class DeskServer:
    """A desk that answers during the `with` block."""

    def __init__(self, desk: Desk, listener: socket.socket) -> None:
        from waitress.server import create_server

        proxies: dict[str, Any] = {"clear_untrusted_proxy_headers": True}
        if desk.trusted_proxies:
            proxies |= {
                "trusted_proxy": "*",
                "trusted_proxy_count": desk.trusted_proxies,
                "trusted_proxy_headers": "x-forwarded-for x-forwarded-proto",
            }
        self._sockets: dict[int, Any] = {}
        self._server = create_server(
            create_app(desk), map=self._sockets, sockets=[listener], threads=THREADS, ident=None, **proxies
        )
        self._is_stopping = threading.Event()
        self._thread = threading.Thread(target=self._serve, name="desk", daemon=True)

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
        self._server.task_dispatcher.shutdown(timeout=5)
        wasyncore.close_all(self._sockets)

    def _serve(self) -> None:
        from waitress import wasyncore

        while not self._is_stopping.is_set():
            try:
                wasyncore.loop(timeout=1, map=self._sockets, count=1)
            except OSError:  # a client went away between two lines of the loop
                continue


def _family(host: str) -> socket.AddressFamily:
    return socket.AF_INET6 if ":" in host else socket.AF_INET

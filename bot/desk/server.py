"""Serve a desk with waitress, in threads of this process."""

import socket
from errno import EADDRINUSE
from typing import Any

from bot.desk.accounts import Accounts
from bot.desk.application import create_app
from bot.desk.desk import LOOPBACK, Desk, DeskAddress
from bot.errors import SettingsError
from bot.web_server import WebServer, listen_on

THREADS = 8


def open_port(host: str, port: int) -> socket.socket:
    """Listen on *host* and *port*, 0 for a free one; raises `SettingsError` with what to do."""
    try:
        return listen_on(host, port)
    except OSError as error:
        hint = (
            "; is the desk running already? Choose another with `desk.listen`, or `wikibot serve --port PORT`"
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


class DeskServer(WebServer):
    """A desk that answers during the `with` block."""

    def __init__(self, desk: Desk, listener: socket.socket) -> None:
        proxies: dict[str, Any] = {"clear_untrusted_proxy_headers": True}
        if desk.trusted_proxies:
            proxies |= {
                "trusted_proxy": "*",
                "trusted_proxy_count": desk.trusted_proxies,
                "trusted_proxy_headers": "x-forwarded-for x-forwarded-proto",
            }
        super().__init__(create_app(desk), listener, name="desk", threads=THREADS, **proxies)

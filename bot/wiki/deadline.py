"""A deadline for a whole HTTP exchange, so that a server that sends one byte a second cannot block the bot forever.

Timeouts of `requests` limit only the wait for the *next* byte. Here a watchdog shuts the socket down when the time for
the whole exchange (headers and body) is over, independent of the reader.
"""

import contextlib
import socket
import ssl
import threading
from contextvars import ContextVar
from types import TracebackType
from typing import Any, Self

from requests.adapters import HTTPAdapter
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.connectionpool import HTTPConnectionPool, HTTPSConnectionPool
from urllib3.poolmanager import PoolManager, ProxyManager

from bot.egress import EgressError, check_peer

_current: ContextVar["Deadline | None"] = ContextVar("deadline", default=None)


class Deadline:
    """Context manager that cuts the connection of this thread's exchange after *seconds*; see `has_passed`."""

    def __init__(self, seconds: float) -> None:
        self.has_passed = False
        self._lock = threading.Lock()
        self._is_over = False
        self._socket: socket.socket | None = None
        self._timer = threading.Timer(seconds, self._cut)
        self._timer.daemon = True

    def __enter__(self) -> Self:
        self._token = _current.set(self)
        self._timer.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        with self._lock:
            self._is_over = True
        self._timer.cancel()
        _current.reset(self._token)

    def watch(self, connection: socket.socket) -> None:
        """Cut this socket at the deadline, or immediately if the deadline has passed."""
        with self._lock:
            self._socket = connection
            if self.has_passed:
                _shut(connection)

    def _cut(self) -> None:
        with self._lock:
            if self._is_over:
                return
            self.has_passed = True
            if self._socket is not None:
                _shut(self._socket)


def _shut(connection: socket.socket) -> None:
    with contextlib.suppress(OSError):
        connection.shutdown(socket.SHUT_RDWR)


def _watch(connection: HTTPConnection) -> None:
    deadline = _current.get()
    if deadline is not None and connection.sock is not None:
        deadline.watch(connection.sock)


class _Watched(HTTPConnection):
    def getresponse(self) -> Any:
        _watch(self)
        return super().getresponse()


class _WatchedConnection(_Watched):
    def _new_conn(self) -> socket.socket:
        """Connect, and check the address before anything is sent, also before TLS."""
        connected = super()._new_conn()
        if self.proxy is None:
            try:
                check_peer(connected)
            except EgressError:
                connected.close()
                raise
        return connected


class _WatchedTlsConnection(_WatchedConnection, HTTPSConnection):
    pass


def _watched_socks() -> dict[str, type[HTTPConnectionPool]]:
    """Return the pools for a SOCKS proxy; PySocks is imported only if there is one."""
    from urllib3.contrib.socks import SOCKSConnection, SOCKSHTTPSConnection

    class _SocksConnection(_Watched, SOCKSConnection):
        pass

    class _SocksTlsConnection(_Watched, SOCKSHTTPSConnection):
        pass

    class _Pool(HTTPConnectionPool):
        ConnectionCls = _SocksConnection

    class _TlsPool(HTTPSConnectionPool):
        ConnectionCls = _SocksTlsConnection

    return {"http": _Pool, "https": _TlsPool}


class _WatchedPool(HTTPConnectionPool):
    ConnectionCls = _WatchedConnection


class _WatchedTlsPool(HTTPSConnectionPool):
    ConnectionCls = _WatchedTlsConnection


_POOLS: dict[str, type[HTTPConnectionPool]] = {"http": _WatchedPool, "https": _WatchedTlsPool}


class DeadlineAdapter(HTTPAdapter):
    """The adapter of `requests` with connections that a `Deadline` can cut; it does not retry.

    Secure connections are made with *context*, which says whom to trust; `requests` adds nothing to it.
    """

    def __init__(self, context: ssl.SSLContext | None = None) -> None:
        self._context = context
        super().__init__(max_retries=0)

    def init_poolmanager(self, *args: Any, **kwargs: Any) -> None:
        """Use our connection classes."""
        super().init_poolmanager(*args, **kwargs, ssl_context=self._context)
        manager: PoolManager = self.poolmanager
        manager.pool_classes_by_scheme = _POOLS

    def proxy_manager_for(self, *args: Any, **kwargs: Any) -> ProxyManager:
        """Use our connection classes behind a proxy as well."""
        kwargs["ssl_context"] = self._context
        manager: ProxyManager = super().proxy_manager_for(*args, **kwargs)
        manager.pool_classes_by_scheme = _watched_socks() if manager.proxy is None else _POOLS
        return manager

    def cert_verify(self, conn: Any, url: str, verify: Any, cert: Any) -> None:
        """Leave the trust to the context, instead of adding the authorities of `requests` to it."""
        del url, verify, cert
        conn.cert_reqs = "CERT_REQUIRED"

    def build_connection_pool_key_attributes(self, request: Any, verify: Any, cert: Any = None) -> Any:
        """Likewise for newer versions of `requests`."""
        del verify
        return super().build_connection_pool_key_attributes(request, True, cert)

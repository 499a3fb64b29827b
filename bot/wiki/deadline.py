"""A deadline for a whole HTTP exchange, so that a server that sends one byte a second cannot block the bot forever.

Timeouts of `requests` limit only the wait for the *next* byte. Here a watchdog shuts the socket down when the time for
the whole exchange (headers and body) is over, independent of the reader. One thread watches all exchanges.
"""

import contextlib
import datetime as dt
import os
import socket
import ssl
import threading
import time
from contextvars import ContextVar
from types import TracebackType
from typing import Any, Self

import requests
from requests.adapters import HTTPAdapter
from requests.cookies import RequestsCookieJar
from requests.utils import get_encoding_from_headers
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.connectionpool import HTTPConnectionPool, HTTPSConnectionPool
from urllib3.poolmanager import PoolManager, ProxyManager

from bot.egress import EgressError, check_peer
from bot.site_address import origin

_NOTHING = object()
_NO_TIME = dt.timedelta(0)
_current: ContextVar["Deadline | None"] = ContextVar("deadline", default=None)


class Deadline:
    """Context manager that cuts the connection of this thread's exchange after *seconds*; see `has_passed`."""

    def __init__(self, seconds: float) -> None:
        self.has_passed = False
        self._lock = threading.Lock()
        self._is_over = False
        self._socket: socket.socket | None = None
        self._seconds = seconds
        self.moment = 0.0
        """When it passes, on the monotonic clock."""

    def __enter__(self) -> Self:
        self._token = _current.set(self)
        self.moment = time.monotonic() + self._seconds
        _watchdog.add(self)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        with self._lock:
            self._is_over = True
        _watchdog.remove(self)
        _current.reset(self._token)

    def watch(self, connection: socket.socket) -> None:
        """Cut this socket at the deadline, or immediately if the deadline has passed."""
        with self._lock:
            self._socket = connection
            if self.has_passed:
                _shut(connection)

    def cut(self) -> None:
        """Cut the connection, unless the exchange is over."""
        with self._lock:
            if self._is_over:
                return
            self.has_passed = True
            if self._socket is not None:
                _shut(self._socket)


class _Watchdog:
    """Cuts the exchanges of all threads at their deadlines; its thread ends when it finds none."""

    def __init__(self) -> None:
        self._reset()
        os.register_at_fork(after_in_child=self._reset)

    def _reset(self) -> None:
        self._changed = threading.Condition()
        self._deadlines: set[Deadline] = set()
        self._thread: threading.Thread | None = None
        self._next_look = 0.0

    def add(self, deadline: Deadline) -> None:
        """Cut *deadline* at its moment."""
        with self._changed:
            self._deadlines.add(deadline)
            if self._thread is None:
                self._next_look = deadline.moment
                self._thread = threading.Thread(target=self._watch, name="deadlines", daemon=True)
                self._thread.start()
            elif deadline.moment < self._next_look:
                self._changed.notify()

    def remove(self, deadline: Deadline) -> None:
        """Forget *deadline*."""
        with self._changed:
            self._deadlines.discard(deadline)

    def _watch(self) -> None:
        while True:
            with self._changed:
                passed = {each for each in self._deadlines if each.moment <= time.monotonic()}
                self._deadlines -= passed
                if not passed:
                    if not self._deadlines:
                        self._thread = None
                        return
                    self._next_look = min(each.moment for each in self._deadlines)
                    self._changed.wait(self._next_look - time.monotonic())
            for each in passed:
                each.cut()


_watchdog = _Watchdog()


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


class WatchedPool(HTTPConnectionPool):
    """Connections that a `Deadline` can cut."""

    ConnectionCls = _WatchedConnection


class WatchedTlsPool(HTTPSConnectionPool):
    """Connections with TLS that a `Deadline` can cut."""

    ConnectionCls = _WatchedTlsConnection


_POOLS: dict[str, type[HTTPConnectionPool]] = {"http": WatchedPool, "https": WatchedTlsPool}


class _Answer(requests.Response):
    """An answer whose JSON is decoded at the first use only. Its encoding is UTF-8 (RFC 8259)."""

    _decoded: Any = _NOTHING

    def __init__(self) -> None:
        """Set what `requests` sets here and `build_response` does not; a jar for cookies is made when it is used."""
        self._content = False  # type: ignore[assignment]  # as in `requests`
        self._content_consumed = False
        self._next = None
        self.history = []
        self.elapsed = _NO_TIME

    def __getattr__(self, name: str) -> Any:
        if name != "cookies":
            raise AttributeError(name)
        self.cookies = RequestsCookieJar()
        return self.cookies

    def json(self, **options: Any) -> Any:
        """Return the decoded body; raises `ValueError` if it is no JSON, or nested too deeply to be decoded."""
        if self._decoded is _NOTHING:
            self.encoding = "utf-8"
            try:
                self._decoded = super().json(**options)
            except RecursionError as error:
                raise ValueError("nested too deeply") from error
        return self._decoded


class DeadlineAdapter(HTTPAdapter):
    """The adapter of `requests` with connections that a `Deadline` can cut; it does not retry.

    Secure connections are made with *context*, which says whom to trust; `requests` adds nothing to it.
    """

    def __init__(self, context: ssl.SSLContext | None = None) -> None:
        self._context = context
        self._pools: dict[Any, Any] = {}
        super().__init__(max_retries=0)

    def build_response(self, req: Any, resp: Any) -> requests.Response:
        """Use our class of answers; the session reads the cookies."""
        answer = _Answer()
        answer.status_code, answer.reason, answer.raw = resp.status, resp.reason, resp
        answer.headers = resp.headers  # ignores case, too
        answer.encoding = get_encoding_from_headers(answer.headers)
        answer.url, answer.request = req.url, req
        return answer

    def get_connection_with_tls_context(self, request: Any, verify: Any, proxies: Any = None, cert: Any = None) -> Any:
        """Find the connections of a host once."""
        key = (origin(request.url), *sorted((proxies or {}).items()))
        pool = self._pools.get(key)
        if pool is None or pool.pool is None:  # the manager closes those of many hosts
            pool = self._pools[key] = super().get_connection_with_tls_context(request, verify, proxies, cert)
        return pool

    def request_url(self, request: Any, proxies: Any) -> str:
        """Return the path and the query for the request line, or the whole address for a proxy."""
        return str(request.path_url) if not proxies else super().request_url(request, proxies)

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

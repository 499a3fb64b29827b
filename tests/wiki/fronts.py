"""What is between the bot and a wiki in a company network: proxies that demand an account, a TLS front."""

import base64
import socket
import socketserver
import ssl
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from urllib.parse import urlsplit

_BUFFER = 65536
WIKI_NAME = "wiki.test"
"""A name that only the proxies know: it leads to this machine."""


class Front(socketserver.ThreadingTCPServer):
    """A TCP server on loopback; *seen* has the target of each connection, *heads* its headers (HTTP)."""

    daemon_threads = True
    block_on_close = False
    allow_reuse_address = True

    def __init__(self, handler: type[socketserver.BaseRequestHandler]) -> None:
        super().__init__(("127.0.0.1", 0), handler)
        self.account: tuple[str, str] | None = None
        self.target: tuple[str, int] = ("", 0)
        self.context: ssl.SSLContext | None = None
        self.seen: list[str] = []
        self.heads: list[dict[str, str]] = []

    @property
    def port(self) -> int:
        return int(self.server_address[1])

    def handle_error(self, request: object, client_address: object) -> None:
        """Say nothing: refused clients are the point."""


class _HttpProxy(socketserver.BaseRequestHandler):
    server: Front

    def handle(self) -> None:
        head = _read_head(self.request)
        line, *fields = head.split(b"\r\n\r\n")[0].decode().split("\r\n")
        method, target, _version = line.split(" ")
        headers = {name.lower(): value.strip() for name, _, value in (field.partition(":") for field in fields)}
        self.server.seen.append(f"{method} {target}")
        self.server.heads.append(headers)
        if self.server.account is not None:
            wanted = "Basic " + base64.b64encode(":".join(self.server.account).encode()).decode()
            if headers.get("proxy-authorization") != wanted:
                self.request.sendall(
                    b"HTTP/1.1 407 Proxy Authentication Required\r\nProxy-Authenticate: Basic\r\n"
                    b"Content-Length: 0\r\nConnection: close\r\n\r\n"
                )
                return
        parts = urlsplit(target if method != "CONNECT" else f"//{target}")
        with _connected(parts.hostname or "", parts.port or 80) as upstream:
            if method == "CONNECT":
                self.request.sendall(b"HTTP/1.1 200 Connection established\r\n\r\n")
            else:
                path = parts.path + (f"?{parts.query}" if parts.query else "")
                body = head.partition(b"\r\n\r\n")[2]
                kept = [field for field in fields if not field.lower().startswith(("proxy-", "connection"))]
                lines = [f"{method} {path} HTTP/1.1", *kept, "Connection: close", "", ""]
                upstream.sendall("\r\n".join(lines).encode() + body)
            _pump(self.request, upstream)


class _SocksProxy(socketserver.BaseRequestHandler):
    """SOCKS5 (RFC 1928) with user name and password (RFC 1929)."""

    server: Front

    def handle(self) -> None:
        count = self._take(2)[1]
        methods = self._take(count)
        wanted = 2 if self.server.account is not None else 0
        self.request.sendall(bytes([5, wanted if wanted in methods else 0xFF]))
        if wanted not in methods or (self.server.account is not None and not self._is_let_in(self.server.account)):
            return
        kind = self._take(4)[3]
        host = socket.inet_ntoa(self._take(4)) if kind == 1 else self._take(self._take(1)[0]).decode()
        port = int.from_bytes(self._take(2), "big")
        self.server.seen.append(f"{host}:{port}")
        with _connected(host, port) as upstream:
            self.request.sendall(bytes([5, 0, 0, 1, 0, 0, 0, 0, 0, 0]))
            _pump(self.request, upstream)

    def _is_let_in(self, account: tuple[str, str]) -> bool:
        self._take(1)
        name, password = (self._take(self._take(1)[0]).decode() for _ in range(2))
        self.request.sendall(bytes([1, 0 if (name, password) == account else 1]))
        return (name, password) == account

    def _take(self, count: int) -> bytes:
        data: bytes = self.request.recv(count, socket.MSG_WAITALL)
        if len(data) < count:
            raise ConnectionError("the client hung up")
        return data


class _TlsFront(socketserver.BaseRequestHandler):
    server: Front

    def handle(self) -> None:
        assert self.server.context is not None
        with (
            self.server.context.wrap_socket(self.request, server_side=True) as client,
            socket.create_connection(self.server.target) as upstream,
        ):
            _pump(client, upstream)


class _Plain(socketserver.BaseRequestHandler):
    def handle(self) -> None:
        self.request.recv(_BUFFER)
        self.request.sendall(b"HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n")


def _connected(host: str, port: int) -> socket.socket:
    return socket.create_connection(("127.0.0.1" if host == WIKI_NAME else host, port))


def _read_head(client: socket.socket) -> bytes:
    data = b""
    while b"\r\n\r\n" not in data:
        piece = client.recv(_BUFFER)
        if not piece:
            raise ConnectionError("the client hung up")
        data += piece
    return data


def _pump(client: socket.socket, upstream: socket.socket) -> None:
    """Copy in both directions until one side closes."""

    def copy(source: socket.socket, target: socket.socket) -> None:
        with suppress(OSError):
            while data := source.recv(_BUFFER):
                target.sendall(data)
        with suppress(OSError):
            target.shutdown(socket.SHUT_WR)

    thread = threading.Thread(target=copy, args=(upstream, client), daemon=True)
    thread.start()
    copy(client, upstream)
    thread.join()


@contextmanager
def _serving(front: Front) -> Iterator[Front]:
    thread = threading.Thread(target=front.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
    thread.start()
    try:
        yield front
    finally:
        front.shutdown()
        front.server_close()
        thread.join()


@contextmanager
def http_proxy(account: tuple[str, str] | None = None) -> Iterator[Front]:
    """An HTTP proxy that demands *account*."""
    with _serving(Front(_HttpProxy)) as front:
        front.account = account
        yield front


@contextmanager
def socks_proxy(account: tuple[str, str] | None = None) -> Iterator[Front]:
    """A SOCKS5 proxy that demands *account*."""
    with _serving(Front(_SocksProxy)) as front:
        front.account = account
        yield front


@contextmanager
def plain_server() -> Iterator[Front]:
    """A server that answers everything with 400 in plain HTTP."""
    with _serving(Front(_Plain)) as front:
        yield front


@contextmanager
def tls_front(port: int, certificate: Path, *, clients: Path | None = None) -> Iterator[Front]:
    """A server that speaks TLS for the one at *port*; it demands a certificate of the authority *clients*."""
    front = Front(_TlsFront)
    front.target = ("127.0.0.1", port)
    front.context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH, cafile=str(clients) if clients else None)
    front.context.verify_mode = ssl.CERT_REQUIRED if clients else ssl.CERT_NONE
    front.context.load_cert_chain(certificate)
    with _serving(front):
        yield front

"""Servers of witnesses on this machine: a webhook receiver, and a time stamp authority made with `openssl ts`."""

import hashlib
import hmac
import json
import subprocess
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any

from tests.machine import need

SECRET = "a key that both sides know"

TSA_SETTINGS = """\
[req]
distinguished_name=req
[ca]
basicConstraints=critical,CA:TRUE
keyUsage=critical,keyCertSign
[leaf]
keyUsage=critical,digitalSignature
extendedKeyUsage=critical,timeStamping
[tsa]
serial=tsa.serial
signer_cert=tsa.pem
signer_key=tsa.key
signer_digest=sha256
default_policy=1.2.3.4
digests=sha256
ess_cert_id_alg=sha256
"""


@contextmanager
def _served(handler: type[BaseHTTPRequestHandler]) -> Iterator[str]:
    server = HTTPServer(("127.0.0.1", 0), handler)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


class _QuietHandler(BaseHTTPRequestHandler):
    def answer(self, status: int, body: bytes = b"", **headers: str) -> None:
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name.replace("_", "-"), value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def received(self) -> bytes:
        return self.rfile.read(int(self.headers["Content-Length"] or 0))

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 -- the base class's name
        del format, args


@dataclass
class Receiver:
    """A webhook that stores each head whose signature fits, and answers the last one."""

    url: str = ""
    heads: list[dict[str, Any]] = field(default_factory=list)
    requests: list[tuple[str, str, dict[str, str], bytes]] = field(default_factory=list)
    post_status: int = 204
    get_status: int = 200
    location: str | None = None
    shown: bytes | None = None
    """What GET answers in the place of the last head."""
    encoding: str = "identity"

    def accept(self, method: str, path: str, headers: dict[str, str], body: bytes) -> bool:
        self.requests.append((method, path, headers, body))
        text = f"{headers['X-Wikibot-Timestamp']}.".encode() + body
        wanted = "sha256=" + hmac.new(SECRET.encode(), text, hashlib.sha256).hexdigest()
        return hmac.compare_digest(wanted, headers["X-Wikibot-Signature"])

    def answer_of_get(self) -> bytes:
        return json.dumps(self.heads[-1] if self.heads else None).encode() if self.shown is None else self.shown


@contextmanager
def running_receiver(path: str = "/hook/T0PSECRET?key=V3RYSECRET") -> Iterator[Receiver]:
    receiver = Receiver()

    class Handler(_QuietHandler):
        def do_POST(self) -> None:
            body = self.received()
            if not receiver.accept("POST", self.path, dict(self.headers), body):
                self.answer(401)
            elif receiver.location:
                self.answer(307, Location=receiver.location)
            else:
                if receiver.post_status < 300:
                    receiver.heads.append(json.loads(body))
                self.answer(receiver.post_status)

        def do_GET(self) -> None:
            if not receiver.accept("GET", self.path, dict(self.headers), b""):
                self.answer(401)
            else:
                self.answer(receiver.get_status, receiver.answer_of_get(), Content_Encoding=receiver.encoding)

    with _served(Handler) as url:
        receiver.url = url + path
        yield receiver


@dataclass
class Authority:
    """A time stamp authority in *folder*; *status* and *reply* replace what it answers."""

    folder: Path
    url: str = ""
    status: int = 200
    reply: bytes | None = None
    queries: list[bytes] = field(default_factory=list)
    types: list[str] = field(default_factory=list)

    @property
    def ca(self) -> Path:
        return self.folder / "ca.pem"

    def openssl(self, *words: str) -> None:
        subprocess.run([need("openssl"), *words], cwd=self.folder, check=True, capture_output=True)

    def make_authority(self, name: str) -> None:
        """Make a root certificate."""
        subject = ("-subj", f"/CN={name}", "-config", "tsa.cnf", "-extensions", "ca", "-days", "3650")
        self.openssl(
            "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-keyout", f"{name}.key", "-out", f"{name}.pem", *subject
        )

    def certify(self, *validity: str) -> None:
        """Make the certificate of the time stamps; *validity* are the words of `openssl x509` for it."""
        words = ("-CA", "ca.pem", "-CAkey", "ca.key", "-CAcreateserial", "-extfile", "tsa.cnf", "-extensions", "leaf")
        self.openssl("x509", "-req", "-in", "tsa.csr", *words, "-out", "tsa.pem", *(validity or ("-days", "1825")))

    def stamp(self, query: bytes) -> bytes:
        """Answer a query, as the server does."""
        (self.folder / "q.tsq").write_bytes(query)
        words = ("-config", "tsa.cnf", "-section", "tsa", "-queryfile", "q.tsq", "-out", "r.tsr")
        self.openssl("ts", "-reply", *words)
        return (self.folder / "r.tsr").read_bytes()


@contextmanager
def running_authority(folder: Path) -> Iterator[Authority]:
    folder.mkdir()
    authority = Authority(folder)
    (folder / "tsa.cnf").write_text(TSA_SETTINGS)
    (folder / "tsa.serial").write_text("01\n")
    authority.make_authority("ca")
    request = ("-subj", "/CN=TSA", "-config", "tsa.cnf")
    authority.openssl("req", "-new", "-newkey", "rsa:2048", "-nodes", "-keyout", "tsa.key", "-out", "tsa.csr", *request)
    authority.certify()

    class Handler(_QuietHandler):
        def do_POST(self) -> None:
            query = self.received()
            authority.queries.append(query)
            authority.types.append(self.headers["Content-Type"])
            reply = authority.stamp(query) if authority.reply is None else authority.reply
            self.answer(authority.status, reply, Content_Type="application/timestamp-reply")

    with _served(Handler) as url:
        authority.url = f"{url}/tsr"
        yield authority

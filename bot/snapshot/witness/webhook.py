"""A webhook as a witness: the head as signed JSON; a GET answers which head the receiver has."""

import hashlib
import hmac
import json
import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from http import HTTPStatus
from urllib.parse import urlsplit

from bot.errors import EvidenceError, SettingsError, SnapshotError
from bot.snapshot.archive.bag import sha256
from bot.snapshot.archive.checkpoint import parse_checkpoint
from bot.snapshot.witness.own_chain import HeadMark, OwnChain
from bot.snapshot.witness.rounds import Showing
from bot.wiki.endpoint import is_loopback
from bot.wiki.plain_request import host_of, send

_DIGEST = re.compile(r"[0-9a-f]{64}")
_DIGITS_OF_PLACE = 12
_NO_ANSWER = (HTTPStatus.NOT_FOUND, HTTPStatus.METHOD_NOT_ALLOWED, HTTPStatus.NOT_IMPLEMENTED)


@dataclass(frozen=True)
class Webhook:
    """The receiver *label* at *url*, which is a secret; *secret* is the key of the signatures."""

    label: str
    url: str
    secret: str
    clock: Callable[[], datetime]
    keeps_heads: bool = True

    def __post_init__(self) -> None:
        """Refuse addresses without TLS: who reads the traffic could send the same head again."""
        parts = urlsplit(self.url)
        if parts.scheme != "https" and not (parts.scheme == "http" and is_loopback(parts.hostname or "")):
            raise SettingsError(
                f"snapshots.webhooks.{self.label}.url: must be an https address; http is allowed on this machine only"
            )
        if parts.username is not None or parts.password is not None:
            raise SettingsError(
                f"snapshots.webhooks.{self.label}.url: must be without an account; the signature is the sign-in"
            )

    @property
    def name(self) -> str:
        """The name of the witness, with the host of the address."""
        return f"webhook {self.label} ({host_of(self.url)})"

    @property
    def place(self) -> str:
        """The name with a digest of the address, which is a secret."""
        return f"{self.name} {sha256(self.url.encode())[:_DIGITS_OF_PLACE]}"

    def read(self) -> Showing | None:
        """Return the head that a GET answers; None if the receiver answers no GET."""
        answer = send("GET", self.url, b"", self._signed(b"") | {"Accept": "application/json"})
        if answer.status in _NO_ANSWER:
            return None
        if not answer.is_ok:
            raise SnapshotError(f"{host_of(self.url)} answers GET with {answer.status}")
        return _parse(answer.body, host_of(self.url))

    def write(self, chain: OwnChain, shown: Showing | None) -> None:
        """Post the head."""
        del shown
        body = json.dumps(_payload(chain), ensure_ascii=True, sort_keys=True).encode()
        answer = send("POST", self.url, body, self._signed(body) | {"Content-Type": "application/json"})
        if not answer.is_ok:
            raise SnapshotError(f"{host_of(self.url)} answers POST with {answer.status}")

    def _signed(self, body: bytes) -> dict[str, str]:
        timestamp = str(int(self.clock().timestamp()))
        signature = hmac.new(self.secret.encode(), f"{timestamp}.".encode() + body, hashlib.sha256).hexdigest()
        return {"X-Wikibot-Timestamp": timestamp, "X-Wikibot-Signature": f"sha256={signature}"}


def _payload(chain: OwnChain) -> dict[str, object]:
    head = chain.head
    return {
        "origin": head.origin,
        "sequence": head.mark.sequence,
        "time": head.mark.time,
        "sha256": head.mark.digest,
        "checkpoint": head.checkpoint,
        "signature": head.signature,
    }


def _parse(body: bytes, host: str) -> Showing | None:
    """Return the head in an answer: an object with `sequence` and `sha256`, `null`, or nothing.

    An answer in another form is no head. A `checkpoint` that does not have the digest is an error.
    """
    if not body.strip():
        return None
    try:
        found = json.loads(body)
    except (ValueError, RecursionError):
        return None
    if found in (None, {}):
        return Showing()
    if not isinstance(found, dict):
        return None
    sequence, digest, checkpoint = found.get("sequence"), found.get("sha256"), found.get("checkpoint")
    if type(sequence) is not int or not isinstance(digest, str) or not _DIGEST.fullmatch(digest):
        return None
    if not isinstance(checkpoint, str):
        return Showing(HeadMark(sequence, digest))
    data = checkpoint.encode("utf-8", "surrogatepass")
    if sha256(data) != digest:
        raise SnapshotError(f"{host} answers a checkpoint whose SHA-256 is not the one that it names")
    try:
        return Showing(HeadMark(sequence, digest, log=parse_checkpoint(data).log))
    except EvidenceError as error:
        raise SnapshotError(f"{host} answers a checkpoint that cannot be read: {error}") from error

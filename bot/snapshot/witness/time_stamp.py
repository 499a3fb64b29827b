"""A time stamp authority (RFC 3161) as a witness: its reply proves that the signature of the head existed at a time."""

import os
import re
import subprocess
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from bot.errors import EvidenceError, SnapshotError
from bot.snapshot.archive.checkpoint import STAMP, format_time
from bot.snapshot.archive.evidence_state import EvidenceState
from bot.snapshot.archive.folder import Folder
from bot.snapshot.archive.writer import put_stamp
from bot.snapshot.witness.own_chain import OwnChain, read_chain
from bot.snapshot.witness.rounds import Showing
from bot.wiki.plain_request import host_of, send

TOLERANCE = timedelta(hours=1)
"""How far the clocks of the bot and of the authority may differ."""
_TIMEOUT_SECONDS = 60
_TIME = re.compile(r"^Time stamp: (.+)$", re.MULTILINE)
_REASON = re.compile(r"^(?:Status description|Failure info): (.+)$", re.MULTILINE)
_EXPIRED = "certificate has expired"
_QUERY_TYPE, _REPLY_TYPE = "application/timestamp-query", "application/timestamp-reply"


@dataclass(frozen=True, slots=True)
class StampCheck:
    """The result of the check of a reply: the stated time, or the flaw. *is_expired*: its certificate has expired."""

    time: datetime | None = None
    flaw: str | None = None
    is_expired: bool = False


@dataclass(frozen=True)
class TimeStamps:
    """The authority at *url* with the certificates *ca*; its reply becomes the `CHECKPOINT.tsr` of the snapshots."""

    url: str
    ca: Path
    state: EvidenceState
    clock: Callable[[], datetime]
    keeps_heads: bool = False

    @property
    def name(self) -> str:
        """The name of the witness."""
        return f"time stamp of {host_of(self.url)}"

    @property
    def place(self) -> str:
        """The name; nothing is remembered that the snapshots do not have."""
        return self.name

    def read(self) -> Showing:
        """Return the head whose signature the reply stamps; nothing if there is none, or one of an earlier head."""
        chain, folder = read_chain(self.state.root), Folder(self.state.root)
        if chain is None or chain.head.signature is None or not folder.has_file(STAMP):
            return Showing()
        signature = chain.head.signature.encode()
        found = check_stamp(signature, folder.read(STAMP), self.ca, now=self.clock())
        return Showing(None if found.flaw else chain.head.mark)

    def write(self, chain: OwnChain, shown: Showing | None) -> None:
        """Ask for a time stamp of the signature of the head, check the answer, and write it."""
        del shown
        if chain.head.signature is None:
            raise EvidenceError(
                "the head is not signed, so that a time stamp would prove nothing about who wrote it; set "
                "snapshots.signing_key, or remove this witness"
            )
        query = make_query(chain.head.signature.encode())
        answer = send("POST", self.url, query, {"Content-Type": _QUERY_TYPE, "Accept": _REPLY_TYPE})
        if not answer.is_ok:
            raise SnapshotError(f"{host_of(self.url)} answers with {answer.status}")
        found = check_answer(query, answer.body, self.ca, now=self.clock())
        if found.flaw:
            raise SnapshotError(f"the answer of {host_of(self.url)} {found.flaw}")
        if found.time is None or abs(found.time - self.clock()) > TOLERANCE:
            stated = format_time(found.time) if found.time else "no time"
            raise SnapshotError(
                f"the answer of {host_of(self.url)} states {stated}, but it is {format_time(self.clock())} here; every "
                "later check would find this stamp wrong, so it was not kept"
            )
        put_stamp(self.state, answer.body, head_digest=chain.head.mark.digest)


def make_query(data: bytes) -> bytes:
    """Return the request for a time stamp of *data*: SHA-256, with a nonce, and with the certificate in the reply."""
    with tempfile.TemporaryDirectory() as folder:
        return _run("-query", "-data", _put(folder, "data", data), "-sha256", "-cert")


def check_answer(query: bytes, reply: bytes, ca: Path, *, now: datetime) -> StampCheck:
    """Check the reply to *query*, its nonce included."""
    return _check(reply, ca, "-queryfile", query, now)


def check_stamp(data: bytes, reply: bytes, ca: Path, *, now: datetime) -> StampCheck:
    """Check a time stamp of *data* against the authorities in the PEM file *ca*.

    A certificate counts as it was at the time that the stamp states: one that was made later is a flaw, one that has
    expired since is none.
    """
    return _check(reply, ca, "-data", data, now)


def _check(reply: bytes, ca: Path, subject: str, content: bytes, now: datetime) -> StampCheck:
    if not ca.is_file():
        raise SnapshotError(f"the certificates of the time stamp authority cannot be read: there is no file {ca}")
    with tempfile.TemporaryDirectory() as folder:
        path = _put(folder, "reply", reply)
        time = _read_time(folder, path)
        if time is None:
            return StampCheck(flaw=_describe_refusal(path))
        words = ("-verify", subject, _put(folder, "subject", content), "-in", path, "-CAfile", str(ca), "-attime")
        found = _openssl(*words, _seconds(time))
        is_expired = found.returncode == 0 and _EXPIRED in _said(_openssl(*words, _seconds(now)))
        return StampCheck(time, _explain(_said(found)) if found.returncode else None, is_expired)


def _read_time(folder: str, reply: str) -> datetime | None:
    """Return the time in the signed part of a reply; the status around this part is not signed."""
    token = str(Path(folder, "token"))
    if _openssl("-reply", "-in", reply, "-token_out", "-out", token).returncode:
        return None
    found = _TIME.findall(_said(_openssl("-reply", "-in", token, "-token_in", "-text")))
    return _parse_time(found[0]) if len(found) == 1 else None


def _describe_refusal(reply: str) -> str:
    shown = _openssl("-reply", "-in", reply, "-text")
    if shown.returncode:
        return "is no reply of a time stamp authority"
    words = _REASON.findall(shown.stdout.decode("utf-8", "replace"))
    return f"has no time stamp; the authority says: {'; '.join(words) or 'nothing'}"


def _parse_time(text: str) -> datetime | None:
    stated = " ".join(re.sub(r"\.\d+", "", text).split())
    try:
        return datetime.strptime(stated, "%b %d %H:%M:%S %Y GMT").replace(tzinfo=UTC)
    except ValueError:
        return None


def _seconds(moment: datetime) -> str:
    return str(int(moment.timestamp()))


def _put(folder: str, name: str, data: bytes) -> str:
    path = Path(folder, name)
    path.write_bytes(data)
    return str(path)


def _explain(said: str) -> str:
    if "imprint mismatch" in said:
        return "is a time stamp of other data"
    if "nonce mismatch" in said:
        return "answers another request (the nonce differs)"
    if "self-signed" in said or "unable to get local issuer" in said or "unable to get issuer" in said:
        return "is signed by an authority that the given certificates do not include"
    detail = next((line for line in said.splitlines() if "error" in line.lower()), "no reason given").strip()
    return f"does not pass `openssl ts -verify`: {detail}"


def _said(ended: subprocess.CompletedProcess[bytes]) -> str:
    return (ended.stderr + ended.stdout).decode("utf-8", "replace")


def _run(*arguments: str) -> bytes:
    ended = _openssl(*arguments)
    if ended.returncode:
        raise SnapshotError(f"openssl ts {arguments[0]} failed: {_said(ended).strip() or 'no reason given'}")
    return ended.stdout


def _openssl(*arguments: str) -> subprocess.CompletedProcess[bytes]:
    try:
        return subprocess.run(  # noqa: S603 -- arguments are fixed words and paths, no shell is involved
            ["openssl", "ts", *arguments],  # noqa: S607 -- the location of OpenSSL depends on the system
            stdin=subprocess.DEVNULL,
            capture_output=True,
            timeout=_TIMEOUT_SECONDS,
            check=False,
            env={"PATH": os.environ.get("PATH", os.defpath), "LC_ALL": "C", "OPENSSL_CONF": "/dev/null"},
        )
    except FileNotFoundError as error:
        raise SnapshotError("openssl was not found; install it to make and check time stamps") from error
    except subprocess.TimeoutExpired as error:
        raise SnapshotError(f"openssl did not end within {_TIMEOUT_SECONDS} s") from error

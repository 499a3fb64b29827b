"""The head of the snapshots: one small file with the digests of everything below it and of the previous head.

    # wikibot checkpoint 2
    # log: 32 hex digits                        drawn once, at the first run
    # origin: https://wiki.example.org
    # sequence: 124
    # time: 2026-11-24T02:30:00Z                not before the head below
    # key: SHA256:…                             fingerprint of the key that signed this head, or: none
    # next-key: none                            or the key that may sign the next head
    # lost: none                                or FIRST-LAST DIGEST: runs that a rollback lost, and their last head
    # verdict: complete                         or unconfirmed, incomplete, - (not a capture)
    <digest>  SHA256SUMS
    <digest>  log/2026/000123.checkpoint        the head before this one
    <digest>  log/2026/000123.checkpoint.sig    its signature, if it has one
    <digest>  log/2026/000123.checkpoint.tsr    its time stamp, if it has one
    <digest>  log/2026/000124.changes           the files that this run wrote and removed
    <digest>  log/2026/000124.events.jsonl      what this run did

`sha256sum -c --strict CHECKPOINT` checks it; the lines with # are comments to that tool.
"""

import re
import secrets
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

from bot.errors import EvidenceError, SnapshotError
from bot.snapshot.archive.bag import parse_manifest, render_manifest
from bot.snapshot.archive.folder import Folder
from bot.snapshot.archive.verdict import RunVerdict

HEAD, SIGNATURE, STAMP, SUMS = "CHECKPOINT", "CHECKPOINT.sig", "CHECKPOINT.tsr", "SHA256SUMS"

FORMAT_NUMBER = 2

_FIRST_LINE = re.compile(r"# wikibot checkpoint ([1-9][0-9]{0,8})\n")
_DIGITS = r"[1-9][0-9]{0,8}"
_TIME = r"(?P<time>[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}Z)"
_KEY = r"(?:none|SHA256:[A-Za-z0-9+/]{43})"
_HEADER = re.compile(
    r"# wikibot checkpoint 2\n"
    r"# log: (?P<log>[0-9a-f]{32})\n"
    r"# origin: (?P<origin>[!-~]+)\n"
    rf"# sequence: (?P<sequence>{_DIGITS})\n"
    rf"# time: {_TIME}\n"
    rf"# key: (?P<key>{_KEY})\n"
    rf"# next-key: (?P<next_key>{_KEY})\n"
    rf"# lost: (?P<lost>none|{_DIGITS}-{_DIGITS} [0-9a-f]{{64}})\n"
    r"# verdict: (?P<verdict>complete|unconfirmed|incomplete|-)\n"
)
_FIRST_HEADER = re.compile(
    r"# wikibot checkpoint 1\n"
    r"# origin: (?P<origin>[^\n]*)\n"
    rf"# sequence: (?P<sequence>{_DIGITS})\n"
    rf"# time: {_TIME}\n"
    r"# signature: (?P<signature>none|ssh-[a-z0-9-]+ SHA256:[A-Za-z0-9+/]{43})\n"
)
_DIGEST = re.compile(r"[0-9a-f]{64}")
_NONE, _NO_VERDICT = "none", "-"
_LOG_FILE = re.compile(r"log/[0-9]{4}(?:-[0-9]+)?/([0-9]{6,})\.(checkpoint(?:\.sig|\.tsr)?|changes|events\.jsonl)")


@dataclass(frozen=True, slots=True)
class Lost:
    """Runs that a rollback lost: the first and last number, and the digest of the last head."""

    first: int
    last: int
    digest: str

    def __str__(self) -> str:
        """Return the line of the head."""
        return f"{self.first}-{self.last} {self.digest}"


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """One head; *key* is the fingerprint of the key that signed the head, None if the run had no key.

    *verdict* is None for a run that captured nothing, such as a redaction.
    """

    log: str
    origin: str
    sequence: int
    time: datetime
    key: str | None
    digests: dict[str, str] = field(default_factory=dict)
    next_key: str | None = None
    lost: Lost | None = None
    verdict: RunVerdict | None = None
    format: int = FORMAT_NUMBER

    @property
    def previous_sequence(self) -> int:
        """The number of the head below this one; 0 for the first head."""
        return (self.lost.first if self.lost else self.sequence) - 1

    @property
    def previous_path(self) -> str | None:
        """The path of the previous head; None for the first head."""
        return self._find(".checkpoint")

    @property
    def events_path(self) -> str | None:
        """The path of the events of this run."""
        return self._find(".events.jsonl")

    @property
    def changes_path(self) -> str | None:
        """The path of the list of files that this run wrote and removed."""
        return self._find(".changes")

    @property
    def stamp_path(self) -> str | None:
        """The path of the time stamp of the previous head."""
        return self._find(".checkpoint.tsr")

    def _find(self, ending: str) -> str | None:
        return next((path for path in self.digests if path.endswith(ending)), None)


def render_checkpoint(checkpoint: Checkpoint) -> bytes:
    """Return the content of `CHECKPOINT` in the present format."""
    header = (
        f"# wikibot checkpoint {FORMAT_NUMBER}\n"
        f"# log: {checkpoint.log}\n"
        f"# origin: {checkpoint.origin}\n"
        f"# sequence: {checkpoint.sequence}\n"
        f"# time: {format_time(checkpoint.time)}\n"
        f"# key: {checkpoint.key or _NONE}\n"
        f"# next-key: {checkpoint.next_key or _NONE}\n"
        f"# lost: {checkpoint.lost or _NONE}\n"
        f"# verdict: {checkpoint.verdict or _NO_VERDICT}\n"
    )
    return header.encode() + render_manifest(checkpoint.digests)


def parse_checkpoint(data: bytes, *, name: str = HEAD) -> Checkpoint:
    """Parse a head; raises `EvidenceError` unless it has exactly the form that wikibot writes."""
    text = data.decode("utf-8", "replace")
    stated = _FIRST_LINE.match(text)
    if stated is None:
        raise EvidenceError(f"{name} does not begin as a checkpoint of wikibot")
    if int(stated[1]) > FORMAT_NUMBER:
        raise EvidenceError(
            f"{name} has the format checkpoint {stated[1]}, written by a newer wikibot; this version reads "
            f"{FORMAT_NUMBER} at most: update wikibot"
        )
    match = (_HEADER if stated[1] == "2" else _FIRST_HEADER).match(text)
    if match is None:
        raise EvidenceError(f"{name} is not in the form of a checkpoint {stated[1]} of wikibot")
    header = match.groupdict()
    digests = parse_manifest(data[len(match[0].encode()) :], name=name)
    return Checkpoint(
        log=header.get("log", ""),
        origin=header["origin"],
        sequence=int(header["sequence"]),
        time=_parse_time(header["time"], name),
        key=_parse_key(header.get("key") or header["signature"].rpartition(" ")[2]),
        digests=digests,
        next_key=_parse_key(header.get("next_key", _NONE)),
        lost=_parse_lost(header.get("lost", _NONE), int(header["sequence"]), name),
        verdict=_parse_verdict(header.get("verdict", _NO_VERDICT)),
        format=int(stated[1]),
    )


def find_wrong_lines(head: Checkpoint) -> list[str]:
    """Return what is wrong with the set of files that a head lists; the grammar of each line is checked before."""
    wanted = {SUMS: 1, "events.jsonl": 1, "changes": head.format - 1}
    wanted |= {"checkpoint": int(head.sequence > 1), "checkpoint.sig": 0, "checkpoint.tsr": 0}
    found: dict[str, int] = dict.fromkeys(wanted, 0)
    flaws = []
    for path in head.digests:
        kind = _kind_of_line(path, head)
        if kind is None:
            flaws.append(f"lists {path}, which does not belong in the head of run {head.sequence}")
        else:
            found[kind] += 1
    for kind, number in found.items():
        if number > 1 or number < wanted[kind]:
            flaws.append(f"lists {number} files of the kind {kind}; it must list {wanted[kind] or 'at most 1'}")
    return flaws


def _kind_of_line(path: str, head: Checkpoint) -> str | None:
    if path == SUMS:
        return SUMS
    match = _LOG_FILE.fullmatch(path)
    if match is None:
        return None
    kind = match[2]
    is_of_head = kind in ("changes", "events.jsonl")
    is_known = head.format > 1 or kind not in ("changes", "checkpoint.tsr")
    number = head.sequence if is_of_head else head.previous_sequence
    return kind if is_known and number > 0 and match[1] == f"{number:06}" else None


def whole_digest(text: str) -> str:
    """Return the digest of a head that a person typed; raises `SnapshotError` if it is shortened or misspelt."""
    digest = text.strip().lower().removeprefix("sha256:")
    if not _DIGEST.fullmatch(digest):
        raise SnapshotError(
            f"{text!r} is not a whole digest; give all 64 hexadecimal digits, as `wikibot verify` shows them"
        )
    return digest


def run_of(path: str) -> int | None:
    """Return the run that a file of the log belongs to; None if *path* is not the path of such a file."""
    match = _LOG_FILE.fullmatch(path)
    return int(match[1]) if match else None


def load_head(root: Path) -> Checkpoint | None:
    """Read the current head; None if nothing was captured yet."""
    data = read_head(Folder(root))
    return None if data is None else parse_checkpoint(data, name=str(root / HEAD))


def read_head(folder: Folder) -> bytes | None:
    """Return the bytes of the current head; None if nothing was captured yet. Raises `EvidenceError`."""
    if not folder.root.is_dir():
        return None
    try:
        return folder.read(HEAD)
    except FileNotFoundError:
        return None
    except OSError as error:
        raise EvidenceError(
            f"{folder.root / HEAD} cannot be read: {error.strerror}; correct its owner or mode"
        ) from error


def read_signature(folder: Folder) -> str:
    """Return the signature of the current head; raises `EvidenceError`."""
    try:
        return folder.read(SIGNATURE).decode("ascii")
    except (OSError, UnicodeDecodeError) as error:
        raise EvidenceError(f"{folder.root / SIGNATURE} cannot be read ({error}); see `wikibot verify`") from error


def format_time(when: datetime) -> str:
    """Return a time in UTC to the second."""
    return f"{when.astimezone(UTC).replace(tzinfo=None).isoformat(timespec='seconds')}Z"


def draw_log_id() -> str:
    """Return a new log id."""
    return secrets.token_hex(16)


def _parse_time(text: str, name: str) -> datetime:
    try:
        return datetime.strptime(text, "%Y-%m-%dT%H:%M:%SZ").replace(tzinfo=UTC)
    except ValueError as error:
        raise EvidenceError(f"{name}: {text} is not a time") from error


def _parse_key(text: str) -> str | None:
    return None if text == _NONE else text


def _parse_verdict(text: str) -> RunVerdict | None:
    return None if text == _NO_VERDICT else RunVerdict(text)


def _parse_lost(text: str, sequence: int, name: str) -> Lost | None:
    if text == _NONE:
        return None
    runs, digest = text.split(" ")
    first, last = map(int, runs.split("-"))
    if not 1 < first <= last == sequence - 1:
        raise EvidenceError(f"{name}: the lost runs {runs} do not end before run {sequence}")
    return Lost(first, last, digest)

"""The head of the snapshots: one small file with the digests of everything below it and of the previous head.

    # wikibot checkpoint 1
    # origin: https://wiki.example.org
    # sequence: 124
    # time: 2026-11-24T02:30:00Z
    # signature: ssh-ed25519 SHA256:…           (or: none)
    <digest>  SHA256SUMS
    <digest>  log/2026/000123.checkpoint        the head before this one
    <digest>  log/2026/000123.checkpoint.sig    when that one was signed
    <digest>  log/2026/000124.events.jsonl      what this run did

`sha256sum -c --strict CHECKPOINT` checks it; the lines with # are comments to that tool.
"""

import re
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

from bot.errors import EvidenceError
from bot.snapshot.archive.bag import parse_manifest, render_manifest
from bot.snapshot.archive.folder import Folder

HEAD, SIGNATURE, SUMS = "CHECKPOINT", "CHECKPOINT.sig", "SHA256SUMS"

FORMAT_NUMBER = 1

_FIRST_LINE = re.compile(r"# wikibot checkpoint ([1-9][0-9]{0,8})\n")
_HEADER = re.compile(
    rf"# wikibot checkpoint {FORMAT_NUMBER}\n"
    r"# origin: (?P<origin>[^\n]*)\n"
    r"# sequence: (?P<sequence>[1-9][0-9]*)\n"
    r"# time: (?P<time>[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}Z)\n"
    r"# signature: (?P<signature>[^\n]+)\n"
)
_UNSIGNED = "none"


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """One head; *signed_by* is the fingerprint of the key, None if the run had no key."""

    origin: str
    sequence: int
    time: datetime
    signed_by: str | None
    digests: dict[str, str] = field(default_factory=dict)

    @property
    def previous_path(self) -> str | None:
        """The path of the previous head; None for the first head."""
        return next((path for path in self.digests if path.endswith(".checkpoint")), None)

    @property
    def events_path(self) -> str | None:
        """The path of the events of this run."""
        return next((path for path in self.digests if path.endswith(".events.jsonl")), None)


def render_checkpoint(checkpoint: Checkpoint) -> bytes:
    """Return the content of `CHECKPOINT`."""
    header = (
        f"# wikibot checkpoint {FORMAT_NUMBER}\n"
        f"# origin: {checkpoint.origin}\n"
        f"# sequence: {checkpoint.sequence}\n"
        f"# time: {format_time(checkpoint.time)}\n"
        f"# signature: {checkpoint.signed_by or _UNSIGNED}\n"
    )
    return header.encode() + render_manifest(checkpoint.digests)


def parse_checkpoint(data: bytes, *, name: str = HEAD) -> Checkpoint:
    """Parse a head; raises `EvidenceError` unless it is exactly what `render_checkpoint` writes."""
    text = data.decode("utf-8", "replace")
    match = _HEADER.match(text)
    if not match:
        stated = _FIRST_LINE.match(text)
        if stated and int(stated[1]) > FORMAT_NUMBER:
            raise EvidenceError(
                f"{name} has the format checkpoint {stated[1]}, written by a newer wikibot; this version reads "
                f"{FORMAT_NUMBER} at most: update wikibot"
            )
        raise EvidenceError(f"{name} does not begin as a checkpoint of wikibot")
    digests = parse_manifest(text[match.end() :].encode(), name=name)
    try:
        time = datetime.strptime(match["time"], "%Y-%m-%dT%H:%M:%SZ").replace(tzinfo=UTC)
    except ValueError as error:
        raise EvidenceError(f"{name}: {match['time']} is not a time") from error
    signed_by = None if match["signature"] == _UNSIGNED else match["signature"]
    checkpoint = Checkpoint(match["origin"], int(match["sequence"]), time, signed_by, digests)
    if render_checkpoint(checkpoint) != data:
        raise EvidenceError(f"{name} is not in canonical form")
    return checkpoint


def load_head(root: Path) -> Checkpoint | None:
    """Read the current head; None if nothing was captured yet."""
    data = read_head(Folder(root))
    return None if data is None else parse_checkpoint(data, name=str(root / HEAD))


def read_head(folder: Folder) -> bytes | None:
    """Return the bytes of the current head; None if nothing was captured yet."""
    if not folder.root.is_dir():
        return None
    try:
        return folder.read(HEAD)
    except FileNotFoundError:
        return None


def format_time(when: datetime) -> str:
    """Return a time in UTC to the second."""
    return when.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")

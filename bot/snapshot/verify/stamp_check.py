"""Check the time stamps of the heads: `CHECKPOINT.tsr`, and those that later heads name."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

from bot.errors import EvidenceError
from bot.snapshot.archive.checkpoint import HEAD, STAMP, Checkpoint, format_time, load_head, parse_checkpoint
from bot.snapshot.archive.folder import Folder
from bot.snapshot.archive.inspection import Finding, FindingKind
from bot.snapshot.witness.time_stamp import StampCheck, check_stamp

_TOLERANCE = timedelta(hours=1)
"""How far the clocks of the bot and of the authority may differ."""


@dataclass(frozen=True, slots=True)
class StampReport:
    """The time stamps of a folder. *times* has the stated times by path; without certificates nothing is checked."""

    paths: tuple[str, ...] = ()
    times: dict[str, datetime] | None = None
    expired: tuple[str, ...] = ()
    """Stamps whose certificate has expired since; it was valid at the time of the stamp."""
    findings: tuple[Finding, ...] = ()


def check_stamps(root: Path, ca: Path | None, *, now: datetime) -> StampReport:
    """Check all time stamps against the certificates in *ca*; without it, only list them."""
    found = list(_iter_stamped(root))
    paths = tuple(path for path, _, _ in found)
    if ca is None:
        return StampReport(paths)
    folder, times, expired, findings = Folder(root), {}, [], []
    for path, head, newer in found:
        checked = check_stamp(folder.read(f"{path.removesuffix('.tsr')}.sig"), folder.read(path), ca, now=now)
        flaw = checked.flaw or _find_wrong_time(checked, head, newer)
        if flaw:
            findings.append(Finding(FindingKind.TIME, path, flaw))
        elif checked.time:
            times[path] = checked.time
            expired += [path] if checked.is_expired else []
    return StampReport(paths, times, tuple(expired), tuple(findings))


def _iter_stamped(root: Path) -> Iterator[tuple[str, Checkpoint, Checkpoint | None]]:
    """Yield the path of each time stamp, the head that it stamps, and the head after that one, the newest first."""
    folder, head = Folder(root), load_head(root)
    if head is None:
        raise EvidenceError(f"there are no snapshots in {root}; `wikibot snapshot` makes the first")
    if folder.has_file(STAMP):
        yield STAMP, head, None
    newer, named_by = head, HEAD
    while newer.previous_path:
        name = newer.previous_path
        older = parse_checkpoint(folder.read_checked(name, newer.digests[name], named_by=named_by), name=name)
        if newer.stamp_path:
            yield newer.stamp_path, older, newer
        newer, named_by = older, name


def _find_wrong_time(stamp: StampCheck, head: Checkpoint, newer: Checkpoint | None) -> str | None:
    """Return why a stamp cannot be of its head: the head is made before the stamp, and the next head after it."""
    if stamp.time is None:
        return None
    if stamp.time < head.time - _TOLERANCE:
        return f"states {format_time(stamp.time)}, but run {head.sequence} claims to be of {format_time(head.time)}"
    if newer and stamp.time > newer.time + _TOLERANCE:
        return (
            f"states {format_time(stamp.time)}, but run {newer.sequence}, which names it, claims to be of "
            f"{format_time(newer.time)}"
        )
    return None

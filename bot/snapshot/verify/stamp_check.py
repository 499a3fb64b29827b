"""Check the time stamps of the heads: `CHECKPOINT.tsr`, and those that later heads name."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from bot.snapshot.archive.checkpoint import HEAD, STAMP, Checkpoint, format_time, parse_checkpoint
from bot.snapshot.archive.file_tree import Tree
from bot.snapshot.archive.inspection import Finding, FindingKind
from bot.snapshot.witness.time_stamp import TOLERANCE, StampCheck, check_stamp


@dataclass(frozen=True, slots=True)
class StampReport:
    """The time stamps of a folder. *times* has the stated times by path; without certificates nothing is checked."""

    paths: tuple[str, ...] = ()
    times: dict[str, datetime] | None = None
    expired: tuple[str, ...] = ()
    """Stamps whose certificate has expired since; it was valid at the time of the stamp."""
    findings: tuple[Finding, ...] = ()


def check_stamps(tree: Tree, ca: Path | None, *, now: datetime) -> StampReport:
    """Check all time stamps of a verified tree against the certificates in *ca*; without it, only list them."""
    found = list(_iter_stamped(tree))
    paths = tuple(path for path, _, _ in found)
    if ca is None:
        return StampReport(paths)
    times, expired, findings = {}, [], []
    for path, head, newer in found:
        checked = check_stamp(tree.read(f"{path.removesuffix('.tsr')}.sig"), tree.read(path), ca, now=now)
        flaw = checked.flaw or _find_wrong_time(checked, head, newer)
        if flaw:
            findings.append(Finding(FindingKind.TIME, path, flaw))
        elif checked.time:
            times[path] = checked.time
            expired += [path] if checked.is_expired else []
    return StampReport(paths, times, tuple(expired), tuple(findings))


def _iter_stamped(tree: Tree) -> Iterator[tuple[str, Checkpoint, Checkpoint | None]]:
    """Yield the path of each time stamp, the head that it stamps, and the head after that one, the newest first."""
    head = parse_checkpoint(tree.read(HEAD))
    if tree.has_file(STAMP):
        yield STAMP, head, None
    newer = head
    while newer.previous_path:
        older = parse_checkpoint(tree.read(newer.previous_path), name=newer.previous_path)
        if newer.stamp_path:
            yield newer.stamp_path, older, newer
        newer = older


def _find_wrong_time(stamp: StampCheck, head: Checkpoint, newer: Checkpoint | None) -> str | None:
    """Return why a stamp cannot be of its head: the head is made before the stamp, and the next head after it."""
    if stamp.time is None:
        return None
    if stamp.time < head.time - TOLERANCE:
        return f"states {format_time(stamp.time)}, but run {head.sequence} claims to be of {format_time(head.time)}"
    if newer and stamp.time > newer.time + TOLERANCE:
        return (
            f"states {format_time(stamp.time)}, but run {newer.sequence}, which names it, claims to be of "
            f"{format_time(newer.time)}"
        )
    return None

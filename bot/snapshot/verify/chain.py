"""Check the head: its signature, the files that it lists, and all previous heads."""

from dataclasses import dataclass, field
from datetime import datetime, timedelta

from bot.errors import EvidenceError
from bot.snapshot.archive.bag import sha256
from bot.snapshot.archive.checkpoint import HEAD, SUMS, Checkpoint, find_wrong_lines, format_time, parse_checkpoint
from bot.snapshot.archive.events import PART, parse_events
from bot.snapshot.archive.head_check import check_stamped
from bot.snapshot.archive.inspection import FindingKind, Inspection
from bot.snapshot.archive.signature import find_flaw

CLOCK_TOLERANCE = timedelta(days=1)
"""How far a head may be ahead of the clock of the computer that verifies. `VERIFY.md` has the same value."""


@dataclass
class Chain:
    """The valid heads, newest first, with their digests and paths."""

    heads: list[Checkpoint] = field(default_factory=list)
    digests: list[str] = field(default_factory=list)
    paths: list[str] = field(default_factory=list)

    @property
    def is_whole(self) -> bool:
        """Whether the chain goes down to the first run."""
        return bool(self.heads) and self.heads[-1].sequence == 1


def check_chain(inspection: Inspection, head: Checkpoint) -> Chain:
    """Walk from the head to the first run: each head lists the previous head, with its signature and log."""
    chain = Chain([head], [inspection.tree.digest(HEAD)], [HEAD])
    while chain.heads[-1].sequence > 1:
        previous = _step_back(inspection, chain.heads[-1], chain.paths[-1])
        if previous is None:
            return chain
        older, name, digest = previous
        chain.heads.append(older)
        chain.digests.append(digest)
        chain.paths.append(name)
    return chain


def check_witness(inspection: Inspection, chain: Chain, witness: str) -> None:
    """Check that a head that was published elsewhere is the current head or one of its ancestors."""
    if witness not in chain.digests:
        message = f"does not descend from the head {witness}: these snapshots are an older state, or another line"
        inspection.report(FindingKind.WITNESS, HEAD, message)


def check_succession(inspection: Inspection, chain: Chain) -> None:
    """Check each head against the head below it: one log, one origin, times in order, keys that were announced."""
    for newer, older, path in zip(chain.heads, chain.heads[1:], chain.paths, strict=False):
        if newer.time < older.time:
            message = (
                f"has the time {format_time(newer.time)}, before run {older.sequence} at {format_time(older.time)}"
            )
            inspection.report(FindingKind.TIME, path, message)
        if newer.origin != older.origin:
            inspection.report(
                FindingKind.CHAIN, path, f"is of {newer.origin}, but run {older.sequence} of {older.origin}"
            )
        if newer.format < older.format or (newer.format == older.format and newer.log != older.log):
            inspection.report(FindingKind.CHAIN, path, f"belongs to another log than run {older.sequence}")
        if flaw := find_key_flaw(older, newer):
            inspection.report(FindingKind.SIGNATURE, path, flaw)


def find_key_flaw(older: Checkpoint, newer: Checkpoint) -> str | None:
    """Return why the key of a head may not follow the key of the head below it."""
    if older.key is None or older.key == newer.key:
        return None
    if newer.key is None:
        return f"run {newer.sequence} is not signed, though run {older.sequence} is"
    if newer.key != older.next_key:
        return f"run {newer.sequence} is signed by the key {newer.key}, which run {older.sequence} did not announce"
    return None


def check_clock(inspection: Inspection, chain: Chain, now: datetime) -> None:
    """Find heads of the future."""
    for head, path in zip(chain.heads, chain.paths, strict=True):
        if head.time > now + CLOCK_TOLERANCE:
            message = f"has the time {format_time(head.time)}, which lies in the future"
            inspection.report(FindingKind.TIME, path, message)


def check_last_capture(inspection: Inspection, chain: Chain) -> None:
    """Report a capture that was interrupted after a part of its pages, while no run is writing."""
    newest = next((head for head in chain.heads if head.verdict is not None), None)
    path = newest.events_path if newest else None
    tree = inspection.tree
    if newest is None or path is None or not tree.has_file(path) or tree.is_being_written():
        return
    try:
        logged = parse_events(inspection.tree.read(path).partition(b"\n")[0], name=path)
    except (EvidenceError, OSError):
        return  # reported where the log is replayed
    facts = logged[0].event.facts if logged else {}
    if PART in facts:
        done = f"{facts.get('captured')} of {facts.get('expected')} pages"
        message = (
            f"run {newest.sequence} is a part of a capture that was interrupted after {done}; the next "
            "`wikibot snapshot` continues it"
        )
        inspection.report(FindingKind.INTERRUPTED, HEAD, message)


def check_earlier_keys(inspection: Inspection, chain: Chain, allowed_signers: str | None) -> None:
    """Check the signature of the last head of each earlier key; the heads below it follow from the chain."""
    seen = {chain.heads[0].key, None}
    for head, path in zip(chain.heads[1:], chain.paths[1:], strict=True):
        if head.key in seen:
            continue
        seen.add(head.key)
        if not inspection.tree.has_file(f"{path}.sig"):
            continue  # reported where the head above was checked
        data, signature = inspection.tree.read(path), inspection.tree.read(f"{path}.sig")
        if flaw := find_flaw(data, signature, allowed_signers, key=head.key, when=head.time):
            inspection.report(FindingKind.SIGNATURE, f"{path}.sig", flaw)


def _step_back(inspection: Inspection, current: Checkpoint, name: str) -> tuple[Checkpoint, str, str] | None:
    path = current.previous_path
    if path is None or not inspection.tree.has_file(path):
        return None  # already reported where `name` was checked
    data = inspection.read(path)
    if data is None:
        return None
    try:
        previous = parse_checkpoint(data, name=path)
    except EvidenceError as error:
        inspection.report(FindingKind.MALFORMED, path, str(error))
        return None
    if previous.sequence != current.previous_sequence:
        message = f"is run {previous.sequence}, but {name} is run {current.sequence}"
        inspection.report(FindingKind.CHAIN, path, message)
        return None
    if (previous.key is not None) != (f"{path}.sig" in current.digests):
        what = "does not name the signature" if previous.key else "names a signature"
        inspection.report(FindingKind.CHAIN, name, f"{what} of {path}")
    if current.stamp_path and previous.key is None:
        inspection.report(FindingKind.CHAIN, name, f"names a time stamp of {path}, which is not signed")
    for flaw in find_wrong_lines(previous):
        inspection.report(FindingKind.MALFORMED, path, flaw)
    if current.stamp_path:
        check_stamped(inspection, current.stamp_path)
    older = {target: digest for target, digest in previous.digests.items() if target != SUMS}
    inspection.check_digests(older, witness=path)
    return previous, path, sha256(data)

"""The heads of the snapshots folder, to compare them with the heads that witnesses show."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from bot.errors import ContinuityError
from bot.snapshot.archive.checkpoint import HEAD, Checkpoint, Lost, format_time, read_signature
from bot.snapshot.archive.folder import Folder
from bot.snapshot.archive.library import load_chain

_DIGITS_SHOWN = 12


@dataclass(frozen=True, slots=True)
class HeadMark:
    """One head as a witness shows it; *digest* is the argument of `verify --witness`."""

    sequence: int
    digest: str
    time: str = ""
    log: str = field(default="", compare=False)
    """The id of its log, where the witness shows the whole head."""

    def __str__(self) -> str:
        """Return the head for people."""
        return f"run {self.sequence} ({self.digest[:_DIGITS_SHOWN]}…)"


@dataclass(frozen=True, slots=True)
class Head:
    """The current head with its bytes."""

    origin: str
    mark: HeadMark
    checkpoint: str
    signature: str | None


@dataclass(frozen=True, slots=True)
class OwnChain:
    """The current head, and every head down to run 1; *marks* has the newest first."""

    root: Path
    head: Head
    marks: tuple[HeadMark, ...]
    lost: tuple[Lost, ...] = ()
    """The runs that a person gave up by accepting a rollback; the heads name them."""
    log: str = ""
    """The id of the log; empty for format 1."""
    _digests: dict[int, str] = field(default_factory=dict, repr=False)

    def check(self, shown: Sequence[HeadMark], *, witness: str) -> None:
        """Raise `ContinuityError` unless each head that a witness shows is one of this chain."""
        self.check_log(shown, witness=witness)
        newest = self.head.mark.sequence
        for mark in sorted(shown, key=lambda each: (each.sequence > newest, -each.sequence)):  # another history first
            if mark.sequence > newest:
                raise ContinuityError(
                    f"{witness} shows {mark}, but the newest run in {self.root} is {newest}; nothing "
                    "was written to this witness. Restore the newest copy of the folder, which passes `wikibot verify "
                    f"--witness {mark.digest}`, or give up the later runs with `wikibot evidence accept-rollback "
                    f"--head {self.head.mark.digest} --reason TEXT`. After `wikibot evidence new-log --reason TEXT`, "
                    "name another place for this witness in snapshots.witnesses"
                )
            if self._digests.get(mark.sequence) != mark.digest and not self._has_lost(mark):
                raise ContinuityError(
                    f"{witness} shows {mark}, but {self.root} has another run {mark.sequence}: there are two "
                    "histories, and nothing was written to this witness. Restore the copy that passes `wikibot verify "
                    f"--witness {mark.digest}`, or name another place for this witness in snapshots.witnesses"
                )

    def check_log(self, shown: Sequence[HeadMark], *, witness: str) -> None:
        """Raise `ContinuityError` if a witness shows a head of another log."""
        for mark in shown:
            if mark.log and self.log and mark.log != self.log:
                raise ContinuityError(
                    f"{witness} shows {mark} of the log {mark.log}, but {self.root} has the log {self.log}; nothing "
                    "was written to this witness. Restore the copy that passes `wikibot verify --witness "
                    f"{mark.digest}`, or, after `wikibot evidence new-log --reason TEXT`, name another place for this "
                    "witness in snapshots.witnesses"
                )

    def _has_lost(self, mark: HeadMark) -> bool:
        """Return whether a head is one of the lost runs; of these, only the digest of the last one is known."""
        ranges = (lost for lost in self.lost if lost.first <= mark.sequence <= lost.last)
        return any(mark.sequence < lost.last or mark.digest == lost.digest for lost in ranges)


def mark_of(head: Checkpoint, digest: str) -> HeadMark:
    """Return the mark of a head, whose SHA-256 is *digest*."""
    return HeadMark(head.sequence, digest, format_time(head.time), head.log)


def read_chain(root: Path) -> OwnChain | None:
    """Read the heads of a snapshots folder; None if nothing was captured.

    Raises `EvidenceError` if a head is missing or is not the one that the next head names.
    """
    heads = list(load_chain(root).iter_heads())
    if not heads:
        return None
    marks = tuple(mark_of(head, digest) for head, digest in heads)
    folder, newest = Folder(root), heads[0][0]
    checkpoint = folder.read_checked(HEAD, marks[0].digest, named_by="the run").decode()
    signature = read_signature(folder) if newest.key else None
    lost = tuple(head.lost for head, _ in heads if head.lost)
    digests = {mark.sequence: mark.digest for mark in marks}
    return OwnChain(root, Head(newest.origin, marks[0], checkpoint, signature), marks, lost, newest.log, digests)

"""The heads of the snapshots folder, to compare them with the heads that witnesses show."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from bot.errors import EvidenceError
from bot.snapshot.archive.bag import sha256
from bot.snapshot.archive.checkpoint import HEAD, SIGNATURE, Lost, format_time, parse_checkpoint, read_head
from bot.snapshot.archive.folder import Folder

_DIGITS_SHOWN = 12


@dataclass(frozen=True, slots=True)
class HeadMark:
    """One head as a witness shows it; *digest* is the argument of `verify --witness`."""

    sequence: int
    digest: str
    time: str = ""

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
    _digests: dict[int, str] = field(default_factory=dict, repr=False)

    def check(self, shown: Sequence[HeadMark], *, witness: str) -> None:
        """Raise `EvidenceError` unless each head that a witness shows is one of this chain."""
        for mark in sorted(shown, key=lambda each: each.sequence, reverse=True):
            if mark.sequence > self.head.mark.sequence:
                raise EvidenceError(
                    f"{witness} shows {mark}, but the newest run in {self.root} is {self.head.mark.sequence}: the "
                    "folder is an older state, or belongs to another history. Restore the newest copy of the folder, "
                    "and check it with `wikibot verify --witness "
                    f"{mark.digest}`. Nothing was written to this witness"
                )
            if self._digests.get(mark.sequence) != mark.digest and not self._has_lost(mark):
                raise EvidenceError(
                    f"{witness} shows {mark}, but {self.root} has another run {mark.sequence}: there are two "
                    f"histories. Find the copy of the folder that passes `wikibot verify --witness {mark.digest}` and "
                    "restore it. If the folder is meant to be a new history, name another place for this witness in "
                    "snapshots.witnesses. Nothing was written to this witness"
                )

    def _has_lost(self, mark: HeadMark) -> bool:
        """Return whether a head is one of the lost runs; of these, only the digest of the last one is known."""
        ranges = (lost for lost in self.lost if lost.first <= mark.sequence <= lost.last)
        return any(mark.sequence < lost.last or mark.digest == lost.digest for lost in ranges)


def load_chain(root: Path) -> OwnChain | None:
    """Read the heads of a snapshots folder; None if nothing was captured.

    Raises `EvidenceError` if a head is missing or is not the one that the next head names.
    """
    folder = Folder(root)
    data = read_head(folder)
    if data is None:
        return None
    newest = parse_checkpoint(data, name=str(root / HEAD))
    mark = HeadMark(newest.sequence, sha256(data), format_time(newest.time))
    signature = _read_signature(folder) if newest.key else None
    marks, lost, current, named_by = [mark], [newest.lost], newest, HEAD
    while current.previous_path:
        name = current.previous_path
        older = folder.read_checked(name, current.digests[name], named_by=named_by)
        current, named_by = parse_checkpoint(older, name=name), name
        marks.append(HeadMark(current.sequence, sha256(older), format_time(current.time)))
        lost.append(current.lost)
    head = Head(newest.origin, mark, data.decode(), signature)
    digests = {each.sequence: each.digest for each in marks}
    return OwnChain(root, head, tuple(marks), tuple(filter(None, lost)), digests)


def _read_signature(folder: Folder) -> str:
    try:
        return folder.read(SIGNATURE).decode("ascii")
    except (OSError, UnicodeDecodeError) as error:
        raise EvidenceError(f"{folder.root / SIGNATURE} cannot be read ({error}); see `wikibot verify`") from error

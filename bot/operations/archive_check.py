"""The last full verification of a snapshots folder, remembered outside it for people who read the archive."""

from datetime import datetime
from pathlib import Path

from pydantic import BaseModel, ValidationError

from bot.files import read_file, replace_file
from bot.operations.archive_reader import ArchiveReader
from bot.snapshot.verify.verification import Verification

_MOST_FINDINGS = 200


class RememberedFinding(BaseModel):
    """One finding."""

    kind: str
    """What kind of finding."""
    path: str
    """The file, relative to the snapshots folder."""
    message: str
    """What is wrong."""


class ArchiveCheck(BaseModel):
    """`….search.check`: the result of the last full verification; a note that can be deleted, and proves nothing."""

    when: datetime
    """Time of the verification."""
    head: str | None
    """SHA-256 of the head that was verified."""
    run: int | None
    """Number of the newest run."""
    files: int
    """Number of files that were hashed."""
    count: int
    """Number of findings."""
    findings: tuple[RememberedFinding, ...] = ()
    """The first findings."""
    proof: str | None = None
    """What the verification proves; null if there are findings."""

    @property
    def is_clean(self) -> bool:
        """Whether nothing was found."""
        return self.count == 0


def check_and_remember(reader: ArchiveReader, now: datetime) -> ArchiveCheck:
    """Verify the whole folder, and remember the result next to the index."""
    checked = reader.verify()
    made = _result(checked, now)
    replace_file(_path(reader), made.model_dump_json(indent=2).encode(), is_private=True)
    return made


def find_archive_check(reader: ArchiveReader) -> ArchiveCheck | None:
    """Return the last verification that was remembered, or None."""
    try:
        return ArchiveCheck.model_validate_json(read_file(_path(reader)))
    except (OSError, ValidationError):
        return None


def _path(reader: ArchiveReader) -> Path:
    return reader.index_path.with_suffix(".check")  # not .json: those are the memories of logs


def _result(checked: Verification, now: datetime) -> ArchiveCheck:
    return ArchiveCheck(
        when=now,
        head=checked.head_digest,
        run=checked.head.sequence if checked.head else None,
        files=checked.hashed_files,
        count=len(checked.findings),
        findings=tuple(
            RememberedFinding(kind=each.kind.value, path=each.path, message=each.message)
            for each in checked.findings[:_MOST_FINDINGS]
        ),
        proof=checked.proof.value if checked.proof else None,
    )

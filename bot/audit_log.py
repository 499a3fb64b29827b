"""`audit/YEAR-MONTH.jsonl`: who changed what at the desk, one line a change.

Each line has the digest of the line before. The digest of the last line is the head of the log. A capture records the
head in its events, so that the signed chain of checkpoints shows later whether lines were changed or removed.
"""

import hashlib
import json
import os
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import ClassVar, Literal

from pydantic import Field

from bot.errors import BotError
from bot.file_format import FileDocument, FileFormatError
from bot.files import InstanceLock, open_regular, prepare_private_file, read_file

FIRST = "0" * 64
"""What the first line of all has in place of the digest of a line before."""
_FOLDER = "audit"
_WAIT_SECONDS = 5
_TAIL = 1 << 16


class AuditLine(FileDocument):
    """One change."""

    KIND: ClassVar[str] = "wikibot-audit"

    format: Literal["wikibot-audit/1"] = "wikibot-audit/1"
    """Format of the line."""
    at: datetime
    """When it was done, in UTC."""
    who: str
    """Name of the account, or of the person at the command line."""
    address: str
    """Network address of the browser; `command line` for a command."""
    action: str
    """What was done, for example `sign in` or `edit news`."""
    subject: str
    """To what it was done, for example the name of an account or the id of a news item."""
    workspace: str | None
    """In which workspace; null if that does not matter."""
    before: str | None
    """What was there before; null if nothing was."""
    after: str | None
    """What is there now; null if nothing is."""
    previous: str = Field(pattern=r"^[0-9a-f]{64}$")
    """SHA-256 of the line before, without its line feed; zeros in the first line."""


class AuditLog:
    """The audit log in the state folder *state*; safe to share between threads and processes."""

    def __init__(self, state: Path, clock: Callable[[], datetime]) -> None:
        self.folder = state / _FOLDER
        self._clock = clock

    def record(
        self,
        action: str,
        subject: str,
        *,
        who: str,
        address: str,
        workspace: str | None = None,
        before: str | None = None,
        after: str | None = None,
    ) -> None:
        """Append a change; raises `BotError` if it cannot be recorded."""
        try:
            with InstanceLock(self.folder / "lock", purpose="the audit log", wait_seconds=_WAIT_SECONDS):
                now = self._clock().astimezone(UTC)
                line = AuditLine(
                    at=now,
                    who=who,
                    address=address,
                    action=action,
                    subject=subject,
                    workspace=workspace,
                    before=before,
                    after=after,
                    previous=self.head() or FIRST,
                )
                path = max([self.folder / f"{now:%Y-%m}.jsonl", *self.months()[-1:]])  # a clock that was set back
                prepare_private_file(path)
                _append(path, json.dumps(line.content(), ensure_ascii=False).encode())
        except OSError as error:
            raise BotError(f"{self.folder}: the audit log cannot be written: {error.strerror}") from error

    def months(self) -> list[Path]:
        """Return the files of the log, the oldest first."""
        return sorted(self.folder.glob("[0-9][0-9][0-9][0-9]-[0-9][0-9].jsonl"))

    def head(self) -> str | None:
        """Return the digest of the last line; None if the log is empty."""
        for path in reversed(self.months()):
            if last := _last_line(path):
                return hashlib.sha256(last).hexdigest()
        return None

    def lines(self, month: Path) -> list[AuditLine]:
        """Return the changes of a month, the newest first; raises `BotError` with the line that is damaged."""
        return [line for line, _ in _read(month)][::-1]

    def find_break(self) -> str | None:
        """Return where the chain of digests is broken, in one sentence; None if every line has its predecessor."""
        expected = FIRST
        for path in self.months():
            try:
                for number, (line, data) in enumerate(_read(path), start=1):
                    if line.previous != expected:
                        return f"{path.name}:{number}: the line before was changed or removed"
                    expected = hashlib.sha256(data).hexdigest()
            except BotError as error:
                return str(error)
        return None


def _read(path: Path) -> Iterator[tuple[AuditLine, bytes]]:
    for number, data in enumerate(read_file(path).splitlines(), start=1):
        try:
            yield AuditLine.parse(data), data
        except FileFormatError as error:
            raise BotError(f"{path}:{number}: this line of the audit log {error}") from error


def _append(path: Path, line: bytes) -> None:
    with os.fdopen(open_regular(path, os.O_RDWR), "r+b") as file:
        file.seek(0, os.SEEK_END)
        if file.tell():
            file.seek(-1, os.SEEK_END)
            if file.read(1) != b"\n":  # the machine stopped in the middle of a line
                file.write(b"\n")
        file.write(line + b"\n")
        file.flush()
        os.fsync(file.fileno())


def _last_line(path: Path) -> bytes:
    with os.fdopen(open_regular(path), "rb") as file:
        size = file.seek(0, os.SEEK_END)
        length = _TAIL
        while True:
            file.seek(max(0, size - length))
            tail = file.read().rstrip(b"\n")
            if b"\n" in tail or length >= size:
                return tail.rpartition(b"\n")[2]
            length *= 4

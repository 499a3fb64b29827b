"""`revisions/NAME/`: each content that a data file has had, who made it, and when.

A revision is two files: `000123.json` and the bytes of the data file, `000123.yaml.gz`. Before the data file is
replaced, the revision is written as `000123.pending`. If the program ends before it has the name `000123.json`, the
next one compares the digests: the data file was replaced, or it was not.
"""

import gzip
import hashlib
import json
import os
import pwd
import zlib
from collections.abc import Iterator
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import ClassVar, Literal

from bot.errors import SettingsError
from bot.file_format import FileDocument, FileFormatError
from bot.files import read_file, replace_file

MAX_REVISIONS = 1_000
MAX_BYTES = 200_000_000
"""The oldest revisions are deleted when there are more, or when their files together are larger."""
_MIN_REVISIONS = 20
_DIGITS = 6

Origin = Literal["first", "edited", "undone", "adopted", "outside"]


class Revision(FileDocument):
    """One revision of a data file."""

    KIND: ClassVar[str] = "wikibot-revision"

    format: Literal["wikibot-revision/1"] = "wikibot-revision/1"
    """Format of the file."""
    number: int
    """Number of the revision, counted from 1 for each workspace."""
    at: datetime
    """Time of the change; for a change by another program, the time when the bot found it."""
    who: str
    """The account of the machine, or of the desk, that made the change."""
    origin: Origin
    """`first`: the content when the bot saw the file first. `edited`, `undone`: by a command or in the desk. `adopted`:
    from the page. `outside`: by another program, such as an editor or git."""
    what: str
    """The change in words."""
    before: str | None
    """SHA-256 of the content before; null for the first one."""
    after: str
    """SHA-256 of the content."""
    undoes: int | None = None
    """Number of the revision that this one undoes."""
    draft: int | None = None
    """Number of the draft that this revision carries out."""
    approved_by: str | None = None
    """Who approved the draft."""


class RevisionJournal:
    """The revisions of one data file, in *folder*. Changes require the lock of the data file."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def numbers(self) -> list[int]:
        """Return the numbers of the known revisions, the oldest first."""
        return sorted(int(path.stem) for path in self.folder.glob("*.json") if path.stem.isdigit())

    def newest(self) -> Revision | None:
        """Return the newest revision."""
        numbers = self.numbers()
        return self.load(numbers[-1]) if numbers else None

    def iter_newest_first(self) -> Iterator[Revision]:
        """Yield the revisions, the newest first."""
        yield from map(self.load, reversed(self.numbers()))

    def load(self, number: int) -> Revision:
        """Return a revision; raises `SettingsError` if it is unknown or cannot be read."""
        path = self._path(number, "json")
        try:
            return Revision.parse(read_file(path))
        except FileNotFoundError:
            known = self.numbers()
            range_ = f"known are {known[0]} to {known[-1]}" if known else "there are none yet"
            raise SettingsError(f"there is no revision {number}; {range_}") from None
        except (OSError, FileFormatError) as error:
            raise SettingsError(f"the revision cannot be read: {error}; move the file away", path=path) from error

    def content(self, number: int) -> str:
        """Return the text of the data file in a revision; raises `SettingsError` if it is not what was recorded."""
        path = self._path(number, "yaml.gz")
        try:
            data = gzip.decompress(read_file(path))
        except (OSError, EOFError, zlib.error) as error:
            raise SettingsError(f"the content of revision {number} cannot be read: {error}", path=path) from error
        if _digest(data) != self.load(number).after:
            raise SettingsError(f"is not the content that revision {number} had", path=path)
        return data.decode()

    def text_before(self, number: int) -> str | None:
        """Return the text of the data file before a revision; None if it is not known any more."""
        before = self.load(number).before
        earlier = [each for each in self.numbers() if each < number]
        if before is None or not earlier or self.load(earlier[-1]).after != before:
            return None
        return self.content(earlier[-1])

    def find(self, digest: str) -> Revision | None:
        """Return the newest revision whose content has a digest that begins with *digest*."""
        return next((each for each in self.iter_newest_first() if each.after.startswith(digest)), None)

    def begin(self, text: str, *, what: str, **details: object) -> Revision:
        """Write the next revision, durably, before the data file gets *text*; raises `SettingsError`."""
        newest = self.newest()
        revision = Revision.model_validate(
            {
                "number": newest.number + 1 if newest else 1,
                "at": datetime.now(UTC),
                "who": account_name(),
                "what": what,
                "before": newest.after if newest else None,
                "after": _digest(text.encode()),
            }
            | details
        )
        self._write(revision, "yaml.gz", gzip.compress(text.encode(), 6, mtime=0))
        self._write(revision, "pending", (json.dumps(revision.content(), indent=1, ensure_ascii=False) + "\n").encode())
        return revision

    def complete(self, revision: Revision) -> None:
        """Record that the data file has the content of *revision*; delete the oldest revisions."""
        try:
            self._path(revision.number, "pending").replace(self._path(revision.number, "json"))
        except OSError as error:
            raise SettingsError(f"cannot be written: {error.strerror}", path=self.folder) from error
        self._prune()

    def settle(self, text: str | None) -> None:
        """Complete an interrupted revision if the data file, which has *text*, has its content; else delete it."""
        for path in self.folder.glob("*.pending"):
            try:
                revision = Revision.parse(read_file(path))
            except (OSError, FileFormatError):
                path.unlink(missing_ok=True)  # it was never written in full, so the data file was not replaced
                continue
            if text is not None and _digest(text.encode()) == revision.after:
                self.complete(revision)
            else:
                path.unlink(missing_ok=True)
                self._path(revision.number, "yaml.gz").unlink(missing_ok=True)

    def is_newest(self, text: str) -> bool:
        """Return whether *text* is the content of the newest revision."""
        newest = self.newest()
        return newest is not None and newest.after == _digest(text.encode())

    def _write(self, revision: Revision, kind: str, data: bytes) -> None:
        path = self._path(revision.number, kind)
        try:
            replace_file(path, data, is_private=True)
        except OSError as error:
            raise SettingsError(
                f"cannot be written: {error.strerror}; the data file is unchanged", path=path
            ) from error

    def _prune(self) -> None:
        numbers = self.numbers()
        sizes = {number: self._size(number) for number in numbers}
        total = sum(sizes.values())
        while len(numbers) > _MIN_REVISIONS and (len(numbers) > MAX_REVISIONS or total > MAX_BYTES):
            oldest = numbers.pop(0)
            total -= sizes[oldest]
            for kind in ("yaml.gz", "json"):
                self._path(oldest, kind).unlink(missing_ok=True)

    def _size(self, number: int) -> int:
        with suppress(OSError):
            return self._path(number, "yaml.gz").stat().st_size
        return 0

    def _path(self, number: int, kind: str) -> Path:
        return self.folder / f"{number:0{_DIGITS}}.{kind}"


def account_name() -> str:
    """Return the name of the account of the machine that runs the program."""
    try:
        return pwd.getpwuid(os.getuid()).pw_name
    except KeyError:
        return f"user {os.getuid()}"


def _digest(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()

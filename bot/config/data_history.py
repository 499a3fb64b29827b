"""`data-DIGEST.json`: the revisions that a data file has had, and the adoption that is being carried out."""

import json
from datetime import datetime
from pathlib import Path
from typing import ClassVar, Literal

from pydantic import Field

from bot.config.data_file import revision_of
from bot.errors import SettingsError
from bot.file_format import FileDocument, FileFormatError, FileModel, NewerFormatError
from bot.files import replace_file

_MAX_REVISIONS = 1_000
_MAX_END = 200


class PastRevision(FileModel):
    """A revision of the data file."""

    revision: str
    """Short digest of the content."""
    first_seen: datetime
    """Time when the bot saw the revision first, or saw it again after another one."""
    origin: Literal["saved", "adopted", "read"]
    """`saved`: by a command that edits the file; `adopted`: from a page; `read`: changed by another program."""
    end: str = ""
    """The last line of the file, at most 200 characters, with its line end."""


class PendingAdoption(FileModel):
    """An adoption that is being carried out: the page may be written, and the data file not yet."""

    page_id: str
    """Id of the page."""
    base_version: int
    """Version of the page that the adoption was proposed for."""
    message: str
    """Message of the version that the adoption writes."""
    before: str | None
    """Revision that the adoption replaces; null if there was no data file."""
    text: str
    """New content of the data file."""


class DataHistoryFile(FileDocument):
    """`data-DIGEST.json`: what the bot knows of the past of one data file.

    The file can be deleted when no adoption is interrupted: the bot then no longer notices that a data file was rolled
    back to a revision from before an adoption.
    """

    KIND: ClassVar[str] = "wikibot-data-history"

    format: Literal["wikibot-data-history/1"] = "wikibot-data-history/1"
    """Format of the file."""
    path: str = ""
    """Path of the data file."""
    revisions: tuple[PastRevision, ...] = ()
    """Revisions in the order in which the file had them, at most 1,000."""
    adoption: PendingAdoption | None = None
    """The adoption that is being carried out; null almost always."""
    abandoned: tuple[str, ...] = Field(default=())
    """Revisions of adoptions that the data file never got: their tags in page histories are not believed."""

    def has_lost_adoption(self, adopted: str, current: str) -> bool | None:
        """Return whether the file has revision *current*, but not what adoption *adopted* wrote.

        True after a roll-back to an older revision by a program other than the bot, and for an adoption that the file
        never got. None if the history does not know.
        """
        if adopted in self.abandoned:
            return True
        positions = {past.revision: index for index, past in enumerate(self.revisions)}
        if adopted not in positions:
            return None
        later = self.revisions[positions[adopted] + 1 :]
        earlier = {past.revision for past in self.revisions[: positions[adopted]]}
        return any(past.revision == current and past.origin == "read" for past in later) and current in earlier


class DataHistory:
    """Reads and writes the history of one data file. Changes require the lock of the data file."""

    def __init__(self, path: Path, data_path: Path) -> None:
        self._path, self._data_path = path, data_path

    def load(self) -> DataHistoryFile:
        """Read the history; empty if there is none. Raises `SettingsError` if it cannot be used."""
        try:
            return DataHistoryFile.parse(self._path.read_bytes())
        except FileNotFoundError:
            return DataHistoryFile(path=str(self._data_path))
        except NewerFormatError as error:
            raise SettingsError(f"the history of the data file {error}", path=self._path) from error
        except (OSError, FileFormatError) as error:
            raise SettingsError(
                f"the history of {self._data_path} cannot be read: {error}; restore the file, or delete it if no "
                "adoption was interrupted",
                path=self._path,
            ) from error

    def newest(self) -> PastRevision | None:
        """Return the newest known revision of the file."""
        revisions = self.load().revisions
        return revisions[-1] if revisions else None

    def add(self, text: str, origin: Literal["saved", "read"], at: datetime) -> None:
        """Record that the file has the content *text*; does nothing if a read finds the newest known revision."""
        file = self.load()
        if origin == "read" and file.revisions and file.revisions[-1].revision == revision_of(text):
            return
        self._write(file.replaced(revisions=_appended(file, text, origin, at)))

    def begin(self, adoption: PendingAdoption) -> None:
        """Record that *adoption* is being carried out."""
        self._write(self.load().replaced(adoption=adoption))

    def complete(self, text: str, at: datetime) -> None:
        """Record that the adoption is in the data file, which now has the content *text*."""
        file = self.load()
        self._write(file.replaced(adoption=None, revisions=_appended(file, text, "adopted", at)))

    def abandon(self, revision: str) -> None:
        """Record that the data file does not get *revision* from the adoption."""
        file = self.load()
        self._write(file.replaced(adoption=None, abandoned=(*file.abandoned, revision)[-_MAX_REVISIONS:]))

    def _write(self, file: DataHistoryFile) -> None:
        text = json.dumps(file.content(), indent=1, ensure_ascii=False) + "\n"
        try:
            replace_file(self._path, text.encode(), is_private=True)
        except OSError as error:
            raise SettingsError(f"cannot be written: {error.strerror}", path=self._path) from error


def end_of(text: str) -> str:
    """Return the last line of *text* that is not blank, at most its last 200 characters, with its line end."""
    body = text.rstrip()
    last = body[body.rfind("\n") + 1 :][-_MAX_END:]
    return last + ("\n" if text[len(body) :].strip(" \t\r") else "")


def _appended(
    file: DataHistoryFile, text: str, origin: Literal["saved", "adopted", "read"], at: datetime
) -> tuple[PastRevision, ...]:
    past = PastRevision(revision=revision_of(text), first_seen=at, origin=origin, end=end_of(text))
    return (*file.revisions, past)[-_MAX_REVISIONS:]

"""`data-DIGEST.json`: the revisions that a data file has had, and the adoption that is being carried out."""

import json
from datetime import datetime
from pathlib import Path
from typing import ClassVar, Literal

from pydantic import Field

from bot.config.data_file import revision_of
from bot.errors import SettingsError
from bot.file_format import FileDocument, FileFormatError, FileModel, NewerFormatError
from bot.files import read_file, replace_file

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

        True after a roll-back to an older revision by a program other than the bot, also when the bot edited the file
        since, and for an adoption that the file never got. None if the history does not know.
        """
        if adopted in self.abandoned:
            return True
        known = [past.revision for past in self.revisions]
        if adopted not in known:
            return None
        at = len(known) - 1 - known[::-1].index(adopted)
        return self._is_lost_after(at, current)

    def _is_lost_after(self, at: int, current: str) -> bool | None:
        """Follow the revisions from position *at*, which has the words of an adoption, to the newest *current*.

        What a command saves has the words if the content before had them. So has what another program made of such a
        content; after a roll-back, nobody knows what it has.
        """
        before = {past.revision for past in self.revisions[:at]}
        having = {self.revisions[at].revision}
        states: dict[str, bool | None] = {}
        is_lost: bool | None = False
        for past in self.revisions[at:]:
            if past.origin == "read" and past.revision in having:
                is_lost = False
            elif past.origin == "read" and past.revision in before:
                is_lost = True
            elif past.origin == "read" and is_lost:
                is_lost = None
            if is_lost is False:
                having.add(past.revision)
            states[past.revision] = is_lost
        return states.get(current, False)


class DataHistory:
    """Reads and writes the history of one data file. Changes require the lock of the data file."""

    def __init__(self, path: Path, data_path: Path) -> None:
        self._path, self._data_path = path, data_path

    def load(self) -> DataHistoryFile:
        """Read the history; empty if there is none. Raises `SettingsError` if it cannot be used."""
        try:
            return DataHistoryFile.parse(read_file(self._path))
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

    def add_read(self, text: str, at: datetime) -> None:
        """Record that the file has the content *text*; does nothing if that is the newest known revision."""
        file = self.load()
        known = _with_read(file, text, at)
        if known is not file:
            self._write(known)

    def add_saved(self, text: str, at: datetime, *, before: str | None) -> None:
        """Record that a command replaced the content *before* by *text*.

        Another program, or another host, may have written *before*.
        """
        file = self.load()
        if before is not None:
            file = _with_read(file, before, at)
        self._write(_appended(file, text, "saved", at))

    def begin(self, adoption: PendingAdoption) -> None:
        """Record that *adoption* is being carried out."""
        self._write(self.load().replaced(adoption=adoption))

    def complete(self, text: str, at: datetime) -> None:
        """Record that the adoption is in the data file, which now has the content *text*."""
        file, revision = self.load(), revision_of(text)
        # An earlier attempt with the same content may have been abandoned; now the file has it.
        abandoned = tuple(each for each in file.abandoned if each != revision)
        self._write(_appended(file.replaced(adoption=None, abandoned=abandoned), text, "adopted", at))

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


def _with_read(file: DataHistoryFile, text: str, at: datetime) -> DataHistoryFile:
    if file.revisions and file.revisions[-1].revision == revision_of(text):
        return file
    return _appended(file, text, "read", at)


def _appended(
    file: DataHistoryFile, text: str, origin: Literal["saved", "adopted", "read"], at: datetime
) -> DataHistoryFile:
    past = PastRevision(revision=revision_of(text), first_seen=at, origin=origin, end=end_of(text))
    return file.replaced(revisions=(*file.revisions, past)[-_MAX_REVISIONS:])

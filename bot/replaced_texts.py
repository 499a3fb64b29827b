"""`replaced.json`: the texts of people that the bot replaced on pages, so that they can be brought back."""

import json
from datetime import datetime
from pathlib import Path
from typing import ClassVar, Literal

from bot.errors import HistoryError
from bot.file_format import FileDocument, FileFormatError, FileModel
from bot.files import InstanceLock, read_file, replace_file

_MAX_TEXTS = 1_000


class ReplacedText(FileModel):
    """The text of people in one region, before the bot replaced it."""

    number: int
    """Number of the entry, for `wikibot drift restore`."""
    when: datetime
    """Time of the replacement."""
    workspace: str
    """Name of the workspace."""
    page_id: str
    """Id of the page."""
    title: str
    """Title of the page."""
    region: str
    """Name of the region."""
    version: int
    """Version of the page that had the text."""
    people: tuple[str, ...]
    """Names of those who changed the region since the bot wrote it."""
    text: str
    """The text, in storage format."""
    base: str | None
    """What the bot had written before, in storage format; null if that is not known."""
    written: str
    """What the bot wrote in its place, in storage format."""


class ReplacedTextsFile(FileDocument):
    """`replaced.json`: what repairs, and plans made with `--take-over`, removed from pages.

    The file can be deleted; the history of each page still has the texts.
    """

    KIND: ClassVar[str] = "wikibot-replaced"

    format: Literal["wikibot-replaced/1"] = "wikibot-replaced/1"
    """Format of the file."""
    texts: tuple[ReplacedText, ...] = ()
    """The texts, oldest first, at most 1,000."""


class ReplacedTexts:
    """The record in the folder *state*."""

    def __init__(self, state: Path) -> None:
        self._path, self._lock_path = state / "replaced.json", state / "replaced.lock"

    def load(self) -> tuple[ReplacedText, ...]:
        """Return all texts, oldest first; raises `HistoryError` if the file cannot be used."""
        try:
            return ReplacedTextsFile.parse(read_file(self._path)).texts
        except FileNotFoundError:
            return ()
        except (OSError, FileFormatError) as error:
            raise HistoryError(f"{self._path}: cannot be read: {error}; move the file away") from error

    def add(self, text: ReplacedText) -> ReplacedText:
        """Add *text* with the next number; the same text of the same version is recorded once."""
        with InstanceLock(self._lock_path, purpose=f"writing {self._path}", wait_seconds=10):
            texts = self.load()
            key = (text.page_id, text.region, text.version)
            known = next((each for each in texts if (each.page_id, each.region, each.version) == key), None)
            if known is not None:
                return known
            numbered = text.replaced(number=max((each.number for each in texts), default=0) + 1)
            self._write((*texts, numbered)[-_MAX_TEXTS:])
            return numbered

    def _write(self, texts: tuple[ReplacedText, ...]) -> None:
        content = json.dumps(ReplacedTextsFile(texts=texts).content(), indent=1, ensure_ascii=False) + "\n"
        try:
            replace_file(self._path, content.encode(), is_private=True)
        except OSError as error:
            raise HistoryError(f"{self._path}: cannot be written: {error.strerror}") from error

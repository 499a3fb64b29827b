"""The page memory: the page id of each title when last seen, to find renamed pages."""

import contextlib
import json
from pathlib import Path
from typing import ClassVar, Literal

from pydantic import Field

from bot.errors import SettingsError
from bot.file_format import FileDocument, FileFormatError, NewerFormatError
from bot.files import replace_file


class PageMemoryFile(FileDocument):
    """`pages.json`: page ids by title. The file can be deleted: the bot then no longer finds renamed pages."""

    KIND: ClassVar[str] = "wikibot-page-memory"

    format: Literal["wikibot-page-memory/1"] = "wikibot-page-memory/1"
    """Format of the file."""
    spaces: dict[str, dict[str, str]] = Field(default_factory=dict)
    """Base address of the wiki, a space, key of the space → title → page id."""


class PageMemory:
    """Titles and page ids of one wiki and space, stored in a small file. The file can be deleted without harm.

    Raises `SettingsError` if a newer version of the bot wrote the file, because overwriting the file would lose data
    of that version. A damaged file counts as empty.
    """

    def __init__(self, path: Path, *, wiki: str, space_key: str) -> None:
        self._path, self._key = path, f"{wiki} {space_key}"
        self._ids: dict[str, str] = dict(self._load().spaces.get(self._key, {}))
        self._is_changed = False

    def recall(self, title: str) -> str | None:
        """Return the id of the page that had *title* when it was last seen."""
        return self._ids.get(title)

    def remember(self, title: str, page_id: str) -> None:
        """Record which page has *title*."""
        if self._ids.get(title) != page_id:
            self._ids[title] = page_id
            self._is_changed = True

    def save(self) -> None:
        """Save all changes atomically. If the file cannot be written, the next run repeats some requests."""
        if not self._is_changed:
            return
        file = self._load()
        content = file.replaced(spaces=file.spaces | {self._key: self._ids}).content()
        text = json.dumps(content, indent=1, sort_keys=True, ensure_ascii=False) + "\n"
        with contextlib.suppress(OSError):
            replace_file(self._path, text.encode(), is_private=True)
            self._is_changed = False

    def _load(self) -> PageMemoryFile:
        try:
            return PageMemoryFile.parse(self._path.read_bytes())
        except NewerFormatError as error:
            raise SettingsError(f"the page memory {error}, or delete the file", path=self._path) from error
        except (OSError, FileFormatError):
            return PageMemoryFile()

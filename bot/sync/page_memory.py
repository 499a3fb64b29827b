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
    linked: dict[str, dict[str, str]] = Field(default_factory=dict)
    """The same for the titles by which the bot linked to pages, of which the data file need not name any."""


class PageMemory:
    """Titles and page ids of one wiki and space, stored in a small file. The file can be deleted without harm.

    A page that was renamed several times is found by each title that the bot has linked to. These titles do not decide
    which page a region belongs on, because another page can have such a title by now.

    Raises `SettingsError` if a newer version of the bot wrote the file, because overwriting the file would lose data
    of that version. A damaged file counts as empty.
    """

    def __init__(self, path: Path, *, wiki: str, space_key: str) -> None:
        self._path, self._key = path, f"{wiki} {space_key}"
        file = self._load()
        self._ids: dict[str, str] = dict(file.spaces.get(self._key, {}))
        self._linked: dict[str, str] = dict(file.linked.get(self._key, {}))
        self._is_changed = False

    def recall(self, title: str) -> str | None:
        """Return the id of the page that had *title* when it was last seen."""
        return self._ids.get(title)

    def remember(self, title: str, page_id: str) -> None:
        """Record which page has *title*."""
        if self._ids.get(title) != page_id:
            self._ids[title] = page_id
            self._is_changed = True

    def recall_linked(self, title: str) -> str | None:
        """Return the id of the page that had *title* when it was last seen or linked to."""
        return self._ids.get(title) or self._linked.get(title)

    def remember_linked(self, title: str, page_id: str) -> None:
        """Record by which title the bot links to a page."""
        if self._linked.get(title) != page_id:
            self._linked[title] = page_id
            self._is_changed = True

    def save(self) -> None:
        """Save all changes atomically. If the file cannot be written, the next run repeats some requests."""
        if not self._is_changed:
            return
        file = self._load()
        spaces, linked = file.spaces | {self._key: self._ids}, file.linked | {self._key: self._linked}
        content = file.replaced(spaces=spaces, linked=linked).content()
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

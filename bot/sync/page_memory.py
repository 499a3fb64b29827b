"""The page memory: the page id of each title when last seen, and the versions of pages that this bot knows."""

import contextlib
import json
from pathlib import Path
from typing import ClassVar, Literal

from pydantic import Field

from bot.errors import SettingsError
from bot.file_format import FileDocument, FileFormatError, NewerFormatError
from bot.files import read_file, replace_file


class PageMemoryFile(FileDocument):
    """`pages.json`: page ids by title, and known versions of pages.

    The file can be deleted: the bot then no longer finds renamed pages, nor what another host wrote before.
    """

    KIND: ClassVar[str] = "wikibot-page-memory"

    format: Literal["wikibot-page-memory/1"] = "wikibot-page-memory/1"
    """Format of the file."""
    spaces: dict[str, dict[str, str]] = Field(default_factory=dict)
    """Base address of the wiki, a space, key of the space → title → page id."""
    linked: dict[str, dict[str, str]] = Field(default_factory=dict)
    """The same for the titles by which the bot linked to pages, of which the data file need not name any."""
    versions: dict[str, dict[str, int]] = Field(default_factory=dict)
    """Base address of the wiki → page id → newest version that this bot wrote, or that agreed with its data file."""


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
        if _save(self._path, file.replaced(spaces=spaces, linked=linked)):
            self._is_changed = False

    def _load(self) -> PageMemoryFile:
        return _load(self._path)


class KnownVersions:
    """By page of one wiki, the newest version that this bot wrote, or whose regions agreed with its data file.

    A later version with a record of the bot's account was written by another host. Raises as `PageMemory` does.
    """

    def __init__(self, path: Path, *, wiki: str) -> None:
        self._path, self._wiki = path, wiki
        self._known = dict(_load(path).versions.get(wiki, {}))
        self._noted: dict[str, int] = {}

    def get(self, page_id: str) -> int | None:
        """Return the version of a page; None if the bot never wrote it."""
        return self._known.get(page_id)

    def note(self, page_id: str, version: int) -> None:
        """Record a version."""
        if self._known.get(page_id) != version:
            self._known[page_id] = self._noted[page_id] = version

    def save(self) -> None:
        """Save all changes atomically. If the file cannot be written, the next run notes them again."""
        if not self._noted:
            return
        file = _load(self._path)
        known = file.versions.get(self._wiki, {}) | self._noted
        if _save(self._path, file.replaced(versions=file.versions | {self._wiki: known})):
            self._noted = {}


def _load(path: Path) -> PageMemoryFile:
    try:
        return PageMemoryFile.parse(read_file(path))
    except NewerFormatError as error:
        raise SettingsError(f"the page memory {error}, or delete the file", path=path) from error
    except (OSError, FileFormatError):
        return PageMemoryFile()


def _save(path: Path, file: PageMemoryFile) -> bool:
    text = json.dumps(file.content(), indent=1, sort_keys=True, ensure_ascii=False) + "\n"
    with contextlib.suppress(OSError):
        replace_file(path, text.encode(), is_private=True)
        return True
    return False

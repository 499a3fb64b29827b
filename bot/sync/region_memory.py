"""The region memory: the text of a region in earlier versions of a page, so that none is read twice.

An earlier version never changes, and a region that people changed is judged again in each run. The memory has for each
region only the versions that the last look at its history asked for, so that it cannot grow.
"""

import contextlib
import json
from pathlib import Path
from typing import ClassVar, Literal

from pydantic import Field

from bot.errors import SettingsError
from bot.file_format import FileDocument, FileFormatError, NewerFormatError
from bot.files import read_file, replace_file
from bot.storage.markers import Marker, MarkerKind
from bot.wiki.gateway import Version

MAX_BYTES = 8 * 2**20
"""The largest memory of one page; what would be larger is read again in each run."""


class RegionMemoryFile(FileDocument):
    """`regions/WIKI-PAGE.json`: the regions of earlier versions of a page. The file can be deleted without harm."""

    KIND: ClassVar[str] = "wikibot-region-memory"

    format: Literal["wikibot-region-memory/1"] = "wikibot-region-memory/1"
    """Format of the file."""
    texts: list[str] = Field(default_factory=list)
    """Texts of regions in storage format. Versions with the same text share one entry."""
    versions: dict[str, dict[str, int | None]] = Field(default_factory=dict)
    """Number, time and author of a version → region → position of its text in `texts`, `null` if it has no region."""

    def known(self) -> dict[str, dict[str, str | None]]:
        """Return the text of each region in each version; raises `IndexError` if the file lacks one."""
        return {
            key: {name: None if at is None else self.texts[at] for name, at in regions.items()}
            for key, regions in self.versions.items()
        }


class RegionMemory:
    """What is known about the earlier versions of one page; without *path*, nothing is kept.

    Raises `SettingsError` if a newer version of the bot wrote the file. A damaged file counts as empty.
    """

    def __init__(self, path: Path | None = None) -> None:
        self._path = path
        self._file = RegionMemoryFile() if path is None else _load(path)
        self._known = self._file.known()
        self._asked: set[tuple[str, str]] = set()
        self._is_changed = False

    def has(self, version: Version, marker: Marker) -> bool:
        """Return whether the text of a region in *version* is known."""
        return _name(marker) in self._known.get(_key(version), {})

    def recall(self, version: Version, marker: Marker) -> str | None:
        """Return the text of a region in *version*, of which `has` is true; None if the version has no such region."""
        self._asked.add((_key(version), _name(marker)))
        return self._known[_key(version)][_name(marker)]

    def remember(self, version: Version, marker: Marker, text: str | None) -> None:
        """Record the text of a region in *version*, which must not be the newest version."""
        self._known.setdefault(_key(version), {})[_name(marker)] = text
        self._is_changed = True

    def save(self) -> None:
        """Save what was asked for, atomically. If the file cannot be written, the next run repeats some requests."""
        if self._path is None or not self._is_changed:
            return
        texts: dict[str, int] = {}
        settled = {name for _, name in self._asked}
        versions = {
            key: {
                name: None if text is None else texts.setdefault(text, len(texts))
                for name, text in regions.items()
                if name not in settled or (key, name) in self._asked
            }
            for key, regions in self._known.items()
        }
        versions = {key: regions for key, regions in versions.items() if regions}
        content = self._file.replaced(texts=list(texts), versions=versions).content()
        data = json.dumps(content, indent=1, ensure_ascii=False).encode(errors="surrogatepass")
        if len(data) > MAX_BYTES:
            return
        with contextlib.suppress(OSError):
            replace_file(self._path, data, is_private=True)
            self._is_changed = False


def _load(path: Path) -> RegionMemoryFile:
    try:
        file = RegionMemoryFile.parse(read_file(path))
        file.known()
    except NewerFormatError as error:
        raise SettingsError(f"the region memory {error}, or delete the file", path=path) from error
    except (OSError, FileFormatError, IndexError):
        return RegionMemoryFile()
    return file


def _key(version: Version) -> str:
    """Identify a version. Its number alone does not: when versions are deleted, the wiki numbers the others again."""
    return f"{version.number} {version.when.isoformat()} {version.author.id}"


def _name(marker: Marker) -> str:
    return f"{marker.name} {marker.heading}" if marker.kind is MarkerKind.HEADING else marker.name

"""The files that the settings are made from, by content: notices changes, and takes no file that is being written."""

import hashlib
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from bot.config.settings import SECRET_PREFIX, Settings, secret_files
from bot.errors import BotError, SettingsError
from bot.files import read_file

_QUIET_SECONDS = 2.0
"""Changed files are taken when they did not change for this long: editors write in several steps."""
_MAX_LOOKS = 5
_BACKUP_ENDS = ("~", ".swp", ".tmp")


class FilesChangingError(BotError):
    """The files of the settings change all the time."""


@dataclass(frozen=True, slots=True)
class FileContent:
    """The content of a file: its digest, and whether its last line has a line end."""

    digest: str
    is_complete: bool


FileContents = Mapping[Path, FileContent]
"""The files that exist, and their contents."""


def find_settings_files(settings: Settings) -> Iterator[Path]:
    """Yield the paths that *settings* are made from, also those that do not exist."""
    yield settings.config_path
    yield from secret_files(settings.config_path)
    wiki = settings.wiki
    yield from map(settings.resolve, filter(None, (wiki.ca_bundle, wiki.client_certificate, wiki.client_key)))
    if settings.templates is not None:
        yield from (path for path in _files_in(settings.resolve(settings.templates), "**/*") if _is_template(path))


def read_contents(*versions: Settings) -> FileContents:
    """Return the contents of the files that the *versions* of the settings are made from."""
    paths = {path for settings in versions for path in find_settings_files(settings)}
    found = ((path, _read(path)) for path in sorted(paths))
    return {path: content for path, content in found if content is not None}


def read_settled(read: Callable[[], FileContents], sleep: Callable[[float], object]) -> FileContents:
    """Return the contents after they did not change for two seconds.

    Raises `FilesChangingError` if they change all the time.
    """
    contents = read()
    for _ in range(_MAX_LOOKS):
        sleep(_QUIET_SECONDS)
        before, contents = contents, read()
        if before == contents:
            return contents
    names = ", ".join(map(str, changed_files(before, contents)))
    raise FilesChangingError(f"{names}: being written by another program; not used yet")


def changed_files(before: FileContents, after: FileContents) -> list[Path]:
    """Return the files that differ: changed, new or deleted."""
    return [path for path in sorted(before.keys() | after.keys()) if before.get(path) != after.get(path)]


def raise_if_cut_off(before: FileContents, after: FileContents) -> None:
    """Raise `SettingsError` if a file lost the line end of its last line: its writer may not be finished.

    Secrets have one line, and often no line end.
    """
    for path in changed_files(before, after):
        old, new = before.get(path), after.get(path)
        if old is None or new is None or path.name.lower().startswith(SECRET_PREFIX):
            continue
        if old.is_complete and not new.is_complete:
            raise SettingsError(
                "looks cut off: the last line has no line end, but had one before; complete the file, or end its last "
                "line",
                path=path,
                line=read_file(path).count(b"\n") + 1,
            )


def _files_in(folder: Path, pattern: str) -> Iterator[Path]:
    try:
        yield from (path for path in folder.glob(pattern) if path.is_file())
    except OSError:
        return  # the same as no folder; loading the settings reports it if it matters


def _is_template(path: Path) -> bool:
    return not path.name.startswith(".") and not path.name.endswith(_BACKUP_ENDS)


def _read(path: Path) -> FileContent | None:
    try:
        if not path.is_file():
            return None
        data = read_file(path)
    except OSError:
        return None  # the same as no file; loading the settings reports it
    return FileContent(hashlib.sha256(data).hexdigest(), not data or data.endswith(b"\n"))

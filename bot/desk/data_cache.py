"""Parsed data files, read again when the file changes: parsing 5,000 items takes seconds."""

import threading
from dataclasses import dataclass
from pathlib import Path

from bot.config.data_file import DataFile
from bot.config.data_model import WorkspaceData
from bot.errors import BotError
from bot.operations.workspace import Workspace

_Stamp = tuple[int, int, int, int]


@dataclass(frozen=True, slots=True)
class KnownData:
    """A data file; *error* is why it cannot be read now, and then *document* is what could be read last."""

    document: DataFile | None
    error: str | None

    @property
    def data(self) -> WorkspaceData | None:
        """The values of the data file."""
        return None if self.document is None else self.document.data


class DataCache:
    """The data files of all workspaces; safe to use from several threads. What saves an edit reads the file itself."""

    def __init__(self) -> None:
        self._known: dict[Path, tuple[_Stamp | None, KnownData]] = {}
        self._lock = threading.Lock()

    def read(self, workspace: Workspace) -> KnownData:
        """Return what the data file says now."""
        path, stamp = workspace.data_path, _stamp(workspace.data_path)
        known = self._known.get(path)
        if known is not None and known[0] == stamp:
            return known[1]
        with self._lock:
            last = self._known[path][1].document if path in self._known else None
            try:
                found = KnownData(workspace.load_data_file(), None)
            except BotError as error:
                found = KnownData(last, str(error))
            self._known[path] = (stamp, found)
            return found


def _stamp(path: Path) -> _Stamp | None:
    try:
        status = path.stat()
    except OSError:
        return None
    return status.st_mtime_ns, status.st_size, status.st_ino, status.st_ctime_ns

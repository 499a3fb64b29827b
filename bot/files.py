"""Atomic file replacement and lock files on a local disk."""

import json
import os
import socket
import tempfile
from collections.abc import Callable
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path
from types import TracebackType
from typing import Self

from filelock import FileLock, Timeout

from bot.errors import LockedError, SettingsError

NEW_FILE_MODE = 0o644


def replace_file(path: Path, content: bytes) -> None:
    """Replace *path* with *content* atomically: readers see the old file or the new one, also after a crash.

    Parent folders are created. An existing file keeps its mode; a new file gets `NEW_FILE_MODE`. Symbolic links are
    followed, so that a mounted or linked data file stays at its location. Raises `OSError`; then *path* is
    unchanged and no temporary file remains.
    """
    target = path.resolve()
    target.parent.mkdir(parents=True, exist_ok=True)
    mode = target.stat().st_mode & 0o777 if target.exists() else NEW_FILE_MODE
    handle, temporary = tempfile.mkstemp(dir=target.parent, prefix=f".{target.name}.")
    os.close(handle)
    try:
        write_durably(Path(temporary), content, mode=None)
        Path(temporary).chmod(mode)
        Path(temporary).replace(target)
    except BaseException:
        Path(temporary).unlink(missing_ok=True)
        raise
    _sync_folder(target.parent)


def write_durably(path: Path, content: bytes, *, mode: int | None = NEW_FILE_MODE) -> None:
    """Write *path* so that its content is on the disk when this returns; raises `OSError`."""
    with path.open("wb") as file:
        if mode is not None:
            path.chmod(mode)
        file.write(content)
        file.flush()
        os.fsync(file.fileno())


def _sync_folder(folder: Path) -> None:
    """Make the rename durable; skip file systems that cannot open a folder (some network mounts)."""
    with suppress(OSError):
        handle = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)


class InstanceLock:
    """A lock file for one process and one thread at a time; the kernel releases the lock when the process ends.

    Entering waits up to *wait_seconds*, then raises `LockedError`, which names the owner. Raises `SettingsError` if the
    lock file cannot be created: this is a permission problem, and retrying does not help. The `.holder` file next to
    the lock is used only for the message of `LockedError`.
    """

    def __init__(
        self,
        path: Path,
        *,
        purpose: str,
        wait_seconds: float = 0,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
        mode: int = NEW_FILE_MODE,
    ) -> None:
        self._path = path
        self._purpose = purpose
        self._now = now
        self._lock = FileLock(path, timeout=wait_seconds, mode=mode)
        self._mode = mode

    @property
    def _holder_path(self) -> Path:
        return self._path.with_name(self._path.name + ".holder")

    def __enter__(self) -> Self:
        try:
            self._path.parent.mkdir(parents=True, exist_ok=True)
            self._lock.acquire()
        except Timeout as error:
            holder = self._describe_holder()
            raise LockedError(
                f"{self._purpose} is locked by {holder}; wait for it to end, or end it ({self._path})", holder=holder
            ) from error
        except OSError as error:
            raise SettingsError(
                f"the lock cannot be created: {error.strerror}; let the bot write to {self._path.parent}, "
                "or configure another folder",
                path=self._path,
            ) from error
        holder_now = {
            "pid": os.getpid(),
            "host": socket.gethostname(),
            "since": self._now().isoformat(timespec="seconds"),
        }
        with suppress(OSError):
            self._holder_path.write_text(json.dumps(holder_now), encoding="utf-8")
            self._holder_path.chmod(self._mode)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        with suppress(OSError):
            self._holder_path.unlink()
        self._lock.release()

    def _describe_holder(self) -> str:
        try:
            holder = json.loads(self._holder_path.read_text(encoding="utf-8"))
            return f"process {holder['pid']} on {holder['host']} since {holder['since']}"
        except (OSError, ValueError, KeyError, TypeError):
            return "another process"

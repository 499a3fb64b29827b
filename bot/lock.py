"""One instance at a time: a lock file that the operating system frees when its holder dies."""

import json
import os
import socket
from collections.abc import Callable
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path
from types import TracebackType
from typing import Self

from filelock import FileLock, Timeout

from bot.errors import LockedError, SettingsError


class InstanceLock:
    """Hold *path* while entered; raises `LockedError`, with the holder, when another process or thread holds it.

    Raises `SettingsError` where no file can be written: that is no other bot at work, and never passes by itself.
    The lock is the kernel's, so a killed holder leaves nothing to clean up; the name beside it is for people only.
    """

    def __init__(self, path: Path, *, purpose: str, now: Callable[[], datetime] = lambda: datetime.now(UTC)) -> None:
        self._path = path
        self._purpose = purpose
        self._now = now
        self._lock = FileLock(path, timeout=0)

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
                f"the lock cannot be made: {error.strerror}; set `state` to a folder that the bot may write to",
                path=self._path,
            ) from error
        holder_now = {
            "pid": os.getpid(),
            "host": socket.gethostname(),
            "since": self._now().isoformat(timespec="seconds"),
        }
        with suppress(OSError):
            self._holder_path.write_text(json.dumps(holder_now), encoding="utf-8")
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

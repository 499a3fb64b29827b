"""One writer at a time for each wiki, and who it is."""

import datetime as dt
import hashlib
import os
import socket
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from filelock import FileLock, Timeout

from bot.errors import LockedError


@contextmanager
def writer_lock(folder: Path, *, wiki: str, purpose: str) -> Iterator[None]:
    """Hold the lock of *wiki* in the state folder; raises `LockedError`, which names the holder, when it is taken.

    The lock goes when its process ends, however that comes about; only the note of who held it stays behind.
    """
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"writer-{hashlib.sha256(wiki.encode()).hexdigest()[:12]}.lock"
    note = path.with_suffix(".holder")
    try:
        with FileLock(path, blocking=False):
            started = dt.datetime.now(dt.UTC).strftime("%Y-%m-%d %H:%M:%S UTC")
            note.write_text(f"`{purpose}`, process {os.getpid()} on {socket.gethostname()}, since {started}")
            try:
                yield
            finally:
                with suppress(OSError):
                    note.unlink()
    except Timeout as error:
        holder = _read(note)
        raise LockedError(
            f"another run is writing to {wiki}: {holder}; wait until it has ended", holder=holder
        ) from error


def _read(note: Path) -> str:
    with suppress(OSError):
        return note.read_text() or "unknown"
    return "unknown"

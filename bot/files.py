"""Atomic file replacement and lock files on a local disk."""

import errno
import fcntl
import json
import os
import stat
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from pathlib import Path
from types import TracebackType
from typing import Self

from bot.errors import LocatedError, LockedError, SettingsError

NEW_FILE_MODE, NEW_FOLDER_MODE = 0o644, 0o755
"""For what others use: settings, data files, schemas, feeds."""
EVIDENCE_FILE_MODE, EVIDENCE_FOLDER_MODE = 0o640, 0o750
"""For the snapshots: the owner writes, the group reads."""
PRIVATE_FILE_MODE, PRIVATE_FOLDER_MODE = 0o600, 0o700
"""For the state and for secrets."""
OUTPUT_UMASK = 0o027
"""The least umask of the program, for what a command writes on request: exports, reports, plans."""

STATE_FOLDER = ".wikibot"
"""The name of the state folder, unless the settings have another one; it is next to the settings."""

MAX_FILE_BYTES = 1_000_000_000
"""No file of the bot is larger; a file that only claims to be (a sparse one) must not fill the memory."""
_KINDS = {
    stat.S_IFDIR: "a folder",
    stat.S_IFIFO: "a pipe",
    stat.S_IFSOCK: "a socket",
    stat.S_IFCHR: "a device",
    stat.S_IFBLK: "a device",
}


def find_kind(mode: int) -> str | None:
    """Return what a mode of `os.stat` belongs to, such as `a pipe`; None for a regular file."""
    return _KINDS.get(stat.S_IFMT(mode))


def open_regular(path: Path, flags: int = os.O_RDONLY) -> int:
    """Return a file descriptor of a regular file, without waiting for the other end of a pipe.

    Links are followed. Raises `OSError`; its `strerror` says what *path* is instead of a regular file.
    """
    _raise_if_irregular(path.stat(), path)  # to open a device can have effects, and no socket can be opened
    handle = os.open(path, flags | os.O_NONBLOCK | os.O_CLOEXEC)
    try:
        _raise_if_irregular(os.fstat(handle), path)
    except OSError:
        os.close(handle)
        raise
    return handle


def _raise_if_irregular(found: os.stat_result, path: Path) -> None:
    if kind := find_kind(found.st_mode):
        number = errno.EISDIR if kind == "a folder" else errno.EINVAL
        raise OSError(number, f"it is {kind}, not a regular file", str(path))


def raise_if_irregular(path: Path, error: type[LocatedError]) -> None:
    """Raise *error* if *path* is no regular file; for a file that a library opens. Links are followed."""
    try:
        kind = find_kind(path.stat().st_mode)
    except OSError:
        return  # the same as no file; reading it reports the reason
    if kind is not None:
        raise error(f"cannot be read: it is {kind}, not a regular file", path=path)


def read_file(path: Path, *, max_bytes: int = MAX_FILE_BYTES) -> bytes:
    """Return the bytes of a regular file; raises `OSError`, also for a file of more than *max_bytes*."""
    with os.fdopen(open_regular(path), "rb") as file:
        if os.fstat(file.fileno()).st_size > max_bytes:
            raise OSError(errno.EFBIG, f"it is larger than {max_bytes // 1_000_000} MB", str(path))
        return file.read()


def read_text_file(path: Path) -> str:
    """Return a regular file in UTF-8 as text, with the line ends of Unix; raises `OSError`, `UnicodeDecodeError`."""
    return read_file(path).decode("utf-8").replace("\r\n", "\n").replace("\r", "\n")


@contextmanager
def folder_lock(folder: Path, *, is_shared: bool = False, waits: bool = True) -> Iterator[None]:
    """Keep other processes of the bot out of *folder* for a moment, without a file in it.

    With *is_shared*, only those are kept out that do not share. Raises `LockedError` instead of waiting if *waits* is
    false. A file system that cannot do this, as some network file systems, gets no lock.
    """
    handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    how = (fcntl.LOCK_SH if is_shared else fcntl.LOCK_EX) | (0 if waits else fcntl.LOCK_NB)
    try:
        try:
            fcntl.flock(handle, how)
        except BlockingIOError as error:
            message = f"{folder} is used by another process; wait for it to end"
            raise LockedError(message, holder="another process") from error
        except OSError:
            pass
        yield
    finally:
        os.close(handle)  # which also ends the lock


def replace_file(
    path: Path, content: bytes, *, is_private: bool = False, check: Callable[[], None] = lambda: None
) -> None:
    """Replace *path* with *content* atomically: readers see the old file or the new one, also after a crash.

    Parent folders are created. An existing file keeps its mode; a new file gets `NEW_FILE_MODE`. With *is_private*,
    only the owner can read the file and the new folders. The umask does not matter. Symbolic links are followed, so
    that a mounted or linked data file stays at its location. *check* is called last, when only the renaming is left,
    and can raise an error. Raises `OSError`, also if *path* exists and is no regular file; then *path* is unchanged
    and no temporary file remains.
    """
    import tempfile

    target = path.resolve()
    if target.exists():
        _raise_if_irregular(target.stat(), path)  # a link to a device, or a pipe, would be replaced by a file
    make_folders(target.parent, PRIVATE_FOLDER_MODE if is_private else NEW_FOLDER_MODE)
    mode = target.stat().st_mode & 0o777 if target.exists() else NEW_FILE_MODE
    handle, temporary = tempfile.mkstemp(dir=target.parent, prefix=f".{target.name}.")
    os.close(handle)
    try:
        write_durably(Path(temporary), content, mode=None)
        Path(temporary).chmod(PRIVATE_FILE_MODE if is_private else mode)
        check()
        Path(temporary).replace(target)
    except BaseException:
        Path(temporary).unlink(missing_ok=True)
        raise
    _sync_folder(target.parent)


def make_folders(path: Path, mode: int) -> None:
    """Create a folder and its parents, each new one with *mode*, whatever the umask is; raises `OSError`.

    A new `STATE_FOLDER` gets a file that makes git ignore the folder.
    """
    if path.is_dir():
        return
    make_folders(path.parent, mode)
    with suppress(FileExistsError):
        path.mkdir(mode)
        path.chmod(path.stat().st_mode | mode)  # the umask took bits away; the bits of the parent's group stay
        if path.name == STATE_FOLDER:
            # the folder of the settings is often a git repository
            write_durably(path / ".gitignore", b"*\n", mode=PRIVATE_FILE_MODE)
    if not path.is_dir():
        raise NotADirectoryError(errno.ENOTDIR, os.strerror(errno.ENOTDIR), str(path))


def can_write(folder: Path) -> bool:
    """Return whether *folder*, or the nearest folder above it that exists, can be written."""
    existing = next(each for each in (folder, *folder.parents) if each.exists())
    return existing.is_dir() and os.access(existing, os.W_OK | os.X_OK)


def prepare_private_file(path: Path) -> None:
    """Create a file that only its owner can read, for a library that opens it; an existing file loses other rights."""
    make_folders(path.parent, PRIVATE_FOLDER_MODE)
    handle = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, PRIVATE_FILE_MODE)
    try:
        if os.fstat(handle).st_uid == os.geteuid():
            os.fchmod(handle, PRIVATE_FILE_MODE)
    finally:
        os.close(handle)


def delete_database(path: Path) -> None:
    """Delete a file of SQLite, and what SQLite keeps next to it; raises `OSError`."""
    for suffix in ("", "-journal", "-wal", "-shm"):
        path.with_name(path.name + suffix).unlink(missing_ok=True)


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
        handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
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
    ) -> None:
        from filelock import FileLock

        self._path = path
        self._purpose = purpose
        self._now = now
        self._lock = FileLock(path, timeout=wait_seconds, mode=PRIVATE_FILE_MODE)

    @property
    def _holder_path(self) -> Path:
        return self._path.with_name(self._path.name + ".holder")

    def __enter__(self) -> Self:
        from filelock import Timeout

        try:
            make_folders(self._path.parent, PRIVATE_FOLDER_MODE)
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
            "host": os.uname().nodename,
            "since": self._now().isoformat(timespec="seconds"),
        }
        with suppress(OSError):
            self._holder_path.write_text(json.dumps(holder_now), encoding="utf-8")
            self._holder_path.chmod(PRIVATE_FILE_MODE)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        with suppress(OSError):
            self._holder_path.unlink()
        self._lock.release()

    def _describe_holder(self) -> str:
        try:
            holder = json.loads(read_file(self._holder_path))
            return f"process {holder['pid']} on {holder['host']} since {holder['since']}"
        except (OSError, ValueError, KeyError, TypeError):
            return "another process"

"""Open files of an untrusted folder: no path leads out of the folder, and no link is followed.

Each part of a path is opened below the descriptor of the part before it (`openat` with `O_NOFOLLOW`), so that a link
that somebody puts there at any moment is refused. The folder itself is named in the settings and can be a link.
"""

import errno
import fcntl
import hashlib
import os
import re
import stat
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import NoReturn

from bot.errors import EvidenceError, LockedError
from bot.files import EVIDENCE_FOLDER_MODE

STAGING = re.compile(r"staging-[0-9a-f]{16}")
"""Names of the folders in which a run stages its files."""

_NAME = r"[A-Za-z0-9_][A-Za-z0-9._-]*"
PATH = rf"{_NAME}(?:/{_NAME})*"
"""Pattern of the paths that the format allows."""

_ONE_NAME, _PATH = re.compile(_NAME), re.compile(PATH)
_ATTRIBUTES = ".gitattributes"
_MAX_LOG_BYTES = 1 << 30  # a run over 500,000 pages logs half of that
_MAX_LIST_BYTES = 1 << 28  # a bag with 2,000,000 files has a list of this size
_MAX_HEAD_BYTES = 1 << 20
_IS_OF_HEAD = re.compile(r"CHECKPOINT(?:\.[a-z]+)?|.*\.checkpoint(?:\.[a-z]+)?")
_CHUNK_BYTES = 1 << 17  # larger pieces cost more for the many small files, and gain nothing for the few large ones
_POLL_SECONDS = 0.1
_PROBE_SECONDS = 1.0  # `is_being_written` locks the folder for a moment
_FOLDER = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC
_FILE = os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC | os.O_NONBLOCK  # a pipe must not block


def check_path(path: str, *, named_by: str) -> str:
    """Return *path*; raises `EvidenceError` unless each part is a name that the format allows."""
    if not _PATH.fullmatch(path) and path != _ATTRIBUTES:
        raise EvidenceError(f"{named_by} names {path!r}, which is not a path inside the snapshots")
    return path


class Folder:
    """A folder whose content is not trusted. Paths are relative, with `/`."""

    def __init__(self, root: Path) -> None:
        self.root = root

    def read(self, path: str) -> bytes:
        """Return the content of a plain file; raises `OSError`, and `EvidenceError` for a link or a special file.

        A file that is too large for a list or a head is an `OSError`: a person who can write the folder must not
        fill the memory.
        """
        limit = _MAX_LOG_BYTES if path.startswith("log/") else _MAX_LIST_BYTES
        return self._read(path, _MAX_HEAD_BYTES if _IS_OF_HEAD.fullmatch(path) else limit)

    def read_checked(self, path: str, digest: str | None, *, named_by: str) -> bytes:
        """Return the content of a file whose SHA-256 is *digest*; raises `EvidenceError` otherwise.

        A large file is hashed before it is read into memory.
        """
        try:
            is_large = self.size(path) > _MAX_HEAD_BYTES
            data = b"" if is_large and self.digest(path)[0] != digest else self._read(path, None)
        except OSError as error:
            raise EvidenceError(
                f"{self.root / path} cannot be read ({error.strerror}); see `wikibot verify`"
            ) from error
        if hashlib.sha256(data).hexdigest() != digest:
            raise EvidenceError(
                f"{self.root / path} is not what was captured: {named_by} has another digest; see `wikibot verify`"
            )
        return data

    def _read(self, path: str, limit: int | None) -> bytes:
        handle, size = self._open_file(path)
        try:
            if limit is not None and size > limit:
                raise OSError(errno.EFBIG, f"it has {size:,} bytes, more than any such file", str(self.root / path))
            return b"".join(_pieces(handle, size))
        finally:
            os.close(handle)

    def chunks(self, path: str) -> Iterator[bytes]:
        """Yield the content of a plain file in pieces; raises `OSError` and `EvidenceError`."""
        handle, size = self._open_file(path)
        try:
            yield from _pieces(handle, size)
        finally:
            os.close(handle)

    def digest(self, path: str) -> tuple[str, int]:
        """Return SHA-256 and size of a plain file; raises as `read` does."""
        return self.hashed(path)[:2]

    def hashed(self, path: str, *, keep_bytes: int = 0) -> tuple[str, int, bytes | None]:
        """Return SHA-256, size and content of a plain file; a file of *keep_bytes* or more can have None for it."""
        handle, size = self._open_file(path)
        try:
            if size < max(_CHUNK_BYTES, keep_bytes):
                content = os.read(handle, size + 1)
                if len(content) != size:  # it changes at this moment
                    content += b"".join(_pieces(handle, _CHUNK_BYTES))
                return hashlib.sha256(content).hexdigest(), len(content), content
            digest, octets = hashlib.sha256(), 0
            for piece in _pieces(handle, size):
                digest.update(piece)
                octets += len(piece)
            return digest.hexdigest(), octets, None
        finally:
            os.close(handle)

    def size(self, path: str) -> int:
        """Return the size of a plain file; raises as `read` does."""
        handle, size = self._open_file(path)
        os.close(handle)
        return size

    def has_file(self, path: str) -> bool:
        """Return whether *path* is a plain file, reached without a link."""
        return self._kind(path) == stat.S_IFREG

    def has_other(self, path: str) -> bool:
        """Return whether *path* exists and is not a plain file, or lies behind a link."""
        return self._kind(path) not in (None, stat.S_IFREG)

    def names(self, path: str = "") -> list[str]:
        """Return the names in a folder; empty if there is no such folder."""
        try:
            with self.open_folder(path) as handle:
                return os.listdir(handle)  # noqa: PTH208 -- a descriptor, not a path
        except (FileNotFoundError, NotADirectoryError):
            return []

    @contextmanager
    def open_folder(self, path: str = "", *, makes: bool = False) -> Iterator[int]:
        """Open a folder and yield its descriptor; *makes* creates the folders that are absent."""
        handle = os.open(self.root, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
        try:
            for name in path.split("/") if path else ():
                if makes:
                    is_new = _make(name, handle)
                below = self._open(name, _FOLDER, handle, path)
                if makes and is_new:
                    os.fchmod(below, os.fstat(below).st_mode | EVIDENCE_FOLDER_MODE)  # whatever the umask is
                os.close(handle)
                handle = below
            yield handle
        finally:
            os.close(handle)

    def _open_file(self, path: str) -> tuple[int, int]:
        """Open a plain file for reading; return its descriptor and size."""
        above, _, name = check_path(path, named_by="a list").rpartition("/")
        with self.open_folder(above) as folder:
            return self._open_plain(name, folder, path)

    def _open_plain(self, name: str, folder: int, path: str) -> tuple[int, int]:
        try:
            handle = os.open(name, _FILE, dir_fd=folder)
        except OSError as error:
            self._refuse(error, name, folder, path)
        status = os.fstat(handle)
        if not stat.S_ISREG(status.st_mode):
            os.close(handle)
            raise EvidenceError(f"{self.root / path} is not a plain file; see `wikibot verify`")
        return handle, status.st_size

    def _open(self, name: str, flags: int, folder: int, path: str) -> int:
        try:
            return os.open(name, flags, dir_fd=folder)
        except OSError as error:
            self._refuse(error, name, folder, path)

    def _refuse(self, error: OSError, name: str, folder: int, path: str) -> NoReturn:
        """Raise *error* with the whole path, or `EvidenceError` if *name* is a link."""
        with suppress(OSError):
            if stat.S_ISLNK(os.lstat(name, dir_fd=folder).st_mode):
                raise EvidenceError(
                    f"{self.root / path} leads through a link, which is not followed; see `wikibot verify`"
                ) from None
        error.filename = str(self.root / path)
        raise error

    def _kind(self, path: str) -> int | None:
        try:
            return stat.S_IFMT(self._look_at(path).st_mode)
        except (FileNotFoundError, NotADirectoryError):
            return None
        except EvidenceError:
            return stat.S_IFLNK

    def _look_at(self, path: str) -> os.stat_result:
        above, _, name = path.rpartition("/")
        with self.open_folder(above) as folder:
            return os.lstat(name, dir_fd=folder)


class FolderReader(Folder):
    """Reads many files in the order of their paths: the folders of the last file stay open. For one thread."""

    def __init__(self, root: Path) -> None:
        super().__init__(root)
        self._above: str | None = None
        """The open folder, if its path is one that the format allows."""
        self._names: list[str] = []
        self._handles: list[int] = []

    def _open_file(self, path: str) -> tuple[int, int]:
        above, _, name = path.rpartition("/")
        if above != self._above or not _ONE_NAME.fullmatch(name):  # the names above were compared when they were opened
            check_path(path, named_by="a list")
            self._change_to(above)
        return self._open_plain(name, self._handles[-1], path)

    def _look_at(self, path: str) -> os.stat_result:
        above, _, name = path.rpartition("/")
        if above != self._above:
            self._change_to(above)
        return os.lstat(name, dir_fd=self._handles[-1])

    def _change_to(self, folder: str) -> None:
        """Open *folder*; the folders above it that are open already stay open."""
        self._above = None
        if not self._handles:
            self._handles.append(os.open(self.root, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC))
        names, shared = folder.split("/") if folder else [], 0
        for old, new in zip(self._names, names, strict=False):
            if old != new:
                break
            shared += 1
        while len(self._names) > shared:
            self._names.pop()
            os.close(self._handles.pop())
        for name in names[shared:]:
            self._handles.append(self._open(name, _FOLDER, self._handles[-1], folder))
            self._names.append(name)
        if not folder or _PATH.fullmatch(folder):  # `_look_at` can be asked about any path
            self._above = folder

    def __del__(self) -> None:
        """Close the folders."""
        for handle in self._handles:
            os.close(handle)


def _pieces(handle: int, size: int) -> Iterator[bytes]:
    """Yield the content of an open file that had *size* bytes; a file that grows meanwhile is read to its end."""
    limit = min(size + 1, _CHUNK_BYTES)  # room for a whole small file, and no more
    while piece := os.read(handle, limit):
        yield piece
        if len(piece) == size < limit:
            return  # one byte more was asked for, and was not there


@contextmanager
def lock_folder(root: Path, *, wait_seconds: float = 0) -> Iterator[None]:
    """Exclude other bots from the folder, also those with another state; raises `LockedError`.

    The folder itself is locked, so that no lock file lies in it. An absent folder is not locked, and a file system that
    cannot lock folders (some network mounts) locks nothing; the lock in the state still excludes runs of this bot.
    """
    try:
        handle = os.open(root, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    except (FileNotFoundError, NotADirectoryError):
        yield
        return
    try:
        deadline = time.monotonic() + max(wait_seconds, _PROBE_SECONDS)
        while not _try_lock(handle, fcntl.LOCK_EX):
            if time.monotonic() >= deadline:
                raise LockedError(
                    f"the snapshots folder {root} is locked by another bot; wait for it to end", holder="another bot"
                )
            time.sleep(_POLL_SECONDS)
        yield
    finally:
        os.close(handle)


def is_being_written(root: Path) -> bool:
    """Return whether a run is writing to the folder now."""
    handle = os.open(root, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        return not _try_lock(handle, fcntl.LOCK_SH)
    finally:
        os.close(handle)


def _try_lock(handle: int, kind: int) -> bool:
    try:
        fcntl.flock(handle, kind | fcntl.LOCK_NB)
    except OSError as error:
        return error.errno not in (errno.EWOULDBLOCK, errno.EAGAIN, errno.EACCES)
    return True


def _make(name: str, folder: int) -> bool:
    """Create a folder; return whether it was absent."""
    try:
        os.mkdir(name, EVIDENCE_FOLDER_MODE, dir_fd=folder)
    except FileExistsError:
        return False
    return True

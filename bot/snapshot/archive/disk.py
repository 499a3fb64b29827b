"""The file operations of a transaction behind one interface, so that tests can make each operation fail."""

import os
import shutil
import stat
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from bot.files import (
    EVIDENCE_FILE_MODE,
    EVIDENCE_FOLDER_MODE,
    PRIVATE_FILE_MODE,
    PRIVATE_FOLDER_MODE,
    make_folders,
)
from bot.snapshot.archive.folder import Folder


class Disk:
    """The real disk. A crash or a full disk can interrupt each method.

    Paths below the folder of `confine` are reached without following a link; a link there is an `EvidenceError`. Other
    paths are the bot's own state, and files there are readable only by their owner.
    """

    _confined: Folder | None = None

    def confine(self, root: Path) -> None:
        """Treat everything below *root* as untrusted."""
        self._confined = Folder(root)

    def make_folder(self, path: Path) -> None:
        """Create a folder and its parents; an existing folder is not an error."""
        below = self._below(path)
        if self._confined is None or below is None:
            make_folders(path, PRIVATE_FOLDER_MODE)
            return
        make_folders(self._confined.root, EVIDENCE_FOLDER_MODE)
        with self._confined.open_folder(below, makes=True):
            pass

    def write(self, path: Path, data: bytes) -> None:
        """Create or overwrite a file; not durable before `sync`."""
        self._write(path, data, os.O_TRUNC)

    def append(self, path: Path, data: bytes) -> None:
        """Add bytes at the end of a file; not durable before `sync`."""
        self._write(path, data, os.O_APPEND)

    def sync(self, path: Path) -> None:
        """Wait until a file or folder is durable on the disk."""
        with _named(path), self._at(path) as (name, folder):
            handle = os.open(name, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK, dir_fd=folder)
            try:
                os.fsync(handle)
            finally:
                os.close(handle)

    def sync_all(self) -> None:
        """Wait until everything written so far is durable on the disk; cheaper than many single waits."""
        os.sync()

    def replace(self, source: Path, target: Path) -> None:
        """Move a file over another one atomically."""
        with self._at(source) as (old, old_folder), self._at(target) as (new, new_folder):
            os.replace(old, new, src_dir_fd=old_folder, dst_dir_fd=new_folder)

    def remove(self, path: Path) -> None:
        """Delete a file; an absent file is not an error."""
        with suppress(FileNotFoundError), self._at(path) as (name, folder):
            os.unlink(name, dir_fd=folder)

    def remove_folder(self, path: Path) -> None:
        """Delete an empty folder; an absent folder is not an error."""
        with suppress(FileNotFoundError), self._at(path) as (name, folder):
            os.rmdir(name, dir_fd=folder)

    def remove_tree(self, path: Path) -> None:
        """Delete a file, or a folder with its content; links are deleted, not followed. An absent path is no error."""
        with suppress(FileNotFoundError), self._at(path) as (name, folder):
            if stat.S_ISDIR(os.lstat(name, dir_fd=folder).st_mode):
                shutil.rmtree(name, dir_fd=folder)
            else:
                os.unlink(name, dir_fd=folder)

    def _write(self, path: Path, data: bytes, flag: int) -> None:
        flags = os.O_WRONLY | os.O_CREAT | os.O_NOFOLLOW | os.O_NONBLOCK | flag
        with _named(path), self._at(path) as (name, folder):
            mode = PRIVATE_FILE_MODE if folder is None else EVIDENCE_FILE_MODE
            handle = os.open(name, flags, mode, dir_fd=folder)
            with os.fdopen(handle, "wb") as file:
                os.fchmod(handle, mode)  # whatever the umask is
                file.write(data)

    @contextmanager
    def _at(self, path: Path) -> Iterator[tuple[Path | str, int | None]]:
        """Yield a name and the descriptor of its folder; a path outside the confined folder, and None."""
        below = self._below(path)
        if self._confined is None or below is None:
            yield path, None
        elif not below:
            with self._confined.open_folder() as folder:
                yield ".", folder
        else:
            above, _, name = below.rpartition("/")
            with self._confined.open_folder(above) as folder:
                yield name, folder

    def _below(self, path: Path) -> str | None:
        """Return *path* relative to the confined folder, empty for the folder itself; None for a path outside."""
        if self._confined is None:
            return None
        root, text = str(self._confined.root), str(path)
        if text == root:
            return ""
        if root == ".":
            return None if path.is_absolute() else text
        start = root if root.endswith("/") else f"{root}/"
        return text.removeprefix(start) if text.startswith(start) else None


@contextmanager
def _named(path: Path) -> Iterator[None]:
    """Let an error say which file it is about: a full disk does not, and it can be that of the state."""
    try:
        yield
    except OSError as error:
        error.filename = str(path)
        raise

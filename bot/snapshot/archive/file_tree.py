"""List the files below a folder and compute their digests."""

import os
from collections.abc import Callable, Iterable
from pathlib import Path

from bot.snapshot.archive.folder import FolderReader, is_being_written

_NOT_EVIDENCE = {".git"}
"""A clone of the git repository has this folder, or a file with this name."""

_MAX_DEPTH = 32
"""Folders that are nested deeper than the format ever nests them are not listed: they are no evidence."""

_TAKEN_BYTES = 1 << 26
"""Largest file whose content is given away while it is hashed; no record is larger."""


class Tree:
    """A folder on disk, listed once without following symbolic links."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self._folder = FolderReader(root)
        self._reset()
        if root.is_dir():
            self._list(str(root), "")
            self.files -= _NOT_EVIDENCE  # a worktree of a git repository has a file

    def _reset(self) -> None:
        self.files: set[str] = set()
        self.others: set[str] = set()
        """Symbolic links, sockets, devices. None of them is allowed in the evidence."""
        self.empty: set[str] = set()
        """Folders without anything in them."""
        self.unreadable: dict[str, str] = {}
        """Folder that cannot be listed → why."""
        self.hashed_bytes = 0
        self.hashed_files = 0

    @property
    def place(self) -> str:
        """The folder, for messages."""
        return str(self.root)

    def is_being_written(self) -> bool:
        """Return whether a run is writing to the folder now."""
        return is_being_written(self.root)

    def expect(self, paths: Iterable[str]) -> None:
        """Announce files that will be hashed next; a tree that is slow to read begins with them."""

    def _list(self, folder: str, prefix: str, depth: int = 0) -> None:
        is_empty, note = bool(prefix), self.files.add
        folders = []
        try:
            with os.scandir(folder) as entries:
                for entry in entries:
                    is_empty = False
                    path = prefix + entry.name
                    if entry.is_file(follow_symlinks=False):
                        note(path)
                    elif not entry.is_dir(follow_symlinks=False) or depth >= _MAX_DEPTH:
                        self.others.add(path)
                    elif path not in _NOT_EVIDENCE:
                        folders.append((entry.path, f"{path}/"))
        except OSError as error:
            self.unreadable[prefix.rstrip("/")] = error.strerror or "no reason given"
        if is_empty and not self.unreadable.get(prefix.rstrip("/")):
            self.empty.add(prefix.rstrip("/"))
        for below, path in folders:
            self._list(below, path, depth + 1)

    def has_file(self, path: str) -> bool:
        """Return whether *path* is a plain file."""
        return path in self.files

    def has_other(self, path: str) -> bool:
        """Return whether *path* exists and is not a plain file."""
        return path in self.others

    def read(self, path: str) -> bytes:
        """Return the content of a file; raises `OSError` or `EvidenceError`."""
        return self._folder.read(path)

    def digest(self, path: str, take: Callable[[bytes], None] | None = None) -> str:
        """Return the SHA-256 of a file, and give its content to *take*; raises `OSError` or `EvidenceError`."""
        digest, size, content = self._folder.hashed(path, keep_bytes=_TAKEN_BYTES if take else 0)
        if take is not None and content is not None:
            take(content)
        self.hashed_bytes += size
        self.hashed_files += 1
        return digest


class UnlistedTree(Tree):
    """A folder in which only the requested files are looked up: fast, but unlisted files are not found."""

    def _list(self, folder: str, prefix: str, depth: int = 0) -> None:
        del folder, prefix, depth

    def has_file(self, path: str) -> bool:
        """Return whether *path* is a plain file."""
        return self._folder.has_file(path)

    def has_other(self, path: str) -> bool:
        """Return whether *path* exists and is not a plain file."""
        return self._folder.has_other(path)

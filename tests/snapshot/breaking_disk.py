"""Disks that stop at operation *k*: as a killed process does, as a power cut does, or with an error from the system."""

import os
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from bot.snapshot.archive.disk import Disk
from tests.snapshot.small_tree import capture_first, capture_second

if TYPE_CHECKING:
    from collections.abc import Callable


class Killed(BaseException):
    """The process is no more."""


class CountingDisk(Disk):
    """Calls `before` ahead of each operation, and counts."""

    def __init__(self) -> None:
        self.count = 0

    def before(self, path: Path) -> None:
        del path
        self.count += 1

    def make_folder(self, path: Path) -> None:
        self.before(path)
        super().make_folder(path)

    def write(self, path: Path, data: bytes) -> None:
        self.before(path)
        super().write(path, data)

    def append(self, path: Path, data: bytes) -> None:
        self.before(path)
        super().append(path, data)

    def sync(self, path: Path) -> None:
        self.before(path)  # what a sync is for is modelled below; really waiting for the hardware proves nothing here

    def sync_all(self) -> None:
        self.before(Path())

    def replace(self, source: Path, target: Path) -> None:
        self.before(target)
        super().replace(source, target)

    def remove(self, path: Path) -> None:
        self.before(path)
        super().remove(path)

    def remove_folder(self, path: Path) -> None:
        self.before(path)
        super().remove_folder(path)

    def remove_tree(self, path: Path) -> None:
        self.before(path)
        super().remove_tree(path)


class KillingDisk(CountingDisk):
    """The process dies just before operation *k*; what it did so far stays."""

    def __init__(self, k: int) -> None:
        super().__init__()
        self.k = k

    def before(self, path: Path) -> None:
        super().before(path)
        if self.count >= self.k:
            raise Killed


class PowerCutDisk(KillingDisk):
    """Before operation *k* the power goes: writes that were not synced are cut short, moves and deletions undone."""

    def __init__(self, k: int) -> None:
        super().__init__(k)
        self._unsynced: set[Path] = set()
        self._undo: list[tuple[Path, Callable[[], None]]] = []

    def before(self, path: Path) -> None:
        try:
            super().before(path)
        except Killed:
            self._lose()
            raise

    def write(self, path: Path, data: bytes) -> None:
        super().write(path, data)
        self._unsynced.add(path)

    def append(self, path: Path, data: bytes) -> None:
        super().append(path, data)
        self._unsynced.add(path)

    def sync(self, path: Path) -> None:
        super().sync(path)
        self._unsynced.discard(path)
        self._undo = [(folder, undo) for folder, undo in self._undo if folder != path]

    def sync_all(self) -> None:
        super().sync_all()
        self._unsynced.clear()
        self._undo.clear()

    def replace(self, source: Path, target: Path) -> None:
        moved, old = source.read_bytes(), target.read_bytes() if target.exists() else None
        super().replace(source, target)
        if source in self._unsynced:
            self._unsynced.remove(source)
            self._unsynced.add(target)

        def undo() -> None:
            source.write_bytes(moved)
            if old is None:
                target.unlink()
            else:
                target.write_bytes(old)

        self._undo.append((target.parent, undo))

    def remove(self, path: Path) -> None:
        old = path.read_bytes() if path.exists() else None
        super().remove(path)
        self._unsynced.discard(path)
        if old is not None:
            self._undo.append((path.parent, lambda: _put_back(path, old)))

    def remove_tree(self, path: Path) -> None:
        old = {each.name: each.read_bytes() for each in path.iterdir()} if path.is_dir() else None
        super().remove_tree(path)
        if old is not None:
            self._undo.append((path.parent, lambda: _put_folder_back(path, old)))

    def _lose(self) -> None:
        for path in self._unsynced:
            if path.exists():
                os.truncate(path, path.stat().st_size // 2)
        for _, undo in reversed(self._undo):
            undo()
        self._unsynced.clear()
        self._undo.clear()


def _put_folder_back(path: Path, files: dict[str, bytes]) -> None:
    path.mkdir(exist_ok=True)
    for name, data in files.items():
        (path / name).write_bytes(data)


def _put_back(path: Path, data: bytes) -> None:
    path.write_bytes(data)


class FailingDisk(CountingDisk):
    """Operation *k*, or every one from *k* on, ends with an error of the operating system."""

    def __init__(self, k: int, code: int, *, lasts: bool) -> None:
        super().__init__()
        self.k, self.code, self.lasts = k, code, lasts
        self.failed = False

    def before(self, path: Path) -> None:
        super().before(path)
        if self.count == self.k or (self.lasts and self.count > self.k):
            self.failed = True
            raise OSError(self.code, os.strerror(self.code), str(path))


def interrupted_capture(folder: Path) -> Path:
    """Return snapshots whose second run was killed after its commit, before all files were in their places."""
    counting = CountingDisk()
    capture_first(folder / "whole", Disk())
    capture_second(folder / "whole", counting)
    root = folder / "interrupted"
    capture_first(root, Disk())
    with pytest.raises(Killed):
        capture_second(root, KillingDisk(counting.count - 40))
    return root

"""One run is one transaction: stage, commit, apply, and complete or discard what a crash left behind.

    stage    every new file is written to the staging folder and synced
    commit   the journal is renamed to its final name: from now on the run is committed
    apply    each staged file is moved to its final path; this is idempotent
    drop     the journal is deleted

After a crash before the commit, the old state is unchanged and `recover` deletes the staged files. After a later crash,
`recover` completes the run.
"""

import hashlib
import threading
from collections.abc import Callable, Iterable
from contextlib import suppress
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path
from typing import Any, ClassVar, Literal

from bot.errors import EvidenceError, SnapshotError
from bot.file_format import FileDocument, FileFormatError, FileModel, NewerFormatError
from bot.snapshot.archive.canonical_json import dump_json
from bot.snapshot.archive.disk import Disk

_SINGLE_SYNCS = 64  # above this number of files, one `sync` of the whole system is faster

WORK_FOLDER = ".wikibot"
"""Folder inside the snapshots for lock, staging and search index. It is not evidence: not verified, not in git."""


class JournalStep(FileModel):
    """One file of the transaction."""

    path: str
    """Path of the file, relative to the snapshots folder."""
    staged: str | None
    """Name of the new content in the staging folder; null if the file is deleted."""
    sha256: str
    """SHA-256 of the new content; empty if the file is deleted."""


class Journal(FileDocument):
    """`journal.json`: the files that a committed run writes and deletes."""

    KIND: ClassVar[str] = "wikibot-journal"

    format: Literal["wikibot-journal/1"] = "wikibot-journal/1"
    """Format of the file."""
    steps: tuple[JournalStep, ...]
    """What to do, in order."""


@dataclass(slots=True)
class StagedFile:
    """A file that is written piece by piece to the staging folder, so that it never has to fit into memory."""

    name: str
    staging: Path
    disk: Disk
    size_bytes: int = 0
    _digest: Any = field(default_factory=hashlib.sha256, repr=False)

    @property
    def sha256(self) -> str:
        """The SHA-256 of what was written so far."""
        return str(self._digest.hexdigest())

    def restart(self) -> None:
        """Begin with an empty file; raises `SnapshotError`."""
        self.size_bytes, self._digest = 0, hashlib.sha256()
        self._on_disk(lambda path: self.disk.write(path, b""))

    def write(self, data: bytes) -> None:
        """Add *data* at the end; raises `SnapshotError`."""
        self._on_disk(lambda path: self.disk.append(path, data))
        self.size_bytes += len(data)
        self._digest.update(data)

    def remove(self) -> None:
        """Delete the file; what cannot be deleted now is deleted at the next start."""
        with suppress(OSError):
            self.disk.remove(self.staging / self.name)

    def _on_disk(self, work: Callable[[Path], None]) -> None:
        try:
            work(self.staging / self.name)
        except OSError as error:
            raise SnapshotError(f"{failure(error)}; nothing was changed in the snapshots") from error


class Transaction:
    """Files that are written under *root* atomically: all of them, or none."""

    def __init__(self, root: Path, disk: Disk) -> None:
        self._root, self._disk = root, disk
        self._staging = staging_folder(root)
        self._steps: dict[str, JournalStep] = {}
        self._numbers = count(1)
        self._has_folder = threading.Event()
        self._is_committed = False

    @property
    def is_empty(self) -> bool:
        """Whether there is nothing to write or delete."""
        return not self._steps

    @property
    def paths(self) -> list[str]:
        """The paths that are written or deleted."""
        return list(self._steps)

    def stage(self, path: str, data: bytes) -> None:
        """Stage *data* as the content of *path*, relative to the root with `/`."""
        name = self._new_name()
        try:
            self._disk.write(self._staging / name, data)
        except OSError as error:
            raise self._refused(error) from error
        self._steps[path] = JournalStep(path=path, staged=name, sha256=hashlib.sha256(data).hexdigest())

    def new_file(self) -> StagedFile:
        """Return a new file in the staging folder; thread-safe."""
        return StagedFile(self._new_name(), self._staging, self._disk)

    def stage_file(self, path: str, file: StagedFile) -> None:
        """Stage *file* of `new_file` as the content of *path*."""
        self._steps[path] = JournalStep(path=path, staged=file.name, sha256=file.sha256)

    def _new_name(self) -> str:
        if not self._has_folder.is_set():
            try:
                self._disk.make_folder(self._staging)
            except OSError as error:
                raise self._refused(error) from error
            self._has_folder.set()
        return f"{next(self._numbers):07}"

    def stage_removal(self, path: str) -> None:
        """Stage the deletion of *path*."""
        self._steps[path] = JournalStep(path=path, staged=None, sha256="")

    def commit(self) -> None:
        """Make the staged files durable, then commit and apply them.

        Raises `SnapshotError`; its message states whether the old state is unchanged or the run will be completed.
        """
        steps = list(self._steps.values())
        try:
            self._make_durable(steps)
            _apply(self._root, self._disk, steps)
        except OSError as error:
            if has_pending(self._root):
                raise SnapshotError(
                    f"{failure(error)}; the capture is safe in {self._staging} "
                    "and the next `wikibot snapshot` or `wikibot verify` completes it"
                ) from error
            if self._is_committed:
                return  # all files are applied; leftovers are deleted at the next start
            self.discard()
            raise self._refused(error) from error

    def _make_durable(self, steps: list[JournalStep]) -> None:
        disk = self._disk
        disk.make_folder(self._staging)
        for folder in _folders(self._root, steps):
            disk.make_folder(folder)
        _sync_many(disk, [self._staging / step.staged for step in steps if step.staged])
        draft = self._staging / "journal.draft"
        disk.write(draft, _render_journal(steps))
        disk.sync(draft)
        disk.sync(self._staging)
        disk.replace(draft, _journal_path(self._root))
        self._is_committed = True
        disk.sync(self._staging)

    def discard(self) -> None:
        """Delete the staged files; files that cannot be deleted now are deleted at the next start."""
        if has_pending(self._root):
            return
        with suppress(OSError):
            _discard(self._root, self._disk)

    def _refused(self, error: OSError) -> SnapshotError:
        return SnapshotError(f"{failure(error)}; nothing was changed in {self._root}")


def staging_folder(root: Path) -> Path:
    """Return the folder in which a run stages its files."""
    return root / WORK_FOLDER / "staging"


def has_pending(root: Path) -> bool:
    """Return whether a committed run is not applied completely."""
    return _journal_path(root).exists()


def recover(root: Path, disk: Disk) -> bool:
    """Complete a committed run, or delete the leftovers of an uncommitted run; return whether a run was completed.

    Raises `EvidenceError` if a staged file is missing or differs from what was committed.
    """
    if not staging_folder(root).exists():
        return False
    try:
        if not has_pending(root):
            _discard(root, disk)
            return False
        steps = _load_journal(root)
        _check_staged(root, steps)
        _apply(root, disk, steps)
    except OSError as error:
        raise SnapshotError(f"{failure(error)}; an interrupted capture in {root} could not be completed") from error
    return True


def _apply(root: Path, disk: Disk, steps: list[JournalStep]) -> None:
    staging = staging_folder(root)
    folders = _folders(root, steps)
    for folder in folders:
        disk.make_folder(folder)
    for step in steps:
        if step.staged is None:
            disk.remove(root / step.path)
        elif (staging / step.staged).exists():
            disk.replace(staging / step.staged, root / step.path)
    _sync_many(disk, folders)
    disk.remove(_journal_path(root))
    disk.sync(staging)
    _discard(root, disk)


def _check_staged(root: Path, steps: list[JournalStep]) -> None:
    for step in steps:
        if step.staged is None:
            continue
        staged, target = staging_folder(root) / step.staged, root / step.path
        found = staged if staged.exists() else target
        if not found.is_file() or hashlib.sha256(found.read_bytes()).hexdigest() != step.sha256:
            raise EvidenceError(
                f"an interrupted capture in {root} cannot be completed: {found} is not what was committed; "
                "restore the snapshots from a copy"
            )


def _discard(root: Path, disk: Disk) -> None:
    staging = staging_folder(root)
    if not staging.exists():
        return
    for path in sorted(staging.iterdir()):
        disk.remove(path)
    disk.remove_folder(staging)


def _sync_many(disk: Disk, paths: list[Path]) -> None:
    if len(paths) > _SINGLE_SYNCS:
        disk.sync_all()
        return
    for path in paths:
        disk.sync(path)


def _folders(root: Path, steps: Iterable[JournalStep]) -> list[Path]:
    """Return every folder whose directory entries change, the root first."""
    written = {(root / step.path).parent for step in steps if step.staged}
    ancestors = {folder for path in written for folder in (path, *path.parents) if folder.is_relative_to(root)}
    removed = {(root / step.path).parent for step in steps if not step.staged}
    return sorted(ancestors | removed)


def _journal_path(root: Path) -> Path:
    return staging_folder(root) / "journal.json"


def _render_journal(steps: list[JournalStep]) -> bytes:
    return dump_json(Journal(steps=tuple(steps)).content())


def _load_journal(root: Path) -> list[JournalStep]:
    path = _journal_path(root)
    try:
        return list(Journal.parse(path.read_bytes()).steps)
    except NewerFormatError as error:
        raise EvidenceError(f"{path} {error}") from error
    except FileFormatError as error:
        raise EvidenceError(f"{path} {error}; restore the snapshots from a copy") from error


def failure(error: OSError) -> str:
    """Return an error that states which file could not be written, and why."""
    place = f" {error.filename}" if error.filename else ""
    return f"cannot write{place}: {error.strerror or error}"

"""One run is one transaction: stage, commit, apply, and complete or discard what a crash left behind.

    stage    every new file is written to a staging folder with a random name, in the snapshots folder, and synced
    commit   the journal is renamed to its final name in the state folder: from now on the run is committed
    apply    each staged file is moved to its final path; this is idempotent
    drop     the head is remembered, and the journal is deleted

After a crash before the commit, the old state is unchanged and `recover` deletes the staged files. After a later crash,
`recover` completes the run. The snapshots folder is untrusted: `recover` checks journal and staged files before it
changes anything, and deletes, unread, each staging folder that no journal names.
"""

import hashlib
import secrets
import threading
from collections.abc import Callable, Iterable
from contextlib import suppress
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path
from typing import Any, ClassVar, Literal

from pydantic import Field

from bot.errors import EvidenceError, SnapshotError
from bot.file_format import FileDocument, FileFormatError, FileModel, NewerFormatError
from bot.files import read_file
from bot.snapshot.archive.canonical_json import dump_json
from bot.snapshot.archive.disk import Disk
from bot.snapshot.archive.evidence_state import EvidenceMemory, EvidenceState, RememberedHead, make_private_folder
from bot.snapshot.archive.folder import STAGING, Folder, check_path

_SINGLE_SYNCS = 64  # above this number of files, one `sync` of the whole system is faster


class JournalStep(FileModel):
    """One file of the transaction."""

    path: str
    """Path of the file, relative to the snapshots folder."""
    staged: str | None = Field(pattern=r"^[0-9]{7,}$")
    """Name of the new content in the staging folder; null if the file is deleted."""
    sha256: str
    """SHA-256 of the new content; empty if the file is deleted."""


class SealedHead(FileModel):
    """The head that the run makes."""

    sequence: int
    """Number of the run."""
    sha256: str
    """SHA-256 of its `CHECKPOINT`."""
    key: str | None
    """Type and fingerprint of the key that signed it; null if it is not signed."""
    accepted: tuple[RememberedHead, ...] | None = None
    """All heads below it, the oldest first, if a person accepted them; null if they are remembered already."""
    given_up: RememberedHead | None = None
    """Head that a person gave up by accepting a rollback."""
    next_key: str | None = None
    """Type and fingerprint of the key that this head announces."""

    def remember(self, memory: EvidenceMemory) -> EvidenceMemory:
        """Return *memory* with this head as the newest."""
        head = RememberedHead(sequence=self.sequence, sha256=self.sha256)
        if head in memory.heads:
            return memory
        below = memory.heads if self.accepted is None else self.accepted
        return memory.replaced(
            heads=(*below, head),
            given_up=(*memory.given_up, *([self.given_up] if self.given_up else [])),
            has_signed=memory.has_signed or self.key is not None,
            key=self.key,
            next_key=self.next_key,
        )


class Journal(FileDocument):
    """`LOG.journal`: the files that a committed run writes and deletes."""

    KIND: ClassVar[str] = "wikibot-transaction"

    format: Literal["wikibot-transaction/1"] = "wikibot-transaction/1"
    """Format of the file."""
    staging: str = Field(pattern=f"^{STAGING.pattern}$")
    """Name of the staging folder in the snapshots folder."""
    head: SealedHead | None
    """The head that the run makes; null if it makes none."""
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
    """Files that are written to the snapshots folder atomically: all of them, or none."""

    def __init__(self, state: EvidenceState, disk: Disk) -> None:
        self._state, self._root, self._disk = state, state.root, disk
        self._staging = state.root / f"staging-{secrets.token_hex(8)}"
        self._steps: dict[str, JournalStep] = {}
        self._committed: dict[str, JournalStep] = {}
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
        self._add(path, name, hashlib.sha256(data).hexdigest())

    def read(self, path: str) -> bytes:
        """Return what is staged as the content of *path*, or was committed last; thread-safe.

        The file can be moved to its place at this moment. Raises `EvidenceError` if it was changed.
        """
        step = self._steps.get(path) or self._committed[path]
        with suppress(EvidenceError):
            return Folder(self._staging).read_checked(str(step.staged), step.sha256, named_by="this run")
        return Folder(self._root).read_checked(path, step.sha256, named_by="this run")

    def new_file(self) -> StagedFile:
        """Return a new file in the staging folder; thread-safe."""
        return StagedFile(self._new_name(), self._staging, self._disk)

    def stage_file(self, path: str, file: StagedFile) -> None:
        """Stage *file* of `new_file` as the content of *path*."""
        self._add(path, file.name, file.sha256)

    def stage_removal(self, path: str) -> None:
        """Stage the deletion of *path*."""
        self._add(path, None, "")

    def _add(self, path: str, name: str | None, digest: str) -> None:
        check_path(path, named_by="the capture")
        self._steps[path] = JournalStep(path=path, staged=name, sha256=digest)

    def _new_name(self) -> str:
        if not self._has_folder.is_set():
            try:
                self._disk.make_folder(self._staging)
            except OSError as error:
                raise self._refused(error) from error
            self._has_folder.set()
        return f"{next(self._numbers):07}"

    def commit(self, head: SealedHead | None = None, *, goes_on: bool = False) -> None:
        """Make the staged files durable, then commit and apply them, and remember *head*.

        With *goes_on*, files of `new_file` that are not staged yet stay for the next commit. Raises `SnapshotError`;
        its message states whether the old state is unchanged or the run will be completed.
        """
        journal = Journal(staging=self._staging.name, head=head, steps=tuple(self._steps.values()))
        self._committed, self._steps, self._is_committed = self._steps, {}, False
        try:
            self._make_durable(journal)
            _apply(self._state, self._disk, journal)
            if not goes_on:
                _remove_staging(self._root, self._disk, journal)
        except OSError as error:
            if has_pending(self._state):
                raise SnapshotError(
                    f"{failure(error)}; the capture is safe in {self._staging} and the next `wikibot snapshot` "
                    "completes it"
                ) from error
            if self._is_committed:
                return  # all files are applied; leftovers are deleted at the next start
            self.discard()
            raise self._refused(error) from error

    def _make_durable(self, journal: Journal) -> None:
        disk = self._disk
        disk.make_folder(self._staging)
        _sync_many(disk, [self._staging / step.staged for step in journal.steps if step.staged])
        disk.sync(self._staging)
        disk.sync(self._root)
        target = self._state.journal
        draft = target.with_suffix(".draft")
        make_private_folder(target.parent)
        disk.write(draft, dump_json(journal.content()))
        disk.sync(draft)
        disk.replace(draft, target)
        self._is_committed = True
        disk.sync(target.parent)

    def discard(self) -> None:
        """Delete the staged files; files that cannot be deleted now are deleted at the next start."""
        if has_pending(self._state):
            return
        with suppress(OSError):
            self._disk.remove_tree(self._staging)

    def _refused(self, error: OSError) -> SnapshotError:
        return SnapshotError(f"{failure(error)}; nothing was changed in {self._root}")


def has_pending(state: EvidenceState) -> bool:
    """Return whether a committed run is not applied completely."""
    return state.journal.exists()


def is_half_applied(state: EvidenceState) -> bool:
    """Return whether a committed run was interrupted while it put its files in place."""
    journal, folder = _load_journal(state), Folder(state.root)
    return journal is not None and any(
        not folder.has_file(f"{journal.staging}/{step.staged}" if step.staged else step.path) for step in journal.steps
    )


def forget_pending(state: EvidenceState, disk: Disk) -> None:
    """Delete the journal of a committed run that another run has overtaken."""
    disk.remove(state.journal)
    disk.sync(state.folder)


def remove_empty_folders(state: EvidenceState, disk: Disk) -> None:
    """Delete the folders that an overtaken run made and did not fill; an empty folder is a finding."""
    journal, folder = _load_journal(state), Folder(state.root)
    for path in reversed(_folders(state.root, journal.steps if journal else ())):
        below = path.relative_to(state.root).as_posix()
        if path != state.root and folder.has_other(below) and not folder.names(below):
            disk.remove_folder(path)


def recover(state: EvidenceState, disk: Disk) -> bool:
    """Complete a committed run, or delete the leftovers of an uncommitted run; return whether a run was completed.

    Raises `EvidenceError` if a staged file is missing or differs from what was committed; then nothing is changed.
    """
    try:
        journal = check_pending(state)
        for name in Folder(state.root).names() if state.root.is_dir() else ():
            if STAGING.fullmatch(name) and (journal is None or name != journal.staging):
                disk.remove_tree(state.root / name)
        if journal is None:
            return False
        _apply(state, disk, journal)
        _remove_staging(state.root, disk, journal)
    except OSError as error:
        raise SnapshotError(
            f"{failure(error)}; an interrupted capture in {state.root} could not be completed"
        ) from error
    return True


def check_pending(state: EvidenceState) -> Journal | None:
    """Return the journal of an interrupted run; raises `EvidenceError` if the run cannot be completed."""
    journal = _load_journal(state)
    if journal is not None:
        _check_staged(state.root, journal)
    return journal


def _apply(state: EvidenceState, disk: Disk, journal: Journal) -> None:
    root, staging = state.root, state.root / journal.staging
    folders = _folders(root, journal.steps)
    for folder in folders:
        disk.make_folder(folder)
    for step in journal.steps:
        if step.staged is None:
            disk.remove(root / step.path)
        elif Folder(root).has_file(f"{journal.staging}/{step.staged}"):
            disk.replace(staging / step.staged, root / step.path)
    _remove_empty(root, disk, journal)
    _sync_many(disk, [folder for folder in folders if folder.is_dir()])
    if journal.head is not None:
        state.update(journal.head.remember, disk=disk)
    disk.remove(state.journal)
    disk.sync(state.folder)


def _remove_staging(root: Path, disk: Disk, journal: Journal) -> None:
    with suppress(OSError):
        disk.remove_tree(root / journal.staging)  # what is left is deleted at the next start


def _remove_empty(root: Path, disk: Disk, journal: Journal) -> None:
    """Delete the folders that a removal left empty, the deepest first; an empty folder is a finding."""
    parents = {parent for step in journal.steps if step.staged is None for parent in Path(step.path).parents}
    for parent in sorted(parents - {Path()}, key=lambda path: len(path.parts), reverse=True):
        if not Folder(root).names(parent.as_posix()):
            disk.remove_folder(root / parent)


def _check_staged(root: Path, journal: Journal) -> None:
    folder = Folder(root)
    for step in journal.steps:
        check_path(step.path, named_by=f"an interrupted capture in {root} cannot be completed: the journal")
        if step.staged is None:
            continue
        staged = f"{journal.staging}/{step.staged}"
        found = staged if folder.has_file(staged) else step.path
        if _digest(folder, found) != step.sha256:
            raise EvidenceError(
                f"an interrupted capture in {root} cannot be completed: {root / found} is not what was committed; "
                "restore the snapshots from a copy, or accept what is there with "
                "`wikibot evidence trust --head DIGEST`"
            )


def _digest(folder: Folder, path: str) -> str | None:
    try:
        return folder.digest(path)[0]
    except (FileNotFoundError, NotADirectoryError):
        return None


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


def _load_journal(state: EvidenceState) -> Journal | None:
    path = state.journal
    try:
        return Journal.parse(read_file(path))
    except FileNotFoundError:
        return None
    except NewerFormatError as error:
        raise EvidenceError(f"{path} {error}") from error
    except FileFormatError as error:
        raise EvidenceError(f"{path} {error}; restore the state folder and the snapshots from copies") from error


def failure(error: OSError) -> str:
    """Return an error that states which file could not be written, and why."""
    place = f" {error.filename}" if error.filename else ""
    return f"cannot write{place}: {error.strerror or error}"

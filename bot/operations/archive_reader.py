"""Snapshots opened for reading: those of the bot, or any folder, into which nothing is written."""

import hashlib
import os
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

from bot.config.policy import NO_RULES, ArchivedSettings
from bot.errors import EvidenceError, SettingsError, SnapshotError
from bot.operations.snapshot_check import verify_copy, verify_snapshots
from bot.operations.snapshot_run import find_allowed_signers, read_signers
from bot.operations.workspace import Snapshots
from bot.snapshot.archive.bag import sha256
from bot.snapshot.archive.checkpoint import Checkpoint, read_head, whole_digest
from bot.snapshot.archive.continuity import load_remembered
from bot.snapshot.archive.evidence_state import EvidenceState
from bot.snapshot.archive.file_tree import UnlistedTree
from bot.snapshot.archive.folder import Folder, is_being_written
from bot.snapshot.archive.head_check import check_head
from bot.snapshot.archive.inspection import Inspection
from bot.snapshot.archive.journal import is_half_applied
from bot.snapshot.archive.library import Library, load_library
from bot.snapshot.query.archive_index import ArchiveIndex
from bot.snapshot.query.export import refuse_export
from bot.snapshot.verify.verification import Verification


@dataclass
class ArchiveReader:
    """One snapshots folder for reading; *index_path* is where its index is, outside the folder."""

    root: Path
    index_path: Path
    load: Callable[[], Library]
    """Loads the snapshots; raises `EvidenceError` if they are not what the reader trusts."""
    verify: Callable[[], Verification]
    """Verifies the whole folder."""
    signers: Callable[[], str | None]
    """Returns the text of the allowed signers, None if the reader names none."""
    rules: ArchivedSettings = NO_RULES
    """Which pages the settings select, if they are known."""
    _known: Library | None = field(default=None, repr=False)
    _heads: list[tuple[Checkpoint, str]] | None = field(default=None, repr=False)
    _lock: threading.RLock = field(default_factory=threading.RLock, repr=False)

    @property
    def library(self) -> Library:
        """The snapshots, loaded again when their head changed; raises `SnapshotError` if there are none."""
        with self._lock:
            data = read_head(Folder(self.root))
            if self._known is None or data is None or sha256(data) != self._known.head_digest:
                self._known = self.load()
            if self._known.head is None:
                raise SnapshotError(f"there are no snapshots in {self.root}; `wikibot snapshot` makes the first")
            return self._known

    @property
    def heads(self) -> list[tuple[Checkpoint, str]]:
        """All heads with their SHA-256, the newest first; raises `EvidenceError` if the chain is broken."""
        library = self.library
        with self._lock:
            if self._heads is None or self._heads[0][1] != library.head_digest:
                self._heads = list(library.iter_heads())
            return self._heads

    @property
    def index(self) -> ArchiveIndex:
        """The index of the pages."""
        return ArchiveIndex(self.index_path, lambda: self.library, rules=self.rules)


def read_own(snapshots: Snapshots) -> ArchiveReader:
    """Return a reader of the snapshots of this bot, which have to descend from what it remembers."""
    return ArchiveReader(
        snapshots.root,
        snapshots.state.search,
        lambda: load_own(snapshots),
        lambda: verify_snapshots(snapshots),
        lambda: find_allowed_signers(snapshots),
        snapshots.rules,
    )


def read_folder(
    root: Path,
    *,
    clock: Callable[[], datetime],
    signers: Path | None = None,
    witnesses: Sequence[str] = (),
    cache: Path | None = None,
) -> ArchiveReader:
    """Return a reader of any folder of snapshots, without settings; nothing is written into the folder.

    With *signers*, the head must be signed by one of them. With *witnesses*, the SHA-256 of heads that were published
    elsewhere, it must descend from each. The index is written to *cache*.

    Raises `SnapshotError` if *root* is an export.
    """
    refuse_export(root)
    heads = tuple(whole_digest(each) for each in witnesses)
    folder = cache or cache_folder()
    if folder.resolve().is_relative_to(root.resolve()):
        raise SettingsError(f"--cache: {folder} lies inside the snapshots folder {root}; choose a folder outside it")
    name = hashlib.sha256(os.fsencode(root.resolve())).hexdigest()[:24]

    def text() -> str | None:
        return read_signers(signers) if signers else None

    return ArchiveReader(
        root,
        folder / f"{name}.search.sqlite",
        lambda: load_folder(root, text(), heads),
        lambda: verify_copy(root, now=clock(), witnesses=heads, signers=signers),
        text,
    )


def load_folder(root: Path, allowed_signers: str | None, witnesses: Sequence[str] = ()) -> Library:
    """Load any folder of snapshots; raises `EvidenceError` if its head is not signed, or no descendant, as asked."""
    library = load_library(root)
    if library.head is None:
        return library
    if allowed_signers is not None:
        _require_signature(root, allowed_signers)
    known = {digest for _, digest in library.iter_heads()} if witnesses else set[str]()
    for witness in witnesses:
        if witness not in known:
            raise EvidenceError(
                f"nothing in {root} is shown: its head does not descend from the head {witness}; these snapshots are "
                "an older state, or another line"
            )
    return library


def load_own(snapshots: Snapshots) -> Library:
    """Load the snapshots of this bot; a head that the bot does not remember must be signed by an allowed key."""
    state = snapshots.state
    if _is_interrupted(state):
        raise EvidenceError(
            f"a run was interrupted while it put its files into {state.root}, so nothing is shown; `wikibot snapshot` "
            "completes it"
        )
    library, memory = load_remembered(state), state.memory
    if memory.head and memory.has_signed and memory.head.sha256 != library.head_digest:
        _require_signature(state.root, find_allowed_signers(snapshots))
    return library


def _is_interrupted(state: EvidenceState) -> bool:
    if state.recalled is None or not state.root.is_dir():
        return False
    return is_half_applied(state) and not is_being_written(state.root) and is_half_applied(state)


def cache_folder() -> Path:
    """Return the folder for caches of this account, as the XDG Base Directory Specification says."""
    named = os.environ.get("XDG_CACHE_HOME", "")
    return (Path(named) if Path(named).is_absolute() else Path.home() / ".cache") / "wikibot"


def _require_signature(root: Path, allowed_signers: str | None) -> None:
    inspection = Inspection(UnlistedTree(root))
    check_head(inspection, allowed_signers, must_be_signed=True)
    if inspection.findings:
        first = inspection.findings[0]
        raise EvidenceError(f"nothing in {root} is shown: {first.path} {first.message}; see `wikibot verify`")

"""Verify the bot's own snapshots, or a copy of any snapshots."""

from collections.abc import Sequence
from datetime import datetime
from pathlib import Path

from bot.errors import EvidenceError
from bot.operations.snapshot_run import find_allowed_signers, read_signers, software
from bot.operations.workspace import Snapshots
from bot.snapshot.archive.bag import sha256
from bot.snapshot.archive.checkpoint import read_head
from bot.snapshot.archive.evidence_state import EvidenceState
from bot.snapshot.archive.folder import Folder, is_being_written
from bot.snapshot.archive.writer import writer_lock
from bot.snapshot.query.export import refuse_export
from bot.snapshot.verify.replay_memory import ReplayMemory
from bot.snapshot.verify.verification import Verification, verify

_WAIT_SECONDS = 600


def verify_snapshots(
    snapshots: Snapshots, *, witnesses: Sequence[str] = (), signers: Path | None = None, rotate: bool = False
) -> Verification:
    """Verify the bot's own snapshots; *rotate* hashes the seventh of the day and replays what came after a clean check.

    The snapshots are only read; a clean check is noted in the state.
    """
    root, state = snapshots.root, snapshots.state
    text = read_signers(signers) if signers else find_allowed_signers(snapshots)
    now = snapshots.clock()
    portion = now.toordinal() if rotate else None

    def check() -> Verification:
        head = state.memory.head
        remembered = head.sha256 if head else None
        return verify(
            root,
            witnesses=witnesses,
            allowed_signers=text,
            portion=portion,
            now=now,
            remembered=remembered,
            memory=ReplayMemory(state.replayed, software()),
        )

    checked = check()
    if not checked.is_clean and _was_written_to(state, checked):
        with writer_lock(state, wait_seconds=_WAIT_SECONDS):
            checked = check()
    return checked


def verify_copy(
    path: Path, *, now: datetime, witnesses: Sequence[str] = (), signers: Path | None = None, rotate: bool = False
) -> Verification:
    """Verify a folder of snapshots without settings, for example from another installation; read-only.

    Raises `SnapshotError` if *path* is an export.
    """
    refuse_export(path)
    text = read_signers(signers) if signers else None
    portion = now.toordinal() if rotate else None
    return verify(path, witnesses=witnesses, allowed_signers=text, portion=portion, now=now)


def _was_written_to(state: EvidenceState, checked: Verification) -> bool:
    """Return whether a run was committed, or put its files in place, during the check."""
    try:
        data = read_head(Folder(state.root))
        return is_being_written(state.root) or (sha256(data) if data else None) != checked.head_digest
    except (EvidenceError, OSError):
        return False  # another thing in the place of the folder or its head is a finding

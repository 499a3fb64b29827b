import datetime as dt
import errno
import hashlib
import os
import shutil
from pathlib import Path

import pytest

from bot.errors import SnapshotError
from bot.snapshot.archive.disk import Disk
from bot.snapshot.archive.journal import has_pending
from bot.snapshot.archive.writer import open_writer
from bot.snapshot.verify.verification import verify
from tests.machine import IS_NIGHTLY
from tests.snapshot.breaking_disk import CountingDisk, FailingDisk, Killed, KillingDisk, PowerCutDisk
from tests.snapshot.public_tools import bagit_accepts, run_instructions
from tests.snapshot.small_tree import (
    CLOCK,
    ORIGIN,
    SOFTWARE,
    capture_first,
    capture_second,
    copy_snapshots,
    state_of,
    tree_bytes,
)

States = dict[str, bytes]


@pytest.fixture(scope="module")
def before(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("before")
    capture_first(root, Disk())
    assert run_instructions(root).returncode == 0
    assert bagit_accepts(root)
    return root


@pytest.fixture(scope="module")
def after(before: Path, tmp_path_factory: pytest.TempPathFactory) -> tuple[States, int]:
    root = tmp_path_factory.mktemp("after") / "snapshots"
    copy_snapshots(before, root)
    disk = CountingDisk()
    capture_second(root, disk)
    assert run_instructions(root).returncode == 0
    assert bagit_accepts(root)
    return tree_bytes(root), disk.count


def start_again(root: Path, disk: Disk | None = None) -> None:
    disk = disk or CountingDisk()
    with open_writer(
        state_of(root), origin=ORIGIN, software=SOFTWARE, clock=lambda: CLOCK + dt.timedelta(days=7), disk=disk
    ):
        pass
    assert not list(root.glob("staging-*"))
    assert_remembered(root)


def assert_remembered(root: Path) -> None:
    """Check that the bot remembers the head that is in the folder, and that no journal is left."""
    head = state_of(root).memory.head
    assert head is not None
    assert head.sha256 == hashlib.sha256((root / "CHECKPOINT").read_bytes()).hexdigest()
    assert not state_of(root).journal.exists()


@pytest.mark.parametrize("broken", [KillingDisk, PowerCutDisk])
def test_a_crash_at_any_operation_leaves_the_old_state_or_the_new(
    before: Path, after: tuple[States, int], tmp_path: Path, broken: type[KillingDisk]
) -> None:
    old, (new, operations) = tree_bytes(before), after
    seen = []

    for k in range(1, operations + 1):
        root = tmp_path / str(k)
        copy_snapshots(before, root)
        with pytest.raises(Killed):
            capture_second(root, broken(k))
        start_again(root)

        state = tree_bytes(root)
        assert state in (old, new), f"operation {k}: neither the old state nor the new"
        assert verify(root).is_clean
        seen.append(state == new)
        shutil.rmtree(root)

    assert seen == sorted(seen), "once a run counts it stays"
    assert {False, True} == set(seen)


@pytest.mark.parametrize("broken", [pytest.param(KillingDisk, marks=pytest.mark.slow), PowerCutDisk])
def test_a_crash_during_recovery_is_recovered_from(
    before: Path, after: tuple[States, int], tmp_path: Path, broken: type[KillingDisk]
) -> None:
    new, operations = after
    committed = _first_committed(before, operations, tmp_path)

    step = 1 if IS_NIGHTLY else 40
    for k in (*range(committed, operations, step), operations):
        counting = CountingDisk()
        interrupted = tmp_path / f"{k}"
        _interrupt(before, interrupted, k, broken)
        copy_snapshots(interrupted, tmp_path / f"{k}-count")
        start_again(tmp_path / f"{k}-count", counting)
        for j in range(1, counting.count + 1):
            root = tmp_path / f"{k}-{j}"
            copy_snapshots(interrupted, root)
            with pytest.raises(Killed):
                start_again(root, broken(j))
            start_again(root)

            assert tree_bytes(root) == new, f"crash {k}, then {j} during recovery"
            shutil.rmtree(root)
        shutil.rmtree(interrupted)


def _interrupt(before: Path, root: Path, k: int, broken: type[KillingDisk]) -> None:
    copy_snapshots(before, root)
    with pytest.raises(Killed):
        capture_second(root, broken(k))


def _first_committed(before: Path, operations: int, tmp_path: Path) -> int:
    for k in range(1, operations + 1):
        root = tmp_path / f"probe-{k}"
        _interrupt(before, root, k, PowerCutDisk)
        if has_pending(state_of(root)):
            return k
    raise AssertionError("the run was never committed")


@pytest.mark.parametrize(
    ("code", "lasts"),
    [
        (errno.ENOSPC, True),
        (errno.EIO, False),
        *(pytest.param(*case, marks=pytest.mark.slow) for case in ((errno.ENOSPC, False), (errno.EIO, True))),
        *(pytest.param(errno.EACCES, lasts, marks=pytest.mark.slow) for lasts in (False, True)),
    ],
    ids=lambda value: None if isinstance(value, bool) else errno.errorcode[value],
)
def test_an_error_of_the_disk_is_named_and_leaves_the_old_state(
    before: Path, after: tuple[States, int], tmp_path: Path, code: int, lasts: bool
) -> None:
    old, (new, operations) = tree_bytes(before), after
    outcomes = set()

    for k in range(1, operations + 1):
        root = tmp_path / str(k)
        copy_snapshots(before, root)
        disk = FailingDisk(k, code, lasts=lasts)
        complaint = _complaint_of(root, disk)

        assert disk.failed
        if has_pending(state_of(root)):
            assert "completes it" in complaint
            start_again(root)
            expected = new
        else:  # a run that is wholly in place does not complain about what it could not tidy away
            expected = old if complaint else new
            assert not complaint or (os.strerror(code) in complaint and "nothing was changed" in complaint)
        assert tree_bytes(root) == expected, f"operation {k}"
        assert_remembered(root)
        outcomes.add(expected == new)
        shutil.rmtree(root)

    assert outcomes == {False, True}


def _complaint_of(root: Path, disk: Disk) -> str:
    try:
        capture_second(root, disk)
    except SnapshotError as error:
        return str(error)
    return ""

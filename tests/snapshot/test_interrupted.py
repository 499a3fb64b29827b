"""A run that was killed after its commit: the next run completes it, a check only reads."""

import datetime as dt
from datetime import UTC, datetime
from pathlib import Path

import pytest

from bot.operations.snapshot_check import verify_copy
from bot.snapshot.archive.inspection import FindingKind
from bot.snapshot.archive.journal import has_pending
from bot.snapshot.archive.writer import open_writer
from bot.snapshot.verify.verification import verify
from tests.snapshot.breaking_disk import interrupted_capture
from tests.snapshot.small_tree import CLOCK, ORIGIN, SOFTWARE, state_of, tree_bytes


@pytest.fixture
def interrupted(tmp_path: Path) -> Path:
    """Killed half-way through putting files in their places."""
    root = interrupted_capture(tmp_path)
    assert has_pending(state_of(root))
    return root


def test_checking_a_named_folder_reports_the_interruption_and_only_reads(interrupted: Path) -> None:
    before = tree_bytes(interrupted)

    checked = verify_copy(interrupted, now=datetime.now(UTC))

    assert FindingKind.INTERRUPTED in {finding.kind for finding in checked.findings}
    assert tree_bytes(interrupted) == before


def test_the_next_run_completes_the_interrupted_run(interrupted: Path) -> None:
    with open_writer(
        state_of(interrupted), origin=ORIGIN, software=SOFTWARE, clock=lambda: CLOCK + dt.timedelta(days=2)
    ) as writer:
        assert writer.was_recovered

    assert verify(interrupted).is_clean
    assert tree_bytes(interrupted) == tree_bytes(interrupted.parent / "whole")

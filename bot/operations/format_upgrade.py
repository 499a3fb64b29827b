"""Take over snapshots of an earlier format."""

from bot.operations.snapshot_run import find_allowed_signers, find_signer, software
from bot.operations.workspace import Snapshots
from bot.snapshot.archive.checkpoint import Checkpoint
from bot.snapshot.archive.git import GitRepository
from bot.snapshot.capture.upgrade import Upgrade, upgrade


def upgrade_snapshots(snapshots: Snapshots, *, by: str) -> Checkpoint | None:
    """Take over snapshots of format 1; None if they have the present format already."""
    signer = find_signer(snapshots)
    how = Upgrade(software(), snapshots.clock, signer, find_allowed_signers(snapshots), by)
    made = upgrade(snapshots.state, how)
    if made and snapshots.policy.git:
        GitRepository(snapshots.state, signer).commit(f"Run {made.sequence}: take over format 1")
    return made

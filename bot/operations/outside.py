"""The places outside that get each run, also a run that captures nothing: the witnesses, and the mirror."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from bot.operations.mirror import mirror_snapshots, open_mirror
from bot.operations.witnesses import inform_witnesses, make_witnesses
from bot.operations.workspace import Connect, Snapshots, Workspace
from bot.snapshot.mirror.mirror_report import MirrorReport
from bot.snapshot.witness.rounds import Witness, WitnessReport, check_before_run

if TYPE_CHECKING:
    from bot.snapshot.mirror.object_store import ObjectStore


@dataclass(frozen=True, slots=True)
class OutsideReport:
    """What the places outside have after a run."""

    witnesses: tuple[WitnessReport, ...]
    mirror: MirrorReport | None

    @property
    def alarms(self) -> tuple[WitnessReport | MirrorReport, ...]:
        """The places about which a person has to do something."""
        mirrors = () if self.mirror is None or self.mirror.is_fine else (self.mirror,)
        return (*(report for report in self.witnesses if report.needs_attention), *mirrors)


@dataclass(frozen=True, slots=True)
class Outside:
    """The places outside of one snapshots folder, opened before the run, so that wrong settings stop it."""

    snapshots: Snapshots
    witnesses: Sequence[Witness]
    store: "ObjectStore | None"

    def check(self) -> None:
        """Raise `ContinuityError` if a witness shows a head that the snapshots do not descend from."""
        check_before_run(self.snapshots.state, self.witnesses)

    def inform(self) -> OutsideReport:
        """Bring every place to the newest head."""
        told = inform_witnesses(self.snapshots, self.witnesses)
        return OutsideReport(told, mirror_snapshots(self.snapshots, self.store))


def open_outside(connect: Connect, workspaces: Sequence[Workspace], snapshots: Snapshots) -> Outside:
    """Return the places in the settings; raises `SettingsError` if a secret is missing or an address is wrong."""
    return Outside(snapshots, make_witnesses(connect, workspaces, snapshots), open_mirror(snapshots))

"""Extend a verification by what needs more than the folder: time stamps, witnesses, and rendering again."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, fields, replace
from datetime import datetime
from pathlib import Path

from bot.config.policy import ObjectStoreSettings, SnapshotSettings, WitnessKind
from bot.errors import SettingsError
from bot.operations.converter_pool import open_converter
from bot.operations.mirror import open_store
from bot.operations.snapshot_run import read_signers
from bot.operations.witnesses import make_witnesses
from bot.operations.workspace import Connect, Snapshots, Workspace
from bot.snapshot.archive.checkpoint import HEAD
from bot.snapshot.archive.file_tree import Tree, UnlistedTree
from bot.snapshot.archive.inspection import Finding, FindingKind
from bot.snapshot.capture.rendition_check import RenditionReport, check_renditions
from bot.snapshot.verify.stamp_check import StampReport, check_stamps
from bot.snapshot.verify.verification import Verification, verify
from bot.snapshot.witness.rounds import WitnessReport, WitnessState, ask


@dataclass(frozen=True, slots=True)
class FullCheck:
    """A verification whose findings include those of the further checks; None for what was not asked for."""

    basic: Verification
    stamps: StampReport
    witnesses: tuple[WitnessReport, ...] | None = None
    renditions: RenditionReport | None = None

    @property
    def open_questions(self) -> tuple[str, ...]:
        """What was asked for and could not be checked."""
        silent = (report for report in self.witnesses or () if report.state is not WitnessState.CONFIRMED)
        others = self.renditions.uncheckable if self.renditions else ()
        return (*(str(report) for report in silent if report.state is not WitnessState.REFUSED), *map(str, others))

    def as_json(self) -> dict[str, object]:
        """Return the fields of the verification, and one for each further check."""
        shown: dict[str, object] = {field.name: getattr(self.basic, field.name) for field in fields(self.basic)}
        more = {"stamps": self.stamps, "witnesses": self.witnesses, "renditions": self.renditions}
        return shown | more | {"open_questions": self.open_questions}


@dataclass(frozen=True, slots=True)
class FurtherChecks:
    """What is checked: stamps against *tsa_ca*, what witnesses *said*, the Markdown as *converter* says."""

    tsa_ca: Path | None = None
    said: tuple[WitnessReport, ...] | None = None
    converter: SnapshotSettings | None = None

    @property
    def confirmed(self) -> tuple[str, ...]:
        """The digests that witnesses confirmed."""
        return tuple(report.digest for report in self.said or () if report.digest)


def extend(
    checked: Verification,
    further: FurtherChecks,
    *,
    now: datetime,
    tree: Tree | None = None,
    on_page: Callable[[str, int], None] = lambda _title, _total: None,
) -> FullCheck:
    """Return *checked* with the further checks; *tree* is what was checked, if it is no folder.

    On a tree with findings, no page is rendered.
    """
    root = Path(checked.root)
    refused = [each for each in further.said or () if each.state is WitnessState.REFUSED]
    findings = [Finding(FindingKind.WITNESS, HEAD, each.message) for each in refused]
    stamps, renditions = StampReport(), None
    if checked.is_clean:
        stamps = check_stamps(tree or UnlistedTree(root), further.tsa_ca, now=now)
        findings += stamps.findings
        if further.converter is not None:
            with open_converter(further.converter) as executor:
                renditions = check_renditions(root, executor, on_page=on_page)
            findings += renditions.findings
    basic = replace(checked, findings=(*checked.findings, *findings))
    full = FullCheck(basic, stamps, further.said, renditions)
    is_proved = basic.is_clean and not full.open_questions
    return full if is_proved else replace(full, basic=replace(basic, proof=None))


def verify_store(
    address: str,
    settings: ObjectStoreSettings,
    further: FurtherChecks,
    *,
    now: datetime,
    witnesses: Sequence[str] = (),
    signers: Path | None = None,
    rotate: bool = False,
) -> FullCheck:
    """Verify the snapshots at *address* in object storage, streamed from there; read-only."""
    text = read_signers(signers) if signers else None
    store = open_store(address, settings)
    from bot.snapshot.mirror.stored_tree import StoredTree

    with StoredTree(store) as tree:
        portion = now.toordinal() if rotate else None
        basic = verify(tree.place, witnesses=witnesses, allowed_signers=text, portion=portion, now=now, tree=tree)
        return extend(basic, further, now=now, tree=tree)


def find_tsa_ca(snapshots: Snapshots) -> Path | None:
    """Return the certificates of the time stamp authority in the settings."""
    return next((each.ca for each in snapshots.policy.witnesses if each.ca is not None), None)


def ask_witnesses(
    connect: Connect, workspaces: Sequence[Workspace], snapshots: Snapshots, root: Path
) -> tuple[WitnessReport, ...]:
    """Compare what each witness shows with the heads of *root*, and with what it confirmed before.

    Raises `SettingsError` if no witness shows heads.
    """
    if not has_askable(snapshots):
        raise SettingsError("snapshots.witnesses: no page, webhook or git branch is configured, so none can be asked")
    kinds = tuple(each for each in snapshots.policy.witnesses if each.kind is not WitnessKind.TIMESTAMP)
    policy = snapshots.policy.model_copy(update={"witnesses": kinds})
    witnesses = make_witnesses(connect, workspaces, replace(snapshots, policy=policy))
    return tuple(ask(root, witnesses, snapshots.state.recalled))


def has_askable(snapshots: Snapshots) -> bool:
    """Return whether the settings name a witness that shows a head."""
    return any(each.kind is not WitnessKind.TIMESTAMP for each in snapshots.policy.witnesses)

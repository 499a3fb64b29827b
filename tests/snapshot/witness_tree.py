"""What tests of witnesses share: one round with a witness, and other histories of the small tree."""

import datetime as dt
import shutil
from pathlib import Path

from bot.snapshot.archive.disk import Disk
from bot.snapshot.archive.signature import Signer
from bot.snapshot.witness.own_chain import read_chain
from bot.snapshot.witness.rounds import Witness, WitnessReport, inform
from tests.snapshot.small_tree import capture_first, capture_second, state_of

NOW = dt.datetime(2026, 11, 26, 12, tzinfo=dt.UTC)


def tell(root: Path, *witnesses: Witness) -> tuple[WitnessReport, ...]:
    """Publish the head of *root* to the witnesses."""
    return inform(state_of(root), witnesses)


def tell_one(root: Path, witness: Witness) -> WitnessReport:
    (report,) = tell(root, witness)
    return report


def first(root: Path, signer: Signer | None = None) -> str:
    """Make run 1 and return its digest."""
    capture_first(root, Disk(), signer=signer)
    return digest_of(root)


def second(root: Path, signer: Signer | None = None) -> str:
    """Make run 2 and return its digest."""
    capture_second(root, Disk(), signer=signer)
    return digest_of(root)


def digest_of(root: Path) -> str:
    chain = read_chain(root)
    assert chain is not None
    return chain.head.mark.digest


def copy_of(root: Path) -> Path:
    """Return a copy of the folder, as a backup has it."""
    return Path(shutil.copytree(root, root.with_name("copy")))


def put_back(root: Path, copy: Path) -> None:
    """Replace the folder by a copy."""
    shutil.rmtree(root)
    shutil.copytree(copy, root)

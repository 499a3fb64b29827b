"""Verify all files of a snapshots folder, and return findings with the file and the problem."""

import zlib
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from bot.errors import EvidenceError
from bot.snapshot.archive.bag import bag_names, sha256
from bot.snapshot.archive.checkpoint import HEAD, Checkpoint
from bot.snapshot.archive.file_tree import Tree
from bot.snapshot.archive.folder import STAGING, is_being_written
from bot.snapshot.archive.head_check import check_bag_tags, check_head, load_sums
from bot.snapshot.archive.inspection import Finding, FindingKind, Inspection, ordered
from bot.snapshot.verify.bag_check import check_consistency, check_payload
from bot.snapshot.verify.chain import Chain, check_chain, check_no_unsigning, check_witness

PORTIONS = 7
"""A rotating check hashes one of seven parts of the payload, so that a week covers all files."""


@dataclass(frozen=True, slots=True)
class Verification:
    """The result of a verification. *runs* is the number of heads in the chain."""

    root: Path
    findings: tuple[Finding, ...]
    head: Checkpoint | None
    head_digest: str | None
    runs: int
    bags: int
    hashed_files: int
    hashed_bytes: int
    is_partial: bool
    is_signer_checked: bool

    @property
    def is_clean(self) -> bool:
        """Whether there are no findings."""
        return not self.findings


def verify(
    root: Path,
    *,
    witness: str | None = None,
    allowed_signers: str | None = None,
    portion: int | None = None,
    tree: Tree | None = None,
) -> Verification:
    """Verify everything under *root*; *portion* (any number, for example of the day) hashes a seventh of the payload.

    *witness* is the SHA-256 of a `CHECKPOINT` that was published elsewhere. Read-only.
    """
    inspection = Inspection(tree or Tree(root))
    if not inspection.tree.files:
        raise EvidenceError(f"there are no snapshots in {root}; `wikibot snapshot` makes the first")
    _skip_staging(inspection)
    head = check_head(inspection, allowed_signers, must_be_signed=allowed_signers is not None)
    bags = bag_names(load_sums(inspection))
    for bag in bags:
        _check_bag(inspection, bag, _due(portion))
    chain = check_chain(inspection, head) if head else Chain()
    check_no_unsigning(inspection, chain)
    if witness:
        check_witness(inspection, chain, witness)
    inspection.findings += inspection.iter_strays()
    return Verification(
        root,
        ordered(inspection.findings),
        head,
        sha256(inspection.tree.read(HEAD)) if head else None,
        len(chain.heads),
        len(bags),
        inspection.tree.hashed_files,
        inspection.tree.hashed_bytes,
        portion is not None,
        bool(allowed_signers and head and head.signed_by),
    )


def _skip_staging(inspection: Inspection) -> None:
    """Do not look into staging folders; while no run is writing, report each as the rest of an interrupted run."""
    tree = inspection.tree
    staged = {path for path in tree.files | tree.others if STAGING.fullmatch(path.partition("/")[0])}
    if staged and not is_being_written(tree.root):
        for name in {path.partition("/")[0] for path in staged}:
            message = "a capture was interrupted here; the next `wikibot snapshot` completes or discards it"
            inspection.report(FindingKind.INTERRUPTED, name, message)
    inspection.named |= staged


def _check_bag(inspection: Inspection, bag: str, is_due: Callable[[str], bool]) -> None:
    manifest = check_bag_tags(inspection, bag)
    if manifest is None:
        return
    check_payload(inspection, bag, manifest, is_due)
    check_consistency(inspection, bag, manifest)


def _due(portion: int | None) -> Callable[[str], bool]:
    if portion is None:
        return lambda _path: True
    return lambda path: zlib.crc32(path.encode()) % PORTIONS == portion % PORTIONS

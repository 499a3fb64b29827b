"""Root → findings: check the snapshots as an auditor would, and say of each flaw which file and what."""

import zlib
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from bot.errors import EvidenceError
from bot.snapshot.archive.bag import TAG_MANIFEST, sha256
from bot.snapshot.archive.checkpoint import HEAD, SUMS, Checkpoint
from bot.snapshot.archive.journal import has_pending
from bot.snapshot.verify.bag_check import check_bag_tags, check_consistency, check_payload
from bot.snapshot.verify.chain import Chain, check_chain, check_head, check_no_unsigning, check_witness, load_sums
from bot.snapshot.verify.file_tree import Tree, UnlistedTree
from bot.snapshot.verify.finding import Finding, FindingKind, Inspection

PORTIONS = 7
"""A rotating check hashes one payload file in seven, so that a week covers all."""


@dataclass(frozen=True, slots=True)
class Verification:
    """The outcome of a check. *runs* counts the heads whose chain was followed."""

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
        """Tell whether nothing was found."""
        return not self.findings


def verify(
    root: Path,
    *,
    witness: str | None = None,
    allowed_signers: str | None = None,
    portion: int | None = None,
    tree: Tree | None = None,
) -> Verification:
    """Check everything under *root*; *portion* (any number, say the day's) hashes only a seventh of the payload.

    *witness* is the SHA-256 of a `CHECKPOINT` that was published elsewhere. Only reads.
    """
    inspection = Inspection(tree or Tree(root))
    if not inspection.tree.files:
        raise EvidenceError(f"there are no snapshots in {root}; `wikibot snapshot` makes the first")
    if has_pending(root):
        message = "a capture was interrupted after it was committed; `wikibot snapshot` completes it"
        inspection.report(FindingKind.INTERRUPTED, HEAD, message)
    head = check_head(inspection, allowed_signers, must_be_signed=allowed_signers is not None)
    bags = _bag_names(load_sums(inspection))
    for bag in bags:
        _check_bag(inspection, bag, _due(portion))
    chain = check_chain(inspection, head) if head else Chain()
    check_no_unsigning(inspection, chain)
    if witness:
        check_witness(inspection, chain, witness)
    inspection.findings += inspection.iter_strays()
    return Verification(
        root,
        _ordered(inspection.findings),
        head,
        sha256(inspection.tree.read(HEAD)) if head else None,
        len(chain.heads),
        len(bags),
        inspection.tree.hashed_files,
        inspection.tree.hashed_bytes,
        portion is not None,
        bool(allowed_signers and head and head.signed_by),
    )


def check_before_writing(root: Path, allowed_signers: str | None) -> None:
    """Refuse to build on a head or tag files that someone else has changed: signing them would hide it.

    Payload is not read; a change to it stays visible, since its digests are carried over and never made anew.
    A head without a signature is built on, so that signing can begin with any run. Raises `EvidenceError`.
    """
    inspection = Inspection(UnlistedTree(root))
    if not inspection.tree.has_file(HEAD):
        if any(map(inspection.tree.has_file, (SUMS, "VERIFY.md"))):
            raise EvidenceError(f"{root} holds snapshots without their {HEAD}; restore them from a copy")
        return
    check_head(inspection, allowed_signers, must_be_signed=False)
    for bag in _bag_names(load_sums(inspection)):
        check_bag_tags(inspection, bag)
    if inspection.findings:
        first = _ordered(inspection.findings)[0]
        raise EvidenceError(
            f"nothing is written on top of snapshots that were changed by someone else: {root / first.path} "
            f"{first.message}; see `wikibot verify`, and restore them from a copy"
        )


def _check_bag(inspection: Inspection, bag: str, is_due: Callable[[str], bool]) -> None:
    manifest = check_bag_tags(inspection, bag)
    if manifest is None:
        return
    check_payload(inspection, bag, manifest, is_due)
    check_consistency(inspection, bag, manifest)


def _bag_names(sums: dict[str, str]) -> list[str]:
    return [path.rpartition("/")[0] for path in sums if path.endswith(f"/{TAG_MANIFEST}")]


def _due(portion: int | None) -> Callable[[str], bool]:
    if portion is None:
        return lambda _path: True
    return lambda path: zlib.crc32(path.encode()) % PORTIONS == portion % PORTIONS


def _ordered(findings: list[Finding]) -> tuple[Finding, ...]:
    return tuple(sorted(set(findings), key=lambda finding: (finding.path, finding.kind, finding.message)))

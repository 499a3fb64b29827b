"""Check the head and the tag files, before a run and at the start of each verification."""

import hashlib
import re
from pathlib import Path

from bot.errors import EvidenceError, SnapshotError
from bot.snapshot.archive.bag import BAGIT_TXT, MANIFEST, TAG_FILES, TAG_MANIFEST, bag_names, parse_manifest
from bot.snapshot.archive.checkpoint import (
    HEAD,
    SIGNATURE,
    STAMP,
    SUMS,
    Checkpoint,
    find_wrong_lines,
    parse_checkpoint,
)
from bot.snapshot.archive.file_tree import UnlistedTree
from bot.snapshot.archive.inspection import FindingKind, Inspection, ordered
from bot.snapshot.archive.signature import find_flaw

_TOP_FILES = {".gitattributes", "README.md", "VERIFY.md"}
_BAG_LINE = re.compile(rf"[A-Za-z0-9_][A-Za-z0-9._-]*/{re.escape(TAG_MANIFEST)}")


def check_before_writing(root: Path, allowed_signers: str | None) -> None:
    """Raise `EvidenceError` if someone else changed the head or tag files: a new signature would hide the change.

    The payload is not read; a change to it stays detectable, because digests are copied and never computed again.
    A head without a signature is accepted, so that signing can start with any run.
    """
    inspection = Inspection(UnlistedTree(root))
    if not inspection.tree.has_file(HEAD):
        if any(map(inspection.tree.has_file, (SUMS, "VERIFY.md"))):
            raise EvidenceError(f"{root} contains snapshots without {HEAD}; restore them from a copy")
        return
    head = check_head(inspection, allowed_signers, must_be_signed=False)
    refuse_first_format(root, head)
    for bag in bag_names(load_sums(inspection)):
        _check_tags(inspection, bag)
    if inspection.findings:
        first = ordered(inspection.findings)[0]
        raise EvidenceError(
            f"nothing is written on top of snapshots that were changed by someone else: {root / first.path} "
            f"{first.message}; see `wikibot verify`, and restore them from a copy"
        )


def refuse_first_format(root: Path, head: Checkpoint | None) -> None:
    """Raise `SnapshotError` for snapshots of format 1: nothing is wrong with them."""
    if head is not None and head.format == 1:
        raise SnapshotError(
            f"the snapshots in {root} have format 1, which only `wikibot verify` reads, without --renditions; the "
            "owner of the bot takes them over with `wikibot evidence upgrade`, after a backup"
        )


def check_head(inspection: Inspection, allowed_signers: str | None, *, must_be_signed: bool) -> Checkpoint | None:
    """Check the head, its signature and the files that it lists; None if no head can be read."""
    data = inspection.read(HEAD)
    if data is None:
        return None
    try:
        head = parse_checkpoint(data)
    except EvidenceError as error:
        inspection.report(FindingKind.MALFORMED, HEAD, str(error))
        return None
    for flaw in find_wrong_lines(head):
        inspection.report(FindingKind.MALFORMED, HEAD, flaw)
    _check_signature(inspection, head, data, allowed_signers, must_be_signed=must_be_signed)
    if head.key and inspection.tree.has_file(STAMP):
        check_stamped(inspection, STAMP)
    inspection.check_digests(head.digests, witness=HEAD)
    return head


def check_stamped(inspection: Inspection, stamp: str) -> None:
    """Check that a time stamp has the digest of the signature next to it; who made the stamp is checked elsewhere."""
    signature = f"{stamp.removesuffix('.tsr')}.sig"
    data = inspection.read(stamp)
    if data is None or not inspection.tree.has_file(signature):
        return
    if hashlib.sha256(inspection.read(signature) or b"").digest() not in data:
        inspection.report(FindingKind.TIME, stamp, f"is not a time stamp of {signature}")


def load_sums(inspection: Inspection) -> dict[str, str]:
    """Check the files that `SHA256SUMS` lists, and return their digests; empty if `SHA256SUMS` cannot be read."""
    if not inspection.tree.has_file(SUMS):
        inspection.is_there(SUMS)
        return {}
    data = inspection.read(SUMS)
    try:
        sums = parse_manifest(data or b"", name=SUMS)
    except EvidenceError as error:
        inspection.report(FindingKind.MALFORMED, SUMS, str(error))
        return {}
    _check_listed(inspection, sums)
    inspection.check_digests(sums, witness=SUMS)
    return sums


def _check_listed(inspection: Inspection, sums: dict[str, str]) -> None:
    """Find lines of `SHA256SUMS` that the format does not have: only three files, and the tag manifest of each bag."""
    for name in _TOP_FILES - sums.keys():
        inspection.report(FindingKind.MALFORMED, SUMS, f"does not list {name}")
    for path in sums.keys() - _TOP_FILES:
        if not _BAG_LINE.fullmatch(path):
            inspection.report(FindingKind.MALFORMED, SUMS, f"lists {path}, which the format does not have")


def check_bag_tags(inspection: Inspection, bag: str) -> dict[str, str] | None:
    """Check the tag files of *bag* and return its manifest; None if the manifest cannot be read."""
    _check_tags(inspection, bag)
    if not inspection.tree.has_file(f"{bag}/{MANIFEST}"):
        return None
    return _read_manifest(inspection, f"{bag}/{MANIFEST}")


def _check_tags(inspection: Inspection, bag: str) -> None:
    tags = _read_manifest(inspection, f"{bag}/{TAG_MANIFEST}")
    if tags is None:
        tags = {}
    elif set(tags) != set(TAG_FILES):
        wrong = ", ".join(sorted(set(tags) ^ set(TAG_FILES)))
        inspection.report(
            FindingKind.MALFORMED, f"{bag}/{TAG_MANIFEST}", f"does not list exactly the tag files: {wrong}"
        )
    inspection.check_digests(tags, prefix=f"{bag}/", witness=f"{bag}/{TAG_MANIFEST}")
    for name in TAG_FILES:
        if name not in tags:
            inspection.is_there(f"{bag}/{name}")
    if inspection.tree.has_file(f"{bag}/bagit.txt") and inspection.read(f"{bag}/bagit.txt") != BAGIT_TXT:
        inspection.report(FindingKind.MALFORMED, f"{bag}/bagit.txt", "does not declare BagIt 1.0 and UTF-8")


def _check_signature(
    inspection: Inspection, head: Checkpoint, data: bytes, allowed_signers: str | None, *, must_be_signed: bool
) -> None:
    if head.key is None:
        if must_be_signed:
            inspection.report(FindingKind.SIGNATURE, HEAD, "is not signed, though allowed signers were given")
        return
    signature = inspection.read(SIGNATURE)
    if signature is None:
        return
    flaw = find_flaw(data, signature, allowed_signers, key=head.key, when=head.time)
    if flaw:
        inspection.report(FindingKind.SIGNATURE, SIGNATURE, flaw)


def _read_manifest(inspection: Inspection, path: str) -> dict[str, str] | None:
    data = inspection.read(path)
    if data is None:
        return None
    try:
        return parse_manifest(data, name=path)
    except EvidenceError as error:
        inspection.report(FindingKind.MALFORMED, path, str(error))
        return None

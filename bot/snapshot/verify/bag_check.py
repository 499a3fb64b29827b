"""Check one bag: its tag files by the tag manifest, its payload by the manifest, its page entries by both."""

from collections.abc import Callable

from bot.errors import EvidenceError
from bot.snapshot.archive.bag import (
    BAGIT_TXT,
    MANIFEST,
    PAGES,
    TAG_FILES,
    TAG_MANIFEST,
    parse_bag_info,
    parse_manifest,
)
from bot.snapshot.archive.entry import parse_entries
from bot.snapshot.verify.finding import FindingKind, Inspection


def check_bag_tags(inspection: Inspection, bag: str) -> dict[str, str] | None:
    """Check the tag files of *bag* and return its manifest; None when that cannot be read."""
    tags = _read_manifest(inspection, f"{bag}/{TAG_MANIFEST}")
    if tags is None:
        tags = {}
    elif set(tags) != set(TAG_FILES):
        wrong = ", ".join(sorted(set(tags) ^ set(TAG_FILES)))
        inspection.report(FindingKind.MALFORMED, f"{bag}/{TAG_MANIFEST}", f"lists more or less than it should: {wrong}")
    inspection.check_digests(tags, prefix=f"{bag}/", witness=f"{bag}/{TAG_MANIFEST}")
    for name in TAG_FILES:
        if name not in tags:
            inspection.is_there(f"{bag}/{name}")
    if inspection.tree.has_file(f"{bag}/bagit.txt") and inspection.read(f"{bag}/bagit.txt") != BAGIT_TXT:
        inspection.report(FindingKind.MALFORMED, f"{bag}/bagit.txt", "does not say BagIt 1.0 in UTF-8")
    if not inspection.tree.has_file(f"{bag}/{MANIFEST}"):
        return None
    return _read_manifest(inspection, f"{bag}/{MANIFEST}")


def check_payload(inspection: Inspection, bag: str, manifest: dict[str, str], is_due: Callable[[str], bool]) -> None:
    """Check that every payload file is there, and hash those for which *is_due* says so."""
    witness = f"{bag}/{MANIFEST}"
    for path, digest in manifest.items():
        full = f"{bag}/{path}"
        if not path.startswith("data/"):
            inspection.report(FindingKind.MALFORMED, witness, f"lists {path}, which is not payload")
        if is_due(full):
            inspection.check_digest(full, digest, witness=witness)
        else:
            inspection.is_there(full, witness=witness)


def check_consistency(inspection: Inspection, bag: str, manifest: dict[str, str]) -> None:
    """Check that entries and bag-info speak of the payload that the manifest lists."""
    try:
        info = parse_bag_info(inspection.tree.read(f"{bag}/bag-info.txt"), name=f"{bag}/bag-info.txt")
        entries = parse_entries(inspection.tree.read(f"{bag}/{PAGES}"), name=f"{bag}/{PAGES}")
    except EvidenceError as error:
        inspection.report(FindingKind.MALFORMED, bag, str(error))
        return
    except OSError:
        return  # reported as missing already
    if info.get("Payload-Oxum", "").partition(".")[2] != str(len(manifest)):
        inspection.report(FindingKind.MALFORMED, f"{bag}/bag-info.txt", "counts other files than the manifest")
    for entry in entries.values():
        for path in {entry.path, entry.record_path, *entry.sources}:
            if path in manifest:
                continue
            message = f"speaks of {path} for page {entry.page_id}, which the manifest does not list"
            inspection.report(FindingKind.MALFORMED, f"{bag}/{PAGES}", message)


def _read_manifest(inspection: Inspection, path: str) -> dict[str, str] | None:
    data = inspection.read(path)
    if data is None:
        return None
    try:
        return parse_manifest(data, name=path)
    except EvidenceError as error:
        inspection.report(FindingKind.MALFORMED, path, str(error))
        return None

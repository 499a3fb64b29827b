"""Check the payload of one bag against its manifest."""

from collections.abc import Callable

from bot.errors import EvidenceError
from bot.snapshot.archive.bag import MANIFEST, PAGES, parse_bag_info
from bot.snapshot.archive.first_format import parse_first_lines
from bot.snapshot.archive.inspection import FindingKind, Inspection
from bot.snapshot.verify.record_reader import RecordReader


def check_payload(
    inspection: Inspection,
    bag: str,
    manifest: dict[str, str],
    is_due: Callable[[str], bool],
    records: RecordReader,
) -> list[str]:
    """Check that every payload file exists, and hash the files for which *is_due* returns true; return all paths."""
    witness = f"{bag}/{MANIFEST}"
    listed = {f"{bag}/{path}": digest for path, digest in manifest.items()}
    due = list(filter(is_due, listed))
    inspection.tree.expect(due)
    if not manifest:
        inspection.report(FindingKind.MALFORMED, witness, "lists no file; a bag begins with its first page")
    for path in manifest:
        if not path.startswith("data/"):
            inspection.report(FindingKind.MALFORMED, witness, f"lists {path}, which is not payload")
    missing = inspection.find_missing(listed, witness=witness)
    for full in due:
        if full not in missing:
            inspection.compare_digest(full, listed[full], witness=witness, take=records.reader(full))
    return list(listed)


def check_first_format(inspection: Inspection, bag: str, manifest: dict[str, str]) -> None:
    """Check, for format 1, that page entries and `bag-info.txt` agree with the payload in the manifest."""
    try:
        info = parse_bag_info(inspection.tree.read(f"{bag}/bag-info.txt"), name=f"{bag}/bag-info.txt")
        lines = parse_first_lines(inspection.tree.read(f"{bag}/{PAGES}"), name=f"{bag}/{PAGES}")
    except EvidenceError as error:
        inspection.report(FindingKind.MALFORMED, bag, str(error))
        return
    except OSError:
        return  # already reported as missing
    if info.get("Payload-Oxum", "").partition(".")[2] != str(len(manifest)):
        inspection.report(FindingKind.MALFORMED, f"{bag}/bag-info.txt", "counts other files than the manifest")
    for line in lines.values():
        for path in {line.path, line.record_path, *line.sources}:
            if path in manifest:
                continue
            message = f"speaks of {path} for page {line.page_id}, which the manifest does not list"
            inspection.report(FindingKind.MALFORMED, f"{bag}/{PAGES}", message)

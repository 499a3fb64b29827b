"""Copy the pages that changed in a period to a separate bag, with proof of their provenance."""

import shutil
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from bot.errors import SnapshotError
from bot.escape import escape_markdown
from bot.plural import counted
from bot.snapshot.archive import paths
from bot.snapshot.archive.bag import BAGIT_TXT, MANIFEST, TAG_MANIFEST, Bag, render_manifest, sha256
from bot.snapshot.archive.checkpoint import HEAD, SIGNATURE, SUMS, Checkpoint
from bot.snapshot.archive.entry import PageEntry
from bot.snapshot.archive.library import Library
from bot.snapshot.query.period import Period
from bot.snapshot.query.timeline import describe_status, iter_log

_PROOF = "proof"
_README = """\
# {count}, {period}

From the snapshots of {origin}, head of run {sequence}, SHA-256 `{digest}`.

This folder is a BagIt bag (RFC 8493): `bagit.py --validate .`, or `sha256sum -c manifest-sha256.txt`, proves that
nothing in it was changed since it was exported. `pages` contains the pages as Markdown, each page's storage format as
received, the records of its captures, and its files.

`proof` shows that they are the evidence itself: it contains the lists of the snapshots that they come from. Run
in the folder above this one:

```sh
( cd data/proof && sha256sum -c --strict --ignore-missing CHECKPOINT SHA256SUMS )
for manifest in data/proof/*/manifest-sha256.txt; do
  bag=$(basename "$(dirname "$manifest")")
  ( cd "data/proof/$bag" && sha256sum -c --strict --ignore-missing tagmanifest-sha256.txt )
  ( cd "data/pages/$bag" && sha256sum -c --strict --ignore-missing "../../proof/$bag/manifest-sha256.txt" )
done
```

Where `data/proof/CHECKPOINT.sig` is present, check it as `VERIFY.md` there says under 1, in `data/proof`.

| Page | Status | Version | Captured |
|---|---|--:|---|
{rows}
"""


@dataclass(frozen=True, slots=True)
class Export:
    """The result of an export."""

    folder: Path
    pages: int
    files: int


def export(
    library: Library,
    target: Path,
    period: Period,
    *,
    wanted: tuple[str, ...] = (),
    software: str,
    on_page: Callable[[str, int], None] = lambda _title, _total: None,
) -> Export:
    """Write a self-contained bag to *target*: the pages with an event in *period*, or those of them in *wanted*.

    Raises `SnapshotError` if there is nothing to export, or *target* is not empty.
    """
    head = library.head
    if head is None:
        raise SnapshotError(f"there are no snapshots in {library.root}")
    if target.exists() and any(target.iterdir()):
        raise SnapshotError(f"{target} is not empty; name a new folder to export to")
    chosen = _choose(library, period, wanted)
    if not chosen:
        raise SnapshotError(f"no captured page has an event in that period ({period})")
    for bag, entry in chosen:
        on_page(entry.title, len(chosen))
        for path in page_files(bag, entry):
            _copy(library.root / bag.name / path, target / "data/pages" / bag.name / path)
    _copy_proof(library, target / "data" / _PROOF, {bag.name for bag, _ in chosen}, period)
    _write(target / "data/README.md", _render_readme(library, head, chosen, period))
    files = _seal(target, head, period, software)
    return Export(target, len(chosen), files)


def page_files(bag: Bag, entry: PageEntry) -> list[str]:
    """Return all payload files of a page."""
    folders = (f"{paths.source_folder(entry.page_id)}/", f"{paths.attachment_folder(entry.page_id)}/")
    return [entry.path, *sorted(path for path in bag.manifest if path.startswith(folders))]


def _choose(library: Library, period: Period, wanted: tuple[str, ...]) -> list[tuple[Bag, PageEntry]]:
    touched = {
        page_id for logged in iter_log(library.root) if period.contains(logged.when) for page_id in logged.event.objects
    }
    pages = [library.get_page(page) for page in wanted] or list(library.iter_entries())
    return [(bag, entry) for bag, entry in pages if entry.page_id in touched]


def _copy_proof(library: Library, proof: Path, bags: set[str], period: Period) -> None:
    """Copy the head, the files between the head and the pages, and the logs of the runs in the period."""
    root = library.root
    for name in (HEAD, SIGNATURE, SUMS, "README.md", "VERIFY.md", ".gitattributes"):
        if (root / name).is_file():
            _copy(root / name, proof / name)
    for bag in bags:
        for name in (TAG_MANIFEST, MANIFEST, "bagit.txt", "bag-info.txt", "pages.jsonl", "README.md"):
            _copy(root / bag / name, proof / bag / name)
    runs = {logged.sequence for logged in iter_log(root) if period.contains(logged.when)}
    for path in root.glob("log/*/*"):
        if int(path.name.partition(".")[0]) in runs or path.name.endswith((".checkpoint", ".sig")):
            _copy(path, proof / path.relative_to(root))


def _render_readme(library: Library, head: Checkpoint, chosen: list[tuple[Bag, PageEntry]], period: Period) -> bytes:
    rows = "\n".join(
        f"| [{escape_markdown(entry.title) or 'untitled'}](pages/{bag.name}/{entry.path}) "
        f"| {escape_markdown(describe_status(entry))} | {entry.version} | {entry.captured_at.date().isoformat()} |"
        for bag, entry in chosen
    )
    digest = sha256((library.root / HEAD).read_bytes())
    text = _README.format(
        count=counted(len(chosen), "captured page"),
        period=period,
        origin=head.origin,
        sequence=head.sequence,
        digest=digest,
        rows=rows,
    )
    return text.encode("utf-8", "replace")


def _seal(target: Path, head: Checkpoint, period: Period, software: str) -> int:
    """Write the tag files of the new bag, and return the number of payload files."""
    payload = {
        path.relative_to(target).as_posix(): path.read_bytes()
        for path in sorted((target / "data").rglob("*"))
        if path.is_file()
    }
    info = {
        "Bag-Group-Identifier": head.origin,
        "Bag-Software-Agent": software,
        "Bagging-Date": head.time.date().isoformat(),
        "External-Description": f"Pages captured from a wiki, {period}",
        "Payload-Oxum": f"{sum(map(len, payload.values()))}.{len(payload)}",
    }
    tags = {
        "bag-info.txt": "".join(f"{label}: {value}\n" for label, value in sorted(info.items())).encode(),
        "bagit.txt": BAGIT_TXT,
        MANIFEST: render_manifest({path: sha256(data) for path, data in payload.items()}),
    }
    tags[TAG_MANIFEST] = render_manifest({path: sha256(data) for path, data in tags.items()})
    for path, data in tags.items():
        _write(target / path, data)
    return len(payload)


def _copy(source: Path, target: Path) -> None:
    target.parent.mkdir(parents=True, exist_ok=True)
    shutil.copyfile(source, target)


def _write(path: Path, data: bytes) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(data)

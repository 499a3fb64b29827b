"""Copy the pages that changed in a period to a separate bag, with proof of their provenance."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from bot.errors import SnapshotError
from bot.escape import escape_markdown
from bot.files import read_file
from bot.plural import counted
from bot.snapshot.archive import paths
from bot.snapshot.archive.bag import BAGIT_TXT, MANIFEST, TAG_MANIFEST, Bag, parse_manifest, render_manifest, sha256
from bot.snapshot.archive.checkpoint import HEAD, SIGNATURE, SUMS, Checkpoint
from bot.snapshot.archive.entry import PageEntry
from bot.snapshot.archive.folder import Folder
from bot.snapshot.archive.library import Library
from bot.snapshot.query.period import Period
from bot.snapshot.query.timeline import describe_status

_PROOF = "proof"
_README = """\
# {count}, {period}

From the snapshots of {origin}, head of run {sequence}, SHA-256 `{digest}`.

{signed}

This folder is a BagIt bag (RFC 8493): `bagit.py --validate .`, or `sha256sum -c manifest-sha256.txt`, shows whether its
files agree with its lists. `pages` contains the pages as Markdown, each page's storage format as
received, the records of its captures, and its files.

`proof` shows that they come from the snapshots with this head: it contains the lists of those snapshots. Run in the
folder above this one, with the variable `ALLOWED_SIGNERS` for a signed head: the path of a file with the public key,
which you got by another way than this folder.

```sh
( cd data/proof && sha256sum -c --strict --ignore-missing CHECKPOINT SHA256SUMS )
for manifest in data/proof/*/manifest-sha256.txt; do
  bag=$(basename "$(dirname "$manifest")")
  ( cd "data/proof/$bag" && sha256sum -c --strict --ignore-missing tagmanifest-sha256.txt )
  ( cd "data/pages/$bag" && sha256sum -c --strict --ignore-missing "../../proof/$bag/manifest-sha256.txt" )
done
if [ -n "${{ALLOWED_SIGNERS:-}}" ]; then
  at=$(sed -n 's/^# time: //p' data/proof/CHECKPOINT | tr -d 'TZ:-')Z
  ssh-keygen -Y verify -f "$ALLOWED_SIGNERS" -I wikibot -n wiki-snapshots -O verify-time="$at" \\
    -s data/proof/CHECKPOINT.sig < data/proof/CHECKPOINT
fi
```

| Page | Status | Version | Captured |
|---|---|--:|---|
{rows}
"""


_UNSIGNED = "**The head is not signed: nothing proves who wrote these pages.**"


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

    Raises `SnapshotError` if there is nothing to export, or *target* is not empty or lies inside the snapshots.
    """
    head = library.head
    if head is None:
        raise SnapshotError(f"there are no snapshots in {library.root}")
    require_new_folder(library.root, target)
    chosen = _choose(library, period, wanted)
    if not chosen:
        raise SnapshotError(f"no captured page has an event in that period ({period})")
    for bag, entry in chosen:
        on_page(entry.title, len(chosen))
        for path in page_files(bag, entry):
            data = library.read(bag, path)
            _write(target / "data/pages" / bag.name / path, data)
    _copy_proof(library, head, target / "data" / _PROOF, {bag.name for bag, _ in chosen}, period)
    _write(target / "data/README.md", _render_readme(library, head, chosen, period))
    files = _seal(target, head, period, software)
    return Export(target, len(chosen), files)


def refuse_export(root: Path) -> None:
    """Raise `SnapshotError` if *root* is an export, which has only a part of the files that its head names."""
    if not (root / HEAD).exists() and (root / "data" / _PROOF / HEAD).is_file():
        raise SnapshotError(
            f"{root} is an export, a copy of some pages without the rest of the snapshots. To check it, run "
            f"`bagit.py --validate {root}` and the commands in {root / 'data/README.md'}; its pages are in "
            f"{root / 'data/pages'}"
        )


def require_new_folder(root: Path, target: Path) -> None:
    """Raise `SnapshotError` if *target* is not empty, or lies inside the snapshots folder *root*."""
    if target.resolve().is_relative_to(root.resolve()):
        raise SnapshotError(f"{target} lies inside the snapshots folder {root}; name a folder outside it")
    if target.exists() and any(target.iterdir()):
        raise SnapshotError(f"{target} is not empty; name a new folder to write to")


def page_files(bag: Bag, entry: PageEntry) -> list[str]:
    """Return all payload files of a page."""
    folders = (f"{paths.source_folder(entry.page_id)}/", f"{paths.attachment_folder(entry.page_id)}/")
    return [entry.path, *sorted(path for path in bag.manifest if path.startswith(folders))]


def _choose(library: Library, period: Period, wanted: tuple[str, ...]) -> list[tuple[Bag, PageEntry]]:
    touched = {
        page_id for logged in library.iter_log() if period.contains(logged.when) for page_id in logged.event.objects
    }
    pages = [library.get_page(page) for page in wanted] or list(library.iter_entries())
    return [(bag, entry) for bag, entry in pages if entry.page_id in touched]


def _copy_proof(library: Library, head: Checkpoint, proof: Path, bags: set[str], period: Period) -> None:
    """Copy the head, the files between the head and the pages, and the logs of the runs in the period."""
    folder = Folder(library.root)

    def copy(path: str, digest: str | None, named_by: str) -> bytes:
        data = folder.read_checked(path, digest, named_by=named_by)
        _write(proof / path, data)
        return data

    copy(HEAD, library.head_digest, "the head that was read first")
    if head.key:
        _write(proof / SIGNATURE, folder.read(SIGNATURE))
    copy(SUMS, head.digests[SUMS], HEAD)
    for path, digest in library.sums.items():
        bag, _, name = path.rpartition("/")
        if bag and bag not in bags:
            continue
        data = copy(path, digest, SUMS)
        if name == TAG_MANIFEST:
            for tag, tag_digest in parse_manifest(data, name=path).items():
                copy(f"{bag}/{tag}", tag_digest, path)
    runs = {logged.sequence for logged in library.iter_log() if period.contains(logged.when)}
    for run, _ in library.iter_heads():
        for path, digest in run.digests.items():
            if path != SUMS and (path != run.events_path or run.sequence in runs):
                copy(path, digest, f"run {run.sequence}")


def _render_readme(library: Library, head: Checkpoint, chosen: list[tuple[Bag, PageEntry]], period: Period) -> bytes:
    rows = "\n".join(
        f"| [{escape_markdown(entry.title) or 'untitled'}](pages/{bag.name}/{entry.path}) "
        f"| {escape_markdown(describe_status(entry))} | {entry.version} | {entry.captured_at.date().isoformat()} |"
        for bag, entry in chosen
    )
    text = _README.format(
        count=counted(len(chosen), "captured page"),
        period=period,
        origin=head.origin,
        sequence=head.sequence,
        digest=library.head_digest,
        signed=f"The head is signed by the key `{head.key}`." if head.key else _UNSIGNED,
        rows=rows,
    )
    return text.encode("utf-8", "replace")


def _seal(target: Path, head: Checkpoint, period: Period, software: str) -> int:
    """Write the tag files of the new bag, and return the number of payload files."""
    payload = {
        path.relative_to(target).as_posix(): read_file(path)
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


def _write(path: Path, data: bytes) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(data)

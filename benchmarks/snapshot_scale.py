"""Snapshots of many pages: first capture, reading them, a run that changes 50, and checks, without a wiki.

python -m benchmarks.snapshot_scale [PAGES]
"""

import hashlib
import resource
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

from bot.snapshot.archive.entry import PageEntry
from bot.snapshot.archive.library import load_library
from bot.snapshot.archive.paths import page_name, record_path, source_path
from bot.snapshot.archive.record import PageRecord, RecordedPerson, RecordedStatus, RecordedVersion, dump_record
from bot.snapshot.archive.writer import SnapshotWriter, open_writer
from bot.snapshot.verify.verification import verify

_NOW = datetime(2026, 1, 1, tzinfo=UTC)
_BODY = "<p>The committee took note of the report and asked for a plan.</p>" * 60


def main(pages: int) -> None:
    """Print how long each step takes."""
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder, "snapshots")
        with _timed(f"first capture of {pages:,} pages"):
            _run(root, range(pages), version=1)
        before = _state(root)
        with _timed("reading head, bags and entries"):
            load_library(root)
        with _timed("a run that changes 50 pages"):
            _run(root, range(0, pages, max(1, pages // 50)), version=2)
        written = {path for path, state in _state(root).items() if before.get(path) != state}
        print(f"          of {len(before):,} files {len(written):,} were written")
        with _timed("a full check"):
            assert verify(root).is_clean
        with _timed("a check of one seventh"):
            assert verify(root, portion=0).is_clean
    print(f"{resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024:9.0f} MB at most")


@contextmanager
def _timed(what: str) -> Iterator[None]:
    started = time.perf_counter()
    yield
    print(f"{time.perf_counter() - started:9.2f} s {what}", flush=True)


def _run(root: Path, numbers: range, *, version: int) -> None:
    with open_writer(root, origin="https://wiki.example.org", software="benchmark", clock=lambda: _NOW) as writer:
        for number in numbers:
            _put(writer, str(number + 1), version)
        writer.finish([], agents=("benchmark",))


def _put(writer: SnapshotWriter, page_id: str, version: int) -> None:
    title = f"Page {page_id}"
    bag = writer.library.place("WS2", page_id)
    known = bag.entries.get(page_id)
    body = f"{_BODY}<p>{page_id} {version}</p>".encode()
    where, digest, at = (
        source_path(page_id, version),
        hashlib.sha256(body).hexdigest(),
        record_path(page_id, writer.sequence),
    )
    path = known.path if known else f"data/2026/{page_name(title, page_id)}"
    saved = RecordedVersion(number=version, when=_NOW, author=RecordedPerson(id="u", display_name="Ana"))
    record = PageRecord(
        page_id=page_id,
        space_key="WS2",
        title=title,
        url="",
        status=RecordedStatus.ARCHIVED,
        parent_id=None,
        position=0,
        version=saved,
        source_path=where,
        source_sha256=digest,
        source_bytes=len(body),
        captured_at=_NOW,
        versions=(saved,),
    )
    writer.put(bag, where, body)
    writer.put(bag, at, dump_record(record))
    writer.put(bag, path, body, old_bytes=known.markdown_bytes if known else None)
    sources = (*(known.sources if known else ()), where)
    writer.put_entry(
        bag,
        PageEntry(
            page_id=page_id,
            path=path,
            space_key="WS2",
            title=title,
            url="",
            status=record.status,
            position=0,
            ancestors=(),
            version=version,
            version_when=_NOW,
            captured_at=_NOW,
            record_path=at,
            source_path=where,
            source_sha256=digest,
            markdown_bytes=len(body),
            sources=sources,
        ),
    )


def _state(root: Path) -> dict[Path, tuple[int, int]]:
    return {path: (path.stat().st_ino, path.stat().st_mtime_ns) for path in root.rglob("*") if path.is_file()}


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 100_000)

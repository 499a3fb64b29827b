"""Snapshots of many pages: first capture, reading them, a run that changes 50, and checks, without a wiki.

python -m benchmarks.snapshot_scale [PAGES]
"""

import resource
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

from bot.snapshot.archive.evidence_state import EvidenceState
from bot.snapshot.archive.library import load_library
from bot.snapshot.archive.writer import open_writer
from bot.snapshot.verify.verification import verify
from tests.snapshot.small_tree import finish, put_page

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
    state = EvidenceState(root, root.with_name("state"))
    with open_writer(state, origin="https://wiki.example.org", software="benchmark", clock=lambda: _NOW) as writer:
        for number in numbers:
            page_id = str(number + 1)
            put_page(writer, page_id, f"Page {page_id}", f"{_BODY}<p>{page_id} {version}</p>", version=version)
        finish(writer, *(str(number + 1) for number in numbers))


def _state(root: Path) -> dict[Path, tuple[int, int]]:
    return {path: (path.stat().st_ino, path.stat().st_mtime_ns) for path in root.rglob("*") if path.is_file()}


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 100_000)

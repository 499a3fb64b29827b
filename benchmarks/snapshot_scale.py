"""Growth of the snapshots over 200 … PAGES pages: capture, re-run, verify, search, diff, report; without a wiki.

python -m benchmarks.snapshot_scale [PAGES]
"""

import math
import resource
import sys
import tempfile
from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path

from bot.snapshot.archive.continuity import load_remembered
from bot.snapshot.archive.evidence_state import EvidenceState
from bot.snapshot.archive.library import Library, load_library
from bot.snapshot.archive.writer import open_writer
from bot.snapshot.query.archive_index import ArchiveIndex
from bot.snapshot.query.page_diff import diff_page
from bot.snapshot.query.period import Period
from bot.snapshot.query.report import build_report
from bot.snapshot.verify.verification import Verification, verify
from tests.snapshot.small_tree import CLOCK, finish, put_page

_NOW = CLOCK
_BODY = "<p>The committee took note of the report and asked for a plan.</p>" * 60
_SIZES = (200, 1_000, 10_000, 100_000)
_CHANGED = 50


def main(most: int) -> None:
    """Print CPU seconds of each step at each size, and how each grows: 1 is linear, 2 is quadratic."""
    sizes = [*(size for size in _SIZES if size < most), most]
    columns = []
    for size in sizes:
        with tempfile.TemporaryDirectory() as folder:
            columns.append(_measure(Path(folder, "snapshots"), size))
        print(f"{size:,} pages measured, {_peak_megabytes():.0f} MB at most", file=sys.stderr, flush=True)
    print(f"{'CPU seconds':<28}" + "".join(f"{f'{size:,}':>10}" for size in sizes) + f"{'growth':>10}")
    for step in columns[0]:
        values = [column[step] for column in columns]
        print(f"{step:<28}" + "".join(f"{value:>10.2f}" for value in values) + f"{_growth(sizes, values):>10}")


def _measure(root: Path, pages: int) -> dict[str, float]:
    """Return the CPU seconds of each step; for the run that changes 50 pages also what it writes."""
    state, found = EvidenceState(root, root.with_name("state")), {}
    index = ArchiveIndex(state.search, lambda: load_remembered(state))

    def timed(step: str, work: Callable[[], object]) -> object:
        started = _cpu_seconds()
        result = work()
        found[step] = _cpu_seconds() - started
        return result

    timed("first capture", lambda: _run(state, range(pages), version=1))
    timed("run without changes", lambda: _run(state, range(0), version=1))
    checked = timed("verify", lambda: verify(root))
    assert isinstance(checked, Verification) and checked.is_clean  # noqa: PT018 -- the type for mypy
    timed("verify one seventh", lambda: verify(root, portion=0))
    timed("first search", lambda: index.search("committee"))
    before = _files(root)
    timed("run with 50 changes", lambda: _run(state, range(0, pages, max(1, pages // _CHANGED)), version=2))
    written = {path: state for path, state in _files(root).items() if before.get(path) != state}
    found["  files written"], found["  MB written"] = len(written), sum(size for _, _, size in written.values()) / 1e6
    timed("search after 50 changes", lambda: index.search("committee"))
    library = timed("load", lambda: load_library(root))
    assert isinstance(library, Library)
    timed("diff of one page", lambda: diff_page(library, *library.get_page("1")))
    timed("report on the second run", lambda: build_report(load_library(root), checked, Period(since=_day(2).date())))
    return found


def _run(state: EvidenceState, numbers: range, *, version: int) -> None:
    with open_writer(
        state, origin="https://wiki.example.org", software="benchmark", clock=lambda: _day(version)
    ) as writer:
        for number in numbers:
            page_id = str(number + 1)
            put_page(writer, page_id, f"Page {page_id}", f"{_BODY}<p>{page_id} {version}</p>", version=version)
        if writer.has_changes:
            finish(writer, *(str(number + 1) for number in numbers))


def _day(number: int) -> datetime:
    return _NOW + timedelta(days=number)


def _files(root: Path) -> dict[Path, tuple[int, int, int]]:
    """Return what changes when a file is written, and its size, by path."""
    found = ((path, path.stat()) for path in root.rglob("*") if path.is_file())
    return {path: (status.st_ino, status.st_mtime_ns, status.st_size) for path, status in found}


def _growth(sizes: list[int], values: list[float]) -> str:
    """Return the exponent of the growth between the two largest sizes."""
    if len(sizes) < 2 or not all(values[-2:]):
        return ""
    return f"{math.log(values[-1] / values[-2]) / math.log(sizes[-1] / sizes[-2]):.2f}"


def _cpu_seconds() -> float:
    used = resource.getrusage(resource.RUSAGE_SELF)
    return used.ru_utime + used.ru_stime


def _peak_megabytes() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 5_000)

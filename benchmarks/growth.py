"""CPU seconds and memory of capture, verify, search, diff, report and sync, from 200 to 100,000 pages.

Each step runs in a process of its own.

script/bench growth [--write] [PAGES ...]
"""

import argparse
import json
import os
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from datetime import date
from functools import partial
from pathlib import Path
from typing import Any

from benchmarks.capture_scale import measure as measure_capture
from benchmarks.capture_targets import Target
from benchmarks.figures import write_section
from benchmarks.process_cost import describe_machine, run_measured
from bot.snapshot.archive.continuity import load_remembered
from bot.snapshot.archive.evidence_state import EvidenceState
from bot.snapshot.archive.library import load_library
from bot.snapshot.query.archive_index import ArchiveIndex
from bot.snapshot.query.page_diff import diff_page
from bot.snapshot.query.period import Period
from bot.snapshot.query.report import build_report
from bot.snapshot.verify.verification import verify
from tests.large_workspace import write_workspace
from wikiserver.server import WikiServer
from wikiserver.store import Store

SIZES = (200, 2_000, 20_000, 100_000)
_CAPTURES = {"first capture": 0, "capture without changes": 0, "capture of 50 changes": 50}
_MEBIBYTE = 1 << 20
MOST_VERIFY_SECONDS = 30
MOST_CHANGE_SECONDS = 1
MOST_MEGABYTES = 150
"""Memory of a capture, more than that of a capture of one page."""

_CHANGES = (
    "each bag with a change gets a new list of its pages, a new manifest and a new index, which are as large as "
    "before: 50 changes in as many bags of 500 pages write the lines of 25,000 pages"
)
Row = dict[str, Any]


def main() -> int:
    """Print the figures of each size; with `--write`, put them into docs/performance.md."""
    parser = argparse.ArgumentParser(prog="script/bench growth", description=__doc__)
    parser.add_argument("--write", action="store_true", help="write the figures into docs/performance.md")
    parser.add_argument("--step", nargs=2, metavar=("STEP", "FOLDER"), help=argparse.SUPPRESS)
    parser.add_argument("pages", nargs="*", type=int, default=SIZES)
    options = parser.parse_args()
    if options.step:
        print(json.dumps(_measure_here(_STEPS[options.step[0]], Path(options.step[1]))))
        return 0
    machine = describe_machine()
    with tempfile.TemporaryDirectory() as folder:
        empty = measure_capture(Path(folder), 1, 0)["peak"]
    rows = [row for pages in options.pages for row in _measure(pages)]
    figures = {"machine": machine, "empty": empty, "rows": rows}
    for target in find_growth_targets(figures):
        print(target)
    if options.write:
        write_section("growth", figures)
    return 0


def find_growth_targets(figures: Row) -> Iterator[Target]:
    """Yield what the largest size should need at most."""
    most = max(row["pages"] for row in figures["rows"])
    found = {row["step"]: row for row in figures["rows"] if row["pages"] == most}
    name = f"{most:,} pages"
    yield Target(f"{name}, full verify: CPU seconds", round(found["verify"]["cpu"], 1), MOST_VERIFY_SECONDS)
    more = found["capture of 50 changes"]["cpu"] - found["capture without changes"]["cpu"]
    about = f"{name}, capture of 50 changes: CPU seconds more than without changes"
    yield Target(about, round(max(more, 0.0), 1), MOST_CHANGE_SECONDS, _CHANGES)
    for step in _CAPTURES:
        above = round(found[step]["peak"] - figures["empty"])
        yield Target(f"{name}, {step}: MB of memory more than for one page", above, MOST_MEGABYTES)


def _measure(pages: int) -> Iterator[Row]:
    """Yield the cost of each step with a space of so many pages."""
    with tempfile.TemporaryDirectory() as folder:
        for day, (step, changed) in enumerate(_CAPTURES.items()):
            yield _row(pages, step, measure_capture(Path(folder), pages, changed, day))
        for step in _STEPS:
            command = [sys.executable, "-m", "benchmarks.growth", "--step", step, folder]
            ran = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True, env=os.environ)
            yield _row(pages, step, json.loads(ran.stdout))
    yield _row(pages, "sync without changes", _measure_sync(pages))


def _row(pages: int, step: str, found: Row) -> Row:
    row = {"pages": pages, "step": step, "cpu": round(found["cpu"], 3), "peak": round(found["peak"])}
    print(f"{pages:>8,}  {step:<26}{row['cpu']:>9.2f} s of CPU {row['peak']:>6} MB", flush=True)
    return row


def _measure_sync(pages: int) -> Row:
    """Return the cost of a sync of one home page in a space of so many pages."""
    with tempfile.TemporaryDirectory() as folder, Store() as store, WikiServer(store, flavour="cloud") as server:
        author = store.people.get("ana").account_id
        with store.transaction():
            space = store.spaces.create("WS2", "Workstream 2", creator=author, now=store.clock())
            for number in range(pages):
                store.pages.create(space.id, f"Page {number}", "<p>words</p>", author=author)
        settings = write_workspace(Path(folder), f"{server.url}/wiki", 5).with_name("bot.yaml")
        data = settings.with_name("ws2.yaml")
        data.write_text(data.read_text().replace("home: Home", "home: Page 0"))
        environment = os.environ | {"WIKIBOT_CONFIG": str(settings), "WIKIBOT_WIKI__TOKEN": "bot-secret"}
        wikibot = partial(run_measured, folder=Path(folder), environment=environment)
        wikibot([sys.executable, "-m", "bot", "apply", "--yes"])
        cost = wikibot([sys.executable, "-m", "bot", "sync"])
        return {"cpu": cost.cpu, "peak": cost.peak}


def _measure_here(work: Callable[[Path], object], folder: Path) -> Row:
    used = time.process_time()
    work(folder)
    took = time.process_time() - used
    return {"cpu": took, "peak": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024 / _MEBIBYTE}


def _state(folder: Path) -> EvidenceState:
    return EvidenceState(folder / "snapshots", folder / "state")


def _search(folder: Path) -> None:
    state = _state(folder)
    assert ArchiveIndex(state.search, lambda: load_remembered(state)).search("board")


def _diff(folder: Path) -> None:
    library = load_library(folder / "snapshots")
    diff_page(library, *library.get_page("1000000"))


def _report(folder: Path) -> None:
    root = folder / "snapshots"
    build_report(load_library(root), verify(root, portion=0), Period(since=date(2026, 1, 7)))


_STEPS: dict[str, Callable[[Path], object]] = {
    "verify": lambda folder: verify(folder / "snapshots"),
    "first search": _search,
    "search": _search,
    "diff of one page": _diff,
    "report with a rotating check": _report,
}


if __name__ == "__main__":
    sys.exit(main())

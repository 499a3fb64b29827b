"""Measure large pages: how fast regions are found, and what `wikibot sync` and a drifted page cost above a bare start.

script/bench large_page [--write] [MEGABYTES]
"""

import argparse
import os
import resource
import subprocess
import sys
import tempfile
import time
import tracemalloc
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from benchmarks.capture_targets import Target
from benchmarks.figures import write_section
from benchmarks.process_cost import describe_machine
from bot.storage.markers import Marker, MarkerKind, render_marked
from bot.storage.outline import read_outline
from bot.storage.reader import read_strictly
from bot.storage.regions import find_regions
from tests.large_workspace import write_workspace
from wikiserver.testing import Wiki, running_wiki

_ROOT = Path(__file__).resolve().parent.parent
_MARKERS = (Marker("news"), Marker("status", MarkerKind.ANCHORS), Marker("links", MarkerKind.HEADING, heading="Links"))
_EDITS = 15
_LEAST_SPEED = 15.0
"""Megabytes a second."""
_MOST_SECONDS = {"sync, in step": 2.0, "sync, news to write": 2.0, "plan, page drifted": 0.5, "plan again": 0.5}
"""Seconds of CPU more than a bare start."""
_READING = (
    "the first plan after an edit reads each version since the last one of the bot as a whole, because the wiki has no "
    "request for a part of a page"
)
_MOST_MEMORY = 120
"""Megabytes of the whole process."""


_COMMAND = """
import atexit, re, runpy, sys
def tell():
    print(re.search(r"VmHWM:\\s+([0-9]+)", open("/proc/self/status").read())[1], file=sys.stderr)
atexit.register(tell)
runpy.run_module("bot", run_name="__main__", alter_sys=True)
"""
"""Runs the program and tells its largest memory. What the system counts for a child includes that of its parent."""


def main() -> int:
    """Print a line for each measure; return 1 if one is missed."""
    parser = argparse.ArgumentParser(prog="script/bench large_page", description=__doc__)
    parser.add_argument("--write", action="store_true", help="write the figures into docs/performance.md")
    parser.add_argument("megabytes", nargs="?", type=float, default=5.0)
    options = parser.parse_args()
    machine = describe_machine()
    speeds = {name: round(_measure_search(name, body)) for name, body in _bodies(options.megabytes)}
    with running_wiki("datacenter") as wiki, tempfile.TemporaryDirectory() as folder:
        commands = list(_measure_commands(wiki, Path(folder), options.megabytes))
    figures = {"machine": machine, "megabytes": options.megabytes, "speeds": speeds, "commands": commands}
    if options.write:
        write_section("large_pages", figures)
    return int(min(speeds.values()) < _LEAST_SPEED or not all(each.is_met for each in find_page_targets(figures)))


def find_page_targets(figures: dict[str, Any]) -> Iterator[Target]:
    """Yield what the commands should need at most."""
    for row in figures["commands"]:
        yield Target(
            f"{row['name']}: CPU seconds more than a start", row["seconds"], _MOST_SECONDS[row["name"]], _READING
        )
        yield Target(f"{row['name']}: MB of memory", row["memory"], _MOST_MEMORY)


def _bodies(megabytes: float) -> Iterator[tuple[str, str]]:
    pages = "".join(
        path.read_text("utf-8") for path in sorted((_ROOT / "tests/pages").glob("*.xml")) if _is_whole(path)
    )
    row = "<tr><td>1</td><td><p>two</p></td><td><p>some words of three</p></td></tr>"
    yield "every kind of page", _enlarge(pages, megabytes)
    yield "a large table", f"<table><tbody>{_enlarge(row, megabytes)}</tbody></table>"
    yield "prose", _enlarge(f"<p>{'Lorem ipsum dolor sit amet, ' * 20}<strong>é</strong></p>", megabytes)


def _is_whole(path: Path) -> bool:
    return path.stem != "malformed"


def _enlarge(part: str, megabytes: float) -> str:
    return part * (int(megabytes * 1e6) // len(part) + 1)


def _measure_search(name: str, body: str) -> float:
    """Print how fast the regions at the end of a page are found; return the speed."""
    page = body + "".join(render_marked(marker, "<p>words</p>") for marker in _MARKERS)
    size = len(page) / 1e6
    started = time.process_time()
    assert len(find_regions(page, _MARKERS)) == len(_MARKERS)  # else nothing was measured
    speed = size / (time.process_time() - started)
    read_outline.cache_clear()
    tracemalloc.start()
    find_regions(page, _MARKERS)
    outline = tracemalloc.get_traced_memory()[1] / 1e6
    tracemalloc.stop()
    started = time.process_time()
    read_strictly(page)
    tree = size / (time.process_time() - started)
    read_strictly.cache_clear()
    print(f"{name:<20} {size:.1f} MB: {speed:.0f} MB/s with {outline:.0f} MB of memory; a whole tree {tree:.0f} MB/s")
    return speed


def _measure_commands(wiki: Wiki, folder: Path, megabytes: float) -> Iterator[dict[str, Any]]:
    """Yield what each command needs."""
    home = wiki.add_page("Home", "<p>Home.</p>")
    data = write_workspace(folder, wiki.url, 5)
    settings = data.with_name("bot.yaml")
    settings.write_text(settings.read_text().replace("flavour: cloud, user: bot", "flavour: datacenter"))
    os.environ |= {"WIKIBOT_CONFIG": str(settings), "WIKIBOT_WIKI__TOKEN": "bot-token"}
    _run(["apply", "--yes"])
    around = dict(_bodies(megabytes / 2))["a large table"]  # a request has to escape quotes, and wikis take 5 MiB
    wiki.edit(home, around + wiki.body(home) + around)
    start = _run(["--version"])[0]
    print(f"a start: {start:.2f} s of CPU")
    yield _report(wiki, "sync, in step", ["sync"], start)
    _run(["news", "add", "Fresh news"])
    yield _report(wiki, "sync, news to write", ["sync"], start)
    for number in range(_EDITS):
        wiki.edit(home, wiki.body(home).replace("Fresh news", f"Corrected news {number}", 1) + f"<p>{number}</p>")
    yield _report(wiki, "plan, page drifted", ["plan"], start)
    yield _report(wiki, "plan again", ["plan"], start)


def _report(wiki: Wiki, name: str, command: list[str], start: float) -> dict[str, Any]:
    """Print and return what a command costs."""
    before = len(wiki.requests)
    seconds, memory, code = _run(command)
    print(
        f"{name:<20} {seconds - start:.2f} s of CPU more than a start, {memory:.0f} MB at the peak, "
        f"{len(wiki.requests) - before} requests, exit code {code}"
    )
    return {"name": name, "seconds": round(seconds - start, 2), "memory": round(memory)}


def _run(arguments: list[str]) -> tuple[float, float, int]:
    """Run a command; return its CPU seconds, its largest memory in megabytes, and its exit code."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    done = subprocess.run(
        [sys.executable, "-c", _COMMAND, *arguments], capture_output=True, text=True, cwd=_ROOT, check=False
    )
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    seconds = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return seconds, int(done.stderr.split()[-1]) / 1024, done.returncode


if __name__ == "__main__":
    sys.exit(main())

"""Capture a space over HTTP beside confluence-markdown-exporter: first, unchanged, one page changed.

script/bench capture [--pages N] [--rounds N] [--latencies MS …] [--flavours …] [--tools …] [--large N …] [--write]
"""

import argparse
import sys
import tempfile
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from statistics import median
from typing import Any

from benchmarks.capture_targets import find_targets
from benchmarks.capture_tools import TOOLS
from benchmarks.figures import load_figures, write_section
from benchmarks.other_targets import find_other_targets
from benchmarks.page_world import fill, make_body
from benchmarks.process_cost import Cost, describe_machine, size_of
from bot.wiki.request_counts import kind_of
from wikiserver.site import Flavour
from wikiserver.testing import Wiki, running_wiki

STEPS = ("first", "unchanged", "changed")
_KEYS = ("flavour", "latency", "tool", "step", "pages")
_COLUMNS = ("wall", "cpu", "requests", "files", "kilobytes", "peak", "disk")
_CHANGED_PAGE = 7

Row = dict[str, Any]


def main() -> int:
    """Print a table and all targets; return 1 if one of those that this run measures is missed."""
    parser = argparse.ArgumentParser(prog="script/bench capture", description=__doc__)
    parser.add_argument("--pages", type=int, default=200)
    parser.add_argument("--rounds", type=int, default=3, help="0: only --large")
    parser.add_argument("--latencies", type=int, nargs="+", default=[0, 50, 150], metavar="MS")
    parser.add_argument("--flavours", nargs="+", choices=["cloud", "datacenter"], default=["cloud", "datacenter"])
    parser.add_argument("--tools", nargs="+", choices=list(TOOLS), default=list(TOOLS))
    parser.add_argument("--large", type=int, nargs="*", metavar="N", default=[], help="then wikibot alone, once each")
    parser.add_argument("--write", action="store_true", help="write the figures into docs/performance.md")
    options = parser.parse_args()
    found = {"machine": describe_machine(), "pages": options.pages, "rounds": options.rounds}
    rows = _compare(options.pages, options.rounds, options.latencies, options.flavours, options.tools)
    found["runs"] = merge_rounds(list(rows))
    large = [
        row
        for pages in options.large
        for flavour in options.flavours
        for row in measure("wikibot", flavour, latency=0, pages=pages)
    ]
    print_rows([*found["runs"], *large], _COLUMNS)
    targets = list(find_targets(found))
    print(*targets, sep="\n")
    print("", "As they were measured last (docs/performance.md):", *find_other_targets(load_figures()), sep="\n")
    if options.write:
        known = load_figures().get("capture", {})
        write_section("capture", (known | found if options.rounds else known) | ({"large": large} if large else {}))
    return int(not all(target.is_met for target in targets))


def _compare(
    pages: int, rounds: int, latencies: Sequence[int], flavours: Sequence[Flavour], tools: Sequence[str]
) -> Iterator[Row]:
    """Measure each tool; which one is first alternates, so that other work on the machine delays all alike."""
    for number in range(rounds):
        for flavour in flavours:
            for latency in latencies:
                for tool in tools[:: -1 if number % 2 else 1]:
                    print(f"round {number + 1}: {flavour}, {latency} ms, {tool}", file=sys.stderr, flush=True)
                    yield from measure(tool, flavour, latency=latency, pages=pages)


def measure(tool: str, flavour: Flavour, *, latency: int, pages: int) -> list[Row]:
    """Run *tool* three times against a new wiki with so many pages; return a row for each step."""
    with tempfile.TemporaryDirectory() as folder, running_wiki(flavour) as wiki:
        ids = fill(wiki, pages)
        if latency:
            wiki.faults.add(f"latency={latency}")
        program = TOOLS[tool](wiki, Path(folder))

        def change() -> None:
            number = _CHANGED_PAGE % pages
            wiki.edit(ids[number], make_body(number) + "<p>Changed.</p>", "li")

        keys = {"flavour": flavour, "latency": latency, "tool": tool, "pages": pages}
        rows = []
        for step in STEPS:
            if step == "changed":
                change()
            before = _states(program.output)
            found = measure_run(wiki, program.run)
            found["writes"] += sum(before.get(path) != state for path, state in _states(program.output).items())
            rows.append({**keys, "step": step, **found, "disk": round(size_of(program.output) / 1024)})
        written = len(list(program.output.rglob("*.md")))
        assert written >= pages, f"{tool} wrote {written} of {pages} pages"
        return rows


def measure_run(wiki: Wiki, run: Callable[[], Cost]) -> Row:
    """Return what *run* costs, and what it asks *wiki*."""
    received, sent = wiki.server.received, wiki.server.sent
    received.clear()
    sent_before = sent.total
    cost = run()
    asked = list(received)
    return {
        "wall": round(cost.wall, 2),
        "cpu": round(cost.cpu, 2),
        "peak": round(cost.peak),
        "requests": len(asked),
        "files": sum(kind_of(one.path) == "files" for one in asked),
        "bodies": sum("body" in one.query and "-comments" not in one.path for one in asked),
        "writes": sum(one.method != "GET" for one in asked),
        "kilobytes": round((sent.total - sent_before) / 1024),
    }


def _states(root: Path) -> dict[Path, tuple[int, int]]:
    """Return what changes when a file is written."""
    found = ((path, path.stat()) for path in root.rglob("*") if path.is_file())
    return {path: (status.st_ino, status.st_mtime_ns) for path, status in found}


def merge_rounds(rows: list[Row]) -> list[Row]:
    """Return one row for all rounds: the median of each figure."""
    by_key: dict[tuple[Any, ...], list[Row]] = {}
    for row in rows:
        by_key.setdefault(tuple(row[key] for key in _KEYS), []).append(row)
    return [
        {
            name: value if name in _KEYS else round(median(row[name] for row in group), 2)
            for name, value in group[0].items()
        }
        for group in by_key.values()
    ]


def print_rows(rows: list[Row], columns: Sequence[str]) -> None:
    """Print a table with these figures."""
    print(f"{'flavour':<11}{'ms':>4} {'pages':>6} {'step':<10}{'tool':<30}", end="")
    print("".join(f"{name:>10}" for name in columns))
    for row in sorted(rows, key=lambda row: (row["pages"], row["flavour"], row["latency"], STEPS.index(row["step"]))):
        print(f"{row['flavour']:<11}{row['latency']:>4} {row['pages']:>6} {row['step']:<10}{row['tool']:<30}", end="")
        print("".join(f"{row[name]:>10}" for name in columns))


if __name__ == "__main__":
    sys.exit(main())

"""Publish a change of a page over HTTP beside md2conf (markdown-to-confluence): first, unchanged, one item changed.

script/bench publishing [--rounds N] [--latencies MS …] [--write]

Both write the news of one page of a wiki of the flavour Cloud; with Data Center, md2conf speaks HTTPS only.
"""

import argparse
import sys
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from benchmarks.capture import STEPS, measure_run, merge_rounds, print_rows
from benchmarks.capture_tools import wikibot_environment
from benchmarks.figures import write_section
from benchmarks.process_cost import Cost, describe_machine, run_measured
from tests.clients.programs import environment_of, md2conf_account, md2conf_at_cloud, program_path
from tests.large_workspace import write_workspace
from wikiserver.testing import Wiki, running_wiki

_ITEMS = 50
_CHANGE = ("[the report 7]", "[the new report 7]")
_COLUMNS = ("wall", "cpu", "requests", "kilobytes", "peak")


class _Wikibot:
    """`wikibot apply` for the first time, then `wikibot sync`."""

    def __init__(self, wiki: Wiki, folder: Path) -> None:
        self._wiki, self._folder = wiki, folder
        self._data = write_workspace(folder, wiki.url, _ITEMS)
        _replace(self._data, "show: 5", f"show: {_ITEMS}")
        self._has_run = False

    def change(self) -> None:
        _replace(self._data, *_CHANGE)

    def run(self) -> Cost:
        environment = wikibot_environment(self._wiki) | {"WIKIBOT_CONFIG": str(self._folder / "bot.yaml")}
        arguments = ["sync"] if self._has_run else ["apply", "--yes"]
        self._has_run = True
        command = [sys.executable, "-m", "bot", *arguments]
        return run_measured(command, folder=self._folder, environment=environment)


class _Md2conf:
    """`md2conf` on a folder with one page."""

    def __init__(self, wiki: Wiki, folder: Path) -> None:
        self._wiki, self._folder = wiki, folder
        (folder / "docs").mkdir()
        self._page = folder / "docs" / "index.md"
        items = (
            f"- Read [the report {number}](https://example.org/{number}) of **group {number % 7}**.\n"
            for number in range(_ITEMS)
        )
        self._page.write_text(f"---\ntitle: News\n---\n\n{''.join(items)}", encoding="utf-8")

    def change(self) -> None:
        _replace(self._page, *_CHANGE)

    def run(self) -> Cost:
        server = self._wiki.server
        options = (*md2conf_at_cloud(f"{server.host}:{server.port}", self._wiki.url), *md2conf_account("WS2"), "docs")
        environment = environment_of(self._folder)
        environment.pop("PYTHONDONTWRITEBYTECODE")
        return run_measured([str(program_path("md2conf")), *options], folder=self._folder, environment=environment)


def _replace(path: Path, old: str, new: str) -> None:
    path.write_text(path.read_text(encoding="utf-8").replace(old, new, 1), encoding="utf-8")


_TOOLS: dict[str, Callable[[Wiki, Path], _Wikibot | _Md2conf]] = {
    "wikibot": _Wikibot,
    "markdown-to-confluence": _Md2conf,
}


def main() -> int:
    """Print a table."""
    parser = argparse.ArgumentParser(prog="script/bench publishing", description=__doc__)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--latencies", type=int, nargs="+", default=[0, 50, 150], metavar="MS")
    parser.add_argument("--write", action="store_true", help="write the figures into docs/performance.md")
    options = parser.parse_args()
    machine = describe_machine()
    rows = [
        row
        for number in range(options.rounds)
        for latency in options.latencies
        for tool in list(_TOOLS)[:: -1 if number % 2 else 1]
        for row in _measure(tool, latency)
    ]
    merged = merge_rounds(rows)
    print_rows(merged, _COLUMNS)
    if options.write:
        write_section("publishing", {"machine": machine, "rounds": options.rounds, "items": _ITEMS, "runs": merged})
    return 0


def _measure(tool: str, latency: int) -> Iterator[dict[str, Any]]:
    with tempfile.TemporaryDirectory() as folder, running_wiki("cloud") as wiki:
        wiki.add_page("Home", "<p>Welcome</p>")
        if latency:
            wiki.faults.add(f"latency={latency}")
        program = _TOOLS[tool](wiki, Path(folder))
        for step in STEPS:
            if step == "changed":
                program.change()
            before = _versions(wiki)
            keys = {"flavour": "cloud", "latency": latency, "tool": tool, "step": step, "pages": 1}
            yield keys | measure_run(wiki, program.run)
            changed = sum(before.get(page) != version for page, version in _versions(wiki).items())
            assert changed == (step != "unchanged"), f"{tool}, {step}: {changed} pages have a new version"


def _versions(wiki: Wiki) -> dict[int, int]:
    space = wiki.store.spaces.get_by_key("WS2")
    home = wiki.page(space.homepage_id or 0)
    pages = [home, *(page for page, _ in wiki.store.hierarchy.descendants(home.id))]
    return {page.id: page.version for page in pages}


if __name__ == "__main__":
    sys.exit(main())

"""Make docs/performance.md and its picture from benchmarks/figures.json; `--write` of a benchmark does it, too."""

import math
import re
import textwrap
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from benchmarks import extrapolation
from benchmarks.bars import draw_bars
from benchmarks.capture_targets import NAMES, Target, find_targets
from benchmarks.capture_tools import ROOT
from benchmarks.figures import load_bounds, load_figures
from benchmarks.growth import find_growth_targets
from benchmarks.large_page import find_page_targets
from benchmarks.lines import draw_lines
from benchmarks.other_targets import find_call_targets

PAGE = ROOT / "docs" / "performance.md"
PICTURE = ROOT / "docs" / "performance.svg"
GROWTH = ROOT / "docs" / "growth.svg"
_EXPORTER = "confluence-markdown-exporter"
_STEPS = {"first": "first", "unchanged": "unchanged", "changed": "one changed"}
_COLUMNS = {"wall": "Seconds", "cpu": "CPU seconds", "requests": "Requests", "kilobytes": "kB received"}

_SECONDS = {"wall", "cpu"}
_LEAST_SECONDS = 0.001
"""What takes less is drawn as this, because the axes are logarithmic."""

Figures = dict[str, Any]


def write_page(figures: Figures) -> None:
    """Write the document and the picture."""
    PAGE.write_text(render_page(figures), encoding="utf-8")
    PICTURE.write_text(render_picture(figures["capture"]), encoding="utf-8")
    GROWTH.write_text(render_growth(figures["growth"]), encoding="utf-8")


def render_page(figures: Figures) -> str:
    """Return the document."""
    environment = Environment(
        loader=FileSystemLoader(ROOT / "benchmarks"),
        undefined=StrictUndefined,
        keep_trailing_newline=True,
        autoescape=False,  # noqa: S701 -- the template makes Markdown of our own figures
    )
    estimates = [
        (name, cloud, data_center)
        for (name, cloud), (_, data_center) in zip(
            *(extrapolation.estimate(figures["capture"], flavour) for flavour in NAMES), strict=True
        )
    ]
    return environment.get_template("performance.md.j2").render(
        **figures,
        comparison=lambda runs, rival: "\n".join(_compare(runs, rival)),
        sizes_table="\n".join(_list_sizes(figures["capture"])),
        growth_table="\n".join(_list_growth(figures["growth"])),
        growth_targets="\n".join(_list_verdicts(find_growth_targets(figures["growth"]))),
        targets="\n".join(_list_verdicts(find_targets(figures["capture"]))),
        converter_table="\n".join(_list_converters(figures["converters"])),
        desk_table="\n".join(_list_desk(figures["desk"])),
        call_table="\n".join(_list_calls(figures["calls"])),
        stage_table="\n".join(_list_stages(figures["calls"]["stages"])),
        page_targets="\n".join(_list_verdicts(find_page_targets(figures["large_pages"]))),
        pins=dict(
            re.findall(r"^([\w-]+)==(\S+)", (ROOT / "requirements" / "clients.in").read_text("utf-8"), re.MULTILINE)
        ),
        sizes=sorted({figures["capture"]["pages"], *(row["pages"] for row in figures["capture"]["large"])}),
        scale=extrapolation,
        estimates=estimates,
    )


def _compare(runs: Sequence[Figures], rival: str) -> Iterator[str]:
    """Yield a table with a row for each flavour, step and latency: ours, theirs, and the ratio of the seconds."""
    yield f"| Flavour | Run | Latency | {' | '.join(_COLUMNS.values())} | Ratio of seconds |"
    yield "|---|---|--:|" + "--:|" * len(_COLUMNS) + "--:|"
    for flavour in dict.fromkeys(row["flavour"] for row in runs):
        for step, words in _STEPS.items():
            for latency in sorted({row["latency"] for row in runs}):
                ours, theirs = (_find(runs, flavour, step, latency, tool) for tool in ("wikibot", rival))
                pairs = (f"{_figure(name, ours)} / {_figure(name, theirs)}" for name in _COLUMNS)
                ratio = ours["wall"] / theirs["wall"]
                yield f"| {NAMES[flavour]} | {words} | {latency} ms | {' | '.join(pairs)} | {ratio:.2f} |"
    yield ""
    yield f"The first figure of a pair is of wikibot, the second of {rival}."


def _list_sizes(capture: Figures) -> Iterator[str]:
    yield "| Flavour | Pages | Run | Requests | CPU seconds | Memory at most | kB received | Disk |"
    yield "|---|--:|---|--:|--:|--:|--:|--:|"
    rows = [row for row in (*capture["runs"], *capture["large"]) if row["tool"] == "wikibot" and not row["latency"]]
    for row in sorted(rows, key=lambda row: (row["flavour"], row["pages"])):
        sizes = f"{row['peak']:.0f} MB | {row['kilobytes']:,.0f} | {row['disk'] / 1024:.1f} MB"
        start = f"| {NAMES[row['flavour']]} | {row['pages']:,} | {_STEPS[row['step']]}"
        yield f"{start} | {row['requests']:,.0f} | {row['cpu']:.1f} | {sizes} |"


def _list_growth(growth: Figures) -> Iterator[str]:
    """Yield a table of the CPU seconds, with the exponent of the growth between the two largest measured sizes."""
    sizes = sorted({row["pages"] for row in growth["rows"]})
    yield f"| CPU seconds | {' | '.join(f'{size:,}' for size in sizes)} | Growth | Memory at most |"
    yield "|---|" + "--:|" * (len(sizes) + 2)
    for step, curve in _curves(growth).items():
        (smaller, less), (larger, more) = curve[-2:]
        exponent = math.log(more / less) / math.log(larger / smaller)
        peak = next(row["peak"] for row in growth["rows"] if row["step"] == step and row["pages"] == larger)
        found = dict(curve)
        cells = (f"{found[size]:.2f}" if size in found else "not measured" for size in sizes)
        yield f"| {step} | {' | '.join(cells)} | {exponent:.2f} | {peak} MB |"


def _curves(growth: Figures) -> dict[str, list[tuple[int, float]]]:
    """Return the CPU seconds of each step by the number of pages."""
    curves: dict[str, list[tuple[int, float]]] = {}
    for row in sorted(growth["rows"], key=lambda row: row["pages"]):
        curves.setdefault(row["step"], []).append((row["pages"], max(row["cpu"], _LEAST_SECONDS)))
    return curves


def _list_verdicts(targets: Iterable[Target]) -> Iterator[str]:
    listed = list(targets)
    yield "| Target | Found | At most | |"
    yield "|---|--:|--:|---|"
    for target in listed:
        yield f"| {target.about} | {target.found:g} | {target.limit:g} | {target.verdict} |"
    yield from _list_reasons(listed)


def _list_reasons(targets: Sequence[Target]) -> Iterator[str]:
    """Yield why targets are missed, each reason once."""
    missed: dict[str, list[str]] = {}
    for target in targets:
        if target.why and not target.is_met:
            missed.setdefault(target.why, []).append(target.about)
    if missed:
        yield "\nWhere a target is missed:\n"
    for why, (first, *others) in missed.items():
        about = f"{first}, and {len(others)} more" if others else first
        yield textwrap.fill(f"- {about}: {why}.", 120, subsequent_indent="  ", break_on_hyphens=False)


def _list_converters(converters: Figures) -> Iterator[str]:
    yield "| Converter | CPU for a page | Ratio | Memory at most | Pages that end with an error |"
    yield "|---|--:|--:|--:|--:|"
    ours = next(row["milliseconds"] for row in converters["rows"] if row["tool"] == "wikibot")
    for row in converters["rows"]:
        took, ratio = row["milliseconds"], row["milliseconds"] / ours
        yield f"| {row['tool']} | {took:.2f} ms | {ratio:.2f} | {row['peak']:.0f} MB | {row['failed']:.0f} |"


def _list_calls(calls: Figures) -> Iterator[str]:
    bare = {row["name"]: row["bare"] for row in calls["rows"]}
    yield "| Call or command | In relation to | Times | At most | |"
    yield "|---|---|--:|--:|---|"
    targets = list(find_call_targets(calls))
    for target in targets:
        yield f"| {target.about} | `{bare[target.about]}` | {target.found:.1f} | {target.limit:g} | {target.verdict} |"
    yield from _list_reasons(targets)


def _list_stages(stages: Sequence[Figures]) -> Iterator[str]:
    yield "| | Adds | Together |"
    yield "|---|--:|--:|"
    for number, row in enumerate(stages):
        yield f"| {row['name']} | {row['adds']:.1f} | {sum(each['adds'] for each in stages[: number + 1]):.1f} |"


def _list_desk(desk: Figures) -> Iterator[str]:
    limits = load_bounds()["desk"]
    most = f"Median, at most {limits['milliseconds']} ms | Longest | First load, at most {limits['kilobytes']} kB"
    yield f"| Page | {most} | |"
    yield "|---|--:|--:|--:|---|"
    for row in desk["rows"]:
        is_met = row["median"] <= limits["milliseconds"] and row["kilobytes"] <= limits["kilobytes"]
        times = f"{row['median']:.0f} ms | {row['worst']:.0f} ms | {row['kilobytes']:.0f} kB"
        yield f"| {row['page']} | {times} | {'met' if is_met else 'missed'} |"


def _figure(name: str, row: Figures) -> str:
    return f"{row[name]:.1f}" if name in _SECONDS else f"{row[name]:,.0f}"


def render_picture(capture: Figures) -> str:
    """Return the picture of the wall times as SVG."""
    latencies = sorted({row["latency"] for row in capture["runs"]})

    def bars(flavour: str, step: str) -> Iterator[tuple[str, float, float]]:
        for latency in latencies:
            ours, theirs = (_find(capture["runs"], flavour, step, latency, tool) for tool in ("wikibot", _EXPORTER))
            yield f"{latency} ms", ours["wall"], theirs["wall"]

    groups = [
        (f"{name}, {words}", list(bars(flavour, step)))
        for step, words in _STEPS.items()
        for flavour, name in NAMES.items()
    ]
    title = f"Seconds for {capture['pages']} pages, by latency of the wiki"
    return draw_bars(title, ("wikibot", _EXPORTER), groups)


def render_growth(growth: Figures) -> str:
    """Return the picture of the growth as SVG."""
    return draw_lines("CPU seconds by the number of pages", _curves(growth))


def _find(runs: Sequence[Figures], flavour: str, step: str, latency: int, tool: str) -> Figures:
    wanted = {"flavour": flavour, "step": step, "latency": latency, "tool": tool}
    return next(row for row in runs if wanted.items() <= row.items())


if __name__ == "__main__":
    write_page(load_figures())

"""The measured figures that docs/performance.md is made of."""

import json
from pathlib import Path
from typing import Any

PATH = Path(__file__).resolve().parent / "figures.json"


def load_figures() -> dict[str, Any]:
    """Return the figures of all benchmarks by their names."""
    figures: dict[str, Any] = json.loads(PATH.read_text("utf-8")) if PATH.is_file() else {}
    return figures


def load_bounds() -> dict[str, Any]:
    """Return the expected numbers of requests, and the largest ratios that are accepted."""
    bounds: dict[str, Any] = json.loads(PATH.with_name("bounds.json").read_text("utf-8"))
    return bounds


def write_section(name: str, figures: dict[str, Any]) -> None:
    """Replace the figures of one benchmark, and make the document of them again."""
    from benchmarks.performance_page import write_page

    sections = load_figures() | {name: figures}
    PATH.write_text(json.dumps(dict(sorted(sections.items())), indent=1, ensure_ascii=False) + "\n", "utf-8")
    is_complete = {"calls", "capture", "converters", "desk", "growth", "large_pages", "publishing"} <= sections.keys()
    if is_complete and {"runs", "large"} <= sections["capture"].keys():
        write_page(sections)

"""What a capture should need at most, and whether it does."""

import math
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Target:
    """A figure that should be no more than *limit*."""

    about: str
    found: float
    limit: float

    @property
    def is_met(self) -> bool:
        """Whether the figure is within its limit."""
        return self.found <= self.limit

    @property
    def verdict(self) -> str:
        """`met`, or by which factor the target is missed."""
        if self.is_met:
            return "met"
        return f"missed, {self.found / self.limit:.1f} times the limit" if self.limit else "missed"

    def __str__(self) -> str:
        """Return one line of text."""
        return f"{self.about}: {self.found:g}, at most {self.limit:g}: {self.verdict}"


def find_targets(capture: dict[str, Any]) -> Iterator[Target]:
    """Yield the targets of *capture*, the figures of `benchmarks.capture`."""
    runs, pages = capture["runs"], capture["pages"]
    for flavour in dict.fromkeys(row["flavour"] for row in runs):
        ours = [row for row in runs if row["flavour"] == flavour and row["tool"] == "wikibot"]
        first, unchanged, changed = ([row for row in ours if row["step"] == step] for step in _STEPS)
        idle = math.ceil(pages / 200) + 10
        name = NAMES[flavour]
        yield Target(f"{name}, first capture: requests", _most(first, "requests"), _first(flavour, pages, first))
        yield Target(f"{name}, unchanged: requests", _most(unchanged, "requests"), idle)
        yield Target(f"{name}, unchanged: texts of pages that are fetched", _most(unchanged, "bodies"), 0)
        yield Target(f"{name}, unchanged: files that are written", _most(unchanged, "writes"), 0)
        more = _most(changed, "requests") - _most(unchanged, "requests")
        yield Target(f"{name}, one page changed: requests more than unchanged", more, 3)
        for row in first:
            other = [each for each in runs if _is_rival(each, row)]
            if other:
                yield Target(
                    f"{name}, first capture at {row['latency']} ms: seconds, as the exporter needs",
                    row["wall"],
                    other[0]["wall"],
                )


_STEPS = ("first", "unchanged", "changed")
NAMES = {"cloud": "Cloud", "datacenter": "Data Center"}


def _first(flavour: str, pages: int, rows: list[dict[str, Any]]) -> int:
    """Return the limit for the requests of a first capture of so many pages."""
    files = int(_most(rows, "files"))
    if flavour == "cloud":
        return math.ceil(2 * pages + pages / 80) + files
    return math.ceil(pages / 50) + pages + files


def _most(rows: list[dict[str, Any]], name: str) -> float:
    return max((float(row[name]) for row in rows), default=0.0)


def _is_rival(row: dict[str, Any], ours: dict[str, Any]) -> bool:
    return row["tool"] != "wikibot" and all(row[key] == ours[key] for key in ("flavour", "latency", "step"))

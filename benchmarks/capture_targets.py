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
    why: str = ""
    """Why it may be missed: a sentence without its full stop."""

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
        why = "" if self.is_met or not self.why else f"; {self.why}"
        return f"{self.about}: {self.found:g}, at most {self.limit:g}: {self.verdict}{why}"


_UNCHANGED = (
    "on Cloud, the listing of the pages has no labels: they come from the search index, 200 pages for each request, "
    "and from a list for each label of the rule; a listing of the page tree finds pages that the first one leaves out; "
    "all lists are read twice, because one wrong answer could hide a change until the next day otherwise"
)
_CHANGED = (
    "the history of a page that changed is read, too: people may have deleted versions, and then a number is that of "
    "another version than the captured one"
)
_WRITTEN = "a run is written if its verdict differs from the last one, as after a first capture with a doubt"
_SECONDS = (
    "wikibot sends 8 requests at once and the exporter 20; wikibot reads each new text and each file twice, and the "
    "lists of a space by two operations one after the other, because it could not notice a wrong answer otherwise"
)


def find_targets(capture: dict[str, Any]) -> Iterator[Target]:
    """Yield the targets of *capture*, the figures of `benchmarks.capture`."""
    rows = [*capture["runs"], *capture.get("large", ())]
    for flavour, pages in dict.fromkeys((row["flavour"], row["pages"]) for row in rows):
        found = [row for row in rows if (row["flavour"], row["pages"]) == (flavour, pages)]
        yield from _find_counts(flavour, pages, [row for row in found if row["tool"] == "wikibot"])
        for row in found:
            other = next((each for each in found if _is_rival(each, row)), None)
            if other and row["step"] == "first":
                about = f"{NAMES[flavour]}, {pages} pages, first at {row['latency']} ms: seconds, as the exporter needs"
                yield Target(about, row["wall"], other["wall"], _SECONDS)


def _find_counts(flavour: str, pages: int, ours: list[dict[str, Any]]) -> Iterator[Target]:
    first, unchanged, changed = ([row for row in ours if row["step"] == step] for step in _STEPS)
    name = f"{NAMES[flavour]}, {pages} pages"
    yield Target(f"{name}, first: requests", _most(first, "requests"), _first(flavour, pages, first))
    limit = math.ceil(pages / 200) + 10
    yield Target(f"{name}, unchanged: requests", _most(unchanged, "requests"), limit, _UNCHANGED)
    yield Target(f"{name}, unchanged: texts of pages that are fetched", _most(unchanged, "bodies"), 0)
    yield Target(f"{name}, unchanged: files that are written", _most(unchanged, "writes"), 0, _WRITTEN)
    more = _most(changed, "requests") - _most(unchanged, "requests")
    yield Target(f"{name}, one changed: requests more than unchanged", more, 3, _CHANGED)


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
    return row["tool"] != "wikibot" == ours["tool"] and all(
        row[key] == ours[key] for key in ("flavour", "latency", "step")
    )

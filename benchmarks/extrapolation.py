"""What very many pages on very many wikis would take, from the figures of two sizes of one wiki."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

WIKIS = 500
PAGES = 10_000_000
RATES = (5, 20)
"""Requests in a second that a wiki allows."""
CORES = 32
CHANGED = 0.01
"""The part of the pages that changes in a day."""
_EACH = PAGES // WIKIS
_HOUR = 3600
_KIBI = 1024


@dataclass(frozen=True, slots=True)
class Line:
    """Figures of one size, or of one page more, for one step on one flavour."""

    requests: float
    cpu: float
    kilobytes: float
    peak: float
    disk: float


_NAMES = ("requests", "cpu", "kilobytes", "peak", "disk")


def estimate(capture: dict[str, Any], flavour: str) -> Iterator[tuple[str, str]]:
    """Yield what and how much, for `PAGES` on `WIKIS` of one flavour."""
    first, idle = _one_wiki(capture, flavour, "first"), _one_wiki(capture, flavour, "unchanged")
    page = _one_more(capture, flavour, "first")
    changed = _EACH * CHANGED
    yield "First capture: requests", f"{WIKIS * first.requests:,.0f}, {first.requests:,.0f} for each wiki"
    for rate in RATES:
        yield f"First capture: time of each wiki at {rate} requests/s", _duration(first.requests / rate)
    yield "First capture: CPU", _cpu(WIKIS * first.cpu)
    yield "First capture: answers of the wikis", _size(WIKIS * first.kilobytes)
    yield "Run without changes: requests", f"{WIKIS * idle.requests:,.0f}, {idle.requests:,.0f} for each wiki"
    yield f"Run without changes: time of each wiki at {RATES[0]} requests/s", _duration(idle.requests / RATES[0])
    yield "Run without changes: CPU", _cpu(WIKIS * idle.cpu)
    requests = idle.requests + 3 * changed
    name = f"Run with {CHANGED:.0%} of the pages changed"
    yield f"{name}: requests", f"{WIKIS * requests:,.0f}, {requests:,.0f} for each wiki, or fewer"
    yield f"{name}: time of each wiki at {RATES[0]} requests/s", _duration(requests / RATES[0])
    yield f"{name}: CPU", _cpu(WIKIS * (idle.cpu + changed * page.cpu))
    peak = max(first.peak, idle.peak)
    yield "Memory of one run", f"{peak:,.0f} MB; {CORES} runs at once: {CORES * peak / _KIBI:,.0f} GB"
    yield "Disk after the first capture", _size(WIKIS * first.disk)
    yield f"Disk for each day with {CHANGED:.0%} changed", _size(WIKIS * changed * page.disk)


def _one_wiki(capture: dict[str, Any], flavour: str, step: str) -> Line:
    """Return the figures of one wiki: those of the larger size, and a straight line from there."""
    _, large = _two_sizes(capture, flavour, step)
    more = _one_more(capture, flavour, step)
    return Line(*(large[name] + (_EACH - large["pages"]) * getattr(more, name) for name in _NAMES))


def _one_more(capture: dict[str, Any], flavour: str, step: str) -> Line:
    small, large = _two_sizes(capture, flavour, step)
    pages = large["pages"] - small["pages"]
    return Line(*(max(0.0, (large[name] - small[name]) / pages) for name in _NAMES))


def _two_sizes(capture: dict[str, Any], flavour: str, step: str) -> tuple[dict[str, Any], dict[str, Any]]:
    """Return the figures of the two largest spaces."""
    wanted = {"flavour": flavour, "step": step, "tool": "wikibot", "latency": 0}
    found = sorted(
        (row for row in (*capture["runs"], *capture["large"]) if wanted.items() <= row.items()),
        key=lambda row: row["pages"],
    )
    return found[-2], found[-1]


def _duration(seconds: float) -> str:
    return f"{seconds / _HOUR:,.1f} h" if seconds >= _HOUR else f"{seconds / 60:,.1f} min"


def _cpu(seconds: float) -> str:
    return f"{seconds / _HOUR:,.0f} h, on {CORES} cores {_duration(seconds / CORES)}"


def _size(kilobytes: float) -> str:
    return f"{kilobytes / _KIBI**2:,.0f} GB"

"""What the program should need at most besides the requests of a capture, from the figures that were measured last."""

from collections.abc import Iterator
from typing import Any

from benchmarks.capture_targets import Target
from benchmarks.figures import load_bounds
from benchmarks.growth import find_growth_targets
from benchmarks.large_page import find_page_targets

_CALL = (
    "urllib3 alone needs about 1.8 times the CPU of `http.client`; the rest is requests, the check of the address, the "
    "headers, the deadline, the limit of the size, and the validation of the answer"
)
_COMMAND = "the libraries that it cannot do without take most of it: see the table of the stages in docs/performance.md"


def find_other_targets(figures: dict[str, Any]) -> Iterator[Target]:
    """Yield the targets of growth, large pages, calls and commands."""
    yield from find_growth_targets(figures["growth"])
    yield from find_page_targets(figures["large_pages"])
    yield from find_call_targets(figures["calls"])


def find_call_targets(calls: dict[str, Any]) -> Iterator[Target]:
    """Yield what calls and commands should need at most, in multiples of the least that they could."""
    limits = load_bounds()["targets"]
    for row in calls["rows"]:
        name = row["name"]
        yield Target(name, row["ratio"], limits[name], _CALL if name == "gateway call" else _COMMAND)

"""Compare numbers of requests and ratios of CPU time with benchmarks/bounds.json; `script/nightly` runs this.

script/bench regression [--write]
"""

import argparse
import sys
from collections.abc import Iterator, Mapping

from benchmarks import gateway_calls, start_up
from benchmarks.capture import STEPS, measure
from benchmarks.capture_targets import NAMES, Target
from benchmarks.capture_tools import TOOLS
from benchmarks.figures import load_bounds, write_section
from benchmarks.process_cost import describe_machine
from wikiserver.site import Flavour

_FLAVOURS: tuple[Flavour, ...] = ("cloud", "datacenter")
_CALLS = 1_200
_RUNS = 7


def main() -> int:
    """Print a line for each figure; return 1 if one is over its bound."""
    parser = argparse.ArgumentParser(prog="script/bench regression", description=__doc__)
    parser.add_argument("--write", action="store_true", help="write calls and commands into docs/performance.md")
    options = parser.parse_args()
    machine = describe_machine()
    took = start_up.measure(_RUNS)
    ratios = list(_compare_calls(took))
    targets = [*_count_requests(), *ratios]
    wanted = load_bounds()["targets"]
    for target in targets:
        print(target, f"(wanted: {wanted[target.about]})" if target.about in wanted else "", flush=True)
    if options.write:
        names = ["http.client"] + [start_up.BARE] * len(start_up.COMMANDS)
        rows = [
            {"name": target.about, "bare": bare, "ratio": target.found}
            for target, bare in zip(ratios, names, strict=True)
        ]
        write_section("calls", {"machine": machine, "rows": rows, "stages": start_up.list_stages(took)})
    return int(not all(target.is_met for target in targets))


def _count_requests() -> Iterator[Target]:
    """Yield the requests of each step of a capture, and its CPU time in relation to that of the exporter."""
    bounds = load_bounds()
    for flavour in _FLAVOURS:
        ours, theirs = (measure(tool, flavour, latency=0, pages=bounds["pages"]) for tool in TOOLS)
        for step, row in zip(STEPS, ours, strict=True):
            yield Target(f"{NAMES[flavour]}, {step}: requests", row["requests"], bounds["requests"][flavour][step])
        for step, row, other in zip(STEPS, ours, theirs, strict=True):
            about = f"{NAMES[flavour]}, {step}: CPU, times that of the exporter"
            yield Target(about, round(row["cpu"] / other["cpu"], 2), bounds["ratios"][f"{step} capture"])


def _compare_calls(took: Mapping[str, float]) -> Iterator[Target]:
    limits = load_bounds()["ratios"]
    _, _, ratio = gateway_calls.measure(_CALLS)
    yield Target("gateway call", round(ratio, 2), limits["gateway call"])
    for name in start_up.COMMANDS:
        yield Target(name, round(took[name] / took[start_up.BARE], 2), limits[name])


if __name__ == "__main__":
    sys.exit(main())

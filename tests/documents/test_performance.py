"""docs/performance.md is what the benchmarks measured, and says of each target whether it is met."""

import xml.etree.ElementTree as ET
from typing import Any

from benchmarks.capture_targets import find_targets
from benchmarks.figures import load_bounds, load_figures
from benchmarks.other_targets import find_other_targets
from benchmarks.performance_page import GROWTH, PAGE, PICTURE, render_growth, render_page, render_picture


def test_the_page_and_its_pictures_are_made_of_the_measured_figures() -> None:
    figures = load_figures()

    assert PAGE.read_text("utf-8") == render_page(figures), "run `.venv/bin/python -m benchmarks.performance_page`"
    assert PICTURE.read_text("utf-8") == render_picture(figures["capture"])
    assert GROWTH.read_text("utf-8") == render_growth(figures["growth"])


def test_the_picture_has_a_bar_for_each_measured_time() -> None:
    runs = load_figures()["capture"]["runs"]

    picture = ET.fromstring(PICTURE.read_text("utf-8"))  # noqa: S314 -- our own file

    bars = [each for each in picture.iter("{http://www.w3.org/2000/svg}rect") if each.get("height") != "12"]
    assert len(bars) == len(runs) + 1, "the ground is a rectangle, too"


def test_the_numbers_of_requests_of_the_nightly_check_are_within_the_targets() -> None:
    bounds = load_bounds()
    for flavour, expected in bounds["requests"].items():
        runs = [
            _row(flavour, step, pages=bounds["pages"], requests=number, files=_files(bounds["pages"]))
            for step, number in expected.items()
        ]
        targets = {target.about: target for target in find_targets({"runs": runs})}
        assert len(targets) == 5
        missed = {about: target.found - target.limit for about, target in targets.items() if not target.is_met}
        on_cloud = {
            "Cloud, 60 pages, unchanged: requests": 7,
            "Cloud, 60 pages, one changed: requests more than unchanged": 1,
        }
        assert missed == (on_cloud if flavour == "cloud" else {})


def test_each_target_that_is_missed_says_why() -> None:
    figures = load_figures()
    targets = [*find_targets(figures["capture"]), *find_other_targets(figures)]

    missed = [str(target) for target in targets if not target.is_met]

    assert [each for each in missed if "; " not in each] == []


def test_a_missed_target_says_by_which_factor() -> None:
    runs = [_row("datacenter", step, pages=200, requests=30, files=0) for step in ("first", "unchanged", "changed")]
    runs += [_row("datacenter", "first", pages=200, requests=1, files=0) | {"tool": "other", "wall": 1.0}]

    found = {target.about: target.verdict for target in find_targets({"runs": runs})}

    assert found["Data Center, 200 pages, first: requests"] == "met"
    assert found["Data Center, 200 pages, unchanged: requests"] == "missed, 2.7 times the limit"
    assert (
        found["Data Center, 200 pages, first at 0 ms: seconds, as the exporter needs"] == "missed, 2.0 times the limit"
    )


def _row(flavour: str, step: str, *, pages: int, requests: int, files: int) -> dict[str, Any]:
    figures = {"requests": requests, "files": files, "bodies": 0, "writes": 0, "wall": 2.0, "latency": 0}
    return {"flavour": flavour, "step": step, "tool": "wikibot", "pages": pages, **figures}


def _files(pages: int) -> int:
    """Return the requests for files: every fourth page has one, which is read twice."""
    return 2 * len(range(0, pages, 4))

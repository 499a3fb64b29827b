"""Home pages in many languages and layouts are taken over without a loss."""

import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from ruamel.yaml import YAML

from tests.journeys.conftest import Desk
from tests.journeys.home_pages import HomePage, Measured, measure, table_of
from tests.machine import ROOT
from tests.shared import shared_dir

_SHARED = ROOT.parent / "shared" / "cases" / "home-pages"
_OWN = Path(__file__).parent / "home_pages.yaml"
_REQUIRED = 0.95
_results: list[Measured] = []


def _load(path: Path) -> Any:
    return YAML(typ="safe").load(path)


def _given() -> Iterator[HomePage]:
    for path in sorted(_SHARED.glob("*.xml")):
        expected = _load(path.with_suffix(".yaml"))
        yield HomePage(path.stem, path.read_text(encoding="utf-8"), expected)


def _own() -> Iterator[HomePage]:
    for name, page in _load(_OWN).items():
        yield HomePage(name, page["body"], page)


@pytest.mark.parametrize(("page", "flavour"), [pytest.param(page, page.flavour, id=page.name) for page in _own()])
def test_a_home_page_is_taken_over_as_a_person_would_write_it(page: HomePage, desk: Desk) -> None:
    measured = measure(page, desk)

    assert measured.faults == []
    refused = page.expected.get("refuse") or {}
    assert [name for name, outcome in measured.outcomes.items() if outcome != "exact"] == list(refused), table_of(
        [measured]
    )
    assert all(measured.outcomes[name].startswith("refused: ") for name in refused)


@pytest.mark.parametrize(("page", "flavour"), [pytest.param(page, page.flavour, id=page.name) for page in _given()])
def test_a_shared_home_page_is_taken_over_or_refused_with_a_reason(page: HomePage, desk: Desk) -> None:
    measured = measure(page, desk)

    _results.append(measured)
    assert measured.faults == []
    assert all(outcome == "exact" or outcome.startswith("refused: ") for outcome in measured.outcomes.values()), (
        table_of([measured])
    )


def test_nearly_all_sections_of_the_shared_home_pages_are_taken_over(capsys: pytest.CaptureFixture[str]) -> None:
    shared_dir("cases/home-pages")
    if len(_results) < len(list(_given())):
        pytest.skip("the pages were measured by other processes")

    with capsys.disabled():
        sys.stdout.write(f"\n{table_of(_results)}\n")

    outcomes = [
        outcome
        for each in _results
        for name, outcome in each.outcomes.items()
        if name not in (each.page.expected.get("refuse") or {})
    ]
    assert outcomes.count("exact") >= _REQUIRED * len(outcomes)

"""Fixtures and hooks for the whole suite; the fixtures `wiki`, `flavour` and `seed` come from `wikiserver.fixtures`."""

import pytest
from hypothesis import settings

from tests.machine import IS_NIGHTLY, need

# Timing decides no test: a busy machine is not a broken program.
settings.register_profile("wikibot", deadline=None)
settings.load_profile("wikibot")


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Leave what is marked `slow` to the nightly run."""
    if IS_NIGHTLY:
        return
    nightly = [item for item in items if item.get_closest_marker("slow")]
    config.hook.pytest_deselected(items=nightly)
    items[:] = [item for item in items if item not in nightly]


def pytest_runtest_setup(item: pytest.Item) -> None:
    for mark in item.iter_markers("needs"):
        for program in mark.args:
            need(program)

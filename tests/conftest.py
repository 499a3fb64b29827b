"""What holds for the whole suite; the fixtures `wiki`, `flavour` and `seed` come from `wikiserver.fixtures`."""

import pytest
from hypothesis import settings

from tests.machine import need

# Timing decides no test: a busy machine is not a broken program.
settings.register_profile("wikibot", deadline=None)
settings.load_profile("wikibot")


def pytest_runtest_setup(item: pytest.Item) -> None:
    for mark in item.iter_markers("needs"):
        for program in mark.args:
            need(program)

"""Fixtures and hooks for the whole suite; the fixtures `wiki`, `flavour` and `seed` come from `wikiserver.fixtures`."""

from collections.abc import Iterator
from zlib import crc32

import pytest
from hypothesis import settings

from bot.wiki.dialect import Flavour
from tests.machine import IS_NIGHTLY, forget_own_settings, need

forget_own_settings()

# Timing decides no test: a busy machine is not a broken program.
settings.register_profile("wikibot", deadline=None)
settings.load_profile("wikibot")


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Leave to the nightly run what is marked `slow`, and one flavour of each case that is marked `either_flavour`."""
    if IS_NIGHTLY:
        return
    nightly = {item for item in items if item.get_closest_marker("slow") or _is_for_the_other_flavour(item)}
    config.hook.pytest_deselected(items=list(nightly))
    items[:] = [item for item in items if item not in nightly]


def _is_for_the_other_flavour(item: pytest.Item) -> bool:
    """Return whether this case is tried by day on the other flavour; the name of the case decides on which."""
    if not item.get_closest_marker("either_flavour") or not hasattr(item, "callspec"):
        return False
    flavours = list(Flavour)
    own = next((value for value in item.callspec.params.values() if value in flavours), None)
    case = item.nodeid.replace(str(own), "")
    return own is not None and own != flavours[crc32(case.encode()) % len(flavours)]


@pytest.fixture(scope="session", autouse=True)
def data_files_at_rest() -> Iterator[None]:
    """Let the bot take a data file that a test has just written as one that nobody is writing any more."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("bot.config.shared_data_file._QUIET_SECONDS", 0.0)
        patch.setattr("bot.config.shared_data_file._QUIET_SECONDS_NEW_END", 0.0)
        yield


def pytest_runtest_setup(item: pytest.Item) -> None:
    for mark in item.iter_markers("needs"):
        for program in mark.args:
            need(program)

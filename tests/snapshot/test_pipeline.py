"""A capture reads ahead of the writer, but only so far, however large the space is."""

import re
import time
from pathlib import Path

import pytest

from bot.snapshot.capture.observer import OBSERVED
from bot.wiki.dialect import Flavour
from tests.snapshot.capturing import run_capture
from tests.snapshot.small_tree import tree_bytes
from tests.snapshot.small_wiki import SmallWiki, small_wiki

_FETCHERS = 3


@pytest.mark.parametrize("flavour", [Flavour.DATA_CENTER, pytest.param(Flavour.CLOUD, marks=pytest.mark.slow)])
def test_few_pages_are_in_memory_at_once(flavour: Flavour, tmp_path: Path) -> None:
    with small_wiki(flavour) as wiki:
        for number in range(40):
            wiki.add(f"Page {number}", f"<p>text {number}</p>")
            wiki.edit(f"Page {number}", f"<p>other text {number}</p>")
        done, ahead = 0, []

        def on_page(_title: str, _total: int) -> None:
            nonlocal done
            if done == 0:
                time.sleep(0.5)  # a reader without a limit would be far ahead by then
            ahead.append(len(_observed(wiki)) - done)
            done += 1

        run_capture(wiki, tmp_path, on_page=on_page, parallel_requests=_FETCHERS)

    assert done == 43
    assert _FETCHERS <= max(ahead) <= OBSERVED * _FETCHERS


@pytest.mark.parametrize("flavour", [Flavour.DATA_CENTER, pytest.param(Flavour.CLOUD, marks=pytest.mark.slow)])
def test_the_number_of_requests_at_once_changes_no_byte(flavour: Flavour, tmp_path: Path) -> None:
    with small_wiki(flavour) as wiki:
        for number in range(60):
            wiki.add(f"Page {number}", f"<p>text {number}</p>")
        run_capture(wiki, tmp_path / "one", parallel_requests=1)
        run_capture(wiki, tmp_path / "many", parallel_requests=8)

    assert tree_bytes(tmp_path / "one") == tree_bytes(tmp_path / "many")


def _observed(wiki: SmallWiki) -> set[str]:
    """Return the pages whose earlier versions were asked for."""
    found = (re.search(r"/(?:pages|content)/(\d+)/versions?$", path) for _, path in wiki.server.requests)
    return {match[1] for match in found if match}

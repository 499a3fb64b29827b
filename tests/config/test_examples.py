"""The settings and the data file to start from are accepted, and fit the demo world."""

import re
from pathlib import Path

import pytest

from bot.config.data_file import DataFile
from bot.config.settings import load_settings
from wikiserver.store import Selection
from wikiserver.testing import Wiki

REPOSITORY = Path(__file__).resolve().parents[2]
HOME = "WS2 - Enhancing ICANN Accountability Implementation"


@pytest.mark.parametrize("path", ["config/example/bot.yaml", "config/demo/bot.yaml"])
def test_the_settings_to_start_from_are_accepted(path: str) -> None:
    settings = load_settings(REPOSITORY / path)

    assert [workspace.name for workspace in settings.workspaces] == ["ws2"]
    assert settings.workspaces[0].archived.under == ("Archive",)


@pytest.mark.parametrize("seed", ["demo"])
def test_the_data_file_to_start_from_links_to_pages_of_the_workspace(wiki: Wiki) -> None:
    space = wiki.store.spaces.get_by_key("WS2")
    titles = {page.title for page in wiki.store.contents.select(Selection(("space_id = ?",), (space.id,), limit=-1))}
    data = DataFile.load(REPOSITORY / "config/example/ws2.yaml").data
    text = (REPOSITORY / "config/example/ws2.yaml").read_text(encoding="utf-8")

    linked = set(re.findall(r"\(<page:([^>]+)>\)|\(page:([^)]+)\)", text.split("\n\n", 1)[1]))

    assert data.workspace.home == HOME
    assert {name for pair in linked for name in pair if name} <= titles
    assert data.quick_links is not None
    assert {link.page for link in data.quick_links.links if link.page} <= titles

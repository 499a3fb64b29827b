import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from bot.config.policy import SafetySettings
from bot.errors import SettingsError
from bot.storage import reader
from bot.storage.markers import Marker, MarkerKind
from bot.sync.drift import Verdict
from bot.sync.plan import Change
from bot.sync.region_memory import RegionMemory
from bot.sync.survey import build_plan
from bot.wiki.gateway import Page
from tests.sync.world import EXCLUDE, Bot, World, page_body

NEWS = Marker("news")
NEW: dict[str, str | None] = {"status": "<p>s</p>", "news": "<p>new</p>"}


class Listening:
    """A connection that notes which versions are asked for by their numbers."""

    def __init__(self, gateway: Any) -> None:
        self._gateway = gateway
        self.asked: list[int | None] = []

    def __getattr__(self, name: str) -> Any:
        return getattr(self._gateway, name)

    def fetch_page(self, page_id: str, *, version: int | None = None) -> Page:
        self.asked.append(version)
        page: Page = self._gateway.fetch_page(page_id, version=version)
        return page


class Looker:
    """A bot that looks at one page which people changed, with a memory."""

    def __init__(self, world: World, folder: Path, *, edits: int = 5) -> None:
        self.world, self.folder = world, folder
        self.page = world.add_page("Home", page_body({"status": "<p>s</p>", "news": "<p>old</p>"}))
        Bot(world, [self.page], NEW).run(take_over=frozenset({"all"}))
        for number in range(edits):
            world.edit(self.page, world.body(self.page) + f"<p>{number}</p>")
        world.replace(self.page, "<p>new</p>", "<p>by ana</p>")

    def path(self, page_id: str) -> Path:
        return self.folder / f"{page_id}.json"

    def look(self, texts: dict[str, str | None] | None = None) -> tuple[list[int | None], tuple[Change, ...]]:
        """Return the versions that a look at the page asks for, and what it finds."""
        gateway: Any = Listening(self.world.gateway())
        bot = Bot(self.world, [self.page], texts or NEW)
        assignment = replace(bot.assignment(), memory_of=lambda page_id: RegionMemory(self.path(page_id)))
        plan = build_plan(gateway, [assignment], SafetySettings(exclude_label=EXCLUDE), now=self.world.clock())
        return gateway.asked, tuple(change for page in plan.pages for change in page.changes)


def test_no_earlier_version_is_read_twice(world: World, tmp_path: Path) -> None:
    looker = Looker(world, tmp_path)
    live = world.store.contents.get(int(looker.page)).version

    first, found = looker.look()
    second, found_again = looker.look()

    assert first == [None, live, *range(2, live)]
    assert second == [None, live]
    assert found_again == found
    drifted = next(change for change in found if change.region == "news")
    assert drifted.verdict is Verdict.DRIFTED
    assert [edit.version for edit in drifted.edits] == [live]


def test_only_the_versions_since_are_read(world: World, tmp_path: Path) -> None:
    looker = Looker(world, tmp_path)
    looker.look()
    world.replace(looker.page, "<p>by ana</p>", "<p>by ana too</p>")
    live = world.store.contents.get(int(looker.page)).version

    asked, found = looker.look()

    assert asked == [None, live, live - 1]
    assert [edit.version for change in found for edit in change.edits] == [live - 1, live]


def test_a_version_with_the_number_of_another_is_read(world: World, tmp_path: Path) -> None:
    looker = Looker(world, tmp_path)
    looker.look()
    memory = json.loads(looker.path(looker.page).read_text())
    memory["versions"] = {
        f"{key.split()[0]} 2000-01-01T00:00:00+00:00 x": each for key, each in memory["versions"].items()
    }
    looker.path(looker.page).write_text(json.dumps(memory))

    asked, _ = looker.look()

    assert 2 in asked


@pytest.mark.parametrize(
    "content",
    [
        "",
        "{}",
        '{"format": "wikibot-region-memory/1", "texts": 7}',
        '{"format": "wikibot-region-memory/1", "texts": [], "versions": {"2 x y": {"news": 4}}}',
    ],
)
def test_a_damaged_memory_counts_as_empty(content: str, world: World, tmp_path: Path) -> None:
    looker = Looker(world, tmp_path, edits=1)
    _, found = looker.look()
    looker.path(looker.page).write_text(content)

    asked, found_again = looker.look()

    assert 2 in asked
    assert found_again == found
    assert looker.look()[0] == asked[:2]


def test_a_memory_of_a_newer_version_stays_as_it_is(tmp_path: Path) -> None:
    path = tmp_path / "1.json"
    path.write_text('{"format": "wikibot-region-memory/2"}')

    with pytest.raises(SettingsError, match=r"update wikibot, or delete the file"):
        RegionMemory(path)


def test_a_memory_has_each_text_once_and_no_version_that_nobody_asked_for(world: World, tmp_path: Path) -> None:
    looker = Looker(world, tmp_path)
    looker.look()
    first = json.loads(looker.path(looker.page).read_text())
    Bot(world, [looker.page], NEW).run(take_over=frozenset({"all"}))
    world.replace(looker.page, "<p>new</p>", "<p>by ana again</p>")
    world.edit(looker.page, world.body(looker.page) + "<p>more</p>")

    looker.look()

    second = json.loads(looker.path(looker.page).read_text())
    assert sorted(first["texts"]) == ["<p>new</p>", "<p>s</p>"]
    assert sorted(second["texts"]) == ["<p>by ana again</p>", "<p>new</p>", "<p>s</p>"]
    known = {int(key.split()[0]) for key, regions in second["versions"].items() if "news" in regions}
    live = world.store.contents.get(int(looker.page)).version
    assert known == {live - 2, live - 1}


def test_a_region_below_a_heading_is_remembered_by_its_heading(world: World, tmp_path: Path) -> None:
    page = world.add_page("Home", "<p>x</p>")
    version = next(iter(world.gateway().fetch_versions(page)))
    memory = RegionMemory(tmp_path / "1.json")
    memory.remember(version, Marker("news", MarkerKind.HEADING, heading="News"), "<p>1</p>")
    memory.save()

    again = RegionMemory(tmp_path / "1.json")

    assert again.has(version, Marker("news", MarkerKind.HEADING, heading="News"))
    assert not again.has(version, Marker("news", MarkerKind.HEADING, heading="Other news"))
    assert not again.has(version, NEWS)


def test_of_a_large_page_only_its_regions_are_parsed_into_trees(
    world: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    parsed: list[int] = []

    class Growth(reader._Growth):
        def __init__(self, body: str) -> None:
            parsed.append(len(body))
            super().__init__(body)

    monkeypatch.setattr(reader, "_Growth", Growth)
    looker = Looker(world, tmp_path, edits=0)
    world.edit(
        looker.page,
        "<table><tbody>" + "<tr><td><p>1</p></td></tr>" * 3_000 + "</tbody></table>" + world.body(looker.page),
    )
    parsed.clear()

    looker.look()
    Bot(world, [looker.page], {"news": "<p>newer</p>", "status": "<p>s</p>"}).run(take_over=frozenset({"all"}))

    assert world.region(looker.page, "news") == "<p>newer</p>"
    assert parsed
    assert max(parsed) < 1_000

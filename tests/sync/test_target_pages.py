from pathlib import Path
from typing import Any

import pytest

from bot.config.policy import RegionSettings, SafetySettings, TargetSettings
from bot.errors import PageNotFoundError
from bot.sync.page_finder import PageFinder
from bot.sync.page_memory import PageMemory
from bot.sync.plan import Plan, PlanProblem
from bot.sync.survey import build_plan
from bot.sync.target_pages import choose_targets
from bot.sync.wanted import Assignment, TargetPage
from tests.sync.world import World, page_body

TEXT = "<p>banner</p>"


class Desk:
    """Chooses targets and plans, with a memory that lasts from run to run."""

    def __init__(self, world: World, folder: Path) -> None:
        self.world, self.path = world, folder / "pages.json"
        self.gateway = world.gateway()

    def finder(self) -> PageFinder:
        memory = PageMemory(self.path, wiki=self.gateway.base_url, space_key="WS2")
        return PageFinder(self.gateway, "WS2", memory)

    def choose(
        self, home: str = "Home", *, is_on_home: bool = True, **also: Any
    ) -> tuple[list[TargetPage], list[PlanProblem]]:
        finder = self.finder()
        regions = {"status": RegionSettings(home=is_on_home, also=TargetSettings(**also))}
        chosen = choose_targets(self.gateway, finder, regions, {"status": TEXT}, workspace="ws2", home=home)
        finder.save()
        self.find_again = finder.find_again
        return chosen

    def plan(self, home: str = "Home", **also: Any) -> Plan:
        targets, problems = self.choose(home, **also)
        assignment = Assignment("ws2", "r", tuple(targets), tuple(problems), (), self.find_again)
        return build_plan(self.gateway, [assignment], SafetySettings(), now=self.world.clock())


@pytest.fixture
def desk(either_world: World, tmp_path: Path) -> Desk:
    return Desk(either_world, tmp_path)


def ids(targets: list[TargetPage]) -> list[str]:
    return [target.page_id for target in targets]


def test_a_region_belongs_on_the_home_page_and_on_pages_by_title_id_label_and_ancestor(desk: Desk) -> None:
    add = desk.world.add_page
    home = add("Home", "x")
    by_title, by_id, labelled, top = add("By title", "x"), add("By id", "x"), add("Labelled", "x"), add("Top", "x")
    child = add("Child", "x", parent=top)
    grandchild = add("Grandchild", "x", parent=child)
    add("Neither", "x")
    desk.world.label(labelled, "banner")

    targets, problems = desk.choose(pages=("By title", by_id), labels=("banner",), under=("Top",))

    assert ids(targets)[0] == home
    assert targets[0].is_home
    assert sorted(ids(targets)[1:]) == sorted([by_title, by_id, labelled, child, grandchild])
    assert problems == []


def test_a_page_that_is_named_twice_comes_once(desk: Desk) -> None:
    home = desk.world.add_page("Home", "x")
    desk.world.label(home, "banner")

    targets, _ = desk.choose(pages=("Home", home), labels=("banner",))

    assert ids(targets) == [home]


def test_a_region_need_not_be_on_the_home_page(desk: Desk) -> None:
    desk.world.add_page("Home", "x")
    other = desk.world.add_page("Other", "x")

    assert ids(desk.choose(is_on_home=False, pages=("Other",))[0]) == [other]


def test_a_page_that_is_not_there_leaves_the_others(desk: Desk) -> None:
    home = desk.world.add_page("Home", "x")

    targets, problems = desk.choose(pages=("Nowhere",), under=("Nor there",))

    assert ids(targets) == [home]
    assert [problem.page for problem in problems] == ["Nowhere", "Nor there"]


def test_a_missing_home_page_is_an_error(desk: Desk) -> None:
    with pytest.raises(PageNotFoundError, match="Home"):
        desk.choose()


def test_a_page_that_was_renamed_and_moved_keeps_its_region(desk: Desk) -> None:
    home = desk.world.add_page("Home", page_body({"status": TEXT}))
    other = desk.world.add_page("Other", page_body({"status": TEXT}))
    desk.plan(pages=("Other",))
    ana = desk.world.account("ana")
    for page, title in ((home, "New home"), (other, "Another")):
        desk.world.store.pages.update(int(page), author=ana, title=title, body="<p>changed</p>")
    desk.world.store.pages.set_parent(int(other), int(home))

    plan = desk.plan(pages=("Other",))

    assert [page.id for page in plan.pages] == [home, other]
    assert any("'Home' is now called 'New home'" in notice for notice in plan.notices)
    assert any("'Other' is now called 'Another'" in notice for notice in plan.notices)


def test_a_page_that_was_deleted_and_made_again_is_found_by_its_title(desk: Desk) -> None:
    old = desk.world.add_page("Home", page_body({"status": TEXT}))
    desk.plan()
    desk.world.store.pages.trash(int(old))
    desk.world.store.pages.purge(int(old))
    new = desk.world.add_page("Home", "<p>made again</p>")

    assert [page.id for page in desk.plan().pages] == [new]
    assert ids(desk.choose()[0]) == [new]


def test_a_memory_that_is_lost_or_broken_is_made_again(desk: Desk) -> None:
    home = desk.world.add_page("Home", "x")
    desk.choose()
    for content in ("", "[1]", '{"x": 3}', "\x00"):
        desk.path.write_text(content)

        assert ids(desk.choose()[0]) == [home]


@pytest.mark.parametrize("how", [{"labels": ("banner",)}, {"under": ("Home",)}])
def test_five_hundred_pages_in_sync_cost_few_requests_and_no_write(desk: Desk, how: dict[str, Any]) -> None:
    body = page_body({"status": TEXT})
    home = desk.world.add_page("Home", body)
    for number in range(499):
        desk.world.label(desk.world.add_page(f"Page {number}", body, parent=home), "banner")
    before = len(desk.world.server.requests)

    plan = desk.plan(**how)

    assert plan.managed_regions == 500
    assert (plan.pages, plan.problems, plan.notices) == ((), (), ())
    assert len(desk.world.server.requests) - before <= 500 / 50 + 6
    assert desk.world.writes() == []

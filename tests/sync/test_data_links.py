from pathlib import Path

import pytest

from bot.adopt.wiki_pages import WikiPages
from bot.config.data_model import WorkspaceData
from bot.inline import PageTarget
from bot.sync.data_links import (
    DataLink,
    LinkKind,
    LinkProblem,
    ResolvedLinks,
    describe_location,
    find_missing_attachments,
    iter_links,
    resolve_links,
)
from bot.sync.page_finder import PageFinder
from bot.sync.page_memory import PageMemory
from tests.sync.world import World

DATA = WorkspaceData.model_validate(
    {
        "workspace": {"space": "WS2", "home": "Home"},
        "status": {"lines": [{"text": "plain"}, {"text": "[a](page:Plan A) and [f](attachment:a.pdf)"}]},
        "quick_links": {
            "links": [
                {"text": "x", "url": "https://x.test/", "links": [{"text": "y", "page": "Plan B"}]},
                {"text": "z", "attachment": "b.pdf"},
            ]
        },
        "news": {"older": "Older", "items": [{"id": "n", "text": "[w](https://w.test/)"}]},
    }
)


def test_every_link_is_found_with_its_place_in_the_file() -> None:
    assert [(link.kind, link.target, describe_location(link.location)) for link in iter_links(DATA)] == [
        (LinkKind.PAGE, "Plan A", "status.lines[1].text"),
        (LinkKind.ATTACHMENT, "a.pdf", "status.lines[1].text"),
        (LinkKind.EXTERNAL, "https://x.test/", "quick_links.links[0].url"),
        (LinkKind.PAGE, "Plan B", "quick_links.links[0].links[0].page"),
        (LinkKind.ATTACHMENT, "b.pdf", "quick_links.links[1].attachment"),
        (LinkKind.EXTERNAL, "https://w.test/", "news.items[0].text"),
        (LinkKind.PAGE, "Older", "news.older"),
    ]


class Library:
    """A finder whose memory lasts from run to run."""

    def __init__(self, world: World, folder: Path) -> None:
        self.world, self.gateway, self.path = world, world.gateway(), folder / "pages.json"

    def memory(self) -> PageMemory:
        return PageMemory(self.path, wiki=self.gateway.base_url, space_key="WS2")

    def resolve(self, *references: str) -> ResolvedLinks:
        finder = PageFinder(self.gateway, "WS2", self.memory())
        resolved = resolve_links([DataLink(LinkKind.PAGE, each, ("x",)) for each in references], finder)
        finder.save()
        return resolved


@pytest.fixture
def library(either_world: World, tmp_path: Path) -> Library:
    return Library(either_world, tmp_path)


def messages(problems: tuple[LinkProblem, ...]) -> list[str]:
    return [problem.message for problem in problems]


def test_a_page_is_linked_to_by_its_title_whether_named_by_title_or_id(library: Library) -> None:
    page = library.world.add_page("Plan A", "x")

    resolved = library.resolve("Plan A", page)

    assert resolved.find_target("Plan A") == resolved.find_target(page) == PageTarget("Plan A")
    assert resolved.problems == ()


def test_a_title_of_digits_is_a_title_where_no_page_has_that_id(library: Library) -> None:
    library.world.add_page("2024", "x")

    assert library.resolve("2024").find_target("2024") == PageTarget("2024")


def test_a_page_that_does_not_exist_is_reported(library: Library) -> None:
    resolved = library.resolve("Nowhere", "99999999")

    assert messages(resolved.problems) == [
        "there is no page 'Nowhere' in space WS2; correct the title",
        "there is no page '99999999' in space WS2; correct the title",
    ]
    assert resolved.find_target("Nowhere") is None


def test_a_renamed_page_is_linked_to_by_its_new_title_and_the_fix_is_offered(library: Library) -> None:
    page = library.world.add_page("Plan A", "x")
    library.resolve("Plan A")
    library.world.store.pages.update(int(page), author=library.world.account("ana"), title="Plan Z")

    resolved = library.resolve("Plan A")

    assert resolved.find_target("Plan A") == PageTarget("Plan Z")
    (problem,) = resolved.problems
    assert "now called 'Plan Z'" in str(problem)


def test_a_page_is_known_by_each_title_that_it_was_linked_to(library: Library) -> None:
    page, rename = library.world.add_page("Plan A", "x"), library.world.store.pages.update
    library.resolve("Plan A")
    rename(int(page), author=library.world.account("ana"), title="Plan B")
    library.resolve("Plan A")  # the link on the page says Plan B now, and an adoption may take it to the data file
    rename(int(page), author=library.world.account("ana"), title="Plan C")

    resolved = library.resolve("Plan B")

    assert resolved.find_target("Plan B") == PageTarget("Plan C")
    assert messages(resolved.problems) == [f"page 'Plan B' is now called 'Plan C'; write that, or its id {page}"]


def test_an_adoption_takes_a_link_by_a_former_title_as_the_page_is_named_now(library: Library) -> None:
    page, rename = library.world.add_page("Plan A", "x"), library.world.store.pages.update
    library.resolve("Plan A")
    rename(int(page), author=library.world.account("ana"), title="Plan B")
    library.resolve("Plan A")
    rename(int(page), author=library.world.account("ana"), title="Plan C")

    def pages() -> WikiPages:
        return WikiPages(library.gateway, PageFinder(library.gateway, "WS2", library.memory()))

    by_title, by_file = pages(), pages()
    by_file.find_target("Plan A")  # which the data file names

    assert by_title.name_page("Plan B", "WS2") == "Plan C"
    assert by_file.name_page("Plan B", "WS2") == "Plan A"


def test_the_title_of_a_page_that_the_bot_has_not_linked_to_costs_no_request(library: Library) -> None:
    pages = WikiPages(library.gateway, PageFinder(library.gateway, "WS2", library.memory()))
    before = len(library.world.server.requests)

    assert pages.name_page("Still to write", "WS2") == "Still to write"
    assert len(library.world.server.requests) == before


def test_the_title_of_a_link_does_not_decide_where_a_region_belongs(library: Library) -> None:
    page, rename = library.world.add_page("Plan A", "x"), library.world.store.pages.update
    library.resolve("Plan A")
    rename(int(page), author=library.world.account("ana"), title="Plan B")
    library.resolve("Plan A")
    rename(int(page), author=library.world.account("ana"), title="Plan C")
    new = library.world.add_page("Plan B", "x")

    finder = PageFinder(library.gateway, "WS2", library.memory())

    assert finder.get_id("Plan B") == new
    assert finder.get_id("Plan A") == page


def test_a_new_page_of_the_old_title_is_the_one_that_is_meant(library: Library) -> None:
    page = library.world.add_page("Plan A", "x")
    library.resolve("Plan A")
    library.world.store.pages.update(int(page), author=library.world.account("ana"), title="Plan Z")
    library.world.add_page("Plan A", "anew")

    resolved = library.resolve("Plan A")

    assert resolved.find_target("Plan A") == PageTarget("Plan A")
    assert resolved.problems == ()


def test_an_archived_page_is_reported(library: Library) -> None:
    page = library.world.add_page("Plan A", "x")
    library.resolve("Plan A")
    library.world.store.pages.archive([int(page)])

    (message,) = messages(library.resolve("Plan A").problems)

    assert "archived" in message or "there is no page" in message


def test_many_strangers_are_listed_rather_than_asked_for_one_by_one(library: Library) -> None:
    titles = [f"Page {number}" for number in range(40)]
    for title in titles:
        library.world.add_page(title, "x")
    before = len(library.world.server.requests)

    assert library.resolve(*titles).problems == ()

    assert len(library.world.server.requests) - before <= 3


def test_links_that_are_known_cost_one_request_together(library: Library) -> None:
    titles = [f"Page {number}" for number in range(5)]
    for title in titles:
        library.world.add_page(title, "x")
    library.resolve(*titles)
    before = len(library.world.server.requests)

    assert library.resolve(*titles).problems == ()

    assert len(library.world.server.requests) - before <= 2


def test_a_missing_attachment_is_reported_and_another_spelling_offered() -> None:
    links = [DataLink(LinkKind.ATTACHMENT, name, ("x",)) for name in ("a.pdf", "B.PDF", "c.pdf")]

    problems = find_missing_attachments(links, ["a.pdf", "b.pdf"])

    assert [problem.link.target for problem in problems] == ["B.PDF", "c.pdf"]
    assert "'b.pdf'" in problems[0].message

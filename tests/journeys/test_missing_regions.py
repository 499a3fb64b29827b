"""A page lacks a region: the bot lists the possible places, the maintainer chooses, and the bot creates it there."""

import os

import pytest

from tests.journeys.conftest import Desk
from tests.terminal import Terminal

pytestmark = [pytest.mark.either_flavour, pytest.mark.parametrize("flavour", ["cloud", "datacenter"])]

BODY = "<h2>About us</h2><p>a</p><h2>Quick contact:</h2><p>b</p>"


@pytest.fixture
def bare(desk: Desk) -> Desk:
    """A desk whose home page has headings and none of the regions, and a data file with one news item."""
    desk.wiki.add_page("Hub", BODY)
    desk.data.write_text("workspace: {space: WS2, home: Hub}\nnews: {items: [{id: a, text: Hello}]}\n")
    return desk


def body(desk: Desk) -> str:
    return desk.wiki.body(desk.wiki.find("Hub").id)


def test_plan_says_what_to_type_and_typing_it_creates_the_region(bare: Desk) -> None:
    planned = bare.ran("plan", code=3).out

    assert "! news: not on the page yet\n" in planned
    assert "the bot has never written it; `wikibot adopt` takes over what people wrote there" in planned
    assert "if they wrote none, choose where to create it" in planned
    assert "wikibot adopt --place news=end" in planned
    assert "“About us”, “Quick contact:”" in planned
    before = (bare.folder / "bot.yaml").read_text()
    bare.ran("adopt", "--place", "news=before:Quick contact:")
    after = (bare.folder / "bot.yaml").read_text()
    assert after.startswith(before[: before.index("snapshots:")])
    assert after.endswith(before[before.index("snapshots:") :])
    assert "place: 'before:Quick contact:'" in after
    bare.ran("plan", code=2)
    bare.ran("apply", "--yes")
    assert body(bare).index("Hello") < body(bare).index("Quick contact:")
    assert body(bare).startswith("<h2>About us</h2><p>a</p>")
    assert bare.ran("plan").out.startswith("in sync")


def test_a_place_in_a_list_of_regions_changes_nothing_else(bare: Desk) -> None:
    settings = bare.folder / "bot.yaml"
    text = settings.read_text().replace(
        "    data: ws2.yaml\n",
        "    data: ws2.yaml\n    regions:\n      status: {}  # ours\n      news: {drift: repair}\n",
    )
    settings.write_text(text)

    bare.ran("adopt", "--place", "news=end")

    assert settings.read_text() == text.replace("{drift: repair}", "{drift: repair, place: end}")


def test_an_edit_does_not_promise_to_publish_a_region_without_a_place(bare: Desk) -> None:
    settings = bare.folder / "bot.yaml"
    settings.write_text(settings.read_text() + "jobs: [{run: sync, every: 10 minutes}]\n")

    lacking = bare.ran("news", "add", "First").err
    unknown = bare.ran("news", "add", "Second", "--offline").err
    bare.ran("adopt", "--place", "news=end")
    placed = bare.ran("news", "add", "Third").err

    assert (
        "next: not published yet, because the page has no region 'news'; choose its place with `wikibot adopt"
        in lacking
    )
    assert "publishes it" not in lacking
    assert "publishes it (sync: every 10 minutes) if the page has the region; at once:" in unknown
    assert "publishes it (sync: every 10 minutes); at once:" in placed
    bare.ran("apply", "--yes")
    assert "publishes it (sync: every 10 minutes); at once:" in bare.ran("news", "add", "Fourth").err


@pytest.mark.parametrize(
    ("place", "message"),
    [
        ("news=after:Nowhere", "the page has none"),
        ("news=middle", "'middle' is not a place"),
        ("nonsense=end", "has no region 'nonsense'; it has: status, quick_links, news"),
        ("news", "write it as REGION=PLACE"),
    ],
)
def test_a_place_that_does_not_exist_is_refused_and_not_written(bare: Desk, place: str, message: str) -> None:
    before = (bare.folder / "bot.yaml").read_text()

    assert message in bare.ran("adopt", "--place", place, code=1).err
    assert (bare.folder / "bot.yaml").read_text() == before


def test_where_nobody_can_be_asked_adopt_says_what_to_type(bare: Desk) -> None:
    ran = bare.ran("adopt", code=1)

    assert "wikibot adopt --place status=end --place quick_links=end --place news=end" in ran.err
    assert "headings of the page: “About us”, “Quick contact:”" in ran.err


def test_a_page_without_anything_to_adopt_gets_a_data_file(bare: Desk) -> None:
    bare.data.unlink()

    bare.ran("adopt", "Hub", "--space", "WS2", "--place", "news=end")

    assert "home: Hub" in bare.data.read_text()
    bare.ran("news", "add", "Hello")
    bare.ran("apply", "--yes")
    assert "Hello" in body(bare)


def test_at_a_terminal_adopt_asks_until_the_place_exists(bare: Desk) -> None:
    token = os.environ["WIKIBOT_WIKI__TOKEN"]
    environment = {"WIKIBOT_CONFIG": str(bare.folder / "bot.yaml"), "WIKIBOT_WIKI__TOKEN": token}

    with Terminal("adopt", folder=bare.folder, environment=environment) as terminal:
        terminal.answer("Place of status", "")
        terminal.answer("Place of quick_links", "after 7")
        terminal.expect("of which the page has none")
        terminal.answer("Place of quick_links", "after 1")
        terminal.answer("Place of news", "end")
        assert terminal.end() == 0

    settings = (bare.folder / "bot.yaml").read_text()
    assert "quick_links: {place: 'after:About us'}" in settings or "place: after:About us" in settings
    bare.ran("apply", "--yes")
    assert body(bare).index("Quick contact:") < body(bare).index("Hello")


def test_at_a_terminal_a_section_under_an_unknown_heading_is_chosen_by_its_number(bare: Desk) -> None:
    token = os.environ["WIKIBOT_WIKI__TOKEN"]
    environment = {"WIKIBOT_CONFIG": str(bare.folder / "bot.yaml"), "WIKIBOT_WIKI__TOKEN": token}

    with Terminal("adopt", folder=bare.folder, environment=environment) as terminal:
        terminal.answer("Place of status", "1")
        terminal.answer("Place of quick_links", "")
        terminal.answer("Place of news", "")
        terminal.answer("Write this to the wiki", "y")
        assert terminal.end() == 0

    assert "heading: About us" in bare.data.read_text()
    assert "wikibot-status" in body(bare)


TWO = "<h2>Status</h2><p>Well.</p><h2>Latest news</h2><ul><li>A</li></ul><h2>What's new</h2><ul><li>B</li></ul>"


@pytest.fixture
def two(desk: Desk) -> Desk:
    """A desk whose home page has two sections that look like news."""
    desk.wiki.add_page("Hub", TWO)
    return desk


def test_without_a_terminal_two_candidates_are_named_and_the_rest_is_adopted(two: Desk) -> None:
    ran = two.ran("adopt", "Hub", "--space", "WS2", "--yes", code=1)

    assert """--news "Latest news" or --news "What's new\"""" in ran.out
    assert "wikibot-status" in body(two)
    two.ran("adopt", "--news", "What's new", "--yes")
    assert "text: B" in two.data.read_text()
    assert "<h2>Latest news</h2><ul><li>A</li></ul><ac:structured-macro" in body(two)


def test_a_heading_that_the_page_has_not_is_refused_with_those_that_it_has(two: Desk) -> None:
    ran = two.ran("adopt", "Hub", "--space", "WS2", "--dry-run", "--links", "Nope", code=1)

    assert "no section of the page begins with 'Nope'" in ran.out
    assert "“Status”, “Latest news”, “What's new”" in ran.out


def test_at_a_terminal_one_of_two_candidates_is_chosen(two: Desk) -> None:
    token = os.environ["WIKIBOT_WIKI__TOKEN"]
    environment = {"WIKIBOT_CONFIG": str(two.folder / "bot.yaml"), "WIKIBOT_WIKI__TOKEN": token}

    with Terminal("adopt", "Hub", "--space", "WS2", folder=two.folder, environment=environment) as terminal:
        terminal.answer("Number or words", "3")
        terminal.expect("there is no number 3")
        terminal.answer("Number or words", "1")
        terminal.answer("Place of quick_links", "")
        terminal.answer("Write this to the wiki", "y")
        assert terminal.end() == 0

    assert "heading: Latest news" in two.data.read_text()

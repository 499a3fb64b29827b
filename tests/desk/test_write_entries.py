"""Quick links and banner at the desk, without JavaScript, over a real wiki."""

import html
import re
from collections.abc import Iterator

import pytest

from bot.config.data_file import DataFile
from tests.desk.conftest import DeskClient, DeskWorld, desk_world
from tests.desk.test_write_news import fields_of

LINKS, BANNER = "/w/ws2/links", "/w/ws2/banner"


@pytest.fixture(scope="module")
def writing(tmp_path_factory: pytest.TempPathFactory) -> Iterator[DeskWorld]:
    with desk_world(tmp_path_factory.mktemp("entries"), flavour="cloud") as made:
        made.wiki.add_page("Old rules", "<p>x</p>", status="archived")
        made.client_as("editor").get(LINKS)
        yield made


@pytest.fixture
def ana(writing: DeskWorld) -> DeskClient:
    return writing.client_as("editor")


def links_of(world: DeskWorld) -> list[object]:
    """Return the texts of the links, each with those below it."""
    section = DataFile.load(world.folder / "ws2.yaml").data.quick_links
    assert section is not None
    return [(link.text, [below.text for below in link.links]) if link.links else link.text for link in section.links]


def test_links_are_added_nested_moved_and_removed(writing: DeskWorld, ana: DeskClient) -> None:
    before = links_of(writing)
    for name in ("Alpha", "Beta"):
        fields = fields_of(ana.get(f"{LINKS}/new").text)
        saved = ana.post(f"{LINKS}/new", fields | {"text": name, "target": f"https://example.org/{name}"})
        assert saved.status_code == 303, re.sub("<[^>]+>", "", saved.text)
    alpha = len(before) + 1
    assert links_of(writing) == [*before, "Alpha", "Beta"]
    for day in ("2099-01-31", ""):
        form = f"{LINKS}/{alpha}"
        assert ana.post(form, fields_of(ana.get(form).text) | {"review_by": day}).status_code == 303
        assert fields_of(ana.get(form).text)["review_by"] == day
        assert ("review_by: 2099-01-31" in (writing.folder / "ws2.yaml").read_text()) == bool(day)

    ana.post(LINKS, {"do": f"up:{alpha + 1}"})
    assert links_of(writing) == [*before, "Beta", "Alpha"]
    ana.post(LINKS, {"do": f"in:{alpha + 1}"})
    assert links_of(writing) == [*before, ("Beta", ["Alpha"])]
    ana.post(LINKS, {"do": f"out:{alpha}.1"})
    assert links_of(writing) == [*before, "Beta", "Alpha"]
    ana.post(LINKS, {"do": f"place:{alpha + 1}", "before": "1"})
    assert links_of(writing) == ["Alpha", *before, "Beta"]
    ana.post(LINKS, {"do": "remove:1"})
    ana.post(LINKS, {"do": f"remove:{alpha}"})
    assert links_of(writing) == before


def test_a_found_page_fills_in_target_and_words(ana: DeskClient) -> None:
    fields = fields_of(ana.get(f"{LINKS}/new").text)
    found = ana.post(f"{LINKS}/new", fields | {"action": "find", "find": "implementation"})
    hit = re.search(r'value="(insert:[^"]+)"', found.text)

    chosen = fields_of(ana.post(f"{LINKS}/new", fields | {"action": html.unescape(hit[1])}).text)  # type: ignore[index]

    assert chosen["target"].startswith("page:")
    assert "mplementation" in chosen["text"]


def test_a_link_to_nowhere_is_refused_at_its_field(writing: DeskWorld, ana: DeskClient) -> None:
    before = links_of(writing)
    fields = fields_of(ana.get(f"{LINKS}/new").text)

    answer = ana.post(f"{LINKS}/new", fields | {"text": "Away", "target": "page:Implementaton"})

    assert answer.status_code == 422
    assert "There is no page" in answer.text
    assert links_of(writing) == before


def test_an_archived_page_needs_a_tick(ana: DeskClient) -> None:
    fields = fields_of(ana.get(f"{LINKS}/new").text) | {"text": "Old rules", "target": "page:Old rules"}

    asked = ana.post(f"{LINKS}/new", fields)
    saved = ana.post(f"{LINKS}/new", fields | {"accept": "yes"})

    assert (asked.status_code, saved.status_code) == (422, 303)
    assert "archived" in asked.text


def test_two_people_can_move_and_edit_different_links(writing: DeskWorld, ana: DeskClient) -> None:
    li = writing.client_as("maintainer")
    mine = fields_of(ana.get(f"{LINKS}/1").text)
    names = links_of(writing)
    digest = re.search(r'name="digest" value="(\w+)"', li.get(LINKS).text)
    li.post(LINKS, {"do": "down:1", "digest": digest[1]})  # type: ignore[index]  # the test fails without it

    saved = ana.post(f"{LINKS}/1", mine | {"text": "Renamed by ana"}, follow_redirects=True)

    assert "both changes are kept" in saved.text
    assert links_of(writing)[1] == "Renamed by ana"
    assert links_of(writing)[0] == names[1]


def test_a_banner_line_has_icon_lozenge_and_colour(writing: DeskWorld, ana: DeskClient) -> None:
    fields = fields_of(ana.get(f"{BANNER}/new").text)
    line = {"text": "All is well", "icon": "star-green", "lozenge": "ON TRACK", "lozenge_colour": "green"}
    looked = ana.post(f"{BANNER}/new", fields | line | {"colour": "#1f8a4c", "action": "look"})
    drawn = ana.get(re.search(r'src="([^"]+/preview/[^"]+)"', looked.text)[1]).text  # type: ignore[index]

    saved = ana.post(f"{BANNER}/new", fields | line | {"colour": "#1f8a4c"})

    assert saved.status_code == 303
    section = DataFile.load(writing.folder / "ws2.yaml").data.status
    assert section is not None
    added = section.lines[-1]
    assert (added.text, added.icon, added.colour) == ("All is well", "star-green", "#1f8a4c")
    assert added.lozenge is not None
    assert added.lozenge.colour == "green"
    assert 'class="wiki-lozenge wiki-lozenge-green">ON TRACK' in drawn
    assert '<font color="#1f8a4c">' in drawn
    assert 'aria-label="green star"' in drawn or "wiki-icon" in drawn


def test_a_bad_colour_is_refused_at_its_field(ana: DeskClient) -> None:
    fields = fields_of(ana.get(f"{BANNER}/new").text)

    answer = ana.post(f"{BANNER}/new", fields | {"text": "x", "colour": "greenish 3"})

    assert answer.status_code == 422
    assert "is not a colour" in html.unescape(answer.text)

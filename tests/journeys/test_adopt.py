"""A maintainer adopts the home page, and later the changes that people make on it."""

import re

import pytest

from tests.journeys.conftest import HOME, Desk

pytestmark = [pytest.mark.parametrize("seed", ["demo"]), pytest.mark.parametrize("flavour", ["cloud", "datacenter"])]

MARKED = re.compile(
    r'<ac:structured-macro[^>]*ac:name="details"[^>]*>(?:(?!</ac:structured-macro>).)*?wikibot-\w+.*?</ac:structured-macro>',
    re.DOTALL,
)


def test_adopting_makes_data_file_and_regions_and_then_there_is_nothing_to_do(desk: Desk) -> None:
    ran = desk.ran("adopt", HOME, "--space", "WS2", "--yes")

    assert "status: found by" in ran.out
    text = desk.data.read_text()
    for words in ("Adopted by the Board in November 2019.", "(page:Implementation)", "icon: star", "date: 2024-02-22"):
        assert words in text
    assert len(MARKED.findall(desk.home_body)) == 3
    assert desk.ran("plan").out == "in sync: 3 regions on 1 page\n"
    assert desk.ran("check").out.count("error") == 0
    assert (desk.folder / "workspace.schema.json").is_file()


def test_every_byte_outside_the_regions_stays(desk: Desk) -> None:
    before = desk.home_body

    desk.ran("adopt", HOME, "--space", "WS2", "--yes")

    pieces = MARKED.split(desk.home_body)
    at = 0
    for piece in pieces:
        assert piece in before[at:], piece[:200]
        at = before.index(piece, at) + len(piece)
    assert before.startswith(pieces[0])
    assert before.endswith(pieces[-1])
    assert before.count("inline-comment-marker") == desk.home_body.count("inline-comment-marker")


def test_a_dry_run_shows_everything_and_writes_nothing(desk: Desk) -> None:
    before = desk.home_body

    ran = desk.ran("adopt", HOME, "--space", "WS2", "--dry-run")

    assert "+status:" in ran.out
    assert desk.home_body == before
    assert desk.writes() == []
    assert not desk.data.exists()


@pytest.mark.either_flavour
def test_a_dry_run_of_a_page_without_sections_says_what_to_do_and_ends_as_the_adoption_does(desk: Desk) -> None:
    desk.wiki.add_page("Plain", "<p>Welcome.</p><h2>Background</h2><p>Words.</p>", space="WS2")
    command = ("adopt", "Plain", "--space", "WS2")

    dry, real = (desk.ran(*command, option, code=1) for option in ("--dry-run", "--yes"))

    advice = "--place status=end --place quick_links=end --place news=end"
    assert advice in dry.err
    assert advice in real.err
    assert "“Background”" in dry.err


def test_nobody_is_surprised_where_nobody_can_be_asked(desk: Desk) -> None:
    ran = desk.ran("adopt", HOME, "--space", "WS2", code=1)

    assert "add --yes" in ran.err
    assert desk.writes() == []


def test_the_page_can_be_named_by_its_id_alone(desk: Desk) -> None:
    desk.ran("adopt", str(desk.home_id), "--yes")

    assert f"home: {HOME}" in desk.data.read_text()


def test_adopting_twice_changes_nothing(adopted: Desk) -> None:
    body, data = adopted.home_body, adopted.data.read_bytes()

    ran = adopted.ran("adopt", "--yes")

    assert "nothing to adopt" in ran.err
    assert (adopted.home_body, adopted.data.read_bytes()) == (body, data)


def test_what_a_person_wrote_in_a_region_goes_into_the_data_file_and_stays_editable(adopted: Desk) -> None:
    person = adopted.home_body.replace(
        "Adopted by the Board in November 2019.", "Adopted by the <em>Board</em>, at last."
    )
    adopted.wiki.edit(adopted.home_id, person, by="li")
    drift = adopted.ran("drift", code=3)
    assert "Li Wei" in drift.out

    adopted.ran("adopt", "--yes")

    assert "Adopted by the *Board*, at last." in adopted.data.read_text()
    assert "<em>Board</em>, at last." in adopted.home_body
    adopted.ran("plan")
    adopted.ran("status", "set", "--line", "1", "Adopted in 2019.")
    assert "conflict" not in adopted.ran("plan", code=2).out
    adopted.ran("apply", "--yes")
    assert "Adopted in 2019." in adopted.home_body


def test_a_bullet_of_invisible_characters_is_adopted_as_the_empty_bullet_that_people_see(adopted: Desk) -> None:
    before = adopted.data.read_bytes()
    at = adopted.home_body.index("<li>", adopted.home_body.index("News:"))
    bullets = "<li><p>\u200b</p></li><li>\u200b\u2060</li>"
    adopted.wiki.edit(adopted.home_id, adopted.home_body[:at] + bullets + adopted.home_body[at:], by="li")

    adopted.ran("adopt", "--yes")

    assert adopted.data.read_bytes() == before
    assert adopted.ran("plan").out == "in sync: 3 regions on 1 page\n"
    refused = adopted.ran("news", "add", "\u200b\u2060", code=1)
    assert "has only invisible characters" in refused.err


def test_news_that_the_page_does_not_show_yet_survives_the_adoption_of_drift(adopted: Desk) -> None:
    adopted.ran("news", "add", "Later", "--publish-at", "2999-01-01T00:00Z")
    person = adopted.home_body.replace("Listen to the", "Do listen to the")
    adopted.wiki.edit(adopted.home_id, person)

    adopted.ran("adopt", "--yes")

    assert "text: Later" in adopted.data.read_text()
    assert "Do listen to the" in adopted.data.read_text()
    adopted.ran("plan")


def test_a_stop_label_prevents_an_adoption(desk: Desk) -> None:
    desk.wiki.store.labels.add(desk.home_id, "wikibot-stop")

    ran = desk.ran("adopt", HOME, "--space", "WS2", "--yes", code=6)

    assert "wikibot-stop" in ran.err
    assert desk.writes() == []
    assert not desk.data.exists()


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (("adopt",), "there is no data file yet; name the page"),
        (("adopt", HOME), "give the space of the page with --space"),
        (("adopt", "No such page", "--space", "WS2"), "page 'No such page' was not found in space WS2"),
        (("adopt", "999999999"), "was not found"),
    ],
)
def test_a_page_that_is_not_found_is_named(desk: Desk, words: tuple[str, ...], message: str) -> None:
    assert message in desk.ran(*words, code=1).err
    assert not desk.data.exists()


def test_what_is_under_its_heading_is_adopted_once(desk: Desk) -> None:
    page = desk.wiki.add_page("Hub", "<p>a</p><h2>State</h2><p>All is well.</p><h2>More</h2><p>b</p>")
    settings = (desk.folder / "bot.yaml").read_text()
    regions = "    regions: {status: {marker: heading, heading: State}}\n"
    (desk.folder / "bot.yaml").write_text(settings.replace("data: ws2.yaml\n", "data: ws2.yaml\n" + regions))
    desk.ran("adopt", "Hub", "--space", "WS2", "--yes")
    desk.data.write_text("workspace: {space: WS2, home: Hub}\nstatus: {lines: [{text: All is well.}]}  # mine\n")
    before, versions = desk.data.read_text(), len(desk.wiki.versions(page))

    ran = desk.ran("adopt", "--yes")

    assert "nothing to adopt" in ran.err
    assert desk.data.read_text() == before
    assert len(desk.wiki.versions(page)) == versions
    desk.wiki.edit(page, desk.wiki.body(page).replace("well.", "fine."))
    desk.ran("adopt", "--yes")
    assert "text: All is fine." in desk.data.read_text()
    desk.ran("plan")


def test_a_heading_region_that_agrees_already_gets_a_record_so_that_news_can_follow(desk: Desk) -> None:
    page = desk.wiki.add_page("Hub", "<p>a</p><h2>State</h2><p>All is well.</p><h2>More</h2><p>b</p>")
    settings = (desk.folder / "bot.yaml").read_text()
    regions = "    regions: {status: {marker: heading, heading: State}}\n"
    (desk.folder / "bot.yaml").write_text(settings.replace("data: ws2.yaml\n", "data: ws2.yaml\n" + regions))
    desk.data.write_text("workspace: {space: WS2, home: Hub}\nstatus: {lines: [{text: All is well.}]}\n")
    body = desk.wiki.body(page)

    ran = desk.ran("adopt", "--yes")

    assert "page and data file agree" in ran.out
    assert desk.wiki.body(page) == body
    desk.ran("status", "set", "--line", "1", "All is better.")
    desk.ran("sync")
    assert desk.wiki.body(page) == body.replace("well", "better")


def test_a_macro_that_people_put_into_a_region_is_refused_with_a_way_on(adopted: Desk) -> None:
    macro = (
        '<ac:structured-macro ac:name="info"><ac:rich-text-body><p>By Ana</p></ac:rich-text-body></ac:structured-macro>'
    )
    body = adopted.home_body
    at = body.index("</ul>", body.index("wikibot-news")) + len("</ul>")
    adopted.wiki.edit(adopted.home_id, body[:at] + macro + body[at:], by="ana")

    ran = adopted.ran("adopt", "--yes", code=1)

    assert "the macro 'info'" in ran.out
    assert "move that part on the page above or below the frame" in ran.out
    assert "By Ana" in adopted.home_body

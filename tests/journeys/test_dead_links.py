"""Links to pages that do not exist: the region is not written, the others are, and every command names the line."""

from pathlib import Path

import pytest

from tests.journeys.conftest import HOME, Desk, settings_for

pytestmark = [
    pytest.mark.either_flavour,
    pytest.mark.parametrize("seed", ["demo"]),
    pytest.mark.parametrize("flavour", ["cloud", "datacenter"]),
]


def add_offline(desk: Desk, text: str, name: str = "dead") -> str:
    """Add news without asking the wiki; return the file and line of the text."""
    desk.ran("news", "add", text, "--id", name, "--offline")
    number = next(number for number, line in enumerate(desk.data.read_text().splitlines(), 1) if text in line)
    return f"{desk.data}:{number}"


def configure(desk: Desk, text: str) -> None:
    """Add keys to the settings of the workspace."""
    settings = settings_for(desk.wiki).replace("data: ws2.yaml\n", f"data: ws2.yaml\n    {text}\n")
    (desk.folder / "bot.yaml").write_text(settings)


@pytest.mark.parametrize("reference", ["Nowhere", "99999999", "title:2031"])
def test_a_region_with_a_dead_link_is_held_and_the_others_are_written(adopted: Desk, reference: str) -> None:
    place = add_offline(adopted, f"See [it](page:{reference}).")
    adopted.ran("banner", "set", "--line", "1", "A new line.", "--offline")

    planned = adopted.ran("plan", code=3)
    checked = adopted.ran("check", code=1)
    drifted = adopted.ran("drift", code=3)
    synced = adopted.ran("sync", code=3)

    assert "in sync" not in drifted.out
    for ran in (planned, checked, drifted, synced):
        assert f"{place}: there is no page '{reference}' in space WS2" in ran.out
    assert "A new line." in adopted.home_body
    assert "See " not in adopted.home_body
    assert adopted.ran("apply", "--yes", code=3).out.count(place) == 1


ADDRESSES = [
    "/pages/viewpage.action?pageId=99999999",
    "/pages/viewpage.action?spaceKey=WS2&title=Nowhere",
    "/display/NONE/Implementation",
    "/spaces/WS2/pages/99999999/Nowhere",
    "/x/_-D1BQ",
]


def test_an_address_of_the_wiki_that_leads_to_no_page_is_a_dead_link(adopted: Desk) -> None:
    urls = [adopted.wiki.url + address for address in ADDRESSES]
    for number, url in enumerate(urls):
        add_offline(adopted, f"See [it]({url}).", f"dead-{number}")

    checked = adopted.ran("check", code=1).out
    synced = adopted.ran("sync", code=3).out

    for url in urls:
        assert f"{url} leads nowhere" in checked
        assert f"{url} leads nowhere" in synced
    assert "See " not in adopted.home_body


def test_addresses_of_pages_that_exist_are_published(adopted: Desk) -> None:
    page = adopted.wiki.find("Implementation")
    for number, address in enumerate(
        (f"/pages/viewpage.action?pageId={page.id}", "/display/WS2/Implementation", f"/pages/{page.id}#part")
    ):
        add_offline(adopted, f"See [number {number}]({adopted.wiki.url}{address}).", f"seen-{number}")

    adopted.ran("sync")

    assert all(f"number {number}" in adopted.home_body for number in range(3))


def test_the_scheduled_job_logs_the_line_of_the_dead_link(adopted: Desk) -> None:
    place = add_offline(adopted, "See [it](page:Nowhere).")
    (adopted.folder / "bot.yaml").write_text(settings_for(adopted.wiki) + "jobs: [{run: sync, every: day}]\n")

    ran = adopted.ran("run", "--once", code=3)

    assert f"held back, because it would publish a dead link: {place}: " in ran.err
    assert "Nowhere" not in adopted.home_body


def test_a_dead_link_is_published_and_reported_where_the_settings_allow_it(adopted: Desk) -> None:
    configure(adopted, "dead_links: warn")
    place = add_offline(adopted, "See [it](page:Nowhere).")

    synced = adopted.ran("sync")

    assert f"{Path(place).name}: there is no page 'Nowhere'" in synced.err
    assert 'ri:content-title="Nowhere"' in adopted.home_body
    assert f"warning links: {place}: there is no page 'Nowhere'" in adopted.ran("check").out


def test_news_that_are_not_shown_yet_hold_nothing_back(adopted: Desk) -> None:
    adopted.ran("news", "add", "See [it](page:Nowhere).", "--publish-at", "2099-01-01T00:00Z", "--offline")
    adopted.ran("news", "add", "Shown today.", "--offline")

    adopted.ran("sync")

    assert "Shown today." in adopted.home_body


def test_a_link_to_a_page_that_was_deleted_since_is_held(adopted: Desk) -> None:
    page = adopted.wiki.add_page("Short lived", "<p>x</p>")
    adopted.ran("news", "add", "See [it](page:Short lived).")
    adopted.ran("sync")
    adopted.wiki.store.pages.trash(int(page))
    adopted.ran("news", "add", "Something else.")

    ran = adopted.ran("sync", code=3)

    assert "is in the trash; restore it, or name another page" in ran.out
    assert "Something else." not in adopted.home_body


def test_a_dead_link_that_people_wrote_does_not_stop_the_next_news(desk: Desk) -> None:
    link = '<ac:link><ri:page ri:content-title="Written later" /><ac:link-body>later</ac:link-body></ac:link>'
    body = desk.home_body
    marked = body.replace("delivered during prep week", f"delivered {link} during prep week")
    assert marked != body
    desk.wiki.edit(desk.home_id, marked, by="ana")
    desk.ran("adopt", HOME, "--space", "WS2", "--yes")
    assert "page:Written later" in desk.data.read_text()
    desk.ran("news", "add", "Something new.")

    desk.ran("sync")

    assert "Something new." in desk.home_body
    assert "Written later" in desk.home_body


def test_a_second_link_to_a_page_that_does_not_exist_is_refused_too(adopted: Desk) -> None:
    adopted.ran("links", "add", "One", "--page", "Implementaton", "--offline")

    refused = adopted.ran("links", "add", "Two", "--page", "Implementaton", code=1)

    assert "Did you mean 'Implementation'" in refused.err
    assert "Two" not in adopted.data.read_text()

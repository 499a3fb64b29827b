"""`drift: repair` deletes no words outside what the bot wrote, keeps what it replaces, and brings it back."""

import re

import pytest

from tests.journeys.conftest import Desk
from tests.journeys.test_clock import in_hours
from tests.journeys.test_merge import ana_changes, body, ready
from tests.scripted_proxy import scripted_proxy

__all__ = ["ready"]

pytestmark = [
    pytest.mark.either_flavour,
    pytest.mark.parametrize("seed", ["empty"]),
    pytest.mark.parametrize("flavour", ["cloud", "datacenter"]),
]


@pytest.fixture
def repairing(ready: Desk) -> Desk:
    """The same desk with `drift: repair`."""
    path = ready.folder / "bot.yaml"
    path.write_text(path.read_text().replace("data: ws2.yaml\n", "data: ws2.yaml\n    drift: repair\n"))
    return ready


@pytest.fixture
def heading(desk: Desk) -> Desk:
    """A page whose news and status are below headings, without markers."""
    desk.wiki.add_page("Home", "<p>intro</p><h2>State</h2><p>old</p><h2>Team news</h2><p>old</p>")
    settings = (desk.folder / "bot.yaml").read_text()
    regions = "{status: {marker: heading, heading: State}, news: {marker: heading, heading: Team news}}"
    (desk.folder / "bot.yaml").write_text(
        settings.replace("data: ws2.yaml\n", f"data: ws2.yaml\n    drift: repair\n    regions: {regions}\n")
    )
    desk.data.write_text(
        "workspace: {space: WS2, home: Home}\nstatus: {lines: [{text: All good.}, {text: On time.}]}\n"
        "news: {items: [{id: a, text: First item.}, {id: b, text: Second item.}]}\n"
    )
    desk.ran("apply", "--yes", "--take-over", "all")
    return desk


def home(desk: Desk) -> int:
    return desk.wiki.find("Home").id


def versions(desk: Desk) -> int:
    return len(desk.wiki.versions(home(desk)))


@pytest.mark.parametrize("words", ["Call me: Ana.", "All good news come from Ana, who typed this."])
def test_a_paragraph_at_the_end_of_the_page_survives(heading: Desk, words: str) -> None:
    heading.wiki.edit(home(heading), body(heading) + f"<p>{words}</p>", by="ana")
    number = versions(heading)

    heading.ran("sync")
    assert versions(heading) == number

    ana_changes(heading, "First item.", "My item.")
    heading.ran("sync")
    assert words in body(heading)
    assert "First item." in body(heading)

    heading.ran("news", "add", "Third item.")
    heading.ran("sync")
    assert words in body(heading)
    assert "Third item." in body(heading)

    heading.ran("news", "add", "Fourth item.")
    ana_changes(heading, words, "Hers, changed.")
    heading.ran("sync")
    assert "Hers, changed." in body(heading)
    assert "Fourth item." in body(heading)
    assert heading.ran("plan").code == 0


def test_paragraphs_of_people_around_paragraphs_of_the_bot_survive(heading: Desk) -> None:
    ana_changes(heading, "<h2>State</h2>", "<h2>State</h2><p>Read this first, says Ana.</p>")
    ana_changes(heading, "<h2>Team news</h2>", "<p>And this last.</p><h2>Team news</h2>")
    ana_changes(heading, "All good.", "All is good.")

    heading.ran("sync")

    page = body(heading)
    order = [page.index(each) for each in ("State", "Read this first", "All good.", "On time.", "And this last")]
    assert order == sorted(order)
    assert heading.ran("plan").code == 0


def test_what_a_repair_replaced_is_listed_and_comes_back(repairing: Desk) -> None:
    ana_changes(repairing, "Read ", "Please read ")
    repairing.ran("sync")
    assert "Please" not in body(repairing)
    (text,) = repairing.ran("drift", "restore", "--format", "json").json
    assert (text["people"], text["page_id"], text["region"]) == (["Ana Souza"], str(home(repairing)), "news")
    assert "Please read" in repairing.wiki.body(home(repairing), text["version"])
    listed = repairing.ran("drift", "restore").out
    assert "Ana Souza" in listed
    assert "Please read" in listed

    repairing.ran("drift", "restore", str(text["number"]), "--yes")

    assert "Please read" in body(repairing)
    for _ in range(2):
        ran = repairing.ran("sync", code=3)
        assert "wikibot adopt" in ran.out
        assert "Please read" in body(repairing)
    repairing.ran("adopt", "--yes")
    repairing.ran("sync")
    assert "Please read" in body(repairing)
    assert "Please read" in repairing.data.read_text()


def test_a_restoration_keeps_the_content_status_and_comments_made_meanwhile(repairing: Desk, flavour: str) -> None:
    ana_changes(repairing, "Read ", "Please read ")
    repairing.ran("sync")
    page, store = home(repairing), repairing.wiki.store
    address = f"{repairing.wiki.url}/rest/api/content/{page}/state?status=current"
    with repairing.wiki.session("ana") as ana, scripted_proxy(repairing.wiki.url) as proxy:
        if flavour == "cloud":
            ana.put(address, json={"name": "In progress", "color": "#0052cc"}).raise_for_status()
        path = repairing.folder / "bot.yaml"
        path.write_text(path.read_text().replace(repairing.wiki.url, proxy.url))
        proxy.first(
            "PUT",
            rf"/{page}$",
            lambda: store.comments.add_inline(
                page, "<p>So?</p>", author=repairing.wiki.account("ana"), selection="All good"
            ),
        )

        ran = repairing.ran("drift", "restore", "1", "--yes")

        assert "put back 1 inline comment" in ran.err
        if flavour == "cloud":
            assert ana.get(address).json()["contentState"]["name"] == "In progress"
    assert "Please read" in body(repairing)
    assert "<ac:inline-comment-marker" in body(repairing)


def test_a_text_comes_back_into_a_region_that_the_bot_has_written_since(repairing: Desk) -> None:
    ana_changes(repairing, "Read ", "Please read ")
    repairing.ran("sync")
    repairing.ran("news", "add", "Brand new.")
    repairing.ran("sync")

    repairing.ran("drift", "restore", "1", "--yes")

    assert "Please read" in body(repairing)
    assert "Brand new." in body(repairing)
    assert "Vote now." in body(repairing)


def test_a_text_comes_back_on_a_wiki_that_does_not_state_its_time_and_brings_no_item_before_its_time(
    repairing: Desk,
) -> None:
    ana_changes(repairing, "Read ", "Please read ")
    repairing.ran("sync")
    repairing.ran("news", "add", "Brand new.")
    repairing.ran("sync")
    repairing.wiki.faults.add("no-date")
    repairing.wiki.faults.add(f"clock={-24 * 3600}")
    repairing.ran("news", "add", "Under embargo.", "--publish-at", in_hours(-12))
    ana_changes(repairing, "Vote now.", "Vote today.")

    repairing.ran("drift", "restore", "1", "--yes")

    assert "Please read" in body(repairing)
    assert "Vote today." in body(repairing)
    assert "Brand new." in body(repairing)
    assert "Under embargo." not in body(repairing)


def test_a_text_comes_back_below_a_heading_without_touching_others(heading: Desk) -> None:
    ana_changes(heading, "First item.", "My item.")
    heading.ran("sync")
    heading.wiki.edit(home(heading), body(heading) + "<p>Call me: Ana.</p>", by="ana")

    newest = heading.ran("drift", "restore", "--format", "json").json[0]
    heading.ran("drift", "restore", str(newest["number"]), "--yes")

    assert "My item." in body(heading)
    assert body(heading).count("Call me: Ana.") == 1
    heading.ran("sync", code=3)
    assert "My item." in body(heading)


def test_what_was_taken_over_comes_back_too(ready: Desk) -> None:
    ana_changes(ready, "Read ", "Please read ")
    ready.ran("apply", "--yes", "--take-over", "news")
    assert "Please" not in body(ready)

    ready.ran("drift", "restore", "1", "--yes")

    assert "Please read" in body(ready)


def test_nothing_is_restored_against_the_stop_label_or_twice(repairing: Desk) -> None:
    ana_changes(repairing, "Read ", "Please read ")
    repairing.ran("sync")
    repairing.wiki.store.labels.add(home(repairing), "wikibot-stop")

    repairing.ran("drift", "restore", "1", "--yes", code=6)
    assert "Please" not in body(repairing)

    repairing.wiki.store.labels.remove(home(repairing), "wikibot-stop")
    assert "add --yes" in repairing.ran("drift", "restore", "1", code=1).err
    repairing.ran("drift", "restore", "1", "--yes")
    assert "already" in repairing.ran("drift", "restore", "1", "--yes", code=1).err
    assert "no replaced text 7" in repairing.ran("drift", "restore", "7", "--yes", code=1).err


def test_nothing_is_replaced_without_a_record(repairing: Desk) -> None:
    ana_changes(repairing, "Read ", "Please read ")
    (repairing.folder / ".wikibot" / "replaced.json").mkdir()

    ran = repairing.run("sync")

    assert ran.code != 0
    assert re.search("replaced.json", ran.out + ran.err)
    assert "Please read" in body(repairing)

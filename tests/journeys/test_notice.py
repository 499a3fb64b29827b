"""A region can have a notice for people who edit the page; it is no content."""

from html import unescape

import pytest

from tests.journeys.conftest import Desk
from tests.journeys.test_merge import ana_changes, body, news, ready

__all__ = ["ready"]

pytestmark = [
    pytest.mark.either_flavour,
    pytest.mark.parametrize("seed", ["empty"]),
    pytest.mark.parametrize("flavour", ["cloud", "datacenter"]),
]

ADDRESS = "https://git.example.org/edit/ws2.yaml?plain=1"
NOTICE = "Gepflegt vom Bot. [Hier ändern]({address})."


def set_notice(desk: Desk, notice: str | None, *, regions: str | None = None, more: str = "") -> None:
    path = desk.folder / "bot.yaml"
    head = path.read_text().partition("    data: ws2.yaml\n")[0]
    part = "" if notice is None else f', notice: "{notice}"'
    kept = regions or f"{{status: {{place: end{part}}}, quick_links: {{place: end}}, news: {{place: end{part}}}}}"
    path.write_text(f"{head}    data: ws2.yaml\n    edit_address: {ADDRESS}\n    regions: {kept}\n{more}")


@pytest.fixture
def noticed(ready: Desk) -> Desk:
    """The same desk; status and news have a notice on the page."""
    set_notice(ready, NOTICE)
    ready.ran("news", "add", "Fresh.")
    ready.ran("banner", "set", "--line", "2", "Late.")
    ready.ran("sync")
    return ready


def home(desk: Desk) -> int:
    return desk.wiki.find("Home").id


def versions(desk: Desk) -> int:
    return len(desk.wiki.versions(home(desk)))


def test_the_notice_comes_with_the_next_change_and_leads_to_the_data_file(ready: Desk) -> None:
    number = versions(ready)
    set_notice(ready, NOTICE)
    ready.ran("sync")
    assert versions(ready) == number

    ready.ran("news", "add", "Fresh.")
    ready.ran("sync")

    page = body(ready)
    assert page.count("Gepflegt vom Bot.") == 1
    assert f'<a href="{ADDRESS}">Hier ändern</a>' in unescape(page)
    assert versions(ready) == number + 1


def test_a_new_wording_alone_makes_no_version(noticed: Desk) -> None:
    number = versions(noticed)
    for notice in ("Written by a bot.", None):
        set_notice(noticed, notice)
        noticed.ran("plan")
        noticed.ran("sync")
        assert versions(noticed) == number

    set_notice(noticed, "Written by a bot.")
    noticed.ran("news", "add", "Another.")
    noticed.ran("sync")

    assert body(noticed).count("Written by a bot.") == 1
    assert body(noticed).count("Gepflegt vom Bot.") == 1


def test_a_change_of_the_notice_is_no_change_of_the_region(noticed: Desk) -> None:
    ana_changes(noticed, "Gepflegt vom Bot.", "Ana was here.")
    data = noticed.data.read_bytes()

    noticed.ran("plan")
    noticed.ran("drift")
    assert "nothing to adopt" in noticed.ran("adopt", "--yes").err

    assert noticed.data.read_bytes() == data


def test_a_plan_shows_the_words_of_the_notice_and_not_its_anchor(noticed: Desk) -> None:
    ana_changes(noticed, "Gepflegt vom Bot.", "Gepflegt von Ana.")
    noticed.ran("news", "add", "Another.")

    plan = noticed.ran("plan", code=2).out

    assert "Gepflegt" in plan
    assert "wikibot-news-notice" not in plan


def test_a_save_in_the_editor_changes_nothing(noticed: Desk) -> None:
    noticed.wiki.open_and_save(home(noticed))
    noticed.ran("drift")
    noticed.ran("sync")
    assert "Gepflegt vom Bot." in body(noticed)


@pytest.mark.parametrize("merge", ["auto", "ask"])
def test_adoption_never_takes_the_notice(noticed: Desk, merge: str) -> None:
    path = noticed.folder / "bot.yaml"
    path.write_text(path.read_text().replace("data: ws2.yaml\n", f"data: ws2.yaml\n    merge: {merge}\n"))
    ana_changes(noticed, "Vote now.", "Vote before Friday.")
    ana_changes(noticed, "All good.", "All is good.")
    noticed.ran("news", "add", "Brand new.")

    if merge == "ask":
        noticed.ran("adopt", "--yes")
    noticed.ran("sync")

    assert "Gepflegt" not in noticed.data.read_text()
    assert news(noticed)["b"] == "Vote before Friday."
    assert body(noticed).count("Gepflegt vom Bot.") == 2
    for words in ("Vote before Friday.", "Brand new.", "All is good."):
        assert words in body(noticed)


@pytest.mark.parametrize("kind", ["anchors", "heading"])
def test_every_marker_takes_a_notice(ready: Desk, kind: str) -> None:
    ready.wiki.edit(home(ready), "<p>intro</p><h2>Team news</h2><p>old</p>")
    where = "heading: Team news" if kind == "heading" else "place: end"
    set_notice(ready, None, regions=f'{{news: {{marker: {kind}, {where}, drift: repair, notice: "{NOTICE}"}}}}')
    ready.ran("apply", "--yes", "--take-over", "all")
    ready.ran("plan")
    ready.wiki.edit(home(ready), body(ready) + "<p>Call me: Ana.</p>", by="ana")
    ana_changes(ready, "Gepflegt vom Bot.", "Ana was here.")
    ready.ran("plan")
    ana_changes(ready, "Vote now.", "Vote never.")

    ready.ran("sync")

    page = body(ready)
    assert "Vote now." in page
    assert page.count("Gepflegt vom Bot.") == 1
    assert page.index("Gepflegt vom Bot.") < page.index("Call me: Ana.")
    ready.ran("plan")


def test_a_notice_with_an_unknown_address_is_an_error(ready: Desk) -> None:
    set_notice(ready, NOTICE)
    path = ready.folder / "bot.yaml"
    path.write_text(path.read_text().replace(f"    edit_address: {ADDRESS}\n", ""))

    ran = ready.ran("plan", code=1)

    assert "bot.yaml" in ran.err
    assert "edit_address" in ran.err

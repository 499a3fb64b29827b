"""Unattended runs write few changes at once, but one change on any number of pages."""

import pytest

from tests.journeys.conftest import Desk, both_flavours
from tests.journeys.test_sync import settings

pytestmark = pytest.mark.parametrize("seed", ["demo"])
MANY, CHANGED = 30, 12


def puts(desk: Desk) -> int:
    return sum(method == "PUT" for method, _ in desk.wiki.requests)


def data_of(number: int, text: str) -> str:
    return f"workspace: {{space: WS2, home: Team {number}}}\nnews: {{items: [{{id: a, text: {text}}}]}}\n"


@pytest.fixture
def teams(desk: Desk) -> Desk:
    """Many workspaces, each with a home page of its own that the bot has not written yet."""
    lines = [
        f"  - {{name: team{number}, data: team{number}.yaml, regions: {{news: {{place: end}}}}}}"
        for number in range(MANY)
    ]
    text = (desk.folder / "bot.yaml").read_text()
    start, end = text.index("  - name: ws2"), text.index("snapshots:")
    (desk.folder / "bot.yaml").write_text(text[:start] + "\n".join(lines) + "\n" + text[end:])
    settings(desk, **{"safety: {canary: 0}": "safety:\n  canary: 0\n  max_changed_regions: 10"})
    for number in range(MANY):
        desk.wiki.add_page(f"Team {number}", "<p>Welcome.</p>")
        (desk.folder / f"team{number}.yaml").write_text(data_of(number, "Hello."))
    return desk


@both_flavours
def test_many_replaced_data_files_are_refused_and_first_adoptions_and_reviewed_plans_are_not(teams: Desk) -> None:
    teams.ran("apply", "--yes")
    assert puts(teams) == MANY
    for number in range(CHANGED):
        (teams.folder / f"team{number}.yaml").write_text(data_of(number, "Something else."))

    ran = teams.ran("sync", code=4)

    assert puts(teams) == MANY
    line = (teams.folder / "bot.yaml").read_text().splitlines().index("  max_changed_regions: 10") + 1
    assert f"{CHANGED} of {MANY} managed regions would change" in ran.err
    assert f"bot.yaml:{line}" in ran.err
    assert "wikibot apply --plan FILE" in ran.err
    teams.ran("plan", "--out", "plan.json", code=2)
    teams.ran("apply", "--plan", "plan.json")
    assert puts(teams) == MANY + CHANGED


def change_banner_on_pages(desk: Desk, number: int) -> list[str]:
    """Publish the banner on *number* more pages, change it in the data file, and return their titles."""
    titles = [f"Banner {each}" for each in range(number)]
    for title in titles:
        desk.wiki.add_page(title, "<p>x</p>")
    regions = f"{{status: {{place: start, also: {{pages: {titles}}}}}, quick_links: {{}}, news: {{}}}}"
    settings(desk, **{"data: ws2.yaml": f"data: ws2.yaml\n    regions: {regions}"})
    desk.ran("apply", "--yes")
    desk.ran("banner", "set", "--line", "1", "All is bad now.")
    return titles


@both_flavours
def test_a_banner_on_many_pages_is_one_change(adopted: Desk) -> None:
    titles = change_banner_on_pages(adopted, 14)

    adopted.ran("sync")

    assert all("All is bad now." in adopted.wiki.body(adopted.wiki.find(title).id) for title in titles)
    assert "All is bad now." in adopted.home_body


def test_a_banner_whose_first_page_fails_is_written_on_no_other_page(adopted: Desk) -> None:
    titles = change_banner_on_pages(adopted, 4)
    adopted.wiki.faults.add("500@put")

    ran = adopted.ran("sync", code=1)

    bodies = [adopted.home_body, *(adopted.wiki.body(adopted.wiki.find(title).id) for title in titles)]
    assert not any("All is bad now." in body for body in bodies)
    assert "not written on 4 more pages" in ran.out + ran.err
    adopted.wiki.faults.clear()
    adopted.ran("sync")
    assert "All is bad now." in adopted.wiki.body(adopted.wiki.find(titles[-1]).id)


@both_flavours
def test_a_data_file_of_another_workspace_is_refused(adopted: Desk) -> None:
    for number in range(90):
        adopted.data.write_text(
            adopted.data.read_text() + f"    - {{id: n{number}, text: Item number {number} of ours.}}\n"
        )
    adopted.ran("apply", "--yes")
    before = adopted.home_body
    text = adopted.data.read_text()
    adopted.data.write_text(text.replace(" of ours", " of theirs"))

    ran = adopted.ran("sync", code=4)

    assert "may be the wrong file" in ran.err
    assert adopted.home_body == before
    adopted.ran("sync", "--force")

"""Many workspaces on one wiki: few requests when nothing has changed, and a check that a person can read."""

import pytest

from tests.journeys.conftest import Desk, both_flavours
from tests.journeys.test_limits import data_of

pytestmark = pytest.mark.parametrize("seed", ["demo"])
MANY = 40


@pytest.fixture
def teams(desk: Desk) -> Desk:
    """Workspaces whose home pages say what the data files say."""
    path = desk.folder / "bot.yaml"
    text = path.read_text()
    start, end = text.index("  - name: ws2"), text.index("snapshots:")
    entries = [f"  - {{name: team{n}, data: team{n}.yaml, regions: {{news: {{place: end}}}}}}\n" for n in range(MANY)]
    for number in range(MANY):
        (desk.folder / f"team{number}.yaml").write_text(data_of(number, "Hello."))
    path.write_text(text[:start] + entries[0] + text[end:])
    home = desk.wiki.add_page("Team 0", "<p>Welcome.</p>")
    desk.ran("apply", "--yes")
    for number in range(1, MANY):
        desk.wiki.add_page(f"Team {number}", desk.wiki.body(home))
    path.write_text(text[:start] + "".join(entries) + text[end:])
    return desk


@both_flavours
def test_a_plan_without_changes_reads_the_home_pages_together(teams: Desk) -> None:
    teams.ran("sync")
    assert len([*(teams.folder / ".wikibot" / "checks").iterdir()]) == MANY
    assert (teams.folder / ".wikibot" / ".gitignore").read_text() == "*\n"
    before = len(teams.wiki.requests)

    teams.ran("plan")

    assert len(teams.wiki.requests) - before <= 6
    before = len(teams.wiki.requests)

    teams.ran("sync")

    assert len(teams.wiki.requests) - before <= 10, teams.wiki.requests[before:]

    (teams.folder / "team7.yaml").write_text(data_of(7, "Something else."))
    teams.wiki.edit(teams.wiki.find("Team 8").id, "<p>All gone.</p>", by="li")
    writes = len(teams.writes())

    ran = teams.ran("plan", "--format", "json", code=3)

    assert [page["title"] for page in ran.json["pages"]] == ["Team 7", "Team 8"]
    assert len(teams.writes()) == writes


@both_flavours
def test_a_check_names_the_workspaces_with_errors_first_and_the_others_in_one_line(teams: Desk) -> None:
    (teams.folder / "team5.yaml").write_text("workspace: {space: WS2, home: Team 5}\nnews: {items: [{id: a}]}\n")
    (teams.folder / "team3.yaml").write_text("workspace: {space: WS2, home: Team 3}\n")

    lines = teams.ran("check", "--offline", code=1).out.splitlines()

    first = lines.index("workspace team5")
    assert lines[first + 1].startswith("error   data file")
    assert "team5.yaml" in lines[first + 1]
    second = lines.index("workspace team3")
    assert first < second
    assert "has no news" in lines[second + 1]
    assert lines[-2].startswith(f"ok      {MANY - 2} workspaces without findings: team0, team1, team2, team4, team6, ")
    assert lines[-1] == f"{MANY} workspaces: 1 with errors, 1 with warnings only, {MANY - 2} without findings"
    assert len(lines) < 12
    found = teams.ran("check", "--offline", "--format", "json", code=1).json
    assert {each["workspace"] for each in found if each["outcome"] == "error"} == {"team5"}

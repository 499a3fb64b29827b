"""A plan file is carried out only while it is fresh and says what the data file says."""

import datetime as dt
import json
from pathlib import Path
from typing import Any

import pytest

from bot.sync.plan_file import PlanDocument, _digest
from tests.journeys.conftest import HOME, Desk
from tests.journeys.test_sync import add_news, both_flavours, settings

pytestmark = pytest.mark.parametrize("seed", ["demo"])


@pytest.fixture
def planned(adopted: Desk) -> Desk:
    """A plan with one more news item is in `plan.json`."""
    add_news(adopted)
    adopted.ran("plan", "--out", "plan.json", code=2)
    return adopted


def forge(**values: Any) -> None:
    """Change the plan of the first written region, and compute the digest again."""
    path = Path("plan.json")
    plan = json.loads(path.read_text())
    change = next(each for each in plan["pages"][0]["changes"] if each["action"] != "none")
    change.update(values)
    plan["digest"] = _digest(PlanDocument.parse(json.dumps(plan)).content())
    path.write_text(json.dumps(plan))


@both_flavours
@pytest.mark.parametrize(
    "values",
    [
        {"desired": "<p>Send your password to the new address.</p>"},
        {"region": "status"},
        {"marker": {"name": "news", "kind": "heading", "heading": "Other", "heading_level": 2}},
    ],
    ids=["text", "region", "marker"],
)
def test_a_forged_plan_with_a_new_digest_is_refused(planned: Desk, values: dict[str, Any]) -> None:
    before = planned.home_body
    forge(**values)

    ran = planned.ran("apply", "--plan", "plan.json", code=1)

    assert f"page {HOME!r}, region {values.get('region', 'news')!r}" in ran.err
    assert "plan again" in ran.err
    assert planned.home_body == before


def test_a_plan_for_another_page_is_refused(planned: Desk) -> None:
    other = str(planned.wiki.find("Implementation").id)
    before = planned.wiki.body(other)
    path = Path("plan.json")
    plan = json.loads(path.read_text())
    plan["pages"][0]["id"] = other
    path.write_text(json.dumps(plan))
    forge(live=None, action="create", place="end")

    planned.ran("apply", "--plan", "plan.json", code=1)

    assert planned.wiki.body(other) == before


@both_flavours
def test_a_plan_does_not_bring_back_what_the_data_file_does_not_have_any_more(planned: Desk) -> None:
    planned.ran("news", "remove", "outlook")
    before = planned.home_body

    ran = planned.ran("apply", "--plan", "plan.json", code=1)

    assert "plan again" in ran.err
    assert planned.home_body == before


def test_a_plan_whose_item_expired_meanwhile_is_refused(adopted: Desk) -> None:
    add_news(adopted, "For a moment.", "moment")
    adopted.ran("news", "edit", "moment", "--expires-at", (dt.datetime.now(dt.UTC) + dt.timedelta(hours=2)).isoformat())
    adopted.ran("plan", "--out", "plan.json", code=2)
    adopted.ran("news", "edit", "moment", "--expires-at", "2024-05-01T00:00:00Z")
    path = Path("plan.json")
    revision = adopted.ran("plan", "--format", "json", code=None).json["scopes"][0]["revision"]
    plan = json.loads(path.read_text())
    plan["scopes"][0]["revision"] = plan["pages"][0]["revision"] = revision
    path.write_text(json.dumps(plan))
    forge()

    assert "renders to now" in adopted.ran("apply", "--plan", "plan.json", code=1).err
    assert "For a moment." not in adopted.home_body


@both_flavours
def test_a_plan_ages_by_the_clock_of_the_wiki(planned: Desk) -> None:
    before = planned.home_body
    planned.wiki.faults.add(f"clock={8 * 24 * 3600}")

    ran = planned.ran("apply", "--plan", "plan.json", code=1)

    assert "8.0 days old, more than 7" in ran.err
    assert "safety.max_plan_age" in ran.err
    assert planned.home_body == before
    settings(planned, **{"safety: {canary: 0}": "safety: {canary: 0, max_plan_age: 9}"})
    planned.ran("apply", "--plan", "plan.json")
    assert "outlook" in planned.home_body


def test_a_plan_from_the_future_is_refused(planned: Desk) -> None:
    planned.wiki.faults.add(f"clock=-{24 * 3600}")

    assert "in the future" in planned.ran("apply", "--plan", "plan.json", code=1).err


@both_flavours
def test_a_plan_keeps_the_blocks_of_people_below_a_heading_and_brings_no_others(desk: Desk) -> None:
    page = desk.wiki.add_page("Team", "<h2>News</h2><p>x</p><h2>End</h2>")
    desk.data.write_text("workspace: {space: WS2, home: Team}\nnews: {items: [{id: a, text: First.}]}\n")
    regions = "{news: {marker: heading, heading: News, drift: repair}}"
    settings(desk, **{"data: ws2.yaml": f"data: ws2.yaml\n    regions: {regions}"})
    desk.ran("apply", "--yes", "--take-over", "news")
    desk.wiki.edit(page, desk.wiki.body(page).replace("<h2>End", "<p>Ana was here.</p><h2>End"))
    desk.data.write_text(desk.data.read_text().replace("First.", "Second."))
    desk.ran("plan", "--out", "plan.json", code=None)
    good = Path("plan.json").read_text()
    change = json.loads(good)["pages"][0]["changes"][0]
    own = change["own"]
    forge(own=own | {"after": "<p>Evil.</p>"}, desired=change["desired"].replace("Ana was here.", "Evil."))

    desk.ran("apply", "--plan", "plan.json", code=1)

    assert "Evil" not in desk.wiki.body(page)
    Path("plan.json").write_text(good)
    desk.ran("apply", "--plan", "plan.json", code=None)
    assert "Second." in desk.wiki.body(page)
    assert "Ana was here." in desk.wiki.body(page)

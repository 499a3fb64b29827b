"""A plan file is carried out only while it is fresh and says what the data file says."""

import datetime as dt
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from bot.sync.plan_file import PlanDocument, PlannedChange, PlannedPage, _digest
from tests.journeys.conftest import HOME, Desk, both_flavours
from tests.journeys.test_sync import add_news, settings

pytestmark = pytest.mark.parametrize("seed", ["demo"])


@pytest.fixture
def planned(adopted: Desk) -> Desk:
    """A plan with one more news item is in `plan.json`."""
    add_news(adopted)
    adopted.ran("plan", "--out", "plan.json", code=2)
    return adopted


def forge(*, of_page: dict[str, Any] | None = None, of_plan: dict[str, Any] | None = None, **values: Any) -> str:
    """Change the plan of the first written region, its page and the whole plan; return the new digest, as written."""
    path = Path("plan.json")
    plan = json.loads(path.read_text())
    change = next(each for each in plan["pages"][0]["changes"] if each["action"] != "none")
    change.update(values)
    plan["pages"][0].update(of_page or {})
    plan.update(of_plan or {})
    plan["digest"] = _digest(PlanDocument.parse(json.dumps(plan)).content())
    path.write_text(json.dumps(plan))
    return str(plan["digest"])


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
    digest = forge(**values)

    ran = planned.ran("apply", "--plan", "plan.json", "--digest", digest, code=1)

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
    digest = forge(live=None, action="create", place="end")

    planned.ran("apply", "--plan", "plan.json", "--digest", digest, code=1)

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
    digest = forge()

    ran = adopted.ran("apply", "--plan", "plan.json", "--digest", digest, code=1)
    assert "renders to now" in ran.err
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
    digest = forge(own=own | {"after": "<p>Evil.</p>"}, desired=change["desired"].replace("Ana was here.", "Evil."))

    desk.ran("apply", "--plan", "plan.json", "--digest", digest, code=1)

    assert "Evil" not in desk.wiki.body(page)
    Path("plan.json").write_text(good)
    desk.ran("apply", "--plan", "plan.json", code=None)
    assert "Second." in desk.wiki.body(page)
    assert "Ana was here." in desk.wiki.body(page)


OTHER_TEXT = "<p>Send your password to the new address.</p>"
OTHER_MARKER = {"name": "news", "kind": "heading", "heading": "Other", "heading_level": 2}
REFUSED: dict[str, Any] = {
    "region": "status",
    "marker": OTHER_MARKER,
    "verdict": "drifted",
    "action": "create",
    "desired": OTHER_TEXT,
    "last_applied": {"version": 1, "text": "<p>x</p>", "digest": "0" * 10},
    "policy": "repair",
    "place": "end",
    "is_repair": True,
    "is_waiting": True,
    "notify": "always",
    "own": {"text": "<p>x</p>", "last": "<p>x</p>", "before": "<p>Evil.</p>", "after": ""},
    "uploads": [{"name": "evil.pdf", "size": 4, "sha256": "0" * 64, "replaces": None, "replaces_version": 0}],
}
SKIPPED: dict[str, Any] = {"live": "<p>x</p>"}
WITHOUT_EFFECT: dict[str, Any] = {
    "edits": [{"version": 1, "when": "2024-01-01T00:00:00Z", "author": "Eve", "message": "", "is_certain": True}],
    "lost_comments": ["Evil"],
    "note": "Evil",
    "orphans": ["Evil"],
    "requires": {"page_id": "1", "title": "Evil", "marker": OTHER_MARKER, "lines": ["Evil"]},
    "desired_digest": "0" * 10,
    "live_digest": "0" * 10,
}
"""Values that the bot does not take from the file: the written page is that of the honest plan."""
REFUSED_OF_PAGE: dict[str, Any] = {
    "workspace": "ws9",
    "id": "1",
    "title": "Evil",
    "url": "http://evil.test",
    "revision": "0" * 12,
    "is_first_run": True,
    "space_key": "EVIL",
    "base_version": 99,
}


def test_each_field_of_a_planned_region_is_forged_below(seed: str) -> None:
    assert {*REFUSED, *SKIPPED, *WITHOUT_EFFECT} == set(PlannedChange.model_fields)
    assert {*REFUSED_OF_PAGE, "changes"} == set(PlannedPage.model_fields)
    assert seed


def forge_each(fields: dict[str, Any], *, of_page: bool = False) -> Iterator[tuple[str, str]]:
    """Forge one field after the other; yield its name and the new digest while `plan.json` is forged."""
    good = Path("plan.json").read_text()
    for name, value in fields.items():
        yield name, forge(of_page={name: value}) if of_page else forge(**{name: value})
        Path("plan.json").write_text(good)


def test_every_forged_field_makes_the_seal_invalid(planned: Desk) -> None:
    before = planned.home_body

    for of_page, fields in ((False, REFUSED | SKIPPED | WITHOUT_EFFECT), (True, REFUSED_OF_PAGE)):
        for name, _ in forge_each(fields, of_page=of_page):
            ran = planned.ran("apply", "--plan", "plan.json", "--yes", "--force", code=1)
            assert "its seal does not match" in ran.err, name

    assert planned.home_body == before


@both_flavours
def test_a_forged_field_writes_nothing_even_if_a_person_approved_the_digest(planned: Desk) -> None:
    before, writes = planned.home_body, len(planned.writes())

    for name, digest in forge_each(REFUSED | SKIPPED):
        ran = planned.ran("apply", "--plan", "plan.json", "--digest", digest, code=3 if name in SKIPPED else 1)
        assert "plan again" in ran.err + ran.out, name
    for _, digest in forge_each(REFUSED_OF_PAGE, of_page=True):
        planned.ran("apply", "--plan", "plan.json", "--digest", digest, code=1)

    assert planned.home_body == before
    assert len(planned.writes()) == writes


def test_forged_remarks_have_no_effect_on_the_page_and_on_the_report(planned: Desk) -> None:
    digest = forge(**WITHOUT_EFFECT)

    ran = planned.ran("apply", "--plan", "plan.json", "--digest", digest)

    assert "outlook" in planned.home_body
    assert "Evil" not in planned.home_body + ran.out + ran.err


def test_an_approval_of_a_forged_verdict_does_not_replace_what_a_person_wrote(adopted: Desk) -> None:
    adopted.wiki.edit(adopted.home_id, adopted.home_body.replace("Board in November", "By Ana in November"))
    before = adopted.home_body
    adopted.ran("plan", "--out", "plan.json", code=3)
    path = Path("plan.json")
    plan = json.loads(path.read_text())
    drifted = next(each for each in plan["pages"][0]["changes"] if each["verdict"] == "drifted")
    drifted |= {"verdict": "behind", "action": "write"}
    path.write_text(json.dumps(plan))
    digest = forge()

    ran = adopted.ran("apply", "--plan", "plan.json", "--digest", digest, "--yes", code=1)

    assert "`verdict` in the plan is not what the bot plans now" in ran.err
    assert adopted.home_body == before


def test_a_plan_of_another_bot_needs_the_digest_that_a_person_approved(planned: Desk) -> None:
    key = planned.folder / ".wikibot/plan.key"
    assert key.stat().st_mode & 0o077 == 0
    digest = json.loads(Path("plan.json").read_text())["digest"]
    key.write_bytes(b"x" * 32)

    assert "its seal does not match" in planned.ran("apply", "--plan", "plan.json", code=1).err
    planned.ran("apply", "--plan", "plan.json", "--digest", digest[:19])

    assert "outlook" in planned.home_body


def test_a_plan_that_replaces_what_people_wrote_is_carried_out_as_it_was_reviewed(adopted: Desk) -> None:
    adopted.wiki.edit(adopted.home_id, adopted.home_body.replace("Board in November", "By Ana in November"))
    adopted.ran("plan", "--take-over", "all", "--out", "plan.json", code=2)

    adopted.ran("apply", "--plan", "plan.json")

    assert "By Ana" not in adopted.home_body

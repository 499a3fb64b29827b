"""The clock of the bot's machine is wrong, or the wiki's: what depends on the time is not written."""

import datetime as dt

import pytest

from tests.journeys.conftest import Desk, Ran, both_flavours
from tests.journeys.test_sync import add_news, settings

pytestmark = pytest.mark.parametrize("seed", ["demo"])
DAY = 24 * 3600


def in_hours(hours: float) -> str:
    return (dt.datetime.now(dt.UTC) + dt.timedelta(hours=hours)).isoformat(timespec="seconds")


def wiki_clock(desk: Desk, seconds: int) -> None:
    """Set the clock of the wiki, as the answers and the versions show it."""
    desk.wiki.faults.add(f"clock={seconds}")


def sync_with_embargoed_item(desk: Desk) -> Ran:
    """Run `sync` with an item that only the clock of the bot calls due; the rest is written, the item is not."""
    add_news(desk, "Under embargo.", "embargo")
    desk.ran("news", "edit", "embargo", "--publish-at", in_hours(-12))
    desk.ran("banner", "set", "--line", "1", "All is well.")

    ran = desk.ran("sync", code=3)

    assert "Under embargo." not in desk.home_body
    assert "All is well." in desk.home_body
    return ran


@both_flavours
def test_a_clock_one_day_ahead_publishes_no_embargoed_item(adopted: Desk) -> None:
    wiki_clock(adopted, -DAY)
    ran = sync_with_embargoed_item(adopted)

    assert "24.0 hours ahead of the wiki's" in ran.out
    assert not list(adopted.folder.glob("feeds/*.atom"))
    assert "hours ahead of" in adopted.ran("plan", code=3).out
    assert "hours ahead of" in adopted.ran("check", code=1).out
    assert "hours ahead of" in adopted.ran("doctor", code=1).out
    wiki_clock(adopted, 0)
    adopted.ran("sync")
    assert "Under embargo." in adopted.home_body


@both_flavours
def test_a_clock_behind_the_wiki_takes_no_item_off_and_keeps_none_on_by_guessing(adopted: Desk) -> None:
    add_news(adopted, "Expires soon.", "soon")
    adopted.ran("news", "edit", "soon", "--expires-at", in_hours(6))
    adopted.ran("sync")
    wiki_clock(adopted, DAY)
    adopted.ran("news", "edit", "soon", "--text", "Expires soon, corrected.")

    ran = adopted.ran("sync", code=3)

    assert "Expires soon." in adopted.home_body
    assert "24.0 hours behind the wiki's" in ran.out


@both_flavours
def test_without_the_clock_of_the_wiki_nothing_that_became_due_is_written(adopted: Desk) -> None:
    adopted.wiki.faults.add("no-date")
    wiki_clock(adopted, -DAY)
    adopted.wiki.edit(adopted.home_id, adopted.home_body)
    ran = sync_with_embargoed_item(adopted)

    assert "sends no `Date` header" in ran.out
    assert not list(adopted.folder.glob("feeds/*.atom"))
    assert "sends no `Date` header" in adopted.ran("plan", code=3).out
    assert "sends no `Date` header" in adopted.ran("adopt", "--yes", code=None).out + ran.out
    assert "Under embargo." not in adopted.home_body
    adopted.wiki.faults.clear()
    adopted.ran("sync")
    assert "Under embargo." in adopted.home_body


def test_without_the_clock_of_the_wiki_what_the_version_of_the_page_proves_is_written(adopted: Desk) -> None:
    adopted.wiki.faults.add("no-date")
    add_news(adopted, "Due before the last version.", "due")
    adopted.ran("news", "edit", "due", "--publish-at", in_hours(-12))
    add_news(adopted, "Due in the future.", "future")
    adopted.ran("news", "edit", "future", "--publish-at", in_hours(12))

    adopted.ran("sync")

    assert "Due before the last version." in adopted.home_body
    assert "Due in the future." not in adopted.home_body


def test_news_that_is_the_same_at_both_times_is_written(adopted: Desk) -> None:
    wiki_clock(adopted, -DAY)
    add_news(adopted, "Long published.", "old")
    adopted.ran("news", "edit", "old", "--publish-at", "2024-01-01T00:00:00Z")

    adopted.ran("sync", code=3)

    assert "Long published." in adopted.home_body


@pytest.mark.parametrize("seconds", [1800, -1800])
def test_half_an_hour_is_no_difference(adopted: Desk, seconds: int) -> None:
    wiki_clock(adopted, seconds)
    add_news(adopted)

    adopted.ran("sync")

    assert "outlook" in adopted.home_body


def test_no_request_is_sent_for_the_time(adopted: Desk) -> None:
    adopted.ran("plan")
    before = len(adopted.wiki.requests)
    adopted.ran("plan")
    usual = len(adopted.wiki.requests) - before
    wiki_clock(adopted, -DAY)
    before = len(adopted.wiki.requests)

    adopted.ran("plan", code=3)

    assert len(adopted.wiki.requests) - before == usual


@both_flavours
@pytest.mark.parametrize("seconds", [-3 * DAY, 3 * DAY])
def test_an_edit_war_ends_whatever_the_clock_of_the_bot_says(adopted: Desk, seconds: int) -> None:
    settings(adopted, **{"data: ws2.yaml": "data: ws2.yaml\n    drift: repair"})
    wiki_clock(adopted, seconds)
    for number in range(5):
        body = adopted.home_body
        adopted.wiki.edit(adopted.home_id, body.replace("Adopted by the Board", f"Adopted {number} by the Board"))
        ran = adopted.ran("sync", code=3)

    assert "edit war" in ran.out
    repairs = [version for version in adopted.wiki.versions(adopted.home_id) if "repaired" in version.message]
    assert len(repairs) == 3


@both_flavours
def test_a_merge_with_the_edits_of_people_publishes_no_embargoed_item(adopted: Desk) -> None:
    settings(adopted, **{"data: ws2.yaml": "data: ws2.yaml\n    merge: auto"})
    wiki_clock(adopted, -DAY)
    add_news(adopted, "Under embargo.", "embargo")
    adopted.ran("news", "edit", "embargo", "--publish-at", in_hours(-12))
    adopted.wiki.edit(adopted.home_id, adopted.home_body.replace("prep week", "preparation week"))

    adopted.ran("sync", code=3)

    assert "Under embargo." not in adopted.home_body
    assert "preparation week" in adopted.home_body


@both_flavours
def test_an_adoption_publishes_no_embargoed_item(adopted: Desk) -> None:
    wiki_clock(adopted, -DAY)
    add_news(adopted, "Under embargo.", "embargo")
    adopted.ran("news", "edit", "embargo", "--publish-at", in_hours(-12))
    adopted.wiki.edit(adopted.home_id, adopted.home_body.replace("prep week", "preparation week"))

    ran = adopted.ran("adopt", "--yes", code=1)

    assert "hours ahead of the wiki's" in ran.out + ran.err
    assert "Under embargo." not in adopted.home_body
    wiki_clock(adopted, 0)
    adopted.ran("adopt", "--yes")
    adopted.ran("sync", code=None)
    assert "Under embargo." in adopted.home_body
    assert "preparation week" in adopted.home_body

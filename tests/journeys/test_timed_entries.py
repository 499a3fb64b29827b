"""Lines of the banner and quick links appear and disappear at a moment, as news items do."""

import pytest

from tests.journeys.conftest import Desk

pytestmark = [
    pytest.mark.either_flavour,
    pytest.mark.parametrize("seed", ["demo"]),
    pytest.mark.parametrize("flavour", ["cloud", "datacenter"]),
]
PAST, FUTURE = "2020-01-01T00:00Z", "2099-01-01T00:00Z"


@pytest.fixture
def timed(adopted: Desk) -> Desk:
    """A page with a line and a nested link that are not due yet, and a line and a link that have expired."""
    adopted.ran("banner", "add", "Maintenance on Saturday", "--publish-at", FUTURE, "--offline")
    adopted.ran("banner", "add", "Closed last year", "--expires-at", PAST, "--before", "1", "--offline")
    adopted.ran("links", "add", "Coming", "--url", "https://c.example.org/", "--under", "1", "--publish-at", FUTURE)
    adopted.ran("links", "add", "Gone", "--url", "https://g.example.org/", "--first", "--expires-at", PAST)
    adopted.ran("links", "add", "Current", "--url", "https://n.example.org/", "--expires-at", FUTURE)
    adopted.ran("apply", "--yes")
    return adopted


def test_only_what_is_due_is_on_the_page_and_the_lists_show_the_state_of_all(timed: Desk) -> None:
    assert "Current" in timed.home_body
    assert all(words not in timed.home_body for words in ("Maintenance", "Closed", "Coming", "Gone"))
    states = [line["state"] for line in timed.ran("banner", "list", "--format", "json").json["lines"]]
    assert (states[0], states[-1]) == ("expired", "scheduled")
    links = {each["text"]: each for each in timed.ran("links", "list", "--format", "json").json}
    assert {name: links[name]["state"] for name in ("Coming", "Gone", "Current")} == {
        "Coming": "scheduled",
        "Gone": "expired",
        "Current": "live",
    }
    assert "scheduled, from 2099-01-01 00:00 UTC" in timed.ran("links", "list").out
    timed.ran("plan", code=0)


def test_what_became_due_while_the_bot_was_down_is_on_the_page_after_the_next_run(timed: Desk) -> None:
    last = str(len(timed.ran("banner", "list", "--format", "json").json["lines"]))
    timed.ran("banner", "set", "--line", last, "--publish-at", PAST)
    timed.ran("links", "edit", "Coming", "--publish-at", PAST)
    timed.ran("links", "edit", "Current", "--expires-at", PAST)

    timed.ran("sync")

    assert "Maintenance on Saturday" in timed.home_body
    assert "Coming" in timed.home_body
    assert "Current" not in timed.home_body


def test_an_adoption_keeps_what_the_page_does_not_show(timed: Desk) -> None:
    timed.wiki.edit(timed.home_id, timed.home_body.replace(">Current<", ">Recent<"), by="ana")

    timed.ran("adopt", "--yes")

    links = timed.ran("links", "list", "--format", "json").json
    assert [each["text"] for each in links if each["number"] == "1"] == ["Gone"]
    assert {each["text"]: each["under"] for each in links}["Coming"] == "2"
    lines = timed.ran("banner", "list", "--format", "json").json["lines"]
    assert (lines[0]["text"], lines[-1]["text"]) == ("Closed last year", "Maintenance on Saturday")
    (recent,) = [each for each in links if each["text"] == "Recent"]
    assert recent["expires_at"].startswith("2099-01-01")
    timed.ran("plan", code=0)


def test_a_banner_without_a_line_is_warned_about_and_comes_back_from_the_page(timed: Desk) -> None:
    count = len(timed.ran("banner", "list", "--format", "json").json["lines"])
    for number in range(2, count):
        ran = timed.ran("banner", "set", "--line", str(number), "--expires-at", PAST, "--offline")
    assert "warning: the banner shows no line from" in ran.err

    checked = timed.ran("check", code=None)
    assert "the banner shows no line now" in checked.out + checked.err
    timed.ran("apply", "--yes")
    assert "There is no status at the moment." in timed.home_body
    timed.ran("plan", code=0)
    before = timed.data.read_bytes()
    timed.ran("adopt", "--yes", code=None)
    assert timed.data.read_bytes() == before


def test_a_banner_that_becomes_empty_later_is_warned_about_with_the_moment(adopted: Desk) -> None:
    adopted.ran("banner", "set", "Only this.", "--replace", "--offline")

    ran = adopted.ran("banner", "set", "--line", "1", "--expires-at", FUTURE, "--offline")

    assert "warning: the banner shows no line from 2099-01-01 00:00 UTC on" in ran.err
    checked = adopted.ran("check", code=None)
    assert "the banner will show no line from 2099-01-01 00:00 UTC" in checked.out + checked.err

"""Holds: pages that nobody may redact until the hold is released."""

import shlex

import pytest

from tests.journeys.conftest import HOME, Desk

pytestmark = [
    pytest.mark.either_flavour,
    pytest.mark.parametrize("flavour", ["cloud", "datacenter"]),
    pytest.mark.parametrize("seed", ["demo"]),
]


@pytest.fixture(autouse=True)
def page(desk: Desk) -> str:
    """The id of a captured page."""
    desk.data.write_text(f"workspace: {{space: WS2, home: {HOME}}}\n")
    page_id = desk.wiki.add_page("Zebra plan", "<p>the zebra leaves at dawn</p>", labels=("archived",))
    desk.ran("snapshot")
    return page_id


def test_a_held_page_is_not_redacted_until_it_is_released(desk: Desk, page: str) -> None:
    desk.ran("hold", "add", "Zebra plan", "--name", "case 7", "--reason", "a lawsuit", "--by", "Ana")

    refused = desk.ran("redact", page, "--reason", "asked for", "--yes", code=1)

    assert "'case 7' by Ana since" in refused.err
    assert "a lawsuit" in refused.err
    assert "zebra" in desk.ran("search", "zebra").out
    desk.ran("hold", "release", "case 7", "--reason", "settled", "--by", "Li")
    desk.ran("redact", page, "--reason", "asked for", "--yes")
    assert desk.ran("verify", "--format", "json").json["findings"] == []


def test_each_of_several_holds_must_be_released(desk: Desk, page: str) -> None:
    for name in ("case 7", "case 8"):
        desk.ran("hold", "add", page, "--name", name, "--reason", "a lawsuit")
    desk.ran("hold", "release", "case 7", "--reason", "settled")

    refused = desk.ran("redact", page, "--reason", "asked for", "--yes", code=1)

    assert "'case 8'" in refused.err
    assert "'case 7'" not in refused.err


def test_one_page_of_a_hold_can_be_released(desk: Desk, page: str) -> None:
    other = desk.ran("search", "report", "--format", "json").json[0]["page_id"]
    desk.ran("hold", "add", page, other, "--name", "case 7", "--reason", "a lawsuit")
    desk.ran("hold", "release", "case 7", page, "--reason", "not relevant")

    held = desk.ran("hold", "list", "--format", "json").json

    assert [each["page_id"] for each in held] == [other]
    assert {each["page_id"] for each in desk.ran("hold", "list", "--all", "--format", "json").json} == {page, other}


def test_the_list_and_the_report_name_holds_with_person_and_reason(desk: Desk, page: str) -> None:
    assert "no page is held" in desk.ran("hold", "list").err
    desk.ran("hold", "add", page, "--name", "case 7", "--reason", "a lawsuit", "--by", "Ana")

    listed = desk.ran("hold", "list").out
    reported = desk.ran("report").out

    for said in ("case 7", "Ana", "a lawsuit", page):
        assert said in listed
        assert said in reported
    assert "## Holds" in reported


def test_a_hold_that_looks_like_an_option_can_be_released_as_the_refusal_says(desk: Desk, page: str) -> None:
    name = "--help 'x'"
    desk.ran("hold", "add", page, "--name", name, "--reason", "a lawsuit")

    refused = desk.ran("redact", page, "--reason", "asked for", "--yes", code=1).err

    command = refused.partition("`wikibot ")[2].partition("`")[0]
    desk.ran(*(word.replace("TEXT", "settled") for word in shlex.split(command)))
    assert "no page is held" in desk.ran("hold", "list").err


def test_holds_are_no_changes_in_the_report(desk: Desk, page: str) -> None:
    before = desk.ran("report", "--format", "json").json
    desk.ran("hold", "add", page, "--name", "case 7", "--reason", "a lawsuit")
    desk.ran("hold", "release", "case 7", "--reason", "settled")

    after = desk.ran("report", "--format", "json").json

    assert after["changed"] == before["changed"]
    assert [line["kind"] for line in after["pages"][-2:]] == ["hold", "hold-release"]


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("add", "Nothing", "--name", "x", "--reason", "y"), "no captured page is called 'Nothing'"),
        (("add", "Zebra plan", "--name", "case 7", "--reason", "again"), "is in the hold 'case 7' already"),
        (("add", "Zebra plan", "--name", " ", "--reason", "y"), "a hold needs a name"),
        (("add", "Zebra plan", "--name", "x", "--reason", " "), "a hold needs a reason"),
        (("add", "Zebra plan", "--name", "x", "--reason", "y", "--by", ""), "a hold needs a person"),
        (("add", "Zebra plan", "--name", "x\ncase 7: released", "--reason", "y"), "a hold needs a name on one line"),
        (("add", "Zebra plan", "--name", "x", "--reason", "\x1b[2J"), "a hold needs a reason on one line"),
        (("add", "Zebra plan", "Zebra plan", "--name", "x", "--reason", "y"), "a page is named twice"),
        (("release", "case 9", "--reason", "y"), "there is no hold 'case 9' (did you mean 'case 7'?); holds: case 7"),
        (("release", "case 7", HOME, "--reason", "y"), "no captured page is called"),
    ],
)
def test_what_cannot_be_held_or_released_is_said(desk: Desk, words: tuple[str, ...], said: str) -> None:
    desk.ran("hold", "add", "Zebra plan", "--name", "case 7", "--reason", "a lawsuit")

    assert said in desk.ran("hold", *words, code=1).err


def test_a_redacted_page_cannot_be_held(desk: Desk, page: str) -> None:
    desk.ran("redact", page, "--reason", "asked for", "--yes")

    assert "was redacted on" in desk.ran("hold", "add", page, "--name", "x", "--reason", "y", code=1).err

"""Which entry of the page is which entry of the data file."""

import pytest

from bot.adopt.three_way import compare, pair

KEPT = "An item that nobody changed"


@pytest.mark.parametrize(
    ("before", "after", "is_same"),
    [
        ("Implementation ongoing", "Implementation finished in May", True),
        ("Board adopted the plan", "The plan was adopted by the Board yesterday", True),
        ("Vote now.", "Vote by 10 pm, all of you.", True),
        ("全员会议", "全员大会延期", True),
        ("Old text here", "New thing entirely", False),
        ("The board met on Friday", "We hired two engineers", False),
        ("全员会议", "新网站上线了", False),
    ],
)
def test_an_entry_in_place_of_another_is_the_same_only_if_they_have_words_in_common(
    before: str, after: str, *, is_same: bool
) -> None:
    assert pair([KEPT, after, KEPT], [KEPT, before, KEPT]) == {0: 0, 2: 2} | ({1: 1} if is_same else {})


@pytest.mark.parametrize(
    ("page", "file"),
    [
        ("Please read the report", "Nobody works in August"),
        ("Nobody works in August", "Please read the report"),
    ],
)
def test_an_entry_that_both_sides_rewrote_is_one_question(page: str, file: str) -> None:
    last = [KEPT, "Read the report", "The board met"]

    found = compare([KEPT, page, "The board met"], [KEPT, file, "The board met"], last)

    assert found.clashes == {1: 1}
    assert (found.withdrawn, found.removed, found.unpublished) == ([], [], [])


def test_an_entry_that_only_the_page_replaced_is_no_clash() -> None:
    last = [KEPT, "Read the report", "The board met"]

    found = compare([KEPT, "Nobody works in August", "The board met"], last, last)

    assert (found.clashes, found.removed) == ({}, [1])


def test_a_removed_and_a_new_entry_in_different_places_stay_two() -> None:
    last = [KEPT, "Read the report", "The board met"]

    found = compare([KEPT, "Please read the report", "The board met"], ["Nobody works", KEPT, "The board met"], last)

    assert found.clashes == {}
    assert (found.withdrawn, found.unpublished) == ([1], [0])

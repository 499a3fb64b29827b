"""Which entry of the page is which entry of the data file."""

import pytest

from bot.adopt.three_way import LastCommon, compare, pair

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

    found = compare([KEPT, page, "The board met"], [KEPT, file, "The board met"], LastCommon.of(last))

    assert found.clashes == {1: 1}
    assert (found.withdrawn, found.removed, found.unpublished) == ([], [], [])


def test_an_entry_that_only_the_page_replaced_is_no_clash() -> None:
    last = [KEPT, "Read the report", "The board met"]

    found = compare([KEPT, "Nobody works in August", "The board met"], last, LastCommon.of(last))

    assert (found.clashes, found.removed) == ({}, [1])


def test_a_removed_and_a_new_entry_in_different_places_stay_two() -> None:
    last = [KEPT, "Read the report", "The board met"]

    found = compare(
        [KEPT, "Please read the report", "The board met"], ["Nobody works", KEPT, "The board met"], LastCommon.of(last)
    )

    assert found.clashes == {}
    assert (found.withdrawn, found.unpublished) == ([1], [0])


def test_an_entry_with_many_added_words_is_not_taken_for_a_similar_entry() -> None:
    last = ["Item item8x", "Item item7x", "Item item4x inside11x", "Item item1x inside5x"]
    page = ["Item item8x inside44x", "Item item7x", "Item item4x inside11x inside21x", "Item item1x inside5x in6x in7x"]

    found = compare(page, ["Item item42x", *last], LastCommon.of(last))

    assert found.from_page == {0: 1, 2: 3, 3: 4}
    assert (found.removed, found.unpublished) == ([], [0])


def test_no_two_entries_are_the_same_as_one_entry() -> None:
    after = ["Please read the report of May", KEPT, "The report is late again here"]

    assert pair(after, ["We hired two engineers", KEPT, "Read the report of May"]) == {0: 2, 1: 1}


def test_entries_of_both_sides_that_share_a_rare_word_stay_two_if_both_are_new() -> None:
    last = LastCommon.of([KEPT])

    found = compare([KEPT, "Alpha news, as Ana says."], [KEPT, "Alpha news, as the file says."], last)

    assert (found.partner, found.unpublished, found.clashes) == ({0: 0}, [1], {})


def test_an_entry_that_a_merge_left_open_is_recognised_by_what_the_page_said_of_it_last() -> None:
    common = LastCommon.of([KEPT, "Read it"]).after([KEPT, "Read all of the long report of May"], {1})

    found = compare([KEPT, "Please read all of the long report of May"], [KEPT, "Read it now"], common)

    assert found.clashes == {1: 1}

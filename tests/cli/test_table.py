import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.cells import cell_len

from bot.cli.table import format_table, wrap

ROWS = [("ja", "live", "第四四半期の報告書が公開されました。 🎉"), ("plain-id", "scheduled", "Read the report " * 6)]


def test_columns_are_aligned_by_the_cells_that_a_terminal_uses() -> None:
    _, lines = format_table(("id", "state"), [("日本", "a"), ("🎉", "b"), ("four", "c")])

    assert [cell_len(line[:-1]) for line in lines] == [6, 6, 6]


@pytest.mark.parametrize("width", [40, 60, 80, 120])
def test_no_line_is_wider_than_the_terminal_and_no_word_is_lost(width: int) -> None:
    heading, lines = format_table(("id", "state", "text"), ROWS, width=width)

    assert max(cell_len(line) for line in (heading, *lines)) <= width
    shown = "".join("".join(lines).split())
    for row in ROWS:
        for cell in row:
            for word in cell.split():
                assert word in shown


def test_without_a_width_each_row_is_one_line() -> None:
    _, lines = format_table(("id", "state", "text"), ROWS)

    assert len(lines) == len(ROWS)


def test_what_controls_a_terminal_is_shown_as_an_escape() -> None:
    _, lines = format_table(("id", "text"), [("a", "x\x1b[2Jy\u202ez\n\t."), ("b", "👨\u200d👩")])

    assert lines == ["a   x\\u001b[2Jy\\u202ez  .", "b   👨\u200d👩"]


@given(
    text=st.text(st.characters(exclude_categories=("Cs", "Cc", "Cf", "Mn", "Me")), max_size=200),
    width=st.integers(4, 50),
)
def test_wrapping_loses_no_character_and_stays_within_the_width(text: str, width: int) -> None:
    lines = wrap(text, width)

    assert "".join("".join(lines).split()) == "".join(text.split())
    assert all(cell_len(line) <= width for line in lines)

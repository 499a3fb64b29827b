import re

from hypothesis import given
from hypothesis import strategies as st

from bot.text_diff import DiffLine, Piece, PieceKind, diff_lines, diff_words, near_changes, split_source, unified_diff

LINES = st.lists(st.text("ab c<>", max_size=8), max_size=6)


def test_an_edited_line_shows_the_words_that_changed() -> None:
    (line,) = diff_lines(["Read the first report now"], ["Read the second report now"])

    assert line.pieces == (
        Piece(PieceKind.SAME, "Read the "),
        Piece(PieceKind.REMOVED, "first"),
        Piece(PieceKind.ADDED, "second"),
        Piece(PieceKind.SAME, " report now"),
    )
    assert line.kind is None


def test_lines_with_little_in_common_are_shown_whole() -> None:
    assert [line.kind for line in diff_lines(["alpha beta"], ["gamma delta epsilon"])] == [
        PieceKind.REMOVED,
        PieceKind.ADDED,
    ]


@given(before=LINES, after=LINES)
def test_a_comparison_contains_both_texts(before: list[str], after: list[str]) -> None:
    lines = diff_lines(before, after)

    assert list(filter(None, (side(line, PieceKind.REMOVED) for line in lines))) == list(filter(None, before))
    assert list(filter(None, (side(line, PieceKind.ADDED) for line in lines))) == list(filter(None, after))


def side(line: DiffLine, kind: PieceKind) -> str:
    return "".join(piece.text for piece in line.pieces if piece.kind in (PieceKind.SAME, kind))


@given(changed=st.lists(st.booleans(), max_size=12), context=st.integers(0, 3))
def test_no_change_is_left_out(changed: list[bool], context: int) -> None:
    shown = [index for index in near_changes(changed, context=context) if index is not None]

    assert [index for index in shown if changed[index]] == [index for index, each in enumerate(changed) if each]


def test_an_edited_line_is_paired_with_the_line_that_it_resembles() -> None:
    lines = diff_lines(["Read the first report now"], ["Something else entirely", "Read the second report now"])

    assert [line.kind for line in lines] == [PieceKind.ADDED, None]


def test_scripts_without_spaces_are_compared_by_character() -> None:
    assert Piece(PieceKind.ADDED, "新") in diff_words("第一版报告", "第一新版报告")


@given(st.text("<>/pulh2 \n", max_size=60))
def test_breaking_the_source_into_lines_loses_nothing(source: str) -> None:
    assert "".join(split_source(source)) == source.replace("\n", "")


@given(before=st.lists(st.sampled_from("abc"), max_size=30), after=st.lists(st.sampled_from("abc"), max_size=30))
def test_unified_diff_leads_from_one_text_to_the_other(before: list[str], after: list[str]) -> None:
    result, at = [], 0
    for line in unified_diff("\n".join(before), "\n".join(after), "file").splitlines()[2:]:
        if line.startswith("@@"):
            start, count = re.fullmatch(r"@@ -(\d+)(,0)?[, ].*", line).groups()  # type: ignore[union-attr]
            end = int(start) - (0 if count else 1)
            result += before[at:end]
            at = end
        elif line[0] in " -":
            assert before[at] == line[1:]
            at += 1
        if line[0] in " +":
            result.append(line[1:])

    assert result + before[at:] == after

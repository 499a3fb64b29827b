"""Comparing and merging bodies."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from wikiserver.addresses import tiny_to_id
from wikiserver.editor.compare import compare, readable_lines
from wikiserver.editor.merge import merge
from wikiserver.editor.sequences import differences


@pytest.mark.parametrize(("key", "page_id"), [("DYxyI", 544377869), ("DoCvVg", 1454342158), ("BJFyI", 544379140)])
def test_short_links_are_those_of_the_real_wiki(key: str, page_id: int) -> None:
    assert tiny_to_id(key) == page_id


def test_a_comparison_says_what_changed_and_skips_the_rest() -> None:
    same = "".join(f"<p>line {number}</p>" for number in range(20))

    lines = compare(f"{same}<p>old words here</p>{same}", f"{same}<p>old thoughts here</p>{same}<p>end</p>")

    kinds = [line.kind for line in lines]
    assert kinds == ["skipped", "same", "same", "changed", "same", "same", "skipped", "same", "same", "added"]
    changed = next(line for line in lines if line.kind == "changed")
    assert [(piece.kind, piece.text) for piece in changed.pieces] == [
        ("same", "old "),
        ("removed", "words"),
        ("added", "thoughts"),
        ("same", " here"),
    ]


def test_a_body_is_read_out_in_lines_with_marks_for_what_is_not_words() -> None:
    body = (
        '<h2>Aims</h2><p>one<br />two <ac:emoticon ac:name="tick" /></p>'
        "<table><tbody><tr><th>A</th><td><p>b</p><p>c</p></td></tr></tbody></table>"
        '<ac:structured-macro ac:name="panel"><ac:parameter ac:name="title">T</ac:parameter>'
        "<ac:rich-text-body><p>inside</p></ac:rich-text-body></ac:structured-macro>"
        '<ac:structured-macro ac:name="code"><ac:plain-text-body><![CDATA[a = 1\nb = 2]]></ac:plain-text-body>'
        "</ac:structured-macro>"
        '<p><ac:structured-macro ac:name="status"><ac:parameter ac:name="title">Done</ac:parameter>'
        '</ac:structured-macro> <ac:link><ri:page ri:content-title="Plan" /></ac:link>'
        '<time datetime="2024-01-02" /></p>'
        "<ac:task-list><ac:task><ac:task-id>1</ac:task-id><ac:task-status>complete</ac:task-status>"
        "<ac:task-body>task</ac:task-body></ac:task></ac:task-list>"
    )

    assert readable_lines(body) == [
        "## Aims",
        "one",
        "two (tick)",
        "│ A │ b c",
        "{panel — title: T}",
        "inside",
        "{code}",
        "a = 1",
        "b = 2",
        "[Done] [Plan] [2024-01-02]",
        "☐ [done] task",
    ]


PARAGRAPHS = st.lists(st.sampled_from(["a", "b", "c d", "<strong>e</strong>"]), min_size=1, max_size=6)


def _body(paragraphs: list[str]) -> str:
    return "".join(f"<p>{text}</p>" for text in paragraphs)


@settings(max_examples=60)
@given(before=PARAGRAPHS, after=PARAGRAPHS)
def test_a_change_merged_with_no_change_is_that_change(before: list[str], after: list[str]) -> None:
    assert merge(_body(before), _body(after), _body(before)) == _body(after)
    assert merge(_body(before), _body(before), _body(after)) == _body(after)
    assert merge(_body(before), _body(after), _body(after)) == _body(after)


@settings(max_examples=60)
@given(paragraphs=st.lists(st.sampled_from("abcdefgh"), min_size=3, max_size=8, unique=True), data=st.data())
def test_changes_to_different_paragraphs_both_arrive(paragraphs: list[str], data: st.DataObject) -> None:
    first = data.draw(st.integers(0, len(paragraphs) - 3))
    second = data.draw(st.integers(first + 2, len(paragraphs) - 1))
    mine, theirs, both = list(paragraphs), list(paragraphs), list(paragraphs)
    mine[first] = both[first] = "mine"
    theirs[second] = both[second] = "theirs"

    assert merge(_body(paragraphs), _body(mine), _body(theirs)) == _body(both)


def test_two_things_put_in_at_one_seam_are_for_people_to_order() -> None:
    assert merge("<p>a</p><p>b</p>", "<p>a</p><p>mine</p><p>b</p>", "<p>a</p><p>theirs</p><p>b</p>") is None


@settings(max_examples=60)
@given(old=st.lists(st.sampled_from("abc"), max_size=12), new=st.lists(st.sampled_from("abc"), max_size=12))
def test_differences_turn_one_sequence_into_the_other(old: list[str], new: list[str]) -> None:
    result, cursor = [], 0
    for start, end, new_start, new_end in differences(old, new):
        result += [*old[cursor:start], *new[new_start:new_end]]
        cursor = end

    assert result + old[cursor:] == new


def test_a_page_of_one_word_many_times_is_compared_all_the_same() -> None:
    before = f"<p>{'word ' * 20_000}</p>"

    lines = compare(before, before.replace("word", "words", 9_000))

    assert [line.kind for line in lines] == ["changed"]
    assert merge(before, before.replace("word", "words"), before + "<p>x</p>") is not None

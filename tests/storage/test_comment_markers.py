import pytest

from bot.storage.comment_markers import keep_comment_markers
from bot.storage.meaning import is_same
from tests.storage.inverses import strip_inline_comments


def marked(text: str, ref: str = "r1") -> str:
    return f'<ac:inline-comment-marker ac:ref="{ref}">{text}</ac:inline-comment-marker>'


LINK = '<ac:link><ri:page ri:content-title="Plan" /><ac:link-body>the plan</ac:link-body></ac:link>'
HARD_SPACE = "\u00a0"
TICK = '<ac:emoticon ac:name="tick" />'
OLD_LINK = (
    '<ac:link><ri:page ri:content-title="Plan" />'
    "<ac:plain-text-link-body><![CDATA[the plan]]></ac:plain-text-link-body></ac:link>"
)


def test_stripping_keeps_what_the_markers_wrap() -> None:
    body = f"<p>a {marked('b <em>' + marked('c', 'r2') + '</em>')}<ac:inline-comment-marker ac:ref='x' /> d</p>"

    assert strip_inline_comments(body) == "<p>a b <em>c</em> d</p>"


@pytest.mark.parametrize(
    ("old", "new", "kept"),
    [
        (f"<p>Read {marked('the report')}.</p>", "<p>Do read the report today.</p>", None),
        (
            f"<p>a &amp; {marked('b&nbsp;&gt; c')}</p>",
            "<p>x</p><p>b\u00a0> c</p>",
            f"<p>x</p><p>{marked('b' + HARD_SPACE + '> c')}</p>",
        ),
        (
            f"<p>one {marked('two three')}</p>",
            "<p>new: two <strong>three</strong></p>",
            f"<p>new: {marked('two ')}<strong>{marked('three')}</strong></p>",
        ),
        (
            f"<p>one {marked('two ')}<em>{marked('three')}</em></p>",
            "<p>two three four</p>",
            f"<p>{marked('two three')} four</p>",
        ),
        (
            f"<p>{marked('one ' + marked('two', 'r2'))} three</p>",
            "<p>one two three</p>",
            f"<p>{marked('one ')}{marked(marked('two', 'r2'))} three</p>",
        ),
        (f"<p>see {marked(OLD_LINK)}</p>", f"<p>see also {LINK} now</p>", f"<p>see also {marked(LINK)} now</p>"),
        (f"<p>see {marked('the plan')}</p>", f"<p>see also {LINK} now</p>", f"<p>see also {marked(LINK)} now</p>"),
        (
            f"<li>day</li><li>{marked('day')} by day</li>",
            "<li>day</li><li>new</li><li>day by day</li>",
            f"<li>day</li><li>new</li><li>{marked('day')} by day</li>",
        ),
        (
            f"<li>same</li><li>{marked('same')}</li>",
            "<li>same</li><li>same</li>",
            f"<li>same</li><li>{marked('same')}</li>",
        ),
        (f"<p>a\n {marked('b')}</p>", "<p>a b</p>", f"<p>a {marked('b')}</p>"),
        (
            f"<p>x {marked(TICK)}</p>",
            f"<p>y {TICK}</p>",
            f"<p>y {marked(TICK)}</p>",
        ),
        (f"<p>{marked('a')}</p>", f"<p>b {marked('c')}</p>", f"<p>b {marked('c')}</p>"),
    ],
)
def test_a_remark_stays_with_its_words(old: str, new: str, kept: str | None) -> None:
    result = keep_comment_markers(old, new)

    assert result.text == (kept or "<p>Do read " + marked("the report") + " today.</p>")
    assert result.lost == ()
    assert is_same(result.text, new)


@pytest.mark.parametrize(
    ("old", "new"),
    [
        (f"<p>Read {marked('the report')}.</p>", "<p>Read the summary.</p>"),
        (f"<p>{marked('the report')}.</p>", "<p>the report and the report</p>"),
        (f"<p>{marked('the report')}.</p>", "<p>the reports</p>"),
        (f"<p>x {marked('the')}</p><p>{marked('report')}.</p>", "<p>x the</p>"),
    ],
)
def test_a_remark_whose_words_are_gone_or_in_doubt_is_reported(old: str, new: str) -> None:
    result = keep_comment_markers(old, new)

    assert result.text == new
    assert [*result.lost_by_ref] == ["r1"]
    assert result.lost[0].replace(" … ", " ") == "the report"


def test_words_within_code_and_parameters_are_no_place_for_a_remark() -> None:
    new = (
        '<ac:structured-macro ac:name="panel"><ac:parameter ac:name="title">plan</ac:parameter>'
        "<ac:rich-text-body><p>other</p></ac:rich-text-body></ac:structured-macro>"
    )

    result = keep_comment_markers(f"<p>{marked('plan')}</p>", new)

    assert result.text == new
    assert result.lost == ("plan",)

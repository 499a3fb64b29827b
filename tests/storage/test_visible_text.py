import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.storage.visible_text import count_characters, lines_of

CODE = (
    '<ac:structured-macro ac:name="code"><ac:parameter ac:name="language">py</ac:parameter>'
    "<ac:plain-text-body><![CDATA[if x:\n    <y>]]></ac:plain-text-body></ac:structured-macro>"
)


@pytest.mark.parametrize(
    ("fragment", "lines"),
    [
        ("", []),
        ("<p>one <strong>two</strong>\n three</p><p /><h2>four</h2>", ["one two three", "four"]),
        ('<p><ac:emoticon ac:name="tick" /> Done.</p>', ["✅ Done."]),
        ("<ul><li>a<ul><li>b</li></ul></li><li>c</li></ul>", ["• a", "  • b", "• c"]),
        ("<ol><li>a</li><li>b</li></ol>", ["1. a", "2. b"]),
        ('<p><a href="https://x.test/?a=1&amp;b=2">here</a>!</p>', ["here ‹https://x.test/?a=1&b=2›!"]),
        (
            '<p><ac:link><ri:page ri:content-title="Plan A" /><ac:link-body>the plan</ac:link-body></ac:link></p>',
            ["the plan ‹Plan A›"],
        ),
        ('<p>see <ac:link><ri:attachment ri:filename="a.pdf" /></ac:link></p>', ["see ‹file a.pdf›"]),
        ("<p>a &lt;b&gt; &eacute; &nbsp;c</p>", ["a <b> é c"]),
        (
            CODE,
            ["[code: language=py]", "if x:", "    <y>"],
        ),
        ("<table><tbody><tr><td>a</td><td>b</td></tr></tbody></table>", ["| a | b"]),
        ('<p>by <time datetime="2024-02-22" /></p>', ["by 2024-02-22"]),
        ('<p>a <ac:inline-comment-marker ac:ref="r">b</ac:inline-comment-marker></p>', ["a b"]),
        ("<p>broken", ["<p>broken"]),
    ],
)
def test_lines_are_what_a_reader_sees(fragment: str, lines: list[str]) -> None:
    assert lines_of(fragment) == lines


def test_white_space_does_not_count() -> None:
    assert count_characters("<p>a b</p>\n<p>  c</p>") == 3


@given(st.integers(1, 3000))
def test_deep_nesting_is_read(depth: int) -> None:
    assert lines_of("<div>" * depth + "x" + "</div>" * depth) == ["x"]

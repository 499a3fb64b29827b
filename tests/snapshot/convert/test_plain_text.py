"""Plain text never turns into markup, wherever in a page it stands."""

import re
import unicodedata
from html import escape

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.snapshot.convert.reading import shown, shown_words

LIKE_MARKUP = [
    "1. one", "1) one", "# head", "####### seven", "head #", "* star", "*a*", "**a**", "_a_", "__init__", "snake_case",
    "- dash", "+ plus", "--- ", "===", "- - -", "* * *", "_ _ _", "> quote", "a | b", "|---|", ":-", "~a~", "~~a~~",
    "`a`", "``` a", "~~~ a", "<b>a</b>", "<!-- a -->", "a<b", "<https://a.b>", "&amp;", "&#38;", "&copy", "AT&T",
    "[a](b)", "[a][b]", "[a]: b", "![a](b)", "[^1]", "[ ] a", "[x] a", "a\\", "\\*a\\*", "C:\\new", "m²", "a^2^",
    ":smile:", "$a$", "$5 and $6", "https://example.org/a_b_c", "www.example.org", "a@b.example", "!", "a  b",
    "[!NOTE]", "----\n----", "\u00a0x", "x\u2028y", "강조(bold)은", "עברית (1)", "{% raw %}", "a\\|b", "\\|",
]  # fmt: skip
PLACES = [
    "<p>{}</p>", "<p>a<br />{}</p>", "<h2>{}</h2>", "<ul><li>{}</li></ul>", "<ul><li><p>{}</p></li></ul>", "{}",
    "<blockquote><p>{}</p></blockquote>", "<table><tbody><tr><td>{}</td><td>x</td></tr></tbody></table>",
    "<table><tbody><tr><td colspan='2'>{}</td></tr></tbody></table>", "<p><strong>{}</strong></p>",
    "<p>a<em>{}</em>b</p>", "<p><a href='https://x.example'>{}</a></p>",
    "<ac:structured-macro ac:name='info'><ac:rich-text-body><p>{}</p></ac:rich-text-body></ac:structured-macro>",
]  # fmt: skip


@pytest.mark.parametrize("place", PLACES)
@pytest.mark.parametrize("text", LIKE_MARKUP)
def test_text_that_looks_like_markup_is_shown_as_it_is(text: str, place: str) -> None:
    words = shown_words(place.format(escape(text)))

    assert " ".join(text.split()) in " ".join(words)


@given(st.text(), st.sampled_from(PLACES))
def test_any_text_survives(text: str, place: str) -> None:
    legal = re.sub("[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff\ud800-\udfff\r]", "", text)

    words = shown_words(place.format(escape(legal)))

    assert _bare(legal) in _bare(" ".join(words))


@given(st.lists(st.sampled_from(["strong", "em", "del", "u", "span", "code", "sub", ""]), max_size=8), st.data())
def test_any_mix_of_emphasis_keeps_text_and_emphasis(names: list[str], data: st.DataObject) -> None:
    texts = [data.draw(st.text("ab 강.*_~`(\u00a0", max_size=4)) for _ in names]
    body = "".join(f"<{n}>{escape(t)}</{n}>" if n else escape(t) for n, t in zip(names, texts, strict=True))

    root = shown(f"<p>{body}</p>")

    assert _bare(root.text_content()) == _bare("".join(texts))
    emphasised = "".join(t for n, t in zip(names, texts, strict=True) if n == "strong")
    assert _bare("".join(e.text_content() for e in root.iter("strong"))) == _bare(emphasised)


def _bare(text: str) -> str:
    """Return *text* without whitespace, composed, as Markdown may wrap and compose it."""
    return "".join(unicodedata.normalize("NFC", text).split())

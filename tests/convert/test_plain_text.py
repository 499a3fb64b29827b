"""Plain text never becomes markup, at any place of a page."""

import re
import unicodedata
from html import escape

import pytest
from hypothesis import given
from hypothesis import strategies as st

from benchmarks.fidelity_markdown import READERS
from tests.convert.reading import shown

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
@pytest.mark.parametrize("reader", READERS)
@pytest.mark.parametrize("text", LIKE_MARKUP)
def test_text_that_looks_like_markup_is_shown_as_it_is(text: str, place: str, reader: str) -> None:
    root = shown(place.format(escape(text)), reader)

    assert " ".join(text.split()) in " ".join(root.text_content().split())
    # Nothing keeps GitHub from linking an e-mail address.
    assert len(list(root.iter("a"))) == place.count("<a ") or text == "a@b.example"


_TEXT = st.text() | st.text(st.sampled_from("ab1 *_~`[]()<>!#-+=|\\$&;:.@/^\"'강。\u00a0€\n"), max_size=14)


@given(_TEXT, st.sampled_from(PLACES), st.sampled_from(list(READERS)))
def test_any_text_survives(text: str, place: str, reader: str) -> None:
    legal = re.sub("[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff\ud800-\udfff\r]", "", text)

    root = shown(place.format(escape(legal)), reader)

    assert _bare(legal) in _bare(root.text_content())


_KINDS = ["strong", "em", "del", "u", "span", "code", "sub", ""]
_PIECE = st.tuples(st.sampled_from(_KINDS), st.sampled_from(_KINDS), st.text("ab 강.*_~`(€\u00a0", max_size=4))


@given(st.lists(_PIECE, max_size=6), st.sampled_from(list(READERS)))
def test_any_mix_of_emphasis_keeps_text_and_emphasis(pieces: list[tuple[str, str, str]], reader: str) -> None:
    body = "".join(_wrapped(outer, _wrapped(inner, escape(text))) for outer, inner, text in pieces)

    root = shown(f"<p>{body}</p>", reader)

    assert _bare(root.text_content()) == _bare("".join(text for _, _, text in pieces))
    bold = "".join(text for outer, inner, text in pieces if "strong" in (outer, inner))
    assert _bare("".join(element.text_content() for element in root.iter("strong"))) == _bare(bold)


def _wrapped(name: str, content: str) -> str:
    return f"<{name}>{content}</{name}>" if name else content


def _bare(text: str) -> str:
    """Return *text* without whitespace, composed, as Markdown may wrap and compose it."""
    return "".join(unicodedata.normalize("NFC", text).split())

"""Code is preserved byte for byte, at any place and with any content."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.convert.reading import shown

_CODE = (
    "<ac:structured-macro ac:name='code'><ac:plain-text-body><![CDATA[{}]]></ac:plain-text-body></ac:structured-macro>"
)
PLACES = [
    "{}",
    "<p>before {} after</p>",
    "<ul><li>a{}</li><li>b</li></ul>",
    "<ol start='9'><li>a</li><li><p>a</p><ul><li>{}</li></ul></li></ol>",
    "<blockquote>{}</blockquote>",
    "<table><tbody><tr><td>{}</td><td>x</td></tr></tbody></table>",
    "<ac:structured-macro ac:name='expand'><ac:rich-text-body>{}</ac:rich-text-body></ac:structured-macro>",
    "<ac:structured-macro ac:name='note'><ac:rich-text-body>{}</ac:rich-text-body></ac:structured-macro>",
    "<ac:task-list><ac:task><ac:task-body>{}</ac:task-body></ac:task></ac:task-list>",
]
AWKWARD = [
    "```\nfence\n```", "````", "~~~",
    "]]>", "a\n\n\nb", "\tindented\n  \n\n", "  \n x  ", "\n", "\n\nlead", "trail\n\n",
    "<table></table>", "- x\n\n    y", "> q", "&amp; &#10;", "a\\", "---\ntitle: x\n---", "$$", " ", "\u00a0", "1. x",
]  # fmt: skip
_TEXT = st.text(st.sampled_from("ab`~\n\t -#>|*_<&]\\1.$\u00a0강"), max_size=40) | st.text()


@pytest.mark.parametrize("place", PLACES)
@pytest.mark.parametrize("code", AWKWARD)
def test_awkward_code_is_kept(code: str, place: str) -> None:
    assert _shown_code(code, place) == code


@given(_TEXT, st.sampled_from(PLACES))
def test_any_code_is_kept(text: str, place: str) -> None:
    code = re.sub("[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff\ud800-\udfff\r]", "", text)

    assert _shown_code(code, place) == code


@given(st.text(st.sampled_from("ab`|\\*<&[ $"), min_size=1, max_size=12).filter(str.strip))
def test_any_inline_code_is_kept(code: str) -> None:
    source = code.replace("&", "&amp;").replace("<", "&lt;")
    body = f"<p>x<code>{source}</code>y</p><table><tbody><tr><td><code>{source}</code></td></tr></tbody></table>"

    assert [element.text_content() for element in shown(body).iter("code")] == [code, code]


def _shown_code(code: str, place: str) -> str:
    macro = _CODE.format(code.replace("]]>", "]]]]><![CDATA[>"))
    (element,) = shown(place.format(macro)).iter("pre")
    return str(element.text_content()).removesuffix("\n")

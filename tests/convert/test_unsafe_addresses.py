"""An address that can run code or contains a document is shown as text, not as a link."""

import re
from html import escape

import pytest
from lxml import html
from markdown_it import MarkdownIt

from bot.convert import PageContext, convert_page, html_to_markdown

UNSAFE = [
    "javascript:alert(1)",
    "JaVaScRiPt:alert(1)",
    "java\tscript:alert(1)",
    " javascript:alert(1)",
    "\u00a0javascript:alert(1)",
    "java\u00adscript:alert(1)",
    "vbscript:msgbox(1)",
    "view-source:javascript:alert(1)",
    "feed:JavaScript:alert(1)",
    "blob:https://x.example/1",
    "data:text/html,<b>x</b>",
    "data:image/svg+xml,<svg/>",
]
PLACES = [
    '<p><a href="{}">x</a></p>',
    '<pre><a href="{}">x</a></pre>',
    '<table><tbody><tr><td colspan="2"><a href="{}">x</a></td></tr></tbody></table>',
    '<p><ac:image ac:href="{}"><ri:attachment ri:filename="x.png"/></ac:image></p>',
    '<p><ac:image><ri:url ri:value="{}"/></ac:image>x</p>',
    '<p><img src="{}" alt="x" width="5"/></p>',
    '<iframe src="{}">x</iframe>',
    '<video><source src="{}"/>x</video>',
    '<object data="{}">x</object>',
    '<ac:link><ri:url ri:value="{}"/><ac:link-body>x</ac:link-body></ac:link>',
    '<ac:structured-macro ac:name="widget"><ac:parameter ac:name="url">{}</ac:parameter></ac:structured-macro>',
    (
        '<ac:structured-macro ac:name="iframe"><ac:parameter ac:name="src"><ri:url ri:value="{}"/></ac:parameter>'
        "</ac:structured-macro>"
    ),
]
_TARGETS = ("href", "src", "data", "xlink:href")


@pytest.mark.parametrize("place", PLACES)
@pytest.mark.parametrize("address", UNSAFE)
def test_an_unsafe_address_is_text_and_a_loss(address: str, place: str) -> None:
    context = PageContext(attachments={"x.png": "files/x.png"})
    written = escape(address).replace("\t", "&#9;")

    conversion = convert_page(place.format(written), context)

    assert _unsafe_targets(conversion.markdown) == []
    assert any(_bare(address) in _bare(loss.what) for loss in conversion.losses)
    assert _bare(address) in _bare(_rendered(conversion.markdown).text_content())


@pytest.mark.parametrize("address", UNSAFE)
def test_an_unsafe_address_in_the_html_of_an_author_leads_nowhere(address: str) -> None:
    markdown = html_to_markdown(f'<p><a href="{escape(address)}">x</a> <img src="{escape(address)}" alt="y"></p>')

    assert markdown == "x y"


@pytest.mark.parametrize(
    "address", ["https://e.example/javascript:x", "mailto:a@b.example", "data/x.png", "ftp://e.example", "#data:x"]
)
def test_a_safe_address_is_a_link(address: str) -> None:
    (link,) = _rendered(convert_page(f'<p><a href="{address}">x</a></p>').markdown).iter("a")

    assert link.text_content() == "x"


def test_a_picture_in_its_own_address_is_a_picture() -> None:
    address = "data:image/png;base64,iVBORw0KGgo="

    conversion = convert_page(f'<p><img src="{address}" alt="dot"/></p>')

    assert conversion.markdown == f"![dot]({address})\n"
    assert conversion.losses == ()


def _rendered(markdown: str) -> html.HtmlElement:
    """Render with a reader that checks no address."""
    reader = MarkdownIt("gfm-like", {"html": True, "linkify": False})
    reader.validateLink = lambda url: url is not None  # type: ignore[method-assign]
    return html.fragment_fromstring(reader.render(markdown), create_parent="div")


def _unsafe_targets(markdown: str) -> list[str]:
    targets = [element.get(name, "") for element in _rendered(markdown).iter() for name in _TARGETS]
    return [target for target in targets if re.match("javascript:|vbscript:|data:", _bare(target), re.IGNORECASE)]


def _bare(text: str) -> str:
    return re.sub(r"[\s\u00a0\u00ad]", "", text)

"""Render inline content as HTML for places where Markdown is not parsed, and convert HTML to Markdown.

Foreign HTML is parsed by beautifulsoup4 and written by markdownify.
"""

import re
from collections.abc import Callable
from html import escape
from urllib.parse import urljoin

from bs4 import BeautifulSoup, Tag
from markdownify import ATX, MarkdownConverter

from bot.convert.document import Anchor, Apart, Break, Code, Inline, InlineImage, Inlines, Link, Styled, leaves
from bot.convert.link_targets import is_unsafe

_PLAIN = str | Code | Anchor | InlineImage | Break
_NEVER_SHOWN = ("script", "style", "template", "noscript", "head", "title")


def is_plain_html(run: Inlines) -> bool:
    """Return whether every part of *run* has an equivalent HTML element."""
    return all(isinstance(leaf, _PLAIN) for leaf in leaves(run))


def render_run(run: Inlines, anchor_address: Callable[[str], str]) -> str:
    """Return *run* as HTML; *anchor_address* returns the address of an anchor."""
    return "".join(_render(inline, anchor_address) for inline in run)


def _render(inline: Inline | str, anchor_address: Callable[[str], str]) -> str:
    match inline:
        case str():
            return escape(inline, quote=False)
        case Styled(kind, content):
            return f"<{kind}>{render_run(content, anchor_address)}</{kind}>"
        case Code(text):
            return f"<code>{escape(text, quote=False)}</code>"
        case Link(content, address, title, anchor):
            start = _start_tag("a", href=anchor_address(anchor) if anchor else address, title=title)
            return f"{start}{render_run(content, anchor_address)}</a>"
        case Anchor(name):
            return f"{_start_tag('a', id=name)}</a>"
        case InlineImage():
            return render_image(inline)
        case Break():
            return "<br>"
        case Apart(content):
            return render_run(content, anchor_address)
        case _:
            raise TypeError(f"{type(inline).__name__} has no element in HTML")


def render_image(image: InlineImage) -> str:
    """Return an image as HTML, with its size."""
    required = f'<img src="{escape(image.source)}" alt="{escape(image.alt)}"'
    optional = {"title": image.title, "width": image.width, "height": image.height}
    return required + "".join(f' {name}="{escape(value)}"' for name, value in optional.items() if value) + ">"


def _start_tag(name: str, **attributes: str) -> str:
    written = "".join(f' {key}="{escape(value)}"' for key, value in attributes.items() if value or key == "href")
    return f"<{name}{written}>"


class _HtmlConverter(MarkdownConverter):
    """markdownify with the conventions of our Markdown writer, and without addresses that could run code."""

    def convert_a(self, el: Tag, text: str, parent_tags: set[str]) -> str:
        if is_unsafe(str(el.get("href") or "")):
            return text
        return str(super().convert_a(el, text, parent_tags))  # type: ignore[misc] # typeshed lacks it

    def convert_img(self, el: Tag, text: str, parent_tags: set[str]) -> str:
        if is_unsafe(str(el.get("src") or "")):
            return str(el.get("alt") or "")
        return str(super().convert_img(el, text, parent_tags))  # type: ignore[misc] # typeshed lacks it


def html_to_markdown(html: str) -> str:
    """Return an HTML fragment, from a macro or a rendered view, as Markdown with the conventions of our writer."""
    soup = BeautifulSoup(html, "html.parser")
    for element in soup(_NEVER_SHOWN):
        element.decompose()
    converter = _HtmlConverter(heading_style=ATX, bullets="-", newline_style="backslash", escape_misc=True)
    markdown = re.sub(r"^\\$\n", "", str(converter.convert_soup(soup)), flags=re.MULTILINE)
    return re.sub(r"\n{3,}", "\n\n", markdown).strip()


def view_to_markdown(html: str, base_url: str, resolve: Callable[[str], str]) -> str:
    """Return a part of a view as Markdown, pictures as text; *resolve* returns the target of an absolute address."""
    soup = BeautifulSoup(html, "html.parser")
    for picture in soup("img"):
        picture.replace_with(str(picture.get("alt") or ""))
    for link in soup("a", href=True):
        link["href"] = resolve(urljoin(base_url.rstrip("/") + "/", str(link["href"])))
    return html_to_markdown(str(soup))


def find_address(html: str, ending: str) -> str:
    """Return the first address in *html* that ends with *ending*, or an empty string."""
    links = BeautifulSoup(html, "html.parser")("a", href=True)
    return next((address for link in links if (address := str(link["href"])).endswith(ending)), "")

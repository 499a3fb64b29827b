"""A rendition as HTML that is safe to show: from Markdown by markdown-it, then cleaned by nh3 (pure).

Whatever the Markdown has, the HTML has no script, no style, no form and no address that a browser loads by itself,
except those that the caller gives for pictures.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from html import unescape
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from markdown_it import MarkdownIt

ID_PREFIX = "c-"
"""Begins the id of each element of a captured page, so that it cannot take the id of another element."""

_TAGS = frozenset(
    [
        "a",
        "b",
        "blockquote",
        "br",
        "caption",
        "code",
        "col",
        "colgroup",
        "dd",
        "del",
        "details",
        "div",
        "dl",
        "dt",
        "em",
        "h1",
        "h2",
        "h3",
        "h4",
        "h5",
        "h6",
        "hr",
        "i",
        "img",
        "input",
        "ins",
        "kbd",
        "li",
        "ol",
        "p",
        "pre",
        "s",
        "section",
        "small",
        "span",
        "strong",
        "sub",
        "summary",
        "sup",
        "table",
        "tbody",
        "td",
        "tfoot",
        "th",
        "thead",
        "tr",
        "u",
        "ul",
    ]
)
_ATTRIBUTES = {
    "*": {"id", "dir"},
    "a": {"href", "title"},
    "img": {"src", "alt", "title", "width", "height"},
    "input": {"checked"},
    "ol": {"start"},
    "td": {"colspan", "rowspan"},
    "th": {"colspan", "rowspan"},
    "details": {"open"},
}
_SCHEMES = frozenset({"http", "https", "mailto", "tel"})
_SCHEME = re.compile(r"[a-z][a-z0-9+.-]*:", re.IGNORECASE)
_PICTURE_WITHOUT_SOURCE = re.compile(r'<img(?![^>]* src=)(?:[^>]* alt="([^"]*)")?[^>]*>')
_ALERT = re.compile(r"<blockquote>\s*<p>\[!(NOTE|TIP|IMPORTANT|WARNING|CAUTION)\](?:<br>)?\s*")
_TOP_HEADING = re.compile(r"\s*(?:<p>.*?</p>\s*)?<h1[^>]*>(.*?)</h1>\s*", re.DOTALL)
_TAG = re.compile(r"<[^>]*>")

ResolveTarget = Callable[[str], str | None]


@dataclass(frozen=True, slots=True)
class Resolver:
    """Returns the address to show for a relative target of a link or a picture; None if there is none."""

    link: ResolveTarget = lambda _target: None
    picture: ResolveTarget = lambda _target: None


NOWHERE = Resolver()
"""For HTML that stands alone: links to other captures and pictures are text."""


def render_markdown(markdown: str, resolver: Resolver = NOWHERE, *, title: str | None = None) -> str:
    """Return *markdown* as HTML; a first heading that is the *title* is left out, with the way to it."""
    import nh3

    def filter_attribute(tag: str, name: str, value: str) -> str | None:
        if (tag, name) == ("img", "src"):
            return None if _SCHEME.match(value) or value.startswith("/") else resolver.picture(value)
        if (tag, name) == ("a", "href"):
            return _link(value, resolver)
        if name in ("width", "height", "colspan", "rowspan", "start"):
            return value if value.isascii() and value.isdigit() and len(value) <= 4 else None
        return value

    html = nh3.clean(
        _parser().render(markdown),
        tags=set(_TAGS),
        attributes={tag: set(names) for tag, names in _ATTRIBUTES.items()},
        attribute_filter=filter_attribute,
        set_tag_attribute_values={"input": {"type": "checkbox", "disabled": ""}},
        url_schemes=set(_SCHEMES),
        link_rel="noopener noreferrer",
        id_prefix=ID_PREFIX,
    )
    html = _PICTURE_WITHOUT_SOURCE.sub(lambda match: f'<span class="picture">{match[1] or ""}</span>', html)
    html = _ALERT.sub(lambda match: f'<blockquote class="alert"><p><b>{match[1].capitalize()}</b><br>', html)
    html = html.replace("<table", '<div class="tw"><table').replace("</table>", "</table></div>")
    return html if title is None else _without_title(html, title)


def split_rendition(markdown: str) -> tuple[str, str]:
    """Return front matter and body of a rendition."""
    front, found, body = markdown.partition("\n---\n")
    return (front, body) if found and front.startswith("---") else ("", markdown)


def _link(target: str, resolver: Resolver) -> str | None:
    if target.startswith("#"):
        return f"#{ID_PREFIX}{target[1:]}"
    if target.startswith("/") or _SCHEME.match(target):
        return None if target.startswith("/") else target  # nh3 has the schemes
    return resolver.link(target)


def _without_title(html: str, title: str) -> str:
    heading = _TOP_HEADING.match(html)
    if heading is None or " ".join(unescape(_TAG.sub("", heading[1])).split()) != " ".join(title.split()):
        return html
    return html[heading.end() :]


@cache
def _parser() -> "MarkdownIt":
    from markdown_it import MarkdownIt
    from mdit_py_plugins.anchors import anchors_plugin
    from mdit_py_plugins.footnote import footnote_plugin
    from mdit_py_plugins.tasklists import tasklists_plugin

    parser = MarkdownIt("commonmark").enable(["table", "strikethrough"])
    parser.use(footnote_plugin).use(tasklists_plugin).use(anchors_plugin, max_level=6, slug_func=_slug)
    return parser


def _slug(text: str) -> str:
    return re.sub(r"[^\w\- ]", "", " ".join(text.split()).lower()).replace(" ", "-")

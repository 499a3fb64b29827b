"""What each element of storage format becomes: one handler an element, the table at the end."""

import re

from bs4 import Tag

from bot.convert.adf import lower_adf_extension
from bot.convert.emoji import find_emoji
from bot.convert.html import is_sayable
from bot.convert.links import lower_anchor_element, lower_link
from bot.convert.lowering import ElementHandler, Lowering
from bot.convert.macro import read_macro
from bot.convert.macro_table import lower_macro
from bot.convert.media import lower_html_image, lower_image
from bot.convert.tasks import lower_task_list
from bot.convert.tree import (
    Node,
    attribute,
    find_child,
    make,
    plain,
    set_apart,
    tags,
    tags_within,
    text_of,
    words,
)

_COLOUR = re.compile(r"(?:^|;)\s*color\s*:", re.IGNORECASE)
_HIGHLIGHT = re.compile(r"(?:^|;)\s*background(?:-color)?\s*:", re.IGNORECASE)
_SIZE = re.compile(r"(?:^|;)\s*font-size\s*:", re.IGNORECASE)
_ALIGNMENT = re.compile(r"(?:^|;)\s*text-align\s*:\s*(?:center|right|justify)", re.IGNORECASE)
_STYLED = {"bold": "strong", "italic": "em", "line-through": "del", "underline": "ins"}


def _macro(lowering: Lowering, tag: Tag) -> list[Node]:
    return lower_macro(lowering, read_macro(tag))


def _renamed(name: str, *kept: str) -> ElementHandler:
    def handle(lowering: Lowering, tag: Tag) -> list[Node]:
        return [lowering.copy(tag, *kept, name=name)]

    return handle


def _kept(*attributes: str) -> ElementHandler:
    def handle(lowering: Lowering, tag: Tag) -> list[Node]:
        _note_looks(lowering, tag)
        return [lowering.copy(tag, *attributes)]

    return handle


def _unwrapped(lowering: Lowering, tag: Tag) -> list[Node]:
    _note_looks(lowering, tag)
    return lowering.children(tag)


def _dropped(_lowering: Lowering, _tag: Tag) -> list[Node]:
    return []


def _forbidden(lowering: Lowering, tag: Tag) -> list[Node]:
    lowering.lose("element", tag.name, "never shown on a page")
    return []


def _span(lowering: Lowering, tag: Tag) -> list[Node]:
    """Keep what a span's style says in words Markdown has; count the rest."""
    _note_looks(lowering, tag)
    nodes = lowering.children(tag)
    style = attribute(tag, "style").lower()
    for value, name in _STYLED.items():
        if re.search(rf"(?:font-weight|font-style|text-decoration)[\w-]*\s*:[^;]*\b{value}\b", style):
            nodes = [make(name, *nodes)]
    return nodes


def _note_looks(lowering: Lowering, tag: Tag) -> None:
    style = attribute(tag, "style")
    if _HIGHLIGHT.search(style) or tag.has_attr("data-highlight-colour"):
        lowering.lose_style("highlight")
    if _COLOUR.search(style):
        lowering.lose_style("colour")
    if _ALIGNMENT.search(style):
        lowering.lose_style("alignment")
    if _SIZE.search(style):
        lowering.lose_style("font size")


def _preformatted(lowering: Lowering, tag: Tag) -> list[Node]:
    """Text alone is a fence; a `pre` with links or emphasis inside keeps them, as HTML."""
    marked = any(child.name not in ("span", "br", "code") for child in tags_within(tag))
    if marked:
        lowered = lowering.copy(tag)
        return [lowered if is_sayable(lowered) else make("div", *list(lowered.children))]
    for line_break in tag.find_all("br"):
        line_break.replace_with("\n")
    return [make("fence", text_of(tag))]


def _code(lowering: Lowering, tag: Tag) -> list[Node]:
    marked = any(child.name != "span" for child in tags_within(tag))
    return [lowering.copy(tag)] if marked else [make("code", text_of(tag))]


def _time(_lowering: Lowering, tag: Tag) -> list[Node]:
    return set_apart(tag, plain(text_of(tag)) or attribute(tag, "datetime"))


def _emoticon(lowering: Lowering, tag: Tag) -> list[Node]:
    found = find_emoji(tag)
    if found is not None:
        return [make("span", found)]
    name = attribute(tag, "ac:emoji-shortname") or attribute(tag, "ac:emoji-fallback") or attribute(tag, "ac:name")
    lowering.lose("emoji", name.strip(":"), "only the wiki has its picture")
    return [make("span", f":{name.strip(':')}:")]


def _layout_section(lowering: Lowering, tag: Tag) -> list[Node]:
    columns = len(list(tags(tag, "ac:layout-cell")))
    if columns > 1:
        lowering.lose_style(f"layout in {columns} columns (placed one after the other)")
    return [make("div", *lowering.children(tag))]


def _placeholder(lowering: Lowering, tag: Tag) -> list[Node]:
    lowering.lose("placeholder", plain(text_of(tag)), "an instruction that only the editor shows")
    return [make("em", plain(text_of(tag)))]


def _inline_comment(lowering: Lowering, tag: Tag) -> list[Node]:
    """Mark the end of the commented text with a footnote; a marker may be split, its last piece carries the note."""
    nodes = lowering.children(tag)
    ref = attribute(tag, "ac:ref")
    if ref not in lowering.context.comments:
        lowering.lose_style("inline comment (marked in the text, not captured)")
        return nodes
    return [*nodes, lowering.footnote(ref)]


def _definition_term(lowering: Lowering, tag: Tag) -> list[Node]:
    return [make("p", make("strong", *lowering.children(tag)))]


def _definition(lowering: Lowering, tag: Tag) -> list[Node]:
    return [make("blockquote", *lowering.children(tag))]


def _quotation(lowering: Lowering, tag: Tag) -> list[Node]:
    return [make("span", "“", *lowering.children(tag), "”")]


def _caption(lowering: Lowering, tag: Tag) -> list[Node]:
    return [make("caption", *lowering.children(tag))]


def _media(lowering: Lowering, tag: Tag) -> list[Node]:
    """`video`, `audio`, `iframe`, …: a link to what they show."""
    source = find_child(tag, "source")
    address = attribute(tag, "src") or (attribute(source, "src") if source else "") or attribute(tag, "data")
    lowering.lose("element", tag.name, address)
    children = [] if source else lowering.children(tag)
    return (
        [make("a", *(children or [words(tag.name)]), href=lowering.targets.address(address))] if address else children
    )


ELEMENTS: dict[str, ElementHandler] = {
    **dict.fromkeys(("p", "h1", "h2", "h3", "h4", "h5", "h6", "ul", "blockquote"), _kept()),
    **dict.fromkeys(("table", "thead", "tbody", "tfoot", "tr"), _kept()),
    **dict.fromkeys(("strong", "em", "del", "ins", "sub", "sup", "br", "hr", "kbd", "samp", "var"), _kept()),
    **dict.fromkeys(("div", "section", "article", "header", "footer", "main", "figure", "center"), _renamed("div")),
    **dict.fromkeys(("span", "font"), _span),
    **dict.fromkeys(
        ("small", "big", "abbr", "cite", "label", "mark", "bdi", "bdo", "dfn", "dl", "body", "xml", "html"), _unwrapped
    ),
    **dict.fromkeys(("ac:rich-text-body", "ac:layout", "ac:layout-cell", "ac:adf-content", "acxhtml"), _unwrapped),
    **dict.fromkeys(("colgroup", "col", "ac:parameter", "wbr", "meta", "ac:adf-mark"), _dropped),
    **dict.fromkeys(("script", "style"), _forbidden),
    **dict.fromkeys(("video", "audio", "iframe", "object", "embed"), _media),
    "b": _renamed("strong"),
    "i": _renamed("em"),
    "u": _renamed("ins"),
    "s": _renamed("del"),
    "strike": _renamed("del"),
    "tt": _code,
    "code": _code,
    "pre": _preformatted,
    "ol": _kept("start"),
    "li": _kept("value"),
    "td": _kept("colspan", "rowspan"),
    "th": _kept("colspan", "rowspan"),
    "caption": _caption,
    "figcaption": _renamed("em"),
    "dt": _definition_term,
    "dd": _definition,
    "q": _quotation,
    "a": lower_anchor_element,
    "img": lower_html_image,
    "time": _time,
    "ac:link": lower_link,
    "ac:image": lower_image,
    "ac:emoticon": _emoticon,
    "ac:hipchat-emoticon": _emoticon,
    "ac:task-list": lower_task_list,
    "ac:layout-section": _layout_section,
    "ac:placeholder": _placeholder,
    "ac:inline-comment-marker": _inline_comment,
    "ac:adf-extension": lower_adf_extension,
    "ac:structured-macro": _macro,
    "ac:macro": _macro,
}

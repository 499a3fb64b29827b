"""Classify the nodes of a page before they are read in detail (pure)."""

from enum import StrEnum

from bot.adopt.blocks import is_block
from bot.adopt.dates import parse_day
from bot.adopt.labels import is_label
from bot.storage.macros import HEADINGS, collapse, find_rich_text_body, macro_name
from bot.storage.reader import Element, Text

_SEEN = {"ac:emoticon", "ac:image", "ac:link", "time", "img", "hr"}
_OTHER = {"div", "hr", "pre", "blockquote"}
_OTHER_PREFIXES = ("ac:layout", "ac:task", "ac:adf")


class NodeKind(StrEnum):
    """Rough classification of a node."""

    LINE = "line"
    LIST = "list"
    TABLE = "table"
    LABEL = "label"
    """A heading, or a bold line that is a label: the start of another part of the page."""
    OTHER = "other"
    """A macro, a layout or another container."""


def kind_of(node: Element | Text) -> NodeKind:
    """Return the kind of *node*, which must not be blank."""
    if isinstance(node, Text):
        return NodeKind.LINE
    text = collapse(node.text)
    if node.name in ("ul", "ol"):
        return NodeKind.LIST
    if node.name == "table":
        return NodeKind.TABLE
    if node.name in HEADINGS:
        return NodeKind.LINE if parse_day(text) else NodeKind.LABEL
    if (
        node.name in _OTHER
        or (macro_name(node) is not None)
        or node.name.startswith(("ac:layout", "ac:task", "ac:adf"))
    ):
        return NodeKind.OTHER
    if node.name == "p" and is_bold(node) and is_label(text) and parse_day(text) is None:
        return NodeKind.LABEL
    return NodeKind.LINE


def is_blank(node: Element | Text) -> bool:
    """Whether *node* has no visible content."""
    if isinstance(node, Text):
        return not node.is_visible or not node.value.strip()
    if node.text.strip() or node.name in _SEEN or macro_name(node) is not None:
        return False
    return not any(each.name in _SEEN or macro_name(each) is not None for each in node.elements())


def is_inline(node: Element | Text) -> bool:
    """Whether *node* is part of a line without a paragraph element."""
    if isinstance(node, Text):
        return True
    is_frame = node.name in _OTHER or node.name.startswith(_OTHER_PREFIXES) or find_rich_text_body(node) is not None
    return not is_block(node) and not is_frame


def is_bold(element: Element) -> bool:
    """Whether *element* has visible words and all of them are bold."""
    texts = [node for node in element.walk() if isinstance(node, Text) and node.is_visible and node.value.strip()]
    return bool(texts) and all(_is_in_bold(text, element) for text in texts)


def is_link_only(node: Element | Text) -> bool:
    """Whether *node* is a line that contains only links."""
    if isinstance(node, Text) or (is_block(node) and node.name != "p"):
        return False
    links = [each for each in (node, *node.elements()) if each.name in ("a", "ac:link")]
    linked = "".join(link.text for link in links)
    return bool(links) and "".join(node.text.split()) == "".join(linked.split())


def starts_with_icon(node: Element | Text) -> bool:
    """Whether the first visible content of *node* is an icon."""
    if isinstance(node, Text):
        return False
    for each in (node, *node.walk()):
        if isinstance(each, Text) and each.is_visible and each.value.strip():
            return False
        if isinstance(each, Element) and each.name == "ac:emoticon":
            return True
    return False


def _is_in_bold(text: Text, element: Element) -> bool:
    parent = text.parent
    while parent is not None and parent is not element:
        if parent.name in ("strong", "b"):
            return True
        parent = parent.parent
    return False

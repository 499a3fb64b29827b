"""Build and look at the elements of a page, before and after lowering."""

from collections.abc import Iterable, Iterator

from bs4 import CData, Tag
from bs4.element import NavigableString, PageElement

Node = PageElement

ROOT = "[document]"
"""The name of a whole page."""

BLOCKS = frozenset(
    {"p", "h1", "h2", "h3", "h4", "h5", "h6", "ul", "ol", "li", "table", "blockquote", "hr", "div", "pre"}
    # our own: a GitHub alert, a fenced code block, displayed math, a table of contents, a footnote's text
    | {"alert", "details", "fence", "mathblock", "toc", "footnote"}
)

_PARAGRAPH_LIKE = frozenset({"p", "h1", "h2", "h3", "h4", "h5", "h6"})
_INLINE_PARENTS = _PARAGRAPH_LIKE | frozenset(
    {"span", "strong", "em", "u", "s", "b", "i", "a", "sub", "sup", "del"}
    | {"ac:link-body", "ac:inline-comment-marker", "font", "code"}
)


def make_tag(name: str, attributes: dict[str, str] | None = None) -> Tag:
    """Return an empty element that belongs to no tree yet."""
    return Tag(name=name, attrs=attributes, is_xml=True)


def make(name: str, *children: Node | str, **attributes: str) -> Tag:
    """Return an element with *children*; a trailing underscore in an attribute's name is dropped (`class_`)."""
    tag = make_tag(name, {key.rstrip("_"): value for key, value in attributes.items()})
    fill(tag, children)
    return tag


def fill(tag: Tag, children: Iterable[Node | str]) -> Tag:
    for child in children:
        tag.append(NavigableString(child) if type(child) is str else child)
    return tag


def words(text: str) -> NavigableString:
    """Return *text* as a node."""
    return NavigableString(text)


def verbatim(name: str, text: str, **attributes: str) -> Tag:
    """Return an element whose one child is *text*, to be kept to the byte."""
    return make(name, CData(text), **attributes)


def attribute(tag: Tag, name: str) -> str:
    """Return an attribute's value, or an empty string."""
    return str(tag.get(name) or "")


def tags(parent: Tag, *names: str) -> Iterator[Tag]:
    """Yield the child elements of *parent*, only those with one of *names* where any are given."""
    for child in parent.children:
        if isinstance(child, Tag) and (not names or child.name in names):
            yield child


def tags_within(parent: Tag) -> Iterator[Tag]:
    """Yield every element inside *parent*, however deep."""
    for node in parent.descendants:
        if isinstance(node, Tag):
            yield node


def find_child(parent: Tag, *names: str) -> Tag | None:
    return next(tags(parent, *names), None)


def text_of(node: Node) -> str:
    """Return all text inside *node*, CDATA included, as it was written."""
    if isinstance(node, Tag):
        return "".join(string for string in node.descendants if isinstance(string, NavigableString))
    return str(node)


def plain(text: str) -> str:
    """Return *text* with every run of whitespace as one space, trimmed."""
    return " ".join(text.split())


def stands_alone(tag: Tag) -> bool:
    """Tell whether an element is a block of its own: neither in a paragraph nor beside text."""
    if tag.parent is not None and tag.parent.name in _INLINE_PARENTS:
        return False
    return not any(_is_inline(_neighbour(tag, step)) for step in ("previous_sibling", "next_sibling"))


def _neighbour(tag: Tag, step: str) -> Node | None:
    node: Node | None = getattr(tag, step)
    while node is not None and not isinstance(node, Tag) and not str(node).strip():
        node = getattr(node, step)
    return node


def _is_inline(node: Node | None) -> bool:
    if node is None or not isinstance(node, Tag):
        return node is not None
    return node.name in (_INLINE_PARENTS - _PARAGRAPH_LIKE) or node.name in (
        "a",
        "br",
        "code",
        "ac:link",
        "ac:emoticon",
        "time",
    )


def set_apart(tag: Tag, *nodes: Node | str) -> list[Node]:
    """Return what *tag* becomes, with a space where a word touches it: the wiki draws these with room around."""
    before, after = tag.previous_sibling, tag.next_sibling
    shown = make("span", *nodes)
    if before is not None and text_of(before)[-1:].isalnum():
        shown.insert(0, " ")
    if isinstance(after, NavigableString) and after[:1].isalnum():
        shown.append(" ")
    return [shown]

"""Convert HTML from the editor to storage format; only known elements are accepted, unchanged pieces are preserved."""

import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Final

from bs4 import BeautifulSoup, Tag
from bs4.element import NavigableString, PageElement, PreformattedString

from wikiserver.storage_tree import Element, Node, escape_attribute
from wikiserver.view import html

_INLINE: Final = {
    "b": "strong", "strong": "strong", "i": "em", "em": "em", "u": "u", "s": "s", "strike": "s", "del": "s",
    "code": "code", "tt": "code", "sub": "sub", "sup": "sup",
}  # fmt: skip
_BLOCKS: Final = {"div": "p", "p": "p", "blockquote": "blockquote", "ul": "ul", "ol": "ol"} | {
    f"h{level}": f"h{level}" for level in range(1, 7)
}
_DROPPED: Final = frozenset(
    ("script", "style", "iframe", "object", "embed", "template", "noscript", "svg", "math", "head", "title")
)
_BOX: Final = "typed-box"
_ILLEGAL: Final = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")


class TypedHtml:
    """Converts the HTML of one edited run to storage format.

    *source* is the original body and *elements* are all its elements in order (`data-e` is the index). *shown* is the
    HTML of each element in the browser: an element with unchanged HTML is copied from the source, byte for byte.
    """

    def __init__(
        self, source: bytes, elements: Sequence[Element], nodes: Sequence[Node], shown: Callable[[Element], str]
    ) -> None:
        self._source, self._elements, self._nodes, self._shown = source, elements, nodes, shown
        self._used: set[int] = set()
        self._last: Element | None = None
        self._has_blocks = not nodes or any(isinstance(node, Element) and node.name in _BLOCKS for node in nodes)

    def storage(self, typed: str) -> str:
        """Return the storage format of *typed*."""
        children = _parsed(typed)
        if not self._has_blocks and not any(_is_block(child) for child in children):
            return self._line(children)
        typed_blocks = "".join(self._blocks(children))
        return typed_blocks if self._nodes else typed_blocks.removeprefix("<p />")

    def _blocks(self, nodes: Iterable[PageElement]) -> Iterator[str]:
        """Yield blocks; text between them becomes paragraphs."""
        loose: list[PageElement] = []
        for node in nodes:
            if not _is_block(node):
                loose.append(node)
                continue
            yield from self._loose(loose)
            loose = []
            if isinstance(node, Tag):
                yield self._block(node)
        yield from self._loose(loose)

    def _loose(self, nodes: Sequence[PageElement]) -> Iterator[str]:
        """Yield the content between blocks: a paragraph, unless it is a chip that was there before."""
        content = self._line(nodes)
        if not content.strip():
            return
        is_only_chips = all(_is_chip(node) if isinstance(node, Tag) else not str(node).strip() for node in nodes)
        known = [self._known(node) for node in nodes if isinstance(node, Tag)]
        if is_only_chips and all(any(element is node for node in self._nodes) for element in known):
            for element in known:
                if element is not None:
                    yield self._gap_before(element) + self._from_source(element)
            return
        self._last = None
        yield f"<p>{content}</p>"

    def _block(self, tag: Tag) -> str:
        holds_blocks = any(_is_block(child) for child in tag.children)
        if holds_blocks and tag.name not in {"ul", "ol", "blockquote"}:  # browsers put lists in paragraphs
            return "".join(self._blocks(tag.children))
        original = self._original(tag)
        gap = self._gap_before(original)
        if original is not None and self._is_untouched(tag, original):
            return gap + self._from_source(original)
        self._last = None
        name = _BLOCKS[tag.name]
        if name in {"ul", "ol"}:
            content = "".join(self._items(tag))
            written = _wrapped(name, original, content) if content else ""
        elif name == "blockquote" and holds_blocks:
            written = _wrapped(name, original, "".join(self._blocks(tag.children)))
        else:
            written = _wrapped(name, original, self._line(list(tag.children)))
        self._last = original
        return gap + written

    def _items(self, tag: Tag) -> Iterator[str]:
        """Yield the items of a list; content directly in the list also becomes items."""
        loose: list[PageElement] = []
        for child in tag.children:
            if not isinstance(child, Tag) or not (child.name == "li" or _is_block(child)):
                loose.append(child)
                continue
            yield from self._loose_item(loose)
            loose = []
            yield self._item(child) if child.name == "li" else f"<li>{self._block(child)}</li>"
        yield from self._loose_item(loose)

    def _loose_item(self, nodes: Sequence[PageElement]) -> Iterator[str]:
        content = self._line(nodes)
        if content.strip():
            self._last = None
            yield f"<li>{content}</li>"

    def _item(self, tag: Tag) -> str:
        original = self._original(tag)
        gap = self._gap_before(original)
        if original is not None and self._is_untouched(tag, original):
            return gap + self._from_source(original)
        self._last = None
        written = _wrapped("li", original, "".join(self._item_parts(tag)))
        self._last = original
        return gap + written

    def _is_untouched(self, tag: Tag, original: Element) -> bool:
        return skeleton([tag]) == skeleton(_parsed(self._shown(original)))

    def _item_parts(self, item: Tag) -> Iterator[str]:
        """Yield the parts of a list item; its text is put in paragraphs only if it was in paragraphs before."""
        loose: list[PageElement] = []
        for node in item.children:
            if isinstance(node, Tag) and _is_block(node):
                yield self._inline(loose)
                loose = []
                yield self._block(node)
            else:
                loose.append(node)
        yield self._line(loose)

    def _from_source(self, element: Element) -> str:
        self._last = element
        return self._source[element.start : element.end].decode()

    def _gap_before(self, element: Element | None) -> str:
        """Return the white space between the previous element and this one, if they were adjacent in the source."""
        if self._last is None or element is None or self._last.end > element.start:
            return ""
        gap = self._source[self._last.end : element.start]
        return gap.decode() if not gap.strip() else ""

    def _line(self, nodes: Sequence[PageElement]) -> str:
        """Return inline content that ends a block; browsers add a line break to keep an empty line visible."""
        content = self._inline(nodes)
        return content.removesuffix("<br />")

    def _inline(self, nodes: Sequence[PageElement]) -> str:
        return "".join(self._inline_node(node) for node in nodes)

    def _inline_node(self, node: PageElement) -> str:
        if isinstance(node, NavigableString):
            return "" if isinstance(node, PreformattedString) else _escaped(str(node))
        if not isinstance(node, Tag) or node.name in _DROPPED:
            return ""
        known = self._known(node)
        if known is not None and _is_chip(node):
            return self._source[known.start : known.end].decode()
        if node.name == "br":
            return "<br />"
        content = self._inline(list(node.children))
        if node.name == "li" or _is_block(node):
            return content
        if known is not None and _is_same_mark(known.name, node.name):
            return _wrapped(known.name, known, content) if content else ""
        if node.name == "a":
            address = str(node.get("href") or "")
            is_safe = address and html.is_safe_address(address)
            return f'<a href="{escape_attribute(address)}">{content}</a>' if is_safe and content else content
        name = _INLINE.get(node.name)
        return f"<{name}>{content}</{name}>" if name and content else content

    def _known(self, tag: Tag) -> Element | None:
        """Return the source element of a tag."""
        value = str(tag.get("data-e") or "")
        is_number = value.isascii() and value.isdigit() and len(value) < 9
        return self._elements[int(value)] if is_number and int(value) < len(self._elements) else None

    def _original(self, tag: Tag) -> Element | None:
        """Return the source element of a block; copies that a browser makes of it count as new."""
        element = self._known(tag)
        if element is None or element.start in self._used or element.name not in {tag.name, _BLOCKS.get(tag.name)}:
            return None
        self._used.add(element.start)
        return element


def skeleton(nodes: Iterable[PageElement]) -> str:
    """Return normalised HTML without the content of chips, which depends on the viewer."""
    soup = BeautifulSoup("".join(map(_spelled, nodes)), "html.parser")
    for chip in soup.select(".chip"):
        chip.clear()
    return soup.decode()


def is_unchanged(typed: str, shown: str) -> bool:
    """Return whether the HTML of a box is unchanged."""
    return skeleton(_parsed(typed)) == skeleton(_parsed(shown))


def _spelled(node: PageElement) -> str:
    return node.decode() if isinstance(node, Tag) else _escaped(str(node))


def _wrapped(name: str, original: Element | None, content: str) -> str:
    attributes = original.attributes if original else {}
    written = "".join(f' {key}="{escape_attribute(value)}"' for key, value in attributes.items())
    return f"<{name}{written}>{content}</{name}>" if content else f"<{name}{written} />"


def _parsed(typed: str) -> list[PageElement]:
    """Parse HTML without changes; the parser would collapse empty lines unless a tag preserves white space."""
    soup = BeautifulSoup(f"<{_BOX}>{typed}</{_BOX}>", "html.parser", preserve_whitespace_tags={_BOX})
    box, *strays = soup.children
    return [*(box.children if isinstance(box, Tag) else ()), *strays]


def _is_chip(tag: Tag) -> bool:
    return "chip" in (tag.get("class") or [])


def _is_block(node: PageElement) -> bool:
    return isinstance(node, Tag) and node.name in _BLOCKS


def _is_same_mark(known: str, typed: str) -> bool:
    if known == "ac:inline-comment-marker":
        return typed == "span"
    return _INLINE.get(known, known) == _INLINE.get(typed, typed)


def _escaped(text: str) -> str:
    text = _ILLEGAL.sub("", text)
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;").replace('"', "&quot;")

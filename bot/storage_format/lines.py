"""What a fragment says, line by line, with the source span of every character."""

import re
from collections.abc import Iterator
from dataclasses import dataclass

from bot.splice import Span
from bot.storage_format.macros import HEADINGS, find_rich_text_body, macro_name
from bot.storage_format.scan import Element, Text, TextKind, scan

OBJECT = "\ufffc"
"""Stands around the name of something that is not words: an icon, an image, a macro."""

_BLOCKS = {
    *("p", "div", "blockquote", "pre", *HEADINGS, "ul", "ol", "li", "dl", "dt", "dd"),
    *("table", "thead", "tbody", "tfoot", "tr", "td", "th", "caption", "ac:caption"),
    *(
        "ac:layout",
        "ac:layout-section",
        "ac:layout-cell",
        "ac:rich-text-body",
        "ac:task-list",
        "ac:task",
        "ac:task-body",
    ),
}
_BREAKS = {"br", "hr"}
_OBJECTS = {"ac:link", "ac:emoticon", "ac:image", "time"}
_SILENT = {
    *("ac:parameter", "ac:default-parameter", "ac:placeholder", "ac:adf-fallback", "ac:adf-attribute"),
    *("ac:task-id", "ac:task-uuid", "ac:task-status", "colgroup"),
}
_CHARACTER = re.compile(r"&[^;]+;|\r\n|.", re.DOTALL)


@dataclass(frozen=True, slots=True)
class _Unit:
    """One character, or one object that stands or falls as a whole, with the remarks (`ac:ref`) made on it."""

    text: str
    span: Span
    refs: tuple[str, ...]


class Line:
    """What one block says, up to the next block or line break inside it."""

    def __init__(self) -> None:
        self.text = ""
        self._units: list[_Unit] = []
        self._unit_at: list[int] = []

    def add(self, text: str, span: Span, refs: tuple[str, ...]) -> None:
        """Put one unit at the end."""
        self._unit_at += [len(self._units)] * len(text)
        self._units.append(_Unit(text, span, refs))
        self.text += text

    def unit_ranges(self) -> Iterator[tuple[int, int, tuple[str, ...]]]:
        """Yield where in `text` each unit starts and ends, and the remarks made on it."""
        at = 0
        for unit in self._units:
            yield at, at + len(unit.text), unit.refs
            at += len(unit.text)

    def spans(self, piece: Span) -> list[Span]:
        """Return the source spans of the units that a piece of `text` touches."""
        return [self._units[index].span for index in sorted(set(self._unit_at[piece.start : piece.end]))]


def read_lines(fragment: str) -> list[Line]:
    """Return the lines of *fragment* that say anything. Raises `MalformedBodyError`."""
    reader = _Reader(fragment)
    for node in scan(fragment).root.walk():
        reader.take(node)
    return [line for line in reader.lines if line.text.strip()]


class _Reader:
    """Puts nodes into lines, in document order."""

    def __init__(self, fragment: str) -> None:
        self._fragment = fragment
        self._skipped_to = 0
        self._block: Element | None = None
        self.lines = [Line()]

    def take(self, node: Element | Text) -> None:
        if node.span.start < self._skipped_to:
            return
        if isinstance(node, Text):
            self._take_text(node)
        elif node.name in _SILENT:
            self._skipped_to = node.span.end
        elif node.name in _BREAKS:
            self.lines.append(Line())
        elif node.name in _OBJECTS or (macro_name(node) is not None and find_rich_text_body(node) is None):
            self._skipped_to = node.span.end
            self._line_of(node).add(_say(node), node.span, _refs(node))

    def _line_of(self, node: Element | Text) -> Line:
        block = node.parent
        while block is not None and block.name not in _BLOCKS:
            block = block.parent
        if block is not self._block:
            self._block = block
            self.lines.append(Line())
        return self.lines[-1]

    def _take_text(self, node: Text) -> None:
        if not node.is_visible:
            return
        line, refs = self._line_of(node), _refs(node)
        if node.kind is TextKind.CDATA:
            line.add(node.value or OBJECT, node.span, refs)
            return
        characters = iter(node.value)
        for match in _CHARACTER.finditer(self._fragment, *node.span):
            line.add(next(characters), Span(*match.span()), refs)


def _refs(node: Element | Text) -> tuple[str, ...]:
    """Return the remarks made on *node*, outermost first, or on a part of it."""
    refs: list[str] = []
    parent = node.parent
    while parent is not None:
        if parent.name == "ac:inline-comment-marker":
            refs.insert(0, parent.attributes.get("ac:ref", ""))
        parent = parent.parent
    if isinstance(node, Element):
        inside = (each for each in node.elements() if each.name == "ac:inline-comment-marker")
        refs += (each.attributes.get("ac:ref", "") for each in inside)
    return tuple(dict.fromkeys(refs))


def _say(element: Element) -> str:
    """Return a link's words, or else what tells one object from another."""
    words = "".join(each.text for each in element.children if each.name in ("ac:link-body", "ac:plain-text-link-body"))
    if words.strip():
        return words
    resource = next((each for each in element.children if each.name.startswith("ri:")), element)
    named = resource.attributes.get("ri:content-title") or resource.attributes.get("ri:filename")
    if element.name == "ac:link" and named:
        return named
    attributes = {**element.attributes, **resource.attributes}
    name = attributes.get("ac:name")
    if name == "blue-star":  # the editor's name for any emoji that has no name of old
        name = attributes.get("ac:emoji-shortname", name)
    said = name or next((attributes[key] for key in ("datetime", "ri:filename", "ri:value") if key in attributes), "")
    return OBJECT + said + OBJECT

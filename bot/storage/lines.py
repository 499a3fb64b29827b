"""What a fragment says, line by line, and where in the source its words stand."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from itertools import islice

from bot.splice import Span
from bot.storage.macros import find_rich_text_body, macro_name
from bot.storage.reader import Element, Text, TextKind, read_strictly
from bot.storage.visible_text import BLOCKS, HIDDEN, text_of

OBJECT = "\ufffc"
"""Stands around the name of something that is not words: an icon, an image, a macro."""

_BREAKS = {"br", "hr"}
_LINE_BLOCKS = (BLOCKS | {"td", "th"}) - _BREAKS
_OBJECTS = {"ac:link", "ac:emoticon", "ac:image", "time"}
_CHARACTER = re.compile(r"&[^;]+;|\r\n|.", re.DOTALL)


@dataclass(frozen=True, slots=True)
class _Run:
    """Words of one text, or one object that stands or falls as a whole, with the remarks (`ac:ref`) made on it."""

    text: str
    span: Span
    refs: tuple[str, ...]
    is_whole: bool

    def spans(self, source: str, start: int, end: int) -> Span:
        """Return where in *source* the characters from *start* to *end* of the text stand."""
        if self.is_whole or (start, end) == (0, len(self.text)):
            return self.span
        if len(self.text) == self.span.end - self.span.start:
            return Span(self.span.start + start, self.span.start + end)
        characters = list(islice(_CHARACTER.finditer(source, *self.span), end))
        return Span(characters[start].start(), characters[end - 1].end())


class Line:
    """What one block says, up to the next block or line break inside it."""

    def __init__(self, source: str) -> None:
        self._source = source
        self._runs: list[_Run] = []

    def add(self, text: str, span: Span, refs: tuple[str, ...], *, is_whole: bool) -> None:
        """Put a run of words, or an object, at the end."""
        self._runs.append(_Run(text, span, refs, is_whole))

    @cached_property
    def text(self) -> str:
        """The words; to be asked for when the line is complete."""
        return "".join(run.text for run in self._runs)

    def remarks(self) -> Iterator[tuple[Span, tuple[str, ...]]]:
        """Yield pieces of `text`, and the remarks made on each."""
        at = 0
        for run in self._runs:
            yield Span(at, at + len(run.text)), run.refs
            at += len(run.text)

    def spans(self, piece: Span) -> list[Span]:
        """Return where in the source a piece of `text` stands: in one text after the other, objects whole."""
        found: list[Span] = []
        at = 0
        for run in self._runs:
            start, end = max(piece.start - at, 0), min(piece.end - at, len(run.text))
            if start < end:
                found.append(run.spans(self._source, start, end))
            at += len(run.text)
        return found


def read_lines(fragment: str) -> list[Line]:
    """Return the lines of *fragment* that say anything. Raises `MalformedBodyError`."""
    reader = _Reader(fragment)
    for node in read_strictly(fragment).root.walk():
        reader.take(node)
    return [line for line in reader.lines if line.text.strip()]


class _Reader:
    """Puts nodes into lines, in document order."""

    def __init__(self, fragment: str) -> None:
        self._fragment = fragment
        self._skipped_to = 0
        self._block: Element | None = None
        self.lines = [Line(fragment)]

    def take(self, node: Element | Text) -> None:
        if node.span.start < self._skipped_to:
            return
        if isinstance(node, Text):
            self._take_text(node)
        elif node.name in HIDDEN:
            self._skipped_to = node.span.end
        elif node.name in _BREAKS:
            self.lines.append(Line(self._fragment))
        elif node.name in _OBJECTS or (macro_name(node) is not None and find_rich_text_body(node) is None):
            self._skipped_to = node.span.end
            self._line_of(node).add(_say(node), node.span, _refs(node), is_whole=True)

    def _line_of(self, node: Element | Text) -> Line:
        block = node.parent
        while block is not None and block.name not in _LINE_BLOCKS:
            block = block.parent
        if block is not self._block:
            self._block = block
            self.lines.append(Line(self._fragment))
        return self.lines[-1]

    def _take_text(self, node: Text) -> None:
        if not node.is_visible:
            return
        is_whole = node.kind is TextKind.CDATA
        self._line_of(node).add(node.value, node.span, _refs(node), is_whole=is_whole)


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
    """Return what a link shows, or between two `OBJECT` the text of something that is not words."""
    text = text_of(element)
    resource = next((each for each in element.children if each.name.startswith("ri:")), None)
    is_words = element.name == "ac:link" and (resource is None or resource.name != "ri:user" or element.text.strip())
    return text if is_words and text else OBJECT + text + OBJECT

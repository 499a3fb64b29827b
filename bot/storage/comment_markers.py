"""Preserve inline comment markers when the text of a page is rewritten.

An `ac:inline-comment-marker` wraps the text that a comment refers to; its `ac:ref` identifies the comment. Markers can
nest, and one comment has several markers if its text spans several elements.
"""

import re
from bisect import bisect_left
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from html import escape
from itertools import islice, pairwise

from bot.splice import Span, splice
from bot.storage.macros import find_rich_text_body, macro_name
from bot.storage.reader import Element, Text, TextKind, read_strictly
from bot.storage.visible_text import BLOCKS, HIDDEN, text_of

_MARKER = "ac:inline-comment-marker"
_REF = re.compile(r"<ac:inline-comment-marker\b[^>]*\bac:ref=[\"']([^\"']*)[\"']")
_WORD_START, _WORD_END = re.compile(r"\b\w"), re.compile(r"\w\b")
_OBJECT = "\ufffc"
"""Encloses the text of an object that is not words: an icon, an image, a macro."""

_BREAKS = {"br", "hr"}
_LINE_BLOCKS = (BLOCKS | {"td", "th"}) - _BREAKS
_OBJECTS = {"ac:link", "ac:emoticon", "ac:image", "time"}
_CHARACTER = re.compile(r"&[^;]+;|\r\n|.", re.DOTALL)


@dataclass(frozen=True, slots=True)
class _Run:
    """Words of one text node, or one indivisible object, with the comments (`ac:ref`) on it."""

    text: str
    span: Span
    refs: tuple[str, ...]
    is_whole: bool

    def spans(self, source: str, start: int, end: int) -> Span:
        """Return the span in *source* of the characters from *start* to *end* of the text."""
        if self.is_whole or (start, end) == (0, len(self.text)):
            return self.span
        if len(self.text) == self.span.end - self.span.start:
            return Span(self.span.start + start, self.span.start + end)
        characters = list(islice(_CHARACTER.finditer(source, *self.span), end))
        return Span(characters[start].start(), characters[end - 1].end())


class Line:
    """The text of one block, up to the next block or line break inside it."""

    def __init__(self, source: str) -> None:
        self._source = source
        self._runs: list[_Run] = []

    def add(self, text: str, span: Span, refs: tuple[str, ...], *, is_whole: bool) -> None:
        """Append words or an object."""
        self._runs.append(_Run(text, span, refs, is_whole))

    @cached_property
    def text(self) -> str:
        """The text of the line; read it only when the line is complete."""
        return "".join(run.text for run in self._runs)

    def remarks(self) -> Iterator[tuple[Span, tuple[str, ...]]]:
        """Yield the pieces of `text`, each with the comments on it."""
        at = 0
        for run in self._runs:
            yield Span(at, at + len(run.text)), run.refs
            at += len(run.text)

    def spans(self, piece: Span) -> list[Span]:
        """Return the spans in the source of a piece of `text`: one for each text node; an object counts as a whole."""
        found: list[Span] = []
        at = 0
        for run in self._runs:
            start, end = max(piece.start - at, 0), min(piece.end - at, len(run.text))
            if start < end:
                found.append(run.spans(self._source, start, end))
            at += len(run.text)
        return found


def _read_lines(fragment: str) -> list[Line]:
    """Return the lines of *fragment* that contain text. Raises `MalformedBodyError`."""
    reader = _Reader(fragment)
    for node in read_strictly(fragment).root.walk():
        reader.take(node)
    return [line for line in reader.lines if line.text.strip()]


class _Reader:
    """Collects nodes into lines, in document order."""

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
    """Return the comments on *node* or on a part of it, outermost first."""
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
    """Return the text that a link shows; the text of an object that is not words is enclosed in `_OBJECT`."""
    text = text_of(element)
    resource = next((each for each in element.children if each.name.startswith("ri:")), None)
    is_words = element.name == "ac:link" and (resource is None or resource.name != "ri:user" or element.text.strip())
    return text if is_words and text else _OBJECT + text + _OBJECT


def marker_refs(body: str) -> frozenset[str]:
    """Return the `ac:ref` of each inline comment marker in *body*, which need not be well-formed."""
    return frozenset(_REF.findall(body))


@dataclass(frozen=True, slots=True)
class Kept:
    """The new text with the markers that could be placed again; `lost_by_ref` quotes the other texts by `ac:ref`."""

    text: str
    lost_by_ref: dict[str, str]

    @property
    def lost(self) -> tuple[str, ...]:
        """The commented texts that have no place in the new text."""
        return tuple(self.lost_by_ref.values())


def keep_comment_markers(old: str, new: str, *, only: frozenset[str] | None = None) -> Kept:
    """Return *new* with the markers of *old* around the same words, if their place in *new* is unambiguous.

    Words keep their marker if their paragraph (list item, cell) is unchanged, or else if they occur exactly once in
    *new*. Markers that are already in *new* stay. *only* names the comments to consider; None means all. Raises
    `MalformedBodyError`.
    """
    if _MARKER not in old:
        return Kept(new, {})
    present = {each.attributes.get("ac:ref", "") for each in read_strictly(new).elements() if each.name == _MARKER}
    old_lines, new_lines = _read_lines(old), _read_lines(new)
    places: dict[str, list[Span]] = {}
    lost: dict[str, str] = {}
    for ref, pieces in _marked_pieces(old_lines).items():
        if ref in present or (only is not None and ref not in only):
            continue
        found = [_find_again(line, piece, old_lines, new_lines) for line, piece in pieces]
        if all(found):
            places[ref] = [span for spans in found for span in spans]
        else:
            lost[ref] = " … ".join(piece.of(line.text).replace(_OBJECT, "").strip() for line, piece in pieces)
    return Kept(splice(new, dict(_wrap(new, _cut(places)))), lost)


def _marked_pieces(lines: list[Line]) -> dict[str, list[tuple[Line, Span]]]:
    """Return the pieces of lines that each comment refers to, by `ac:ref`."""
    pieces: defaultdict[str, list[tuple[Line, Span]]] = defaultdict(list)
    for line in lines:
        for piece, refs in line.remarks():
            for ref in refs:
                last = pieces[ref][-1] if pieces[ref] else None
                if last is not None and last[0] is line and last[1].end == piece.start:
                    pieces[ref][-1] = (line, Span(last[1].start, piece.end))
                else:
                    pieces[ref].append((line, piece))
    return pieces


def _find_again(line: Line, piece: Span, old_lines: list[Line], new_lines: list[Line]) -> list[Span]:
    """Return the spans of the words of *piece* in the new source; empty if their place is ambiguous."""
    old_same = [each for each in old_lines if each.text.split() == line.text.split()]
    new_same = [each for each in new_lines if each.text.split() == line.text.split()]
    is_unchanged = len(old_same) == len(new_same)
    candidates = new_lines
    if is_unchanged:
        candidates = [new_same[next(at for at, each in enumerate(old_same) if each is line)]]
    pattern = _pattern(line.text, piece)
    if pattern is None:
        return []
    found = [(each, Span(*match.span())) for each in candidates for match in pattern.finditer(each.text)]
    if is_unchanged:  # the words may occur several times: take the occurrence with the same number
        before = sum(1 for match in pattern.finditer(line.text) if match.start() < piece.start)
        found = found[before : before + 1]
    return found[0][0].spans(found[0][1]) if len(found) == 1 else []


def _pattern(text: str, piece: Span) -> re.Pattern[str] | None:
    """Return a pattern for the words of *piece*; whole words in *piece* match whole words only."""
    words = piece.of(text).split()
    if not words:
        return None
    start = text.index(words[0], piece.start)
    end = text.rindex(words[-1], start, piece.end) + len(words[-1])
    first = r"\b" if _WORD_START.match(text, start) else ""
    last = r"\b" if _WORD_END.match(text, end - 1) else ""
    return re.compile(first + r"\s+".join(map(re.escape, words)) + last)


def _cut(places: dict[str, list[Span]]) -> dict[Span, list[str]]:
    """Return spans that do not overlap, with the comments on each; overlapping spans are split at their edges."""
    edges = sorted({edge for spans in places.values() for span in spans for edge in span})
    cut: defaultdict[Span, list[str]] = defaultdict(list)
    for ref, spans in places.items():
        for span in spans:
            inside = edges[bisect_left(edges, span.start) : bisect_left(edges, span.end) + 1]
            for start, end in pairwise(inside):
                cut[Span(start, end)].append(ref)
    return cut


def _wrap(source: str, wraps: dict[Span, list[str]]) -> Iterator[tuple[Span, str]]:
    """Yield replacements that wrap words in markers; adjacent spans with the same comments share one marker."""
    runs: list[tuple[Span, list[str]]] = []
    for span in sorted(wraps):
        if runs and runs[-1][0].end == span.start and runs[-1][1] == wraps[span]:
            runs[-1] = (Span(runs[-1][0].start, span.end), wraps[span])
        else:
            runs.append((span, wraps[span]))
    for span, refs in runs:
        opened = "".join(f'<{_MARKER} ac:ref="{escape(ref)}">' for ref in refs)
        yield span, opened + span.of(source) + f"</{_MARKER}>" * len(refs)

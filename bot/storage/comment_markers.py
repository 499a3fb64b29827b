"""Inline comments: somebody's remarks on words of a page, kept where the words survive a rewriting.

An `ac:inline-comment-marker` wraps the words that a remark is about; its `ac:ref` names the remark. Markers nest,
and one remark has several markers where its words run through several elements.
"""

import re
from bisect import bisect_left
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from html import escape
from itertools import pairwise

from bot.splice import Span, splice
from bot.storage.lines import OBJECT, Line, read_lines
from bot.storage.reader import read_strictly

_MARKER = "ac:inline-comment-marker"
_WORD_START, _WORD_END = re.compile(r"\b\w"), re.compile(r"\w\b")


@dataclass(frozen=True, slots=True)
class Kept:
    """A text with the markers that found their words again; *lost* quotes the words of the others, by `ac:ref`."""

    text: str
    lost_by_ref: dict[str, str]

    @property
    def lost(self) -> tuple[str, ...]:
        """The words of the remarks that have no place in the new text."""
        return tuple(self.lost_by_ref.values())


def strip_inline_comments(fragment: str) -> str:
    """Return *fragment* without inline-comment markers; what they wrap stays. Raises `MalformedBodyError`."""
    tags: dict[Span, str] = {}
    for element in read_strictly(fragment).elements():
        if element.name == _MARKER:
            tags[Span(element.span.start, element.inner.start)] = ""
            tags[Span(element.inner.end, element.span.end)] = ""
    return splice(fragment, tags)


def keep_comment_markers(old: str, new: str) -> Kept:
    """Return *new* with the markers of *old* around the same words, where these are still told apart.

    Words keep their marker where the paragraph (list item, cell) that they stand in is unchanged, or else where they
    occur only once in *new*. Markers that *new* has already stay. Raises `MalformedBodyError`.
    """
    if _MARKER not in old:
        return Kept(new, {})
    present = {each.attributes.get("ac:ref", "") for each in read_strictly(new).elements() if each.name == _MARKER}
    old_lines, new_lines = read_lines(old), read_lines(new)
    places: dict[str, list[Span]] = {}
    lost: dict[str, str] = {}
    for ref, pieces in _marked_pieces(old_lines).items():
        if ref in present:
            continue
        found = [_find_again(line, piece, old_lines, new_lines) for line, piece in pieces]
        if all(found):
            places[ref] = [span for spans in found for span in spans]
        else:
            lost[ref] = " … ".join(piece.of(line.text).replace(OBJECT, "").strip() for line, piece in pieces)
    return Kept(splice(new, dict(_wrap(new, _cut(places)))), lost)


def _marked_pieces(lines: list[Line]) -> dict[str, list[tuple[Line, Span]]]:
    """Return what each remark is about: pieces of lines, by `ac:ref`."""
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
    """Return where in the new source the words of *piece* stand now; nothing when that cannot be told."""
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
    if is_unchanged:  # the words may be there several times: take the same one of them
        before = sum(1 for match in pattern.finditer(line.text) if match.start() < piece.start)
        found = found[before : before + 1]
    return found[0][0].spans(found[0][1]) if len(found) == 1 else []


def _pattern(text: str, piece: Span) -> re.Pattern[str] | None:
    """Return what finds the words of *piece*, and no part of a longer word where they were whole words."""
    words = piece.of(text).split()
    if not words:
        return None
    start = text.index(words[0], piece.start)
    end = text.rindex(words[-1], start, piece.end) + len(words[-1])
    first = r"\b" if _WORD_START.match(text, start) else ""
    last = r"\b" if _WORD_END.match(text, end - 1) else ""
    return re.compile(first + r"\s+".join(map(re.escape, words)) + last)


def _cut(places: dict[str, list[Span]]) -> dict[Span, list[str]]:
    """Return spans that do not overlap, and the remarks on each: where one remark ends within another, both are cut."""
    edges = sorted({edge for spans in places.values() for span in spans for edge in span})
    cut: defaultdict[Span, list[str]] = defaultdict(list)
    for ref, spans in places.items():
        for span in spans:
            inside = edges[bisect_left(edges, span.start) : bisect_left(edges, span.end) + 1]
            for start, end in pairwise(inside):
                cut[Span(start, end)].append(ref)
    return cut


def _wrap(source: str, wraps: dict[Span, list[str]]) -> Iterator[tuple[Span, str]]:
    """Yield replacements that put markers around words; pieces that touch and bear the same remarks share one."""
    runs: list[tuple[Span, list[str]]] = []
    for span in sorted(wraps):
        if runs and runs[-1][0].end == span.start and runs[-1][1] == wraps[span]:
            runs[-1] = (Span(runs[-1][0].start, span.end), wraps[span])
        else:
            runs.append((span, wraps[span]))
    for span, refs in runs:
        opened = "".join(f'<{_MARKER} ac:ref="{escape(ref)}">' for ref in refs)
        yield span, opened + span.of(source) + f"</{_MARKER}>" * len(refs)

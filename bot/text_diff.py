"""The diff engine: align blocks or lines by similarity, and compare edited ones word by word (pure)."""

import difflib
import re
from collections.abc import Callable, Hashable, Iterator, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher
from enum import StrEnum
from typing import TypeVar

_WORD = re.compile(r"[^\W_]+|\s+|.", re.DOTALL)
_FIRST_IDEOGRAPH = 0x2E80
_SOURCE_BREAK = re.compile(
    r"(?<=>)(?=<(?:p|h[1-6]|ul|ol|li|table|tbody|tr|td|th|div|blockquote|pre|hr|"
    r"ac:structured-macro|ac:rich-text-body|ac:layout|ac:layout-section|ac:layout-cell)[\s/>])|"
    r"(?<=</li>)(?=</)|(?<=</ul>)(?=</)|(?<=</ol>)(?=</)"
)
_ALIKE = 0.4
"""If the words of two blocks are less similar than this ratio, the blocks are shown as one removed and one added."""
_CANDIDATES = 30
"""Number of added blocks that each removed block is compared with, so that the cost stays linear."""
_LONGEST_CHARACTERS = 20_000
"""Longer blocks are not compared word by word, because this takes quadratic time."""

_CONTEXT_LINES = 2
_HUNK = re.compile(r"(?<=[-+])\d+(?=[, ])")
"""The first line of each side in the heading of a hunk."""

T = TypeVar("T", bound=Hashable)


class PieceKind(StrEnum):
    """How a piece of text changed."""

    SAME = "same"
    REMOVED = "removed"
    ADDED = "added"


@dataclass(frozen=True, slots=True)
class Piece:
    """Some words, and how they changed."""

    kind: PieceKind
    text: str


@dataclass(frozen=True, slots=True)
class DiffLine:
    """One line of a comparison: unchanged, removed, added, or a mixture of pieces."""

    pieces: tuple[Piece, ...]

    @property
    def kind(self) -> PieceKind | None:
        """How the whole line changed; None if the line was edited."""
        kinds = {piece.kind for piece in self.pieces}
        return kinds.pop() if len(kinds) == 1 else None


def unified_diff(before: str, after: str, name: str) -> str:
    """Return the difference of two versions of the file *name*; the time depends on the changed part only."""
    old, new = before.splitlines(), after.splitlines()
    first = max(_count_same(old, new) - _CONTEXT_LINES, 0)
    old, new = old[first:], new[first:]
    last = max(_count_same(old[::-1], new[::-1]) - _CONTEXT_LINES, 0)
    old, new = old[: len(old) - last], new[: len(new) - last]
    lines = difflib.unified_diff(old, new, name, name, lineterm="", n=_CONTEXT_LINES)
    return "\n".join(_moved(line, first) if line.startswith("@@") else line for line in lines)


def _count_same(old: Sequence[str], new: Sequence[str]) -> int:
    pairs = enumerate(zip(old, new, strict=False))
    return next((number for number, (left, right) in pairs if left != right), min(len(old), len(new)))


def _moved(heading: str, by: int) -> str:
    return _HUNK.sub(lambda number: str(int(number[0]) + by), heading)


def split_source(source: str) -> list[str]:
    """Split storage format into lines at the start of blocks, so that a person can read a comparison."""
    return [line for part in _SOURCE_BREAK.split(source) for line in part.splitlines()]


def diff_lines(before: Sequence[str], after: Sequence[str]) -> list[DiffLine]:
    """Compare two lists of lines; an edited line occurs once, with the removed and the added words."""
    return [_line(old, new) for old, new in align(before, after, are_alike)]


def diff_words(before: str, after: str) -> tuple[Piece, ...]:
    """Compare two texts word by word; scripts without spaces are compared by character."""
    old, new = _words(before), _words(after)
    pieces: list[Piece] = []
    for operation, a, b, c, d in SequenceMatcher(None, old, new, autojunk=False).get_opcodes():
        if operation == "equal":
            pieces.append(Piece(PieceKind.SAME, "".join(old[a:b])))
            continue
        pieces += [Piece(PieceKind.REMOVED, "".join(old[a:b]))] if b > a else []
        pieces += [Piece(PieceKind.ADDED, "".join(new[c:d]))] if d > c else []
    return tuple(pieces)


def align(
    before: Sequence[T], after: Sequence[T], are_alike: Callable[[T, T], bool]
) -> Iterator[tuple[T | None, T | None]]:
    """Align the blocks of two sequences: equal blocks, edited blocks that *are_alike*; otherwise one side is None."""
    for operation, a, b, c, d in SequenceMatcher(None, before, after, autojunk=False).get_opcodes():
        if operation == "equal":
            yield from zip(before[a:b], after[c:d], strict=True)
        else:
            yield from _pair(before[a:b], after[c:d], are_alike)


def are_alike(before: str, after: str) -> bool:
    """Return whether two texts are similar enough to be shown as one edited text."""
    if len(before) + len(after) > _LONGEST_CHARACTERS:
        return False
    matcher = SequenceMatcher(None, _words(before), _words(after), autojunk=False)
    return matcher.real_quick_ratio() >= _ALIKE and matcher.quick_ratio() >= _ALIKE and matcher.ratio() >= _ALIKE


def near_changes(changed: Sequence[bool], *, context: int) -> Iterator[int | None]:
    """Yield the indexes of *changed* items and of *context* items around each; None represents omitted items."""
    shown = {
        near
        for index, is_changed in enumerate(changed)
        if is_changed
        for near in range(index - context, index + context + 1)
    }
    is_gap = False
    for index in range(len(changed)):
        if index in shown:
            yield index
            is_gap = False
        elif not is_gap:
            yield None
            is_gap = True


def _pair(
    removed: Sequence[T], added: Sequence[T], are_alike: Callable[[T, T], bool]
) -> Iterator[tuple[T | None, T | None]]:
    waiting = list(added)
    for block in removed:
        match = next((n for n, other in enumerate(waiting[:_CANDIDATES]) if are_alike(block, other)), None)
        if match is None:
            yield block, None
            continue
        yield from ((None, other) for other in waiting[:match])
        yield block, waiting[match]
        del waiting[: match + 1]
    yield from ((None, other) for other in waiting)


def _line(before: str | None, after: str | None) -> DiffLine:
    if before is None:
        return DiffLine((Piece(PieceKind.ADDED, after or ""),))
    if after is None:
        return DiffLine((Piece(PieceKind.REMOVED, before),))
    return DiffLine((Piece(PieceKind.SAME, before),)) if before == after else DiffLine(diff_words(before, after))


def _words(text: str) -> list[str]:
    words: list[str] = []
    for word in _WORD.findall(text):
        words += word if ord(word[0]) >= _FIRST_IDEOGRAPH else [word]
    return words

"""Compare two texts line by line, and lines that were edited word by word (pure)."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher
from enum import StrEnum
from itertools import zip_longest

_WORDS = re.compile(r"\s+|\w+|[^\w\s]")
_SOURCE_BREAK = re.compile(
    r"(?<=>)(?=<(?:p|h[1-6]|ul|ol|li|table|tbody|tr|td|th|div|blockquote|pre|hr|"
    r"ac:structured-macro|ac:rich-text-body|ac:layout|ac:layout-section|ac:layout-cell)[\s/>])|"
    r"(?<=</li>)(?=</)|(?<=</ul>)(?=</)|(?<=</ol>)(?=</)"
)
_ALIKE = 0.4
_LONGEST_LINE = 4000


class Kind(StrEnum):
    """What became of a piece of text."""

    SAME = "same"
    REMOVED = "removed"
    ADDED = "added"


@dataclass(frozen=True, slots=True)
class Piece:
    """Some words, and what became of them."""

    kind: Kind
    text: str


@dataclass(frozen=True, slots=True)
class DiffLine:
    """One line of a comparison: all the same, all removed, all added, or a mixture of pieces."""

    pieces: tuple[Piece, ...]

    @property
    def kind(self) -> Kind | None:
        """What became of the line as a whole; None where it was edited."""
        kinds = {piece.kind for piece in self.pieces}
        return kinds.pop() if len(kinds) == 1 else None


def split_source(source: str) -> list[str]:
    """Break storage format into lines where blocks begin, so that a person can compare it."""
    return [line for part in _SOURCE_BREAK.split(source) for line in part.splitlines()]


def diff_lines(before: Sequence[str], after: Sequence[str]) -> list[DiffLine]:
    """Return the lines of both in order; an edited line comes once, with the words that were removed and added."""
    lines: list[DiffLine] = []
    for operation, a, b, c, d in SequenceMatcher(None, before, after, autojunk=False).get_opcodes():
        if operation == "equal":
            lines += [_whole(Kind.SAME, line) for line in before[a:b]]
        else:
            lines += _pair(before[a:b], after[c:d])
    return lines


def near_changes(lines: Sequence[DiffLine], *, context: int) -> Iterator[DiffLine | None]:
    """Yield the changed lines with *context* same ones around them; None stands for what is left out."""
    changed = [index for index, line in enumerate(lines) if line.kind is not Kind.SAME]
    shown = {near for index in changed for near in range(index - context, index + context + 1)}
    is_gap = False
    for index, line in enumerate(lines):
        if index in shown:
            yield line
            is_gap = False
        elif not is_gap:
            yield None
            is_gap = True


def _whole(kind: Kind, line: str) -> DiffLine:
    return DiffLine((Piece(kind, line),))


def _pair(removed: Sequence[str], added: Sequence[str]) -> Iterator[DiffLine]:
    for before, after in zip_longest(removed, added):
        if before is None or after is None:
            yield _whole(Kind.ADDED, after) if before is None else _whole(Kind.REMOVED, before)
        elif (pieces := _diff_words(before, after)) is None:
            yield _whole(Kind.REMOVED, before)
            yield _whole(Kind.ADDED, after)
        else:
            yield DiffLine(pieces)


def _diff_words(before: str, after: str) -> tuple[Piece, ...] | None:
    """Return what became of the words; None where the lines have too little in common."""
    if len(before) + len(after) > _LONGEST_LINE:
        return None
    old, new = _WORDS.findall(before), _WORDS.findall(after)
    matcher = SequenceMatcher(None, old, new, autojunk=False)
    if matcher.ratio() < _ALIKE:
        return None
    pieces: list[Piece] = []
    for operation, a, b, c, d in matcher.get_opcodes():
        if operation == "equal":
            pieces.append(Piece(Kind.SAME, "".join(old[a:b])))
            continue
        pieces += [Piece(Kind.REMOVED, "".join(old[a:b]))] if b > a else []
        pieces += [Piece(Kind.ADDED, "".join(new[c:d]))] if d > c else []
    return tuple(pieces)

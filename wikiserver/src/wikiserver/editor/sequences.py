"""Compute differences between two sequences in bounded time."""

from collections.abc import Sequence
from difflib import SequenceMatcher
from typing import Final, NamedTuple

MAX_COMPARISONS: Final = 2_000_000
"""Maximum number of compared pairs; long repetitive passages would take minutes."""


class Difference(NamedTuple):
    """Items *start* to *end* of the old sequence became items *new_start* to *new_end* of the new one."""

    start: int
    end: int
    new_start: int
    new_end: int


def differences(old: Sequence[str], new: Sequence[str]) -> list[Difference]:
    """Return the differences between *old* and *new*, in order; a single one if a detailed comparison is too slow."""
    head = _common(old, new)
    tail = min(_common(old[::-1], new[::-1]), len(old) - head, len(new) - head)
    before, after = old[head : len(old) - tail], new[head : len(new) - tail]
    if not before and not after:
        return []
    if len(before) * len(after) > MAX_COMPARISONS:
        return [Difference(head, len(old) - tail, head, len(new) - tail)]
    opcodes = SequenceMatcher(None, before, after, autojunk=False).get_opcodes()
    return [
        Difference(head + start, head + end, head + new_start, head + new_end)
        for what, start, end, new_start, new_end in opcodes
        if what != "equal"
    ]


def _common(one: Sequence[str], other: Sequence[str]) -> int:
    """Return the length of the common prefix."""
    pairs = zip(one, other, strict=False)
    return next((number for number, (a, b) in enumerate(pairs) if a != b), min(len(one), len(other)))

"""Replace spans by offset: everything outside the spans is unchanged, byte for byte (for pages and YAML)."""

from collections.abc import Mapping
from typing import NamedTuple

from bot.errors import StorageFormatError


class Span(NamedTuple):
    """A half-open range of `str` offsets."""

    start: int
    end: int

    def of(self, source: str) -> str:
        """Return the text of *source* that this span covers."""
        return source[self.start : self.end]

    def contains(self, other: "Span") -> bool:
        """Return whether *other* is completely inside this span."""
        return self.start <= other.start and other.end <= self.end


def splice(source: str, replacements: Mapping[Span, str]) -> str:
    """Return *source* with each span replaced; everything outside is unchanged.

    Raises `StorageFormatError` if spans overlap or are outside the text.
    """
    pieces: list[str] = []
    cursor = 0
    for span in sorted(replacements):
        if not cursor <= span.start <= span.end <= len(source):
            raise StorageFormatError(f"{span} overlaps another span or lies outside the text")
        pieces += source[cursor : span.start], replacements[span]
        cursor = span.end
    return "".join(pieces) + source[cursor:]

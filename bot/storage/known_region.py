"""Read a region of an earlier version by comparing the version with the page, without parsing the whole version again.

Two versions of a page are mostly the same text. If the page is well-formed, and a version differs from it only by whole
elements (the content of the region, and at most one place before and one after the region), then only these elements
have to be parsed: well-formed content may be replaced by other well-formed content. Whatever cannot be proved that way
is left to `find_region`.
"""

from bot.errors import StorageFormatError
from bot.storage.macros import macro_name
from bot.storage.markers import Marker, MarkerKind
from bot.storage.outline import read_outline, scan_outline
from bot.storage.reader import Element
from bot.storage.regions import find_region, find_region_once

_BLOCK = 1 << 16
_MOST_STEPS = 8
"""How many tags around a change are looked at, and how many possible ends of a region."""
_LARGEST_CHANGE = 1 << 18
_OPAQUE = ("<!--", "<?")
"""What may contain the characters of tags, and is too rare to look into; CDATA sections are looked into."""


class KnownRegion:
    """A region of the page *body*, which is parsed once as a whole."""

    def __init__(self, body: str, marker: Marker) -> None:
        self._body, self._marker = body, marker
        try:
            region = find_region(body, marker)
        except StorageFormatError:
            region = None
        is_opaque = any(each in body for each in _OPAQUE) or body.lstrip().startswith("<!")
        is_usable = region is not None and not any(region.wrap) and marker.kind is not MarkerKind.HEADING
        self._region = region if is_usable and not is_opaque else None
        self._macros: list[Element] = []
        if self._region is not None:
            self._macros = [each for each in read_outline(body).elements() if macro_name(each) in ("anchor", "details")]

    def text_in(self, other: str) -> str | None:
        """Return the text of the region in *other*; None if it cannot be proved to be what `find_region` finds."""
        if self._region is None:
            return None
        span, content = self._region.span, self._region.content
        head, tail = self._body[span.start : content.start], self._body[content.end : span.end]
        start = other.find(head)
        if start < 0 or not head.endswith(">") or not tail.startswith("<"):
            return None
        end = start + len(head)
        for _ in range(_MOST_STEPS):
            close = other.find(tail, end)
            if close < 0:
                return None
            end = close + len(tail)
            text = self._text_alone(other[start:end])
            if text is not None:
                break
        else:
            return None
        if text != other[start + len(head) : close]:
            return None
        before, after = (0, self._body[: span.start]), (span.end, self._body[span.end :])
        is_same_around = self._is_exchange(*before, other[:start]) and self._is_exchange(*after, other[end:])
        return text if is_same_around else None

    def _text_alone(self, part: str) -> str | None:
        if len(part) > _LARGEST_CHANGE or part.startswith("<?"):
            return None
        try:
            region = find_region_once(part, self._marker)
        except StorageFormatError:
            return None
        return region.text(part) if region is not None and region.span.of(part) == part else None

    def _is_exchange(self, offset: int, known: str, other: str) -> bool:
        """Return whether *other* is *known*, the body from *offset*, with whole elements in one place exchanged.

        Neither has a landmark in that place, nor is the place a parameter of one.
        """
        if known == other:
            return True
        same = min(len(known), len(other))
        start = _common_start(known, other)
        end = _common_end(known, other, most=same - start)
        for _ in range(_MOST_STEPS):
            if _is_boundary(known, other, start, end) and _is_content(known, start):
                old, new = known[start : len(known) - end], other[start : len(other) - end]
                if max(len(old), len(new)) > _LARGEST_CHANGE:
                    return False
                if _has_no_landmark(old) and _has_no_landmark(new):
                    return not self._is_in_marker(offset + start)
            wider = known.rfind("<", 0, start)
            if wider < 0:
                return False
            start = wider
            if end:
                close = known.find(">", len(known) - end)
                end = len(known) - close - 1 if close >= 0 else 0
        return False

    def _is_in_marker(self, at: int) -> bool:
        """Return whether *at* is in a marker, where it may be a part of the name; the content of a block is not."""
        return any(
            macro.span.start < at < macro.span.end and not any(_is_content_of(part, at) for part in macro.children)
            for macro in self._macros
        )


def _is_content_of(part: Element, at: int) -> bool:
    has_end_tag = part.inner.end < part.span.end
    return part.name == "ac:rich-text-body" and has_end_tag and part.inner.start <= at <= part.inner.end


def _is_boundary(known: str, other: str, start: int, end: int) -> bool:
    """Return whether both reach from *start* to *end*, and no `]]>` can form where the change meets other text."""
    if start + end > min(len(known), len(other)):
        return False
    return known[start - 1 : start] != "]" and not known.startswith(("]", ">"), len(known) - end)


def _is_content(known: str, at: int) -> bool:
    """Return whether *at* is neither in a tag nor in a CDATA section."""
    section = known.rfind("<![CDATA[", 0, at)
    if section >= 0 and known.find("]]>", section, at) < 0:
        return False
    return at in (0, len(known)) or known[at] == "<"


def _has_no_landmark(part: str) -> bool:
    if any(each in part for each in _OPAQUE):
        return False
    try:
        return not scan_outline(part).root.nodes
    except StorageFormatError:
        return False


def _common_start(one: str, other: str) -> int:
    """Return how many characters both begin with."""
    low, most = 0, min(len(one), len(other))
    while low < most and one[low : low + _BLOCK] == other[low : low + _BLOCK]:
        low = min(low + _BLOCK, most)
    high = min(low + _BLOCK, most)
    while low < high:
        middle = (low + high + 1) // 2
        if one[low:middle] == other[low:middle]:
            low = middle
        else:
            high = middle - 1
    return low


def _common_end(one: str, other: str, *, most: int) -> int:
    """Return how many characters both end with, up to *most*."""
    low = 0
    while low < most and _ends_alike(one, other, low, min(low + _BLOCK, most)):
        low = min(low + _BLOCK, most)
    high = min(low + _BLOCK, most)
    while low < high:
        middle = (low + high + 1) // 2
        if _ends_alike(one, other, low, middle):
            low = middle
        else:
            high = middle - 1
    return low


def _ends_alike(one: str, other: str, first: int, last: int) -> bool:
    return one[len(one) - last : len(one) - first] == other[len(other) - last : len(other) - first]

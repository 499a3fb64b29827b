"""Find managed regions by name; refuse duplicate, nested, swapped and incomplete markers (see `markers`)."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace

from bot.errors import RegionError, StorageFormatError
from bot.splice import Span, splice
from bot.storage.macros import (
    HEADINGS,
    collapse,
    find_parameter,
    find_rich_text_body,
    iter_content,
    macro_name,
)
from bot.storage.markers import BODY_CLOSE, BODY_OPEN, Marker, MarkerKind, render_marked
from bot.storage.notice import is_notice_anchor
from bot.storage.outline import read_outline, scan_outline
from bot.storage.reader import Document, Element, line_and_column

__all__ = [
    "Marker",
    "MarkerKind",
    "Region",
    "find_region",
    "find_regions",
    "render_marked",
    "replace_regions",
]

_DETAILS_PLACES = {"ac:layout", "ac:layout-section", "ac:layout-cell", "div"}
_DETAILS_MACROS = {"section", "column"}
_LINES = {"p", *HEADINGS}
_INLINE = {"a", "b", "em", "i", "s", "span", "strong", "sub", "sup", "u", "ac:inline-comment-marker"}


@dataclass(frozen=True, slots=True)
class Region:
    """A region on a page: *span* includes its markers, *content* is the managed part, *marker* is as found on the page.

    *wrap* is the markup to put around new content if the page has no element for content yet (an emptied `details`
    macro has `<ac:rich-text-body />` or no body): use `text()` to read and `replace_regions()` to write. *remarks* are
    messages for a person that do not prevent an update.
    """

    marker: Marker
    span: Span
    content: Span
    wrap: tuple[str, str] = ("", "")
    remarks: tuple[str, ...] = field(default=(), compare=False)

    def text(self, body: str) -> str:
        """Return the live text of the region in storage format."""
        return "" if any(self.wrap) else self.content.of(body)


def replace_regions(body: str, contents: Iterable[tuple[Region, str]]) -> str:
    """Return *body* with new contents for regions found in it; all other bytes are unchanged."""
    return splice(body, {region.content: region.wrap[0] + content + region.wrap[1] for region, content in contents})


def find_region(body: str, marker: Marker) -> Region | None:
    """Find one region; None if the page has no marker of it. Raises `RegionError`, `MalformedBodyError`."""
    return _Finder(_outline_for(body, [marker])).find(marker)


def find_region_once(body: str, marker: Marker) -> Region | None:
    """Find a region by its markup as `find_region` does, in a text that is looked at once."""
    return _Finder(scan_outline(body)).find(marker)


def find_regions(body: str, markers: Iterable[Marker]) -> dict[str, Region]:
    """Find regions by name; absent regions are omitted. Raises `RegionError`, `MalformedBodyError`."""
    wanted = list(markers)
    finder = _Finder(_outline_for(body, wanted))
    regions: dict[str, Region] = {}
    for marker in wanted:
        region = finder.find(marker)
        if region is None:
            continue
        for other in regions.values():
            if region.span.start < other.span.end and other.span.start < region.span.end:
                raise _overlap(marker.name, other.marker.name)
        regions[marker.name] = region
    return regions


def _outline_for(body: str, markers: Iterable[Marker]) -> Document:
    needs_headings = any(marker.kind is MarkerKind.HEADING for marker in markers)
    return read_outline(body, frozenset(HEADINGS) if needs_headings else frozenset())


def is_absent(body: str, marker: Marker) -> bool:
    """Return whether a page has no marker of a region; a broken region is not absent."""
    try:
        return find_region(body, marker) is None
    except StorageFormatError:
        return False


def find_headings(tree: Document, text: str) -> list[Element]:
    """Return the headings whose text is *text*, ignoring white space."""
    wanted = collapse(text)
    return [each for each in iter_content(tree) if each.name in HEADINGS and collapse(each.text) == wanted]


def why_not_details(parent: Element | None) -> str | None:
    """Return why a `details` macro is not allowed inside *parent*, or None."""
    while parent is not None and parent.parent is not None:
        name = macro_name(parent)
        if name is not None and name not in _DETAILS_MACROS:
            return f"the macro {name!r}"
        if name is None and parent.name not in _DETAILS_PLACES and parent.name != "ac:rich-text-body":
            return "a table" if parent.name in ("td", "th") else f"<{parent.name}>"
        parent = parent.parent
    return None


def _overlap(name: str, other: str) -> RegionError:
    return RegionError(f"regions {name!r} and {other!r} overlap on the page; move one out of the other", region=name)


def line_of(anchor: Element) -> Element:
    """Return the line of an anchor: the paragraph or heading around the anchor, or the anchor alone."""
    line = anchor
    while line.parent is not None and (line.parent.name in _INLINE or line.parent.name in _LINES):
        line = line.parent
        if line.name in _LINES:
            break
    return line


class _Finder:
    """Finds regions in the outline of one body; the headings are in it if a region below a heading is looked for."""

    def __init__(self, tree: Document) -> None:
        self._tree = tree
        self._blocks: dict[str, list[Element]] = {}
        self._anchors: dict[str, list[Element]] = {}
        for element in iter_content(tree):
            match macro_name(element):
                case "details":
                    self._remember(self._blocks, find_parameter(element, "id"), element)
                case "anchor":
                    self._remember(self._anchors, find_parameter(element, ""), element)

    def _remember(self, found: dict[str, list[Element]], name: str | None, element: Element) -> None:
        if name and name.startswith("wikibot-") and not is_notice_anchor(name):
            found.setdefault(name, []).append(element)

    def find(self, marker: Marker) -> Region | None:
        """Find a region by its markers on the page; *marker* decides the kind only if the kind is HEADING."""
        has_block, has_anchors = marker.id in self._blocks, any(n in self._anchors for n in _anchor_names(marker.id))
        if has_block + has_anchors + (marker.kind is MarkerKind.HEADING) > 1:
            raise RegionError(
                f"region {marker.name!r} is marked in two ways on the page, of Page Properties block, anchors and "
                "heading; remove the markers of one of them, or set the marker in the settings to the one that is left",
                region=marker.name,
            )
        if has_block:
            region = self._find_details(replace(marker, kind=MarkerKind.DETAILS))
        elif has_anchors:
            region = self._find_anchors(replace(marker, kind=MarkerKind.ANCHORS))
        elif marker.kind is MarkerKind.HEADING:
            region = self._find_heading(marker)
        else:
            return None
        if region is not None:
            self._refuse_nesting(region)
        return region

    def _place(self, element: Element) -> str:
        return line_and_column(self._tree.source, element.span.start)

    def _find_details(self, marker: Marker) -> Region | None:
        macro = self._the_one(marker, marker.id, self._blocks, "Page Properties block")
        if macro is None:
            return None
        obstacle = why_not_details(macro.parent)
        remarks = (
            ()
            if obstacle is None
            else (f"the block of region {marker.name!r} is in {obstacle}, where the new editor does not keep it",)
        )
        holder = find_rich_text_body(macro)
        if holder is None:
            room = Span(macro.inner.end, macro.inner.end)
            return Region(marker, macro.span, room, (BODY_OPEN, BODY_CLOSE), remarks)
        if holder.inner == Span(holder.span.end, holder.span.end):
            return Region(marker, macro.span, holder.span, (BODY_OPEN, BODY_CLOSE), remarks)
        return Region(marker, macro.span, holder.inner, remarks=remarks)

    def _find_anchors(self, marker: Marker) -> Region | None:
        names = _anchor_names(marker.id)
        begin, end = (self._the_one(marker, name, self._anchors, "anchor") for name in names)
        if begin is None and end is None:
            return None
        if begin is None or end is None:
            lost, left = (names[0], names[1]) if begin is None else (names[1], names[0])
            raise RegionError(
                f"region {marker.name!r}: the anchor {lost!r} is gone while {left!r} is still there; "
                f"put it back, or remove the other one too",
                region=marker.name,
            )
        first, last = line_of(begin), line_of(end)
        self._check_lines(marker, begin, end, first, last)
        remarks = tuple(
            f"other content on the line of the anchor {name!r} is not part of region {marker.name!r} and is kept"
            for name, anchor, line in ((names[0], begin, first), (names[1], end, last))
            if collapse(line.text) != collapse(anchor.text)
        )
        span, content = Span(first.span.start, last.span.end), Span(first.span.end, last.span.start)
        return Region(marker, span, content, remarks=remarks)

    def _check_lines(self, marker: Marker, begin: Element, end: Element, first: Element, last: Element) -> None:
        if end.span.start < begin.span.start:
            trouble = f"is swapped: its end ({self._place(end)}) is before its start; exchange them"
        elif first is last:
            trouble = f"has both anchors on one line ({self._place(first)}); give each a line of its own"
        elif first.parent is not last.parent:
            trouble = (
                f"begins at {self._place(begin)} and ends at {self._place(end)} in different parts of the page "
                "(cells, list items or blocks); move both anchors into the same one"
            )
        else:
            return
        raise RegionError(f"region {marker.name!r} {trouble}", region=marker.name)

    def _find_heading(self, marker: Marker) -> Region | None:
        headings = find_headings(self._tree, marker.heading or "")
        headings = self._outside_extensions(marker, headings, f"heading {marker.heading!r}")
        if not headings:
            return None
        if len(headings) > 1:
            places = "; ".join(self._place(heading) for heading in headings)
            raise RegionError(
                f"region {marker.name!r}: {len(headings)} headings say {marker.heading!r} ({places}); "
                "rename all but one, or mark the region with a Page Properties block",
                region=marker.name,
            )
        heading = headings[0]
        end = _end_of_section(heading)
        return Region(marker, Span(heading.span.start, end), Span(heading.span.end, end))

    def _the_one(self, marker: Marker, name: str, found: dict[str, list[Element]], kind: str) -> Element | None:
        elements = self._outside_extensions(marker, found.get(name, []), f"{kind} {name!r}")
        if len(elements) > 1:
            places = "; ".join(self._place(element) for element in elements)
            raise RegionError(
                f"region {marker.name!r}: the {kind} {name!r} is there {len(elements)} times ({places}); "
                "remove all but one",
                region=marker.name,
            )
        return elements[0] if elements else None

    def _outside_extensions(self, marker: Marker, elements: list[Element], what: str) -> list[Element]:
        """Exclude elements inside an ADF extension, because it contains its text twice."""
        outside = [each for each in elements if all(up.name != "ac:adf-extension" for up in each.ancestors())]
        if elements and not outside:
            raise RegionError(
                f"region {marker.name!r}: the {what} is in a panel of the new editor "
                f"({self._place(elements[0])}), which the bot cannot edit; move it out",
                region=marker.name,
            )
        return outside

    def _refuse_nesting(self, region: Region) -> None:
        name, own = region.marker.name, {region.marker.id, *_anchor_names(region.marker.id)}
        for other, span in self._other_markers(own):
            if region.span.contains(span) or span.contains(region.span):
                raise RegionError(
                    f"region {name!r} and the marker {other!r} ({line_and_column(self._tree.source, span.start)}) "
                    "are inside each other; move one out of the other",
                    region=name,
                )

    def _other_markers(self, own: set[str]) -> Iterator[tuple[str, Span]]:
        """Yield the blocks, the anchors, and the spans between pairs of anchors, of all other regions."""
        for name, elements in [*self._blocks.items(), *self._anchors.items()]:
            if name not in own:
                yield from ((name, element.span) for element in elements)
        for begin, elements in self._anchors.items():
            end = begin.removesuffix("-begin") + "-end"
            if begin not in own and end in self._anchors and begin != end:
                yield begin, Span(elements[0].span.start, self._anchors[end][-1].span.end)


def _anchor_names(marker_id: str) -> tuple[str, str]:
    return f"{marker_id}-begin", f"{marker_id}-end"


def _end_of_section(heading: Element) -> int:
    assert heading.parent is not None  # noqa: S101 -- only the root has none
    level = HEADINGS[heading.name]
    for sibling in heading.parent.children:
        if sibling.span.start < heading.span.end:
            continue
        if any(each.name in HEADINGS and HEADINGS[each.name] <= level for each in (sibling, *sibling.elements())):
            return sibling.span.start
    return heading.parent.inner.end

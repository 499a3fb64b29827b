"""Insert a new region at a given place of a page; all other bytes are unchanged."""

import re

from bot.errors import RegionError
from bot.splice import Span, splice
from bot.storage.macros import HEADINGS, collapse, iter_content
from bot.storage.markers import Marker, MarkerKind, render_marked
from bot.storage.outline import read_outline
from bot.storage.place import Place, Side
from bot.storage.reader import Document, Element, line_and_column
from bot.storage.regions import find_headings, find_region, why_not_details

_PLACES = frozenset({*HEADINGS, "ac:layout", "ac:layout-cell"})
_STAYS_FIRST = re.compile(r"(?:\ufeff|<\?.*?\?>)*+", re.DOTALL)
"""An XML declaration, another instruction, or a byte order mark."""


def list_headings(body: str) -> tuple[str, ...]:
    """Return the headings that a new region can be placed next to: they occur exactly once and are not in a block."""
    tree = read_outline(body, frozenset(HEADINGS))
    headings = [each for each in iter_content(tree) if each.name in HEADINGS]
    texts = [collapse(each.text) for each in headings]
    return tuple(
        text
        for each, text in zip(headings, texts, strict=True)
        if text and texts.count(text) == 1 and why_not_details(each.parent) is None
    )


def insert_region(body: str, marker: Marker, content: str, place: Place) -> str:
    """Return *body* with a new region. Raises `RegionError` if the region exists or is not allowed at this place."""
    if find_region(body, marker) is not None:
        raise RegionError(f"region {marker.name!r} is on the page already", region=marker.name)
    tree = read_outline(body, _PLACES)
    spot, parent = _find_spot(tree, marker, place)
    obstacle = why_not_details(parent) if marker.kind is MarkerKind.DETAILS else None
    if obstacle is not None:
        raise RegionError(
            f"region {marker.name!r} cannot be placed in {obstacle}: a Page Properties block belongs on the page "
            "itself or in a layout cell; choose another place",
            region=marker.name,
        )
    result = _insert(body, spot, parent, render_marked(marker, content))
    region = find_region(result, marker)
    if region is None or region.text(result) != content:
        raise RegionError(
            f"region {marker.name!r} would include adjacent content there; choose another place or another marker",
            region=marker.name,
        )
    return result


def _find_spot(tree: Document, marker: Marker, place: Place) -> tuple[int, Element]:
    """Return the offset of a place, and the element that contains the place."""
    if place.heading is not None:
        return _beside_heading(tree, marker, place.heading, place.side)
    cells = [each for each in iter_content(tree) if each.name == "ac:layout-cell"]
    at_start = place.side is Side.START
    if place.cell is not None:
        if place.cell > len(cells):
            raise RegionError(
                f"region {marker.name!r} belongs in layout cell {place.cell}, but the page has {len(cells)}",
                region=marker.name,
            )
        return _edge(tree.source, cells[place.cell - 1], at_start=at_start)
    if any(each.name == "ac:layout" for each in tree.root.children) and cells:
        return _edge(tree.source, cells[0 if at_start else -1], at_start=at_start)
    return _edge(tree.source, tree.root, at_start=at_start)


def _edge(body: str, element: Element, *, at_start: bool) -> tuple[int, Element]:
    if not at_start:
        return element.inner.end, element
    first = _STAYS_FIRST.match(body, *element.inner)
    return element.inner.start if first is None else first.end(), element


def _beside_heading(tree: Document, marker: Marker, text: str, side: Side) -> tuple[int, Element]:
    headings = find_headings(tree, text)
    if len(headings) != 1:
        places = "; ".join(line_and_column(tree.source, each.span.start) for each in headings)
        raise RegionError(
            f"region {marker.name!r} belongs {side} the heading {text!r}, of which the page has "
            f"{len(headings) or 'none'}{f' ({places})' if places else ''}; choose another place",
            region=marker.name,
        )
    heading = headings[0]
    assert heading.parent is not None  # noqa: S101 -- only the root has none
    return heading.span.start if side is Side.BEFORE else heading.span.end, heading.parent


def _insert(body: str, spot: int, parent: Element, markup: str) -> str:
    if parent.parent is not None and parent.inner.start == parent.span.end:  # expand <ac:layout-cell /> first
        opened = re.sub(r"\s*/>$", ">", parent.span.of(body))
        return splice(body, {parent.span: f"{opened}{markup}</{parent.name}>"})
    return splice(body, {Span(spot, spot): markup})

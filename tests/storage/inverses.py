"""For tests only: a page without a region or without comment markers, and the short address of a page."""

import base64

from bot.errors import RegionError
from bot.splice import Span, splice
from bot.storage.macros import collapse, iter_content
from bot.storage.markers import Marker, MarkerKind
from bot.storage.reader import Element, Text, read_strictly
from bot.storage.regions import Region, find_region, line_of


def remove_region(body: str, marker: Marker, *, keep_content: bool) -> str:
    """Return *body* without the region's markers, and without its content unless that is kept.

    A heading is content of its page as much as a marker: with *keep_content* such a region stays as it is. What a
    person typed on the line of an anchor stays in any case. Raises `RegionError` where there is no such region.
    """
    region = find_region(body, marker)
    if region is None:
        raise RegionError(f"region {marker.name!r} is not on the page", region=marker.name)
    match region.marker.kind:
        case MarkerKind.DETAILS:
            return splice(body, {region.span: region.text(body) if keep_content else ""})
        case MarkerKind.ANCHORS:
            return splice(body, dict.fromkeys(_to_cut(body, region, keep_content=keep_content), ""))
        case MarkerKind.HEADING:
            return body if keep_content else splice(body, {region.span: ""})


def _to_cut(body: str, region: Region, *, keep_content: bool) -> list[Span]:
    """Return what goes when the anchors of *region* go: each line that contains nothing else, or its anchor."""
    outer = (Span(region.span.start, region.content.start), Span(region.content.end, region.span.end))
    cuts = [] if keep_content else [region.content]
    for anchor in (each for each in iter_content(read_strictly(body)) if each.attributes.get("ac:name") == "anchor"):
        if any(line.contains(anchor.span) for line in outer) and collapse(anchor.text).startswith(
            f"{region.marker.id}-"
        ):
            line = line_of(anchor)
            alone = all(each is anchor or anchor.span.contains(each.span) for each in _leaves(line))
            cuts.append(line.span if alone else anchor.span)
    return cuts


def _leaves(line: Element) -> list[Element | Text]:
    """Return what a reader would see on a line: its words, images, macros."""
    return [
        node
        for node in line.walk()
        if (isinstance(node, Text) and node.is_visible and node.value.strip())
        or (isinstance(node, Element) and node.name.startswith("ac:") and node.name != "ac:inline-comment-marker")
    ]


def strip_inline_comments(fragment: str) -> str:
    """Return *fragment* without inline-comment markers; what they wrap stays. Raises `MalformedBodyError`."""
    tags: dict[Span, str] = {}
    for element in read_strictly(fragment).elements():
        if element.name == "ac:inline-comment-marker":
            tags[Span(element.span.start, element.inner.start)] = ""
            tags[Span(element.inner.end, element.span.end)] = ""
    return splice(fragment, tags)


def tiny_address(base_url: str, page_id: str) -> str:
    """Return the short address of a page, as the wiki builds it for its share button."""
    code = base64.b64encode(int(page_id).to_bytes(8, "little").rstrip(b"\0")).decode().rstrip("=").rstrip("A")
    return f"{base_url.rstrip('/')}/x/{code.replace('/', '-').replace('+', '_')}"

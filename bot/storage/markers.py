"""How a region is marked on a page, and the markup of a new region.

There are three kinds of marker:

- DETAILS: a Page Properties macro (`details`) whose parameter `id` is `wikibot-NAME`. Its rich-text body is the region.
- ANCHORS: the anchors `wikibot-NAME-begin` and `wikibot-NAME-end`, each on its own line, with the same parent. The
  region is what is between the two lines. Text that a person types on one of the two lines is outside the region and
  stays.
- HEADING: no markup. The region starts at a heading with a given text and ends at the next heading of the same or a
  higher level, or at the end of the heading's parent. A block that contains such a heading also ends the region.

If the page has DETAILS markers and the settings say ANCHORS, or the reverse, the markers on the page are used; the
settings only decide how a new region is marked. Both kinds at once, or markers in addition to a HEADING region, are an
error.

In an id, each `_` of the region name is written as `-`. Markers inside CDATA, a comment, a placeholder, or the fallback
copy of an ADF extension are ignored.
"""

import re
from dataclasses import dataclass
from enum import StrEnum
from html import escape

from bot.errors import RegionError
from bot.storage.macros import find_parameter, find_rich_text_body, iter_content, macro_name
from bot.storage.reader import Document

_PANELS = {"info", "note", "tip", "warning", "panel"}  # macros in storage format, but plain blocks to the editors
_ANCHOR_MARKER = re.compile(r"wikibot-[a-z0-9-]+-(begin|end)")

BODY_OPEN, BODY_CLOSE = "<ac:rich-text-body>", "</ac:rich-text-body>"


class MarkerKind(StrEnum):
    """How a region is marked on a page."""

    DETAILS = "details"
    ANCHORS = "anchors"
    HEADING = "heading"


@dataclass(frozen=True, slots=True)
class Marker:
    """The marker of region *name*; *heading* is the text of its heading, *heading_level* the level of a new heading."""

    name: str
    kind: MarkerKind = MarkerKind.DETAILS
    heading: str | None = None
    heading_level: int = 2

    def __post_init__(self) -> None:
        if not re.fullmatch(r"[a-z0-9][a-z0-9_-]*", self.name):
            raise RegionError(
                f"{self.name!r} cannot name a region; use small letters, digits, _ and -", region=self.name
            )
        if self.kind is MarkerKind.HEADING and not (self.heading and self.heading.strip()):
            raise RegionError(
                f"region {self.name!r} is marked by a heading, but its text is not given", region=self.name
            )

    @property
    def id(self) -> str:
        """The id of the Page Properties macro, and the prefix of the anchor names."""
        return f"wikibot-{self.name.replace('_', '-')}"


def render_marked(marker: Marker, content: str) -> str:
    """Return the markup of a new region with *content*."""
    match marker.kind:
        case MarkerKind.DETAILS:
            return (
                f'<ac:structured-macro ac:name="details"><ac:parameter ac:name="id">{marker.id}</ac:parameter>'
                f"{BODY_OPEN}{content}{BODY_CLOSE}</ac:structured-macro>"
            )
        case MarkerKind.ANCHORS:
            return f"{_anchor_line(marker, 'begin')}{content}{_anchor_line(marker, 'end')}"
        case MarkerKind.HEADING:
            tag = f"h{marker.heading_level}"
            return f"<{tag}>{escape(marker.heading or '', quote=False)}</{tag}>{content}"


def _anchor_line(marker: Marker, end: str) -> str:
    return (
        '<p><ac:structured-macro ac:name="anchor">'
        f'<ac:parameter ac:name="">{marker.id}-{end}</ac:parameter></ac:structured-macro></p>'
    )


def find_misfit(content: Document) -> str | None:
    """Return a description of the first thing in *content* that a region may not contain, or None.

    The editors of Confluence treat a Page Properties macro as a bodied extension: paragraphs, lists, tables, headings,
    code and panels are allowed in it. An expand, a layout or another bodied extension is not allowed, and the editor
    refuses the page.
    """
    for element in iter_content(content):
        if element.name == "ac:layout":
            return "a layout"
        name = macro_name(element)
        if name is None:
            continue
        if name == "anchor" and _ANCHOR_MARKER.fullmatch(find_parameter(element, "") or ""):
            return f"the marker {find_parameter(element, '')!r}"
        if name == "expand" or (find_rich_text_body(element) and name not in _PANELS):
            return f"the macro {name!r} with a body"
    return None

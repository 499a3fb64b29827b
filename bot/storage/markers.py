"""How a region is told from the rest of the page, and the markup of a new one.

There are three ways:

- DETAILS: a Page Properties macro (`details`) whose parameter `id` is `wikibot-NAME`. Its rich-text body is the region.
- ANCHORS: the anchors `wikibot-NAME-begin` and `wikibot-NAME-end`, each on a line of its own, under one parent. What
  lies between the two lines is the region. The lines themselves are not: what a person types on one of them stays.
- HEADING: no markup. From a heading with a given text to the next heading of its level or above, or to the end of
  what the heading stands in. A block that holds such a heading ends the region too.

A page that bears the other of the first two ways than the settings state is taken as it is: the stated way is how a
new region is marked. Both ways at once, or markers beside a heading region, are refused.

In an id, `_` of a region's name is written `-`. Markers spelled in CDATA, in a comment, in a placeholder, or in the
copy that an ADF extension keeps for old readers are not markers.
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
    """How a region is told from the rest of the page."""

    DETAILS = "details"
    ANCHORS = "anchors"
    HEADING = "heading"


@dataclass(frozen=True, slots=True)
class Marker:
    """How the region *name* is marked; *heading* is its heading's text, *heading_level* that of a new one."""

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
        """The id of the Page Properties macro, and what the anchors' names begin with."""
        return f"wikibot-{self.name.replace('_', '-')}"


def render_marked(marker: Marker, content: str) -> str:
    """Return the markup of a new region that holds *content*."""
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
    """Name the first thing in *content* that the text of a region may not hold; None when all is allowed.

    A Page Properties block is what Confluence's editors call a bodied extension: paragraphs, lists, tables, headings,
    code and panels are allowed in one; an expand, a layout or another such block is not, and the editor refuses the
    page.
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

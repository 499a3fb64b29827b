"""What the text of a region may not hold, so that its page can still be edited and its markers be told apart.

A Page Properties block is what Confluence's editors call a bodied extension: paragraphs, lists, tables, headings, code
and panels may stand in one; an expand, a layout or another such block may not, and the editor refuses the page.
"""

import re

from bot.storage.macros import find_parameter, find_rich_text_body, iter_content, macro_name
from bot.storage.reader import Document

_PANELS = {"info", "note", "tip", "warning", "panel"}  # macros in storage format, but plain blocks to the editors
_ANCHOR_MARKER = re.compile(r"wikibot-[a-z0-9-]+-(begin|end)")


def find_misfit(content: Document) -> str | None:
    """Name the first thing in *content* that the text of a region may not hold; None when all fits."""
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

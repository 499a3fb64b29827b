"""The notice of a region: a last line that says who keeps the region, and where to change it.

An anchor in the line marks it, so that it is recognised after people changed its words. It is no content: it is ignored
when texts are compared, and adoption does not read it.
"""

import re

from bot.splice import Span, splice
from bot.storage.macros import find_parameter, macro_name
from bot.storage.reader import Element, read_leniently

_NAME = re.compile(r"wikibot-[a-z0-9-]+-notice")
_SUFFIX = "-notice"
_MAX_DEPTH = 200


def notice_anchor(region: str) -> str:
    """Return the name of the anchor in the notice of *region*."""
    return f"wikibot-{region.replace('_', '-')}{_SUFFIX}"


def is_notice_anchor(name: str) -> bool:
    """Return whether *name* is that of an anchor in a notice."""
    return _NAME.fullmatch(name) is not None


def without_notice(fragment: str) -> str:
    """Return *fragment* without the lines that are notices; all other bytes are unchanged."""
    if _SUFFIX not in fragment:
        return fragment
    root = read_leniently(fragment, max_depth=_MAX_DEPTH).root
    anchors = (each for each in root.elements() if macro_name(each) == "anchor")
    lines: dict[Span, str] = {
        _line_of(each).span: "" for each in anchors if is_notice_anchor(find_parameter(each, "") or "")
    }
    return splice(fragment, lines)


def _line_of(anchor: Element) -> Element:
    """Return the paragraph around *anchor*, or *anchor* itself."""
    return next((each for each in anchor.ancestors() if each.name == "p"), anchor)

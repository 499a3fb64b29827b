"""Merge two changes to one body, if they do not affect the same place."""

import re
from collections.abc import Sequence
from typing import Final

from wikiserver.editor.sequences import differences
from wikiserver.storage_tree import BadBody, parse

# A place ends at the end of a paragraph, item, cell or macro.
_PLACES: Final = re.compile(r".*?(?:</(?:p|li|h[1-6]|td|th|tr|ul|ol|table|blockquote|ac:[\w-]+)>|/>|\Z)", re.DOTALL)

_Change = tuple[int, int, str]


def merge(base: str, mine: str, theirs: str) -> str | None:
    """Return *base* with both changes; None if they affect the same place or the result would be malformed."""
    places = _PLACES.findall(base)
    changes = sorted([*_changes(places, mine), *_changes(places, theirs)])
    pieces: list[str] = []
    cursor = 0
    last: _Change | None = None
    for change in changes:
        if change == last:
            continue  # both changes are equal
        if last is not None and _touch(last, change):
            return None
        start, end, text = change
        pieces += [*places[cursor:start], text]
        cursor, last = end, change
    merged = "".join([*pieces, *places[cursor:]])
    try:
        parse(merged)
    except BadBody:
        return None
    return merged


def _touch(one: _Change, following: _Change) -> bool:
    """Return whether two changes overlap, or both insert at one position, so that their order is undefined."""
    are_insertions = one[0] == one[1] == following[0] == following[1]
    return following[0] < one[1] or are_insertions


def _changes(places: Sequence[str], changed: str) -> list[_Change]:
    after = _PLACES.findall(changed)
    return [
        (start, end, "".join(after[new_start:new_end])) for start, end, new_start, new_end in differences(places, after)
    ]

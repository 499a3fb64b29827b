"""Lines of the banner and links that the page does not show now, because they are scheduled or expired (pure).

A merge sees only what the page shows. These functions put the other entries back where they are in the data file.
"""

import datetime as dt
from collections.abc import Sequence
from typing import TypeVar

from bot.adopt.values import Value
from bot.config.data_model import QuickLink, QuickLinks, StatusBanner, StatusLine
from bot.config.link_choice import target_of
from bot.config.news_selection import is_shown

_Entry = TypeVar("_Entry", StatusLine, QuickLink)


def with_hidden(merged: Value, base: Value, now: dt.datetime) -> Value:
    """Return *merged* with the entries of *base* that are not shown at *now*, each after the entry that it followed."""
    if isinstance(merged, StatusBanner) and isinstance(base, StatusBanner):
        return merged.model_copy(update={"lines": _put_back(merged.lines, base.lines, now)})
    if isinstance(merged, QuickLinks) and isinstance(base, QuickLinks):
        return merged.model_copy(update={"links": _put_back_links(merged.links, base.links, now)})
    return merged


def _put_back_links(merged: Sequence[QuickLink], base: Sequence[QuickLink], now: dt.datetime) -> tuple[QuickLink, ...]:
    below = list(merged)
    shown = [link for link in base if is_shown(link, now)]
    for number, link in enumerate(shown):
        position = _find_partner(merged, link, number, is_whole=len(shown) == len(merged))
        if position is not None and link.links:
            links = _put_back_links(below[position].links, link.links, now)
            below[position] = below[position].model_copy(update={"links": links})
    return _put_back(below, base, now)


def _put_back(merged: Sequence[_Entry], base: Sequence[_Entry], now: dt.datetime) -> tuple[_Entry, ...]:
    shown_count = sum(is_shown(entry, now) for entry in base)
    found, at, seen, added = list(merged), 0, 0, 0
    for entry in base:
        if not is_shown(entry, now):
            found.insert(at, entry)
            at, added = at + 1, added + 1
            continue
        position = _find_partner(found, entry, seen + added, is_whole=shown_count == len(merged))
        seen += 1
        at = at if position is None else position + 1
    return tuple(found)


def _find_partner(entries: Sequence[_Entry], wanted: _Entry, number: int, *, is_whole: bool) -> int | None:
    """Return the position of *wanted* among the merged entries; with *is_whole*, at least the same place counts."""
    key = _key(wanted)
    found = next((position for position, entry in enumerate(entries) if _key(entry) == key), None)
    return number if found is None and is_whole else found


def _key(entry: StatusLine | QuickLink) -> tuple[object, ...]:
    if isinstance(entry, QuickLink):
        return entry.name, target_of(entry)
    return entry.icon, entry.lozenge, entry.text, entry.label

"""Merge a region entry by entry: what the page says, what the data file says, and what the bot wrote last (pure).

`merge` decides how the entries of the page are written in the data file. This module decides first which side has the
newer wording of each entry, so that neither a correction on the page nor a new entry of the data file is lost.
"""

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass

from bot.adopt.data_targets import Pages
from bot.adopt.merge import line_content, link_identity, merge, reread_line, respell, with_links_below
from bot.adopt.three_way import compare
from bot.adopt.values import Value
from bot.config.data_model import News, NewsItem, QuickLink, QuickLinks, StatusBanner, StatusLine
from bot.config.news_selection import shown_news

Entry = StatusLine | QuickLink | NewsItem
_UNSEEN = ("id", "publish_at", "expires_at", "pinned")
"""The fields of a news item that the page does not show."""


@dataclass(frozen=True, slots=True)
class Clash:
    """An entry with one new wording on the page and another in the data file."""

    page: str
    file: str


@dataclass(frozen=True, slots=True)
class MergedRegion:
    """A merged value; *removed* are the entries that people removed from the page."""

    value: Value
    clashes: tuple[Clash, ...] = ()
    removed: tuple[str, ...] = ()


def merge_entries(
    read: Value,
    base: Value,
    last: Value | None,
    pages: Pages,
    *,
    now: dt.datetime,
    zone: dt.tzinfo = dt.UTC,
    prefers_file: bool = False,
) -> MergedRegion:
    """Merge *read* from the page with *base* from the data file; *last* is what the bot wrote last, if that is known.

    A wording that is new on one side is taken, and a new entry of either side is preserved. In a clash the wording of
    the page is taken, or with *prefers_file* that of the data file.
    """
    on_page, in_file = list(_entries(read)), list(_entries(base))
    shown = shown_news(base, now) if isinstance(base, News) else in_file
    visible = [number for number, entry in enumerate(in_file) if entry in shown]
    file_words = [_words(in_file[number], pages, is_read=False) for number in visible]
    page_words = [_words(entry, pages) for entry in on_page]
    found = compare(
        page_words, file_words, None if last is None else [_words(entry, pages) for entry in _entries(last)]
    )
    newer_on_page = found.from_page | ({} if prefers_file else found.clashes)
    newer_in_file = found.from_file | (found.clashes if prefers_file else {})
    for here, there in newer_on_page.items():
        in_file[visible[there]] = _reworded(in_file[visible[there]], on_page[here])
    for here, there in newer_in_file.items():
        on_page[here] = in_file[visible[there]]
    unpublished = {visible[there] for there in found.unpublished}
    page_side = _with(read, [entry for here, entry in enumerate(on_page) if here not in found.gone])
    file_side = _with(base, [entry for there, entry in enumerate(in_file) if there not in unpublished])
    merged = merge(page_side, file_side, pages, now=now, zone=zone)
    return MergedRegion(
        _with(merged, _put_in(list(_entries(merged)), in_file, unpublished)),
        tuple(Clash(page_words[here], file_words[there]) for here, there in found.clashes.items()),
        tuple(file_words[there] for there in found.removed),
    )


def _entries(value: Value) -> Sequence[Entry]:
    match value:
        case StatusBanner():
            return value.lines
        case QuickLinks():
            return value.links
        case News():
            return value.items


def _with(value: Value, entries: Sequence[Entry]) -> Value:
    match value:
        case StatusBanner():
            return value.model_copy(update={"lines": tuple(entries)})
        case QuickLinks():
            return value.model_copy(update={"links": tuple(entries)})
        case News():
            return value.model_copy(update={"items": tuple(entries)})


def _words(entry: Entry, pages: Pages, *, is_read: bool = True) -> str:
    """Return what *entry* says; an entry of the data file is spelled as it would be read back from the page."""
    match entry:
        case StatusLine():
            content = line_content(entry) if is_read else reread_line(entry, pages)
            return " ".join(str(part) for part in content if part)
        case QuickLink():
            links = (link_identity(link, pages) for link in with_links_below((entry,)))
            return " / ".join(f"{text} ({target})" if target else text for text, target in links)
        case NewsItem():
            return entry.text if is_read else respell(entry.text, pages)


def _reworded(entry: Entry, new: Entry) -> Entry:
    """Return what *new* says, with what the page does not show of *entry*."""
    if isinstance(entry, NewsItem) and isinstance(new, NewsItem):
        unseen = {name: getattr(entry, name) for name in _UNSEEN}
        return new.model_copy(update=unseen | {"date": new.date or entry.date})
    return new


def _put_in(merged: list[Entry], in_file: Sequence[Entry], unpublished: set[int]) -> list[Entry]:
    """Put the unpublished entries of the data file back, each after the entry that it follows in the data file."""
    for number in sorted(unpublished):
        before = next((entry for entry in reversed(in_file[:number]) if _find(merged, entry) is not None), None)
        place = None if before is None else _find(merged, before)
        merged.insert(0 if place is None else place + 1, in_file[number])
    return merged


def _find(entries: Sequence[Entry], wanted: Entry) -> int | None:
    for number, entry in enumerate(entries):
        if entry == wanted or (isinstance(entry, NewsItem) and isinstance(wanted, NewsItem) and entry.id == wanted.id):
            return number
    return None

"""Merge the value that was read from a live region with the value in the data file (pure).

A page shows only part of the data file. Ids, times, items that are not shown now, the spelling of a text and the name
of a page are not visible. The merge preserves all of these for content that is still on the page.
"""

import datetime as dt
import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from difflib import SequenceMatcher
from itertools import zip_longest
from typing import TypeAlias

from pydantic import BaseModel, ValidationError

from bot import inline
from bot.adopt.data_targets import CannotSayError, LinkTarget, Pages, page_of, read_address
from bot.adopt.hidden_entries import with_hidden
from bot.adopt.phrase_markdown import to_markdown
from bot.adopt.phrases import Context, read_phrases
from bot.adopt.status_values import status_line
from bot.adopt.values import Value
from bot.config.data_model import (
    News,
    NewsItem,
    QuickLink,
    QuickLinks,
    StatusBanner,
    StatusLine,
    iter_markdown,
)
from bot.config.news_selection import day_of, older_news, shown_news, shown_part
from bot.inline import PageTarget
from bot.item_id import make_id
from bot.render import print_day
from bot.storage.reader import read_strictly
from bot.sync.data_links import LinkKind

_ALIKE = 0.6
_KnownLinks: TypeAlias = defaultdict[tuple[str, PageTarget | LinkTarget | None], list[QuickLink]]
_MERGED_FIELDS = ("lines", "links", "items", "older", "show", "dates", "heading", "heading_level")
"""The fields of a region that are merged one by one; all others are taken as the page has them."""


def merge(read: Value, base: Value, pages: Pages, *, now: dt.datetime, zone: dt.tzinfo = dt.UTC) -> Value:
    """Return the merged value: *read* from the page, completed from *base* with what the page does not show.

    The page was rendered at *now*, with days in the time zone *zone*.
    """
    merged = _merge_shown(read, shown_part(base, now), pages, now, zone)
    return with_hidden(merged, base, now)


def _merge_shown(read: Value, base: Value, pages: Pages, now: dt.datetime, zone: dt.tzinfo) -> Value:
    match read, base:
        case StatusBanner(), StatusBanner():
            lines = tuple(_merge_line(line, base.lines, pages) for line in read.lines)
            return base.model_copy(update=_title(read, base, pages) | {"lines": lines})
        case QuickLinks(), QuickLinks():
            known: _KnownLinks = defaultdict(list)
            for link in with_links_below(base.links):
                known[link_identity(link, pages)].append(link)
            links = tuple(_merge_link(link, known, pages) for link in read.links)
            return base.model_copy(update=_title(read, base, pages) | {"links": links})
        case News(), News():
            return _merge_news(read, base, pages, now, zone)
        case _:
            return read


def learn_references(base: Value, pages: Pages) -> None:
    """Register the page references of *base* in *pages*, so that the same references are used again."""
    for reference in _page_references(base):
        pages.find_target(reference)


def _page_references(value: Value) -> Iterator[str]:
    if isinstance(value, QuickLinks):
        yield from (link.page for link in with_links_below(value.links) if link.page is not None)
    prefix = f"{LinkKind.PAGE}:"
    destinations = (each for text, _ in iter_markdown(value) for each in inline.link_destinations(text))
    yield from (each.removeprefix(prefix) for each in destinations if each.startswith(prefix))


def _title(read: Value, base: Value, pages: Pages) -> dict[str, object]:
    """Return heading and layout of *read*; what the page does not show is left as *base* has it."""
    level = base.heading_level if read.heading is None else read.heading_level
    shown = {name: getattr(read, name) for name in sorted(read.model_fields_set) if name not in _MERGED_FIELDS}
    if not isinstance(base, StatusBanner) and not isinstance(read, StatusBanner):
        shown["intro"] = _spelled_as(base.intro, read.intro, pages)
    return shown | {"heading": read.heading, "heading_level": level}


def plain_blanks(text: str) -> str:
    """Return *text* with normal blanks; the editor of Data Center makes some of them hard."""
    return text.replace("\u00a0", " ")


def respell(markdown: str, pages: Pages) -> str:
    """Return *markdown* as it is read back from the page after rendering."""
    fragment = inline.to_storage(markdown, pages)
    context = Context(pages)
    try:
        return to_markdown(read_phrases(read_strictly(fragment).root.nodes, context), context)
    except CannotSayError:
        return markdown


def _spelled_as(old: str | None, new: str | None, pages: Pages) -> str | None:
    """Return *old* if it renders as *new*, else *new*."""
    if old is None or new is None:
        return new
    if plain_blanks(old) == plain_blanks(new):
        return old
    edges = (old[:1].isspace(), old[-1:].isspace()) == (new[:1].isspace(), new[-1:].isspace())
    return old if edges and plain_blanks(respell(old, pages)) == plain_blanks(new).strip() else new


def _cells_as(old: BaseModel, new: BaseModel, pages: Pages) -> dict[str, object]:
    """Return the cells of *new*, each in the spelling of *old* if it renders the same."""
    return {
        name: tuple(
            before if before and after and _spelled_as(before.strip(), after, pages) == before.strip() else after
            for before, after in zip_longest(getattr(old, name, ())[: len(cells)], cells)
        )
        for name in ("cells_before", "cells")
        if isinstance(cells := getattr(new, name, None), tuple)
    }


def _merge_line(line: StatusLine, known: Iterable[StatusLine], pages: Pages) -> StatusLine:
    shown = line_content(line)
    same = [each for each in known if shown in (line_content(each), reread_line(each, pages))]
    merged = [
        old.model_copy(
            update={
                "label": _spelled_as(old.label, line.label, pages),
                "highlight": line.highlight,
                **_cells_as(old, line, pages),
            }
        )
        for old in same
    ]
    # Of lines with the same words, the one with the same label and cells is meant.
    untouched = (new for old, new in zip(same, merged, strict=True) if (new.label, new.cells) == (old.label, old.cells))
    return next(untouched, merged[0] if merged else line)


def line_content(line: StatusLine) -> tuple[object, ...]:
    """Return what a status line says, without its label and its cells."""
    return line.icon, line.lozenge, line.colour, line.text and plain_blanks(line.text)


def reread_line(line: StatusLine, pages: Pages) -> tuple[object, ...]:
    """Return the content of *line* as it is read back from the page after rendering."""
    text = f"[{line.text}](colour:{line.colour})" if line.colour and line.text else line.text
    icon = f":{line.icon}:" if line.icon else ""
    lozenge = f"[{inline.escape(line.lozenge.text)}](status:{line.lozenge.colour})" if line.lozenge else ""
    markdown = " ".join(filter(None, (icon, lozenge, text)))
    context = Context(pages)
    try:
        phrases = read_phrases(read_strictly(inline.to_storage(markdown, pages)).root.nodes, context)
        return line_content(StatusLine.model_validate(status_line(phrases, context)))
    except (CannotSayError, ValidationError):
        return line_content(line)


def with_links_below(links: Iterable[QuickLink]) -> Iterable[QuickLink]:
    """Yield the links and all links below them."""
    for link in links:
        yield link
        yield from with_links_below(link.links)


def link_identity(link: QuickLink, pages: Pages) -> tuple[str, PageTarget | LinkTarget | None]:
    """Return the key that identifies a link: its text as shown on the page, and its target."""
    text = re.sub(r"[ \t\r\n\u00a0]+", " ", link.name).strip()
    if link.page is not None:
        return text, page_of(LinkTarget(LinkKind.PAGE, link.page), pages)
    if link.attachment is not None:
        return text, LinkTarget(LinkKind.ATTACHMENT, link.attachment)
    if link.url is not None:
        return text, page_of(read_address(link.url, pages), pages)
    return text, None


def _merge_link(link: QuickLink, known: _KnownLinks, pages: Pages) -> QuickLink:
    """Return *link* with what the page does not show; of several links with one text and target, the next in order."""
    same = known[link_identity(link, pages)]
    old = same.pop(0) if len(same) > 1 else next(iter(same), None)
    below = tuple(_merge_link(each, known, pages) for each in link.links)
    if old is None:
        return link.model_copy(update={"links": below})
    seen = {name: getattr(link, name) for name in ("image", "card", "colour")}
    words = {
        name: _spelled_as(getattr(old, name), getattr(link, name), pages)
        for name in ("group", "remark_before", "remark")
    }
    return old.model_copy(update=seen | words | _cells_as(old, link, pages) | {"links": below})


def _merge_news(read: News, base: News, pages: Pages, now: dt.datetime, zone: dt.tzinfo) -> News:
    read = _as_printed(read, base)
    shown = shown_news(base, now)
    dates = base.dates if read.dates == "hidden" else read.dates
    seen: list[NewsItem] = []
    taken = {item.id for item in base.items}
    for item, old in zip(read.items, _match(read.items, shown, pages), strict=True):
        day = item.date if dates == read.dates else None
        if old is None:
            seen.append(item.model_copy(update={"id": make_id(item.text, taken), "date": day}))
        else:
            text = old.text if plain_blanks(item.text) == plain_blanks(respell(old.text, pages)) else item.text
            group = _spelled_as(old.group, item.group, pages)
            parts = {"text": text, "group": group, "items": item.items} | _cells_as(old, item, pages)
            seen.append(_with_day(old.model_copy(update=parts), day, dates, zone))
        taken.add(seen[-1].id)
    title = _title(read, base, pages) | {"dates": dates, "older": _merge_older(read, base, pages, now)}
    for items, wanted in _arrange(seen, shown, older_news(base, now), base.items):
        for show in (base.show, len(wanted) or None):
            merged = base.model_copy(update=title | {"items": items, "show": show})
            if shown_news(merged, now) == wanted:
                return merged
    return merged


def _with_day(item: NewsItem, day: dt.date | None, dates: str, zone: dt.tzinfo) -> NewsItem:
    """Return *item*, changed if necessary so that the template renders *day*."""
    printed = day_of(item, zone) if dates == "by_day" else item.date
    if dates == "hidden" or printed == day:
        return item
    if day is None:
        return item.model_copy(update={"date": None, "publish_at": None})  # the item is published already
    return item.model_copy(update={"date": day})


def _merge_older(read: News, base: News, pages: Pages, now: dt.datetime) -> str | None:
    """Return the page of the older news; the home page links to that page only while there are older items."""
    if read.older is None:
        return None if older_news(base, now) else base.older
    known = base.older is not None and page_of(LinkTarget(LinkKind.PAGE, base.older), pages)
    return base.older if known == page_of(LinkTarget(LinkKind.PAGE, read.older), pages) else read.older


def _as_printed(read: News, base: News) -> News:
    """Return *read* with the days moved back into the texts, if the template of *base* does not print them there."""
    if read.dates != "before" or base.dates == "before":
        return read
    items = tuple(
        item.model_copy(update={"text": f"{print_day(item.date, read)}: {item.text}"}) if item.date else item
        for item in read.items
    )
    return read.model_copy(update={"items": items, "dates": "hidden"})


def _arrange(
    seen: list[NewsItem], shown: Sequence[NewsItem], older: Sequence[NewsItem], order: Sequence[NewsItem]
) -> Iterator[tuple[tuple[NewsItem, ...], tuple[NewsItem, ...]]]:
    """Yield candidate orders of the items for the file with the items that each order shows, smallest change first.

    First, each item keeps its position. Second, the items have the order of the page, with the older items below.
    Third, all items on the page are pinned, which is necessary if an older item is pinned.
    """
    hidden = [item for item in order if item not in shown]
    yield tuple(_in_place(seen, hidden, order)), tuple(seen)
    timed = [item for item in hidden if item not in older]
    unpinned = _unpin_out_of_order(seen)
    yield (*_weave(unpinned, timed, order), *older), tuple(unpinned)
    pinned = [item.model_copy(update={"pinned": True}) for item in seen]
    yield (*_weave(pinned, timed, order), *older), tuple(pinned)


def _in_place(seen: Sequence[NewsItem], hidden: Iterable[NewsItem], order: Sequence[NewsItem]) -> list[NewsItem]:
    """Keep the order of the file; insert each new item before the item that follows on the page."""
    kept = {item.id: item for item in (*seen, *hidden)}
    items = [kept.pop(item.id) for item in order if item.id in kept]
    below: NewsItem | None = None
    for item in reversed(seen):
        if item.id in kept:
            items.insert(len(items) if below is None else items.index(below), item)
        below = item
    return items


def _match(items: Sequence[NewsItem], shown: Sequence[NewsItem], pages: Pages) -> list[NewsItem | None]:
    """Return the previous item of each item that was read: first by equal text, then by similar text."""
    spelled = {old.id: plain_blanks(respell(old.text, pages)) for old in shown}
    left = {old.id: old for old in shown}
    matched: list[NewsItem | None] = [None] * len(items)
    for index, item in enumerate(items):
        text = plain_blanks(item.text)
        same = next((old for old in left.values() if text in (plain_blanks(old.text), spelled[old.id])), None)
        if same is not None:
            matched[index] = left.pop(same.id)
    for index, item in enumerate(items):
        if matched[index] is None and left:
            likeness = {key: SequenceMatcher(None, spelled[key].split(), item.text.split()).ratio() for key in left}
            best = max(likeness, key=lambda key: likeness[key])
            if likeness[best] >= _ALIKE:
                matched[index] = left.pop(best)
    return matched


def _unpin_out_of_order(items: list[NewsItem]) -> list[NewsItem]:
    """Unpin items that are below an unpinned item on the page."""
    kept: list[NewsItem] = []
    for item in items:
        may_be_pinned = all(each.pinned for each in kept)
        kept.append(item if may_be_pinned or not item.pinned else item.model_copy(update={"pinned": False}))
    return kept


def _weave(seen: Sequence[NewsItem], hidden: Iterable[NewsItem], order: Sequence[NewsItem]) -> list[NewsItem]:
    """Insert each of the *hidden* items before the item that follows in *order*, or at the end."""
    positions = {item.id: index for index, item in enumerate(order)}
    places: dict[str, list[NewsItem]] = {}
    tail: list[NewsItem] = []
    ids = [item.id for item in seen]
    for item in hidden:
        following = (other.id for other in order[positions[item.id] + 1 :] if other.id in ids)
        anchor = next(following, None)
        places.setdefault(anchor, []).append(item) if anchor else tail.append(item)
    woven: list[NewsItem] = []
    for item in seen:
        woven += [*places.get(item.id, ()), item]
    return woven + tail

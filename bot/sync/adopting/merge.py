"""What was read off a region, joined with what the data file knows beyond it (pure).

A page shows less than the data file holds: ids, moments, items not shown now, and which spelling of a text or name of
a page somebody chose. What the page still says keeps all of that.
"""

import datetime as dt
from collections.abc import Iterable, Sequence
from difflib import SequenceMatcher

from bot import inline
from bot.content.model import News, NewsItem, QuickLink, QuickLinks, StatusBanner, StatusLine
from bot.content.selection import shown_news
from bot.inline import PageTarget
from bot.storage_format.scan import scan
from bot.sync.adopting.markdown import to_markdown
from bot.sync.adopting.phrases import Context, read_phrases
from bot.sync.adopting.targets import CannotSayError, Pages, Target, page_of, read_address
from bot.sync.adopting.values import Value, make_id
from bot.sync.links import LinkKind

_ALIKE = 0.6


def merge(read: Value, base: Value, pages: Pages, *, now: dt.datetime) -> Value:
    """Return what the data file should say: what was *read* off the page, and of *base* what the page does not tell."""
    match read, base:
        case StatusBanner(), StatusBanner():
            lines = tuple(_merge_line(line, base.lines, pages) for line in read.lines)
            return base.model_copy(update=_title(read) | {"lines": lines})
        case QuickLinks(), QuickLinks():
            known = {_identity(link, pages): link for link in _all_links(base.links)}
            links = tuple(_merge_link(link, known, pages) for link in read.links)
            return base.model_copy(update=_title(read) | {"links": links})
        case News(), News():
            return _merge_news(read, base, pages, now)
        case _:
            return read


def _title(value: Value) -> dict[str, object]:
    return {"heading": value.heading, "heading_level": value.heading_level}


def _respell(markdown: str, pages: Pages) -> str:
    """Return *markdown* as it would be read off the page."""
    fragment = inline.to_storage(markdown, pages)
    context = Context(pages)
    try:
        return to_markdown(read_phrases(scan(fragment).root.nodes, context), context)
    except CannotSayError:
        return markdown


def _merge_line(line: StatusLine, known: Iterable[StatusLine], pages: Pages) -> StatusLine:
    same = (each for each in known if each.text == line.text or _respell(each.text, pages) == line.text)
    old = next(same, None)
    return line if old is None else StatusLine(icon=line.icon, text=old.text)


def _all_links(links: Iterable[QuickLink]) -> Iterable[QuickLink]:
    for link in links:
        yield link
        yield from _all_links(link.links)


def _identity(link: QuickLink, pages: Pages) -> tuple[str, PageTarget | Target | None]:
    if link.page is not None:
        return link.text, page_of(Target(LinkKind.PAGE, link.page), pages)
    if link.attachment is not None:
        return link.text, Target(LinkKind.ATTACHMENT, link.attachment)
    if link.url is not None:
        return link.text, page_of(read_address(link.url, pages), pages)
    return link.text, None


def _merge_link(
    link: QuickLink, known: dict[tuple[str, PageTarget | Target | None], QuickLink], pages: Pages
) -> QuickLink:
    old = known.get(_identity(link, pages))
    below = tuple(_merge_link(each, known, pages) for each in link.links)
    return (old or link).model_copy(update={"links": below})


def _merge_news(read: News, base: News, pages: Pages, now: dt.datetime) -> News:
    shown = shown_news(base, now)
    matched = _match(read.items, shown, pages)
    seen: list[NewsItem] = []
    taken = {item.id for item in base.items}
    for item, old in zip(read.items, matched, strict=True):
        seen.append(_merge_item(item, old, read, base, pages) if old else _with_new_id(item, taken))
        taken.add(seen[-1].id)
    seen = _unpin_out_of_order(seen)
    hidden = [item for item in base.items if item not in shown]
    items = _weave(seen, hidden, base.items)
    dates = base.dates if len(read.items) == 0 or read.dates == "hidden" else read.dates
    if base.dates != "hidden" and read.dates == "hidden" and any(item.date for item in seen):
        dates = "hidden"
    merged = base.model_copy(update=_title(read) | {"items": tuple(items), "dates": dates})
    if shown_news(merged, now) != tuple(seen) and seen:
        merged = merged.model_copy(update={"show": len(seen)})
    return merged


def _match(items: Sequence[NewsItem], shown: Sequence[NewsItem], pages: Pages) -> list[NewsItem | None]:
    """Return for each item that was read the one that it was before: the same text first, then one much alike."""
    spelled = {old.id: _respell(old.text, pages) for old in shown}
    left = {old.id: old for old in shown}
    matched: list[NewsItem | None] = [None] * len(items)
    for index, item in enumerate(items):
        same = next((old for old in left.values() if item.text in (old.text, spelled[old.id])), None)
        if same is not None:
            matched[index] = left.pop(same.id)
    for index, item in enumerate(items):
        if matched[index] is None and left:
            likeness = {key: SequenceMatcher(None, spelled[key].split(), item.text.split()).ratio() for key in left}
            best = max(likeness, key=lambda key: likeness[key])
            if likeness[best] >= _ALIKE:
                matched[index] = left.pop(best)
    return matched


def _merge_item(item: NewsItem, old: NewsItem, read: News, base: News, pages: Pages) -> NewsItem:
    text = old.text if item.text == _respell(old.text, pages) else item.text
    shows_date = read.dates != "hidden" or base.dates != "hidden"
    return old.model_copy(update={"text": text, "date": item.date if shows_date else old.date})


def _with_new_id(item: NewsItem, taken: set[str]) -> NewsItem:
    return item if item.id not in taken else item.model_copy(update={"id": make_id(item.text, taken=taken)})


def _unpin_out_of_order(items: list[NewsItem]) -> list[NewsItem]:
    """Unpin what stands below an item that is not pinned: the page shows it there."""
    kept: list[NewsItem] = []
    for item in items:
        may_be_pinned = all(each.pinned for each in kept)
        kept.append(item if may_be_pinned or not item.pinned else item.model_copy(update={"pinned": False}))
    return kept


def _weave(seen: Sequence[NewsItem], hidden: Iterable[NewsItem], order: Sequence[NewsItem]) -> list[NewsItem]:
    """Put *hidden* items back before the item that they stood before, those of the end at the end."""
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

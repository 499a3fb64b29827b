"""Convert blocks of a page into values of the data model; unsupported content is refused, never dropped."""

import re
import unicodedata
from collections.abc import Iterable, Iterator, Sequence

from pydantic import ValidationError

from bot.adopt.blocks import Bullet, BulletList, Grid, PageBlock, TextLine
from bot.adopt.data_targets import CannotSayError, LinkTarget
from bot.adopt.dates import find_day, format_day, parse_day, split_leading_day
from bot.adopt.phrase_markdown import to_markdown
from bot.adopt.phrases import Context, Phrase, Symbol, Words, say, settle, split_lines
from bot.config.data_model import News, NewsItem, QuickLink, QuickLinks, StatusBanner, StatusLine
from bot.sync.data_links import LinkKind

Value = StatusBanner | QuickLinks | News
ADOPTABLE = ("status", "quick_links", "news")
"""The regions whose content people write; the bot generates the content of the others."""
NO_NEWS = "There is no news at the moment."
"""The text that the template renders for an empty list."""


def to_value(
    region: str, blocks: Sequence[PageBlock], context: Context, *, heading: str | None = None, heading_level: int = 0
) -> Value:
    """Return the value of a region with the content *blocks*, without its heading; raises `CannotSayError`."""
    title = {"heading": heading, "heading_level": heading_level}
    try:
        match region:
            case "status":
                return StatusBanner.model_validate(title | {"lines": tuple(_status_lines(blocks, context))})
            case "quick_links":
                return QuickLinks.model_validate(title | {"links": tuple(_quick_links(blocks, context))})
            case "news":
                return News.model_validate(title | _news(blocks, context))
            case _:
                raise CannotSayError(f"the region {region!r}, which no data file has")
    except ValidationError as error:
        first = error.errors()[0]
        raise CannotSayError(f"what the data file does not take: {first['msg']}") from error


def _status_lines(blocks: Sequence[PageBlock], context: Context) -> Iterator[StatusLine]:
    for block in blocks:
        for line in _lines_of(block, context):
            icon = line[0].icon if isinstance(line[0], Symbol) else None
            text = settle(line[1:]) if icon else line
            if not text:
                raise CannotSayError("an icon without words")
            yield StatusLine(icon=icon, text=to_markdown(text, context))


def _lines_of(block: PageBlock, context: Context) -> list[list[Phrase]]:
    match block:
        case TextLine():
            return split_lines(block.phrases)
        case BulletList() if not any(item.lists for item in block.items):
            context.note("the bullets of the status lines are not kept")
            return [line for item in block.items for line in split_lines(item.phrases)]
        case BulletList():
            raise CannotSayError("lists within the list of status lines")
        case Grid():
            context.note("the table's frame is not kept")
            return [_row_phrases(row) for row in block.rows]


def _row_phrases(row: Sequence[Sequence[PageBlock]]) -> list[Phrase]:
    """Read a table row with one line: an icon and words, in one or two cells."""
    cells = [block for cell in row for block in cell]
    lines = [block.phrases for block in cells if isinstance(block, TextLine)]
    leads = lines[:-1]
    if (
        len(lines) != len(cells)
        or len(lines) > 2
        or any(not isinstance(each, Symbol) for line in leads for each in line)
    ):
        raise CannotSayError("a table of several columns")
    return [phrase for line in lines for phrase in line]


def _quick_links(blocks: Sequence[PageBlock], context: Context) -> Iterator[QuickLink]:
    for block in blocks:
        if isinstance(block, BulletList):
            yield from (_quick_link(item, context) for item in block.items)
            continue
        if isinstance(block, Grid):
            context.note("a table becomes a list")
            yield from _quick_links([each for row in block.rows for cell in row for each in cell], context)
            continue
        context.note("links in paragraphs become a list")
        for line in split_lines(block.phrases):
            link = _quick_link(Bullet(line), context)
            if link.page is None and link.url is None and link.attachment is None:
                raise CannotSayError(f"the words {link.text!r} between the links")
            yield link


def _quick_link(item: Bullet, context: Context) -> QuickLink:
    links = tuple(_quick_link(below, context) for listing in item.lists for below in listing.items)
    targets = {_target_of(phrase) for phrase in item.phrases}
    if len(targets) > 1:
        raise CannotSayError(f"the words {say(item.phrases)!r}, of which only a part is a link")
    if any(isinstance(mark, str) for each in item.phrases if isinstance(each, Words) for mark in each.marks):
        context.note("bold and italic in quick links are not kept")
    text = say(item.phrases)
    if not text:
        raise CannotSayError("a list item without words")
    target = targets.pop()
    match target:
        case None:
            return QuickLink(text=text, links=links)
        case LinkTarget(LinkKind.PAGE, value):
            return QuickLink(text=text, page=value, links=links)
        case LinkTarget(LinkKind.ATTACHMENT, value):
            return QuickLink(text=text, attachment=value, links=links)
        case LinkTarget(_, value):
            return QuickLink(text=text, url=value, links=links)


def _target_of(phrase: Phrase) -> LinkTarget | None:
    if not isinstance(phrase, Words):
        raise CannotSayError("an icon or a line break among the links")
    return next((mark for mark in phrase.marks if isinstance(mark, LinkTarget)), None)


def _news(blocks: Sequence[PageBlock], context: Context) -> dict[str, object]:
    blocks = list(blocks)
    if [_words(block) for block in blocks] == [NO_NEWS]:
        return {"items": ()}
    older = _pop_older(blocks)
    if any(isinstance(block, TextLine) and parse_day(say(block.phrases)) for block in blocks):
        items, dates = _news_by_day(blocks, context), "by_day"
    else:
        items, dates = _news_items([to_markdown(phrases, context) for phrases in _news_lines(blocks, context)])
    value: dict[str, object] = {"items": tuple(items), "dates": dates}
    return value | ({"older": older, "show": len(items)} if older else {})


def _words(block: PageBlock) -> str:
    return say(block.phrases) if isinstance(block, TextLine) else ""


def _pop_older(blocks: list[PageBlock]) -> str | None:
    """Remove and return a page link after the list of news, which leads to the older news."""
    last = blocks[-1] if len(blocks) > 1 else None
    if not isinstance(last, TextLine) or not isinstance(blocks[-2], BulletList):
        return None
    targets = {_target_of(phrase) for phrase in last.phrases}
    target = targets.pop() if len(targets) == 1 else None
    if target is None or target.kind is not LinkKind.PAGE:
        raise CannotSayError(f"the words {say(last.phrases)!r} below the list")
    blocks.pop()
    return target.value


def _news_lines(blocks: list[PageBlock], context: Context) -> Iterator[list[Phrase]]:
    is_text = all(isinstance(block, TextLine) for block in blocks)
    if is_text:
        context.note("news in paragraphs becomes a list")
    for block in blocks:
        match block:
            case TextLine() if is_text:
                yield block.phrases
            case TextLine():
                raise CannotSayError(f"the words {say(block.phrases)!r} beside the list")
            case BulletList():
                yield from (_news_line(item) for item in block.items)
            case Grid():
                context.note("a table becomes a list")
                yield from (_dated_row(row) for row in block.rows)


def _dated_row(row: Sequence[Sequence[PageBlock]]) -> list[Phrase]:
    """Read a table row of news: words, or a day and words."""
    lines = [block.phrases for cell in row for block in cell if isinstance(block, TextLine)]
    has_day = len(lines) == 2 and parse_day(say(lines[0])) is not None
    if len(lines) != sum(len(cell) for cell in row) or len(lines) != 1 + has_day:
        raise CannotSayError("a table of several columns")
    return [*lines[0], Words(": "), *lines[1]] if has_day else lines[0]


def _news_line(item: Bullet) -> list[Phrase]:
    if item.lists:
        raise CannotSayError(f"a list below the item {say(item.phrases)!r}")
    return item.phrases


def _news_items(texts: list[str]) -> tuple[list[NewsItem], str]:
    split = [split_leading_day(text) for text in texts]
    if any(day for day, _ in split):
        made = _make_items((day, text) for day, text in split)
        return made, "before"
    return _make_items((find_day(text), text) for text in texts), "hidden"


def _news_by_day(blocks: list[PageBlock], context: Context) -> list[NewsItem]:
    day = None
    dated = []
    for block in blocks:
        if isinstance(block, TextLine):
            day = parse_day(_words(block))
            if day is None or format_day(day) != _words(block):
                raise CannotSayError(f"the words {_words(block)!r} among the news by day")
            continue
        if isinstance(block, Grid):
            raise CannotSayError("a table among the news by day")
        dated += [(day, to_markdown(_news_line(item), context)) for item in block.items]
        day = None  # a list without its own caption has items without a day
    return _make_items(dated)


def _make_items(dated: Iterable[tuple[object, str]]) -> list[NewsItem]:
    items: list[NewsItem] = []
    for day, text in dated:
        item_id = make_id(text, taken={item.id for item in items})
        items.append(NewsItem.model_validate({"id": item_id, "date": day, "text": text}))
    return items


def make_id(markdown: str, *, taken: Iterable[str]) -> str:
    """Return a short id made from the words of an item, unique among *taken*."""
    link = re.search(r"\[([^\]]+)\]\(", markdown)
    words = link[1] if link else markdown
    plain = unicodedata.normalize("NFKD", words).encode("ascii", "ignore").decode().lower()
    parts = re.findall(r"[a-z0-9]+", plain)[:6]
    base = "-".join(parts)[:60].strip("-") or "item"
    number, candidate = 1, base
    while candidate in set(taken):
        number += 1
        candidate = f"{base}-{number}"
    return candidate

"""Read the news of a page: items with their days, in lists, lines, tables, below sub-headings or days."""

from collections.abc import Iterable, Sequence

from bot.adopt.blocks import Bullet, BulletList, Grid, GridCell, PageBlock, TextLine, words_of
from bot.adopt.data_targets import CannotSayError
from bot.adopt.dates import find_day, find_format, parse_day, split_leading_day
from bot.adopt.phrase_markdown import to_markdown
from bot.adopt.phrases import (
    BULLET,
    Context,
    Fields,
    Inserted,
    Kind,
    Phrase,
    Words,
    find_target,
    say,
    split_lines,
    text_of,
)
from bot.adopt.sub_headings import is_day_line, split_at_sub_headings
from bot.adopt.table_cells import cells_behind, markdown_of_cell, split_head
from bot.config.data_model import CALENDAR, News
from bot.inline import plain_text
from bot.item_id import make_id
from bot.sync.data_links import LinkKind

NO_NEWS = "There is no news at the moment."
"""The text that the template renders if nothing is shown."""
_OLDER = "Older news"


def read_news(blocks: Sequence[PageBlock], context: Context) -> Fields:
    """Return the fields of `News`; raises `CannotSayError`."""
    blocks = list(blocks)
    if [words_of(block) for block in blocks] == [NO_NEWS]:
        return {"items": ()}
    older = _pop_older(blocks)
    if any(
        isinstance(block, TextLine) and not block.level and not block.is_bold and is_day_line(block, context)
        for block in blocks
    ):
        fields = _news_by_day(blocks, context)
    else:
        fields = _news_in_groups(blocks, context)
    items = fields["items"] if isinstance(fields["items"], list) else []
    fields["items"] = _with_ids(items)
    return fields | ({"older": older, "show": len(items)} if older else {})


def _pop_older(blocks: list[PageBlock]) -> str | None:
    """Remove and return the page link after the news that leads to the older news."""
    last = blocks[-1] if len(blocks) > 1 else None
    if not isinstance(last, TextLine) or say(last.phrases) != _OLDER:
        return None
    targets = {find_target(phrase) for phrase in last.phrases}
    target = targets.pop() if len(targets) == 1 else None
    if target is None or target.kind is not LinkKind.PAGE:
        return None
    blocks.pop()
    return target.value


def _news_in_groups(blocks: Sequence[PageBlock], context: Context) -> Fields:
    fields, groups = split_at_sub_headings(blocks, context)
    items: list[Fields] = []
    for group in groups:
        shape, found = _items_of(group.blocks, context)
        if any(shape[key] != fields.setdefault(key, shape[key]) for key in shape):
            raise CannotSayError("news in different layouts below each other")
        for item in found:
            if group.name:
                day = item.get("date") or parse_day(plain_text(group.name), context.language)
                item |= {"group": group.name, "date": day}
            items.append(item)
    return fields | {"items": items} | _dates_before(items, fields, context)


def _items_of(blocks: Sequence[PageBlock], context: Context) -> tuple[Fields, list[Fields]]:
    match blocks:
        case [Grid() as grid]:
            return _news_table(grid, context)
        case [TextLine(phrases)] if context.layout == "breaks" or (
            len(lines := split_lines(phrases)) > 1 and all(_starts_item(each, context) for each in lines)
        ):
            return {"layout": "breaks"}, [_item(line, context) for line in split_lines(phrases)]
        case _ if all(isinstance(block, TextLine) for block in blocks):
            return {"layout": "paragraphs"}, [_item(b.phrases, context) for b in blocks if isinstance(b, TextLine)]
    lists = [block for block in blocks if isinstance(block, BulletList)]
    if len(lists) != len(blocks):
        words = next((words_of(block) for block in blocks if isinstance(block, TextLine)), "a table")
        raise CannotSayError(f"the words {words!r} between the lists of news")
    layout = "numbered" if all(each.is_numbered for each in lists) else "list"
    return {"layout": layout}, [_item_with_points(bullet, context) for each in lists for bullet in each.items]


def _starts_item(line: list[Phrase], context: Context) -> bool:
    return find_day(say(line)[:30], context.language) is not None or BULLET.match(say(line)) is not None


def _item(phrases: list[Phrase], context: Context) -> Fields:
    text = to_markdown(phrases, context)
    return {"text": text, "date": find_day(text, context.language)}


def _item_with_points(bullet: Bullet, context: Context) -> Fields:
    if not bullet.phrases:
        raise CannotSayError("points without an item above them")
    return _item(bullet.phrases, context) | {"items": _points(bullet.lists, context)}


def _points(lists: Sequence[BulletList], context: Context) -> list[Fields]:
    bullets = [bullet for each in lists for bullet in each.items]
    if any(not bullet.phrases for bullet in bullets):
        raise CannotSayError("points without an item above them")
    return [
        {"text": to_markdown(bullet.phrases, context), "items": _points(bullet.lists, context)} for bullet in bullets
    ]


def _dates_before(items: list[Fields], fields: Fields, context: Context) -> Fields:
    """Take the days off the texts if the template prints them in the same words; return the fields that say so."""
    if fields.get("layout") == "table":
        return {}
    printed = context.base if isinstance(context.base, News) else News()
    split = [split_leading_day(str(item["text"]), context.language, printed) for item in items]
    if not any(day for day, _ in split):
        return {}
    for item, (day, text) in zip(items, split, strict=True):
        item |= {"date": day, "text": text}
    return {"dates": "before", "date_format": printed.date_format, "language": printed.language}


def _news_table(grid: Grid, context: Context) -> tuple[Fields, list[Fields]]:
    head, rows = split_head(grid.rows, context)
    width = len(rows[0]) if rows else 0
    dates = _date_column([row[0] for row in rows], context) if width > 1 else None
    rest = [row[1:] if dates else row for row in rows]
    lengths = [sum(len(say(row[column].phrases)) for row in rest) for column in range(width - bool(dates))]
    main = 0 if dates else lengths.index(max(lengths))
    if isinstance(context.base, News) and context.base.layout == "table" and context.base.items:
        main = min(len(context.base.items[0].cells_before), width - bool(dates) - 1)
    items = []
    for row, cells in zip(rows, rest, strict=True):
        item: Fields = {"cells_before": [markdown_of_cell(cell, context) for cell in cells[:main]]}
        item["cells"] = cells_behind(cells[main + 1 :], head, context)
        item["text"] = markdown_of_cell(cells[main], context)
        words = " ".join(say(cell.phrases) for cell in row)
        item["date"] = parse_day(say(row[0].phrases), context.language) if dates else find_day(words, context.language)
        items.append(item)
    return {"layout": "table"} | head | (dates or {}), items


def _date_column(cells: Sequence[GridCell], context: Context) -> Fields | None:
    """Return how the days in the first column are printed; None if they are no days, or in no known format."""
    filled = [cell.phrases for cell in cells if cell.phrases]
    if not filled and isinstance(context.base, News) and context.base.dates == "before":
        return {"dates": "before"}
    if any(cell.highlight for cell in cells) or not filled or any(len(each) != 1 for each in filled):
        return None
    firsts = [each[0] for each in filled]
    if all(isinstance(each, Inserted) and each.kind is Kind.DATE for each in firsts):
        return {"dates": "before", "date_format": CALENDAR}
    if any(not isinstance(each, Words) or each.marks for each in firsts):
        return None
    found = find_format([text_of(each) for each in firsts], context.language)
    if found is None:
        return None
    pattern, language = found
    return {"dates": "before", "date_format": pattern, "language": language}


def _news_by_day(blocks: list[PageBlock], context: Context) -> Fields:
    captions = [words_of(block) for block in blocks if isinstance(block, TextLine)]
    found = find_format(captions, context.language)
    if found is None:
        raise CannotSayError(f"the words {captions[0]!r} among the news by day, or days in different spellings")
    day = None
    items: list[Fields] = []
    for block in blocks:
        match block:
            case TextLine():
                day = parse_day(words_of(block), found[1])
            case BulletList(items=bullets):
                items += [_item_with_points(bullet, context) | {"date": day} for bullet in bullets]
                day = None  # a list without its own caption has items without a day
            case _:
                raise CannotSayError("a table among the news by day")
    return {"items": items, "dates": "by_day", "date_format": found[0], "language": found[1]}


def _with_ids(items: Iterable[Fields]) -> tuple[Fields, ...]:
    made: list[Fields] = []
    taken: set[str] = set()
    for item in items:
        item_id = make_id(str(item["text"]), taken)
        taken.add(item_id)
        made.append({"id": item_id} | item)
    return tuple(made)

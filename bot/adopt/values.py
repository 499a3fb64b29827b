"""Convert blocks of a page into values of the data model; unsupported content is refused, never dropped."""

import re
import unicodedata
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from pydantic import ValidationError

from bot.adopt.blocks import Bullet, BulletList, Grid, GridCell, PageBlock, TextLine, splits_icon
from bot.adopt.data_targets import CannotSayError
from bot.adopt.dates import find_day, find_format, parse_day, split_leading_day
from bot.adopt.phrase_markdown import to_markdown, to_spaced_markdown
from bot.adopt.phrases import (
    Context,
    Inserted,
    Kind,
    LineBreak,
    Paint,
    Phrase,
    Words,
    find_target,
    is_icon,
    marks_of,
    say,
    settle,
    split_lines,
    text_of,
)
from bot.config.data_model import CALENDAR, News, QuickLinks, StatusBanner
from bot.inline import plain_text
from bot.sync.data_links import LinkKind

Value = StatusBanner | QuickLinks | News
Fields = dict[str, object]
ADOPTABLE = ("status", "quick_links", "news")
"""The regions whose content people write; the bot generates the content of the others."""
NO_NEWS = "There is no news at the moment."
NO_STATUS = "There is no status at the moment."
NO_LINKS = "There are no links at the moment."
"""The texts that the templates render if nothing is shown."""
_OLDER = "Older news"
_SEPARATOR = re.compile(r"\s*(?:[|•·/›»;,⋅∙‣]|[-–—]|->|→)\s*")
_BULLET = re.compile(r"\s*[•·▪▫►▸→»*–\-◦‣]\s*")


def to_value(
    region: str, blocks: Sequence[PageBlock], context: Context, *, heading: str | None = None, heading_level: int = 0
) -> Value:
    """Return the value of a region with the content *blocks*, without its heading; raises `CannotSayError`."""
    title: Fields = {"heading": heading, "heading_level": heading_level}
    words = [_words(block) for block in blocks]
    if isinstance(context.base, StatusBanner) and words == [NO_STATUS]:
        return StatusBanner.model_construct(heading=heading, heading_level=heading_level, lines=())
    if isinstance(context.base, QuickLinks) and words == [NO_LINKS]:
        return QuickLinks.model_construct(heading=heading, heading_level=heading_level, links=())
    try:
        match region:
            case "status":
                return StatusBanner.model_validate(title | _status(blocks, context))
            case "quick_links":
                return QuickLinks.model_validate(title | _quick_links(blocks, context))
            case "news":
                return News.model_validate(title | _news(blocks, context))
            case _:
                raise CannotSayError(f"the region {region!r}, which no data file has")
    except ValidationError as error:
        first = error.errors()[0]
        value = f" ({first['input']!r})" if isinstance(first["input"], str) else ""
        message = first["msg"].removeprefix("Value error, ")
        raise CannotSayError(f"a value that the data file does not take: {message}{value}") from error


def _status(blocks: Sequence[PageBlock], context: Context) -> Fields:
    match blocks:
        case [Grid() as grid]:
            return _status_table(grid, context)
        case [BulletList(items, is_numbered)] if not any(item.lists for item in items):
            lines = [status_line(item.phrases, context) for item in items]
            return {"layout": "numbered" if is_numbered else "list", "lines": lines}
        case [TextLine(phrases, 0)] if len(split_lines(phrases)) > 1 or _layout_of(context) == "breaks":
            return {"layout": "breaks", "lines": [status_line(line, context) for line in split_lines(phrases)]}
        case _:
            lines = [status_line(line, context) for block in blocks for line in _lines_of(block)]
            base = context.base
            is_line = isinstance(base, StatusBanner) and base.layout == "line" and base.heading is None
            return {"layout": "line" if is_line else "paragraphs", "lines": lines}


def _layout_of(context: Context) -> str | None:
    """Return the layout that the data file has now."""
    return getattr(context.base, "layout", None)


def _lines_of(block: PageBlock) -> list[list[Phrase]]:
    match block:
        case TextLine(level=0):
            return split_lines(block.phrases)
        case BulletList() if not any(item.lists for item in block.items):
            return [line for item in block.items for line in split_lines(item.phrases)]
        case BulletList():
            raise CannotSayError("points below points of the status")
        case TextLine():
            raise CannotSayError(f"the sub-heading {say(block.phrases)!r} within the status")
        case Grid():
            raise CannotSayError("a table and other lines together")


def status_line(phrases: list[Phrase], context: Context) -> Fields:
    """Return icon, lozenge, colour and text of one line of the status; raises `CannotSayError`."""
    line: Fields = {}
    if phrases and is_icon(phrases[0]):
        line["icon"] = phrases[0].value if isinstance(phrases[0], Inserted) else None
        phrases = settle(phrases[1:])
    if phrases and _is_lozenge(phrases[0]) and not _is_glued(phrases[1:2]):
        line["lozenge"] = {"text": text_of(phrases[0]), "colour": phrases[0].value}  # type: ignore[union-attr]
        phrases = settle(phrases[1:])
    colour, phrases = _take_colour(phrases)
    text = to_markdown(phrases, context) if phrases else ""
    if not text and "lozenge" not in line:
        raise CannotSayError("an icon without words")
    return line | {"text": text} | ({"colour": colour} if colour else {})


def _is_lozenge(phrase: Phrase) -> bool:
    return isinstance(phrase, Inserted) and phrase.kind is Kind.LOZENGE and not phrase.marks


def _is_glued(following: Sequence[Phrase]) -> bool:
    """Return whether the next phrase follows without a space and is no word, such as the colon after a lozenge."""
    text = text_of(following[0]) if following else ""
    return bool(text) and not text[0].isspace() and not text[0].isalnum()


def _take_colour(phrases: list[Phrase]) -> tuple[str | None, list[Phrase]]:
    """Return the colour of all words, and the phrases without that colour; None if the words differ."""
    words = [each for each in phrases if isinstance(each, Words) and each.text.strip()]
    colours = {next((m for m in each.marks if isinstance(m, Paint) and m.scheme == "colour"), None) for each in words}
    paint = colours.pop() if len(colours) == 1 else None
    if paint is None or not words:
        return None, phrases
    bare = [
        replace(each, marks=tuple(m for m in each.marks if m != paint)) if isinstance(each, Words) else each
        for each in phrases
    ]
    return paint.colour, settle(bare)


def _status_table(grid: Grid, context: Context) -> Fields:
    rows = grid.rows
    if _layout_of(context) != "table" and _is_board(rows, is_known=_layout_of(context) == "board"):
        pairs = zip(*rows, strict=True)
        return {"layout": "board", "lines": [_board_line(label, cell, context) for label, cell in pairs]}
    is_new = _layout_of(context) != "table"
    if is_new and all(len(row) == 2 and splits_icon(row[0].phrases) for row in rows):
        return {"lines": [status_line([*row[0].phrases, Words(" "), *row[1].phrases], context) for row in rows]}
    if is_new and all(len(row) == 1 for row in rows):
        return {"lines": [status_line(line, context) for row in rows for line in split_lines(row[0].phrases)]}
    head, rows = _split_head(rows, context)
    has_label = len(rows[0]) > 1 and all(not _is_marked(row[0]) for row in rows)
    if isinstance(context.base, StatusBanner) and not is_new:
        has_label = any(line.label is not None for line in context.base.lines)
    lines = []
    for row in rows:
        label = {"label": _markdown_of(row[0], context)} if has_label else {}
        main, *others = row[has_label:]
        lines.append(label | _line_of(main, context) | {"cells": _cells_behind(others, head, context)})
    return {"layout": "table", "lines": lines} | head


def _is_board(rows: Sequence[tuple[GridCell, ...]], *, is_known: bool) -> bool:
    """Return whether a table is a row of names above a row of lozenges, icons or colours."""
    if len(rows) != 2 or not all(cell.is_head for cell in rows[0]):
        return False
    marked = [cell for cell in rows[1] if _is_marked(cell)]
    has_colour = any(cell.highlight is not None for cell in rows[1])
    return (is_known or has_colour or len(marked) > len(rows[1]) / 2) and not any(cell.is_head for cell in rows[1])


def _is_marked(cell: GridCell) -> bool:
    first = cell.phrases[0] if cell.phrases else None
    return cell.highlight is not None or (first is not None and (is_icon(first) or _is_lozenge(first)))


def _board_line(label: GridCell, cell: GridCell, context: Context) -> Fields:
    return {"label": _markdown_of(label, context)} | _line_of(cell, context)


def _line_of(cell: GridCell, context: Context) -> Fields:
    highlight: Fields = {"highlight": cell.highlight} if cell.highlight else {}
    if splits_icon(cell.phrases) and len(cell.phrases) == 1 and isinstance(cell.phrases[0], Inserted):
        return highlight | {"icon": cell.phrases[0].value}
    if not cell.phrases:
        return highlight | {"text": ""}
    return highlight | status_line(cell.phrases, context)


def _split_head(
    rows: tuple[tuple[GridCell, ...], ...], context: Context
) -> tuple[Fields, tuple[tuple[GridCell, ...], ...]]:
    """Return `columns` and `header_column` of a table, and the rows with content."""
    has_head = len(rows) > 1 and all(cell.is_head for cell in rows[0])
    body = rows[1:] if has_head else rows
    columns = [_markdown_of(cell, context) for cell in rows[0]] if has_head else []
    return {"columns": columns, "header_column": all(row[0].is_head for row in body)}, body


def _cells_behind(cells: Sequence[GridCell], head: Fields, context: Context) -> list[str]:
    """Return cells without the empty ones at the end, if the templates add these because the columns have names."""
    texts = [_markdown_of(cell, context) for cell in cells]
    while head["columns"] and texts and not texts[-1]:
        texts.pop()
    return texts


def _markdown_of(cell: GridCell, context: Context) -> str:
    if cell.highlight is not None:
        raise CannotSayError(f"the coloured table cell {say(cell.phrases)!r}")
    return to_markdown(cell.phrases, context) if cell.phrases else ""


@dataclass(slots=True)
class _Group:
    """Blocks below one sub-heading; *name* is None before the first."""

    name: str | None
    blocks: list[PageBlock]


def _intro_and_groups(blocks: Sequence[PageBlock], context: Context) -> tuple[Fields, list[_Group]]:
    """Split blocks at their sub-headings; return also the words above and the level of the sub-headings."""
    fields: Fields = {}
    rest = list(blocks)
    if _has_intro(rest, context):
        fields["intro"] = to_markdown(rest.pop(0).phrases, context)  # type: ignore[union-attr]
    groups: list[_Group] = [_Group(None, [])]
    levels = set()
    for block, following in zip(rest, [*rest[1:], None], strict=True):
        if isinstance(block, TextLine) and _is_caption(block, following):
            levels.add(block.level)
            groups.append(_Group(_caption_of(block, context), []))
        else:
            groups[-1].blocks.append(block)
    if len(levels) > 1:
        raise CannotSayError("sub-headings of different levels")
    groups = [group for group in groups if group.blocks or group.name is not None]
    if not all(group.blocks for group in groups):
        raise CannotSayError(f"the sub-heading {next(g.name for g in groups if not g.blocks)!r} with nothing below")
    return fields | ({"group_level": levels.pop()} if levels else {}), groups


def _has_intro(blocks: Sequence[PageBlock], context: Context) -> bool:
    first = blocks[0] if blocks else None
    if not isinstance(first, TextLine) or first.level or len(blocks) < 2 or isinstance(blocks[1], TextLine):
        return False
    return not (first.is_bold or first.has_link or _is_day_line(first, context))


def _is_caption(line: TextLine, following: PageBlock | None) -> bool:
    if line.level:
        return True
    return line.is_bold and not line.has_link and following is not None and not isinstance(following, TextLine)


def _caption_of(line: TextLine, context: Context) -> str:
    """Return a sub-heading without the bold that the templates give it."""
    if line.level:
        return to_markdown(line.phrases, context)
    bare = [replace(each, marks=marks_of(each)[1:]) if isinstance(each, Words) else each for each in line.phrases]
    return to_markdown(settle(bare), context)


def _is_day_line(line: TextLine, context: Context) -> bool:
    return parse_day(say(line.phrases), context.language) is not None


def _quick_links(blocks: Sequence[PageBlock], context: Context) -> Fields:
    fields, groups = _intro_and_groups(blocks, context)
    links: list[Fields] = []
    has_paragraphs = any(len(group.blocks) > 1 and isinstance(group.blocks[0], TextLine) for group in groups)
    for group in groups:
        shape, found = _links_of(group.blocks, context)
        if has_paragraphs and shape == {"layout": "line"}:  # a single link in a paragraph
            shape = {"layout": "paragraphs"}
        if any(shape[key] != fields.setdefault(key, shape[key]) for key in shape):
            raise CannotSayError("links in different layouts below each other")
        links += [link | ({"group": group.name} if group.name else {}) for link in found]
    for link in links:
        if fields.get("bullet") and link.get("remark_before") == fields["bullet"]:  # the only link of a group
            del link["remark_before"]
    return fields | {"links": links}


def _links_of(blocks: Sequence[PageBlock], context: Context) -> tuple[Fields, list[Fields]]:
    lists = [block for block in blocks if isinstance(block, BulletList)]
    lines = [block for block in blocks if isinstance(block, TextLine)]
    if len(lists) == len(blocks):
        layout = "numbered" if all(each.is_numbered for each in lists) else "list"
        return {"layout": layout}, [_link_below(item, context) for each in lists for item in each.items]
    if len(blocks) == 1 and isinstance(blocks[0], Grid):
        return _link_table(blocks[0], context)
    if len(lines) == len(blocks) == 1 and not (
        _layout_of(context) == "paragraphs" and len(_runs(lines[0].phrases)) == 1
    ):
        return _link_line(lines[0].phrases, context)
    if len(lines) != len(blocks):
        words = next((say(line.phrases) for line in lines), "a table")
        raise CannotSayError(f"{words!r} between the links")
    single = [line for block in lines for line in split_lines(block.phrases)]
    without = next((line for line in single if not any(map(find_target, line))), None)
    if without is not None:
        raise CannotSayError(f"the words {say(without)!r} between the links")
    return {"layout": "paragraphs"}, [_link(line, context) for line in single]


def _link_below(item: Bullet, context: Context) -> Fields:
    below = [_link_below(each, context) for listing in item.lists for each in listing.items]
    return _link(item.phrases, context) | {"links": below}


def _runs(phrases: Sequence[Phrase]) -> list[tuple[int, int]]:
    """Return start and end of each link in *phrases*."""
    runs: list[tuple[int, int]] = []
    for index, phrase in enumerate(phrases):
        target = find_target(phrase)
        if target is None:
            continue
        if runs and runs[-1][1] == index and find_target(phrases[index - 1]) == target:
            runs[-1] = (runs[-1][0], index + 1)
        else:
            runs.append((index, index + 1))
    return runs


def _link(phrases: list[Phrase], context: Context) -> Fields:
    """Return one link with the words before and after it; words alone are a caption."""
    if not phrases:
        raise CannotSayError("a list item without words")
    runs = _runs(phrases)
    start, end = runs[0] if runs else _caption_span(phrases)
    words = phrases[start:end]
    while words and is_icon(words[0]):  # the icon is in front of the link, and not in it
        start, words = start + 1, words[1:]
    icons = [
        replace(each, marks=()) if is_icon(each) and isinstance(each, Inserted) else each for each in phrases[:start]
    ]
    if icons and words and is_icon(icons[-1]) and text_of(words[0])[:1].isspace():
        icons.append(Words(" "))
    link = _words_of_link(words) | _target_of(words)
    remarks = {"remark_before": icons, "remark": phrases[end:]}
    return link | {key: text for key, each in remarks.items() if (text := to_spaced_markdown(list(each), context))}


def _caption_span(phrases: Sequence[Phrase]) -> tuple[int, int]:
    return next((n for n, each in enumerate(phrases) if not is_icon(each)), 0), len(phrases)


def _words_of_link(words: list[Phrase]) -> Fields:
    match words:
        case [Inserted(image=image)] if image is not None:
            return {"image": image}
    if any(not isinstance(each, Words) for each in words):
        raise CannotSayError(f"an icon, a picture or a line break within the link {say(words)!r}")
    colour, bare = _take_colour(words)
    if any(isinstance(mark, Paint) for each in bare for mark in marks_of(each)):
        raise CannotSayError(f"a colour for a part of the link {say(words)!r}")
    text = say(words)
    if not text:
        raise CannotSayError("a link without words")
    fields: Fields = {"colour": colour} if colour else {}
    return fields | {"text": text}


def _target_of(words: Sequence[Phrase]) -> Fields:
    target = find_target(words[0])
    if target is None:
        return {}
    key = {LinkKind.PAGE: "page", LinkKind.ATTACHMENT: "attachment"}.get(target.kind, "url")
    fields: Fields = {"card": target.card} if target.card else {}
    return fields | {key: target.value}


def _link_line(phrases: list[Phrase], context: Context) -> tuple[Fields, list[Fields]]:
    """Read links in one paragraph, with the same separator between each two."""
    runs = _runs(phrases)
    if not runs:
        raise CannotSayError(f"the words {say(phrases)!r} between the links")
    if len(runs) == 1:
        known = context.base.bullet if isinstance(context.base, QuickLinks) else ""
        if known and text_of(phrases[0]).startswith(known.lstrip()):
            return {"layout": "line"}, [_link(phrases[1:], context)]
        shape: Fields = {"layout": "line", "bullet": ""} if known else {"layout": "line"}
        return shape, [_link(phrases, context)]
    starts = [0, *(end for _, end in runs)]
    between = [
        phrases[start:end] for start, end in zip(starts, [*(start for start, _ in runs), len(phrases)], strict=True)
    ]
    bullet = _find_bullet(between)
    if bullet:
        between = [_without_end(each, bullet) if n < len(runs) else each for n, each in enumerate(between)]
    separator, sides = _split_at_separator(between[1:-1])
    before = [between[0], *(after for _, after in sides)]
    after = [*(left for left, _ in sides), between[-1]]
    links = []
    for (start, end), left, right in zip(runs, before, after, strict=True):
        remarks = {"remark_before": to_spaced_markdown(left, context), "remark": to_spaced_markdown(right, context)}
        words = phrases[start:end]
        links.append(_words_of_link(words) | _target_of(words) | {key: text for key, text in remarks.items() if text})
    return {"layout": "line", "separator": separator, "bullet": bullet}, links


def _find_bullet(between: Sequence[Sequence[Phrase]]) -> str:
    """Return the bullet before each link of a line, or an empty text."""
    first = between[0]
    bullet = text_of(first[0]) if len(first) == 1 else ""
    if not bullet or not _BULLET.fullmatch(bullet) or marks_of(first[0]):
        return ""
    has_all = all(each and text_of(each[-1]).endswith(bullet.lstrip()) for each in between[1:-1])
    return bullet if has_all else ""


def _without_end(phrases: Sequence[Phrase], text: str) -> list[Phrase]:
    last = phrases[-1]
    kept = text_of(last).removesuffix(text).removesuffix(text.lstrip())
    return [*phrases[:-1], *([Words(kept)] if kept.strip() else [])]


def _split_at_separator(between: Sequence[Sequence[Phrase]]) -> tuple[str, list[tuple[list[Phrase], list[Phrase]]]]:
    """Return the separator that is in each of *between*, and the phrases on both sides of it."""
    texts = [text_of(each[0]) if len(each) == 1 and not marks_of(each[0]) else None for each in between]
    if all(not each for each in between):
        return "", [([], []) for _ in between]
    if texts[0] and all(text == texts[0] for text in texts):
        return texts[0], [([], []) for _ in between]
    if all(sum(isinstance(phrase, LineBreak) for phrase in each) == 1 for each in between):
        places = [next(n for n, phrase in enumerate(each) if isinstance(phrase, LineBreak)) for each in between]
        return "line break", [(list(e[:n]), list(e[n + 1 :])) for e, n in zip(between, places, strict=True)]
    for separator in dict.fromkeys(match[0] for match in _SEPARATOR.finditer(say(between[0]))):
        sides = [_cut(each, separator) for each in between]
        if all(side is not None for side in sides):
            return separator, [side for side in sides if side is not None]
    return "", [(list(each), []) for each in between]  # a sentence: the words follow the link before them


def _cut(phrases: Sequence[Phrase], separator: str) -> tuple[list[Phrase], list[Phrase]] | None:
    """Split phrases at the only *separator* in their words; None if there is none or more than one."""
    places = [n for n, each in enumerate(phrases) if isinstance(each, Words) and separator in each.text]
    if len(places) != 1 or text_of(phrases[places[0]]).count(separator) != 1:
        return None
    at = places[0]
    left, _, right = text_of(phrases[at]).partition(separator)
    marks = marks_of(phrases[at])
    before = [*phrases[:at], *([Words(left, marks)] if left else [])]
    return before, [*([Words(right, marks)] if right else []), *phrases[at + 1 :]]


def _link_table(grid: Grid, context: Context) -> tuple[Fields, list[Fields]]:
    head, rows = _split_head(grid.rows, context)
    width = len(rows[0]) if rows else 0
    counts = [sum(any(map(find_target, row[column].phrases)) for row in rows) for column in range(width)]
    if not any(counts):
        raise CannotSayError("a table without links")
    column = counts.index(max(counts))
    if isinstance(context.base, QuickLinks) and context.base.layout == "table":
        column = min(len(context.base.links[0].cells_before), width - 1)
    links = []
    for row in rows:
        before = [_markdown_of(cell, context) for cell in row[:column]]
        after = _cells_behind(row[column + 1 :], head, context)
        _markdown_of(replace(row[column], phrases=[]), context)  # refuses a coloured cell
        links.append({"cells_before": before, "cells": after} | _link(row[column].phrases, context))
    return {"layout": "table"} | head, links


def _news(blocks: Sequence[PageBlock], context: Context) -> Fields:
    blocks = list(blocks)
    if [_words(block) for block in blocks] == [NO_NEWS]:
        return {"items": ()}
    older = _pop_older(blocks)
    if any(
        isinstance(block, TextLine) and not block.level and not block.is_bold and _is_day_line(block, context)
        for block in blocks
    ):
        fields = _news_by_day(blocks, context)
    else:
        fields = _news_in_groups(blocks, context)
    items = fields["items"] if isinstance(fields["items"], list) else []
    fields["items"] = _with_ids(items)
    return fields | ({"older": older, "show": len(items)} if older else {})


def _words(block: PageBlock) -> str:
    return say(block.phrases) if isinstance(block, TextLine) else ""


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
    fields, groups = _intro_and_groups(blocks, context)
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
        case [TextLine(phrases)] if _layout_of(context) == "breaks" or (
            len(lines := split_lines(phrases)) > 1 and all(_starts_item(each, context) for each in lines)
        ):
            return {"layout": "breaks"}, [_item(line, context) for line in split_lines(phrases)]
        case _ if all(isinstance(block, TextLine) for block in blocks):
            return {"layout": "paragraphs"}, [_item(b.phrases, context) for b in blocks if isinstance(b, TextLine)]
    lists = [block for block in blocks if isinstance(block, BulletList)]
    if len(lists) != len(blocks):
        words = next((_words(block) for block in blocks if isinstance(block, TextLine)), "a table")
        raise CannotSayError(f"the words {words!r} between the lists of news")
    layout = "numbered" if all(each.is_numbered for each in lists) else "list"
    return {"layout": layout}, [_item_with_points(bullet, context) for each in lists for bullet in each.items]


def _starts_item(line: list[Phrase], context: Context) -> bool:
    return find_day(say(line)[:30], context.language) is not None or _BULLET.match(say(line)) is not None


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
    head, rows = _split_head(grid.rows, context)
    width = len(rows[0]) if rows else 0
    dates = _date_column([row[0] for row in rows], context) if width > 1 else None
    rest = [row[1:] if dates else row for row in rows]
    lengths = [sum(len(say(row[column].phrases)) for row in rest) for column in range(width - bool(dates))]
    main = 0 if dates else lengths.index(max(lengths))
    if isinstance(context.base, News) and context.base.layout == "table" and context.base.items:
        main = min(len(context.base.items[0].cells_before), width - bool(dates) - 1)
    items = []
    for row, cells in zip(rows, rest, strict=True):
        item: Fields = {"cells_before": [_markdown_of(cell, context) for cell in cells[:main]]}
        item["cells"] = _cells_behind(cells[main + 1 :], head, context)
        item["text"] = _markdown_of(cells[main], context)
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
    captions = [_words(block) for block in blocks if isinstance(block, TextLine)]
    found = find_format(captions, context.language)
    if found is None:
        raise CannotSayError(f"the words {captions[0]!r} among the news by day, or days in different spellings")
    day = None
    items: list[Fields] = []
    for block in blocks:
        match block:
            case TextLine():
                day = parse_day(_words(block), found[1])
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
        item_id = make_id(str(item["text"]), taken=taken)
        taken.add(item_id)
        made.append({"id": item_id} | item)
    return tuple(made)


def make_id(markdown: str, *, taken: Iterable[str]) -> str:
    """Return a short id made from the words of an item, unique among *taken*."""
    link = re.search(r"\[([^\]]+)\]\((?:https?|mailto|page|attachment|card):", markdown)
    words = link[1] if link else plain_text(markdown)
    plain = unicodedata.normalize("NFKD", words).encode("ascii", "ignore").decode().lower()
    parts = re.findall(r"[a-z0-9]+", plain)[:6]
    base = "-".join(parts)[:60].strip("-") or "item"
    number, candidate = 1, base
    while candidate in set(taken):
        number += 1
        candidate = f"{base}-{number}"
    return candidate

"""Read the quick links of a page: a list, paragraphs, one line or a table, with the words around each link."""

import re
from collections.abc import Sequence
from dataclasses import replace

from bot.adopt.blocks import Bullet, BulletList, Grid, PageBlock, TextLine
from bot.adopt.data_targets import CannotSayError
from bot.adopt.phrase_markdown import to_spaced_markdown
from bot.adopt.phrases import (
    BULLET,
    Context,
    Fields,
    Inserted,
    LineBreak,
    Paint,
    Phrase,
    Words,
    find_target,
    is_icon,
    marks_of,
    say,
    split_lines,
    take_colour,
    text_of,
)
from bot.adopt.sub_headings import split_at_sub_headings
from bot.adopt.table_cells import cells_behind, markdown_of_cell, split_head
from bot.config.data_model import QuickLinks
from bot.sync.data_links import LinkKind

_SEPARATOR = re.compile(r"\s*(?:[|•·/›»;,⋅∙‣]|[-–—]|->|→)\s*")


def read_quick_links(blocks: Sequence[PageBlock], context: Context) -> Fields:
    """Return the fields of `QuickLinks`; raises `CannotSayError`."""
    fields, groups = split_at_sub_headings(blocks, context)
    links: list[Fields] = []
    in_paragraphs = _are_in_paragraphs([group.blocks for group in groups], context)
    for group in groups:
        shape, found = _links_of(group.blocks, context, in_paragraphs=in_paragraphs)
        if any(shape[key] != fields.setdefault(key, shape[key]) for key in shape):
            raise CannotSayError("links in different layouts below each other")
        links += [link | ({"group": group.name} if group.name else {}) for link in found]
    for link in links:
        if fields.get("bullet") and link.get("remark_before") == fields["bullet"]:  # the only link of a group
            del link["remark_before"]
    return fields | {"links": links}


def _are_in_paragraphs(groups: Sequence[Sequence[PageBlock]], context: Context) -> bool:
    """Return whether the only link of a group is a paragraph: the other groups say it, else the data file."""
    if any(len(blocks) > 1 and isinstance(blocks[0], TextLine) for blocks in groups):
        return True
    lines = [blocks[0] for blocks in groups if len(blocks) == 1]
    has_line = any(isinstance(line, TextLine) and len(_runs(line.phrases)) > 1 for line in lines)
    return context.layout == "paragraphs" and not has_line


def _links_of(blocks: Sequence[PageBlock], context: Context, *, in_paragraphs: bool) -> tuple[Fields, list[Fields]]:
    lists = [block for block in blocks if isinstance(block, BulletList)]
    lines = [block for block in blocks if isinstance(block, TextLine)]
    if len(lists) == len(blocks):
        layout = "numbered" if all(each.is_numbered for each in lists) else "list"
        return {"layout": layout}, [_link_below(item, context) for each in lists for item in each.items]
    if len(blocks) == 1 and isinstance(blocks[0], Grid):
        return _link_table(blocks[0], context)
    is_one_link = len(lines) == len(blocks) == 1 and len(_runs(lines[0].phrases)) == 1
    if len(lines) == len(blocks) == 1 and not (is_one_link and in_paragraphs):
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
    colour, bare = take_colour(words)
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
    if not bullet or not BULLET.fullmatch(bullet) or marks_of(first[0]):
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
    head, rows = split_head(grid.rows, context)
    width = len(rows[0]) if rows else 0
    counts = [sum(any(map(find_target, row[column].phrases)) for row in rows) for column in range(width)]
    if not any(counts):
        raise CannotSayError("a table without links")
    column = counts.index(max(counts))
    if isinstance(context.base, QuickLinks) and context.base.layout == "table":
        column = min(len(context.base.links[0].cells_before), width - 1)
    links = []
    for row in rows:
        before = [markdown_of_cell(cell, context) for cell in row[:column]]
        after = cells_behind(row[column + 1 :], head, context)
        markdown_of_cell(replace(row[column], phrases=[]), context)  # refuses a coloured cell
        links.append({"cells_before": before, "cells": after} | _link(row[column].phrases, context))
    return {"layout": "table"} | head, links

"""Read the status of a page: lines with icon, lozenge and colour, in a list, a table or a board."""

from collections.abc import Sequence

from bot.adopt.blocks import BulletList, Grid, GridCell, PageBlock, TextLine, splits_icon
from bot.adopt.data_targets import CannotSayError
from bot.adopt.phrase_markdown import to_markdown
from bot.adopt.phrases import (
    Context,
    Fields,
    Inserted,
    Kind,
    Phrase,
    Words,
    is_icon,
    say,
    settle,
    split_lines,
    take_colour,
    text_of,
)
from bot.adopt.table_cells import cells_behind, markdown_of_cell, split_head
from bot.config.data_model import StatusBanner


def read_status(blocks: Sequence[PageBlock], context: Context) -> Fields:
    """Return the fields of `StatusBanner`; raises `CannotSayError`."""
    match blocks:
        case [Grid() as grid]:
            return _status_table(grid, context)
        case [BulletList(items, is_numbered)] if not any(item.lists for item in items):
            lines = [status_line(item.phrases, context) for item in items]
            return {"layout": "numbered" if is_numbered else "list", "lines": lines}
        case [TextLine(phrases, 0)] if len(split_lines(phrases)) > 1 or context.layout == "breaks":
            return {"layout": "breaks", "lines": [status_line(line, context) for line in split_lines(phrases)]}
        case _:
            lines = [status_line(line, context) for block in blocks for line in _lines_of(block)]
            base = context.base
            is_line = isinstance(base, StatusBanner) and base.layout == "line" and base.heading is None
            return {"layout": "line" if is_line else "paragraphs", "lines": lines}


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
    colour, phrases = take_colour(phrases)
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


def _status_table(grid: Grid, context: Context) -> Fields:
    rows = grid.rows
    if context.layout != "table" and _is_board(rows, is_known=context.layout == "board"):
        pairs = zip(*rows, strict=True)
        return {"layout": "board", "lines": [_board_line(label, cell, context) for label, cell in pairs]}
    is_new = context.layout != "table"
    if is_new and all(len(row) == 2 and splits_icon(row[0].phrases) for row in rows):
        return {"lines": [status_line([*row[0].phrases, Words(" "), *row[1].phrases], context) for row in rows]}
    if is_new and all(len(row) == 1 for row in rows):
        return {"lines": [status_line(line, context) for row in rows for line in split_lines(row[0].phrases)]}
    head, rows = split_head(rows, context)
    has_label = len(rows[0]) > 1 and all(not _is_marked(row[0]) for row in rows)
    if isinstance(context.base, StatusBanner) and not is_new:
        has_label = any(line.label is not None for line in context.base.lines)
    lines = []
    for row in rows:
        label = {"label": markdown_of_cell(row[0], context)} if has_label else {}
        main, *others = row[has_label:]
        lines.append(label | _line_of(main, context) | {"cells": cells_behind(others, head, context)})
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
    return {"label": markdown_of_cell(label, context)} | _line_of(cell, context)


def _line_of(cell: GridCell, context: Context) -> Fields:
    highlight: Fields = {"highlight": cell.highlight} if cell.highlight else {}
    if splits_icon(cell.phrases) and len(cell.phrases) == 1 and isinstance(cell.phrases[0], Inserted):
        return highlight | {"icon": cell.phrases[0].value}
    if not cell.phrases:
        return highlight | {"text": ""}
    return highlight | status_line(cell.phrases, context)

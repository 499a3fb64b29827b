"""The cells of a table of a page as Markdown."""

from collections.abc import Sequence

from bot.adopt.blocks import GridCell
from bot.adopt.data_targets import CannotSayError
from bot.adopt.phrase_markdown import to_markdown
from bot.adopt.phrases import Context, Fields, say


def split_head(
    rows: tuple[tuple[GridCell, ...], ...], context: Context
) -> tuple[Fields, tuple[tuple[GridCell, ...], ...]]:
    """Return `columns` and `header_column` of a table, and the rows with content."""
    has_head = len(rows) > 1 and all(cell.is_head for cell in rows[0])
    body = rows[1:] if has_head else rows
    columns = [markdown_of_cell(cell, context) for cell in rows[0]] if has_head else []
    return {"columns": columns, "header_column": all(row[0].is_head for row in body)}, body


def cells_behind(cells: Sequence[GridCell], head: Fields, context: Context) -> list[str]:
    """Return cells without the empty ones at the end, if the templates add these because the columns have names."""
    texts = [markdown_of_cell(cell, context) for cell in cells]
    while head["columns"] and texts and not texts[-1]:
        texts.pop()
    return texts


def markdown_of_cell(cell: GridCell, context: Context) -> str:
    """Return the words of a cell; raises `CannotSayError` for a coloured one."""
    if cell.highlight is not None:
        raise CannotSayError(f"the coloured table cell {say(cell.phrases)!r}")
    return to_markdown(cell.phrases, context) if cell.phrases else ""

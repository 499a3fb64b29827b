"""Tables for a terminal and for a pipe: aligned by display width, with the last column wrapped (pure)."""

import re
from collections.abc import Sequence

from rich.cells import cell_len, set_cell_size

from bot.escape import visible

_GAP = "  "
_NARROWEST_LAST_COLUMN = 24
_STACKED_INDENT = "    "
_BREAKS = re.compile(r"[\n\t\r]")


def format_table(
    headings: Sequence[str], rows: Sequence[Sequence[str]], *, width: int | None = None
) -> tuple[str, list[str]]:
    """Return the heading of a table and its lines; *width* None does not wrap.

    Columns are aligned by the cells that a terminal uses, so CJK text and emoji do not shift them. The last column is
    wrapped. Where it would be too narrow, each row becomes a line with the other cells and the last cell below it.
    """
    cells = [[visible_cell(cell) for cell in row] for row in (headings, *rows)]
    widths = [max(cell_len(row[column]) for row in cells) for column in range(len(headings))]
    before_last = sum(widths[:-1]) + len(_GAP) * (len(widths) - 1)
    if width is None or before_last + widths[-1] <= width:
        heading, *lines = [_line(row, widths) for row in cells]
        return heading, lines
    if width - before_last >= _NARROWEST_LAST_COLUMN:
        wrapped = [line for row in cells[1:] for line in _wrapped(row, widths[:-1], width - before_last)]
        return _line(cells[0], widths), wrapped
    heading, *others = _side_by_side(cells[0], width)
    return heading, [*others, *(line for row in cells[1:] for line in _stacked(row, width))]


def visible_cell(text: str) -> str:
    """Return *text* on one line, with characters that control a terminal or the writing direction as escapes."""
    return visible(_BREAKS.sub(" ", text)).rstrip()


def wrap(text: str, width: int) -> list[str]:
    """Wrap *text* at spaces to lines of at most *width* terminal cells; longer words are cut."""
    lines: list[str] = []
    line = ""
    for word in text.split():
        candidate = f"{line} {word}" if line else word
        if cell_len(candidate) <= width:
            line = candidate
            continue
        if line:
            lines.append(line)
        *full, line = _cut(word, width)
        lines += full
    return [*lines, line] if line or not lines else lines


def _line(row: Sequence[str], widths: Sequence[int]) -> str:
    return _GAP.join(_pad(cell, width) for cell, width in zip(row, widths, strict=True)).rstrip()


def _pad(cell: str, width: int) -> str:
    return cell + " " * (width - cell_len(cell))


def _wrapped(row: Sequence[str], widths: Sequence[int], last_width: int) -> list[str]:
    indent = len(row[-1]) - len(row[-1].lstrip())
    first, *others = wrap(row[-1], last_width - indent)
    lead = " " * indent
    head = _GAP.join([*(_pad(cell, width) for cell, width in zip(row, widths, strict=False)), lead + first]).rstrip()
    margin = " " * (sum(widths) + len(_GAP) * len(widths))
    return [head, *(margin + lead + line for line in others)]


def _stacked(row: Sequence[str], width: int) -> list[str]:
    body = [_STACKED_INDENT + line for line in wrap(row[-1], width - len(_STACKED_INDENT)) if line]
    return [*_side_by_side(row[:-1], width), *body]


def _side_by_side(cells: Sequence[str], width: int) -> list[str]:
    """Return the cells one after the other, on more than one line where the width asks for it."""
    lines = [""]
    for cell in cells:
        for piece in wrap(cell, width) or ["-"]:
            joined = f"{lines[-1]}{_GAP}{piece or '-'}" if lines[-1] else piece or "-"
            if cell_len(joined) <= width:
                lines[-1] = joined
            else:
                lines.append(piece)
    return lines


def _cut(word: str, width: int) -> list[str]:
    pieces: list[str] = []
    while cell_len(word) > width:
        piece = set_cell_size(word, width).rstrip()
        pieces.append(piece or word[:1])
        word = word[len(pieces[-1]) :]
    return [*pieces, word]

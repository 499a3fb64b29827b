"""Lists as CSV that a spreadsheet opens without calculating: no cell begins a formula."""

import csv
import io
import re
from collections.abc import Iterable, Sequence

from bot.escape import visible_in_line

_FORMULA = re.compile(r"\s*[=+\-@＝＋－＠]|\s*\|")
_ESCAPE = "'"


def csv_table(headings: Sequence[str], rows: Iterable[Sequence[object]]) -> str:
    """Return the rows as CSV (RFC 4180). A text that a spreadsheet would take for a formula begins with `'`."""
    target = io.StringIO()
    writer = csv.writer(target)
    writer.writerow(headings)
    writer.writerows([[safe_cell(cell) for cell in row] for row in rows])
    return target.getvalue()


def safe_cell(value: object) -> str | int | float:
    """Return a cell; control characters are visible, and numbers stay numbers."""
    if isinstance(value, bool) or value is None:
        return {True: "yes", False: "no", None: ""}[value]
    if isinstance(value, int | float):
        return value
    text = visible_in_line(str(value))
    return f"{_ESCAPE}{text}" if _FORMULA.match(text) else text

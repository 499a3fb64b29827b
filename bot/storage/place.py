"""Where a new region is inserted on a page, as people write it (without the parser: settings contain places)."""

import re
from dataclasses import dataclass
from enum import StrEnum


class Side(StrEnum):
    """The side of an element on which a region is inserted."""

    START = "start"
    END = "end"
    BEFORE = "before"
    AFTER = "after"


@dataclass(frozen=True, slots=True)
class Place:
    """Where to insert a new region: at the start or end of the page or of a layout cell, before or after a heading.

    *cell* counts the page's layout cells from 1. On a page with layouts, content outside of layouts is not allowed;
    there, start and end mean the start of the first cell and the end of the last cell.
    """

    side: Side
    heading: str | None = None
    cell: int | None = None

    @classmethod
    def parse(cls, text: str) -> "Place":
        """Parse `start`, `end`, `start of cell 2`, `end of cell 2`, `before:News`, `after heading News`."""
        match = re.fullmatch(
            r"\s*(?:(start|end)(?:\s+of\s+cell\s+([1-9]\d*))?|(before|after)(?:\s*:|\s+heading\s)\s*(.*\S))\s*",
            text,
            re.DOTALL,
        )
        if match is None:
            raise ValueError(
                f"{text!r} is not a place; use start, end, start of cell 2, end of cell 2, before:HEADING or "
                "after:HEADING"
            )
        edge, cell, side, heading = match.groups()
        return cls(Side(edge or side), heading and heading.strip("\"'"), int(cell) if cell else None)

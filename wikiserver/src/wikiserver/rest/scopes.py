"""The scopes that each operation of Cloud needs through the API gateway, from Atlassian's documents.

`script/scopes.py` of the repository writes the table.
"""

import json
import re
from functools import cache
from pathlib import Path
from typing import NamedTuple


class Needed(NamedTuple):
    """Two alternatives: all *granular* scopes, or all *classic* ones."""

    granular: tuple[str, ...]
    classic: tuple[str, ...]


@cache
def _table() -> list[tuple[str, re.Pattern[str], Needed]]:
    rows = json.loads((Path(__file__).parent / "scopes.json").read_text(encoding="utf-8"))
    rows.sort(key=lambda row: row["path"].count("{}"))  # `/user/current` before `/user/{}`
    return [
        (
            row["method"],
            re.compile(re.escape(row["path"]).replace(r"\{\}", "[^/]+")),
            Needed(tuple(row["granular"]), tuple(row["classic"])),
        )
        for row in rows
    ]


def needed_scopes(method: str, path: str) -> Needed | None:
    """Return the scopes of an operation; None if the documents do not have it (any more)."""
    method = "GET" if method == "HEAD" else method
    return next((needed for verb, pattern, needed in _table() if verb == method and pattern.fullmatch(path)), None)

"""Write the scope tables from Atlassian's OpenAPI documents: one for the bot, one for the embedded wiki.

`python -m script.scopes FOLDER`, where FOLDER has the documents of Cloud v1 and v2. The bot's table has the calls that
the bot makes; the embedded wiki's has every operation. Both are data, so neither distribution imports the other.
"""

import json
import re
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

from bot.wiki.dialect_cloud import download_path
from bot.wiki.scopes import SCOPES_FILE
from tests.wiki.every_call import CLOUD, iter_calls

ROOT = Path(__file__).resolve().parent.parent
WIKI_FILE = ROOT / "wikiserver/src/wikiserver/rest/scopes.json"
_DOCUMENTS = {"cloud-v2.2026-09.openapi.json": "/api/v2", "cloud-v1.2026-09.swagger.v3.json": ""}


class Operation(NamedTuple):
    """One operation of the documents; *path* has `{}` for each parameter."""

    method: str
    path: str
    granular: tuple[str, ...]
    classic: tuple[str, ...]

    def fits(self, method: str, path: str) -> bool:
        """Return whether a request is this operation."""
        pattern = re.escape(self.path).replace(r"\{\}", "[^/]+")
        return method == self.method and re.fullmatch(pattern, path) is not None


def read_operations(folder: Path) -> Iterator[Operation]:
    """Yield the operations of Cloud with their scopes."""
    for name, prefix in _DOCUMENTS.items():
        for path, operations in json.loads((folder / name).read_text())["paths"].items():
            full = prefix + re.sub(r"\{[^}]*\}", "{}", path.removeprefix("/wiki"))
            for method in sorted({"get", "put", "post", "delete"} & set(operations)):
                yield Operation(method.upper(), full, *_scopes(operations[method]))


def _scopes(operation: dict[str, Any]) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Return granular and classic scopes; a granular scope has two colons and names an object of Confluence."""
    granular: tuple[str, ...] = ()
    classic: tuple[str, ...] = ()
    for alternative in operation.get("x-atlassian-oauth2-scopes", []):
        scopes = tuple(sorted(alternative["scopes"]))
        is_granular = all(re.fullmatch(r"(?:read|write|delete):[a-z.-]+:confluence", scope) for scope in scopes)
        if is_granular:
            granular = granular or scopes
        else:
            classic = classic or scopes
    return granular, classic


def bot_rows(operations: list[Operation]) -> list[dict[str, Any]]:
    """Return the operations that the bot uses, the first fitting one for each call."""
    asked = [(call.method, call.path) for call in iter_calls(CLOUD)]
    asked.append(("GET", download_path("12", "att3", 1).partition("?")[0]))
    used = {_operation(operations, *each) for each in asked}
    return [operation._asdict() for operation in sorted(used, key=lambda each: (each.path, each.method))]


def _operation(operations: list[Operation], method: str, path: str) -> Operation:
    fitting = [each for each in operations if each.fits(method, path)]
    return min(fitting, key=lambda each: each.path.count("{}"))


def render(rows: list[dict[str, Any]]) -> str:
    """Return the rows as JSON, one line each."""
    return "[\n" + ",\n".join(f"  {json.dumps(row)}" for row in rows) + "\n]\n"


def tables(folder: Path) -> dict[Path, str]:
    """Return the content of both tables, by path."""
    operations = list(read_operations(folder))
    everything = [each._asdict() for each in sorted(operations, key=lambda each: (each.path, each.method))]
    return {ROOT / SCOPES_FILE: render(bot_rows(operations)), WIKI_FILE: render(everything)}


if __name__ == "__main__":
    for path, text in tables(Path(sys.argv[1])).items():
        path.write_text(text)

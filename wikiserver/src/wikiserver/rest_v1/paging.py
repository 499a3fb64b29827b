"""Pages of results in v1: `start`, `limit`, `size`, and a `next` link relative to `_links.base`."""

from collections.abc import Mapping, Sequence
from typing import Any, Final
from urllib.parse import urlencode

from flask import request

from wikiserver.site import base_url, get_site
from wikiserver.store import InvalidError

from .expand import Expand

MAX_WITH_BODY: Final = 50
MAX_WITH_EXPAND: Final = 200
MAX_BARE: Final = 1000
_MAX_NUMBER: Final = 2**31 - 1

Json = dict[str, Any]


def start_and_limit(default: int = 25, *, expand: Expand | None = None) -> tuple[int, int]:
    """Return where the caller wants results to start and how many they get, under the caps of the platform."""
    start, limit = int_argument("start", 0), int_argument("limit", default)
    if expand is not None and "body" in expand:
        limit = min(limit, MAX_WITH_BODY)
    elif expand:
        limit = min(limit, MAX_WITH_EXPAND)
    return start, get_site().capped(min(limit, MAX_BARE))


def int_argument(name: str, default: int) -> int:
    """Return a non-negative number from the query."""
    text = request.args.get(name)
    if text is None or text == "":
        return default
    if not text.isdecimal():
        raise InvalidError(f"{name} must be a non-negative number")
    return min(int(text), _MAX_NUMBER)


def envelope(results: Sequence[Json], *, start: int, limit: int, has_more: bool, **more: object) -> Json:
    """Return one page of results with its links. *more* goes between the numbers and the links."""
    links: Json = {"self": base_url() + _here({})}
    if has_more:
        links["next"] = _here({"start": str(start + len(results)), "limit": str(limit)})
    if start > 0:
        links["prev"] = _here({"start": str(max(0, start - limit)), "limit": str(limit)})
    links |= base_links()
    return {"results": list(results), "start": start, "limit": limit, "size": len(results), **more, "_links": links}


def base_links() -> Json:
    """Return the links that the outermost object of an answer bears."""
    return {"base": base_url(), "context": _context()}


def paginate(rows: Sequence[Json], default: int = 25) -> Json:
    """Return the page of *rows* that the caller asks for."""
    start, limit = start_and_limit(default)
    return envelope(rows[start : start + limit], start=start, limit=limit, has_more=len(rows) > start + limit)


def _context() -> str:
    return request.script_root


def _here(changes: Mapping[str, str]) -> str:
    arguments = request.args.to_dict(flat=False) | {name: [value] for name, value in changes.items()}
    query = urlencode(arguments, doseq=True)
    return request.path + (f"?{query}" if query else "")

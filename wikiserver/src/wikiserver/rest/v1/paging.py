"""Pages of results in v1: `start`, `limit`, `size`, and a `next` link relative to `_links.base`."""

from collections.abc import Callable, Sequence
from typing import Final, TypeVar

from flask import request

from wikiserver.rest.arguments import Json, path_and_query
from wikiserver.rest.v1.expand import Expand
from wikiserver.site import base_url, get_site
from wikiserver.store import InvalidError

MAX_WITH_BODY: Final = 50
MAX_WITH_EXPAND: Final = 200
MAX_BARE: Final = 1000
_MAX_NUMBER: Final = 2**31 - 1

Item = TypeVar("Item")


def start_and_limit(default: int = 25, *, expand: Expand | None = None) -> tuple[int, int]:
    """Return the requested start and limit, capped as on the platform."""
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
    """Return one page of results with its links. *more* is inserted between the numbers and the links."""
    links: Json = {"self": base_url() + path_and_query()}
    if has_more:
        links["next"] = path_and_query({"start": str(start + len(results)), "limit": str(limit)})
    if start > 0:
        links["prev"] = path_and_query({"start": str(max(0, start - limit)), "limit": str(limit)})
    links |= base_links()
    return {"results": list(results), "start": start, "limit": limit, "size": len(results), **more, "_links": links}


def base_links() -> Json:
    """Return the links that only the outermost object of an answer has."""
    return {"base": base_url(), "context": request.script_root}


def paginate(rows: Sequence[Item], render: Callable[[Item], Json], *, default: int = 25) -> Json:
    """Return the requested page of *rows*, rendered; for lists that are always short."""
    start, limit = start_and_limit(default)
    page = [render(row) for row in rows[start : start + limit]]
    return envelope(page, start=start, limit=limit, has_more=len(rows) > start + limit)

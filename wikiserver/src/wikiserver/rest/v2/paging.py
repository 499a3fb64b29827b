"""Pages of results in v2: `limit`, an opaque `cursor`, and a `next` link relative to the host."""

import base64
import binascii
import json
from collections.abc import Callable, Sequence
from typing import Final, TypeVar

from flask import Response, jsonify, request

from wikiserver.rest.arguments import Json, many, path_and_query
from wikiserver.site import MAX_ID, base_url, get_site
from wikiserver.store import InvalidError

MAX_LIMIT: Final = 250
DEFAULT_LIMIT: Final = 25

Item = TypeVar("Item")


def wanted_limit(default: int = DEFAULT_LIMIT, maximum: int = MAX_LIMIT) -> int:
    """Return the maximum number of results."""
    text = request.args.get("limit", str(default))
    if not text.isdecimal() or not 1 <= int(text) <= maximum:
        raise InvalidError(f"Provided value {{{text}}} for 'limit' is not between 1 and {maximum}")
    return get_site().capped(int(text))


def read_cursor() -> Json | None:
    """Return the position at which the listing continues; None for the start."""
    text = request.args.get("cursor")
    if not text:
        return None
    try:
        place = json.loads(base64.urlsafe_b64decode(text))
    except (binascii.Error, ValueError):
        place = None
    if not isinstance(place, dict) or place.get("listing") != request.path:
        raise InvalidError("Invalid cursor")
    return place


def write_cursor(place: Json) -> str:
    """Encode a position as a cursor, which only the listing of this request accepts."""
    return base64.urlsafe_b64encode(json.dumps(place | {"listing": request.path}).encode()).decode()


def page_answer(results: Sequence[Json], next_place: Json | None) -> Response:
    """Return one page of results; *next_place* is the start of the next page, None on the last page."""
    links: Json = {"base": base_url()}
    header = f'<{base_url()}>; rel="base"'
    if next_place is not None:
        following = request.script_root + path_and_query({"cursor": write_cursor(next_place)})
        links = {"next": following} | links
        header = f'<{following}>; rel="next", {header}'
    answer = jsonify({"results": list(results), "_links": links})
    answer.headers["Link"] = header
    return answer


def paginate(items: Sequence[Item], render: Callable[[Item], Json], *, limit: int | None = None) -> Response:
    """Return the requested page of *items*, rendered; for lists that are always short."""
    limit = limit or wanted_limit()
    place = read_cursor() or {"offset": 0}
    offset = place.get("offset")
    if not isinstance(offset, int) or offset < 0:
        raise InvalidError("Invalid cursor")
    page = [render(item) for item in items[offset : offset + limit]]
    return page_answer(page, {"offset": offset + limit} if len(items) > offset + limit else None)


def flag(name: str, *, default: bool = False) -> bool:
    """Return a boolean of the query."""
    text = request.args.get(name)
    if text is None:
        return default
    if text.lower() not in {"true", "false"}:
        raise InvalidError(f"Provided value {{{text}}} for '{name}' is not a boolean")
    return text.lower() == "true"


def many_ids(name: str) -> list[int]:
    """Return a query parameter that lists ids."""
    found = [one.removeprefix("att") for one in many(name)]
    for one in found:
        if not one.isdecimal() or int(one) > MAX_ID:
            raise InvalidError(f"Provided value {{{one}}} for '{name}' is not the correct type. Expected type is Long")
    return [int(one) for one in found]

"""Search content by CQL; return a page of results and the cursor of the next page."""

import base64
import binascii
import json
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any, Final

from wikiserver.cql import compile_query, parse_cql
from wikiserver.rights import visibility
from wikiserver.site import get_site, get_store, get_user
from wikiserver.store import Content, InvalidError, Selection, to_milliseconds

Json = dict[str, Any]

_NO_CURSOR: Final = "The cursor is not one of this search"


@dataclass(frozen=True, slots=True)
class Hits:
    """One page of search results, and where the next page starts."""

    contents: Sequence[Content]
    everything: Selection
    next_cursor: str | None

    @property
    def total(self) -> int:
        """Return the total number of results; computed only on request, because counting is slow."""
        return get_store().contents.count(self.everything)


def search(cql: str, *, limit: int, cursor: str | None, start: int = 0) -> Hits:
    """Return one page of the results of *cql* that the caller may see. Archived and trashed content is never found."""
    compiled = compile_query(parse_cql(cql), get_store(), get_user())
    hidden, more = visibility()
    base = Selection((compiled.condition, *hidden), (*compiled.parameters, *more))
    base = _as_of_last_indexing(base)
    order = compiled.order or (("content.id", False),)
    if len(order) == 1:
        selection = replace(base, order_by=order[0][0], is_descending=order[0][1])
    else:
        *first, (last, is_descending) = order
        columns = ", ".join(f"{column} {'DESC' if down else 'ASC'}" for column, down in first)
        selection = replace(base, order_by=f"{columns}, {last}", is_descending=is_descending)
    selection = _continued(selection, _read_cursor(cursor, cql), start, is_keyed=len(order) == 1)
    found = get_store().contents.select(replace(selection, limit=limit + 1))
    page = found[:limit]
    following = None
    if len(found) > limit and page:
        following = _cursor_after(page[-1], selection, len(page), cql, is_keyed=len(order) == 1)
    return Hits(page, base, following)


def _as_of_last_indexing(selection: Selection) -> Selection:
    lag = get_site().stale_search_seconds
    if not lag:
        return selection
    horizon = to_milliseconds(get_store().clock() - timedelta(seconds=lag))
    return replace(
        selection,
        conditions=(*selection.conditions, "content.created_at <= ?"),
        parameters=(*selection.parameters, horizon),
    )


def _continued(selection: Selection, place: Json | None, start: int, *, is_keyed: bool) -> Selection:
    if place is None:
        return replace(selection, offset=start)
    try:
        if is_keyed:
            return replace(selection, after=(place["value"], int(place["id"])))
        return replace(selection, offset=int(place["offset"]))
    except (ValueError, KeyError, TypeError):
        raise InvalidError(_NO_CURSOR) from None


def _read_cursor(cursor: str | None, cql: str) -> Json | None:
    """Return the position in a cursor; a cursor is valid only for the query that it was returned for."""
    if cursor is None:
        return None
    try:
        place = json.loads(base64.urlsafe_b64decode(cursor.removeprefix("_sa_")))
    except (binascii.Error, ValueError):
        place = None
    if not isinstance(place, dict) or place.get("cql") != cql:
        raise InvalidError(_NO_CURSOR)
    return place


def _cursor_after(last: Content, selection: Selection, size: int, cql: str, *, is_keyed: bool) -> str:
    place: dict[str, object] = {"offset": selection.offset + size}
    if is_keyed:
        values: dict[str, object] = {
            "content.updated_at": to_milliseconds(last.updated_at),
            "content.created_at": to_milliseconds(last.created_at),
            "content.title_key": last.title.casefold(),
            "content.type": last.type,
            "content.space_id": last.space_id,
            "content.creator": last.creator,
        }
        place = {"value": values.get(selection.order_by, last.id), "id": last.id}
    return "_sa_" + base64.urlsafe_b64encode(json.dumps(place | {"cql": cql}).encode()).decode()

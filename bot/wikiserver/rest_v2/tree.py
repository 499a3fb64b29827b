"""v2: where pages hang: children, descendants, ancestors."""

from typing import Any

from flask import Response, request

from bot.wikiserver.site import get_store, may_read
from bot.wikiserver.store import Content, InvalidError

from .blueprint import api
from .paging import Json, page_answer, paginate, read_cursor, wanted_limit
from .reading import get_readable

MAX_DEPTH = 10


def _child(content: Content) -> Json:
    return {
        "id": str(content.id),
        "status": content.status,
        "title": content.title,
        "spaceId": str(content.space_id),
        "childPosition": content.position,
    }


@api.get("/pages/<page_id>/children")
def list_children(page_id: str) -> Any:
    """List the pages right under a page (the older operation)."""
    return paginate(_children(page_id), _child)


@api.get("/pages/<page_id>/direct-children")
def list_direct_children(page_id: str) -> Any:
    """List what hangs right under a page."""
    return paginate(_children(page_id), lambda content: _child(content) | {"type": content.type})


def _children(page_id: str) -> list[Content]:
    page = get_readable(page_id)
    return [one for one in get_store().hierarchy.children(page.id) if may_read(one)]


@api.get("/pages/<page_id>/descendants")
def list_descendants(page_id: str) -> Any:
    """List what hangs below a page, level by level, down to a depth of at most ten."""
    page, limit = get_readable(page_id), wanted_limit()
    text = request.args.get("depth", "2")
    if not text.isdecimal() or not 1 <= int(text) <= MAX_DEPTH:
        raise InvalidError(f"Provided value {{{text}}} for 'depth' is not between 1 and {MAX_DEPTH}")
    offset = _offset()
    found = get_store().hierarchy.descendants(page.id, max_depth=int(text), limit=limit + 1, offset=offset)
    results = [_descendant(content, depth) for content, depth in found[:limit] if may_read(content)]
    return page_answer(results, {"offset": offset + limit} if len(found) > limit else None)


def _offset() -> int:
    place = read_cursor() or {"offset": 0}
    if not isinstance(place.get("offset"), int):
        raise InvalidError("Invalid cursor")
    return int(place["offset"])


def _descendant(content: Content, depth: int) -> Json:
    return {
        "id": str(content.id),
        "status": content.status,
        "title": content.title,
        "type": content.type,
        "parentId": str(content.parent_id),
        "depth": depth,
        "childPosition": content.position,
    }


@api.get("/pages/<page_id>/ancestors")
def list_ancestors(page_id: str) -> Response:
    """List what a page hangs under, the topmost first; *limit* keeps the nearest."""
    ancestors = get_store().hierarchy.ancestors(get_readable(page_id).id)
    nearest = ancestors[-wanted_limit() :]
    return page_answer([{"id": str(one.id), "type": one.type} for one in nearest], None)

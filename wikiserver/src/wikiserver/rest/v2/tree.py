"""v2: the page tree: children, descendants, ancestors."""

from typing import Any

from flask import Response, request

from wikiserver.rest.arguments import Json
from wikiserver.rest.v2.interface import api
from wikiserver.rest.v2.lookup import get_readable
from wikiserver.rest.v2.paging import page_answer, paginate, read_cursor, wanted_limit
from wikiserver.site import get_store, may_read
from wikiserver.store import IN_TREE, Content, InvalidError

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
    """List the direct children of a page (the older operation)."""
    page = get_readable(page_id)
    found = [one for one in get_store().hierarchy.children(page.id, kinds=("page",)) if may_read(one)]
    return paginate(found, _child)


def register(kind: str) -> None:
    """Add the operations on the tree, for one type of content."""

    @api.get(f"/{kind}s/<content_id>/direct-children", endpoint=f"children_of_{kind}")
    def list_direct_children(content_id: str) -> Any:
        above = get_readable(content_id, kind)
        found = [one for one in get_store().hierarchy.children(above.id) if may_read(one)]
        return paginate(found, lambda content: _child(content) | {"type": content.type})

    @api.get(f"/{kind}s/<content_id>/descendants", endpoint=f"descendants_of_{kind}")
    def list_descendants(content_id: str) -> Any:
        return _descendants(get_readable(content_id, kind))

    @api.get(f"/{kind}s/<content_id>/ancestors", endpoint=f"ancestors_of_{kind}")
    def list_ancestors(content_id: str) -> Any:
        ancestors = get_store().hierarchy.ancestors(get_readable(content_id, kind).id)
        nearest = ancestors[-wanted_limit() :]
        return page_answer([{"id": str(one.id), "type": one.type} for one in nearest], None)


for _kind in IN_TREE:
    register(_kind)


def _descendants(above: Content) -> Response:
    """Return the descendants of a content, level by level, to a depth of at most ten."""
    limit, text = wanted_limit(), request.args.get("depth", "2")
    if not text.isdecimal() or not 1 <= int(text) <= MAX_DEPTH:
        raise InvalidError(f"Provided value {{{text}}} for 'depth' is not between 1 and {MAX_DEPTH}")
    offset = _offset()
    found = get_store().hierarchy.descendants(above.id, max_depth=int(text), limit=limit + 1, offset=offset)
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

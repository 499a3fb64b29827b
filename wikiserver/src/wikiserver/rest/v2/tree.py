"""v2: the page tree: children, descendants, ancestors."""

from collections.abc import Callable, Sequence
from typing import Any

from flask import Response, request

from wikiserver.rest.arguments import Json
from wikiserver.rest.v2.interface import api
from wikiserver.rest.v2.lookup import get_readable
from wikiserver.rest.v2.paging import page_answer, read_cursor, wanted_limit
from wikiserver.rights import may_read
from wikiserver.site import get_store
from wikiserver.store import IN_TREE, Content, InvalidError

MAX_DEPTH = 10
MIN_POSITION = -(2**62)


def _child(content: Content) -> Json:
    return {
        "id": str(content.id),
        "status": content.status,
        "title": content.title,
        "spaceId": str(content.space_id),
        "childPosition": content.position,
    }


def child_json(content: Content) -> Json:
    """Return one child, of any type."""
    return _child(content) | {"type": content.type}


@api.get("/pages/<page_id>/children")
def list_children(page_id: str) -> Any:
    """List the direct children of a page (the older operation)."""
    return _children(get_readable(page_id), ("page",), _child)


def register(kind: str) -> None:
    """Add the operations on the tree, for one type of content."""

    @api.get(f"/{kind}s/<content_id>/direct-children", endpoint=f"children_of_{kind}")
    def list_direct_children(content_id: str) -> Any:
        return _children(get_readable(content_id, kind), IN_TREE, child_json)

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
    after = _place("depth", "position", "id") or (0, MIN_POSITION, 0)
    found = get_store().hierarchy.descendants(
        above.id, statuses=("current", "archived"), max_depth=int(text), limit=limit + 1, after=after
    )
    results = [_descendant(content, depth) for content, depth in found[:limit] if may_read(content)]
    if len(found) <= limit:
        return page_answer(results, None)
    last, depth = found[limit - 1]
    return page_answer(results, {"depth": depth, "position": last.position, "id": last.id})


def _children(above: Content, kinds: Sequence[str], render: Callable[[Content], Json]) -> Response:
    """Return children by position: a page that others move around is neither missed nor listed twice."""
    limit, after = wanted_limit(), _place("position", "id") or (MIN_POSITION, 0)
    found = get_store().hierarchy.children(above.id, kinds=kinds, limit=limit + 1, after=after)
    results = [render(content) for content in found[:limit] if may_read(content)]
    last = found[limit - 1] if len(found) > limit else None
    return page_answer(results, None if last is None else {"position": last.position, "id": last.id})


def _place(*names: str) -> tuple[int, ...] | None:
    """Return the values of the cursor by *names*; None for the start."""
    place = read_cursor()
    if place is None:
        return None
    values = [place.get(name) for name in names]
    if not all(isinstance(value, int) for value in values):
        raise InvalidError("Invalid cursor")
    return tuple(int(str(value)) for value in values)


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

"""v1: children and descendants of a content, by type."""

from typing import Any

from flask import jsonify, request

from wikiserver.rest.media_files import asked_files
from wikiserver.rest.v1.content_json import children_json, contents_json
from wikiserver.rest.v1.expand import Expand
from wikiserver.rest.v1.interface import api
from wikiserver.rest.v1.lookup import get_readable
from wikiserver.rest.v1.paging import base_links, envelope, start_and_limit
from wikiserver.rights import may_read
from wikiserver.site import base_url, get_site, get_store
from wikiserver.store import IN_TREE, Content, InvalidError


@api.get("/content/<content_id>/child")
def get_children(content_id: str) -> Any:
    """Return the children of a content, by type; only expanded types are included."""
    content = get_readable(content_id)
    answer = children_json(content, Expand.of_request(), "child")
    answer["_links"] |= base_links()
    return jsonify(answer)


@api.get("/content/<content_id>/descendant")
def get_descendants(content_id: str) -> Any:
    """Return the descendants of a content, by type; only expanded types are included."""
    content = get_readable(content_id)
    answer = children_json(content, Expand.of_request(), "descendant")
    answer["_links"] |= base_links()
    return jsonify(answer)


@api.get("/content/<content_id>/child/<kind>")
def list_children(content_id: str, kind: str) -> Any:
    """List the children of one type."""
    content = get_readable(content_id)
    default = 50 if kind == "attachment" and get_site().is_cloud else 25
    return _answer(_children(content, kind), default)


def _children(content: Content, kind: str) -> list[Content]:
    store = get_store()
    match kind:
        case _ if kind in IN_TREE:
            return store.hierarchy.children(content.id, kinds=(kind,))
        case "attachment":
            return asked_files(store.attachments.of(content.id))
        case "comment":
            return _comments(content)
    raise InvalidError(f"Not a type of child: {kind}")


def _comments(content: Content) -> list[Content]:
    store = get_store()
    if content.type == "comment":
        return store.comments.replies(content.id)
    found = store.comments.all_of(content.id) if request.args.get("depth") == "all" else store.comments.of(content.id)
    wanted = set(request.args.getlist("location"))
    if not wanted:
        return found
    return [one for one in found if _location(one) & wanted]


def _location(comment: Content) -> set[str]:
    detail = get_store().comments.detail(comment.id)
    is_resolved = detail.location == "inline" and detail.resolution == "resolved"
    return {detail.location, "resolved"} if is_resolved else {detail.location}


@api.get("/content/<content_id>/descendant/<kind>")
def list_descendants(content_id: str, kind: str) -> Any:
    """List the descendants of a content of one type, at any depth."""
    content = get_readable(content_id)
    store = get_store()
    if kind == "page":
        expand = Expand.of_request()
        start, limit = start_and_limit(expand=expand)
        found = store.hierarchy.descendants(content.id, kinds=("page",), limit=limit + 1, offset=start)
        pages = [one for one, _ in found[:limit] if may_read(one)]
        return jsonify(envelope(contents_json(pages, expand), start=start, limit=limit, has_more=len(found) > limit))
    if kind == "attachment":
        return _answer(store.attachments.of(content.id))
    if kind == "comment":
        return _answer(store.comments.all_of(content.id))
    raise InvalidError(f"Not a type of descendant: {kind}")


def _answer(found: list[Content], default: int = 25) -> Any:
    expand = Expand.of_request()
    start, limit = start_and_limit(default, expand=expand)
    readable = [one for one in found if may_read(one)]
    page = contents_json(readable[start : start + limit], expand)
    answer = envelope(page, start=start, limit=limit, has_more=len(readable) > start + limit)
    answer["_links"]["self"] = f"{base_url()}{request.path}"
    return jsonify(answer)

"""v1: spaces."""

from typing import Any

from flask import Response, jsonify, request

from wikiserver.rest.arguments import Json, json_object
from wikiserver.rest.content_query import ContentQuery, labels_in
from wikiserver.rest.v1.content_json import content_json, contents_json
from wikiserver.rest.v1.expand import Expand
from wikiserver.rest.v1.interface import api
from wikiserver.rest.v1.labels import labels_answer, sent_labels
from wikiserver.rest.v1.lookup import get_readable, text_of
from wikiserver.rest.v1.paging import base_links, envelope, paginate, start_and_limit
from wikiserver.rest.v1.space_json import space_json
from wikiserver.rights import check_creates_spaces, get_administered, visible_space, visible_spaces
from wikiserver.site import base_url, get_site, get_store, get_user
from wikiserver.space_life import create_space, delete_space
from wikiserver.store import Content, InvalidError, Space


def _homepage(page: Content, expand: Expand) -> Json:
    return content_json(page, expand)


def _outermost(space: Space, expand: Expand) -> Json:
    answer = space_json(space, expand, _homepage)
    answer["_links"] |= {"collection": "/rest/api/space"} | base_links()
    return answer


@api.get("/space")
def list_spaces() -> Any:
    """List spaces by key, type and status."""
    keys = {key.casefold() for key in request.args.getlist("spaceKey") + request.args.getlist("keys")}
    ids, kind = set(request.args.getlist("spaceId")), request.args.get("type")
    status = request.args.get("status", "current" if get_site().is_cloud else None)
    found = [
        one
        for one in visible_spaces()
        if (not keys or one.key.casefold() in keys)
        and (not ids or str(one.id) in ids)
        and (kind is None or one.type == kind)
        and (status is None or one.status == status)
    ]
    expand = Expand.of_request()
    return jsonify(paginate(found, lambda one: space_json(one, expand, _homepage)))


@api.get("/space/<key>")
def get_space(key: str) -> Any:
    """Return one space."""
    return jsonify(_outermost(visible_space(key), Expand.of_request()))


@api.post("/space")
@api.post("/space/_private")
def add_space() -> Any:
    """Create a space with a home page."""
    body = json_object()
    key, name = text_of(body, "key") or text_of(body, "alias"), text_of(body, "name")
    if not name or not key or not key.replace("~", "").replace("_", "").isalnum():
        raise InvalidError("A space needs a name and a key of letters and digits")
    description = text_of(body, "description", "plain", "value") or text_of(body, "description", "view", "value") or ""
    check_creates_spaces()
    is_private, creator = request.path.endswith("/_private"), get_user().account_id
    space = create_space(get_store(), key, name, description=description, creator=creator, is_private=is_private)
    return jsonify(_outermost(space, Expand(["description.plain", "homepage"])))


@api.put("/space/<key>")
def change_space(key: str) -> Any:
    """Rename a space, or change its description, home page or status."""
    body, space = json_object(), get_administered(key)
    homepage = text_of(body, "homepage", "id")
    saved = get_store().spaces.update(
        space.id,
        name=text_of(body, "name"),
        description=text_of(body, "description", "plain", "value"),
        homepage_id=get_readable(homepage).id if homepage is not None else None,
        status=text_of(body, "status"),
    )
    return jsonify(_outermost(saved, Expand(["description.plain", "homepage"])))


@api.delete("/space/<key>")
def remove_space(key: str) -> Any:
    """Remove a space with its content, as a long task; administrators of the space only."""
    task = delete_space(get_store(), get_administered(key))
    links = {"status": f"/rest/api/longtask/{task.id}"} | base_links()
    return jsonify({"id": task.id, "links": {"status": links["status"]}, "_links": links}), 202


@api.put("/space/<key>/archive")
@api.put("/space/<key>/restore")
def archive_space(key: str) -> Response:
    """Archive or restore a space (Data Center)."""
    space = get_administered(key)
    get_store().spaces.update(space.id, status="archived" if request.path.endswith("/archive") else "current")
    return Response(status=204)


@api.get("/space/<key>/content")
def list_all_content(key: str) -> Any:
    """List the content of a space, a list for each type."""
    space, expand = visible_space(key), Expand.of_request()
    answer: Json = {kind: _content(space, kind, expand) for kind in ("page", "blogpost")}
    return jsonify(answer | {"_links": {"self": f"{base_url()}{request.path}"} | base_links()})


@api.get("/space/<key>/content/<kind>")
def list_content_of_type(key: str, kind: str) -> Any:
    """List the content of a space of one type."""
    return jsonify(_content(visible_space(key), kind, Expand.of_request()))


def _content(space: Space, kind: str, expand: Expand) -> Json:
    start, limit = start_and_limit(expand=expand)
    query = ContentQuery().where("space_id = ?", space.id).where("type = ?", kind).where("status = 'current'")
    if request.args.get("depth") == "root":
        query.where("parent_id IS NULL")
    found = get_store().contents.select(query.visible(limit=limit + 1, offset=start))
    return envelope(contents_json(found[:limit], expand), start=start, limit=limit, has_more=len(found) > limit)


@api.get("/space/<key>/labels")
def list_content_labels(key: str) -> Any:
    """List the labels of the content of a space (Data Center)."""
    return labels_answer(labels_in(visible_space(key)))


@api.get("/space/<key>/label")
def list_space_labels(key: str) -> Any:
    """List the labels of a space."""
    return labels_answer(get_store().labels.of_space(visible_space(key).id))


@api.post("/space/<key>/label")
def add_space_labels(key: str) -> Any:
    """Add labels to a space."""
    space = get_administered(key)
    for prefix, name in sent_labels():
        get_store().labels.add_to_space(space.id, name, prefix)
    return labels_answer(get_store().labels.of_space(space.id))


@api.delete("/space/<key>/label")
def remove_space_label(key: str) -> Response:
    """Remove a label from a space."""
    space = get_administered(key)
    get_store().labels.remove_from_space(space.id, request.args.get("name", ""))
    return Response(status=204)


@api.get("/space/<key>/settings")
def get_space_settings(key: str) -> Any:
    """Return the settings of a space."""
    space = visible_space(key)
    links = {"self": f"{base_url()}/rest/api/space/{space.key}/settings"} | base_links()
    editor = {"page": "v2", "blogpost": "v2", "default": "v2"}
    return jsonify({"routeOverrideEnabled": False, "editor": editor, "spaceKey": space.key, "_links": links})

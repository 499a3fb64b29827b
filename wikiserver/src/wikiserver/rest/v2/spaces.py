"""v2: spaces."""

from typing import Any

from flask import jsonify, request

from wikiserver.addresses import space_webui
from wikiserver.moments import iso
from wikiserver.rest.arguments import Json, json_object, many
from wikiserver.rest.content_query import all_labels, labels_in
from wikiserver.rest.v2.content_json import included, label_json, outermost, property_json
from wikiserver.rest.v2.content_parts import created_property, labels_answer, properties_answer, property_answer
from wikiserver.rest.v2.interface import api
from wikiserver.rest.v2.lookup import text_of, visible_space
from wikiserver.rest.v2.paging import flag, many_ids, paginate
from wikiserver.rights import check_administers, check_creates_spaces, visible_spaces
from wikiserver.site import get_store, get_user
from wikiserver.space_life import create_space
from wikiserver.store import Grant, InvalidError, Label, Space


def space_json(space: Space) -> Json:
    """Return one space."""
    answer: Json = {
        "id": str(space.id),
        "key": space.key,
        "name": space.name,
        "type": space.type,
        "status": space.status,
        "authorId": space.creator,
        "spaceOwnerId": space.creator,
        "currentActiveAlias": space.key,
        "createdAt": iso(space.created_at),
        "homepageId": str(space.homepage_id) if space.homepage_id is not None else None,
        "description": None,
        "icon": None,
        "_links": {"webui": space_webui(space)},
    }
    representation = request.args.get("description-format")
    if representation in {"plain", "view"}:
        answer["description"] = {representation: {"representation": representation, "value": space.description}}
    if flag("include-icon"):
        answer["icon"] = {"path": "/images/logo/default-space-logo.svg", "apiDownloadLink": ""}
    return answer


@api.get("/spaces")
def list_spaces() -> Any:
    """List spaces by id, key, type, status and label."""
    ids, keys = many_ids("ids"), {key.casefold() for key in many("keys")}
    kinds, statuses, labels = many("type"), many("status"), many("labels")
    found = [
        space
        for space in visible_spaces()
        if (not ids or space.id in ids)
        and (not keys or space.key.casefold() in keys)
        and (not kinds or space.type in kinds)
        and (not statuses or space.status in statuses)
        and (not labels or {one.name for one in _labels(space)} & set(labels))
    ]
    sort = request.args.get("sort", "id")
    orders = {"id": lambda one: one.id, "key": lambda one: one.key, "name": lambda one: one.name.casefold()}
    if sort.removeprefix("-") not in orders:
        raise InvalidError(f"Provided value {{{sort}}} for 'sort' is not one of {', '.join(orders)}")
    found.sort(key=orders[sort.removeprefix("-")], reverse=sort.startswith("-"))
    return paginate(found, space_json)


@api.post("/spaces")
def add_space() -> Any:
    """Create a space with a home page."""
    body = json_object()
    name, key = text_of(body, "name", required=True) or "", text_of(body, "key") or text_of(body, "alias")
    if not key or not key.isalnum():
        raise InvalidError("'key' is required and consists of letters and digits")
    description = body.get("description")
    text = str(description.get("value", "")) if isinstance(description, dict) else ""
    check_creates_spaces()
    space = create_space(get_store(), key, name, description=text, creator=get_user().account_id)
    return jsonify(outermost(space_json(space))), 201


@api.get("/spaces/<space_id>")
def get_space(space_id: str) -> Any:
    """Return one space."""
    space = _space(space_id)
    answer = space_json(space)
    if flag("include-labels"):
        answer["labels"] = included([label_json(one) for one in _labels(space)])
    if flag("include-properties"):
        answer["properties"] = included([property_json(one) for one in get_store().space_properties.of(space.id)])
    if flag("include-operations"):
        answer["operations"] = included(_operations(space))
    return jsonify(outermost(answer))


def _space(space_id: str) -> Space:
    return visible_space(space_id)


def _administered(space_id: str) -> Space:
    return check_administers(visible_space(space_id))


def _labels(space: Space) -> list[Label]:
    return get_store().labels.of_space(space.id)


@api.get("/spaces/<space_id>/labels")
def list_space_labels(space_id: str) -> Any:
    """List the labels of a space."""
    return labels_answer(_labels(_space(space_id)))


@api.get("/spaces/<space_id>/content/labels")
def list_content_labels(space_id: str) -> Any:
    """List the labels of the content of a space."""
    return labels_answer(labels_in(_space(space_id)))


@api.get("/labels")
def list_labels() -> Any:
    """List all labels, or the labels with the given ids."""
    ids = many_ids("label-id")
    return labels_answer([label for label in all_labels() if not ids or label.id in ids])


@api.get("/spaces/<space_id>/operations")
def get_space_operations(space_id: str) -> Any:
    """Return the operations that the caller may perform on a space."""
    return jsonify({"operations": _operations(_space(space_id))})


def _operations(space: Space) -> list[Json]:
    granted = get_store().space_permissions.allowed(space.id, get_user().account_id)
    return [{"operation": one.key, "targetType": one.target} for one in sorted(granted)]


@api.get("/spaces/<space_id>/permissions")
def list_space_permissions(space_id: str) -> Any:
    """List the permissions of a space: who may do what."""
    return paginate(get_store().space_permissions.of(_space(space_id).id), _permission_json)


def _permission_json(grant: Grant) -> Json:
    return {
        "id": str(grant.id),
        "principal": {"type": grant.subject_type, "id": grant.subject},
        "operation": {"key": grant.operation.key, "targetType": grant.operation.target},
    }


@api.get("/spaces/<space_id>/properties")
def list_space_properties(space_id: str) -> Any:
    """List the properties of a space."""
    return properties_answer(get_store().space_properties, _space(space_id).id)


@api.post("/spaces/<space_id>/properties")
def create_space_property(space_id: str) -> Any:
    """Add a property to a space."""
    return created_property(get_store().space_properties, _administered(space_id).id), 201


@api.route("/spaces/<space_id>/properties/<property_id>", methods=["GET", "PUT", "DELETE"])
def one_space_property(space_id: str, property_id: str) -> Any:
    """Look up, save or remove one property of a space."""
    space = _space(space_id) if request.method == "GET" else _administered(space_id)
    return property_answer(get_store().space_properties, space.id, property_id)

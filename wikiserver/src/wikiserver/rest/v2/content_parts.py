"""v2: parts of a page or blog post: labels, versions, operations, likes, properties."""

from typing import Any

from flask import Response, jsonify, request

from wikiserver.rest.arguments import Json, json_object, many
from wikiserver.rest.v2.content_json import (
    BULK_FORMATS,
    body_json,
    label_json,
    operations_json,
    outermost,
    property_json,
    version_json,
    wanted_format,
)
from wikiserver.rest.v2.interface import api
from wikiserver.rest.v2.lookup import get_editable, get_readable, parse_number, text_of, version_of
from wikiserver.rest.v2.paging import paginate
from wikiserver.site import get_store, get_user
from wikiserver.store import Content, InvalidError, Label, Property, Version
from wikiserver.store.properties import Properties

KINDS = {"page": "pages", "blogpost": "blogposts", "attachment": "attachments"}


def register_parts(kind: str, path: str) -> None:
    """Add the operations on parts for one type of content."""

    @api.get(f"/{path}/<content_id>/labels", endpoint=f"labels_of_{path}")
    def list_labels(content_id: str) -> Any:
        return labels_answer(get_store().labels.of(get_readable(content_id, kind).id))

    @api.get(f"/{path}/<content_id>/versions", endpoint=f"versions_of_{path}")
    def list_versions(content_id: str) -> Any:
        return versions_answer(get_readable(content_id, kind), path)

    @api.get(f"/{path}/<content_id>/versions/<number>", endpoint=f"version_of_{path}")
    def get_version(content_id: str, number: str) -> Any:
        return jsonify(detailed_version(get_readable(content_id, kind), parse_number(number, "version-number")))

    @api.get(f"/{path}/<content_id>/operations", endpoint=f"operations_of_{path}")
    def get_operations(content_id: str) -> Any:
        return jsonify({"operations": operations_json(get_readable(content_id, kind))})


def register_properties(kind: str, path: str) -> None:
    """Add the operations on JSON properties."""

    @api.get(f"/{path}/<content_id>/properties", endpoint=f"properties_of_{path}")
    def list_properties(content_id: str) -> Any:
        return properties_answer(get_store().properties, get_readable(content_id, kind).id)

    @api.post(f"/{path}/<content_id>/properties", endpoint=f"create_property_of_{path}")
    def create_property(content_id: str) -> Any:
        return created_property(get_store().properties, get_editable(content_id, kind).id)

    @api.route(
        f"/{path}/<content_id>/properties/<property_id>",
        endpoint=f"property_of_{path}",
        methods=["GET", "PUT", "DELETE"],
    )
    def one_property(content_id: str, property_id: str) -> Any:
        finder = get_readable if request.method == "GET" else get_editable
        return property_answer(get_store().properties, finder(content_id, kind).id, property_id)


def register_likes(kind: str, path: str) -> None:
    """Add the operations on likes; this wiki has no likes."""

    @api.get(f"/{path}/<content_id>/likes/count", endpoint=f"like_count_of_{path}")
    def get_like_count(content_id: str) -> Any:
        get_readable(content_id, kind)
        return jsonify({"count": 0})

    @api.get(f"/{path}/<content_id>/likes/users", endpoint=f"likers_of_{path}")
    def list_likers(content_id: str) -> Any:
        get_readable(content_id, kind)
        return paginate(list[Json](), lambda one: one)


for _kind, _path in KINDS.items():
    register_parts(_kind, _path)
    register_properties(_kind, _path)
    if _kind != "attachment":
        register_likes(_kind, _path)


def labels_answer(labels: list[Label]) -> Response:
    """Return one page of labels, by prefix and in the requested order."""
    prefixes, sort = many("prefix"), request.args.get("sort", "id")
    shown = [label for label in labels if not prefixes or label.prefix in prefixes]
    if sort.removeprefix("-") not in {"id", "name", "created-date"}:
        raise InvalidError(f"Provided value {{{sort}}} for 'sort' is not the correct type")
    is_by_name = sort.removeprefix("-") == "name"
    shown.sort(key=lambda label: (label.name if is_by_name else "", label.id), reverse=sort.startswith("-"))
    return paginate(shown, label_json)


def versions_answer(content: Content, path: str) -> Response:
    """Return one page of versions, with bodies if requested."""
    representation, sort = wanted_format(BULK_FORMATS), request.args.get("sort", "-modified-date")
    if sort not in {"modified-date", "-modified-date"}:
        raise InvalidError(f"Provided value {{{sort}}} for 'sort' is not the correct type")
    found = get_store().contents.versions(content.id, is_ascending=sort == "modified-date")

    def render(version: Version) -> Json:
        answer = version_json(version)
        if representation is None:
            return answer
        body = get_store().contents.body(content.id, version.number)
        entity = {"id": str(content.id), "title": version.title}
        return answer | {path.removesuffix("s"): entity | {"body": body_json(content, body, representation)}}

    return paginate(found, render)


def detailed_version(content: Content, number: int) -> Json:
    """Return one version and its neighbours."""
    version = get_store().contents.version(content.id, number)
    answer = version_json(version)
    answer |= {"contentTypeModified": False, "collaborators": [version.author]}
    if number > 1:
        answer["prevVersion"] = number - 1
    if number < content.version:
        answer["nextVersion"] = number + 1
    return answer


def properties_answer(properties: Properties, owner_id: int) -> Response:
    """Return one page of properties, with one key if requested."""
    key = request.args.get("key")
    found = [one for one in properties.of(owner_id) if key is None or one.key == key]
    return paginate(found, property_json)


def created_property(properties: Properties, owner_id: int) -> Any:
    """Create the property in the request."""
    body = json_object()
    key = text_of(body, "key", required=True) or ""
    if "value" not in body:
        raise InvalidError("'value' is required")
    return _one(properties.create(owner_id, key, body["value"], author=get_user().account_id))


def property_answer(properties: Properties, owner_id: int, property_id: str) -> Any:
    """Read, save or delete one property, depending on the method of the request."""
    known = properties.get_by_id(owner_id, parse_number(property_id, "property-id"))
    if request.method == "GET":
        return _one(known)
    if request.method == "DELETE":
        properties.delete(owner_id, known.key)
        return Response(status=204)
    body = json_object()
    number, message = version_of(body)
    if text_of(body, "key", required=True) != known.key:
        raise InvalidError("'key' does not match the property")
    author = get_user().account_id
    return _one(
        properties.update(owner_id, known.key, body.get("value"), number=number, author=author, message=message)
    )


def _one(one: Property) -> Any:
    return jsonify(outermost(property_json(one)))

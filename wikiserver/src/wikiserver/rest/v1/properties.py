"""v1: JSON properties of content and of spaces."""

import json
from typing import Any

from flask import Response, jsonify

from wikiserver.moments import iso
from wikiserver.rest.arguments import Json, json_object
from wikiserver.rest.v1.interface import api
from wikiserver.rest.v1.lookup import get_editable, get_readable, number_of, text_of
from wikiserver.rest.v1.paging import base_links, paginate
from wikiserver.rest.v1.people_json import user_by_id
from wikiserver.rights import get_administered, visible_space
from wikiserver.site import base_url, get_site, get_store, get_user
from wikiserver.store import InvalidError, Property
from wikiserver.store.properties import Properties


def property_json(one: Property, owner_link: str) -> Json:
    """Return one property."""
    name = "content" if "/content/" in owner_link else "space"
    version: Json = {
        "by": user_by_id(one.author),
        "when": iso(one.created_at),
        "message": one.message,
        "number": one.version,
        "minorEdit": one.is_minor,
        "contentTypeModified": False,
    }
    if not get_site().is_cloud:
        version = {
            "number": one.version,
            "when": iso(one.created_at),
            "message": one.message,
            "minorEdit": one.is_minor,
        }
    return {
        "id": str(one.id),
        "key": one.key,
        "value": json.loads(one.value),
        "version": version,
        "_expandable": {name: owner_link},
        "_links": {"self": f"{base_url()}{owner_link}/property/{one.key}"},
    }


def _outermost(one: Property, owner_link: str) -> Any:
    answer = property_json(one, owner_link)
    answer["_links"] |= base_links()
    return jsonify(answer)


def _list(found: list[Property], owner_link: str) -> Any:
    return jsonify(paginate(found, lambda one: property_json(one, owner_link), default=10))


def _create(properties: Properties, owner_id: int, owner_link: str, key: str | None) -> Any:
    body = json_object()
    key = key or text_of(body, "key")
    if not key or "value" not in body:
        raise InvalidError("A property needs a key and a value")
    created = properties.create(owner_id, key, body["value"], author=get_user().account_id)
    return _outermost(created, owner_link)


def _update(properties: Properties, owner_id: int, owner_link: str, key: str) -> Any:
    body = json_object()
    number = number_of(body, "version", "number")
    if properties.find(owner_id, key) is None and number in {None, 1}:
        return _create(properties, owner_id, owner_link, key)
    if number is None:
        raise InvalidError("A property must be saved with its version number plus one")
    version = body.get("version") or {}
    saved = properties.update(
        owner_id,
        key,
        body.get("value"),
        number=number,
        author=get_user().account_id,
        message=text_of(version, "message") or "",
        is_minor=bool(version.get("minorEdit", False)),
    )
    return _outermost(saved, owner_link)


@api.get("/content/<content_id>/property")
def list_properties(content_id: str) -> Any:
    """List the properties of a content."""
    content = get_readable(content_id)
    return _list(get_store().properties.of(content.id), f"/rest/api/content/{content_id}")


@api.get("/content/<content_id>/property/<key>")
def get_property(content_id: str, key: str) -> Any:
    """Return one property of a content."""
    content = get_readable(content_id)
    return _outermost(get_store().properties.get(content.id, key), f"/rest/api/content/{content_id}")


@api.post("/content/<content_id>/property")
@api.post("/content/<content_id>/property/<key>")
def create_property(content_id: str, key: str | None = None) -> Any:
    """Add a property to a content."""
    content = get_editable(content_id)
    return _create(get_store().properties, content.id, f"/rest/api/content/{content_id}", key)


@api.put("/content/<content_id>/property/<key>")
def update_property(content_id: str, key: str) -> Any:
    """Save a property of a content."""
    content = get_editable(content_id)
    return _update(get_store().properties, content.id, f"/rest/api/content/{content_id}", key)


@api.delete("/content/<content_id>/property/<key>")
def delete_property(content_id: str, key: str) -> Response:
    """Remove a property of a content."""
    get_store().properties.delete(get_editable(content_id).id, key)
    return Response(status=204)


@api.get("/space/<space_key>/property")
def list_space_properties(space_key: str) -> Any:
    """List the properties of a space."""
    space = visible_space(space_key)
    return _list(get_store().space_properties.of(space.id), f"/rest/api/space/{space.key}")


@api.get("/space/<space_key>/property/<key>")
def get_space_property(space_key: str, key: str) -> Any:
    """Return one property of a space."""
    space = visible_space(space_key)
    return _outermost(get_store().space_properties.get(space.id, key), f"/rest/api/space/{space.key}")


@api.post("/space/<space_key>/property")
@api.post("/space/<space_key>/property/<key>")
def create_space_property(space_key: str, key: str | None = None) -> Any:
    """Add a property to a space."""
    space = get_administered(space_key)
    return _create(get_store().space_properties, space.id, f"/rest/api/space/{space.key}", key)


@api.put("/space/<space_key>/property/<key>")
def update_space_property(space_key: str, key: str) -> Any:
    """Save a property of a space."""
    space = get_administered(space_key)
    return _update(get_store().space_properties, space.id, f"/rest/api/space/{space.key}", key)


@api.delete("/space/<space_key>/property/<key>")
def delete_space_property(space_key: str, key: str) -> Response:
    """Remove a property of a space."""
    get_store().space_properties.delete(get_administered(space_key).id, key)
    return Response(status=204)

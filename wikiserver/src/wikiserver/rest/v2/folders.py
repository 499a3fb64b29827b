"""v2: folders, nodes of the page tree that have no body."""

from typing import Any

from flask import Response, jsonify, request

from wikiserver.addresses import webui
from wikiserver.moments import iso
from wikiserver.rest.arguments import Json, json_object
from wikiserver.rest.v2.content_json import (
    label_json,
    operations_json,
    outermost,
    parent_json,
    version_json,
)
from wikiserver.rest.v2.content_parts import created_property, properties_answer, property_answer
from wikiserver.rest.v2.interface import api
from wikiserver.rest.v2.lookup import get_editable, get_readable, parse_number, readable_parent, text_of
from wikiserver.site import get_store, get_user
from wikiserver.store import Content, InvalidError


def folder_json(folder: Content) -> Json:
    """Return one folder."""
    space = get_store().spaces.get(folder.space_id)
    return {
        "id": str(folder.id),
        "type": "folder",
        "status": folder.status,
        "title": folder.title,
        **parent_json(folder),
        "position": folder.position,
        "authorId": folder.creator,
        "ownerId": folder.creator,
        "createdAt": iso(folder.created_at),
        "spaceId": str(folder.space_id),
        "version": version_json(folder.current_version),
        "_links": {"webui": webui(folder, space)},
    }


@api.post("/folders")
def create_folder() -> Any:
    """Create a folder."""
    body, store = json_object(), get_store()
    space = store.spaces.get(parse_number(text_of(body, "spaceId", required=True) or "", "spaceId"))
    title, parent = text_of(body, "title"), text_of(body, "parentId")
    if not title:
        raise InvalidError("'title' is required")
    parent_id = readable_parent(parent).id if parent is not None else space.homepage_id
    folder = store.pages.create(space.id, title, "", author=get_user().account_id, parent_id=parent_id, kind="folder")
    return jsonify(outermost(folder_json(folder)))


@api.get("/folders/<folder_id>")
def get_folder(folder_id: str) -> Any:
    """Return one folder."""
    folder = get_readable(folder_id, "folder")
    answer = folder_json(folder)
    if request.args.get("include-operations") == "true":
        answer["operations"] = {
            "results": operations_json(),
            "meta": {"hasMore": False},
            "_links": {"self": request.path},
        }
    if request.args.get("include-labels") == "true":
        labels = [label_json(one) for one in get_store().labels.of(folder.id)]
        answer["labels"] = {"results": labels, "meta": {"hasMore": False}, "_links": {"self": request.path}}
    return jsonify(outermost(answer))


@api.delete("/folders/<folder_id>")
def delete_folder(folder_id: str) -> Response:
    """Move a folder to the trash; its children move up."""
    get_store().pages.trash(get_editable(folder_id, "folder").id)
    return Response(status=204)


@api.get("/folders/<folder_id>/operations")
def get_folder_operations(folder_id: str) -> Any:
    """Return the operations that the caller may perform on a folder."""
    get_readable(folder_id, "folder")
    return jsonify({"operations": operations_json()})


@api.get("/folders/<folder_id>/properties")
def list_folder_properties(folder_id: str) -> Any:
    """List the properties of a folder."""
    return properties_answer(get_store().properties, get_readable(folder_id, "folder").id)


@api.post("/folders/<folder_id>/properties")
def create_folder_property(folder_id: str) -> Any:
    """Add a property to a folder."""
    return created_property(get_store().properties, get_editable(folder_id, "folder").id)


@api.route("/folders/<folder_id>/properties/<property_id>", methods=["GET", "PUT", "DELETE"])
def one_folder_property(folder_id: str, property_id: str) -> Any:
    """Look up, save or remove one property of a folder."""
    return property_answer(get_store().properties, get_readable(folder_id, "folder").id, property_id)

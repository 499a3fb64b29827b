"""v2: the nodes of the page tree that are not pages: folders, whiteboards, databases, and links ("embeds")."""

from typing import Any

from flask import Response, jsonify

from wikiserver.addresses import webui
from wikiserver.moments import iso
from wikiserver.rest.arguments import Json, json_object
from wikiserver.rest.v2.content_json import (
    included,
    operations_json,
    outermost,
    parent_json,
    property_json,
    version_json,
)
from wikiserver.rest.v2.content_parts import register_properties
from wikiserver.rest.v2.interface import api
from wikiserver.rest.v2.lookup import get_editable, get_readable, readable_parent, text_of, visible_space
from wikiserver.rest.v2.paging import flag
from wikiserver.rest.v2.tree import child_json
from wikiserver.rights import check_creates, may_read
from wikiserver.site import get_store, get_user
from wikiserver.store import NOT_PAGES, Content, InvalidError


def node_json(node: Content) -> Json:
    """Return one node of the tree that is not a page."""
    store = get_store()
    space = store.spaces.get(node.space_id)
    address = {"embedUrl": store.contents.body(node.id)} if node.type == "embed" else {}
    return {
        "id": str(node.id),
        "type": node.type,
        "status": node.status,
        "title": node.title,
        **parent_json(node),
        "position": node.position,
        "authorId": node.creator,
        "ownerId": node.creator,
        "createdAt": iso(node.created_at),
        **address,
        "spaceId": str(node.space_id),
        "version": version_json(node.current_version),
        "_links": {"webui": webui(node, space)},
    }


def _inclusions(node: Content) -> Json:
    """Return what the request asks for with `include-…`."""
    store = get_store()
    makers: Json = {
        "collaborators": lambda: [{"accountId": one} for one in store.contents.contributors(node.id)],
        "direct-children": lambda: [child_json(one) for one in store.hierarchy.children(node.id) if may_read(one)],
        "operations": lambda: operations_json(node),
        "properties": lambda: [property_json(one) for one in store.properties.of(node.id)],
    }
    names = {"direct-children": "directChildren"}
    return {names.get(name, name): included(make()) for name, make in makers.items() if flag(f"include-{name}")}


def register(kind: str) -> None:
    """Add the operations on one type of node."""
    path = f"{kind}s"

    @api.post(f"/{path}", endpoint=f"create_{kind}")
    def create_node() -> Any:
        body, store = json_object(), get_store()
        space = check_creates(visible_space(text_of(body, "spaceId", required=True) or "", "spaceId"), kind)
        title, parent = text_of(body, "title"), text_of(body, "parentId")
        if not title:
            raise InvalidError("'title' is required")
        node = store.pages.create(
            space.id,
            title,
            (text_of(body, "embedUrl") or "") if kind == "embed" else "",
            author=get_user().account_id,
            parent_id=readable_parent(parent).id if parent is not None else space.homepage_id,
            kind=kind,
            as_is=True,
        )
        return jsonify(outermost(node_json(node)))

    @api.get(f"/{path}/<node_id>", endpoint=f"get_{kind}")
    def get_node(node_id: str) -> Any:
        node = get_readable(node_id, kind)
        return jsonify(outermost(node_json(node) | _inclusions(node)))

    @api.delete(f"/{path}/<node_id>", endpoint=f"delete_{kind}")
    def delete_node(node_id: str) -> Response:
        """Move a node to the trash; its children move up."""
        get_store().pages.trash(get_editable(node_id, kind, "delete").id)
        return Response(status=204)

    @api.get(f"/{path}/<node_id>/operations", endpoint=f"operations_of_{path}")
    def get_operations(node_id: str) -> Any:
        return jsonify({"operations": operations_json(get_readable(node_id, kind))})

    register_properties(kind, path)


for _kind in NOT_PAGES:
    register(_kind)

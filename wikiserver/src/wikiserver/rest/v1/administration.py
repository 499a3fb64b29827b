"""v1, Data Center only: the state of the server, its groups, and the trash of a space."""

from typing import Any, Final

from flask import Response, jsonify, request

from wikiserver.rest.arguments import json_object
from wikiserver.rest.v1.content_json import contents_json
from wikiserver.rest.v1.expand import Expand
from wikiserver.rest.v1.interface import api
from wikiserver.rest.v1.lookup import text_of
from wikiserver.rest.v1.paging import base_links, int_argument
from wikiserver.rest.v1.people_json import group_json
from wikiserver.rights import check_administrator, get_administered, visibility, visible_space
from wikiserver.site import base_url, get_site, get_store
from wikiserver.store import InvalidError, Selection

VERSION: Final = {"version": "10.0.3", "buildNumber": 10015, "marketplaceBuildNumber": 10015, "buildDate": "2025-08-11"}


@api.get("/accessmode")
def get_access_mode() -> Any:
    """Return whether the wiki accepts changes."""
    return jsonify("READ_ONLY" if get_site().is_read_only else "READ_WRITE")


@api.get("/server-information")
def get_server_information() -> Any:
    """Return the release that this wiki imitates."""
    return jsonify({"baseUrl": base_url()} | VERSION)


@api.post("/admin/group")
def add_group() -> Any:
    """Create a group."""
    check_administrator()
    name = text_of(json_object(), "name")
    if not name:
        raise InvalidError("A group needs a name")
    return jsonify(group_json(get_store().people.create_group(name)))


@api.delete("/admin/group/<name>")
def drop_group(name: str) -> Response:
    """Remove a group."""
    check_administrator()
    get_store().people.remove_group(get_store().people.get_group(name))
    return Response(status=204)


@api.get("/space/<key>/trash")
def list_trash(key: str) -> Any:
    """List the trash of a space; the cursor is `content:false:ID`, the last id of the previous page."""
    space, limit = visible_space(key), get_site().capped(int_argument("limit", 25))
    cursor = request.args.get("cursor", "")
    after = cursor.removeprefix("content:false:")
    if cursor and (after == cursor or not after.isdecimal()):
        raise InvalidError(f"Not a cursor: {cursor}")
    hidden, more = visibility()
    found = get_store().contents.select(
        Selection(
            ("space_id = ?", "status = 'trashed'", "content.id > ?", *hidden),
            (space.id, int(after or 0), *more),
            limit=limit + 1,
        )
    )
    results = contents_json(found[:limit], Expand.of_request("ancestors,container,space,metadata"))
    links = {"self": f"{base_url()}{request.full_path}"} | base_links()
    answer = {"results": results, "cursor": cursor, "limit": limit, "size": len(results)}
    if len(found) > limit:
        answer["nextCursor"] = f"content:false:{found[limit - 1].id}"
        links["next"] = f"{request.path}?limit={limit}&cursor={answer['nextCursor']}"
    return jsonify(answer | {"_links": links})


@api.delete("/space/<key>/trash")
def empty_trash(key: str) -> Response:
    """Purge the trash of a space."""
    space = get_administered(key)
    while found := get_store().contents.select(
        Selection(("space_id = ?", "status = 'trashed'"), (space.id,), limit=100)
    ):
        for content in found:
            if get_store().contents.find(content.id) is not None:
                get_store().pages.purge(content.id)
    return Response(status=204)

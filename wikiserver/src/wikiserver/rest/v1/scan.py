"""v1: list all content by cursor (Data Center); information about the site (Cloud)."""

from dataclasses import replace
from typing import Any

from flask import jsonify, request

from wikiserver.rest.arguments import Json, path_and_query
from wikiserver.rest.content_query import ContentQuery
from wikiserver.rest.v1.content import wanted_statuses
from wikiserver.rest.v1.content_json import DEFAULT_EXPAND, contents_json
from wikiserver.rest.v1.expand import Expand
from wikiserver.rest.v1.interface import api
from wikiserver.rest.v1.paging import base_links, start_and_limit
from wikiserver.rights import visible_space
from wikiserver.site import CLOUD_ID, base_url, get_store
from wikiserver.store import InvalidError


@api.get("/content/scan")
def scan_content() -> Any:
    """List content in the order of ids; the cursor is `content:false:ID`, the last id of the previous page."""
    expand = Expand.of_request(DEFAULT_EXPAND)
    _, limit = start_and_limit(expand=expand)
    cursor = request.args.get("cursor", "")
    after = cursor.removeprefix("content:false:")
    if cursor and (after == cursor or not after.isdecimal()):
        raise InvalidError(f"Not a cursor: {cursor}")
    statuses = [one for one in wanted_statuses() if one != "archived"]
    query = ContentQuery().where_in("content.status", statuses)
    query.where("content.type = ?", request.args.get("type", "page"))
    if key := request.args.get("spaceKey"):
        query.where("content.space_id = ?", visible_space(key).id)
    found = get_store().contents.select(replace(query.visible(limit=limit + 1), after=("", int(after or 0))))
    last_id = found[limit - 1].id if len(found) > limit else None
    return jsonify(_answer(contents_json(found[:limit], expand), limit, last_id))


def _answer(results: list[Json], limit: int, last_id: int | None) -> Json:
    links = {"self": f"{base_url()}{request.full_path.rstrip('?')}"} | base_links()
    answer: Json = {"results": results, "cursor": request.args.get("cursor", "")}
    answer |= {"limit": limit, "size": len(results)}
    if last_id is not None:
        answer["nextCursor"] = f"content:false:{last_id}"
        links["next"] = path_and_query({"cursor": answer["nextCursor"]})
    return answer | {"_links": links}


@api.get("/settings/systemInfo")
def get_system_info() -> Any:
    """Return information about the site."""
    return jsonify(
        {
            "cloudId": CLOUD_ID,
            "commitHash": "0" * 40,
            "baseUrl": base_url(),
            "edition": "PREMIUM",
            "siteTitle": "Confluence",
            "defaultLocale": "en_GB",
            "defaultTimeZone": "Etc/UTC",
        }
    )

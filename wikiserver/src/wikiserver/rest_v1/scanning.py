"""v1: walking through all content by cursor (Data Center), and what a site says about itself (Cloud)."""

from typing import Any
from urllib.parse import urlencode

from flask import jsonify, request

from wikiserver.site import CLOUD_ID, base_url, get_store, visibility
from wikiserver.store import InvalidError, Selection

from .blueprint import api
from .content import wanted_statuses
from .content_json import DEFAULT_EXPAND, contents_json
from .expand import Expand
from .paging import Json, base_links, start_and_limit


@api.get("/content/scan")
def scan_content() -> Any:
    """List content in the order of ids; the cursor is `content:false:ID`, the last id of the page before."""
    expand = Expand.of_request(DEFAULT_EXPAND)
    _, limit = start_and_limit(expand=expand)
    after = request.args.get("cursor", "").rpartition(":")[2]
    if after and not after.isdecimal():
        raise InvalidError(f"Not a cursor: {request.args['cursor']}")
    statuses = [one for one in wanted_statuses() if one != "archived"]
    conditions = [f"content.status IN ({','.join('?' * len(statuses))})", "content.type = ?"]
    values: list[object] = [*statuses, request.args.get("type", "page")]
    if key := request.args.get("spaceKey"):
        conditions.append("content.space_id = ?")
        values.append(get_store().spaces.get_by_key(key).id)
    hidden, more = visibility()
    found = get_store().contents.select(
        Selection((*conditions, *hidden), (*values, *more), after=("", int(after or 0)), limit=limit + 1)
    )
    last_id = found[limit - 1].id if len(found) > limit else None
    return jsonify(_answer(contents_json(found[:limit], expand), limit, last_id))


def _answer(results: list[Json], limit: int, last_id: int | None) -> Json:
    links = {"self": f"{base_url()}{request.full_path.rstrip('?')}"} | base_links()
    answer: Json = {"results": results, "cursor": request.args.get("cursor", "")}
    answer |= {"limit": limit, "size": len(results)}
    if last_id is not None:
        answer["nextCursor"] = f"content:false:{last_id}"
        arguments = request.args.to_dict() | {"cursor": answer["nextCursor"]}
        links["next"] = f"{request.path}?{urlencode(arguments)}"
    return answer | {"_links": links}


@api.get("/settings/systemInfo")
def get_system_info() -> Any:
    """Return which site this is."""
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

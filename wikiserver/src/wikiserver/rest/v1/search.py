"""v1: search by CQL."""

import html
import re
from typing import Any
from urllib.parse import urlencode

from flask import jsonify, request

from wikiserver.addresses import space_webui, webui
from wikiserver.content_search import Hits, search
from wikiserver.moments import friendly, iso
from wikiserver.rest.arguments import Json
from wikiserver.rest.v1.content_json import contents_json
from wikiserver.rest.v1.expand import Expand
from wikiserver.rest.v1.interface import api
from wikiserver.rest.v1.paging import base_links, int_argument, start_and_limit
from wikiserver.site import base_url, get_site, get_store
from wikiserver.store import Content, InvalidError

_TAG = re.compile(r"<[^>]+>")


def _search(expand: Expand) -> tuple[Hits, int, int]:
    cql = request.args.get("cql")
    if not cql:
        raise InvalidError("The cql parameter is required")
    start, limit = start_and_limit(expand=expand)
    hits = search(cql, limit=limit, cursor=request.args.get("cursor"), start=start)
    return hits, start, limit


def _links(hits: Hits, start: int, limit: int) -> Json:
    links: Json = {"self": f"{base_url()}{request.full_path.rstrip('?')}"} | base_links()
    if hits.next_cursor is None:
        return links
    kept = {name: value for name, value in request.args.to_dict(flat=False).items() if name not in _PLACES}
    place: dict[str, list[str]] = {"limit": [str(limit)], "start": [str(start + len(hits.contents))]}
    if get_site().is_cloud:
        place |= {"next": ["true"], "cursor": [hits.next_cursor]}
    return links | {"next": f"{request.path}?{urlencode(kept | place, doseq=True)}"}


_PLACES = ("cursor", "start", "limit", "next", "prev")


@api.get("/content/search")
def search_content() -> Any:
    """Return the content that matches a query."""
    expand = Expand.of_request()
    hits, start, limit = _search(expand)
    answer: Json = {
        "results": contents_json(hits.contents, expand),
        "start": start,
        "limit": limit,
        "size": len(hits.contents),
    }
    if not get_site().is_cloud:
        answer |= {"totalSize": hits.total, "cqlQuery": request.args["cql"], "searchDuration": 1}
    return jsonify(answer | {"_links": _links(hits, start, limit)})


@api.get("/search")
def search_everything() -> Any:
    """Return everything that matches a query, with an excerpt and the container of each result."""
    expand = Expand.of_request()
    hits, start, limit = _search(expand["content"])
    rendered = contents_json(hits.contents, expand["content"])
    bodies = get_store().contents.bodies(one.id for one in hits.contents)
    results = [
        _result(content, shown, bodies.get(content.id, ""))
        for content, shown in zip(hits.contents, rendered, strict=True)
    ]
    return jsonify(
        {
            "results": results,
            "start": start,
            "limit": limit,
            "size": len(results),
            "totalSize": hits.total,
            "cqlQuery": request.args["cql"],
            "searchDuration": int_argument("_", 1) or 1,
            **({"archivedResultCount": 0} if get_site().is_cloud else {}),
            "_links": _links(hits, start, limit),
        }
    )


def _result(content: Content, shown: Json, body: str) -> Json:
    space = get_store().spaces.get(content.space_id)
    return {
        "content": shown,
        "title": content.title,
        "excerpt": excerpt(body),
        "url": webui(content, space),
        "resultGlobalContainer": {"title": space.name, "displayUrl": space_webui(space)},
        "breadcrumbs": [],
        "entityType": "content",
        "iconCssClass": f"aui-icon content-type-{content.type}",
        "lastModified": iso(content.updated_at),
        "friendlyLastModified": friendly(content.updated_at, get_store().clock()),
        **({"score": 0.0} if get_site().is_cloud else {"timestamp": int(content.updated_at.timestamp() * 1000)}),
    }


def excerpt(body: str, length: int = 200) -> str:
    """Return the first words of a body without its markup."""
    text = " ".join(html.unescape(_TAG.sub(" ", body)).split())
    return text if len(text) <= length else text[:length] + "…"

"""v1: the history of a content, its versions, restoring and removing a version."""

from typing import Any

from flask import Response, jsonify

from wikiserver.rest.arguments import json_object
from wikiserver.rest.v1.content_json import history_json, version_json
from wikiserver.rest.v1.expand import Expand
from wikiserver.rest.v1.interface import api
from wikiserver.rest.v1.lookup import get_editable, get_readable, number_of, text_of
from wikiserver.rest.v1.paging import base_links, envelope, start_and_limit
from wikiserver.site import get_store, get_user, parse_id
from wikiserver.store import InvalidError


@api.get("/content/<content_id>/history")
def get_history(content_id: str) -> Any:
    """Return who made and last changed a content."""
    expand = Expand.of_request("previousVersion,nextVersion,lastUpdated")
    answer = history_json(get_readable(content_id), expand)
    answer["_links"] |= base_links()
    return jsonify(answer)


@api.get("/content/<content_id>/version")
def list_versions(content_id: str) -> Any:
    """List the versions of a content, the newest first."""
    content, expand = get_readable(content_id), Expand.of_request()
    start, limit = start_and_limit(200, expand=expand["content"])
    found = get_store().contents.versions(content.id, limit=limit + 1, offset=start)
    page = [version_json(content, one, expand) for one in found[:limit]]
    return jsonify(envelope(page, start=start, limit=limit, has_more=len(found) > limit))


@api.get("/content/<content_id>/version/<number>")
def get_version(content_id: str, number: str) -> Any:
    """Return one version of a content."""
    content = get_readable(content_id)
    version = get_store().contents.version(content.id, parse_id(number, what="version"))
    return jsonify(version_json(content, version, Expand.of_request()))


@api.post("/content/<content_id>/version")
def restore_version(content_id: str) -> Any:
    """Save an old version as the newest."""
    body, content = json_object(), get_editable(content_id)
    number = number_of(body, "params", "versionNumber")
    if text_of(body, "operationKey") != "restore" or number is None:
        raise InvalidError("operationKey must be restore, with params.versionNumber")
    params = body["params"]
    saved = get_store().pages.restore_version(
        content.id,
        number,
        author=get_user().account_id,
        message=text_of(params, "message") or "",
        with_title=bool(params.get("restoreTitle", False)),
    )
    version = get_store().contents.version(saved.id, saved.version)
    return jsonify(version_json(saved, version, Expand.of_request("content")))


@api.delete("/content/<content_id>/version/<number>")
def delete_version(content_id: str, number: str) -> Response:
    """Remove an old version."""
    content = get_editable(content_id)
    get_store().pages.delete_version(content.id, parse_id(number, what="version"))
    return Response(status=204)

"""v1: labels."""

from typing import Any

from flask import Response, jsonify, request

from wikiserver.rest.content_query import ContentQuery, check_label
from wikiserver.rest.v1.interface import api
from wikiserver.rest.v1.lookup import get_editable, get_readable
from wikiserver.rest.v1.paging import envelope, paginate, start_and_limit
from wikiserver.rest.v1.space_json import label_json
from wikiserver.site import get_store
from wikiserver.store import InvalidError, Label, NotFoundError


def sent_labels() -> list[tuple[str, str]]:
    """Return the (prefix, name) of each label in the request: a list of objects, or one object."""
    body = request.get_json(silent=True)
    items = body if isinstance(body, list) else [body]
    found = []
    for item in items:
        if not isinstance(item, dict) or not isinstance(item.get("name"), str):
            raise InvalidError("Labels must be objects with a prefix and a name")
        found.append((str(item.get("prefix") or "global"), item["name"]))
    return found


def labels_answer(labels: list[Label]) -> Any:
    """Return a page of labels."""
    prefix = request.args.get("prefix")
    shown = [label for label in labels if prefix is None or label.prefix == prefix]
    return jsonify(paginate(shown, label_json, default=200))


@api.get("/content/<content_id>/label")
def list_labels(content_id: str) -> Any:
    """List the labels of a content."""
    return labels_answer(get_store().labels.of(get_readable(content_id).id))


@api.post("/content/<content_id>/label")
def add_labels(content_id: str) -> Any:
    """Add labels; the answer contains all labels of the content."""
    content = get_editable(content_id)
    with get_store().transaction():
        for prefix, name in sent_labels():
            get_store().labels.add(content.id, name, prefix)
    return labels_answer(get_store().labels.of(content.id))


@api.delete("/content/<content_id>/label")
def remove_label_by_query(content_id: str) -> Response:
    """Remove the label named in the query."""
    return remove_label(content_id, request.args.get("name", ""))


@api.delete("/content/<content_id>/label/<path:name>")
def remove_label(content_id: str, name: str) -> Response:
    """Remove one label."""
    content = get_editable(content_id)
    if not get_store().labels.remove(content.id, name):
        raise NotFoundError(f"The label '{name}' does not exist on content {content_id}")
    return Response(status=204)


@api.get("/label")
def get_label() -> Any:
    """Return a label and the content that has it (Cloud)."""
    name, kind = request.args.get("name", ""), request.args.get("type")
    label = check_label(get_store().labels.find(name), f"No label called '{name}'")
    start, limit = start_and_limit(200)
    query = ContentQuery().where_label(label).where("+content.status = 'current'")
    query.where("(? IS NULL OR content.type = ?)", kind, kind)
    found = get_store().contents.select(query.visible(limit=limit + 1, offset=start))
    results = [{"contentType": one.type, "contentId": one.id, "title": one.title} for one in found[:limit]]
    page = envelope(results, start=start, limit=limit, has_more=len(found) > limit)
    return jsonify({"label": label_json(label), "associatedContents": page})

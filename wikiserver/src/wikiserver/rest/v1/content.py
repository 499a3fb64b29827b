"""v1: list, read, create, save and delete content."""

from dataclasses import replace
from typing import Any

from flask import Response, g, jsonify, request

from wikiserver.rest.arguments import Json, json_object, many
from wikiserver.rest.content_query import ContentQuery, index_hint
from wikiserver.rest.v1.content_json import DEFAULT_EXPAND, ContentRenderer, content_json, contents_json, version_json
from wikiserver.rest.v1.expand import Expand
from wikiserver.rest.v1.interface import api
from wikiserver.rest.v1.lookup import get_editable, get_readable, number_of, text_of
from wikiserver.rest.v1.paging import base_links, envelope, int_argument, start_and_limit
from wikiserver.rights import check, check_creates, check_space, may, visible_space
from wikiserver.sent_bodies import body_of, check_drafts, storage_from
from wikiserver.site import get_site, get_store, get_user
from wikiserver.store import Content, InvalidError, NotFoundError, Space, Version

_ORDERS = {
    "history.createdDate": "content.created_at",
    "history.lastUpdated": "content.updated_at",
    "history.lastUpdated.when": "content.updated_at",
    "version.when": "content.updated_at",
    "title": "content.title_key",
    "id": "content.id",
}


def wanted_statuses(default: tuple[str, ...] = ("current",)) -> tuple[str, ...]:
    """Return the requested statuses. Archived pages are hidden in v1 listings, as on Cloud."""
    given = many("status")
    if not given:
        return default
    if "any" in given:
        return ("current", "trashed", "draft", "archived")
    return tuple(given)


def outermost(answer: Json) -> Json:
    """Return *answer* with the links that only the outermost object of a response has."""
    answer["_links"] |= {"collection": "/rest/api/content"} | base_links()
    return answer


@api.get("/content")
def list_content() -> Any:
    """List content by space, title, type and status."""
    expand = Expand.of_request("" if "expand" in request.args else DEFAULT_EXPAND)
    start, limit = start_and_limit(expand=expand)
    order_by, is_descending = _order()
    selection = _filters().visible(limit=limit + 1, offset=start)
    found = get_store().contents.select(replace(selection, order_by=order_by, is_descending=is_descending))
    page = contents_json(found[:limit], expand)
    return jsonify(envelope(page, start=start, limit=limit, has_more=len(found) > limit))


def _filters() -> ContentQuery:
    hint = index_hint()
    query = ContentQuery().where(f"{hint}content.type = ?", request.args.get("type", "page"))
    query.where_in(f"{hint}content.status", [one for one in wanted_statuses() if one != "archived"])
    if key := request.args.get("spaceKey"):
        space = get_store().spaces.find_by_key(key)
        query.where(f"{hint}content.space_id = ?", space.id if space is not None else -1)
    query.where_title()
    if not get_site().is_cloud and (ids := request.args.getlist("ids")):  # Data Center only; unknown ids are ignored
        query.where_in("content.id", [int(one) if one.isdecimal() else -1 for one in ids])
    if day := request.args.get("postingDay"):
        query.where("strftime('%Y-%m-%d', content.created_at / 1000, 'unixepoch') = ?", day)
    return query


def _order() -> tuple[str, bool]:
    field, _, direction = request.args.get("orderby", "id").partition(" ")
    if field not in _ORDERS:
        raise InvalidError(f"Cannot order by {field}")
    return _ORDERS[field], direction.strip().lower() == "desc"


@api.get("/content/<content_id>")
def get_content(content_id: str) -> Any:
    """Return one content, or one of its old versions, or its draft."""
    expand = Expand.of_request(DEFAULT_EXPAND)
    content = get_readable(content_id)
    statuses = wanted_statuses()
    number = int_argument("version", 0) or None
    if "draft" in statuses and content.status not in statuses:
        return jsonify(outermost(_draft_json(content, expand)))
    if content.status not in statuses and "historical" not in statuses:
        raise NotFoundError(f"No content found with id: ContentId{{id={content.id}}}")
    if number is not None and number != content.version:
        get_store().contents.version(content.id, number)
        return jsonify(outermost(_old_version_json(content, expand, number)))
    return jsonify(outermost(content_json(content, expand)))


def _old_version_json(content: Content, expand: Expand, number: int) -> Json:
    answer = ContentRenderer([content], expand, version=number).render(content)
    answer |= {"status": "historical", "title": get_store().contents.version(content.id, number).title}
    if "history" in answer:
        answer["history"]["latest"] = False
    return answer


def _draft_json(content: Content, expand: Expand) -> Json:
    draft = get_store().contents.find_draft(content.id) if may("edit", content) else None
    if draft is None:
        raise NotFoundError(f"No draft found for content with id: {content.id}")
    answer = content_json(content, expand)
    answer |= {"status": "draft", "title": draft.title}
    if "storage" in expand["body"]:
        answer["body"]["storage"]["value"] = draft.body
    if "version" in expand:
        version = Version(
            content.id, draft.base_version, draft.title, "", draft.author, draft.updated_at, is_minor=False
        )
        answer["version"] = version_json(content, version, expand["version"])
    return answer


@api.post("/content")
def create_content() -> Any:
    """Create a page, blog post or comment."""
    body = json_object()
    kind = text_of(body, "type") or "page"
    if kind == "comment":
        return jsonify(outermost(content_json(_create_comment(body), _after_write(body))))
    space = check_creates(_space_of_body(body), kind)
    title, status = text_of(body, "title"), text_of(body, "status") or "current"
    if title is None and status != "draft":
        raise InvalidError("Title can't be blank")
    page = get_store().pages.create(
        space.id,
        title or "",
        body_of(body),
        author=get_user().account_id,
        parent_id=_parent_of_body(body, space),
        kind=kind,
        status=status,
        message=text_of(body, "version", "message") or "",
    )
    _label_from_body(body, page)
    return jsonify(outermost(content_json(page, _after_write(body))))


def _label_from_body(body: Json, page: Content) -> None:
    metadata = body.get("metadata")
    labels = metadata.get("labels") if isinstance(metadata, dict) else None
    for label in labels if isinstance(labels, list) else []:
        get_store().labels.add(page.id, str(label.get("name", "")), str(label.get("prefix", "global")))


def _space_of_body(body: Json) -> Space:
    key = text_of(body, "space", "key")
    if key is not None:
        return visible_space(key)
    number = number_of(body, "space", "id")
    if number is None:
        raise InvalidError("A space is required to create content")
    return check_space(get_store().spaces.find(number), f"No space found with id: {number}")


def _parent_of_body(body: Json, space: Space) -> int | None:
    ancestors = body.get("ancestors")
    if isinstance(ancestors, list) and ancestors:
        return get_editable_parent(str(ancestors[-1].get("id")))
    if text_of(body, "type") == "blogpost":
        return None
    return space.homepage_id if get_site().is_cloud else None


def get_editable_parent(content_id: str) -> int:
    """Return the id of a page that is allowed as a parent."""
    parent = get_editable(content_id, "add")
    if parent.type != "page":
        raise InvalidError(f"The parent {content_id} is not a page")
    return parent.id


def _create_comment(body: Json) -> Content:
    container = text_of(body, "container", "id")
    if container is None:
        raise InvalidError("A comment needs a container")
    page = get_editable(container, "comment")
    ancestors = body.get("ancestors")
    parent_id = get_readable(str(ancestors[-1].get("id"))).id if isinstance(ancestors, list) and ancestors else None
    inline = body.get("extensions", {}).get("inlineProperties") if isinstance(body.get("extensions"), dict) else None
    if isinstance(inline, dict) and inline.get("originalSelection"):
        return get_store().comments.add_inline(
            page.id, body_of(body), author=get_user().account_id, selection=str(inline["originalSelection"])
        )
    return get_store().comments.add(page.id, body_of(body), author=get_user().account_id, parent_id=parent_id)


def _after_write(body: Json) -> Expand:
    """Return what the answer to a write includes: the requested expansions, else what was sent."""
    if "expand" in request.args:
        return Expand.of_request()
    sent = "body.storage" if "body" in body else ""
    return Expand(f"{DEFAULT_EXPAND},{sent},ancestors,container".split(","))


@api.put("/content/<content_id>")
def save_content(content_id: str) -> Any:
    """Save a new version; with `status=draft`, save a draft; with another parent, also move the page."""
    body, content = json_object(), get_editable(content_id)
    status = text_of(body, "status") or request.args.get("status") or "current"
    if status == "draft" and content.status != "draft":
        text = body_of(body) if "body" in body else get_store().contents.body(content.id)
        get_store().pages.save_draft(content.id, title=text_of(body, "title"), body=text, author=get_user().account_id)
        return jsonify(outermost(_draft_json(content, _after_write(body))))
    number = number_of(body, "version", "number")
    if number is None and content.status != "draft":
        raise InvalidError("Version number is required: Must supply an incremented version when updating Content.")
    check_drafts(content)
    with get_store().transaction():
        saved = get_store().pages.update(
            content.id,
            number=number,
            title=text_of(body, "title"),
            body=storage_from(body["body"]) if "body" in body else None,
            message=text_of(body, "version", "message") or "",
            is_minor=_is_minor(body),
            author=get_user().account_id,
            status=None if status == content.status else status,
        )
        ancestors = body.get("ancestors")
        if isinstance(ancestors, list) and ancestors and saved.type == "page":
            get_store().pages.set_parent(saved.id, get_editable_parent(str(ancestors[-1].get("id"))))
    return jsonify(outermost(content_json(get_store().contents.get(content.id), _after_write(body))))


def _is_minor(body: Json) -> bool:
    """Return whether a write is a minor edit; Cloud ignores `minorEdit` (observed: confluence-publisher#277)."""
    version = body.get("version")
    return not get_site().is_cloud and isinstance(version, dict) and bool(version.get("minorEdit", False))


@api.delete("/content/<content_id>")
def delete_content(content_id: str) -> Response:
    """Move a page to the trash, or purge it; comments and attachments are purged immediately."""
    status, content = request.args.get("status"), get_readable(content_id)
    is_own_draft = status == "draft" or content.status == "draft"
    check("edit" if is_own_draft else "delete", content, f"User not permitted to delete content with id: {content_id}")
    if status == "draft" and content.status != "draft":
        get_store().pages.discard_draft(content.id)
    elif content.type == "comment":
        get_store().comments.delete(content.id)
    elif content.status in {"trashed", "draft"} or content.type == "attachment":
        if content.status == "trashed" and status != "trashed":
            raise NotFoundError(f"No content found with id: ContentId{{id={content.id}}}")
        get_store().pages.purge(content.id)
    else:
        get_store().pages.trash(content.id)
    g.is_hidden = False
    return Response(status=204)

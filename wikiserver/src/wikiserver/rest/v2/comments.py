"""v2: footer and inline comments."""

from typing import Any

from flask import Response, jsonify, request

from wikiserver.addresses import webui
from wikiserver.moments import iso
from wikiserver.rest.arguments import Json, json_object, many
from wikiserver.rest.v2.content_json import (
    BULK_FORMATS,
    SINGLE_FORMATS,
    body_json,
    operations_json,
    outermost,
    version_json,
    wanted_format,
)
from wikiserver.rest.v2.content_parts import (
    created_property,
    detailed_version,
    properties_answer,
    property_answer,
    versions_answer,
)
from wikiserver.rest.v2.interface import api
from wikiserver.rest.v2.lookup import get_editable, get_readable, text_of, version_of
from wikiserver.rest.v2.paging import paginate
from wikiserver.rights import Act, may_read
from wikiserver.sent_bodies import body_of
from wikiserver.site import get_store, get_user
from wikiserver.store import Content, InvalidError, NotFoundError, Selection

LOCATIONS = ("footer", "inline")
_CONTAINER_KEYS = {"page": "pageId", "blogpost": "blogPostId", "attachment": "attachmentId"}


def comment_json(comment: Content, representation: str | None) -> Json:
    """Return one comment."""
    store = get_store()
    detail, space = store.comments.detail(comment.id), store.spaces.get(comment.space_id)
    body = store.contents.body(comment.id) if representation is not None else None
    container = store.contents.get(comment.container_id or 0)
    answer: Json = {"id": str(comment.id), "status": comment.status, "title": comment.title}
    if comment.parent_id is not None:
        answer["parentCommentId"] = str(comment.parent_id)
    else:
        shown = f"att{container.id}" if container.type == "attachment" else str(container.id)
        answer[_CONTAINER_KEYS[container.type]] = shown
    answer |= {"version": version_json(comment.current_version), "body": body_json(comment, body, representation)}
    if detail.location == "inline":
        answer["resolutionStatus"] = store.comments.resolution(comment)
        if detail.resolved_by is not None and detail.resolved_at is not None:
            answer["resolutionLastModifierId"] = detail.resolved_by
            answer["resolutionLastModifiedAt"] = iso(detail.resolved_at)
        answer["properties"] = {
            "inlineMarkerRef": detail.marker_ref or "",
            "inlineOriginalSelection": detail.selection or "",
        }
    return answer | {"_links": {"webui": webui(comment, space)}}


def _list(found: list[Content]) -> Any:
    representation, sort = wanted_format(BULK_FORMATS), request.args.get("sort", "created-date")
    if sort.removeprefix("-") not in {"created-date", "modified-date"}:
        raise InvalidError(f"Provided value {{{sort}}} for 'sort' is not the correct type")
    shown = [one for one in found if may_read(one)]
    if wanted := many("resolution-status"):
        shown = [one for one in shown if get_store().comments.resolution(one) in wanted]
    is_by_change = sort.removeprefix("-") == "modified-date"
    shown.sort(key=lambda one: one.updated_at if is_by_change else one.created_at, reverse=sort.startswith("-"))
    return paginate(shown, lambda one: comment_json(one, representation))


def _get(comment_id: str, location: str, act: Act | None = None) -> Content:
    comment = get_editable(comment_id, "comment", act) if act is not None else get_readable(comment_id, "comment")
    if get_store().comments.detail(comment.id).location != location:
        raise NotFoundError(f"Not Found: no {location} comment with id {comment_id}")
    return comment


def _answer(comment: Content, representation: str | None = "storage") -> Any:
    answer = comment_json(comment, representation)
    if "properties" in answer:
        answer["properties"] = {"results": []} | answer["properties"]
    return jsonify(outermost(answer))


def register(location: str) -> None:
    """Add the operations on comments of one kind."""
    path = f"{location}-comments"

    @api.get(f"/{path}", endpoint=f"all_{location}_comments")
    def list_all() -> Any:
        return _list(get_store().comments.all(location))

    @api.get(f"/pages/<page_id>/{path}", endpoint=f"{location}_comments_of_page")
    def list_of_page(page_id: str) -> Any:
        return _list(get_store().comments.of(get_readable(page_id).id, location=location))

    @api.get(f"/blogposts/<page_id>/{path}", endpoint=f"{location}_comments_of_blogpost")
    def list_of_blogpost(page_id: str) -> Any:
        return _list(get_store().comments.of(get_readable(page_id, "blogpost").id, location=location))

    @api.post(f"/{path}", endpoint=f"create_{location}_comment")
    def create() -> Any:
        return _answer(_create(json_object(), location)), 201

    @api.get(f"/{path}/<comment_id>", endpoint=f"get_{location}_comment")
    def get_one(comment_id: str) -> Any:
        return _answer(_get(comment_id, location), wanted_format(SINGLE_FORMATS))

    @api.put(f"/{path}/<comment_id>", endpoint=f"update_{location}_comment")
    def update(comment_id: str) -> Any:
        body = json_object()
        return _answer(_update(_get(comment_id, location, "edit" if "body" in body else "comment"), body))

    @api.delete(f"/{path}/<comment_id>", endpoint=f"delete_{location}_comment")
    def delete(comment_id: str) -> Response:
        get_store().comments.delete(_get(comment_id, location, "delete").id)
        return Response(status=204)


def register_parts(location: str) -> None:
    """Add the operations on parts of a comment: replies, versions, likes."""
    path = f"{location}-comments"

    @api.get(f"/{path}/<comment_id>/children", endpoint=f"answers_to_{location}_comment")
    def list_answers(comment_id: str) -> Any:
        return _list(get_store().comments.replies(_get(comment_id, location).id))

    @api.get(f"/{path}/<comment_id>/versions", endpoint=f"versions_of_{location}_comment")
    def list_versions(comment_id: str) -> Any:
        return versions_answer(_get(comment_id, location), "comments")

    @api.get(f"/{path}/<comment_id>/versions/<int:number>", endpoint=f"version_of_{location}_comment")
    def get_version(comment_id: str, number: int) -> Any:
        return jsonify(detailed_version(_get(comment_id, location), number))

    @api.get(f"/{path}/<comment_id>/operations", endpoint=f"operations_of_{location}_comment")
    def get_operations(comment_id: str) -> Any:
        return jsonify({"operations": operations_json(_get(comment_id, location))})

    @api.get(f"/{path}/<comment_id>/likes/count", endpoint=f"likes_of_{location}_comment")
    def get_like_count(comment_id: str) -> Any:
        _get(comment_id, location)
        return jsonify({"count": 0})

    @api.get(f"/{path}/<comment_id>/likes/users", endpoint=f"likers_of_{location}_comment")
    def list_likers(comment_id: str) -> Any:
        _get(comment_id, location)
        return paginate(list[Json](), lambda one: one)


for _location in LOCATIONS:
    register(_location)
    register_parts(_location)


def _create(body: Json, location: str) -> Content:
    store, author = get_store(), get_user().account_id
    parent = text_of(body, "parentCommentId")
    if parent is not None:
        answered = _get(parent, location, "comment")
        return store.comments.add(answered.container_id or 0, body_of(body), author=author, parent_id=answered.id)
    page = _commented(body)
    if location == "footer":
        return store.comments.add(page.id, body_of(body), author=author)
    properties = body.get("inlineCommentProperties")
    if not isinstance(properties, dict) or not properties.get("textSelection"):
        raise InvalidError("'inlineCommentProperties.textSelection' is required")
    return store.comments.add_inline(
        page.id,
        body_of(body),
        author=author,
        selection=str(properties["textSelection"]),
        match_index=int(properties.get("textSelectionMatchIndex") or 0),
    )


def _commented(body: Json) -> Content:
    for name, kind in (("pageId", "page"), ("blogPostId", "blogpost"), ("attachmentId", "attachment")):
        text = text_of(body, name)
        if text is not None:
            return get_editable(text, kind, "comment")
    raise InvalidError("One of 'pageId', 'blogPostId' and 'parentCommentId' is required")


def _update(comment: Content, body: Json) -> Content:
    store, author = get_store(), get_user().account_id
    number, message = version_of(body)
    text = body_of(body) if "body" in body else store.contents.body(comment.id)
    with store.transaction():
        saved = store.comments.update(comment.id, text, number=number, author=author, message=message)
        if isinstance(body.get("resolved"), bool):
            store.comments.resolve(comment.id, is_resolved=body["resolved"], by=author)
    return saved


@api.get("/attachments/<attachment_id>/footer-comments")
def list_attachment_comments(attachment_id: str) -> Any:
    """List the comments on a file."""
    content = get_readable(attachment_id, "attachment")
    chosen = Selection(("container_id = ?", "type = 'comment'"), (content.id,), limit=-1)
    return _list(get_store().contents.select(chosen))


@api.get("/comments/<comment_id>/properties")
def list_comment_properties(comment_id: str) -> Any:
    """List the properties of a comment."""
    return properties_answer(get_store().properties, get_readable(comment_id, "comment").id)


@api.post("/comments/<comment_id>/properties")
def create_comment_property(comment_id: str) -> Any:
    """Add a property to a comment."""
    return created_property(get_store().properties, get_editable(comment_id, "comment").id)


@api.route("/comments/<comment_id>/properties/<property_id>", methods=["GET", "PUT", "DELETE"])
def one_comment_property(comment_id: str, property_id: str) -> Any:
    """Look up, save or remove one property of a comment."""
    finder = get_readable if request.method == "GET" else get_editable
    return property_answer(get_store().properties, finder(comment_id, "comment").id, property_id)

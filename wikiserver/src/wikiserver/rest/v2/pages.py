"""v2: pages and blog posts."""

from typing import TYPE_CHECKING, Any

from flask import Response, jsonify, request

from wikiserver.rest.arguments import Json, json_object, many
from wikiserver.rest.content_query import ContentQuery, check_label, index_hint
from wikiserver.rest.v2.content_json import (
    SINGLE_FORMATS,
    body_json,
    included,
    label_json,
    operations_json,
    outermost,
    page_json,
    property_json,
    version_json,
    wanted_format,
)
from wikiserver.rest.v2.content_list import list_answer
from wikiserver.rest.v2.interface import api
from wikiserver.rest.v2.lookup import (
    get_editable,
    get_readable,
    parse_number,
    readable_parent,
    text_of,
    version_of,
    visible_space,
)
from wikiserver.rest.v2.paging import flag, many_ids
from wikiserver.rest.v2.tree import child_json
from wikiserver.rights import check_creates, may, may_read
from wikiserver.sent_bodies import check_drafts, storage_from
from wikiserver.site import get_store, get_user, parse_id
from wikiserver.store import Content, InvalidError, NotFoundError, Version

if TYPE_CHECKING:
    from collections.abc import Callable

DEFAULT_STATUSES = ("current", "archived")


def _asked_kind() -> str:
    """Return the type of content in the last segment of the path: `pages` or `blogposts`."""
    return request.path.rstrip("/").rpartition("/")[2].removesuffix("s")


def _filters() -> ContentQuery:
    statuses = many("status") or list(DEFAULT_STATUSES)
    unknown = set(statuses) - {"current", "archived", "trashed", "deleted", "draft"}
    if unknown:
        raise InvalidError(f"Provided value {{{', '.join(sorted(unknown))}}} for 'status' is not a status")
    hint = index_hint()
    query = ContentQuery().where(f"{hint}content.type = ?", _asked_kind())
    # For several statuses, the index on the id is faster than the index on the status.
    query.where_in("content.status" if len(statuses) == 1 else "+content.status", statuses)
    for name, column in (("id", "content.id"), ("space-id", f"{hint}content.space_id")):
        ids = many_ids(name)
        if ids:
            query.where_in(column, ids)
    subtype = request.args.get("subtype")
    if subtype not in {None, "live", "page"}:
        raise InvalidError(f"Provided value {{{subtype}}} for 'subtype' is not one of live, page")
    if subtype is not None:
        query.where("content.subtype = ?", subtype.replace("page", ""))
    return query.where_title()


@api.get("/pages")
@api.get("/blogposts")
def list_pages() -> Any:
    """List pages or blog posts, including archived ones."""
    return list_answer(_filters())


@api.get("/spaces/<space_id>/pages")
@api.get("/spaces/<space_id>/blogposts")
def list_pages_in_space(space_id: str) -> Any:
    """List the pages or blog posts of a space."""
    space = visible_space(space_id)
    query = _filters().where("+content.space_id = ?" if "title" in request.args else "content.space_id = ?", space.id)
    if request.args.get("depth") == "root":
        query.where("content.parent_id IS NULL")
    return list_answer(query)


@api.get("/labels/<label_id>/pages")
@api.get("/labels/<label_id>/blogposts")
def list_labelled(label_id: str) -> Any:
    """List the pages or blog posts that have a label."""
    number = parse_number(label_id)
    label = check_label(get_store().labels.find_by_id(number), f"No label found with id: {number}")
    query = ContentQuery().where("+content.type = ?", _asked_kind())
    query.where("+content.status IN ('current', 'archived')").where_label(label)
    ids = many_ids("space-id")
    if ids:
        query.where_in("content.space_id", ids)
    return list_answer(query)


def register(kind: str) -> None:
    """Add the operations that pages and blog posts share, under their own paths."""

    @api.get(f"/{kind}s/<content_id>", endpoint=f"get_{kind}")
    def get_one(content_id: str) -> Any:
        return jsonify(outermost(_read(get_readable(content_id, kind))))

    @api.post(f"/{kind}s", endpoint=f"create_{kind}")
    def create() -> Any:
        return jsonify(outermost(_create(json_object(), kind)))

    @api.put(f"/{kind}s/<content_id>", endpoint=f"update_{kind}")
    def update(content_id: str) -> Any:
        return jsonify(outermost(_update(content_id, json_object(), kind)))

    @api.delete(f"/{kind}s/<content_id>", endpoint=f"delete_{kind}")
    def delete(content_id: str) -> Response:
        content = get_readable(content_id, kind)
        is_draft = flag("draft") or content.status == "draft"
        _delete(get_editable(content_id, kind, "edit" if is_draft else "delete"))
        return Response(status=204)


register("page")
register("blogpost")


def _read(content: Content) -> Json:
    statuses, representation = many("status"), wanted_format(SINGLE_FORMATS)
    wants_draft = flag("get-draft") or statuses == ["draft"]
    if statuses and content.status not in statuses and not wants_draft:
        raise NotFoundError(f"Not Found: page {content.id} is {content.status}")
    if content.status == "draft" and not wants_draft:
        raise NotFoundError(f"Not Found: page {content.id} is a draft")
    number = request.args.get("version")
    if number is not None:
        return _old_version(content, parse_id(number, what="version"), representation)
    body = get_store().contents.body(content.id)
    answer = page_json(content, body, representation)
    if wants_draft and content.status != "draft":
        answer = _draft(content, answer, representation)
    return _with_extras(content, answer)


def _draft(content: Content, answer: Json, representation: str | None) -> Json:
    draft = get_store().contents.find_draft(content.id) if may("edit", content) else None
    if draft is None:
        return answer  # without unpublished changes, the draft is the published page
    answer |= {"title": draft.title, "status": "draft", "body": body_json(content, draft.body, representation)}
    version = Version(content.id, draft.base_version, draft.title, "", draft.author, draft.updated_at, is_minor=False)
    return answer | {"version": version_json(version)}


def _old_version(content: Content, number: int, representation: str | None) -> Json:
    version = get_store().contents.version(content.id, number)
    answer = page_json(content, get_store().contents.body(content.id, number), representation)
    status = content.status if number == content.version else "historical"
    return answer | {"title": version.title, "status": status, "version": version_json(version)}


def _with_extras(content: Content, answer: Json) -> Json:
    store = get_store()
    extras: dict[str, Callable[[], list[Json]]] = {
        "labels": lambda: [label_json(one) for one in store.labels.of(content.id)],
        "properties": lambda: [property_json(one) for one in store.properties.of(content.id)],
        "operations": lambda: operations_json(content),
        "likes": list,
        "versions": lambda: [version_json(one) for one in store.contents.versions(content.id, limit=50)],
    }
    extras |= {
        "collaborators": lambda: [{"accountId": one} for one in store.contents.contributors(content.id)],
        "direct-children": lambda: [child_json(one) for one in store.hierarchy.children(content.id) if may_read(one)],
    }
    for name, make in extras.items():
        if flag(f"include-{name}"):
            link = f"/api/v2/{content.type}s/{content.id}/{name}"
            answer["directChildren" if name == "direct-children" else name] = included(make(), link)
    if flag("include-favorited-by-current-user-status"):
        answer["isFavoritedByCurrentUser"] = False
    if flag("include-webresources"):
        raise InvalidError("'include-webresources' is not served by this wiki")
    if not flag("include-version", default=True):
        answer.pop("version", None)
    return answer


def _create(body: Json, kind: str) -> Json:
    store, status = get_store(), text_of(body, "status") or "current"
    space = check_creates(visible_space(text_of(body, "spaceId", required=True) or "", "spaceId"), kind)
    title = text_of(body, "title")
    if status not in {"current", "draft"}:
        raise InvalidError("'status' must be current or draft")
    if status == "current" and not title:
        raise InvalidError("'title' is required to publish")
    subtype = text_of(body, "subtype") or ""
    if subtype not in {"", "live"}:
        raise InvalidError(f"Provided value {{{subtype}}} for 'subtype' is not one of live")
    content = store.pages.create(
        space.id,
        title or "",
        storage_from(body.get("body") or {}),
        author=get_user().account_id,
        parent_id=_new_parent(body, space.homepage_id) if kind == "page" else None,
        kind=kind,
        status=status,
        subtype=subtype if kind == "page" else "",
    )
    if flag("private"):
        store.restrictions.make_private(content.id, get_user().account_id)
    return page_json(content, store.contents.body(content.id), "storage")


def _new_parent(body: Json, homepage_id: int | None) -> int | None:
    text = text_of(body, "parentId")
    if flag("root-level"):
        if text is not None:
            raise InvalidError("'parentId' cannot be given with root-level")
        return None
    return readable_parent(text).id if text is not None else homepage_id


def _update(content_id: str, body: Json, kind: str) -> Json:
    store, content = get_store(), get_editable(content_id, kind)
    given_id, status = text_of(body, "id", required=True), text_of(body, "status", required=True)
    title = text_of(body, "title", required=True)
    if given_id != content_id:
        raise InvalidError(f"Provided id {{{given_id}}} does not match the id {{{content_id}}} in the path")
    number, message = version_of(body)
    if not isinstance(body.get("body"), dict):
        raise InvalidError("'body' is required")
    text = storage_from(body["body"])
    if status == "draft" and content.status != "draft":
        draft = store.pages.save_draft(content.id, title=title, body=text, author=get_user().account_id)
        return _draft(content, page_json(content), "storage") | {"title": draft.title}
    if status not in {"current", "draft"}:
        raise InvalidError("'status' must be current or draft")
    check_drafts(content)
    with store.transaction():
        store.pages.update(
            content.id,
            number=number,
            title=title,
            body=text,
            message=message,
            author=get_user().account_id,
            status=status,
        )
        parent = text_of(body, "parentId")
        if parent is not None and kind == "page":
            store.pages.set_parent(content.id, readable_parent(parent).id)
    saved = store.contents.get(content.id)
    return page_json(saved, store.contents.body(saved.id), "storage")


def _delete(content: Content) -> None:
    store = get_store()
    if flag("draft"):
        if content.status == "draft":
            store.pages.purge(content.id)
        else:
            store.pages.discard_draft(content.id)
    elif flag("purge"):
        if content.status != "trashed":
            raise InvalidError(f"The page {content.id} is not in the trash")
        store.pages.purge(content.id)
    elif content.status in {"current", "archived"}:
        store.pages.trash(content.id)
    else:
        raise NotFoundError(f"Not Found: page {content.id} is {content.status}")


@api.put("/pages/<content_id>/title")
def update_title(content_id: str) -> Any:
    """Change the title of a page; this creates a new version with the next number."""
    body, content = json_object(), get_editable(content_id)
    saved = get_store().pages.update(
        content.id,
        title=text_of(body, "title", required=True),
        author=get_user().account_id,
        status=text_of(body, "status"),
    )
    return jsonify(outermost(page_json(saved, get_store().contents.body(saved.id), "storage")))

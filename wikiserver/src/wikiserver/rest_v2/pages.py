"""v2: pages and blog posts."""

from typing import TYPE_CHECKING, Any

from flask import Response, jsonify, request

from wikiserver.site import get_store, get_user, parse_id
from wikiserver.store import Content, InvalidError, NotFoundError, Version
from wikiserver.writing import check_drafts, storage_from

from .blueprint import api
from .content_json import (
    SINGLE_FORMATS,
    body_json,
    label_json,
    operations_json,
    outermost,
    page_json,
    property_json,
    version_json,
    wanted_format,
)
from .listing import list_answer, statuses_condition
from .paging import Json, flag, many, many_ids
from .reading import get_editable, get_readable, json_object, parse_number, readable_parent, text_of, version_of

if TYPE_CHECKING:
    from collections.abc import Callable

DEFAULT_STATUSES = ("current", "archived")


def page_filters(kind: str) -> tuple[list[str], list[object]]:
    """Return the conditions of the query on a list of pages or blog posts."""
    statuses = many("status") or list(DEFAULT_STATUSES)
    unknown = set(statuses) - {"current", "archived", "trashed", "deleted", "draft"}
    if unknown:
        raise InvalidError(f"Provided value {{{', '.join(sorted(unknown))}}} for 'status' is not a status")
    title = request.args.get("title")
    # With a title the search starts at the index on titles; a plus sign keeps SQLite from the other ones.
    plus = "+" if title else ""
    conditions = [f"{plus}content.type = ?", statuses_condition(statuses)]
    values: list[object] = [kind, *statuses]
    for name, column in (("id", "content.id"), ("space-id", f"{plus}content.space_id")):
        ids = many_ids(name)
        if ids:
            conditions.append(f"{column} IN ({','.join('?' * len(ids))})")
            values += ids
    if title:
        conditions.append("content.title_key = ?")
        values.append(title.casefold())
    return conditions, values


@api.get("/pages")
def list_pages() -> Any:
    """List pages, archived ones among them."""
    return list_answer(*page_filters("page"))


@api.get("/blogposts")
def list_blogposts() -> Any:
    """List blog posts."""
    return list_answer(*page_filters("blogpost"))


@api.get("/spaces/<space_id>/pages")
@api.get("/spaces/<space_id>/blogposts")
def list_pages_in_space(space_id: str) -> Any:
    """List the pages or blog posts of a space."""
    space = get_store().spaces.get(parse_number(space_id))
    conditions, values = page_filters(request.path.rstrip("/").rpartition("/")[2].removesuffix("s"))
    conditions.append("+content.space_id = ?" if "title" in request.args else "content.space_id = ?")
    if request.args.get("depth") == "root":
        conditions.append("content.parent_id IS NULL")
    return list_answer(conditions, [*values, space.id])


@api.get("/labels/<label_id>/pages")
@api.get("/labels/<label_id>/blogposts")
def list_labelled(label_id: str) -> Any:
    """List the pages or blog posts that bear a label."""
    label = get_store().labels.get(parse_number(label_id))
    kind = request.path.rstrip("/").rpartition("/")[2].removesuffix("s")
    bearing = "content.id IN (SELECT content_id FROM content_labels WHERE label_id = ?)"
    conditions, values = ["+content.type = ?", "+content.status IN ('current', 'archived')", bearing], [kind, label.id]
    ids = many_ids("space-id")
    if ids:
        conditions.append(f"content.space_id IN ({','.join('?' * len(ids))})")
    return list_answer(conditions, [*values, *ids])


def register(kind: str) -> None:
    """Add the operations that pages and blog posts have in common, under their own paths."""

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
        _delete(get_editable(content_id, kind))
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
    draft = get_store().contents.find_draft(content.id)
    if draft is None:
        return answer  # without unpublished changes the draft is what is published
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
        "operations": operations_json,
        "likes": list,
        "versions": lambda: [version_json(one) for one in store.contents.versions(content.id, limit=50)],
    }
    for name, make in extras.items():
        if flag(f"include-{name}"):
            link = f"/api/v2/{content.type}s/{content.id}/{name}"
            results = make()
            answer[name] = {"results": results[:50], "meta": {"hasMore": len(results) > 50}, "_links": {"self": link}}
    if not flag("include-version", default=True):
        answer.pop("version", None)
    return answer


def _create(body: Json, kind: str) -> Json:
    store, status = get_store(), text_of(body, "status") or "current"
    space = store.spaces.get(parse_number(text_of(body, "spaceId", required=True) or "", "spaceId"))
    title = text_of(body, "title")
    if status not in {"current", "draft"}:
        raise InvalidError("'status' must be current or draft")
    if status == "current" and not title:
        raise InvalidError("'title' is required to publish")
    content = store.pages.create(
        space.id,
        title or "",
        storage_from(body.get("body") or {}),
        author=get_user().account_id,
        parent_id=_new_parent(body, space.homepage_id) if kind == "page" else None,
        kind=kind,
        status=status,
    )
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
    """Give a page another title; this makes a new version, whatever number it has by then."""
    body, content = json_object(), get_editable(content_id)
    saved = get_store().pages.update(
        content.id,
        title=text_of(body, "title", required=True),
        author=get_user().account_id,
        status=text_of(body, "status"),
    )
    return jsonify(outermost(page_json(saved, get_store().contents.body(saved.id), "storage")))

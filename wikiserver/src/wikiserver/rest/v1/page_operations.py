"""v1: archive, move, copy and trash pages and page trees."""

from typing import Any

from flask import Response, jsonify

from wikiserver.copies import CopyOptions, copy_page, copy_tree, overwrite_page
from wikiserver.rest.arguments import Json, json_object
from wikiserver.rest.v1.content import outermost
from wikiserver.rest.v1.content_json import DEFAULT_EXPAND, content_json
from wikiserver.rest.v1.expand import Expand
from wikiserver.rest.v1.interface import api
from wikiserver.rest.v1.lookup import get_editable, get_readable, text_of
from wikiserver.rights import check_creates, check_move, may, may_read, visible_space
from wikiserver.sent_bodies import storage_from
from wikiserver.site import get_site, get_store, get_user
from wikiserver.store import Content, ForbiddenError, InvalidError, LongTask, NotFoundError

LIVE = ("current", "archived")
MAX_ARCHIVED_AT_ONCE = 300


def accepted(task: LongTask) -> tuple[Response, int]:
    """Return the answer that refers to a long task."""
    return jsonify({"id": task.id, "links": {"status": f"/rest/api/longtask/{task.id}"}}), 202


@api.post("/content/archive")
def archive_pages() -> Any:
    """Archive pages (Cloud only: Data Center archives whole spaces)."""
    if not get_site().is_cloud:
        raise NotFoundError("null for uri: /rest/api/content/archive")
    pages = json_object().get("pages")
    if not isinstance(pages, list) or not pages:
        raise InvalidError("pages must list the pages to archive")
    if len(pages) > MAX_ARCHIVED_AT_ONCE:
        raise InvalidError(f"At most {MAX_ARCHIVED_AT_ONCE} pages can be archived at once")
    contents = [get_editable(str(one.get("id")) if isinstance(one, dict) else "", "archive") for one in pages]
    get_store().pages.archive([content.id for content in contents])
    return accepted(get_store().long_tasks.record("com.atlassian.confluence.archive"))


@api.put("/content/<content_id>/move/<position>/<target_id>")
def move_page(content_id: str, position: str, target_id: str) -> Any:
    """Move a page before or after another, or under it."""
    page, target = get_readable(content_id), get_readable(target_id)
    check_move(page, target, position)
    moved = get_store().pages.move(page.id, target.id, position)
    return jsonify({"pageId": str(moved.id)})


def _options(body: Json) -> CopyOptions:
    return CopyOptions(
        attachments=bool(body.get("copyAttachments")),
        labels=bool(body.get("copyLabels")),
        properties=bool(body.get("copyProperties")),
        restrictions=bool(body.get("copyPermissions")),
    )


@api.post("/content/<content_id>/copy")
def copy_one_page(content_id: str) -> Any:
    """Copy a page into a space, under a page, or over a page."""
    body, page = json_object(), get_readable(content_id)
    saved = _copied(page, body, text_of(body, "destination", "type") or "", text_of(body, "destination", "value") or "")
    return jsonify(outermost(content_json(saved, Expand.of_request(DEFAULT_EXPAND))))


def _copied(page: Content, body: Json, kind: str, value: str) -> Content:
    store, author, options = get_store(), get_user().account_id, _options(body)
    match kind:
        case "existing_page":
            return overwrite_page(store, page, get_editable(value), author=author, options=options)
        case "space":
            space_id, parent_id = check_creates(visible_space(value), page.type).id, None
        case "parent_page" | "parent_content":
            parent = get_editable(value, "add")
            space_id, parent_id = parent.space_id, parent.id
        case _:
            raise InvalidError(f"Not a destination: {kind}")
    return copy_page(
        store,
        page,
        title=text_of(body, "pageTitle") or page.title,
        space_id=space_id,
        parent_id=parent_id,
        author=author,
        options=options,
        body=storage_from(body["body"]) if body.get("body") else None,
    )


@api.post("/content/<content_id>/pagehierarchy/copy")
def copy_page_tree(content_id: str) -> Any:
    """Copy a page with its descendants, as a long task."""
    body, page = json_object(), get_readable(content_id)
    parent = get_editable(text_of(body, "destinationPageId") or "", "add")
    titles = body.get("titleOptions") or {}
    if not isinstance(titles, dict):
        raise InvalidError("titleOptions must be an object")

    def rename(title: str) -> str:
        search = str(titles.get("search") or "")
        changed = title.replace(search, str(titles.get("replace") or "")) if search else title
        return str(titles.get("prefix") or "") + changed

    copy_tree(
        get_store(),
        page,
        parent,
        author=get_user().account_id,
        options=_options(body),
        rename=rename,
        with_descendants=bool(body.get("copyDescendants", True)),
        may_read=may_read,
    )
    return accepted(get_store().long_tasks.record("com.atlassian.confluence.pagehierarchy.copy"))


@api.delete("/content/<content_id>/pageTree")
def trash_page_tree(content_id: str) -> Any:
    """Move a page with its descendants to the trash, as a long task; refused if one of them may not be deleted."""
    page, store = get_editable(content_id, "delete"), get_store()
    if page.type != "page" or page.status != "current":
        raise InvalidError("Only a tree of current pages can be deleted")
    below = [one for one in store.contents.get_many(store.hierarchy.subtree_ids(page.id)) if one.status in LIVE]
    if not all(may("delete", one) for one in below):
        raise ForbiddenError(f"User not permitted to delete all descendants of content with id: {page.id}")
    with store.transaction():
        for one in below:
            store.pages.set_status(one.id, "trashed")
    return accepted(store.long_tasks.record("com.atlassian.confluence.pagetree.delete"))

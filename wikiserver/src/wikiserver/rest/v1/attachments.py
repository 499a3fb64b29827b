"""v1: upload attachments and new versions of them, change their properties."""

from typing import Any

from flask import Response, jsonify, redirect, request
from werkzeug.datastructures import FileStorage

from wikiserver.downloads import check_xsrf
from wikiserver.media_host import media_address
from wikiserver.rest.arguments import Json, json_object, many
from wikiserver.rest.v1.content_json import content_json, contents_json
from wikiserver.rest.v1.expand import Expand
from wikiserver.rest.v1.interface import api
from wikiserver.rest.v1.lookup import get_editable, get_readable, text_of
from wikiserver.rest.v1.paging import base_links
from wikiserver.rights import Act
from wikiserver.site import base_url, get_store, get_user
from wikiserver.store import Content, InvalidError, NotFoundError


@api.post("/content/<content_id>/child/attachment")
def add_attachments(content_id: str) -> Any:
    """Attach files; an existing name is refused."""
    return _upload(get_editable(content_id, "attach"), may_replace=request.args.get("allowDuplicated") == "true")


@api.put("/content/<content_id>/child/attachment")
def add_or_replace_attachments(content_id: str) -> Any:
    """Attach files; an existing name becomes a new version."""
    return _upload(get_editable(content_id, "attach"), may_replace=True)


def _upload(page: Content, *, may_replace: bool) -> Any:
    check_xsrf()
    files = request.files.getlist("file")
    if not files:
        raise InvalidError("At least one file named 'file' is needed")
    with get_store().transaction():
        saved = [_save(page, file, may_replace=may_replace) for file in files]
    results = contents_json(saved, Expand(["version", "container"]))
    links = {"self": f"{base_url()}{request.path}"} | base_links()
    return jsonify({"results": results, "start": 0, "limit": 50, "size": len(results), "_links": links})


def _save(page: Content, file: FileStorage, *, may_replace: bool) -> Content:
    store, name = get_store(), (file.filename or "").rpartition("/")[2]
    known = store.attachments.find(page.id, name)
    if known is not None and not may_replace:
        raise InvalidError(f"Cannot add a new attachment with same file name as an existing attachment: {name}")
    details = {
        "author": get_user().account_id,
        "media_type": _media_type(file),
        "comment": _field("comment"),
    }
    is_minor = _field("minorEdit") == "true"
    if known is not None:
        return store.attachments.replace(known.id, file.read(), is_minor=is_minor, **details)
    return store.attachments.add(page.id, name, file.read(), is_minor=is_minor, **details)


def _field(name: str) -> str:
    """Return a form field; some clients send it as a part with a file name."""
    part = request.files.get(name)
    return request.form.get(name, "") if part is None else part.read().decode(errors="replace")


def _media_type(file: FileStorage) -> Any:
    sent = file.mimetype
    return sent if sent and sent != "application/octet-stream" else None


def _attachment(page_id: str, attachment_id: str, act: Act = "edit") -> Content:
    content = get_editable(attachment_id, act)
    page = get_readable(page_id)
    if content.type != "attachment" or content.container_id != page.id:
        raise NotFoundError(f"No attachment {attachment_id} on content {page_id}")
    return content


@api.post("/content/<content_id>/child/attachment/<attachment_id>/data")
def replace_data(content_id: str, attachment_id: str) -> Any:
    """Save new bytes as the next version of a file."""
    check_xsrf()
    content, file = _attachment(content_id, attachment_id), request.files.get("file")
    if file is None:
        raise InvalidError("A file named 'file' is needed")
    saved = get_store().attachments.replace(
        content.id,
        file.read(),
        author=get_user().account_id,
        media_type=_media_type(file),
        comment=_field("comment"),
        is_minor=_field("minorEdit") == "true",
    )
    return jsonify(_outermost(saved))


@api.put("/content/<content_id>/child/attachment/<attachment_id>")
def change_attachment(content_id: str, attachment_id: str) -> Any:
    """Rename a file, move it to another page, or change its metadata."""
    content, body = _attachment(content_id, attachment_id), json_object()
    target = text_of(body, "container", "id")
    page = get_editable(target, "attach") if target is not None else None
    saved = get_store().attachments.change(
        content.id,
        name=text_of(body, "title"),
        media_type=text_of(body, "metadata", "mediaType") or text_of(body, "extensions", "mediaType"),
        comment=text_of(body, "metadata", "comment") or text_of(body, "extensions", "comment"),
    )
    if page is not None and page.id != content.container_id:
        get_store().attachments.move(content.id, page.id)
        saved = get_store().contents.get(content.id)
    return jsonify(_outermost(saved))


@api.delete("/content/<content_id>/child/attachment/<attachment_id>")
def remove_attachment(content_id: str, attachment_id: str) -> Response:
    """Remove a file with all its versions."""
    get_store().pages.purge(_attachment(content_id, attachment_id, "delete").id)
    return Response(status=204)


@api.get("/content/<content_id>/child/attachment/<attachment_id>/download")
def download_attachment(content_id: str, attachment_id: str) -> Any:
    """Redirect to the bytes of a file at the media host."""
    content = get_readable(attachment_id)
    if content.container_id != get_readable(content_id).id or content.status not in (many("status") or ["current"]):
        raise NotFoundError(f"No attachment {attachment_id} on content {content_id}")
    return redirect(media_address(content, _asked_version(content)))


def _asked_version(content: Content) -> int | None:
    wanted = request.args.get("version")
    if wanted is None:
        return None
    if not wanted.isdecimal() or not 1 <= int(wanted) <= content.version:
        raise InvalidError(f"Version {wanted} of attachment {content.id} does not exist")
    return int(wanted)


def _outermost(content: Content) -> Json:
    answer = content_json(content, Expand(["version", "container"]))
    answer["_links"] |= base_links()
    return answer

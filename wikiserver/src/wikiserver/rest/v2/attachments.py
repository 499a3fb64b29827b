"""v2: attachments; uploads use v1."""

from typing import Any

from flask import Response, jsonify, redirect, request

from wikiserver.addresses import download_path, webui
from wikiserver.media_host import media_address
from wikiserver.moments import iso
from wikiserver.rest.arguments import Json, many
from wikiserver.rest.media_files import asked_files, media_type_description
from wikiserver.rest.v2.content_json import (
    included,
    label_json,
    outermost,
    property_json,
    version_json,
)
from wikiserver.rest.v2.interface import api
from wikiserver.rest.v2.lookup import get_editable, get_readable
from wikiserver.rest.v2.paging import flag, paginate
from wikiserver.rights import may_read
from wikiserver.site import get_store
from wikiserver.store import Content, InvalidError, Selection


def attachment_json(content: Content) -> Json:
    """Return one attachment."""
    store = get_store()
    file, space = store.attachments.file(content.id), store.spaces.get(content.space_id)
    download = download_path(content)
    return {
        "id": f"att{content.id}",
        "status": content.status,
        "title": content.title,
        "createdAt": iso(content.created_at),
        "pageId": str(content.container_id),
        "mediaType": file.media_type,
        "mediaTypeDescription": media_type_description(file.media_type),
        "comment": file.comment,
        "fileId": file.file_id,
        "fileSize": file.size,
        "webuiLink": webui(content, space),
        "downloadLink": download,
        "version": version_json(content.current_version),
        "_links": {"webui": webui(content, space), "download": download},
    }


def _list(found: list[Content]) -> Any:
    shown = [one for one in asked_files(found) if may_read(one)]
    sort = request.args.get("sort", "id")
    orders = {"id": lambda one: one.id, "created-date": lambda one: one.created_at}
    orders["modified-date"] = lambda one: one.updated_at
    if sort.removeprefix("-") not in orders:
        raise InvalidError(f"Provided value {{{sort}}} for 'sort' is not the correct type")
    shown.sort(key=orders[sort.removeprefix("-")], reverse=sort.startswith("-"))
    return paginate(shown, attachment_json)


@api.get("/attachments")
def list_attachments() -> Any:
    """List all attachments of the wiki."""
    statuses = many("status") or ["current"]
    marks = ",".join("?" * len(statuses))
    chosen = Selection(("type = 'attachment'", f"status IN ({marks})"), tuple(statuses), limit=-1)
    return _list(get_store().contents.select(chosen))


@api.get("/pages/<page_id>/attachments")
@api.get("/blogposts/<page_id>/attachments")
def list_page_attachments(page_id: str) -> Any:
    """List the attachments of a page."""
    kind = "page" if "/pages/" in request.path else "blogpost"
    statuses = tuple(many("status")) or ("current",)
    return _list(get_store().attachments.of(get_readable(page_id, kind).id, statuses=statuses))


@api.get("/attachments/<attachment_id>")
def get_attachment(attachment_id: str) -> Any:
    """Return one attachment."""
    content = get_readable(attachment_id, "attachment")
    answer, store = attachment_json(content), get_store()
    if flag("include-labels"):
        answer["labels"] = included([label_json(one) for one in store.labels.of(content.id)])
    if flag("include-properties"):
        answer["properties"] = included([property_json(one) for one in store.properties.of(content.id)])
    if flag("include-versions"):
        answer["versions"] = included([version_json(one) for one in store.contents.versions(content.id)])
    if flag("include-collaborators"):
        answer["collaborators"] = included([{"accountId": one} for one in store.contents.contributors(content.id)])
    return jsonify(outermost(answer))


@api.delete("/attachments/<attachment_id>")
def delete_attachment(attachment_id: str) -> Response:
    """Move a file to the trash, or purge it."""
    content = get_editable(attachment_id, "attachment", "delete")
    if flag("purge"):
        get_store().pages.purge(content.id)
    else:
        get_store().pages.set_status(content.id, "trashed")
    return Response(status=204)


@api.get("/attachments/<attachment_id>/thumbnail/download")
def download_thumbnail(attachment_id: str) -> Any:
    """Redirect to the thumbnail of an image."""
    content = get_readable(attachment_id, "attachment")
    return redirect(media_address(content))

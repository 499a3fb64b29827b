"""Serve attachments under `/download/`, and check uploads against forgery."""

from typing import Any, Final
from urllib.parse import quote

from flask import Blueprint, Response, g, request

from wikiserver.rights import check_readable
from wikiserver.site import authenticate, get_site, get_store, parse_id
from wikiserver.store import ForbiddenError, NotFoundError

files: Final = Blueprint("files", __name__)


def check_xsrf() -> None:
    """Refuse a form without the header that another site cannot make a browser send."""
    if request.headers.get("X-Atlassian-Token", "").lower() not in {"nocheck", "no-check"}:
        raise ForbiddenError("XSRF check failed")


@files.before_request
def let_in() -> Response | None:
    """Identify the caller; refuse anonymous requests, and on Cloud any caller with a token.

    Since 2025-11, Cloud's servlet takes the session of a browser only: CHANGE-2735, CHANGE-3007.
    """
    if get_site().is_cloud and "Authorization" in request.headers:
        return Response("Unauthorized\n", 401, {"WWW-Authenticate": 'OAuth realm="Confluence"'})
    g.user = authenticate(request.headers.get("Authorization"), get_site()) or g.get("user")
    if g.user is None:
        return Response("Log in first.\n", 401, {"WWW-Authenticate": 'Basic realm="Confluence"'})
    return None


@files.errorhandler(NotFoundError)
def not_found(error: NotFoundError) -> Response:
    """Return a 404 for an unknown file."""
    return Response(f"{error}\n", 404, mimetype="text/plain")


@files.get("/download/attachments/<page_id>/<path:name>")
@files.get("/download/thumbnails/<page_id>/<path:name>")
def download(page_id: str, name: str) -> Any:
    """Return the bytes of a file at the requested version."""
    content = check_readable(
        get_store().attachments.find(parse_id(page_id), name), f"No attachment {name} on page {page_id}"
    )
    wanted = request.args.get("version", "")
    number = int(wanted) if wanted.isdecimal() else None
    file = get_store().attachments.file(content.id, number)
    return Response(
        get_store().attachments.data(content.id, number),
        mimetype=file.media_type,
        headers={
            "Content-Disposition": _disposition(name, is_inline=file.media_type.startswith("image/")),
            "X-Content-Type-Options": "nosniff",
        },
    )


def _disposition(name: str, *, is_inline: bool) -> str:
    return f"{'inline' if is_inline else 'attachment'}; filename*=UTF-8''{quote(name)}"

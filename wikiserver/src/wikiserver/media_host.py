"""Cloud's media host: serves the bytes of attachments at an address of its own, to callers with a token in the query.

Atlassian's host is `api.media.atlassian.com`. The token in the address is the only authentication: a request that also
has an `Authorization` header is refused.
"""

import secrets
from collections.abc import Callable, Iterable
from typing import Any, Final
from urllib.parse import quote

from flask import request
from werkzeug.wrappers import Request, Response

from wikiserver.site import MediaFile, Site, get_site
from wikiserver.store import Content, NotFoundError

_PREFIX: Final = "/file/"
_SUFFIX: Final = "/binary"


def media_address(content: Content, version: int | None = None) -> str:
    """Return an address at the media host from which a file can be downloaded, with a new token."""
    site = get_site()
    file = site.store.attachments.file(content.id, version)
    token = secrets.token_urlsafe(24)
    site.media_files[token] = MediaFile(content.id, version)
    host = request.host.partition(":")[0] if not request.host.startswith("[") else request.host.partition("]")[0] + "]"
    name = quote(content.title, safe="")
    return f"http://{host}:{site.media_port}{_PREFIX}{file.file_id}{_SUFFIX}?token={token}&name={name}&client=c"


class MediaApp:
    """The media host of a site as a WSGI application."""

    def __init__(self, site: Site) -> None:
        self._site = site

    def __call__(self, environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        """Serve one request."""
        return self._answer(Request(environ))(environ, start_response)

    def _answer(self, asked: Request) -> Response:
        if "Authorization" in asked.headers or "Cookie" in asked.headers:
            return Response("Only one authentication mechanism is allowed\n", 400, mimetype="text/plain")
        wanted = self._site.media_files.get(asked.args.get("token", ""))
        if wanted is None or not asked.path.startswith(_PREFIX) or not asked.path.endswith(_SUFFIX):
            return Response("The token is not valid for this file\n", 403, mimetype="text/plain")
        attachments = self._site.store.attachments
        try:
            file = attachments.file(wanted.attachment_id, wanted.version)
            data = attachments.data(wanted.attachment_id, wanted.version)
        except NotFoundError:
            return Response("The file is gone\n", 404, mimetype="text/plain")
        if asked.path != f"{_PREFIX}{file.file_id}{_SUFFIX}":
            return Response("The token is not valid for this file\n", 403, mimetype="text/plain")
        disposition = f"attachment; filename*=UTF-8''{quote(asked.args.get('name', ''))}"
        return Response(data, mimetype=file.media_type, headers={"Content-Disposition": disposition})

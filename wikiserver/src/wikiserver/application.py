"""The Flask application: one store, one flavour, both REST interfaces, files and pages for people."""

import time
import uuid
from collections.abc import Callable, Iterable
from functools import cache
from typing import Any, Final

from flask import Flask, Response, request
from werkzeug.exceptions import HTTPException

from wikiserver.admin_actions import admin_actions
from wikiserver.downloads import files
from wikiserver.movepage import movepage
from wikiserver.normalise import BadBody, Level, normalise
from wikiserver.pages import create_pages
from wikiserver.pages.blueprint import lost
from wikiserver.rest import v1, v2
from wikiserver.rest.v1.flavours import EXPERIMENTAL
from wikiserver.site import CLOUD_ID, GATEWAY_KEY, SITE_KEY, Flavour, Site, base_url, get_site
from wikiserver.site_status import platform
from wikiserver.store import InvalidError, Store

MAX_UPLOAD_BYTES: Final = 100 * 2**20
_AT_ROOT: Final = ("/_edge/", "/_admin/", "/oauth/")
_DEAD_LINK: Final = "<html><head><title>Oops, you've found a dead link.</title></head><body></body></html>\n"

StartResponse = Callable[..., Any]


_GATEWAY: Final = "/ex/confluence/"
_no_such_site = Response('{"code": 404, "message": "Not Found"}', 404, mimetype="application/json")


class WikiApp:
    """One wiki as a WSGI application. It serves nothing but *context_path*: `/wiki` on Cloud, else the root.

    *level* is how much a save changes a body.
    """

    def __init__(
        self, store: Store, *, flavour: Flavour = "cloud", level: Level = "light", context_path: str | None = None
    ) -> None:
        self.is_also_at_root = False  # for clients that add `/wiki` for hosts at atlassian.net only
        self.site = Site(store, flavour)
        self.flask = _flask_app(flavour)
        self._prefix = (("/wiki" if flavour == "cloud" else "") if context_path is None else context_path).rstrip("/")
        store.normalise = normaliser(flavour, level)
        store.pages.clears_state_on_write = self.site.is_cloud
        store.properties.clears_state_on_write = self.site.is_cloud

    def __call__(self, environ: dict[str, Any], start_response: StartResponse) -> Iterable[bytes]:
        """Serve one request; move the prefix from the path to the script name, so that generated links include it."""
        path = environ.get("PATH_INFO", "")
        if path.startswith(_GATEWAY) and self.site.is_cloud and self.site.has_gateway:
            cloud_id, slash, rest = path.removeprefix(_GATEWAY).partition("/")
            path = environ["PATH_INFO"] = slash + rest
            if cloud_id != CLOUD_ID or not f"{path}/".startswith(f"{self._prefix}/"):
                return _no_such_site(environ, start_response)
            environ[GATEWAY_KEY] = True
        if self._prefix and (path == self._prefix or path.startswith(f"{self._prefix}/")):
            environ["SCRIPT_NAME"] = environ.get("SCRIPT_NAME", "") + self._prefix
            environ["PATH_INFO"] = path.removeprefix(self._prefix) or "/"
        elif self._prefix and not (self.is_also_at_root or path.startswith(_AT_ROOT)):
            return self._outside(path)(environ, start_response)
        environ[SITE_KEY] = self.site
        return self.flask(environ, start_response)

    def _outside(self, path: str) -> Response:
        """Return the answer at an address that is not the wiki's: the root redirects, all else is not found."""
        if path in {"", "/"}:
            answer = Response(status=302, headers={"Location": f"{self._prefix}/"})
        else:
            answer = Response(_DEAD_LINK, 404, mimetype="text/html")
        if self.site.is_cloud:
            answer.headers["Server"] = "AtlassianEdge"
            answer.headers["Atl-Request-Id"] = str(uuid.uuid4())
        return answer


@cache
def _flask_app(flavour: Flavour) -> Flask:
    """Return the routes of a flavour. They contain no store, so one application can serve all wikis."""
    app = Flask(__name__, static_folder=None)
    app.json.sort_keys = False  # type: ignore[attr-defined]  # the default provider has this attribute
    app.config["MAX_CONTENT_LENGTH"] = app.config["MAX_FORM_MEMORY_SIZE"] = MAX_UPLOAD_BYTES
    app.url_map.strict_slashes = False
    app.register_blueprint(v1.api, url_prefix="/rest/api")
    if flavour == "cloud":
        app.register_blueprint(v2.api, url_prefix="/api/v2")
    else:
        app.register_blueprint(v1.api, url_prefix="/rest/experimental", name=EXPERIMENTAL)
    app.register_blueprint(files)
    app.register_blueprint(movepage)
    app.register_blueprint(admin_actions)
    app.register_blueprint(platform)
    app.register_blueprint(create_pages())
    app.after_request(_name_the_product)
    for status in (404, 405):
        app.register_error_handler(status, _refuse_address)
    return app


def _name_the_product(response: Response) -> Response:
    """Add the headers by which clients identify the product: the edge of Cloud, and Confluence behind it."""
    if get_site().is_cloud:
        response.headers["Server"] = "AtlassianEdge"
        response.headers["Atl-Request-Id"] = str(uuid.uuid4())
    response.headers["X-Confluence-Request-Time"] = str(time.time_ns() // 1_000_000)
    return response


def _refuse_address(error: HTTPException) -> Response | tuple[str, int] | HTTPException:
    """Return the error for an address without an operation: JSON for API paths, else a page."""
    status, where = error.code or 404, request.path
    if where.startswith("/rest/"):
        return v1.error_answer(
            status, f"null for uri: {base_url()}{request.path}" if status == 404 else str(error.description)
        )
    if where.startswith("/api/v2/"):
        return v2.error_answer(status, error.name)
    return lost(error) if status == 404 else error


def normaliser(flavour: Flavour, level: Level) -> Callable[[str], str]:
    """Return the function that changes a body on save; it refuses malformed XML."""

    def save(body: str) -> str:
        try:
            return normalise(body, flavour=flavour, level=level, new_id=lambda: str(uuid.uuid4()))
        except BadBody as error:
            raise InvalidError(str(error)) from error

    return save

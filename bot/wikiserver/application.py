"""The Flask application: one store, one flavour, both REST interfaces, files and pages for people."""

import importlib
import uuid
from collections.abc import Callable, Iterable
from typing import Any, Final

from flask import Flask

from . import rest_v1, rest_v2
from .files import files
from .movepage import movepage
from .normalise import BadBody, Level, normalise
from .site import EXTENSION, Flavour, Site
from .store import InvalidError, Store

MAX_UPLOAD_BYTES: Final = 100 * 2**20

StartResponse = Callable[..., Any]


def create_app(
    store: Store, *, flavour: Flavour = "cloud", level: Level = "light", context_path: str = "/wiki"
) -> Flask:
    """Return the wiki as a WSGI application. It answers at the root and under *context_path*.

    *level* is how much a save changes the body that was sent.
    """
    app = Flask(__name__, static_folder=None)
    app.json.sort_keys = False  # type: ignore[attr-defined]  # the default provider has it
    app.config["MAX_CONTENT_LENGTH"] = MAX_UPLOAD_BYTES
    app.url_map.strict_slashes = False
    site = Site(store, flavour)
    app.extensions[EXTENSION] = site
    store.normalise = normaliser(flavour, level)
    store.pages.clears_state_on_write = site.is_cloud
    store.properties.clears_state_on_write = site.is_cloud
    app.register_blueprint(rest_v1.api, url_prefix="/rest/api")
    if site.is_cloud:
        app.register_blueprint(rest_v2.api, url_prefix="/api/v2")
    else:
        app.register_blueprint(rest_v1.api, url_prefix="/rest/experimental", name="experimental")
    app.register_blueprint(files)
    app.register_blueprint(movepage)
    _register_pages(app, store)
    app.wsgi_app = ContextPath(app.wsgi_app, context_path)  # type: ignore[method-assign]  # Flask's own way to wrap
    return app


def normaliser(flavour: Flavour, level: Level) -> Callable[[str], str]:
    """Return what the wiki does to a body on save; a body that is no XML is refused."""

    def save(body: str) -> str:
        try:
            return normalise(body, flavour=flavour, level=level, new_id=lambda: str(uuid.uuid4()))
        except BadBody as error:
            raise InvalidError(str(error)) from error

    return save


def _register_pages(app: Flask, store: Store) -> None:
    try:
        pages = importlib.import_module("bot.wikiserver.pages")
    except ModuleNotFoundError:
        return
    if hasattr(pages, "create_pages"):
        app.register_blueprint(pages.create_pages(store))


class ContextPath:
    """Serves one application at the root and under a prefix, so that its links keep the prefix the caller used."""

    def __init__(self, app: Callable[..., Iterable[bytes]], prefix: str) -> None:
        self._app, self._prefix = app, prefix.rstrip("/")

    def __call__(self, environ: dict[str, Any], start_response: StartResponse) -> Iterable[bytes]:
        """Move the prefix from the path to the script name, as a front server would."""
        path = environ.get("PATH_INFO", "")
        if self._prefix and (path == self._prefix or path.startswith(f"{self._prefix}/")):
            environ["SCRIPT_NAME"] = environ.get("SCRIPT_NAME", "") + self._prefix
            environ["PATH_INFO"] = path.removeprefix(self._prefix) or "/"
        return self._app(environ, start_response)

"""Make the Flask application of a desk."""

import gzip
import hashlib
from functools import cache, lru_cache
from http import HTTPStatus
from importlib import import_module
from pathlib import Path
from typing import Any

from flask import Flask, Response, request
from jinja2 import StrictUndefined

from bot.desk import failure_pages, language, navigation
from bot.desk.desk import EXTENSION, Desk
from bot.desk.earlier_drafts import move_earlier_drafts
from bot.desk.roles import ROLE_WORDS, Role
from bot.desk.safety import protect, raise_if_undeclared
from bot.desk.sentences import begun, sentence
from bot.desk.shown_names import event_name, icon_name, job_name, node_name, region_name, status_name
from bot.resources import templates_dir

AREAS = {
    "home": ("overview_views",),
    "write": (
        "write_filters",
        "news_views",
        "news_edit_views",
        "preview_views",
        "entry_views",
        "entry_edit_views",
        "draft_views",
        "history_views",
        "publication_views",
    ),
    "publish": (
        "plan_views",
        "edit_views",
        "run_views",
        "drawing_views",
        "tree_views",
        "settings_views",
        "health_views",
    ),
    "archive": ("task_views", "list_views", "page_views", "evidence_views"),
    "account": ("sign_in", "single_sign_on", "own_account", "account_list"),
}
"""The modules with views of each area; importing them adds the views to the blueprint of the area."""


def create_app(desk: Desk) -> Flask:
    """Return the application; raises `BotError` if a view has no declared role."""
    folder = templates_dir() / "desk"
    app = Flask(
        "bot.desk", template_folder=str(folder), static_folder=str(folder / "static"), static_url_path="/static"
    )
    app.extensions[EXTENSION] = desk
    app.jinja_options = {
        "autoescape": True,
        "undefined": StrictUndefined,
        "trim_blocks": True,
        "lstrip_blocks": True,
        "extensions": ["jinja2.ext.i18n"],
    }
    app.url_map.strict_slashes = False
    protect(app, desk)
    for area, modules in AREAS.items():
        for module in modules:
            import_module(f"bot.desk.{area}.{module}")
        app.register_blueprint(import_module(f"bot.desk.{area}").blueprint)
    if desk.single_sign_on is not None:
        import_module("bot.desk.account.single_sign_on").install(app, desk.single_sign_on)
    language.install(app)
    navigation.install(app)
    failure_pages.install(app)
    app.url_defaults(_add_version)
    app.after_request(_compress_static)
    icons = f"{app.static_url_path}/icons.svg?v={_digest(folder / 'static' / 'icons.svg')}"
    app.jinja_env.globals.update(role_words=ROLE_WORDS, Role=Role, region_name=region_name, icons=icons)
    names = (region_name, job_name, event_name, status_name, node_name, icon_name)
    app.jinja_env.filters.update({each.__name__: each for each in names}, sentence=sentence, begun=begun)
    raise_if_undeclared(app)
    move_earlier_drafts(desk)
    return app


def _add_version(endpoint: str, values: dict[str, Any]) -> None:
    """Put the digest of a static file into its address: browsers may keep the file for ever."""
    if endpoint == "static":
        values["v"] = _digest(templates_dir() / "desk" / "static" / values["filename"])


def _compress_static(response: Response) -> Response:
    """Compress style sheets, scripts and icons. Pages are not: their size would say something about their tokens."""
    kind = response.mimetype or ""
    is_text = kind.startswith("text/") or kind.endswith(("javascript", "svg+xml"))
    is_wanted = request.endpoint == "static" and response.status_code == HTTPStatus.OK and is_text
    if not is_wanted:
        return response
    response.vary.add("Accept-Encoding")
    if request.accept_encodings["gzip"]:
        response.direct_passthrough = False
        response.data = _compressed(response.get_data())
        response.content_encoding = "gzip"
        response.headers.pop("ETag", None)  # that of the file as it is; the address has a digest
    return response


@lru_cache(maxsize=64)
def _compressed(data: bytes) -> bytes:
    return gzip.compress(data, mtime=0)


@cache
def _digest(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()[:10]

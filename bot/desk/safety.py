"""What is checked before each view, and the headers of each answer."""

from http import HTTPStatus
from urllib.parse import urlsplit

from flask import Flask, abort, current_app, g, request
from flask_wtf.csrf import CSRFProtect
from werkzeug import Response

from bot.desk.desk import Desk, current_desk
from bot.desk.roles import Role, has_declared_role, least_role_of, public
from bot.desk.visitor import current_visitor
from bot.errors import BotError

SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})
_POLICY = "; ".join(
    (
        "default-src 'none'",
        "base-uri 'none'",
        *(f"{name} 'self'" for name in ("script-src", "style-src", "img-src", "connect-src", "frame-src")),
        "form-action 'self'",
        "frame-ancestors 'self'",
    )
)
_HEADERS = {
    "Content-Security-Policy": _POLICY,
    "X-Content-Type-Options": "nosniff",
    # With `no-referrer`, browsers send `Origin: null` with every form, and forms of strangers could not be recognised.
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=()",
}
_MOST_BYTES = 32 * 2**20
_MOST_TEXT = 4 * 2**20
HEALTH = "home.healthz"


def protect(app: Flask, desk: Desk) -> None:
    """Protect all views of *app*."""
    address = desk.address
    app.config.update(
        SECRET_KEY=desk.database.key("cookies"),
        SESSION_COOKIE_NAME=cookie_name(desk, "form"),
        SESSION_COOKIE_HTTPONLY=True,
        SESSION_COOKIE_SAMESITE="Lax",
        SESSION_COOKIE_SECURE=address.is_https,
        MAX_CONTENT_LENGTH=_MOST_BYTES,
        MAX_FORM_MEMORY_SIZE=_MOST_TEXT,
        WTF_CSRF_TIME_LIMIT=None,
        WTF_CSRF_SSL_STRICT=False,  # `_check_origin` is stricter
        WTF_CSRF_CHECK_DEFAULT=False,
    )
    csrf = CSRFProtect(app)
    app.before_request(_check_host)
    app.before_request(_find_visitor)
    app.before_request(_check_origin)
    app.before_request(lambda: None if request.method in SAFE_METHODS else csrf.protect())
    app.before_request(_check_role)
    app.after_request(_add_headers)


def raise_if_undeclared(app: Flask) -> None:
    """Raise an error for a view without a declared role."""
    public(app.view_functions["static"])
    for endpoint, view in app.view_functions.items():
        if not has_declared_role(view):
            raise BotError(f"the view {endpoint} is declared neither with `requires` nor with `public`")


def cookie_name(desk: Desk, purpose: str) -> str:
    """Return the name of a cookie; `__Host-` binds it to https and this host.

    Cookies do not distinguish ports: on loopback the port is in the name.
    """
    return f"__Host-wikibot-{purpose}" if desk.address.is_https else f"wikibot-{purpose}-{desk.address.port}"


def set_session_cookie(response: Response, token: str) -> None:
    """Give the browser the token of its session."""
    desk = current_desk()
    response.set_cookie(
        cookie_name(desk, "session"), token, httponly=True, samesite="Lax", secure=desk.address.is_https, path="/"
    )


def forget_session_cookie(response: Response) -> None:
    """Take the token from the browser."""
    desk = current_desk()
    response.delete_cookie(
        cookie_name(desk, "session"), httponly=True, samesite="Lax", secure=desk.address.is_https, path="/"
    )


def _check_host() -> None:
    if request.endpoint != HEALTH and request.host.lower() not in current_desk().address.hosts:
        abort(HTTPStatus.MISDIRECTED_REQUEST)


def _find_visitor() -> None:
    desk = current_desk()
    token = request.cookies.get(cookie_name(desk, "session"))
    g.visitor = desk.sessions.find(token) if token and request.endpoint != "static" else None


def _check_origin() -> None:
    """Refuse a form that another site sent; a browser names itself in `Origin`, older ones in `Referer`."""
    if request.method in SAFE_METHODS:
        return
    origin = request.headers.get("Origin")
    if origin is None and request.referrer:
        parts = urlsplit(request.referrer)
        origin = f"{parts.scheme}://{parts.netloc}"
    if origin is None or origin.lower() not in current_desk().address.origins:
        abort(HTTPStatus.BAD_REQUEST, "the form was sent from another address than the desk's")


def _check_role() -> None:
    """Answer 401 to strangers and 404 to those who may not know that there is something."""
    least = Role.AUDITOR
    if request.endpoint is not None:
        declared = least_role_of(current_app.view_functions[request.endpoint])
        if declared is None:
            return
        least = declared
    visitor = current_visitor()
    if visitor is None:
        abort(HTTPStatus.UNAUTHORIZED)
    workspace = (request.view_args or {}).get("workspace")
    if request.endpoint is not None and not visitor.may(least, workspace):
        abort(HTTPStatus.NOT_FOUND)
    if workspace is not None and workspace not in {each.name for each in current_desk().workspaces}:
        abort(HTTPStatus.NOT_FOUND)


def _add_headers(response: Response) -> Response:
    for name, value in _HEADERS.items():
        response.headers.setdefault(name, value)
    if current_desk().address.is_https:
        response.headers.setdefault("Strict-Transport-Security", "max-age=31536000")
    if request.endpoint == "static" and response.status_code == HTTPStatus.OK:
        response.headers["Cache-Control"] = "public, max-age=31536000, immutable"
    else:
        response.headers.setdefault("Cache-Control", "no-store")
    return response

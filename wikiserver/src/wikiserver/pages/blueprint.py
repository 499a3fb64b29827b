"""The blueprint of the pages: sign-in, security headers, and error pages."""

import hmac
import secrets
from typing import Any, Final
from urllib.parse import urlencode

from flask import Blueprint, Response, abort, g, redirect, render_template, request, session, url_for
from flask.blueprints import BlueprintSetupState
from werkzeug.exceptions import HTTPException

from wikiserver.site import authenticate, get_site, get_store
from wikiserver.store import (
    ForbiddenError,
    InvalidError,
    NotEditableError,
    NotFoundError,
    StoreError,
    TitleTakenError,
)

pages: Final = Blueprint(
    "pages", __name__, template_folder="templates", static_folder="static", static_url_path="/s/pages"
)

_PUBLIC: Final = frozenset(
    ("pages.login", "pages.check_login", "pages.static", "pages.emoticon", "pages.missing_image")
)
_SESSION_ID: Final = "id"
# Allowed sources: the wiki's own styles and script, and images from anywhere, as in pages of Confluence.
_POLICY: Final = (
    "default-src 'none'; style-src 'self' 'unsafe-inline'; script-src 'self'; img-src * data:; connect-src 'self';"
    " form-action 'self'; frame-ancestors 'self'; base-uri 'none'"
)
_STATUSES: Final[dict[type[StoreError], int]] = {
    NotFoundError: 404,
    ForbiddenError: 403,
    InvalidError: 400,
    NotEditableError: 409,
    TitleTakenError: 409,
}
_TITLES: Final = {
    400: "That did not work",
    403: "You may not do that",
    404: "Nothing to see here",
    405: "Not this way",
    409: "That cannot be done now",
    413: "That file is too large",
}


@pages.record_once
def _prepare(state: BlueprintSetupState) -> None:
    """Sign cookies with a key of this process; all sessions end with a restart."""
    app = state.app
    if not app.secret_key:
        app.secret_key = secrets.token_bytes(32)
    app.config.update(SESSION_COOKIE_NAME="wiki-session", SESSION_COOKIE_SAMESITE="Lax", SESSION_COOKIE_PATH="/")


@pages.before_app_request
def know_who_asks() -> None:
    """Store the account that is signed in with this browser; the REST interfaces ignore it."""
    if request.blueprint in {"pages", "files"}:
        account_id = get_site().sessions.get(session.get(_SESSION_ID, ""))
        g.user = get_store().people.find(account_id) if account_id else None


@pages.before_request
def let_in() -> Any:
    """Redirect anonymous users to the sign-in page; refuse forged forms."""
    g.user = g.get("user") or authenticate(request.headers.get("Authorization"), get_site())
    if request.method == "POST":
        sent = request.headers.get("X-CSRF-Token") or request.form.get("csrf", "")
        if not hmac.compare_digest(sent.encode(), csrf_token().encode()):
            abort(400, "This form has expired. Go back, reload the page and send it again.")
    if request.endpoint in _PUBLIC:
        return None
    if g.user is None:
        if request.method == "GET":
            back = request.full_path.rstrip("?")
            return redirect(f"{url_for('pages.login')}?{urlencode({'next': back})}")
        abort(403, "Sign in first.")
    if request.method == "POST" and get_site().is_read_only and request.endpoint != "pages.logout":
        abort(405, "The wiki is in read-only mode: nothing can be changed at the moment.")
    return None


def sign_in(account_id: str) -> None:
    """Start a session for an account, with a new id, which prevents session fixation."""
    sign_out()
    session[_SESSION_ID] = secrets.token_urlsafe(24)
    get_site().sessions[session[_SESSION_ID]] = account_id


def sign_out() -> None:
    """End the session on the server, so that a copied cookie is useless, and delete the cookie."""
    get_site().sessions.pop(session.get(_SESSION_ID, ""), None)
    session.clear()


def csrf_token() -> str:
    """Return the CSRF token that every form of this browser contains."""
    if "csrf" not in session:
        session["csrf"] = secrets.token_urlsafe(24)
    return str(session["csrf"])


@pages.context_processor
def _for_every_template() -> dict[str, object]:
    return {"user": g.get("user"), "csrf": csrf_token(), "is_read_only": get_site().is_read_only}


@pages.after_request
def guard(response: Response) -> Response:
    """Add headers that forbid foreign scripts and caching."""
    response.headers.setdefault("Content-Security-Policy", _POLICY)
    response.headers.setdefault("X-Content-Type-Options", "nosniff")
    response.headers.setdefault("Referrer-Policy", "same-origin")
    if request.endpoint != "pages.static":
        response.headers.setdefault("Cache-Control", "no-store")
    return response


@pages.after_app_request
def guard_files(response: Response) -> Response:
    """Add headers that prevent scripts in attached files, also in images, from running in the wiki's origin."""
    if request.blueprint == "files":
        response.headers["Content-Security-Policy"] = "default-src 'none'; style-src 'unsafe-inline'; sandbox"
    return response


@pages.errorhandler(StoreError)
def refused(error: StoreError) -> tuple[str, int]:
    """Show an error for a refused operation."""
    return _message(_STATUSES.get(type(error), 400), str(error))


@pages.errorhandler(OverflowError)
def no_such_number(_error: OverflowError) -> tuple[str, int]:
    """Show an error for a number that exceeds the range of the database."""
    return _message(404, "There is nothing with such a number.")


@pages.errorhandler(HTTPException)
def refused_request(error: HTTPException) -> tuple[str, int]:
    """Show an error for an invalid request."""
    return _message(error.code or 500, error.description or error.name)


def lost(error: HTTPException) -> tuple[str, int] | HTTPException:
    """Show browsers a page for an unknown address; API clients get the plain answer."""
    is_person = "text/html" in request.headers.get("Accept", "")
    return _message(404, "There is no page at this address.") if is_person and not request.blueprint else error


def _message(status: int, detail: str) -> tuple[str, int]:
    if status == 404 and g.get("user") is not None:
        detail = "The page does not exist, was removed, or is not open to you."
    return render_template(
        "wiki/message.html", title=_TITLES.get(status, "Something went wrong"), detail=detail
    ), status

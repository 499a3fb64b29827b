"""The blueprint of the pages: sign-in, security headers, and how errors are shown."""

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
# What a page may load: its own styles and script, and pictures from anywhere, as people put them on pages.
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
    """Sign cookies with a key of this process; everyone signs in again after a restart."""
    app = state.app
    if not app.secret_key:
        app.secret_key = secrets.token_bytes(32)
    app.config.update(SESSION_COOKIE_NAME="wiki-session", SESSION_COOKIE_SAMESITE="Lax", SESSION_COOKIE_PATH="/")


@pages.before_app_request
def know_who_asks() -> None:
    """Note who signed in with this browser; the REST interfaces do not look at it."""
    if request.blueprint in {"pages", "files"}:
        account_id = get_site().sessions.get(session.get(_SESSION_ID, ""))
        g.user = get_store().people.find(account_id) if account_id else None


@pages.before_request
def let_in() -> Any:
    """Send strangers to the sign-in page; refuse forms that another site made up."""
    g.user = g.get("user") or authenticate(request.headers.get("Authorization"), get_store())
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
    """Start a session for an account, with an id that nobody else can have prepared."""
    sign_out()
    session[_SESSION_ID] = secrets.token_urlsafe(24)
    get_site().sessions[session[_SESSION_ID]] = account_id


def sign_out() -> None:
    """End the session on the server, so that a copy of its cookie is of no use, and forget it in the browser."""
    get_site().sessions.pop(session.get(_SESSION_ID, ""), None)
    session.clear()


def csrf_token() -> str:
    """Return the secret that every form of this browser contains."""
    if "csrf" not in session:
        session["csrf"] = secrets.token_urlsafe(24)
    return str(session["csrf"])


@pages.context_processor
def _for_every_template() -> dict[str, object]:
    return {"user": g.get("user"), "csrf": csrf_token(), "is_read_only": get_site().is_read_only}


@pages.after_request
def guard(response: Response) -> Response:
    """Forbid the browser to run foreign scripts and to cache pages."""
    response.headers.setdefault("Content-Security-Policy", _POLICY)
    response.headers.setdefault("X-Content-Type-Options", "nosniff")
    response.headers.setdefault("Referrer-Policy", "same-origin")
    if request.endpoint != "pages.static":
        response.headers.setdefault("Cache-Control", "no-store")
    return response


@pages.after_app_request
def guard_files(response: Response) -> Response:
    """Let no file that somebody attached run as if it were ours, a picture with a script in it least of all."""
    if request.blueprint == "files":
        response.headers["Content-Security-Policy"] = "default-src 'none'; style-src 'unsafe-inline'; sandbox"
    return response


@pages.errorhandler(StoreError)
def refused(error: StoreError) -> tuple[str, int]:
    """Show what the wiki refused."""
    return _message(_STATUSES.get(type(error), 400), str(error))


@pages.errorhandler(OverflowError)
def no_such_number(_error: OverflowError) -> tuple[str, int]:
    """Show that no page, version or place in a list has a number that the database cannot even hold."""
    return _message(404, "There is nothing with such a number.")


@pages.errorhandler(HTTPException)
def refused_request(error: HTTPException) -> tuple[str, int]:
    """Show a request that was no good to begin with."""
    return _message(error.code or 500, error.description or error.name)


def lost(error: HTTPException) -> tuple[str, int] | HTTPException:
    """Show browsers a page for addresses that nothing answers; programs keep the plain answer."""
    is_person = "text/html" in request.headers.get("Accept", "")
    return _message(404, "There is no page at this address.") if is_person and not request.blueprint else error


def _message(status: int, detail: str) -> tuple[str, int]:
    if status == 404 and g.get("user") is not None:
        detail = "The page does not exist, was removed, or is not open to you."
    return render_template(
        "wiki/message.html", title=_TITLES.get(status, "Something went wrong"), detail=detail
    ), status

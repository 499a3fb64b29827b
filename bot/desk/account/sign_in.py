"""Sign in by password or by the one-time link, and sign out."""

from http import HTTPStatus
from urllib.parse import urlencode, urlsplit

from flask import current_app, flash, g, redirect, render_template, request, session, url_for
from werkzeug import Response
from werkzeug.exceptions import HTTPException

from bot.desk.account import blueprint
from bot.desk.accounts import Account
from bot.desk.audit_trail import record_change
from bot.desk.carried_text import ARGUMENT, keep_typed
from bot.desk.desk import current_desk
from bot.desk.failure_pages import Answer, sign_in_page, typed_fields
from bot.desk.language import gettext as _
from bot.desk.navigation import landing
from bot.desk.roles import Role, public, requires
from bot.desk.safety import forget_session_cookie, set_session_cookie
from bot.desk.visitor import current_visitor, signed_in

PER_NAME, PER_ADDRESS = "5 per minute", "20 per minute"


@blueprint.get("/sign-in")
@public
def sign_in() -> Response | Answer:
    """Show the form."""
    if current_visitor() is not None:
        return redirect(destination())
    return sign_in_page(HTTPStatus.OK)


@blueprint.post("/sign-in")
@public
def check_sign_in() -> Response | Answer:
    """Begin a session, and go where the person wanted to go, with what was typed."""
    desk = current_desk()
    name, password = request.form.get("name", ""), request.form.get("password", "")
    address = request.remote_addr or ""
    # Both count, whatever the first says.
    allowed = [desk.throttle.allows(PER_NAME, name.casefold(), address), desk.throttle.allows(PER_ADDRESS, address)]
    if not all(allowed):
        problem = _("Too many tries. Wait a minute, then try again.")
        return sign_in_page(HTTPStatus.TOO_MANY_REQUESTS, problem=problem, name=name)
    account = desk.accounts.check_password(name, password)
    if account is None:
        if name.casefold() in {each.name.casefold() for each in desk.accounts.all()}:
            record_change("sign in, refused", name)
        problem = _("Name or password is wrong.")
        return sign_in_page(HTTPStatus.UNAUTHORIZED, problem=problem, name=name)
    return begin_session(account)


@blueprint.get("/sign-in/link/<token>")
@public
def sign_in_link(token: str) -> str | Answer:
    """Ask for a click: opening an address alone changes nothing."""
    if not _may_use(token):
        return _expired()
    return render_template("sign_in_link.html.j2", token=token)


@blueprint.post("/sign-in/link/<token>")
@public
def use_link(token: str) -> Response | Answer:
    """Sign in the person who started the desk."""
    if not _may_use(token) or not current_desk().invitation.use(token):
        return _expired()
    return begin_session(None)


@blueprint.post("/sign-out")
@requires(Role.AUDITOR)
def sign_out() -> Response:
    """End the session."""
    visitor = signed_in()
    current_desk().sessions.end(visitor.session, visitor)
    record_change("sign out", visitor.name)
    session.clear()
    response = redirect(url_for("account.sign_in"))
    forget_session_cookie(response)
    return response


def begin_session(account: Account | None, *, place: str = "") -> Response:
    """Begin a session of *account*, or of the person with the link; lead on to *place* or the wanted page."""
    desk = current_desk()
    token = desk.sessions.begin(account, address=request.remote_addr or "", agent=request.headers.get("User-Agent", ""))
    visitor = desk.sessions.find(token)
    assert visitor is not None, "the session began just now"  # noqa: S101 -- a bug of the program
    g.visitor = visitor
    record_change("sign in", visitor.name)
    session.clear()  # a new token for forms
    target = place or wanted_place() or landing(visitor)
    if fields := typed_fields():
        target += ("&" if "?" in target else "?") + urlencode({ARGUMENT: keep_typed(visitor.name, fields)})
        flash(_("You are signed in again. What you typed is in the form; nothing is saved yet."), "warn")
    response = redirect(target, HTTPStatus.SEE_OTHER)
    set_session_cookie(response, token)
    return response


def destination() -> str:
    """Return the local address to go to after signing in; empty for the page on which the person lands."""
    if request.path.startswith("/sign-"):
        return wanted_place()
    if request.method == "GET":
        place = request.full_path.removesuffix("?")
        return "" if place == "/" else place  # the address of the desk itself leads each person to their own page
    return request.path if _can_be_read(request.path) else urlsplit(request.referrer or "").path


def wanted_place() -> str:
    """Return the address in the field `next`, if it is an address of the desk."""
    wanted = request.values.get("next", "")
    is_local = wanted.startswith("/") and not wanted.startswith(("//", "/\\")) and wanted.isprintable()
    return wanted if is_local and not wanted.startswith("/sign-") else ""


def _can_be_read(path: str) -> bool:
    adapter = current_app.url_map.bind("")
    try:
        adapter.match(path, method="GET")
    except HTTPException:
        return False
    return True


def _may_use(token: str) -> bool:
    desk = current_desk()
    return desk.address.is_loopback and desk.accounts.is_empty and desk.invitation.matches(token)


def _expired() -> Answer:
    heading = _("This link is no longer valid")
    message = _("It works once, and only while there is no account. Start the desk again for a new one, or sign in.")
    return render_template("problem.html.j2", heading=heading, message=message, typed=[]), HTTPStatus.GONE

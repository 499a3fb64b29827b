"""The pages for errors. None of them loses what a person typed."""

from collections.abc import Iterator
from http import HTTPStatus

from flask import Flask, render_template, request
from flask_wtf.csrf import CSRFError
from werkzeug.exceptions import HTTPException

from bot.desk.desk import current_desk
from bot.desk.language import gettext as _
from bot.desk.safety import SAFE_METHODS
from bot.desk.visitor import current_visitor
from bot.errors import BotError, LockedError, WikiError
from bot.log import logger

_PRIVATE = frozenset({"csrf_token"})
_SIGN_IN = frozenset({"account.check_sign_in", "account.use_link"})
CARRIED = "carried."
"""The beginning of the name of a field that the sign-in form carries for another form."""
Answer = tuple[str, int]


def install(app: Flask) -> None:
    """Answer errors with pages."""
    app.register_error_handler(HTTPException, _answer_http)
    app.register_error_handler(CSRFError, _answer_stale_form)
    app.register_error_handler(BotError, _answer_bot_error)
    app.register_error_handler(Exception, _answer_crash)


def typed_fields() -> list[tuple[str, str]]:
    """Return name and value of each text field that was sent, without passwords and what belongs to the form itself."""
    if request.method in SAFE_METHODS:
        return []
    return list(_typed())


def _typed() -> Iterator[tuple[str, str]]:
    is_sign_in = request.endpoint in _SIGN_IN
    for name, value in request.form.items(multi=True):
        if is_sign_in:
            if name.startswith(CARRIED):
                yield name.removeprefix(CARRIED), value
        elif name not in _PRIVATE and "password" not in name:
            yield name, value


def sign_in_page(status: HTTPStatus = HTTPStatus.UNAUTHORIZED, *, problem: str = "", name: str = "") -> Answer:
    """Answer with the sign-in form, which carries what was typed."""
    from bot.desk.account.sign_in import destination

    page = render_template(
        "sign_in.html.j2",
        problem=problem,
        name=name,
        next=destination(),
        carried=typed_fields(),
        prefix=CARRIED,
        has_accounts=any(each.has_password for each in current_desk().accounts.all()),
        has_organisation=current_desk().single_sign_on is not None,
    )
    return page, status


def _answer_http(error: HTTPException) -> "Answer | HTTPException":
    status = HTTPStatus(error.code or HTTPStatus.INTERNAL_SERVER_ERROR)
    if status is HTTPStatus.UNAUTHORIZED:
        return sign_in_page()
    if HTTPStatus.MULTIPLE_CHOICES <= status < HTTPStatus.BAD_REQUEST:
        return error
    if status in (HTTPStatus.NOT_FOUND, HTTPStatus.METHOD_NOT_ALLOWED) and current_visitor() is None:
        return sign_in_page()
    titles = {
        HTTPStatus.NOT_FOUND: _("There is no such page"),
        HTTPStatus.METHOD_NOT_ALLOWED: _("There is no such page"),
        HTTPStatus.FORBIDDEN: _("There is no such page"),
        HTTPStatus.MISDIRECTED_REQUEST: _("This is not the address of the desk"),
        HTTPStatus.REQUEST_ENTITY_TOO_LARGE: _("This is too large"),
    }
    if status in (HTTPStatus.FORBIDDEN, HTTPStatus.METHOD_NOT_ALLOWED):
        status = HTTPStatus.NOT_FOUND
    message = ""
    if status is HTTPStatus.NOT_FOUND:
        message = _("The address may be wrong, the page may be gone, or your role does not include it.")
    elif error.description and status is HTTPStatus.BAD_REQUEST:
        message = _("%(reason)s. Nothing was saved.", reason=error.description.rstrip("."))
    return _page(status, titles.get(status, _("The request cannot be answered")), message)


def _answer_stale_form(_error: CSRFError) -> Answer:
    message = _("The form is older than your sign-in, or cookies are blocked. Nothing was saved: send it again.")
    return _page(HTTPStatus.BAD_REQUEST, _("The form could not be checked"), message)


def _answer_bot_error(error: BotError) -> Answer:
    status = HTTPStatus.UNPROCESSABLE_ENTITY
    if isinstance(error, LockedError):
        status = HTTPStatus.CONFLICT
    elif isinstance(error, WikiError):
        status = HTTPStatus.SERVICE_UNAVAILABLE
    return _page(status, _("This could not be done"), str(error))


def _answer_crash(error: Exception) -> Answer:
    logger.opt(exception=error).error("{} {} failed", request.method, request.path)
    message = _("This is a fault of wikibot. The log has the details.")
    return _page(HTTPStatus.INTERNAL_SERVER_ERROR, _("Something went wrong"), message)


def _page(status: HTTPStatus, title: str, message: str) -> Answer:
    return render_template("problem.html.j2", heading=title, message=message, typed=typed_fields()), status

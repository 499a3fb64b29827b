"""The own account: sessions, password, time zone, language, keys."""

from zoneinfo import available_timezones

from flask import flash, redirect, render_template, request, url_for
from werkzeug import Response

from bot.desk.account import blueprint
from bot.desk.accounts import LEAST_PASSWORD
from bot.desk.audit_trail import record_change
from bot.desk.desk import current_desk
from bot.desk.language import LANGUAGES
from bot.desk.language import gettext as _
from bot.desk.roles import Role, requires
from bot.desk.safety import forget_session_cookie
from bot.desk.visitor import signed_in
from bot.errors import BotError

_Errors = list[tuple[str, str]]


@blueprint.get("/account")
@requires(Role.AUDITOR)
def own() -> str:
    """Show the own account."""
    return _page([])


@blueprint.post("/account")
@requires(Role.AUDITOR)
def save_own() -> Response | tuple[str, int]:
    """Save time zone, language and keys."""
    visitor, zone, language = signed_in(), request.form.get("zone", ""), request.form.get("language", "")
    if visitor.account is None:
        return redirect(url_for("account.own"))
    if zone and zone not in available_timezones():
        return _page([("zone", _("There is no time zone %(name)s; write it as Europe/Berlin.", name=zone))]), 422
    current_desk().accounts.set_preferences(
        visitor.account,
        zone=zone or None,
        language=language if language in LANGUAGES else None,
        has_keys=bool(request.form.get("keys")),
    )
    flash(_("Saved."), "ok")
    return redirect(url_for("account.own"))


@blueprint.post("/account/password")
@requires(Role.AUDITOR)
def change_password() -> Response | tuple[str, int]:
    """Change the own password, and end all sessions."""
    desk, visitor = current_desk(), signed_in()
    old, new = request.form.get("password", ""), request.form.get("new_password", "")
    if not desk.throttle.allows("5 per minute", "password", visitor.name):
        return _page([("password", _("Too many tries. Wait a minute, then try again."))]), 429
    if visitor.account is None or desk.accounts.check_password(visitor.name, old) is None:
        return _page([("password", _("This is not your password."))]), 422
    if new != request.form.get("repeated_password", ""):
        return _page([("repeated_password", _("The two new passwords are different."))]), 422
    try:
        desk.accounts.set_password(visitor.name, new)
    except BotError as error:
        return _page([("new_password", str(error))]), 422
    record_change("change password", visitor.name)
    flash(_("Your password was changed and all your sessions ended. Sign in with the new one."), "ok")
    response = redirect(url_for("account.sign_in"))
    forget_session_cookie(response)
    return response


@blueprint.post("/account/sessions")
@requires(Role.AUDITOR)
def end_sessions() -> Response:
    """End one session of the person, or all."""
    desk, visitor, digest = current_desk(), signed_in(), request.form.get("session", "")
    if digest:
        desk.sessions.end(digest, visitor)
    else:
        desk.sessions.end_all(visitor.account)
    record_change("end session" if digest else "end all sessions", visitor.name)
    flash(_("The session ended.") if digest else _("All your sessions ended."), "ok")
    return redirect(url_for("account.own"))


def _page(errors: _Errors) -> str:
    desk, visitor = current_desk(), signed_in()
    return render_template(
        "account.html.j2",
        errors=errors,
        wrong=dict(errors),
        account=desk.accounts.get(visitor.name) if visitor.account is not None else None,
        sessions=desk.sessions.of(visitor),
        languages=LANGUAGES,
        zones=sorted(available_timezones()),
        typed=request.form,
        least=LEAST_PASSWORD,
    )

"""All accounts, for administrators."""

from flask import flash, redirect, render_template, request, url_for
from werkzeug import Response

from bot.desk.account import blueprint
from bot.desk.accounts import LEAST_PASSWORD, Account
from bot.desk.audit_trail import record_change
from bot.desk.desk import current_desk
from bot.desk.language import gettext as _
from bot.desk.navigation import role_label
from bot.desk.roles import EVERY_WORKSPACE, ROLE_WORDS, Role, requires
from bot.desk.safety import forget_session_cookie
from bot.desk.visitor import signed_in
from bot.errors import BotError

_PAGE_SIZE = 50


@blueprint.get("/accounts")
@requires(Role.ADMIN)
def accounts() -> str:
    """List the accounts."""
    return _page("")


@blueprint.get("/audit")
@requires(Role.ADMIN)
def audit() -> str:
    """Show the audit log of a month, and whether its chain is whole."""
    log = current_desk().audit
    months = {path.stem: path for path in reversed(log.months())}
    chosen = request.args.get("month") or next(iter(months), "")
    broken = log.find_break()
    lines = [] if broken or chosen not in months else log.lines(months[chosen])
    start = max(request.args.get("from", 0, int), 0)
    return render_template(
        "audit.html.j2",
        months=[(name, url_for("account.audit", month=name), name == chosen) for name in months],
        month=chosen,
        lines=lines[start : start + _PAGE_SIZE],
        start=start,
        size=_PAGE_SIZE,
        total=len(lines),
        head=log.head(),
        broken=broken,
    )


@blueprint.post("/accounts")
@requires(Role.ADMIN)
def change_accounts() -> Response | tuple[str, int]:
    """Add or remove an account, set a role or a password, or end the sessions of an account."""
    actions = {"add": _add, "role": _set_role, "remove": _remove, "password": _set_password, "end": _end}
    action = actions.get(request.form.get("action", ""))
    had_no_account = current_desk().accounts.is_empty
    try:
        said = action() if action is not None else ""
    except BotError as error:
        return _page(str(error)), 422
    response = redirect(url_for("account.accounts"))
    if had_no_account and said:
        # The link that signed this person in is void now.
        forget_session_cookie(response)
        response = redirect(url_for("account.sign_in"))
    flash(said, "ok")
    return response


def _add() -> str:
    name = request.form.get("name", "")
    desk = current_desk()
    role = _role()
    if desk.accounts.is_empty and role is not Role.ADMIN:
        raise BotError(_("The first account has to be an administrator: otherwise nobody could add the next one."))
    account = desk.accounts.add(name, request.form.get("new_password", ""), role, _workspace())
    record_change("add account", account.name, after=_described(account))
    return _("%(name)s was added.", name=account.name)


def _set_role() -> str:
    name, word = request.form.get("name", ""), request.form.get("role", "")
    accounts = current_desk().accounts
    before = _described(accounts.get(name))
    accounts.set_role(name, None if word == "none" else _role(), _workspace())
    record_change("set role", name, before=before, after=_described(accounts.get(name)))
    return _("The role of %(name)s was changed; the sessions of the account ended.", name=name)


def _remove() -> str:
    account = current_desk().accounts.remove(request.form.get("name", ""))
    record_change("remove account", account.name, before=_described(account))
    return _("%(name)s was removed.", name=account.name)


def _set_password() -> str:
    name = request.form.get("name", "")
    current_desk().accounts.set_password(name, request.form.get("new_password", ""))
    record_change("set password", name)
    return _("The password of %(name)s was changed; the sessions of the account ended.", name=name)


def _end() -> str:
    account = current_desk().accounts.get(request.form.get("name", ""))
    current_desk().sessions.end_all(account.id)
    record_change("end all sessions", account.name)
    return _("All sessions of %(name)s ended.", name=account.name)


def _described(account: Account) -> str:
    return ", ".join(f"{role.word} in {place}" for place, role in account.roles.items()) or "no role"


def _role() -> Role:
    word = request.form.get("role", "")
    if word not in ROLE_WORDS:
        raise BotError(_("Choose a role."))
    return Role.parse(word)


def _workspace() -> str:
    name = request.form.get("workspace") or EVERY_WORKSPACE
    if name != EVERY_WORKSPACE and name not in {each.name for each in current_desk().workspaces}:
        raise BotError(_("There is no workspace %(name)s.", name=name))
    return name


def _page(problem: str) -> str:
    names = [each.name for each in current_desk().workspaces]
    return render_template(
        "accounts.html.j2",
        problem=problem,
        accounts=current_desk().accounts.all(),
        own=signed_in().name,
        roles=[(role.word, role_label(role)) for role in Role],
        label=role_label,
        everywhere=EVERY_WORKSPACE,
        names=names,
        places=[(EVERY_WORKSPACE, _("all workspaces")), *((name, name) for name in names)],
        typed=request.form,
        least=LEAST_PASSWORD,
    )

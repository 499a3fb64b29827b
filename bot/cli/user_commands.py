"""`wikibot user`: the accounts of the web desk."""

import getpass
import sys

import click

from bot.audit_log import AuditLog
from bot.cli import output
from bot.cli.app import App, pass_app
from bot.desk.accounts import LEAST_PASSWORD, Accounts
from bot.desk.database import DATABASE_NAME, DeskDatabase
from bot.desk.roles import EVERY_WORKSPACE, ROLE_WORDS, Role
from bot.errors import BotError


@click.group()
def user() -> None:
    """Manage the accounts of the web desk: who may sign in, with which role.

    Roles, each with what those before it may do: auditor (read), editor (news, links, banner), maintainer (publish,
    settle edits, run jobs), admin (accounts). A changed role or password ends the sessions of the account.
    """


@user.command("add")
@click.argument("name")
@click.option("--role", type=click.Choice(ROLE_WORDS), required=True, help="What the account may do.")
@click.option("--password-stdin", is_flag=True, help="Read the password from standard input, for scripts.")
@pass_app
def add(app: App, name: str, role: str, password_stdin: bool) -> None:
    """Add an account, or give an account that exists a role in one more workspace.

    With --workspace, the role is for that workspace only.
    """
    accounts, workspace = _accounts(app), _workspace(app)
    if name in {each.name for each in accounts.all()}:
        accounts.set_role(name, Role.parse(role), workspace)
        _record(app, "set role", name, f"{role} in {_where(workspace)}")
        output.say(f"{name} is {role} in {_where(workspace)} now; its sessions ended")
        return
    accounts.add(name, _ask_password(from_stdin=password_stdin), Role.parse(role), workspace)
    _record(app, "add account", name, f"{role} in {_where(workspace)}")
    output.say(f"added {name}: {role} in {_where(workspace)}")


@user.command("list")
@click.option("--format", "format_", type=click.Choice(["text", "json"]), default="text", show_default=True)
@pass_app
def list_accounts(app: App, format_: str) -> None:
    """List the accounts, their roles and their last sign-in."""
    accounts = _accounts(app).all()
    if format_ == "json":
        output.say_json(
            [
                {
                    "name": each.name,
                    "roles": {name: role.word for name, role in each.roles.items()},
                    "signs_in_with": "password" if each.has_password else each.issuer,
                    "created": each.created,
                    "signed_in": each.signed_in,
                }
                for each in accounts
            ]
        )
        return
    if not accounts:
        output.say_advice("no accounts yet; make one with `wikibot user add NAME --role ROLE`")
        return
    rows = [
        (
            each.name,
            ", ".join(f"{role.word} ({_where(name)})" for name, role in each.roles.items()),
            "password" if each.has_password else each.issuer or "",
            f"{each.signed_in:%Y-%m-%d %H:%M}Z" if each.signed_in else "never",
        )
        for each in accounts
    ]
    output.say_table(("name", "roles", "signs in with", "last sign-in"), rows)


@user.command("remove")
@click.argument("name")
@pass_app
def remove(app: App, name: str) -> None:
    """Remove an account, and end its sessions; with --workspace, only its role in that workspace."""
    accounts, workspace = _accounts(app), _workspace(app)
    if workspace != EVERY_WORKSPACE:
        if workspace not in accounts.get(name).roles:
            raise BotError(f"{name} has no role of its own in workspace {workspace!r}")
        accounts.set_role(name, None, workspace)
        _record(app, "set role", name, f"no role in {_where(workspace)}")
        output.say(f"{name} has no role in {_where(workspace)} any more; its sessions ended")
        return
    accounts.remove(name)
    _record(app, "remove account", name, None)
    output.say(f"removed {name}")


@user.command("passwd")
@click.argument("name")
@click.option("--password-stdin", is_flag=True, help="Read the password from standard input, for scripts.")
@pass_app
def passwd(app: App, name: str, password_stdin: bool) -> None:
    """Set the password of an account, and end its sessions."""
    accounts = _accounts(app)
    accounts.get(name)
    accounts.set_password(name, _ask_password(from_stdin=password_stdin))
    _record(app, "set password", name, None)
    output.say(f"the password of {name} was changed; its sessions ended")


def _accounts(app: App) -> Accounts:
    return Accounts(DeskDatabase(app.runtime.folders.state / DATABASE_NAME), app.runtime.clock)


def _record(app: App, action: str, name: str, after: str | None) -> None:
    log = AuditLog(app.runtime.folders.state, app.runtime.clock)
    log.record(action, name, who=getpass.getuser(), address="command line", after=after)


def _workspace(app: App) -> str:
    """Return the workspace of --workspace, which must exist, or all."""
    return app.runtime.workspace.name if app.workspace else EVERY_WORKSPACE


def _where(workspace: str) -> str:
    return "all workspaces" if workspace == EVERY_WORKSPACE else f"workspace {workspace}"


def _ask_password(*, from_stdin: bool) -> str:
    if from_stdin:
        return sys.stdin.readline().rstrip("\r\n")
    text = f"Password (at least {LEAST_PASSWORD} characters)"
    password: str = click.prompt(text, hide_input=True, confirmation_prompt="The same again", err=True)
    return password

"""The main navigation: an entry appears as soon as its view exists and the role of the person allows it."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from flask import Flask, current_app, request, session, url_for

from bot.desk.desk import current_desk
from bot.desk.language import gettext as _
from bot.desk.roles import Role, least_role_of
from bot.desk.visitor import Visitor, current_visitor

_WORKSPACE = "workspace"


@dataclass(frozen=True, slots=True)
class MenuEntry:
    """One link of the navigation; *is_current* also for the views below it, whose endpoints begin alike."""

    label: str
    icon: str
    address: str
    is_current: bool
    key: str


@dataclass(frozen=True, slots=True)
class MenuGroup:
    """Entries below one heading."""

    label: str
    entries: tuple[MenuEntry, ...]


def _table() -> list[tuple[str, list[tuple[str, str, str, str]]]]:
    """Return label, icon, endpoint and key of each entry, by group; the texts are those of the request's language."""
    return [
        ("", [(_("Overview"), "home", "home.overview", "o")]),
        (
            _("Write"),
            [
                (_("News"), "news", "write.news", "n"),
                (_("Quick links"), "link", "write.links", "l"),
                (_("Status banner"), "flag", "write.banner", ""),
                (_("Drafts"), "draft", "write.drafts", ""),
                (_("History"), "history", "write.history", ""),
            ],
        ),
        (
            _("Publish"),
            [
                (_("Plan"), "plan", "publish.plan", "p"),
                (_("Wiki edits"), "edit", "publish.edits", ""),
                (_("Runs"), "run", "publish.runs", "r"),
                (_("Pages"), "tree", "publish.pages", ""),
            ],
        ),
        (
            _("Archive"),
            [
                (_("Captured pages"), "box", "archive.pages", "a"),
                (_("Search"), "find", "archive.search", ""),
                (_("Checkpoints"), "chain", "archive.checkpoints", ""),
                (_("Reports"), "chart", "archive.report", ""),
            ],
        ),
        (
            _("Administer"),
            [
                (_("Settings"), "gear", "publish.settings", ""),
                (_("Health"), "heart", "publish.health", ""),
                (_("Accounts"), "people", "account.accounts", ""),
                (_("Audit log"), "list", "account.audit", ""),
            ],
        ),
    ]


def install(app: Flask) -> None:
    """Give templates the navigation of the person, and the workspaces to choose from."""
    app.context_processor(
        lambda: {
            "visitor": current_visitor(),
            "navigation": tuple(_groups()),
            "workspace": current_workspace(),
            "workspaces": visible_workspaces(),
            "role_name": _role_name(),
        }
    )


def visible_workspaces() -> list[str]:
    """Return the names of the workspaces that the person may see."""
    visitor = current_visitor()
    names = [each.name for each in current_desk().workspaces]
    return [name for name in names if visitor is not None and visitor.role_in(name) is not None]


def current_workspace() -> str | None:
    """Return the workspace of the page; on a page without one, the workspace that the person looked at last."""
    names = visible_workspaces()
    named = (request.view_args or {}).get(_WORKSPACE)
    if named in names:
        if len(names) > 1 and session.get(_WORKSPACE) != named:
            session[_WORKSPACE] = named
        return str(named)
    chosen = request.args.get("ws")
    if chosen in names:
        session[_WORKSPACE] = chosen
    last = session.get(_WORKSPACE)
    return last if last in names else next(iter(names), None)


def view_exists(endpoint: str) -> bool:
    """Return whether the desk has a view."""
    return endpoint in current_app.view_functions


def landing(visitor: Visitor) -> str:
    """Return the address on which a person lands: editors on news, auditors on the archive, others on the overview."""
    role = visitor.role_in(None)
    wanted = {Role.EDITOR: "write.news", Role.AUDITOR: "archive.pages"}.get(role or Role.AUDITOR, "home.overview")
    return _address(wanted, visitor) or url_for("home.overview")


def role_label(role: Role) -> str:
    """Return the name of a role for people."""
    return {
        Role.AUDITOR: _("Auditor"),
        Role.EDITOR: _("Editor"),
        Role.MAINTAINER: _("Maintainer"),
        Role.ADMIN: _("Administrator"),
    }[role]


def _role_name() -> str:
    """Return the role in the current workspace."""
    visitor = current_visitor()
    role = visitor.role_in(current_workspace()) if visitor is not None else None
    return role_label(role) if role is not None else ""


def _groups() -> Iterator[MenuGroup]:
    visitor = current_visitor()
    if visitor is None:
        return
    for label, rows in _table():
        entries = tuple(
            MenuEntry(name, icon, address, _is_current(endpoint), key)
            for name, icon, endpoint, key in rows
            if (address := _address(endpoint, visitor)) is not None
        )
        if entries:
            yield MenuGroup(label, entries)


def _address(endpoint: str, visitor: Visitor) -> str | None:
    """Return the address of a view that exists and that the person may use."""
    view = current_app.view_functions.get(endpoint)
    if view is None or (current_desk().is_archive_only and not endpoint.startswith("archive.")):
        return None
    workspace = None
    values: dict[str, Any] = {}
    if any(_WORKSPACE in rule.arguments for rule in current_app.url_map.iter_rules(endpoint)):
        workspace = current_workspace()
        if workspace is None:
            return None
        values = {_WORKSPACE: workspace}
    least = least_role_of(view)
    if least is not None and not visitor.may(least, workspace):
        return None
    return url_for(endpoint, **values)


def _is_current(endpoint: str) -> bool:
    """Return whether the page belongs to an entry: `write.news` also has `write.news_item` and `write.news_new`."""
    own = request.endpoint or ""
    return own == endpoint or own.startswith((f"{endpoint.removesuffix('s')}_", f"{endpoint}_"))

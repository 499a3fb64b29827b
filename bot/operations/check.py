"""Look for mistakes before they matter: settings, account, data files, templates, pages, links."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from enum import StrEnum

from bot.config.policy import WorkspaceSettings
from bot.errors import BotError, PageNotFoundError, PermissionDeniedError
from bot.operations.assignment import check_links, page_finder
from bot.operations.sync import make_plan
from bot.operations.view import render_regions
from bot.runtime import Runtime
from bot.sync.drift import Verdict


class CheckOutcome(StrEnum):
    """How a check ended."""

    OK = "ok"
    WARNING = "warning"
    ERROR = "error"


@dataclass(frozen=True, slots=True)
class Check:
    """One thing that was looked at, and what was found."""

    what: str
    outcome: CheckOutcome
    message: str = ""


def run_checks(runtime: Runtime, *, asks_external: bool = False) -> Iterator[Check]:
    """Look at everything that a run will need; yields each check as it ends, the failed ones too.

    *asks_external* follows the links to other sites as well, a second apart.
    """
    yield Check(f"settings {runtime.settings.config_path}", CheckOutcome.OK)
    account = list(_attempt("account", lambda: _check_account(runtime)))
    yield from account
    is_reachable = all(check.outcome is CheckOutcome.OK for check in account)
    for workspace in runtime.workspaces:
        yield from _check_workspace(runtime, workspace, is_reachable=is_reachable, asks_external=asks_external)


def _check_workspace(
    runtime: Runtime, workspace: WorkspaceSettings, *, is_reachable: bool, asks_external: bool
) -> Iterator[Check]:
    narrowed = runtime.narrowed_to(workspace.name)
    document = list(_attempt(f"data file {runtime.data_path(workspace)}", lambda: _check_document(narrowed, workspace)))
    yield from document
    if any(check.outcome is CheckOutcome.ERROR for check in document):
        return
    yield from _attempt("templates", lambda: _check_templates(narrowed))
    if is_reachable:
        yield from _attempt("links", lambda: _check_links(narrowed, workspace, asks_external=asks_external))
        yield from _attempt("rights", lambda: _check_rights(narrowed, workspace))
        yield from _attempt("pages", lambda: _check_pages(narrowed, workspace))


def _attempt(what: str, check: Callable[[], list[Check]]) -> Iterator[Check]:
    try:
        yield from check()
    except BotError as error:
        yield Check(what, CheckOutcome.ERROR, str(error))


def _check_account(runtime: Runtime) -> list[Check]:
    gateway = runtime.gateway()
    user = gateway.fetch_current_user()
    return [Check(f"account {user.display_name} at {gateway.base_url}", CheckOutcome.OK)]


def _check_document(runtime: Runtime, workspace: WorkspaceSettings) -> list[Check]:
    document = runtime.document(workspace)
    missing = [name for name in workspace.regions if getattr(document.data, name, None) is None]
    checks = [Check(f"data file {document.path}", CheckOutcome.OK)]
    if missing:
        message = f"has no {', '.join(missing)}, so these regions are not kept"
        checks.append(Check(f"data file {document.path}", CheckOutcome.WARNING, message))
    return checks


def _check_templates(runtime: Runtime) -> list[Check]:
    names = ", ".join(render_regions(runtime, offline=True))
    return [Check(f"templates {names}" if names else "templates", CheckOutcome.OK)]


def _check_links(runtime: Runtime, workspace: WorkspaceSettings, *, asks_external: bool) -> list[Check]:
    document = runtime.document(workspace)
    problems = check_links(runtime, workspace, asks_external=asks_external)
    if not problems:
        return [Check("links", CheckOutcome.OK)]
    checks = []
    for problem in problems:
        line = document.source.line_of(problem.link.location)
        checks.append(Check("links", CheckOutcome.ERROR, f"{document.path}:{line}: {problem.message}"))
    return checks


def _check_rights(runtime: Runtime, workspace: WorkspaceSettings) -> list[Check]:
    """Look whether the home page is open to the bot's edits; which groups its account is in cannot be told."""
    gateway = runtime.gateway()
    data = runtime.document(workspace).data
    user = gateway.fetch_current_user()
    try:
        editors = gateway.fetch_restrictions(page_finder(runtime, gateway, data).get_id(data.workspace.home)).editors
    except PageNotFoundError:
        return []  # told with the pages
    except PermissionDeniedError as error:
        return [Check("rights", CheckOutcome.WARNING, f"who may edit the home page cannot be read: {error}")]
    if not editors or {user.username, user.display_name, user.id} & set(editors):
        return [Check("rights", CheckOutcome.OK)]
    message = f"the home page may be edited by {', '.join(editors)} only; add {user.display_name!r} to its editors"
    has_groups = any(editor.startswith("group:") for editor in editors)
    return [Check("rights", CheckOutcome.WARNING if has_groups else CheckOutcome.ERROR, message)]


def _check_pages(runtime: Runtime, workspace: WorkspaceSettings) -> list[Check]:
    plan = make_plan(runtime)
    told_with_the_links = f"{runtime.data_path(workspace).name}: "
    notices = [notice for notice in plan.notices if not notice.startswith(told_with_the_links)]
    checks = [Check("pages", CheckOutcome.ERROR, f"{each.page}: {each.message}") for each in plan.problems]
    for page, change in plan.disputed:
        outcome = CheckOutcome.ERROR if change.verdict is Verdict.UNMANAGED else CheckOutcome.WARNING
        checks.append(Check("pages", outcome, f"{page.title}: {change.region}: {change.verdict}: {change.note}"))
    checks += [Check("pages", CheckOutcome.WARNING, notice) for notice in notices]
    return checks or [Check("pages", CheckOutcome.OK)]

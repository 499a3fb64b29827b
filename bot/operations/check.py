"""Check settings, account, data files, templates, pages and links before a run."""

import shutil
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from enum import StrEnum
from functools import partial
from http import HTTPStatus
from pathlib import Path

from bot.config.data_file import DataFile
from bot.config.data_remote import DataRemote
from bot.config.news_selection import empty_from
from bot.config.policy import (
    DeadLinks,
    NotifyPolicy,
    NotifySettings,
    RestrictedPages,
    SafetySettings,
    WikiSettings,
    WitnessKind,
)
from bot.errors import BotError, EvidenceError, PageNotFoundError, PermissionDeniedError, WikiAnswerError
from bot.escape import visible_in_line
from bot.files import can_write
from bot.operations.assignment import check_links
from bot.operations.capture import read_roster
from bot.operations.data_exchange import exchange
from bot.operations.news_files import find_problem, iter_files, with_link
from bot.operations.precautions import OwnFiles, find_clear_text, find_warnings
from bot.operations.snapshot_run import try_start
from bot.operations.sync import make_plan
from bot.operations.tree_links import find_dead_links
from bot.operations.view import render_regions, select_all
from bot.operations.witnesses import make_witnesses, space_of
from bot.operations.workspace import Connect, Snapshots, Workspace
from bot.plural import counted
from bot.snapshot.archive.folder import is_being_written
from bot.snapshot.capture.selection import judge_rules
from bot.snapshot.witness.rounds import ask
from bot.snapshot.witness.wiki_page import MARKER
from bot.sync.drift import Verdict
from bot.wiki.connection import warn_of_expiry
from bot.wiki.gateway import User, WikiGateway
from bot.wiki.page_tree import describe_defects
from bot.wiki.site_probe import probe_site


class CheckOutcome(StrEnum):
    """The outcome of a check."""

    OK = "ok"
    WARNING = "warning"
    ERROR = "error"
    NOT_TRIED = "not tried"
    BY_HAND = "by hand"
    """A step of `wikibot doctor` that needs a person."""
    NOT_APPLICABLE = "not applicable"
    """A step of `wikibot doctor` for which this wiki has no example."""


@dataclass(frozen=True, slots=True)
class Check:
    """One check and its result."""

    what: str
    outcome: CheckOutcome
    message: str = ""
    workspace: str = ""
    """The workspace that was checked; empty for what concerns all of them."""


def run_checks(
    connect: Connect | None,
    workspaces: Sequence[Workspace],
    safety: SafetySettings,
    *,
    config_path: Path,
    now: datetime,
    asks_external: bool = False,
    reads_tree: bool = False,
    snapshots: Snapshots | None = None,
    wiki: WikiSettings | None = None,
    own_files: OwnFiles | None = None,
    notify: NotifySettings | None = None,
    remote: DataRemote | None = None,
) -> Iterator[Check]:
    """Check everything that a run needs; yields each check when it ends, including failed ones.

    Without *connect*, only what needs no wiki: settings, data files with their files, and templates.
    *asks_external* also requests the external links, with one second between requests. *reads_tree* also reads all
    active pages and checks their links to other pages. *snapshots* has witnesses, which are read. *own_files* are the
    files whose owner and mode are checked. *notify* has addresses, which are read but not used. *remote* has
    the data files; the newest are taken.
    """
    yield Check(f"settings {config_path}", CheckOutcome.OK)
    wiki = wiki or WikiSettings()
    yield from (Check(what, CheckOutcome.WARNING, said) for what, said in find_warnings(own_files or OwnFiles((), ())))
    yield from (Check("token", CheckOutcome.WARNING, said) for said in find_clear_text(wiki))
    account = [Check("account", CheckOutcome.NOT_TRIED, "the wiki is not asked (--offline)")]
    if connect is not None:
        if remote is not None:
            yield from _attempt(f"data files of {remote.policy.remote}", partial(_check_remote, remote))
        yield from _check_receivers(notify or NotifySettings())
        account = list(_attempt("account", partial(_check_account, connect)))
    yield from account
    if warning := warn_of_expiry(wiki.token_expires, now.date()):
        yield Check("token", CheckOutcome.WARNING, warning)
    reachable = connect if all(check.outcome is CheckOutcome.OK for check in account) else None
    if snapshots is not None:
        yield from _check_snapshots(snapshots, reachable().base_url if reachable else None)
        if reachable is not None:
            yield from _attempt("witnesses", partial(_check_witnesses, reachable, workspaces, snapshots))
    for workspace in workspaces:
        found = _check_workspace(reachable, workspace, safety, now, asks_external=asks_external, reads_tree=reads_tree)
        yield from (replace(check, workspace=workspace.name) for check in found)


def _check_workspace(
    connect: Connect | None,
    workspace: Workspace,
    safety: SafetySettings,
    now: datetime,
    *,
    asks_external: bool,
    reads_tree: bool,
) -> Iterator[Check]:
    document = list(_attempt(f"data file {workspace.data_path}", partial(_check_document, workspace, now)))
    yield from document
    if any(check.outcome is CheckOutcome.ERROR for check in document):
        return
    yield from _attempt("templates", partial(_check_templates, workspace, now))
    yield from _attempt("files", partial(_check_files, workspace))
    if connect is None:
        return
    gateway = connect()
    yield from _attempt("links", partial(_check_links, gateway, workspace, asks_external=asks_external))
    yield from _attempt("archived", partial(_check_archived, gateway, workspace))
    if reads_tree:
        yield from _attempt("links between pages", partial(_check_page_links, gateway, workspace))
    yield from _attempt("rights", partial(_check_rights, gateway, workspace))
    yield from _attempt("watchers", partial(_check_watchers, gateway, workspace))
    yield from _attempt("pages", partial(_check_pages, gateway, workspace, safety, now))


def _check_remote(remote: DataRemote) -> list[Check]:
    """Take the newest data files, which shows that the remote can be read."""
    exchange(remote, pushes=False)
    return [Check(f"data files of {remote.policy.remote}", CheckOutcome.OK, str(remote.folder))]


def _check_receivers(notify: NotifySettings) -> Iterator[Check]:
    if not notify.channels and not notify.people:
        return
    from bot.operations.announcement import check_receivers  # imports the services that it knows

    for each in check_receivers(notify):
        outcome = CheckOutcome.ERROR if each.failure else CheckOutcome.OK
        yield Check(f"notify: {each.receiver}", outcome, each.failure or each.service)


def _attempt(what: str, check: Callable[[], list[Check]]) -> Iterator[Check]:
    try:
        yield from check()
    except BotError as error:
        yield Check(what, CheckOutcome.ERROR, str(error))


def _check_snapshots(snapshots: Snapshots, origin: str | None) -> Iterator[Check]:
    """Check what stops `wikibot snapshot` at its start: keys, programs, the list of pages, and what is on disk."""
    roster = snapshots.policy.roster
    if roster is not None:
        yield from _attempt(
            "roster", lambda: [Check(f"roster: {counted(len(read_roster(roster)), 'page')}", CheckOutcome.OK)]
        )
    if snapshots.policy.git and shutil.which("git") is None:
        yield Check("snapshots", CheckOutcome.ERROR, "git is not installed, but `snapshots.git` needs it; install it")
    is_separate = snapshots.policy.restricted is RestrictedPages.SEPARATE
    for each in (snapshots, *([snapshots.separate] if is_separate else ())):
        yield from _attempt(f"snapshots {each.root}", partial(_check_start, each, origin))


def _check_start(snapshots: Snapshots, origin: str | None) -> list[Check]:
    what = f"snapshots {snapshots.root}"
    if not can_write(snapshots.root):
        return [Check(what, CheckOutcome.ERROR, "cannot be written; change the owner, or snapshots.path")]
    try:
        strays = try_start(snapshots, origin)
    except EvidenceError:
        if not snapshots.root.is_dir() or not is_being_written(snapshots.root):
            raise
        return [Check(what, CheckOutcome.NOT_TRIED, "a run is writing to the folder; check again when it has ended")]
    listed = [f"no list names {visible_in_line(path)}; find out who put it there, and remove it" for path in strays]
    return [Check(what, CheckOutcome.ERROR, message) for message in listed] or [Check(what, CheckOutcome.OK)]


def _check_account(connect: Connect) -> list[Check]:
    gateway = connect()
    try:
        user = gateway.fetch_current_user()
    except WikiAnswerError as error:
        address = _other_address(gateway.base_url) if error.status == HTTPStatus.NOT_FOUND else None
        if address is None:
            raise
        message = f"there is no wiki at {gateway.base_url}, but one at {address}; write that address to `wiki.url`"
        return [Check("account", CheckOutcome.ERROR, message)]
    checks = [
        Check(f"account {user.display_name} at {gateway.base_url}", CheckOutcome.OK),
        Check(f"sign-in: {gateway.sign_in}", CheckOutcome.OK),
    ]
    if missing := gateway.find_missing_scopes():
        message = f"the token lacks {', '.join(missing)}; make a new token, because scopes cannot be added to a token"
        checks.append(Check("scopes", CheckOutcome.ERROR, message))
    return checks


def _other_address(url: str) -> str | None:
    """Return the address of the wiki at the host of *url*, if it is not *url* and can be determined."""
    try:
        address = probe_site(url).url
    except BotError:
        return None
    return address if address != url.rstrip("/") else None


def _check_document(workspace: Workspace, now: datetime) -> list[Check]:
    document = workspace.load_data_file()
    missing = [name for name in workspace.settings.regions if getattr(document.data, name, None) is None]
    checks = [Check(f"data file {document.path}", CheckOutcome.OK)]
    checks += [Check(f"data file {document.path}", CheckOutcome.WARNING, each) for each in _find_empty(document, now)]
    if missing:
        message = f"has no {', '.join(missing)}; these regions are not synchronised"
        checks.append(Check(f"data file {document.path}", CheckOutcome.WARNING, message))
    return checks


def _find_empty(document: DataFile, now: datetime) -> Iterator[str]:
    """Yield when the banner shows nothing, if its lines expire or are not published yet."""
    banner = document.data.status
    moment = None if banner is None else empty_from(banner, now)
    if moment is None:
        return
    line = document.source.line_of(("status", "lines"))
    when = (
        "shows no line now" if moment <= now else f"will show no line from {moment.astimezone(UTC):%Y-%m-%d %H:%M} UTC"
    )
    yield f"{document.path}:{line}: the banner {when}; add a line that does not expire, or remove the expiry of one"


def _check_templates(workspace: Workspace, now: datetime) -> list[Check]:
    names = ", ".join(render_regions(workspace, None, now=now))
    return [Check(f"templates {names}" if names else "templates", CheckOutcome.OK)]


def _check_files(workspace: Workspace) -> list[Check]:
    """Check the files of news items: their bytes next to the data file, and the links to them."""
    checks = []
    for item, file, place in iter_files(workspace.load_data_file()):
        problem = find_problem(workspace.data_path, file)
        if problem is not None:
            message = f"{place}: the file {file.name!r} cannot be uploaded: {problem}"
            checks.append(Check("files", CheckOutcome.ERROR, message))
        if with_link(item.text, file.name) != item.text:
            message = f"{place}: the text does not link to the file {file.name!r}, so that nobody sees it"
            checks.append(Check("files", CheckOutcome.WARNING, message))
    return checks


def _check_links(gateway: WikiGateway, workspace: Workspace, *, asks_external: bool) -> list[Check]:
    document = workspace.load_data_file()
    problems = check_links(gateway, workspace, asks_external=asks_external)
    if not problems:
        return [Check("links", CheckOutcome.OK)]
    checks = []
    for problem in problems:
        line = document.source.line_of(problem.link.location)
        is_allowed = problem.is_dead and workspace.settings.dead_links is DeadLinks.WARN
        outcome = CheckOutcome.WARNING if is_allowed else CheckOutcome.ERROR
        checks.append(Check("links", outcome, f"{document.path}:{line}: {problem.message}"))
    return checks


def _check_archived(gateway: WikiGateway, workspace: Workspace) -> list[Check]:
    """Check that every rule for archived pages matches something, and that every page has a place in the tree."""
    selection = select_all(gateway, workspace, workspace.load_data_file().data.workspace.space)
    places = workspace.archive_rules()
    problems = (*judge_rules(workspace.settings.archived), *selection.problems)
    messages = [f"{places.get(each.rule, 'archived')}: {each.message}" for each in problems]
    checks = [Check("archived", CheckOutcome.ERROR, message) for message in messages]
    defects = (*describe_defects(selection.tree()), *selection.unlisted)
    checks += [Check("tree", CheckOutcome.ERROR, defect) for defect in defects]
    return checks or [Check(f"archived: {counted(len(selection.archived), 'page')}", CheckOutcome.OK)]


def _check_page_links(gateway: WikiGateway, workspace: Workspace) -> list[Check]:
    checks = [
        Check(
            "links between pages",
            CheckOutcome.ERROR if found.is_dead else CheckOutcome.WARNING,
            f"{found.page.title!r} ({found.page.url}): the link {found.words!r}: {found.problem}",
        )
        for found in find_dead_links(gateway, workspace)
    ]
    return checks or [Check("links between pages", CheckOutcome.OK)]


def _check_rights(gateway: WikiGateway, workspace: Workspace) -> list[Check]:
    """Check whether the bot may see the space and edit the home page."""
    document = workspace.load_data_file()
    key, user = document.data.workspace.space, gateway.fetch_current_user()
    try:
        gateway.fetch_space(key)
    except PageNotFoundError:
        message = (
            f"there is no space {key}, or {user.display_name!r} may not see it; check `space` in {document.path}, or "
            "ask an administrator of the space to give this account the permission to view it"
        )
        return [Check("rights", CheckOutcome.ERROR, message)]
    try:
        home_id = workspace.page_finder(gateway, document.data).get_id(document.data.workspace.home)
        editing = _check_editing(gateway, home_id, key, user)
    except PageNotFoundError:
        return []  # reported by the check of the pages
    return [editing] if editing is not None else [Check("rights", CheckOutcome.OK)]


def _check_editing(gateway: WikiGateway, home_id: str, key: str, user: User) -> Check | None:
    """Check the restrictions of the home page and the permissions of its space.

    The groups of the account cannot be determined, so a group among the editors is a warning.
    """
    try:
        editors = gateway.fetch_restrictions(home_id).editors
    except PermissionDeniedError as error:
        return Check("rights", CheckOutcome.WARNING, f"who may edit the home page cannot be read: {error}")
    if editors and not {user.username, user.display_name, user.id} & set(editors):
        message = f"the home page may be edited by {', '.join(editors)} only; add {user.display_name!r} to its editors"
        has_groups = any(editor.startswith("group:") for editor in editors)
        return Check("rights", CheckOutcome.WARNING if has_groups else CheckOutcome.ERROR, message)
    operations = gateway.fetch_operations(home_id)
    if operations and "update page" not in operations:
        message = (
            f"{user.display_name!r} may read the pages of space {key}, but not edit them; ask an administrator of the "
            "space to give this account the permission to add pages, which includes editing"
        )
        return Check("rights", CheckOutcome.ERROR, message)
    return None


def _check_witnesses(connect: Connect, workspaces: Sequence[Workspace], snapshots: Snapshots) -> list[Check]:
    """Read each witness of the snapshots, and check whether the account may create those that are pages."""
    outcomes = {True: CheckOutcome.OK, False: CheckOutcome.ERROR}
    reports = ask(snapshots.root, make_witnesses(connect, workspaces, snapshots), snapshots.state.recalled)
    checks = [
        Check(f"witness {each.witness}", outcomes[each.is_fine or each.is_silent], each.message) for each in reports
    ]
    for witness in snapshots.policy.witnesses:
        if witness.kind is WitnessKind.PAGE and witness.title:
            message = _find_missing_right(connect(), workspaces, space_of(witness, workspaces), witness.title)
            checks += [Check("rights", CheckOutcome.ERROR, message)] if message else []
    return checks


def _find_missing_right(
    gateway: WikiGateway, workspaces: Sequence[Workspace], space_key: str, title: str
) -> str | None:
    """Return what to do if the page *title* of `snapshots.witnesses` does not exist and cannot be created, or None."""
    for workspace in workspaces:
        data = workspace.load_data_file().data
        if data.workspace.space != space_key:
            continue
        operations = gateway.fetch_operations(workspace.page_finder(gateway, data).get_id(data.workspace.home))
        if not operations or "create page" in operations or gateway.find_page(space_key, title) is not None:
            return None
        return (
            f"{gateway.fetch_current_user().display_name!r} may not create pages in space {space_key}, which "
            "`snapshots.witnesses` needs; ask an administrator of the space for the permission to add pages, or let a "
            f"person create {title!r} with an empty Page Properties block whose id is {MARKER.id}"
        )
    return None


def _check_watchers(gateway: WikiGateway, workspace: Workspace) -> list[Check]:
    """Say how many people get a notification for a version of the home page."""
    data = workspace.load_data_file().data
    regions = workspace.settings.regions.values()
    if gateway.has_silent_writes and all(region.notify is NotifyPolicy.NEVER for region in regions):
        return [Check("watchers", CheckOutcome.OK, "no version sends a notification (`notify: never`)")]
    try:
        watchers = gateway.fetch_watchers(workspace.page_finder(gateway, data).get_id(data.workspace.home))
    except PageNotFoundError:
        return []  # reported by the check of the pages
    except (PermissionDeniedError, WikiAnswerError) as error:
        return [Check("watchers", CheckOutcome.OK, f"who watches the home page cannot be read: {error}")]
    which = "a version that `notify` makes loud" if gateway.has_silent_writes else "each version"
    message = f"{which} of the home page sends a notification to {counted(len(watchers), 'watcher')}"
    if not gateway.has_silent_writes:
        message = f"{message}; Cloud has no silent writes, so `notify` changes nothing there"
    return [Check("watchers", CheckOutcome.OK, message)]


def _check_pages(gateway: WikiGateway, workspace: Workspace, safety: SafetySettings, now: datetime) -> list[Check]:
    plan = make_plan(gateway, [workspace], safety, now=now)
    told_with_the_links = f"{workspace.data_path.name}:"
    notices = [notice for notice in plan.notices if not notice.startswith(told_with_the_links)] + list(plan.drafts)
    checks = [Check("pages", CheckOutcome.ERROR, f"{each.page}: {each.message}") for each in plan.problems]
    for page, change in plan.disputed:
        outcome = CheckOutcome.ERROR if change.verdict is Verdict.UNMANAGED else CheckOutcome.WARNING
        checks.append(Check("pages", outcome, f"{page.title}: {change.region}: {change.verdict}: {change.note}"))
    checks += [Check("pages", CheckOutcome.ERROR, message) for message in plan.attention]
    checks += [Check("pages", CheckOutcome.WARNING, notice) for notice in notices]
    return checks or [Check("pages", CheckOutcome.OK)]

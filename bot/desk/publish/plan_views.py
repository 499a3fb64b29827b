"""The plan of a workspace: what the next run would write, reviewed and published from here; stopping and resuming."""

from http import HTTPStatus

from flask import flash, redirect, render_template, request, url_for
from werkzeug import Response

from bot.desk.audit_trail import record_change
from bot.desk.desk import current_desk, workspace_named
from bot.desk.language import gettext as _
from bot.desk.publish import blueprint
from bot.desk.roles import Role, requires
from bot.desk.visitor import signed_in
from bot.desk.write.shown_content import load_content
from bot.errors import BotError
from bot.history import JobResult
from bot.jobs import judge_check, judge_sync
from bot.log import logger
from bot.operations import sync as operation
from bot.operations.last_check import LastCheck, find_last_check, keep_check
from bot.operations.workspace import Workspace
from bot.present.plan_view import near_lines, plan_pages
from bot.runtime import Runtime
from bot.sync.limits import find_excesses
from bot.sync.plan import Plan
from bot.sync.plan_file import plan_digest
from bot.sync.stop_order import StopOrder


@blueprint.get("/w/<workspace>/plan")
@requires(Role.AUDITOR)
def plan(workspace: str) -> str:
    """Show what the last check found and what `Publish` would write."""
    return _page(workspace, expected=request.args.get("changed"))


@blueprint.post("/w/<workspace>/plan/check")
@requires(Role.EDITOR)
def plan_check(workspace: str) -> Response:
    """Compare the pages with the data file now."""
    run = begin_check(workspace)
    return redirect(url_for("publish.runs_one", number=run))


@blueprint.post("/w/<workspace>/plan")
@requires(Role.MAINTAINER)
def plan_apply(workspace: str) -> Response | tuple[str, int]:
    """Carry out exactly the plan that was shown."""
    digest, check = request.form.get("digest", ""), last_check(workspace)
    if check is None or plan_digest(check.plan) != digest:
        return _page(workspace, is_stale=True), HTTPStatus.CONFLICT
    if _going_on(workspace) is not None:
        return _page(workspace), HTTPStatus.CONFLICT
    run = begin_apply(workspace, check.plan)
    record_change("publish", digest, workspace=workspace)
    return redirect(url_for("publish.runs_one", number=run))


@blueprint.post("/w/<workspace>/stop")
@requires(Role.MAINTAINER)
def plan_stop(workspace: str) -> Response:
    """Stop all writes to the workspace, or let the bot go on."""
    orders = current_desk().runtime.folders.stop_orders
    if request.form.get("action") == "resume":
        orders.lift(workspace)
        record_change("let the bot go on", workspace, workspace=workspace)
        flash(_("The bot may write to %(name)s again.", name=workspace), "ok")
    else:
        reason = " ".join(request.form.get("reason", "").split()) or _("no reason given")
        orders.give(workspace, StopOrder(since=current_desk().clock(), by=signed_in().name, reason=reason))
        record_change("stop writing", workspace, workspace=workspace, after=reason)
        flash(_("Nothing more is written to %(name)s.", name=workspace), "ok")
    return redirect(url_for("publish.plan", workspace=workspace))


def begin_check(workspace: str) -> int:
    """Start a check of a workspace; returns its run."""
    runtime, one = current_desk().runtime, workspace_named(workspace)

    def work() -> JobResult:
        return judge_check(_check(runtime, one))

    return current_desk().errands.begin(f"check {workspace}", signed_in().name, work)


def begin_apply(workspace: str, plan: Plan) -> int:
    """Start to carry out *plan*, which a person reviewed; returns its run."""
    runtime, safety = current_desk().runtime, current_desk().runtime.settings.safety

    def work() -> JobResult:
        report = operation.carry_out(
            runtime.gateway(may_write=True),
            runtime.configured_workspaces,
            safety,
            plan,
            folders=runtime.folders,
            now=runtime.clock(),
            is_reviewed=True,
            is_loaded=True,
            force=True,
            locate_limit=runtime.settings.locate_limit,
            sleep=runtime.sleep,
            on_page=lambda page: logger.info("{}: {}", page.title, page.result),
        )
        return judge_sync(plan, report)

    return current_desk().errands.begin(f"publish {workspace}", signed_in().name, work)


def last_check(workspace: str) -> LastCheck | None:
    """Return what the last check of a workspace found."""
    return find_last_check(workspace_named(workspace))


def keep_new_check(workspace: str) -> Plan:
    """Compare a workspace with its data file, and record what was found."""
    runtime = current_desk().runtime
    return _check(runtime, workspace_named(workspace))


def stop_order(workspace: str) -> StopOrder | None:
    """Return the order that stops writes to a workspace; one that cannot be read counts as given by nobody."""
    try:
        return current_desk().runtime.folders.stop_orders.find(workspace)
    except BotError as error:
        return StopOrder(since=current_desk().clock(), by="–", reason=str(error))


def _page(workspace: str, *, is_stale: bool = False, expected: str | None = None) -> str:
    check = last_check(workspace)
    settings = current_desk().runtime.settings
    return render_template(
        "plan.html.j2",
        check=check,
        pages=plan_pages(check.plan) if check else (),
        near=near_lines,
        digest=plan_digest(check.plan) if check else "",
        writes=sum(len(page.writes) for page in check.plan.pages) if check else 0,
        excesses=find_excesses(check.plan, settings.safety, settings.locate_limit) if check else (),
        is_older=check is not None and _is_older(check),
        order=stop_order(workspace),
        going_on=_going_on(workspace),
        is_stale=is_stale or (expected is not None and check is not None and plan_digest(check.plan) != expected),
    )


def _is_older(check: LastCheck) -> bool:
    """Return whether the data file changed since the check; nothing here asks the wiki."""
    try:
        return check.revision not in ("", load_content(check.workspace.name).digest)
    except BotError:
        return False  # the list of news says what is wrong with the file


def _going_on(workspace: str) -> int | None:
    errands = current_desk().errands
    return errands.find(f"publish {workspace}") or errands.find(f"check {workspace}")


def _check(runtime: Runtime, workspace: Workspace) -> Plan:
    now = runtime.clock()
    plan = operation.make_plan(runtime.gateway(), [workspace], runtime.settings.safety, now=now)
    keep_check(runtime.folders, plan, now)
    return plan

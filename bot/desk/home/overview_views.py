"""The overview, and the public health check."""

from flask import Response, flash, redirect, render_template, url_for
from werkzeug import Response as Redirect

from bot.desk.archive.opened_archive import current_archive
from bot.desk.audit_trail import record_change
from bot.desk.desk import Desk, current_desk
from bot.desk.home import blueprint
from bot.desk.home.overview_values import archive_state, first_steps, job_rows, workspace_states
from bot.desk.language import gettext as _
from bot.desk.navigation import view_exists, visible_workspaces
from bot.desk.roles import Role, public, requires
from bot.desk.visitor import signed_in
from bot.history import JobResult
from bot.jobs import judge_check
from bot.operations.last_check import keep_check
from bot.operations.sync import make_plan

_CHECK = "check all"


@blueprint.get("/")
@requires(Role.AUDITOR)
def overview() -> str | Redirect:
    """Say in one sentence whether something waits for a decision."""
    desk = current_desk()
    if desk.is_archive_only:
        return redirect(url_for("archive.pages"))
    jobs = job_rows(desk)
    next_sync = min((job.next for job in jobs if job.kind == "sync" and job.next is not None), default=None)
    names, person = visible_workspaces(), signed_in()
    decided = [name for name in names if person.may(Role.MAINTAINER, name)]
    states = workspace_states(desk, names, next_sync, with_proposals=decided)
    archive = archive_state(desk, current_archive().count_pages)
    capture = next((job.name for job in jobs if job.kind == "snapshot"), "")
    return render_template(
        "overview.html.j2",
        steps=first_steps(states, archive, captures=bool(capture)),
        capture=capture,
        states=states,
        count=sum(state.count for state in states),
        is_unchecked=any(state.checked is None for state in states),
        jobs=jobs,
        archive=archive,
        next_sync=next_sync,
        check=desk.errands.history.last_run(_CHECK),
        is_checking=desk.errands.find(_CHECK) is not None,
        may_check=person.may(Role.MAINTAINER),
        exists=view_exists,
    )


@blueprint.post("/check")
@requires(Role.MAINTAINER)
def check_now() -> Redirect:
    """Compare the pages with the data files, in the background."""
    desk = current_desk()
    if desk.errands.find(_CHECK) is None:
        record_change("check now", "all workspaces")
    desk.errands.begin(_CHECK, signed_in().name, lambda: compare(desk))
    flash(_("The pages are being compared; the result appears here."), "info")
    return redirect(url_for("home.overview"))


@blueprint.get("/healthz")
@public
def healthz() -> Response:
    """Answer `ok`, for a monitor; it needs no account and says nothing about the content."""
    return Response("ok\n", mimetype="text/plain")


def compare(desk: Desk) -> JobResult:
    """Compare all workspaces with their pages, and record what was found."""
    runtime, now = desk.runtime.trying_once(), desk.clock()
    plan = make_plan(runtime.gateway(), runtime.configured_workspaces, runtime.settings.safety, now=now)
    keep_check(runtime.folders, plan, now)
    return judge_check(plan)

"""Publish now: what would be written, the decision, and what became of it."""

import secrets
from http import HTTPStatus

from flask import redirect, render_template, request, url_for
from werkzeug import Response

from bot.desk.audit_trail import record_change
from bot.desk.desk import current_desk, workspace_named
from bot.desk.roles import Role, requires
from bot.desk.visitor import signed_in
from bot.desk.write import blueprint
from bot.desk.write.publication_run import PublicationRun
from bot.desk.write.shown_content import WebAnswer, gone
from bot.desk.write.write_state import quick_runtime, write_state
from bot.errors import BotError
from bot.operations.sync import make_plan
from bot.present.plan_words import compare
from bot.sync.apply import Result
from bot.sync.plan import Change, Plan
from bot.sync.plan_file import plan_digest
from bot.text_diff import DiffLine

_KEPT = 100


@blueprint.get("/w/<workspace>/publish")
@requires(Role.EDITOR)
def publish_now(workspace: str) -> WebAnswer:
    """Show what a run would write now."""
    try:
        plan = _plan(workspace)
    except BotError as error:
        return _show(workspace, None, problem=str(error)), HTTPStatus.SERVICE_UNAVAILABLE
    return _show(workspace, plan)


@blueprint.post("/w/<workspace>/publish")
@requires(Role.EDITOR)
def publish_plan(workspace: str) -> WebAnswer:
    """Carry out the plan that was shown; one that changed since is shown again."""
    desk, visitor = current_desk(), signed_in()
    try:
        plan = _plan(workspace)
    except BotError as error:
        return _show(workspace, None, problem=str(error)), HTTPStatus.SERVICE_UNAVAILABLE
    if plan_digest(plan) != request.form.get("digest"):
        return _show(workspace, plan, is_stale=True), HTTPStatus.CONFLICT
    publication = PublicationRun(secrets.token_urlsafe(9), workspace, plan, visitor.name, desk.clock())
    known = write_state().publications
    while len(known) >= _KEPT:
        del known[next(iter(known))]
    known[publication.number] = publication
    record_change("publish", plan_digest(plan), workspace=workspace)
    publication.start(desk.runtime, desk.errands, is_reviewed=visitor.may(Role.MAINTAINER, workspace))
    return redirect(url_for("write.publication", workspace=workspace, number=publication.number), HTTPStatus.SEE_OTHER)


@blueprint.get("/w/<workspace>/publish/<number>")
@requires(Role.EDITOR)
def publication(workspace: str, number: str) -> WebAnswer:
    """Show what became of a publication; the page stays up to date until it is over."""
    found = _find(workspace, number)
    if found is None:
        return gone(workspace, "news")
    return render_template("publication.html.j2", publication=found, results=Result, titles=_titles(found.plan))


@blueprint.post("/w/<workspace>/publish/<number>")
@requires(Role.EDITOR)
def cancel_publication(workspace: str, number: str) -> Response:
    """Stop waiting for another run."""
    found = _find(workspace, number)
    if found is None:
        return gone(workspace, "news")
    found.cancelled.set()
    return redirect(url_for("write.publication", workspace=workspace, number=number), HTTPStatus.SEE_OTHER)


def _find(workspace: str, number: str) -> PublicationRun | None:
    found = write_state().publications.get(number)
    return found if found is not None and found.workspace == workspace else None


def _plan(workspace: str) -> Plan:
    runtime = quick_runtime()
    return make_plan(
        runtime.gateway(), [workspace_named(workspace)], runtime.settings.safety, now=current_desk().clock()
    )


def _show(workspace: str, plan: Plan | None, *, problem: str = "", is_stale: bool = False) -> str:
    return render_template(
        "publish_now.html.j2",
        plan=plan,
        digest=plan_digest(plan) if plan else "",
        lines_of=_lines_of,
        problem=problem,
        is_stale=is_stale,
        workspace=workspace,
    )


def _lines_of(change: Change) -> list[DiffLine]:
    """Return what readers will see change, word by word."""
    return [line for comparison in compare(change)[-1:] for line in comparison.seen]


def _titles(plan: Plan) -> str:
    return ", ".join(page.title for page in plan.page_writes)

"""What people changed on the wiki, settled entry by entry."""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, replace
from http import HTTPStatus
from typing import TYPE_CHECKING

from flask import abort, flash, redirect, render_template, request, url_for
from werkzeug import Response

from bot.adopt.entry_merge import Choice, Dispute
from bot.desk.audit_trail import record_change
from bot.desk.desk import current_desk, workspace_named
from bot.desk.language import gettext as _
from bot.desk.publish import blueprint
from bot.desk.publish.plan_views import begin_apply, keep_new_check, last_check
from bot.desk.roles import Role, requires
from bot.errors import BotError
from bot.operations import sync as operation
from bot.operations.adoption import Adoption, plan_adoption
from bot.operations.adoption_commit import carry_out_adoption
from bot.present.plan_view import near_lines, plan_pages
from bot.present.plan_words import Comparison, compare_texts
from bot.storage.regions import find_region
from bot.sync.drift import Verdict
from bot.sync.plan import Change, PagePlan, Plan
from bot.sync.target_pages import marker_of

if TYPE_CHECKING:
    from bot.adopt.proposal import Refusal

_PREFIX = "choice-"
_EDITED = (Verdict.DRIFTED, Verdict.CONFLICT, Verdict.UNMANAGED)


@dataclass(frozen=True, slots=True)
class Question:
    """A dispute, the name of its field in the form, and the answer so far."""

    key: str
    dispute: Dispute
    answer: Choice


@dataclass(frozen=True, slots=True)
class Settlement:
    """What the answers lead to: on the page, and in the data file. *digest* binds the decision to what was shown."""

    adoption: Adoption
    on_page: Comparison | None
    file_diff: tuple[str, ...]
    digest: str


@blueprint.get("/w/<workspace>/edits")
@requires(Role.AUDITOR)
def edits(workspace: str) -> str:
    """List the regions that people changed, as the last check found them."""
    check = last_check(workspace)
    found = [] if check is None else [(page, change) for page, change in _changes(check.plan)]
    return render_template("edits.html.j2", check=check, found=found)


@blueprint.get("/w/<workspace>/edits/<region>")
@requires(Role.AUDITOR)
def edits_region(workspace: str, region: str) -> str:
    """Show the two sides of one region, and the questions."""
    return _page(workspace, region, {})


@blueprint.post("/w/<workspace>/edits/<region>")
@requires(Role.MAINTAINER)
def edits_settle(workspace: str, region: str) -> Response | str | tuple[str, int]:
    """Show what the answers lead to, carry it out, or put the text of the data file back."""
    answers = {name: value for name, value in request.form.items() if name.startswith(_PREFIX)}
    match request.form.get("action"):
        case "ours":
            return _put_ours_back(workspace, region)
        case "settle":
            return _settle(workspace, region, answers)
        case _:
            return _page(workspace, region, answers, shows_result=True)


def _settle(workspace: str, region: str, answers: Mapping[str, str]) -> Response | tuple[str, int]:
    runtime = current_desk().runtime
    try:
        settlement = _settlement(workspace, region, answers)
        if settlement.digest != request.form.get("digest"):
            changed = _("This changed since you looked at it. Nothing was written: check your choices again.")
            return _page(workspace, region, answers, shows_result=True, problem=changed), HTTPStatus.CONFLICT
        carry_out_adoption(runtime.gateway(may_write=True), runtime.settings.safety, settlement.adoption)
        edit = settlement.adoption.edit
        before = edit.before.revision if edit.before is not None else None
        record_change("settle edits", region, workspace=workspace, before=before, after=edit.after.revision)
        keep_new_check(workspace)
    except BotError as error:
        return _page(workspace, region, answers, shows_result=True, problem=str(error)), HTTPStatus.CONFLICT
    flash(_("Settled: the wiki and the data file have what you chose."), "ok")
    return redirect(url_for("publish.edits", workspace=workspace))


def _put_ours_back(workspace: str, region: str) -> Response | tuple[str, int]:
    """Write the text of the data file over that of the page; `wikibot drift restore` can bring back the other."""
    runtime = current_desk().runtime
    try:
        plan = operation.make_plan(
            runtime.gateway(),
            [workspace_named(workspace)],
            runtime.settings.safety,
            now=runtime.clock(),
            take_over=frozenset({region}),
        )
    except BotError as error:
        return _page(workspace, region, {}, problem=str(error)), HTTPStatus.BAD_GATEWAY
    own = _only(plan, region)
    if _live_digest(own) != request.form.get("live"):
        changed = _("Somebody changed the page since you looked at it. Nothing was written: look again.")
        return _page(workspace, region, {}, problem=changed), HTTPStatus.CONFLICT
    record_change("put ours back", region, workspace=workspace)
    return redirect(url_for("publish.runs_one", number=begin_apply(workspace, own)))


def _page(
    workspace: str, region: str, answers: Mapping[str, str], *, shows_result: bool = False, problem: str = ""
) -> str:
    runtime, check = current_desk().runtime, last_check(workspace)
    if region not in workspace_named(workspace).settings.regions:
        abort(HTTPStatus.NOT_FOUND)
    questions: list[Question] = []
    settlement: Settlement | None = None
    refusals: tuple[Refusal, ...] = ()
    taken: tuple[str, ...] = ()
    plan, live = None if check is None else _only(check.plan, region), ""
    try:
        undecided = _adopt(workspace, region, {})
        questions = [
            Question(_key(dispute), dispute, _answer(answers, dispute)) for dispute in undecided.open.get(region, ())
        ]
        refusals = tuple(each for each in undecided.refusals if each.region == region and not each.is_absent)
        taken = (*undecided.taken.get(region, ()), *undecided.read.get(region, ()))
        whole = operation.make_plan(
            runtime.gateway(), [workspace_named(workspace)], runtime.settings.safety, now=runtime.clock()
        )
        plan = _only(whole, region)
        live = _live_digest(plan)
        if not (questions or taken or refusals or _differs(plan)):
            plan = None
        elif shows_result or not questions:
            settlement = _settlement(workspace, region, answers)
    except BotError as error:
        problem = problem or str(error)
    return render_template(
        "edits_region.html.j2",
        region=region,
        pages=() if plan is None else plan_pages(plan),
        near=near_lines,
        questions=questions,
        taken=taken,
        refusals=refusals,
        settlement=settlement,
        live=live,
        problem=problem,
    )


def _settlement(workspace: str, region: str, answers: Mapping[str, str]) -> Settlement:
    adoption = _adopt(workspace, region, answers)
    marker = marker_of(region, workspace_named(workspace).settings.regions[region])
    before, after = (
        "" if (found := find_region(body, marker)) is None else found.text(body)
        for body in (adoption.page.body, adoption.body)
    )
    text = f"{adoption.page.id} {adoption.page.version}\n{adoption.body}\n{adoption.edit.after.text}"
    return Settlement(
        adoption,
        compare_texts(_("On the page"), before, after) if before != after else None,
        tuple(adoption.edit.diff.splitlines()),
        hashlib.sha256(text.encode()).hexdigest(),
    )


def _adopt(workspace: str, region: str, answers: Mapping[str, str]) -> Adoption:
    runtime, check = current_desk().runtime, last_check(workspace)
    page = next((page.id for page, change in _changes(check.plan) if change.region == region), None) if check else None
    return plan_adoption(
        runtime.gateway(),
        workspace_named(workspace),
        page,
        choose=lambda _region, dispute: _answer(answers, dispute),
        only=frozenset({region}),
        now=runtime.clock(),
    )


def _answer(answers: Mapping[str, str], dispute: Dispute) -> Choice:
    value = answers.get(_key(dispute), Choice.SKIP)
    return Choice(value) if value in dispute.choices else Choice.SKIP


def _key(dispute: Dispute) -> str:
    """Return the name of the field of a dispute; it changes with the words of either side."""
    words = repr((dispute.name, dispute.page, dispute.file))
    return _PREFIX + hashlib.sha256(words.encode()).hexdigest()[:16]


def _changes(plan: Plan) -> list[tuple[PagePlan, Change]]:
    """Return the regions that people changed."""
    return [(page, change) for page in plan.pages for change in page.changes if change.verdict in _EDITED]


def _differs(plan: Plan) -> bool:
    return any(change.verdict is not Verdict.IN_SYNC for page in plan.pages for change in page.changes)


def _only(plan: Plan, region: str) -> Plan:
    """Return the part of *plan* about one region."""
    pages = (
        replace(page, changes=tuple(change for change in page.changes if change.region == region))
        for page in plan.pages
    )
    return replace(plan, pages=tuple(page for page in pages if page.changes))


def _live_digest(plan: Plan) -> str:
    """Return a digest of what the pages say in the regions of *plan*."""
    text = "\n".join(f"{page.id} {change.region} {change.live}" for page in plan.pages for change in page.changes)
    return hashlib.sha256(text.encode()).hexdigest()

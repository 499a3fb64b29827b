"""Drafts and proposals: the list, and one of them with its change, its preview and the decision about it."""

from datetime import UTC, datetime
from http import HTTPStatus

from flask import flash, redirect, render_template, request, url_for
from pydantic import ValidationError

from bot.config.data_operation import AddEntry, EditEntry, Operation
from bot.config.policy import ApprovalPolicy
from bot.desk.audit_trail import record_change
from bot.desk.desk import current_desk
from bot.desk.language import gettext as _
from bot.desk.roles import Role, requires
from bot.desk.visitor import signed_in
from bot.desk.write import blueprint
from bot.desk.write.draft_list import draft_number, draft_row, draft_rows, form_address, section_of, withdraw_draft
from bot.desk.write.preview_panel import ChangePanel, panel_of
from bot.desk.write.saved_edit import SavedEdit, drafts_of, flash_saved, record_edit
from bot.desk.write.shown_content import ShownContent, WebAnswer, gone, load_content
from bot.errors import BotError, EditConflict, EditConflictError
from bot.operations.drafts import Draft, why_not_by
from bot.operations.edit import edit_with


@blueprint.get("/w/<workspace>/drafts")
@requires(Role.EDITOR)
def drafts(workspace: str) -> str:
    """List the open drafts and proposals, the newest first."""
    return render_template("drafts.html.j2", drafts=draft_rows(workspace))


@blueprint.post("/w/<workspace>/drafts")
@requires(Role.EDITOR)
def discard(workspace: str) -> WebAnswer:
    """Give a draft up."""
    number = draft_number(request.form.get("number", ""))
    if number is not None:
        withdraw_draft(workspace, number)
    return redirect(url_for("write.drafts", workspace=workspace), HTTPStatus.SEE_OTHER)


@blueprint.get("/w/<workspace>/drafts/<int:number>")
@requires(Role.EDITOR)
def draft_item(workspace: str, number: int) -> WebAnswer:
    """Show what a draft would change, the remarks about it, and what the person may do."""
    return _show(workspace, number)


@blueprint.post("/w/<workspace>/drafts/<int:number>")
@requires(Role.EDITOR)
def decide_draft(workspace: str, number: int) -> WebAnswer:
    """Do what the pressed button says with a draft."""
    known, person, text = drafts_of(workspace), signed_in(), request.form.get("remark", "").strip()
    may_decide = person.may(Role.MAINTAINER, workspace)
    try:
        match request.form.get("do", ""):
            case "send":
                sent = known.send(number, person.name)
                record_change("send draft", f"draft {number}: {sent.words}", workspace=workspace, after=sent.digest)
                flash(_("Sent for approval. It is saved when a maintainer has approved it."), "ok")
            case "withdraw":
                withdraw_draft(workspace, number)
                return redirect(url_for("write.drafts", workspace=workspace), HTTPStatus.SEE_OTHER)
            case "approve" if may_decide:
                return _approve(workspace, number, request.form.get("digest", ""))
            case "save":
                return _save(workspace, number)
            case "return" if may_decide and text:
                returned = known.send_back(number, text, person.name)
                subject = f"draft {number}: {returned.words}"
                record_change("send draft back", subject, workspace=workspace, after=text)
                flash(_("Sent back to %(who)s with your remark.", who=", ".join(returned.authors)), "ok")
            case "return" | "remark" if not text:
                return _show(workspace, number, error=_("Write a remark first."))
            case "remark":
                known.remark(number, text, person.name)
                record_change("remark on draft", f"draft {number}", workspace=workspace, after=text)
            case _:
                flash(_("Only a maintainer can decide this."), "bad")
    except EditConflictError:
        flash(_("The same was changed in the file since. Open the form, and decide which text is right."), "bad")
    except BotError as error:
        flash(_("Not done: %(reason)s", reason=str(error)), "bad")
    return redirect(url_for("write.draft_item", workspace=workspace, number=number), HTTPStatus.SEE_OTHER)


def _approve(workspace: str, number: int, digest: str) -> WebAnswer:
    """Approve exactly what was shown, save it, and go on to what is published."""
    person, known = signed_in().name, drafts_of(workspace)
    approved = known.approve(number, digest, person, links=current_desk().machine_accounts)
    subject = f"draft {number}: {approved.words}"
    record_change("approve draft", subject, workspace=workspace, after=digest)
    return _save(workspace, number)


def _save(workspace: str, number: int) -> WebAnswer:
    known = drafts_of(workspace)
    draft = known.load(number)
    moment = _moment_of(draft.load())
    edit = known.save(number)
    record_edit(workspace, draft.words, edit)
    is_later = moment is not None and moment > datetime.now(UTC)
    words = _("Saved. It appears at its time.") if is_later else _("Saved. This is what will be written.")
    flash_saved(workspace, words, SavedEdit(edit, edit.merged))
    next_view = "write.drafts" if is_later else "write.publish_now"
    return redirect(url_for(next_view, workspace=workspace), HTTPStatus.SEE_OTHER)


def _show(workspace: str, number: int, error: str = "") -> WebAnswer:
    draft = drafts_of(workspace).find(number)
    if draft is None:
        return gone(workspace, "drafts")
    content, person = load_content(workspace), signed_in()
    panel, conflicts, problem = _change_of(content, draft)
    is_needed = content.workspace.settings.approval is ApprovalPolicy.MAINTAINER
    shown = render_template(
        "draft.html.j2",
        draft=draft,
        row=draft_row(workspace, draft),
        panel=panel,
        conflicts=conflicts,
        problem=problem,
        error=error,
        form_address=form_address(workspace, draft),
        is_author=not draft.by_command and person.name in draft.authors,
        refusal=why_not_by(draft, person.name, current_desk().machine_accounts) if is_needed else "",
        may_decide=person.may(Role.MAINTAINER, workspace),
        is_needed=is_needed,
        can_be_saved=panel is not None and (draft.is_approved or not is_needed),
    )
    return shown, HTTPStatus.UNPROCESSABLE_ENTITY if error else HTTPStatus.OK


def _change_of(content: ShownContent, draft: Draft) -> tuple[ChangePanel | None, tuple[EditConflict, ...], str]:
    """Return the change that a draft makes today; else what others changed at the same place, or the reason."""
    if not draft.is_complete:
        return None, (), ""
    try:
        operation = draft.load()
        edit_with(content.document, operation)
    except EditConflictError as error:
        return None, error.conflicts, ""
    except (ValidationError, BotError) as error:
        return None, (), str(error)
    section = section_of(operation) or "news"
    return panel_of(content, operation, section, _moment_of(operation), _item_of(operation)), (), ""


def _moment_of(operation: Operation) -> datetime | None:
    """Return when the entry of an operation appears."""
    match operation:
        case AddEntry():
            value = operation.value.get("publish_at")
        case EditEntry():
            value = (operation.entry.seen | operation.changes).get("publish_at")
        case _:
            value = None
    return datetime.fromisoformat(value) if isinstance(value, str) else None


def _item_of(operation: Operation) -> str | None:
    """Return the id of the news item of an operation."""
    match operation:
        case AddEntry(section="news"):
            return str(operation.value.get("id"))
        case EditEntry() if operation.entry.section == "news":
            return operation.entry.name
    return None

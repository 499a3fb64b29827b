"""The history of the data file: who changed what, and the way back."""

from http import HTTPStatus

from flask import flash, redirect, render_template, request, url_for

from bot.desk.desk import workspace_named
from bot.desk.language import gettext as _
from bot.desk.roles import Role, requires
from bot.desk.visitor import signed_in
from bot.desk.write import blueprint
from bot.desk.write.saved_edit import SavedEdit, asks_approval, flash_saved, propose, record_edit
from bot.desk.write.shown_content import WebAnswer, gone
from bot.errors import BotError, EditConflict, EditConflictError
from bot.operations import revisions

PAGE = 50


@blueprint.get("/w/<workspace>/history")
@requires(Role.EDITOR)
def history(workspace: str) -> str:
    """List the revisions, the newest first; each page begins below the number `before`."""
    journal = workspace_named(workspace).shared_data.journal
    before = request.args.get("before", "")
    numbers = [each for each in reversed(journal.numbers()) if not before.isdecimal() or each < int(before)]
    shown = [journal.load(number) for number in numbers[:PAGE]]
    older = shown[-1].number if len(numbers) > PAGE else None
    return render_template("history.html.j2", revisions=shown, older=older, is_first=not before)


@blueprint.get("/w/<workspace>/history/<int:number>")
@requires(Role.EDITOR)
def history_item(workspace: str, number: int) -> WebAnswer:
    """Show what one revision changed."""
    return _show(workspace, number)


@blueprint.post("/w/<workspace>/history/<int:number>")
@requires(Role.EDITOR)
def undo_revision(workspace: str, number: int) -> WebAnswer:
    """Take a revision back, as a new revision; later changes of others stay."""
    owner = workspace_named(workspace)
    try:
        edit = revisions.undo(owner, number)
        if asks_approval(owner) and edit.operation is not None:
            flash_saved(workspace, "", SavedEdit(edit, proposal=propose(workspace, edit.operation)))
            return redirect(url_for("write.history", workspace=workspace), HTTPStatus.SEE_OTHER)
        edit = edit.save(owner.shared_data, who=signed_in().name)
    except EditConflictError as error:
        return _show(workspace, number, error.conflicts)
    except BotError as error:
        flash(_("Not undone: %(reason)s", reason=str(error)), "bad")
        return redirect(url_for("write.history", workspace=workspace), HTTPStatus.SEE_OTHER)
    record_edit(workspace, f"undo change {number}", edit)
    flash_saved(workspace, _("Undone. The wiki has the earlier text again after the next run."), SavedEdit(edit))
    return redirect(url_for("write.history", workspace=workspace), HTTPStatus.SEE_OTHER)


def _show(workspace: str, number: int, conflicts: tuple[EditConflict, ...] = ()) -> WebAnswer:
    owner = workspace_named(workspace)
    journal = owner.shared_data.journal
    if number not in journal.numbers():
        return gone(workspace, "history")
    revision = journal.load(number)
    shown = render_template(
        "history_item.html.j2",
        revision=revision,
        lines=revisions.diff_of(owner, number).splitlines()[2:],
        can_undo=revision.origin != "first" and journal.text_before(number) is not None,
        conflicts=conflicts,
    )
    return shown, HTTPStatus.CONFLICT if conflicts else HTTPStatus.OK

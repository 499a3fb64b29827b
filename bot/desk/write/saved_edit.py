"""The way of every change from the desk to the data file: saved at once, or sent for approval."""

from dataclasses import dataclass

from flask import flash, url_for
from markupsafe import Markup

from bot.config.data_changes import describe_changes
from bot.config.data_operation import Operation
from bot.config.policy import ApprovalPolicy
from bot.desk.audit_trail import record_change
from bot.desk.desk import current_desk, workspace_named
from bot.desk.language import gettext as _
from bot.desk.roles import Role
from bot.desk.visitor import signed_in
from bot.desk.write.shown_content import ShownContent
from bot.operations.drafts import Draft, DraftForm, Drafts
from bot.operations.edit import Edit, edit_with
from bot.operations.workspace import Workspace


@dataclass(frozen=True, slots=True)
class SavedEdit:
    """A change that was saved, or sent as a *proposal*; *others* is what others changed since the page was opened."""

    edit: Edit
    others: str = ""
    proposal: Draft | None = None

    @property
    def number(self) -> int:
        """The number of the revision; 0 if none was recorded."""
        return self.edit.revision.number if self.edit.revision else 0


def drafts_of(workspace: str) -> Drafts:
    """Return the drafts of a workspace: those of the desk and of the commands."""
    return Drafts(workspace_named(workspace), current_desk().clock)


def asks_approval(workspace: Workspace) -> bool:
    """Return whether a change by the person of the request needs the approval of a maintainer."""
    is_needed = workspace.settings.approval is ApprovalPolicy.MAINTAINER
    return is_needed and not signed_in().may(Role.MAINTAINER, workspace.name)


def save(
    content: ShownContent,
    operation: Operation,
    seen: str = "",
    *,
    form: DraftForm | None = None,
    draft: int | None = None,
) -> SavedEdit:
    """Apply *operation* to the data file as it is now, as a revision of the person, or send it for approval.

    *form* and *draft* are the form and the draft from which it comes; the draft is over then. Raises
    `EditConflictError` if others changed the same field, `ContentError` for a broken file, `LockedError`.
    """
    workspace = content.workspace
    document = workspace.load_data_file()
    others = ""
    if seen and seen != document.revision:
        before = content.as_seen(seen)
        others = describe_changes(before, document) if before.text != document.text else ""
    edit = edit_with(document, operation)
    if asks_approval(workspace):
        return SavedEdit(edit, others, propose(workspace.name, operation, form, draft))
    edit = edit.save(workspace.shared_data, who=signed_in().name, draft=draft)
    saved = SavedEdit(edit, others or edit.merged)
    if draft is not None:
        drafts_of(workspace.name).end_saved(draft, saved.number or None)
    record_edit(workspace.name, operation.words, edit)
    return saved


def propose(workspace: str, operation: Operation, form: DraftForm | None = None, draft: int | None = None) -> Draft:
    """Send *operation* for approval, in place of the draft from which it comes."""
    drafts, who = drafts_of(workspace), signed_in().name
    kept = drafts.keep(form, operation, who, draft) if form is not None else drafts.add(operation, who)
    sent = drafts.send(kept.number, who)
    record_change("send draft", f"draft {sent.number}: {sent.words}", workspace=workspace, after=sent.digest)
    return sent


def record_edit(workspace: str, words: str, edit: Edit) -> None:
    """Record an edit in the audit log, with the revisions of the data file before and after it."""
    before = edit.before.revision if edit.before is not None else None
    record_change("edit data file", words, workspace=workspace, before=before, after=edit.after.revision)


def flash_saved(workspace: str, sentence: str, saved: SavedEdit) -> None:
    """Say what was saved, what others changed meanwhile, and offer to take it back; or say that it was sent."""
    if saved.proposal is not None:
        address = url_for("write.draft_item", workspace=workspace, number=saved.proposal.number)
        text = Markup("{} ").format(_("Sent for approval. It is saved when a maintainer has approved it."))
        flash(text + Markup('<a href="{}">{}</a>').format(address, _("See the proposal")), "ok")
        return
    text = Markup("{}").format(sentence)
    if saved.others:
        merged = _(
            "Somebody else changed this in the meantime, and both changes are kept: %(what)s.", what=saved.others
        )
        text += Markup(" {}").format(merged)
    if saved.number:
        address = url_for("write.history_item", workspace=workspace, number=saved.number)
        text += Markup(' <a href="{}">{}</a>').format(address, _("See or undo"))
    flash(text, "ok")

"""What the forms of news, links and banner have in common: whatever happens, the typed text comes back."""

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import ClassVar, Protocol

from flask import flash, redirect, render_template, request, url_for
from pydantic import ValidationError
from werkzeug import Response

from bot.config.data_operation import Operation
from bot.desk.carried_text import carried_form
from bot.desk.desk import current_desk
from bot.desk.language import gettext as _
from bot.desk.visitor import signed_in
from bot.desk.write.draft_list import draft_number, form_address, withdraw_draft
from bot.desk.write.link_finding import TargetFinding, find
from bot.desk.write.preview_panel import ChangePanel
from bot.desk.write.saved_edit import SavedEdit, asks_approval, drafts_of, flash_saved, save
from bot.desk.write.shown_content import ShownContent, WebAnswer, gone, load_content
from bot.desk.write.write_state import write_state
from bot.errors import BotError, EditConflict, EditConflictError
from bot.operations.content_advice import Advice, Weight
from bot.operations.drafts import Draft, DraftForm
from bot.operations.edit import edit_with

NEW = "new"
_TITLE_LENGTH = 200


class EntryGoneError(BotError):
    """The entry of a form was removed."""


class TypedForm(Protocol):
    """The fields as they were typed."""

    fields: dict[str, str]
    advice: list[Advice]


@dataclass(kw_only=True)
class FormPage(ABC):
    """What a form shows: what is wrong with its fields, and what they would do.

    *area* is the list that the entry belongs to: `news`, `links` or `banner`. *name* is the name of the entry in
    addresses, `new` for a new one. *draft* is the number of the draft that the form continues.
    """

    TEMPLATE: ClassVar[str]
    content: ShownContent
    area: str
    name: str
    form: TypedForm
    advice: list[Advice] = field(default_factory=list)
    conflicts: Sequence[EditConflict] = ()
    finding: TargetFinding | None = None
    panel: ChangePanel | None = None
    draft: int | None = None
    problem: str = ""

    @property
    @abstractmethod
    def title(self) -> str:
        """The entry in words, for the list of drafts."""

    @property
    @abstractmethod
    def saved_words(self) -> str:
        """What was saved and when it appears, for the notice after saving."""

    @abstractmethod
    def read(self, fields: Mapping[str, str]) -> None:
        """Take other values of the fields."""

    @abstractmethod
    def check(self) -> Operation | None:
        """Find all advice; return the operation, or None if the values are refused. May raise `EditConflictError`."""

    @abstractmethod
    def operation(self) -> Operation | None:
        """Return the operation that the form makes, without checks; None if the form is not complete."""

    @abstractmethod
    def rebase(self) -> None:
        """Take the entry as it is in the file now as the base: saving again decides for what is typed."""

    @abstractmethod
    def rewritten(self, action: str, argument: str) -> dict[str, str] | None:
        """Return the fields after a button that changes them; None for a button that saves."""

    @property
    @abstractmethod
    def may_be_saved(self) -> bool:
        """Whether nothing prevents saving, and the person has seen the warnings."""

    @abstractmethod
    def values(self) -> dict[str, object]:
        """Return what the template needs beyond what all forms need."""

    @property
    def is_new(self) -> bool:
        """Whether the form adds an entry."""
        return self.name == NEW

    @property
    def place(self) -> str:
        """The name of the form, for drafts and presence."""
        return f"{self.area}/{self.name}"

    @property
    def workspace(self) -> str:
        """The name of the workspace."""
        return self.content.workspace.name

    @property
    def errors(self) -> list[Advice]:
        """The advice that prevents saving."""
        return [each for each in self.advice if each.weight is Weight.ERROR]

    @property
    def asks_approval(self) -> bool:
        """Whether saving sends the change to a maintainer."""
        return asks_approval(self.content.workspace)

    def open(self) -> WebAnswer:
        """Answer a GET: the saved values, a draft, or what was typed before the session ended."""
        number = draft_number(request.args.get("draft", ""))
        draft = None if number is None else drafts_of(self.workspace).find(number)
        carried = carried_form()
        if carried is not None:
            self.read(self.form.fields | carried.to_dict())
        elif draft is not None and draft.form is not None and draft.form.place == self.place:
            self.draft = draft.number
            self.read(self.form.fields | draft.form.fields)
        return self.show()

    def answer(self) -> WebAnswer:
        """Answer a POST: do what the pressed button says."""
        self.draft = draft_number(request.form.get("draft", ""))
        action, _colon, argument = request.form.get("action", "save").partition(":")
        match action:
            case "draft":
                kept = self.keep()
                flash(_("Kept as a draft. Nothing is published, and the list is as before."), "ok")
                return redirect(form_address(self.workspace, kept), HTTPStatus.SEE_OTHER)
            case "discard":
                return self._discard()
            case "find":
                self.finding = find(self.content, request.form.get("find", ""))
                return self.show()
            case "look":
                return self.look()
        fields = self.rewritten(action, argument)
        if fields is None:
            return self.save()
        self.read(fields)
        return self.show()

    def look(self) -> WebAnswer:
        """Show the form with checks and preview."""
        try:
            self.check()
        except EntryGoneError:
            return gone(self.workspace, self.area)
        except EditConflictError:
            pass  # saving asks about it
        return self.show()

    def save(self) -> WebAnswer:
        """Save the entry, or send it for approval, if nothing is wrong with it; otherwise show the form again."""
        if self.content.problem:
            return self._keep_for(self.content.problem)
        try:
            operation = self.check()
            if operation is None or not self.may_be_saved:
                return self.show(HTTPStatus.UNPROCESSABLE_ENTITY)
            form = self._as_draft() if self.asks_approval else None
            saved = save(self.content, operation, self.form.fields["digest"], form=form, draft=self._open_draft())
        except EditConflictError as error:
            self.conflicts = error.conflicts
            self.content = load_content(self.workspace)
            self.rebase()
            return self.show(HTTPStatus.CONFLICT)
        except EntryGoneError:
            self.keep()
            return gone(self.workspace, self.area)
        except BotError as error:
            return self._keep_for(str(error))
        write_state().presence.leave(self.workspace, self.place, signed_in().name)
        flash_saved(self.workspace, self.saved_words, saved)
        return redirect(self.address_after(saved), HTTPStatus.SEE_OTHER)

    def address_after(self, _saved: SavedEdit) -> str:
        """Return where the person goes after saving."""
        return url_for(f"write.{self.area}", workspace=self.workspace)

    def keep(self) -> Draft:
        """Keep what is typed as a draft."""
        operation = self._complete_operation()
        kept = drafts_of(self.workspace).keep(self._as_draft(), operation, signed_in().name, self.draft)
        self.draft = kept.number
        return kept

    def show(self, status: HTTPStatus = HTTPStatus.OK) -> WebAnswer:
        """Show the form."""
        write_state().listings.begin(self.content.workspace)
        person, now = signed_in().name, current_desk().clock()
        shown = render_template(
            self.TEMPLATE,
            page=self,
            content=self.content,
            form=self.form,
            fields=self.form.fields,
            others=write_state().presence.note(self.workspace, self.place, person, now),
            **self.values(),
        )
        return shown, status

    def _complete_operation(self) -> Operation | None:
        """Return the operation if the form is complete, so that its draft can be sent as it is."""
        if any(each.weight is Weight.ERROR for each in self.form.advice):
            return None
        operation = None
        try:
            operation = self.operation()
            if operation is not None:
                edit_with(self.content.document, operation)
        except EditConflictError:
            return operation  # who sends it is asked
        except (ValidationError, BotError):
            return None
        return operation

    def _as_draft(self) -> DraftForm:
        title = self.title[:_TITLE_LENGTH] or _("without text")
        return DraftForm(place=self.place, title=title, fields=self.form.fields)

    def _open_draft(self) -> int | None:
        known = drafts_of(self.workspace).find(self.draft) if self.draft is not None else None
        return None if known is None else known.number

    def _keep_for(self, reason: str) -> WebAnswer:
        self.keep()
        self.problem = reason
        return self.show(HTTPStatus.UNPROCESSABLE_ENTITY)

    def _discard(self) -> Response:
        back = redirect(url_for(f"write.{self.area}", workspace=self.workspace), HTTPStatus.SEE_OTHER)
        write_state().presence.leave(self.workspace, self.place, signed_in().name)
        if self.draft is not None:
            withdraw_draft(self.workspace, self.draft)
        return back

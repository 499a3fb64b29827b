"""The open drafts and proposals of a workspace as lists show them, whether the desk or a command wrote them."""

import re
from dataclasses import dataclass

from flask import flash, url_for

from bot.config.data_operation import AddEntry, Operation, SetFields, SetSection, Several
from bot.desk.audit_trail import record_change
from bot.desk.language import gettext as _
from bot.desk.roles import Role
from bot.desk.sentences import begun, sentence
from bot.desk.visitor import signed_in
from bot.desk.write.entry_form import SECTIONS
from bot.desk.write.saved_edit import drafts_of
from bot.errors import BotError
from bot.operations.drafts import Draft

_AREAS = {section: area for area, section in SECTIONS.items()} | {"news": "news"}
_NUMBER = re.compile(r"[0-9]{1,9}")


@dataclass(frozen=True, slots=True)
class DraftRow:
    """One draft; *area* is `news`, `links`, `banner` or empty, and *address* is where the person goes on with it."""

    draft: Draft
    title: str
    area: str
    state: str
    address: str

    @property
    def is_new(self) -> bool:
        """Whether the draft is the form of a new entry."""
        return self.draft.form is not None and self.draft.form.place.endswith("/new")


def draft_rows(workspace: str) -> list[DraftRow]:
    """Return the open drafts, the newest first."""
    return [draft_row(workspace, draft) for draft in drafts_of(workspace).iter_newest_first(only_open=True)]


def unfinished(workspace: str, area: str) -> list[DraftRow]:
    """Return the open drafts of an area."""
    return [row for row in draft_rows(workspace) if row.area == area]


def draft_row(workspace: str, draft: Draft) -> DraftRow:
    """Return a draft as lists show it."""
    form = draft.form
    area = form.place.partition("/")[0] if form else _area_of(draft)
    address = form_address(workspace, draft) if draft.state == "draft" else ""
    address = address or url_for("write.draft_item", workspace=workspace, number=draft.number)
    return DraftRow(draft, form.title if form else begun(sentence(draft.words)), area, state_of_draft(draft), address)


def state_of_draft(draft: Draft) -> str:
    """Return the state for people: that of the file, or `approved`."""
    return "approved" if draft.is_open and draft.is_approved else draft.state


def form_address(workspace: str, draft: Draft) -> str:
    """Return the address of the form in which a draft was written; empty for a draft of a command."""
    if draft.form is None:
        return ""
    area, _slash, name = draft.form.place.partition("/")
    if area != "news":
        endpoint = "write.link_item" if area == "links" else "write.banner_line"
        return url_for(endpoint, workspace=workspace, number=name, draft=draft.number)
    if name == "new":
        return url_for("write.news_new", workspace=workspace, draft=draft.number)
    return url_for("write.news_item", workspace=workspace, item_id=name, draft=draft.number)


def draft_number(text: str) -> int | None:
    """Return the number of a draft that an address or a form names; None if it names none."""
    return int(text) if _NUMBER.fullmatch(text) else None


def withdraw_draft(workspace: str, number: int) -> None:
    """Give a draft up, and say so; a draft that is over already stays as it is."""
    try:
        person = signed_in()
        withdrawn = drafts_of(workspace).withdraw(
            number, person.name, is_maintainer=person.may(Role.MAINTAINER, workspace)
        )
    except BotError as error:
        flash(_("Not discarded: %(reason)s", reason=str(error)), "bad")
        return
    record_change("withdraw draft", f"draft {number}: {withdrawn.words}", workspace=workspace)
    flash(_("The draft is discarded."), "ok")


def _area_of(draft: Draft) -> str:
    try:
        operation = draft.load()
    except BotError:
        return ""
    return _AREAS.get(section_of(operation), "")


def section_of(operation: Operation) -> str:
    """Return the section of the data file that an operation changes; empty for several."""
    match operation:
        case AddEntry() | SetFields() | SetSection():
            return operation.section
        case Several():
            sections = {section_of(each) for each in operation.operations}
            return sections.pop() if len(sections) == 1 else ""
        case _:
            return operation.entry.section

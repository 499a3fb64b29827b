"""The form of a news item: add, edit, check, save, keep as a draft. Whatever happens, the typed text comes back."""

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Any

from flask import flash, jsonify, redirect, render_template, request, url_for
from pydantic import ValidationError

from bot.config.data_model import NewsItem
from bot.config.data_operation import AddEntry, EditEntry, EntryPlace, Operation
from bot.config.entry_ref import EntryRef, as_seen
from bot.desk.carried_text import carried_form
from bot.desk.desk import current_desk
from bot.desk.language import clock_time, day
from bot.desk.language import gettext as _
from bot.desk.roles import Role, requires
from bot.desk.visitor import signed_in
from bot.desk.write import blueprint
from bot.desk.write.draft_store import discard_draft, find_draft, keep_draft
from bot.desk.write.file_field import check_file, detached, receive_file
from bot.desk.write.link_finding import TargetFinding, check_links, find
from bot.desk.write.news_form import FIELDS, NEXT_RUN, SET_TIME, NewsForm, fields_of
from bot.desk.write.news_views import flash_saved
from bot.desk.write.preview_panel import ChangePanel, panel_of
from bot.desk.write.shown_content import ShownContent, WebAnswer, gone, load_content, save
from bot.desk.write.write_state import next_run, write_state
from bot.errors import BotError, ContentError, EditConflict, EditConflictError, LockedError
from bot.inline import plain_text
from bot.operations.content_advice import Advice, Topic, Weight, describe_invalid, find_advice
from bot.operations.edit import Edit, edit_with, make_id

NEW = "new"


@dataclass
class NewsFormPage:
    """What the form shows: the fields, what is wrong with them, and what they would do."""

    content: ShownContent
    item_id: str
    form: NewsForm
    advice: list[Advice] = field(default_factory=list)
    conflicts: Sequence[EditConflict] = ()
    finding: TargetFinding | None = None
    panel: ChangePanel | None = None
    draft: int | None = None
    problem: str = ""

    @property
    def is_new(self) -> bool:
        """Whether the form adds an item."""
        return self.item_id == NEW

    @property
    def place(self) -> str:
        """The name of the form, for drafts and presence."""
        return f"news/{self.item_id}"

    def advice_at(self, name: str) -> list[Advice]:
        """Return the advice at a field of the form."""
        return [each for each in self.advice if each.field == name]

    @property
    def errors(self) -> list[Advice]:
        """The advice that prevents saving."""
        return [each for each in self.advice if each.weight is Weight.ERROR]

    @property
    def warnings(self) -> list[Advice]:
        """The advice that the person may ignore."""
        return [each for each in self.advice if each.weight is Weight.WARNING]

    @property
    def confirmation(self) -> str:
        """A digest of the warnings: saving again with the same warnings saves."""
        said = "\n".join(sorted(each.message for each in self.warnings if each.topic is not Topic.UNCHECKED))
        return hashlib.sha256(said.encode()).hexdigest()[:16] if said else ""

    @property
    def is_confirmed(self) -> bool:
        """Whether the person has seen these warnings and saves nevertheless."""
        archived = [each for each in self.warnings if each.topic is Topic.ARCHIVED]
        if archived and not self.form.fields["accept"]:
            return False
        return not self.confirmation or self.form.fields["confirmed"] == self.confirmation


@blueprint.get("/w/<workspace>/news/new")
@requires(Role.EDITOR)
def news_new(workspace: str) -> WebAnswer:
    """Show an empty form, or one with the text of another item."""
    content = load_content(workspace)
    like = _find(content, request.args.get("like", ""))
    fields = {"appears": NEXT_RUN}
    if like is not None:
        fields |= {"text": like.text, "group": like.group or ""}
    return _show(_opened(content, NEW, fields))


@blueprint.get("/w/<workspace>/news/<item_id>")
@requires(Role.EDITOR)
def news_item(workspace: str, item_id: str) -> WebAnswer:
    """Show the form of an item."""
    content = load_content(workspace)
    item = _find(content, item_id)
    if item is None:
        return gone(workspace, "news")
    fields = fields_of(item, content.zone) | {"seen": json.dumps(as_seen(item))}
    return _show(_opened(content, item_id, fields))


@blueprint.post("/w/<workspace>/news/new")
@requires(Role.EDITOR)
def add_news_item(workspace: str) -> WebAnswer:
    """Do what the pressed button says with a new item."""
    return _answer(workspace, NEW)


@blueprint.post("/w/<workspace>/news/<item_id>")
@requires(Role.EDITOR)
def edit_news_item(workspace: str, item_id: str) -> WebAnswer:
    """Do what the pressed button says with an item."""
    return _answer(workspace, item_id)


def _answer(workspace: str, item_id: str) -> WebAnswer:
    content = load_content(workspace)
    fields, problems = receive_file(content, _sent(), _find(content, item_id))
    page = NewsFormPage(content, item_id, NewsForm.read(fields, content.zone), draft=_draft_number())
    page.form.advice += problems
    action, _colon, argument = request.form.get("action", "save").partition(":")
    match action:
        case "draft":
            return _keep_draft(page)
        case "discard":
            return _discard(page)
        case "find":
            page.finding = find(content, request.form.get("find", ""))
            return _show(page)
        case "insert" | "replace" | "detach" | "both":
            page.form = NewsForm.read(_rewritten(page, action, argument), content.zone)
            return _show(page)
        case "attach":
            page.advice = [*page.form.advice, *check_file(page.content, page.form)]
            return _show(page, HTTPStatus.UNPROCESSABLE_ENTITY if page.errors else HTTPStatus.OK)
        case "theirs":
            return _take_theirs(page)
        case "look":
            return _look(page)
        case _:
            return _save(page)


def _look(page: NewsFormPage) -> WebAnswer:
    """WebAnswer with checks and preview, as JSON for the script of the page, else with the whole form."""
    _check(page, make_edit(page))
    if request.headers.get("Accept") != "application/json":
        return _show(page)
    page.panel = _panel(page)
    return jsonify(
        advice={name: render_template("_advice.html.j2", page=page, name=name) for name in _ADVISED},
        panel=render_template("_panel.html.j2", panel=page.panel, workspace=page.content.workspace.name),
        button=save_words(page),
    )


_ADVISED = ("text", "publish_at", "expires_at", "date", "id", "group")


def _save(page: NewsFormPage) -> WebAnswer:
    """Save the item if nothing is wrong with it; otherwise show the form again."""
    content = page.content
    if content.problem:
        return _keep_what_was_typed(page, content.problem)
    try:
        edit = make_edit(page)
        _check(page, edit)
        page.advice += check_file(content, page.form)
        if page.form.values["file"] and not page.errors:
            edit = make_edit(page)  # with the files that it may replace
            _check(page, edit)
        if page.errors or not page.is_confirmed or edit is None:
            return _show(page, HTTPStatus.UNPROCESSABLE_ENTITY)
        saved = save(content, edit.operation, page.form.fields["digest"])  # type: ignore[arg-type]  # it has one
    except EditConflictError as error:
        page.conflicts = error.conflicts
        return _show(_with_their_base(page), HTTPStatus.CONFLICT)
    except LockedError as error:
        page.problem = str(error)
        return _show(page, HTTPStatus.CONFLICT)
    except (ContentError, BotError) as error:
        return _keep_what_was_typed(page, str(error))
    name = content.workspace.name
    if page.draft is not None:
        discard_draft(name, page.draft)
    write_state().presence.leave(name, page.place, signed_in().name)
    flash_saved(name, saved_words(page), saved)
    if page.form.is_now:
        return redirect(url_for("write.publish_now", workspace=name), HTTPStatus.SEE_OTHER)
    return redirect(url_for("write.news", workspace=name), HTTPStatus.SEE_OTHER)


def make_edit(page: NewsFormPage) -> Edit | None:
    """Return the edit that the form makes; None if its values are refused, which becomes advice."""
    page.advice = list(page.form.advice)
    if not page.form.values["text"]:
        return None
    try:
        return edit_with(page.content.document, _operation_of(page))
    except ValidationError as error:
        page.advice += describe_invalid(error)
        return None


def _operation_of(page: NewsFormPage) -> Operation:
    values = {name: value for name, value in page.form.values.items() if value is not None}
    seen = _seen(page)
    if page.is_new or not seen:
        value = values | {"id": _id_of(page)}
        return AddEntry(
            section="news",
            value=value,
            place=EntryPlace(is_first=True),
            may_rename=not page.form.fields["id"].strip(),
        )
    entry = EntryRef(section="news", name=page.item_id, seen=seen)
    return EditEntry(entry=entry, changes=page.form.changes(seen))


def _id_of(page: NewsFormPage) -> str:
    """Return the id of the item: as typed for a new one, else made from its words."""
    if not page.is_new:
        return page.item_id
    taken = {item.id for item in page.content.data.news.items} if page.content.data.news else set()
    return page.form.fields["id"].strip() or make_id(page.form.values["text"], taken)


def _check(page: NewsFormPage, edit: Edit | None) -> None:
    """Add the advice about an edit: the checks of the commands, and the targets of its links."""
    if edit is None:
        return
    page.advice += find_advice(edit, current_desk().clock())
    page.advice += check_links(page.content, edit)


def _seen(page: NewsFormPage) -> dict[str, Any]:
    try:
        found = json.loads(page.form.fields["seen"] or "{}")
    except ValueError:
        return {}
    return found if isinstance(found, dict) else {}


def _with_their_base(page: NewsFormPage) -> NewsFormPage:
    """Return the page with the item as it is in the file now as the base: saving again decides for what is typed."""
    content = load_content(page.content.workspace.name)
    item = _find(content, page.item_id)
    fields = dict(page.form.fields) | {"seen": json.dumps(as_seen(item)) if item else "", "digest": content.digest}
    page.content = content
    page.form = NewsForm.read(fields, content.zone)
    if item is None:
        page.item_id = NEW
    return page


def _take_theirs(page: NewsFormPage) -> WebAnswer:
    """Show the form with what is in the file."""
    item = _find(page.content, page.item_id)
    if item is None:
        return redirect(url_for("write.news", workspace=page.content.workspace.name))
    fields = fields_of(item, page.content.zone) | {"seen": json.dumps(as_seen(item))}
    page.form = NewsForm.read(fields, page.content.zone)
    return _show(page)


def _rewritten(page: NewsFormPage, action: str, argument: str) -> dict[str, str]:
    """Return the fields after a button that changes the text; `both` is what is in the file, then what is typed."""
    fields, text = page.form.fields, page.form.fields["text"]
    if action == "detach":
        return detached(fields)
    if action == "insert":
        return fields | {"text": _inserted(text, argument)}
    if action == "replace":
        wrong, _bar, right = argument.partition("|")
        return fields | {"text": text.replace(wrong, right)}
    item = _find(page.content, page.item_id)
    theirs = item.text.strip() if item else ""
    return fields | ({} if theirs == text.strip() else {"text": f"{theirs} {text.strip()}".strip()})


def _keep_draft(page: NewsFormPage) -> WebAnswer:
    name = page.content.workspace.name
    number = keep_draft(name, page.place, signed_in().name, _title(page), page.form.fields, page.draft)
    flash(_("Kept as a draft. Nothing is published, and the list is as before."), "ok")
    if page.is_new:
        return redirect(url_for("write.news_new", workspace=name, draft=number), HTTPStatus.SEE_OTHER)
    address = url_for("write.news_item", workspace=name, item_id=page.item_id, draft=number)
    return redirect(address, HTTPStatus.SEE_OTHER)


def _keep_what_was_typed(page: NewsFormPage, reason: str) -> WebAnswer:
    """Keep a draft of what cannot be saved, and show the form with the reason."""
    name = page.content.workspace.name
    page.draft = keep_draft(name, page.place, signed_in().name, _title(page), page.form.fields, page.draft)
    page.problem = reason
    return _show(page, HTTPStatus.UNPROCESSABLE_ENTITY)


def _discard(page: NewsFormPage) -> WebAnswer:
    name = page.content.workspace.name
    if page.draft is not None:
        discard_draft(name, page.draft)
        flash(_("The draft is discarded."), "ok")
    write_state().presence.leave(name, page.place, signed_in().name)
    return redirect(url_for("write.news", workspace=name), HTTPStatus.SEE_OTHER)


def _opened(content: ShownContent, item_id: str, fields: Mapping[str, str]) -> NewsFormPage:
    """Return the page as it is opened: with the saved values, a draft, or what was typed before the session ended."""
    page = NewsFormPage(content, item_id, NewsForm.read(dict(fields) | {"digest": content.digest}, content.zone))
    number = request.args.get("draft", "")
    draft = find_draft(content.workspace.name, int(number)) if number.isdecimal() else None
    carried = carried_form()
    if carried is not None:
        page.form = NewsForm.read(page.form.fields | carried.to_dict(), content.zone)
    elif draft is not None and draft.place == page.place:
        page.draft = draft.number
        page.form = NewsForm.read(page.form.fields | draft.fields, content.zone)
    return page


def _show(page: NewsFormPage, status: HTTPStatus = HTTPStatus.OK) -> WebAnswer:
    name = page.content.workspace.name
    write_state().listings.begin(page.content.workspace)
    page.panel = page.panel or _panel(page)
    others = write_state().presence.note(name, page.place, signed_in().name, current_desk().clock())
    shown = render_template(
        "news_form.html.j2",
        page=page,
        content=page.content,
        form=page.form,
        fields=page.form.fields,
        others=others,
        save_words=save_words(page),
        next_run=next_run(),
        pinned=_count_pinned(page),
    )
    return shown, status


def _panel(page: NewsFormPage) -> ChangePanel | None:
    """Return the preview and the change; an item that is not changed needs no edit, and a form without text none."""
    if not page.form.values["text"]:
        return None
    is_unchanged = not page.is_new and not page.form.changes(_seen(page))
    operation = None if is_unchanged else _operation_of(page)
    return panel_of(page.content, operation, "news", page.form.moment, _id_of(page))


def save_words(page: NewsFormPage) -> str:
    """Return what the main button does, and when."""
    moment = page.form.moment
    if page.form.is_now:
        return _("Save, then look at what is published")
    if moment is not None and moment > current_desk().clock():
        local = moment.astimezone(page.content.zone)
        return _("Schedule: appears %(when)s", when=f"{day(local)}, {clock_time(local)}")
    if page.form.fields["appears"] == SET_TIME and moment is None:
        return _("Schedule")
    run = next_run()
    if run is None:
        return _("Save: appears when it is published")
    return _("Save: appears %(when)s", when=f"{day(run)}, {clock_time(run)}")


def saved_words(page: NewsFormPage) -> str:
    """Return what was saved and when it appears, for the notice after saving."""
    moment = page.form.moment
    if page.form.is_now:
        return _("Saved. It is not on the wiki yet: this is what will be written.")
    if moment is not None and moment > current_desk().clock():
        local = moment.astimezone(page.content.zone)
        return _("Scheduled: it appears %(when)s.", when=f"{day(local)}, {clock_time(local)}")
    return _("Saved. It appears with the next run.")


def _count_pinned(page: NewsFormPage) -> int:
    items = page.content.data.news.items if page.content.data.news else ()
    return sum(1 for item in items if item.pinned and item.id != page.item_id)


def _find(content: ShownContent, item_id: str) -> NewsItem | None:
    items = content.data.news.items if content.data.news else ()
    return next((item for item in items if item.id == item_id), None)


def _sent() -> dict[str, str]:
    return {name: request.form.get(name, "") for name in FIELDS}


def _draft_number() -> int | None:
    number = request.form.get("draft", "")
    return int(number) if number.isdecimal() else None


def _inserted(text: str, link: str) -> str:
    return f"{text.rstrip()} {link}".strip()


def _title(page: NewsFormPage) -> str:
    text = plain_text(page.form.values["text"]) if page.form.values["text"] else ""
    return text[:200] or _("without text")

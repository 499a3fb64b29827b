"""The form of a news item: add, edit, check, save, keep as a draft."""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any, ClassVar

from flask import jsonify, redirect, render_template, request, url_for
from pydantic import ValidationError

from bot.config.data_model import NewsItem
from bot.config.data_operation import AddEntry, EditEntry, EntryPlace, Operation
from bot.config.entry_ref import EntryRef, as_seen
from bot.desk.desk import current_desk
from bot.desk.language import clock_time, day
from bot.desk.language import gettext as _
from bot.desk.roles import Role, requires
from bot.desk.write import blueprint
from bot.desk.write.draft_list import draft_number
from bot.desk.write.file_field import check_file, detached, receive_file
from bot.desk.write.form_page import NEW, FormPage
from bot.desk.write.link_finding import check_links
from bot.desk.write.news_form import FIELDS, NEXT_RUN, SET_TIME, NewsForm, fields_of
from bot.desk.write.preview_panel import ChangePanel, panel_of
from bot.desk.write.saved_edit import SavedEdit
from bot.desk.write.shown_content import ShownContent, WebAnswer, gone, load_content
from bot.desk.write.write_state import next_run
from bot.inline import plain_text
from bot.item_id import make_id
from bot.operations.content_advice import Advice, Topic, Weight, describe_invalid, find_advice
from bot.operations.edit import Edit, edit_with

_ADVISED = ("text", "publish_at", "expires_at", "date", "id", "group")


@dataclass(kw_only=True)
class NewsFormPage(FormPage):
    """The form of a news item."""

    TEMPLATE: ClassVar[str] = "news_form.html.j2"
    area: str = "news"
    form: NewsForm

    @property
    def title(self) -> str:
        """The text without Markdown."""
        return plain_text(self.form.values["text"]) if self.form.values["text"] else ""

    def advice_at(self, name: str) -> list[Advice]:
        """Return the advice at a field of the form."""
        return [each for each in self.advice if each.field == name]

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

    @property
    def may_be_saved(self) -> bool:
        """Whether there is no error, and each warning is confirmed."""
        return not self.errors and self.is_confirmed

    @property
    def item(self) -> NewsItem | None:
        """The item as it is in the file; None for a new one."""
        return _find(self.content, self.name)

    @property
    def seen(self) -> dict[str, Any]:
        """The item as it was when the form was opened."""
        try:
            found = json.loads(self.form.fields["seen"] or "{}")
        except (ValueError, RecursionError):
            return {}
        return found if isinstance(found, dict) else {}

    def read(self, fields: Mapping[str, str]) -> None:
        """Take other values of the fields."""
        self.form = NewsForm.read(fields, self.content.zone)

    def answer(self) -> WebAnswer:
        """Do what the pressed button says, with the file that was sent."""
        fields, problems = receive_file(self.content, self.form.fields, self.item)
        self.read(fields)
        self.form.advice += problems
        action = request.form.get("action", "save")
        if action == "attach":
            return self._attach()
        if action == "theirs" and self.item is None:
            return redirect(url_for("write.news", workspace=self.workspace))
        return super().answer()

    def look(self) -> WebAnswer:
        """Show checks and preview: as JSON for the script of the page, else with the whole form."""
        if request.headers.get("Accept") != "application/json":
            return super().look()
        self.check_text(self.make_edit())
        self.panel = self._make_panel()
        return jsonify(
            advice={name: render_template("_advice.html.j2", page=self, name=name) for name in _ADVISED},
            panel=render_template("_panel.html.j2", panel=self.panel, workspace=self.workspace),
            button=self.save_words,
        )

    def check(self) -> Operation | None:
        """Find all advice: of the text, of its links, and of the file with what it may replace."""
        edit = self.make_edit()
        self.check_text(edit)
        self.advice += check_file(self.content, self.form)
        if self.form.values["file"] and not self.errors:
            edit = self.make_edit()  # with the files that it may replace
            self.check_text(edit)
        return None if edit is None else edit.operation

    def make_edit(self) -> Edit | None:
        """Return the edit that the form makes; None if its values are refused, which becomes advice."""
        self.advice = list(self.form.advice)
        operation = self.operation()
        if operation is None:
            return None
        chosen = self.form.fields["id"].strip()
        if self.is_new and _find(self.content, chosen) is not None:
            message = _("Another item has this name; choose another, or leave the field empty.")
            self.advice.append(Advice("id", message, Weight.ERROR))
            return None
        try:
            return edit_with(self.content.document, operation)
        except ValidationError as error:
            self.advice += describe_invalid(error)
            return None

    def check_text(self, edit: Edit | None) -> None:
        """Add the advice about an edit: the checks of the commands, and the targets of its links."""
        if edit is not None:
            self.advice += find_advice(edit, current_desk().clock())
            self.advice += check_links(self.content, edit)

    def operation(self) -> Operation | None:
        """Return the operation that the form makes; None without a text."""
        if not self.form.values["text"]:
            return None
        values = {name: value for name, value in self.form.values.items() if value is not None}
        if self.is_new or not self.seen:
            value = values | {"id": self._id()}
            place = EntryPlace(is_first=True)
            return AddEntry(section="news", value=value, place=place, may_rename=not self.form.fields["id"].strip())
        entry = EntryRef(section="news", name=self.name, seen=self.seen)
        return EditEntry(entry=entry, changes=self.form.changes(self.seen))

    def rebase(self) -> None:
        """Take the item as it is in the file now as the base; one that was removed becomes a new one."""
        item = self.item
        seen = json.dumps(as_seen(item)) if item else ""
        self.read(self.form.fields | {"seen": seen, "digest": self.content.digest})
        if item is None:
            self.name = NEW

    def rewritten(self, action: str, argument: str) -> dict[str, str] | None:
        """Return the fields after a button that changes them; `both` is what is in the file, then what is typed."""
        fields, text = self.form.fields, self.form.fields["text"]
        match action:
            case "detach":
                return detached(fields)
            case "insert":
                return fields | {"text": f"{text.rstrip()} {argument}".strip()}
            case "replace":
                wrong, _bar, right = argument.partition("|")
                return fields | {"text": text.replace(wrong, right)}
            case "theirs" if self.item is not None:
                return fields_of(self.item, self.content.zone) | {"seen": json.dumps(as_seen(self.item))}
            case "both":
                theirs = self.item.text.strip() if self.item else ""
                return fields | ({} if theirs == text.strip() else {"text": f"{theirs} {text.strip()}".strip()})
        return None

    def address_after(self, saved: SavedEdit) -> str:
        """Return where the person goes after saving: to what is published, or to the list."""
        is_now = self.form.is_now and saved.proposal is None
        return url_for("write.publish_now" if is_now else "write.news", workspace=self.workspace)

    @property
    def save_words(self) -> str:
        """What the main button does, and when."""
        moment = self.form.moment
        if self.asks_approval:
            return _("Send for approval")
        if self.form.is_now:
            return _("Save, then look at what is published")
        if moment is not None and moment > current_desk().clock():
            local = moment.astimezone(self.content.zone)
            return _("Schedule: appears %(when)s", when=f"{day(local)}, {clock_time(local)}")
        if self.form.fields["appears"] == SET_TIME and moment is None:
            return _("Schedule")
        run = next_run()
        if run is None:
            return _("Save: appears when it is published")
        return _("Save: appears %(when)s", when=f"{day(run)}, {clock_time(run)}")

    @property
    def saved_words(self) -> str:
        """What was saved and when it appears, for the notice after saving."""
        moment = self.form.moment
        if self.form.is_now:
            return _("Saved. It is not on the wiki yet: this is what will be written.")
        if moment is not None and moment > current_desk().clock():
            local = moment.astimezone(self.content.zone)
            return _("Scheduled: it appears %(when)s.", when=f"{day(local)}, {clock_time(local)}")
        return _("Saved. It appears with the next run.")

    def values(self) -> dict[str, object]:
        """Return the words of the button, the next run, and how many other items are pinned."""
        self.panel = self.panel or self._make_panel()
        items = self.content.data.news.items if self.content.data.news else ()
        pinned = sum(1 for item in items if item.pinned and item.id != self.name)
        return {"save_words": self.save_words, "next_run": next_run(), "pinned": pinned}

    def _attach(self) -> WebAnswer:
        self.draft = draft_number(request.form.get("draft", ""))
        self.advice = [*self.form.advice, *check_file(self.content, self.form)]
        sent = request.files.get("upload")
        if sent is None or not sent.filename:
            self.advice.append(Advice("file", _("Choose a file first, then attach it."), Weight.ERROR))
        return self.show(HTTPStatus.UNPROCESSABLE_ENTITY if self.errors else HTTPStatus.OK)

    def _make_panel(self) -> ChangePanel | None:
        """Return the preview and the change; an item that is not changed needs no edit."""
        operation = self.operation()
        if operation is None:
            return None
        is_unchanged = isinstance(operation, EditEntry) and not operation.changes
        return panel_of(self.content, None if is_unchanged else operation, "news", self.form.moment, self._id())

    def _id(self) -> str:
        """Return the id of the item: as typed for a new one, else made from its words."""
        if not self.is_new:
            return self.name
        taken = {item.id for item in self.content.data.news.items} if self.content.data.news else set()
        return self.form.fields["id"].strip() or make_id(self.form.values["text"], taken)


@blueprint.get("/w/<workspace>/news/new")
@requires(Role.EDITOR)
def news_new(workspace: str) -> WebAnswer:
    """Show an empty form, or one with the text of another item."""
    content = load_content(workspace)
    like = _find(content, request.args.get("like", ""))
    fields = {"appears": NEXT_RUN}
    if like is not None:
        fields |= {"text": like.text, "group": like.group or ""}
    return _page(content, NEW, fields | {"digest": content.digest}).open()


@blueprint.get("/w/<workspace>/news/<item_id>")
@requires(Role.EDITOR)
def news_item(workspace: str, item_id: str) -> WebAnswer:
    """Show the form of an item."""
    content = load_content(workspace)
    item = _find(content, item_id)
    if item is None:
        return gone(workspace, "news")
    seen = {"seen": json.dumps(as_seen(item)), "digest": content.digest}
    return _page(content, item_id, fields_of(item, content.zone) | seen).open()


@blueprint.post("/w/<workspace>/news/new")
@requires(Role.EDITOR)
def add_news_item(workspace: str) -> WebAnswer:
    """Do what the pressed button says with a new item."""
    return _page(load_content(workspace), NEW, _sent()).answer()


@blueprint.post("/w/<workspace>/news/<item_id>")
@requires(Role.EDITOR)
def edit_news_item(workspace: str, item_id: str) -> WebAnswer:
    """Do what the pressed button says with an item."""
    return _page(load_content(workspace), item_id, _sent()).answer()


def _page(content: ShownContent, name: str, fields: Mapping[str, str]) -> NewsFormPage:
    return NewsFormPage(content=content, name=name, form=NewsForm.read(fields, content.zone))


def _find(content: ShownContent, item_id: str) -> NewsItem | None:
    items = content.data.news.items if content.data.news else ()
    return next((item for item in items if item.id == item_id), None)


def _sent() -> dict[str, str]:
    return {name: request.form.get(name, "") for name in FIELDS}

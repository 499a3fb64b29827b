"""The form of a quick link or of a line of the banner: add, edit, check, save, keep as a draft."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar

from flask import request
from pydantic import ValidationError

from bot.config.data_file import DataFile
from bot.config.data_model import Icon, LozengeColour, QuickLink, StatusLine
from bot.config.data_operation import AddEntry, EditEntry, EntryPlace, Operation
from bot.config.entry_ref import iter_entries
from bot.desk.desk import current_desk
from bot.desk.language import gettext as _
from bot.desk.roles import Role, requires
from bot.desk.write import blueprint
from bot.desk.write.entry_form import FIELDS, SECTIONS, EntryForm, fields_of
from bot.desk.write.form_page import NEW, EntryGoneError, FormPage
from bot.desk.write.link_finding import check_links
from bot.desk.write.preview_panel import ChangePanel, panel_of
from bot.desk.write.shown_content import ShownContent, WebAnswer, find_ref, gone, load_content
from bot.operations.content_advice import Topic, describe_invalid, find_advice
from bot.operations.edit import edit_with


@dataclass(kw_only=True)
class EntryFormPage(FormPage):
    """The form of a link or of a line."""

    TEMPLATE: ClassVar[str] = "entry_form.html.j2"
    form: EntryForm

    @property
    def section(self) -> str:
        """The section of the data file."""
        return SECTIONS[self.area]

    @property
    def title(self) -> str:
        """The text of the entry."""
        return self.form.fields["text"].strip()

    @property
    def needs_tick(self) -> bool:
        """Whether the entry links to an archived page, which the person has to confirm."""
        archived = any(each.topic is Topic.ARCHIVED for each in self.advice)
        return archived and not self.form.fields["accept"]

    @property
    def may_be_saved(self) -> bool:
        """Whether there is no error, and a link to an archived page is confirmed."""
        return not self.errors and not self.needs_tick

    @property
    def saved_words(self) -> str:
        """What was saved and when it appears."""
        return _("Saved. It appears with the next run.")

    def read(self, fields: Mapping[str, str]) -> None:
        """Take other values of the fields."""
        self.form = EntryForm.read(self.area, fields, self.content.zone)

    def check(self) -> Operation | None:
        """Find all advice; return the operation if the values are valid. Raises `EntryGoneError`."""
        self.advice = list(self.form.advice)
        if self.errors:
            return None
        operation = self.operation()
        try:
            edit = edit_with(self.content.document, operation)
        except ValidationError as error:
            self.advice += describe_invalid(error)
            return None
        self.advice += [*find_advice(edit, current_desk().clock()), *check_links(self.content, edit)]
        return operation

    def operation(self) -> Operation:
        """Return the operation that the form makes; raises `EntryGoneError`."""
        seen = self.content.as_seen(self.form.fields["digest"])
        if self.is_new:
            under = find_ref(seen, self.section, self.form.fields["under"]) if self.form.fields["under"] else None
            place = EntryPlace(under=under) if under is not None else EntryPlace()
            value = {name: each for name, each in self.form.values.items() if each is not None}
            return AddEntry(section=self.section, value=value, place=place)
        entry = find_ref(seen, self.section, self.name)
        if entry is None:
            raise EntryGoneError
        return EditEntry(entry=entry, changes=self.form.changes(entry.seen))

    def rebase(self) -> None:
        """Take the file as it is now as the base."""
        self.read(self.form.fields | {"digest": self.content.digest})

    def rewritten(self, action: str, argument: str) -> dict[str, str] | None:
        """Return the fields after a link was chosen."""
        return self.form.fields | self.form.with_target(argument) if action == "insert" else None

    def values(self) -> dict[str, object]:
        """Return the choices of the form; the preview too, unless a field is wrong."""
        if not self.form.advice and (self.form.fields["text"] or self.form.fields["icon"]):
            self.panel = self._make_panel()
        return {
            "icons": list(Icon),
            "lozenge_colours": _colour_words(),
            "parents": _possible_parents(self),
        }

    def _make_panel(self) -> ChangePanel | None:
        try:
            operation = self.operation()
            is_unchanged = isinstance(operation, EditEntry) and not operation.changes
            return panel_of(self.content, None if is_unchanged else operation, self.section, self.form.moment)
        except (ValidationError, EntryGoneError):
            return None


@blueprint.get("/w/<workspace>/links/<number>", endpoint="link_item", defaults={"area": "links"})
@blueprint.get("/w/<workspace>/banner/<number>", endpoint="banner_line", defaults={"area": "banner"})
@requires(Role.EDITOR)
def entry_item(workspace: str, area: str, number: str) -> WebAnswer:
    """Show the form of a link or of a line."""
    content = load_content(workspace)
    fields: dict[str, str] = {"under": request.args.get("under", "")}
    if number != NEW:
        found = _find(content.document, SECTIONS[area], number)
        if found is None:
            return gone(workspace, area)
        fields = fields_of(found, content.zone)
    return _page(content, area, number, fields | {"digest": content.digest}).open()


@blueprint.post("/w/<workspace>/links/<number>", endpoint="edit_link_item", defaults={"area": "links"})
@blueprint.post("/w/<workspace>/banner/<number>", endpoint="edit_banner_line", defaults={"area": "banner"})
@requires(Role.EDITOR)
def edit_entry_item(workspace: str, area: str, number: str) -> WebAnswer:
    """Do what the pressed button says with a link or a line."""
    sent = {name: request.form.get(name, "") for name in FIELDS}
    return _page(load_content(workspace), area, number, sent).answer()


def _page(content: ShownContent, area: str, number: str, fields: Mapping[str, str]) -> EntryFormPage:
    form = EntryForm.read(area, fields, content.zone)
    return EntryFormPage(content=content, area=area, name=number, form=form)


def _find(document: DataFile, section: str, number: str) -> QuickLink | StatusLine | None:
    for found in iter_entries(document.data, section):
        steps = [str(step + 1) for step in found.location if isinstance(step, int)]
        if ".".join(steps) == number and isinstance(found.value, QuickLink | StatusLine):
            return found.value
    return None


def _possible_parents(page: EntryFormPage) -> list[tuple[str, str]]:
    """Return number and text of the links below which a new link can be."""
    if page.area != "links" or not page.is_new:
        return []
    region = page.content.data.quick_links
    if region is not None and region.layout not in ("list", "numbered"):
        return []
    return [
        (".".join(str(step + 1) for step in found.location if isinstance(step, int)), found.value.name)
        for found in iter_entries(page.content.data, "quick_links")
        if isinstance(found.value, QuickLink)
    ]


def _colour_words() -> dict[LozengeColour, str]:
    """Return the colours of a lozenge with their names for people."""
    return {
        LozengeColour.GREY: _("grey"),
        LozengeColour.RED: _("red"),
        LozengeColour.YELLOW: _("yellow"),
        LozengeColour.GREEN: _("green"),
        LozengeColour.BLUE: _("blue"),
        LozengeColour.PURPLE: _("purple"),
    }

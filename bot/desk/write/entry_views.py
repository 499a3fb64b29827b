"""Quick links and the lines of the banner: their lists, and the form of one entry.

A link or a line has no id. A page names it by its number, such as `2.1`, and by the digest of the file that it shows.
"""

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Any

from flask import flash, redirect, render_template, request, url_for
from pydantic import ValidationError
from werkzeug import Response

from bot.config.data_file import DataFile
from bot.config.data_model import Icon, LozengeColour, QuickLink, StatusLine
from bot.config.data_operation import AddEntry, EditEntry, EntryPlace, MoveEntry, Operation, RemoveEntry
from bot.config.entry_ref import Entry, EntryRef, entries_of, iter_entries
from bot.desk.carried_text import carried_form
from bot.desk.desk import current_desk
from bot.desk.language import gettext as _
from bot.desk.roles import Role, requires
from bot.desk.visitor import signed_in
from bot.desk.write import blueprint
from bot.desk.write.draft_store import discard_draft, find_draft, keep_draft, list_drafts
from bot.desk.write.entry_form import FIELDS, SECTIONS, EntryForm, fields_of
from bot.desk.write.link_finding import TargetFinding, check_links, find
from bot.desk.write.news_views import flash_saved
from bot.desk.write.preview_panel import ChangePanel, panel_of
from bot.desk.write.shown_content import ShownContent, WebAnswer, find_ref, gone, load_content, save
from bot.desk.write.write_state import next_run, write_state
from bot.errors import BotError, EditConflict, EditConflictError
from bot.operations.content_advice import Advice, Topic, Weight, describe_invalid, find_advice
from bot.operations.edit import edit_with

NEW = "new"


class EntryGoneError(BotError):
    """The entry of a form was removed."""


@dataclass(frozen=True, slots=True)
class EntryRow:
    """One entry of a list at its level; the moves that are possible from its place."""

    number: str
    entry: Entry
    state: str
    below: tuple["EntryRow", ...]
    is_first: bool
    is_last: bool

    @property
    def depth(self) -> int:
        """How many links are above this one."""
        return self.number.count(".")


@dataclass
class EntryPage:
    """What the form of an entry shows."""

    content: ShownContent
    area: str
    number: str
    form: EntryForm
    advice: list[Advice] = field(default_factory=list)
    conflicts: tuple[EditConflict, ...] = ()
    finding: TargetFinding | None = None
    panel: ChangePanel | None = None
    draft: int | None = None
    problem: str = ""

    @property
    def section(self) -> str:
        """The section of the data file."""
        return SECTIONS[self.area]

    @property
    def place(self) -> str:
        """The name of the form, for drafts and presence."""
        return f"{self.area}/{self.number}"

    @property
    def is_new(self) -> bool:
        """Whether the form adds an entry."""
        return self.number == NEW

    @property
    def errors(self) -> list[Advice]:
        """The advice that prevents saving."""
        return [each for each in self.advice if each.weight is Weight.ERROR]

    @property
    def needs_tick(self) -> bool:
        """Whether the entry links to an archived page, which the person has to confirm."""
        archived = any(each.topic is Topic.ARCHIVED for each in self.advice)
        return archived and not self.form.fields["accept"]


@blueprint.get("/w/<workspace>/links")
@requires(Role.EDITOR)
def links(workspace: str) -> str:
    """Show the quick links as a nested list."""
    return _list(workspace, "links")


@blueprint.get("/w/<workspace>/banner")
@requires(Role.EDITOR)
def banner(workspace: str) -> str:
    """Show the lines of the status banner."""
    return _list(workspace, "banner")


def _list(workspace: str, area: str) -> str:
    content, now = load_content(workspace), current_desk().clock()
    section = SECTIONS[area]
    return render_template(
        "entries.html.j2",
        content=content,
        area=area,
        rows=rows_of(entries_of(content.data, section), now),
        region=getattr(content.data, section),
        panel=panel_of(content, None, section) if getattr(content.data, section) else None,
        drafts=[draft for draft in list_drafts(workspace) if draft.place.startswith(f"{area}/")],
        others=write_state().presence.note(workspace, area, signed_in().name, now),
        next_run=next_run(),
    )


@blueprint.post("/w/<workspace>/links")
@requires(Role.EDITOR)
def change_links(workspace: str) -> Response:
    """Move, nest or remove a link."""
    return _change(workspace, "links")


@blueprint.post("/w/<workspace>/banner")
@requires(Role.EDITOR)
def change_banner(workspace: str) -> Response:
    """Move or remove a line of the banner."""
    return _change(workspace, "banner")


@blueprint.get("/w/<workspace>/links/<number>")
@requires(Role.EDITOR)
def link_item(workspace: str, number: str) -> WebAnswer:
    """Show the form of a link."""
    return _open(workspace, "links", number)


@blueprint.post("/w/<workspace>/links/<number>")
@requires(Role.EDITOR)
def edit_link_item(workspace: str, number: str) -> WebAnswer:
    """Do what the pressed button says with a link."""
    return _answer(workspace, "links", number)


@blueprint.get("/w/<workspace>/banner/<number>")
@requires(Role.EDITOR)
def banner_line(workspace: str, number: str) -> WebAnswer:
    """Show the form of a line."""
    return _open(workspace, "banner", number)


@blueprint.post("/w/<workspace>/banner/<number>")
@requires(Role.EDITOR)
def edit_banner_line(workspace: str, number: str) -> WebAnswer:
    """Do what the pressed button says with a line."""
    return _answer(workspace, "banner", number)


def rows_of(entries: tuple[Entry, ...], now: dt.datetime, prefix: str = "") -> tuple[EntryRow, ...]:
    """Return the rows of entries, with the links below them."""
    last = len(entries) - 1
    return tuple(
        EntryRow(
            f"{prefix}{index + 1}",
            entry,
            state_of(entry, now),
            rows_of(entry.links, now, f"{prefix}{index + 1}.") if isinstance(entry, QuickLink) else (),
            index == 0,
            index == last,
        )
        for index, entry in enumerate(entries)
    )


def state_of(entry: Entry, now: dt.datetime) -> str:
    """Return whether an entry is shown: `live`, `scheduled` or `expired`."""
    starts, ends = getattr(entry, "publish_at", None), getattr(entry, "expires_at", None)
    if ends is not None and ends <= now:
        return "expired"
    return "scheduled" if starts is not None and now < starts else "live"


def _change(workspace: str, area: str) -> Response:
    content = load_content(workspace)
    action, _colon, number = request.form.get("do", "").partition(":")
    digest = request.form.get("digest", "")
    back = redirect(url_for(f"write.{area}", workspace=workspace), HTTPStatus.SEE_OTHER)
    seen = content.as_seen(digest)
    entry = find_ref(seen, SECTIONS[area], number)
    if entry is None:
        flash(_("This entry is gone; somebody removed it."), "warn")
        return back
    place = _place_for(seen, area, action, number)
    if action != "remove" and place is None:
        return back
    operation: Operation = RemoveEntry(entry=entry) if place is None else MoveEntry(entry=entry, place=place)
    try:
        saved = save(content, operation, digest)
    except BotError as error:
        flash(_("Not changed: %(reason)s", reason=str(error)), "bad")
        return back
    name = _name_of(entry.seen)
    done = _("“%(words)s” is removed.", words=name) if action == "remove" else _("“%(words)s” is moved.", words=name)
    flash_saved(workspace, done, saved)
    return back


def _place_for(document: DataFile, area: str, action: str, number: str) -> EntryPlace | None:
    """Return where an entry goes; the numbers of its neighbours are counted from its own."""
    section = SECTIONS[area]
    parent, _dot, own = number.rpartition(".")
    prefix = f"{parent}." if parent else ""

    def neighbour(step: int) -> EntryRef | None:
        return find_ref(document, section, f"{prefix}{int(own) + step}")

    match action:
        case "up" if (found := neighbour(-1)) is not None:
            return EntryPlace(before=found)
        case "down" if (found := neighbour(1)) is not None:
            return EntryPlace(after=found)
        case "in" if area == "links" and (found := neighbour(-1)) is not None:
            return EntryPlace(under=found)
        case "out" if parent and (found := find_ref(document, section, parent)) is not None:
            return EntryPlace(after=found)
        case "place":
            return _named_place(document, section, number)
    return None


def _named_place(document: DataFile, section: str, number: str) -> EntryPlace | None:
    """Return the place that the form names with `before`, `after` or `under`."""
    for name in ("before", "after", "under"):
        wanted = request.form.get(name, "")
        if wanted and not f"{wanted}.".startswith(f"{number}."):
            found = find_ref(document, section, wanted)
            return None if found is None else EntryPlace(**{name: found})
    return None


def _open(workspace: str, area: str, number: str) -> WebAnswer:
    content = load_content(workspace)
    fields: dict[str, str] = {"under": request.args.get("under", "")}
    if number != NEW:
        found = _find(content.document, SECTIONS[area], number)
        if found is None:
            return gone(workspace, area)
        fields = fields_of(found, content.zone)
    page = EntryPage(content, area, number, EntryForm.read(area, fields | {"digest": content.digest}, content.zone))
    carried = carried_form()
    kept = request.args.get("draft", "")
    draft = find_draft(workspace, int(kept)) if kept.isdecimal() else None
    if carried is not None:
        page.form = EntryForm.read(area, page.form.fields | carried.to_dict(), content.zone)
    elif draft is not None and draft.place == page.place:
        page.draft = draft.number
        page.form = EntryForm.read(area, page.form.fields | draft.fields, content.zone)
    return _show(page)


def _answer(workspace: str, area: str, number: str) -> WebAnswer:
    content = load_content(workspace)
    sent = {name: request.form.get(name, "") for name in FIELDS}
    page = EntryPage(content, area, number, EntryForm.read(area, sent, content.zone))
    kept = request.form.get("draft", "")
    page.draft = int(kept) if kept.isdecimal() else None
    action, _colon, argument = request.form.get("action", "save").partition(":")
    match action:
        case "find":
            page.finding = find(content, request.form.get("find", ""))
            return _show(page)
        case "insert":
            page.form = EntryForm.read(area, page.form.fields | page.form.with_target(argument), content.zone)
            return _show(page)
        case "draft":
            page.draft = _keep(page)
            flash(_("Kept as a draft. Nothing is published, and the list is as before."), "ok")
            return redirect(_address_of(page), HTTPStatus.SEE_OTHER)
        case "discard":
            if page.draft is not None:
                discard_draft(workspace, page.draft)
            return redirect(url_for(f"write.{area}", workspace=workspace), HTTPStatus.SEE_OTHER)
        case "look":
            return _look(page)
        case _:
            return _save(page)


def _look(page: EntryPage) -> WebAnswer:
    try:
        _check(page)
    except EntryGoneError:
        return gone(page.content.workspace.name, page.area)
    return _show(page)


def _save(page: EntryPage) -> WebAnswer:
    content = page.content
    name = content.workspace.name
    if content.problem:
        page.draft, page.problem = _keep(page), content.problem
        return _show(page, HTTPStatus.UNPROCESSABLE_ENTITY)
    try:
        operation = _check(page)
        if operation is None or page.errors or page.needs_tick:
            return _show(page, HTTPStatus.UNPROCESSABLE_ENTITY)
        saved = save(content, operation, page.form.fields["digest"])
    except EditConflictError as error:
        fresh = load_content(name)
        page.content, page.conflicts = fresh, error.conflicts
        page.form = EntryForm.read(page.area, page.form.fields | {"digest": fresh.digest}, fresh.zone)
        return _show(page, HTTPStatus.CONFLICT)
    except EntryGoneError:
        page.draft = _keep(page)
        return gone(name, page.area)
    except BotError as error:
        page.draft, page.problem = _keep(page), str(error)
        return _show(page, HTTPStatus.UNPROCESSABLE_ENTITY)
    if page.draft is not None:
        discard_draft(name, page.draft)
    write_state().presence.leave(name, page.place, signed_in().name)
    flash_saved(name, _("Saved. It appears with the next run."), saved)
    return redirect(url_for(f"write.{page.area}", workspace=name), HTTPStatus.SEE_OTHER)


def _check(page: EntryPage) -> Operation | None:
    """Add all advice to the page; return the operation if the values are valid."""
    page.advice = list(page.form.advice)
    if page.errors:
        return None
    try:
        operation = _operation_of(page)
        edit = edit_with(page.content.document, operation)
    except ValidationError as error:
        page.advice += describe_invalid(error)
        return None
    page.advice += [*find_advice(edit, current_desk().clock()), *check_links(page.content, edit)]
    return operation


def _operation_of(page: EntryPage) -> Operation:
    seen = page.content.as_seen(page.form.fields["digest"])
    if page.is_new:
        under = find_ref(seen, page.section, page.form.fields["under"]) if page.form.fields["under"] else None
        place = EntryPlace(under=under) if under is not None else EntryPlace()
        value = {name: each for name, each in page.form.values.items() if each is not None}
        return AddEntry(section=page.section, value=value, place=place)
    entry = find_ref(seen, page.section, page.number)
    if entry is None:
        raise EntryGoneError
    return EditEntry(entry=entry, changes=page.form.changes(entry.seen))


def _find(document: DataFile, section: str, number: str) -> QuickLink | StatusLine | None:
    for found in iter_entries(document.data, section):
        steps = [str(step + 1) for step in found.location if isinstance(step, int)]
        if ".".join(steps) == number and isinstance(found.value, QuickLink | StatusLine):
            return found.value
    return None


def _keep(page: EntryPage) -> int:
    title = page.form.fields["text"].strip()[:200] or _("without text")
    return keep_draft(page.content.workspace.name, page.place, signed_in().name, title, page.form.fields, page.draft)


def _address_of(page: EntryPage) -> str:
    endpoint = "write.link_item" if page.area == "links" else "write.banner_line"
    return url_for(endpoint, workspace=page.content.workspace.name, number=page.number, draft=page.draft)


def _show(page: EntryPage, status: HTTPStatus = HTTPStatus.OK) -> WebAnswer:
    name = page.content.workspace.name
    write_state().listings.begin(page.content.workspace)
    if not page.form.advice and (page.form.fields["text"] or page.form.fields["icon"]):
        page.panel = _panel(page)
    others = write_state().presence.note(name, page.place, signed_in().name, current_desk().clock())
    shown = render_template(
        "entry_form.html.j2",
        page=page,
        content=page.content,
        form=page.form,
        fields=page.form.fields,
        others=others,
        icons=list(Icon),
        lozenge_colours=_colour_words(),
        parents=_possible_parents(page),
    )
    return shown, status


def _panel(page: EntryPage) -> ChangePanel | None:
    try:
        operation = _operation_of(page)
        is_unchanged = isinstance(operation, EditEntry) and not operation.changes
        return panel_of(page.content, None if is_unchanged else operation, page.section, page.form.moment)
    except (ValidationError, EntryGoneError):
        return None


def _possible_parents(page: EntryPage) -> list[tuple[str, str]]:
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


def _name_of(seen: Mapping[str, Any]) -> str:
    lozenge = seen.get("lozenge") or {}
    text = str(seen.get("text") or lozenge.get("text") or seen.get("icon") or "")
    return text if len(text) <= 60 else text[:59] + "…"


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

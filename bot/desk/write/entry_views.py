"""Quick links and the lines of the banner: their lists, and what can be done with an entry without opening it.

A link or a line has no id. A page names it by its number, such as `2.1`, and by the digest of the file that it shows.
"""

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any

from flask import flash, redirect, render_template, request, url_for
from werkzeug import Response

from bot.config.data_file import DataFile
from bot.config.data_model import QuickLink
from bot.config.data_operation import EntryPlace, MoveEntry, Operation, RemoveEntry
from bot.config.entry_ref import Entry, EntryRef, entries_of
from bot.desk.desk import current_desk
from bot.desk.language import gettext as _
from bot.desk.roles import Role, requires
from bot.desk.shown_names import icon_name
from bot.desk.visitor import signed_in
from bot.desk.write import blueprint
from bot.desk.write.draft_list import unfinished
from bot.desk.write.entry_form import SECTIONS
from bot.desk.write.preview_panel import panel_of
from bot.desk.write.saved_edit import flash_saved, save
from bot.desk.write.shown_content import find_ref, load_content
from bot.desk.write.write_state import next_run, write_state
from bot.errors import BotError


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


@blueprint.get("/w/<workspace>/links", endpoint="links", defaults={"area": "links"})
@blueprint.get("/w/<workspace>/banner", endpoint="banner", defaults={"area": "banner"})
@requires(Role.EDITOR)
def entries(workspace: str, area: str) -> str:
    """Show the quick links as a nested list, or the lines of the status banner."""
    content, now = load_content(workspace), current_desk().clock()
    section = SECTIONS[area]
    return render_template(
        "entries.html.j2",
        content=content,
        area=area,
        rows=rows_of(entries_of(content.data, section), now),
        region=getattr(content.data, section),
        panel=panel_of(content, None, section) if getattr(content.data, section) else None,
        drafts=unfinished(workspace, area),
        others=write_state().presence.note(workspace, area, signed_in().name, now),
        next_run=next_run(),
    )


@blueprint.post("/w/<workspace>/links", endpoint="change_links", defaults={"area": "links"})
@blueprint.post("/w/<workspace>/banner", endpoint="change_banner", defaults={"area": "banner"})
@requires(Role.EDITOR)
def change_entries(workspace: str, area: str) -> Response:
    """Move, nest or remove a link, or a line of the banner."""
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


def _name_of(seen: Mapping[str, Any]) -> str:
    lozenge = seen.get("lozenge") or {}
    text = str(seen.get("text") or lozenge.get("text") or icon_name(seen.get("icon") or ""))
    return text if len(text) <= 60 else text[:59] + "…"

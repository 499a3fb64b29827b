"""Edit the data file: news, banner, links. Each edit is a value that can be reviewed before it is saved.

Several people and processes can edit one file at a time: an edit is saved under the lock of the file. If the file was
changed after it was read, the edit is made again on the new content; a change of the same field is a conflict.
"""

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Self

from pydantic import TypeAdapter

from bot.config.data_changes import describe_changes
from bot.config.data_file import DataFile, with_one_target
from bot.config.data_model import REGION_NAMES, NewsFile, NewsItem, QuickLink, StatusLine
from bot.config.data_operation import (
    AddEntry,
    EditEntry,
    EntryPlace,
    MoveEntry,
    Operation,
    RemoveEntry,
    SetFields,
)
from bot.config.entry_ref import EntryRef, as_seen
from bot.config.link_choice import LinkChoice, LinkDestination
from bot.errors import ContentError
from bot.item_id import make_id
from bot.plural import counted
from bot.text_diff import unified_diff

if TYPE_CHECKING:
    from bot.config.revision_journal import Revision
    from bot.config.shared_data_file import SharedDataFile

_NOT_COPIED = ("id", "date", "publish_at", "expires_at", "review_by", "pinned", "file")
_ANY: TypeAdapter[dict[str, Any]] = TypeAdapter(dict[str, Any])


@dataclass(frozen=True, slots=True)
class Edit:
    """A change of the data file; *before* is None for a new file.

    *operation* makes *after* from *before*; an edit without one is not made again on a file that was changed. After
    `save`, *revision* is what was recorded, and *merged* says what other people changed in the meantime.
    """

    before: DataFile | None
    after: DataFile
    operation: Operation | None = None
    undoes: int | None = None
    revision: "Revision | None" = None
    merged: str = ""

    @property
    def diff(self) -> str:
        """The change as a unified diff of the file."""
        return unified_diff(self.before.text if self.before else "", self.after.text, self.after.path.name)

    def rebased(self) -> Self:
        """Return this edit as a change of the file as it is on disk now; the caller has the lock of the data file.

        Raises `EditConflictError` if the file was changed where this edit changes it, and `ContentError` if it is not
        readable any more.
        """
        path = self.after.path
        if self.before is None or self.operation is None or not path.exists():
            return self
        current = DataFile.load(path)
        if current.text == self.before.text:
            return self
        after = self.operation.apply(current)
        return replace(self, before=current, after=after, merged=describe_changes(self.before, current))

    def save(self, shared: "SharedDataFile", **details: object) -> Self:
        """Write the file under its lock, as its next revision; return the edit that was saved.

        *details* are fields of `Revision`, such as `who`. Raises `EditConflictError` or `ContentError` if the edit does
        not fit the file as it is now (then nothing is written) and `LockedError` if another process does not release
        the lock.
        """
        with shared.editing():
            return self.save_locked(shared, **details)

    def save_locked(self, shared: "SharedDataFile", **details: object) -> Self:
        """Do the same as `save`; the caller has the lock."""
        edit = self.rebased()
        known = {"undoes": edit.undoes, "origin": "undone"} if edit.undoes is not None else {}
        what = edit.operation.words if edit.operation else describe_changes(edit.before, edit.after)
        if edit.undoes is not None:
            what = f"revision {edit.undoes} undone: {what}"
        return replace(edit, revision=shared.save(edit.after, what, **(known | details)))


def regions_of(edit: Edit) -> list[str]:
    """Return the regions whose section of the data file *edit* changes."""
    before = edit.before.data if edit.before else None
    return [name for name in REGION_NAMES if getattr(before, name, None) != getattr(edit.after.data, name)]


def edit_with(document: DataFile, operation: Operation) -> Edit:
    """Return the edit of *document* that *operation* makes."""
    return Edit(document, operation.apply(document), operation)


def add_news(
    document: DataFile,
    text: str,
    *,
    item_id: str | None = None,
    date: dt.date | None = None,
    publish_at: dt.datetime | None = None,
    expires_at: dt.datetime | None = None,
    review_by: dt.date | None = None,
    pinned: bool = False,
    file: NewsFile | None = None,
) -> Edit:
    """Add a news item as the newest; if no id is given, the id is built from its words."""
    given: dict[str, object] = {"date": date, "publish_at": publish_at, "expires_at": expires_at}
    given |= {"review_by": review_by, "file": file}
    fields = {key: value for key, value in given.items() if value is not None} | {"text": text}
    fields |= {"pinned": True} if pinned else {}
    taken = {item.id for item in document.data.news.items} if document.data.news else set()
    item = NewsItem.model_validate({"id": item_id or make_id(text, taken)} | fields)
    place = EntryPlace(is_first=True)
    return edit_with(document, AddEntry(section="news", value=as_seen(item), place=place, may_rename=item_id is None))


def duplicate_news(document: DataFile, item_id: str) -> Edit:
    """Add a copy of a news item as the newest, without its times, its day and its pin."""
    item = document.data.news.items[document.news_index(item_id)] if document.data.news else None
    assert item is not None  # noqa: S101 -- news_index found it
    value = {key: each for key, each in as_seen(item).items() if key not in _NOT_COPIED}
    place = EntryPlace(is_first=True)
    taken = {each.id for each in document.data.news.items} if document.data.news else set()
    value["id"] = make_id(item.text, taken)
    return edit_with(document, AddEntry(section="news", value=value, place=place, may_rename=True))


def edit_news(document: DataFile, item_id: str, changes: Mapping[str, object]) -> Edit:
    """Set the given fields of a news item; None removes one."""
    return edit_with(document, EditEntry(entry=_news_item(document, item_id), changes=_json(changes)))


def remove_news(document: DataFile, item_id: str) -> Edit:
    """Remove a news item."""
    return edit_with(document, RemoveEntry(entry=_news_item(document, item_id)))


def move_news(
    document: DataFile, item_id: str, *, before: str | None = None, after: str | None = None, index: int = 0
) -> Edit:
    """Move a news item next to another one, or to *index* in the file; -1 is the end."""
    count = len(document.data.news.items) if document.data.news else 0
    place = EntryPlace(
        before=None if before is None else _news_item(document, before),
        after=None if after is None else _news_item(document, after),
        index=index % count if count else 0,
    )
    return edit_with(document, MoveEntry(entry=_news_item(document, item_id), place=place))


def set_heading(document: DataFile, region: str, heading: str | None, *, level: int | None = None) -> Edit:
    """Set the heading of a region, or remove it with None; *level* 0 is a bold line."""
    value = getattr(document.data, region)
    if value is None:
        raise ContentError(f"has no section {region!r} yet; add its first entry, then its heading", path=document.path)
    changes: dict[str, object] = {"heading": heading} | ({} if level is None else {"heading_level": level})
    return edit_with(document, SetFields(section=region, seen=as_seen(value), changes=changes))


def set_banner(document: DataFile, lines: Sequence[StatusLine], *, heading: str | None = None) -> Edit:
    """Replace the lines of the status banner, its heading, or both."""
    value = document.data.status
    known = {(line.icon, line.text): line for line in value.lines} if value else {}
    kept = [known.get((line.icon, line.text), line) for line in lines]  # with its times and its cells
    changes: dict[str, object] = {"lines": [as_seen(line) for line in kept]} if lines else {}
    changes |= {"heading": heading} if heading is not None else {}
    if value is None and not lines:
        return set_heading(document, "status", heading)
    return edit_with(document, SetFields(section="status", seen=as_seen(value) if value else {}, changes=changes))


def edit_banner_line(document: DataFile, number: int, changes: Mapping[str, object]) -> Edit:
    """Set the given fields of one line of the status banner, counted from 1."""
    return edit_with(document, EditEntry(entry=_banner_line(document, number), changes=_json(changes)))


def add_banner_line(document: DataFile, line: StatusLine, *, before: int | None = None) -> Edit:
    """Add a line to the status banner, at the end or before another line."""
    place = EntryPlace(before=None if before is None else _banner_line(document, before))
    return edit_with(document, AddEntry(section="status", value=as_seen(line), place=place))


def move_banner_line(document: DataFile, number: int, to: int) -> Edit:
    """Move a line of the status banner to the place of line *to*; both are counted from 1."""
    _banner_line(document, to)
    return edit_with(document, MoveEntry(entry=_banner_line(document, number), place=EntryPlace(index=to - 1)))


def remove_banner_line(document: DataFile, number: int) -> Edit:
    """Remove a line of the status banner."""
    return edit_with(document, RemoveEntry(entry=_banner_line(document, number)))


def add_link(document: DataFile, link: QuickLink, *, under: str | None = None, first: bool = False) -> Edit:
    """Add a quick link at the top level, or below another."""
    parent = None if under is None else _link(document, LinkChoice(under))
    place = EntryPlace(under=parent, is_first=first)
    return edit_with(document, AddEntry(section="quick_links", value=as_seen(link), place=place))


def edit_link(document: DataFile, choice: LinkChoice, changes: Mapping[str, object]) -> Edit:
    """Set the given fields of a quick link; a new target replaces the old one."""
    changes = with_one_target(document.find_link(choice).link, changes)
    return edit_with(document, EditEntry(entry=_link(document, choice), changes=_json(changes)))


def move_link(document: DataFile, choice: LinkChoice, destination: LinkDestination) -> Edit:
    """Move a quick link and the links below it."""
    named = {
        key: None if name is None else _link(document, LinkChoice(name))
        for key, name in (("before", destination.before), ("after", destination.after), ("under", destination.under))
    }
    entry = _link(document, choice)
    if entry.name in {each.name for each in (named["before"], named["after"]) if each is not None}:
        raise ContentError(f"the {entry.words} cannot be moved next to itself", path=document.path)
    place = EntryPlace(**named, is_top_level=destination.is_top_level, is_first=destination.is_first)
    return edit_with(document, MoveEntry(entry=entry, place=place))


def remove_link(document: DataFile, choice: LinkChoice) -> Edit:
    """Remove a quick link and the links below it."""
    return edit_with(document, RemoveEntry(entry=_link(document, choice)))


def _json(changes: Mapping[str, object]) -> dict[str, Any]:
    """Return *changes* as JSON values, as an operation has them."""
    found: dict[str, Any] = _ANY.dump_python(dict(changes), mode="json")
    return found


def _news_item(document: DataFile, item_id: str) -> EntryRef:
    return EntryRef.at(document.data, ("news", "items", document.news_index(item_id)))


def _banner_line(document: DataFile, number: int) -> EntryRef:
    count = len(document.data.status.lines) if document.data.status else 0
    if not 1 <= number <= count:
        raise ContentError(
            f"the status banner has no line {number}; it has {counted(count, 'line')}",
            path=document.path,
            line=document.source.line_of(("status", "lines")),
        )
    return EntryRef.at(document.data, ("status", "lines", number - 1))


def _link(document: DataFile, choice: LinkChoice) -> EntryRef:
    return EntryRef.at(document.data, document.find_link(choice).location)

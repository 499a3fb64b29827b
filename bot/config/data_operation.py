"""Edits of the data file as values: what is changed, and what the person who changes it saw.

An operation can be stored, and applied later to a file that other people changed in the meantime. Changes of other
entries, and of other fields of the same entry, stay. If the same field was changed, the error has both values.
"""

import datetime as dt
import re
from collections.abc import Mapping
from functools import cache
from itertools import count
from typing import Annotated, Any, Literal, NoReturn

from pydantic import BaseModel, ConfigDict, Field, TypeAdapter, ValidationError

from bot.config.data_file import ENTRY_LISTS, DataFile, plain_value
from bot.config.data_model import NewsItem, QuickLink, StatusLine, WorkspaceData
from bot.config.entry_ref import Entry, EntryRef, EntrySection, FoundEntry, as_seen, entries_of
from bot.config.yaml_source import Location
from bot.errors import ContentError, EditConflict, EditConflictError

MODELS: dict[str, type[Entry]] = {"status": StatusLine, "quick_links": QuickLink, "news": NewsItem}
SECTION_WORDS = {
    "status": "banner",
    "quick_links": "quick links",
    "page_index": "page index",
    "older_news": "older news",
}


class _Value(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", defer_build=True)


class EntryPlace(_Value):
    """A place in a list: next to an entry, else first or last; below the link *under*, or at the top level.

    Without *under* and *is_top_level*, a moved entry stays in its list. *index* is used if nothing else is set.
    """

    before: EntryRef | None = None
    after: EntryRef | None = None
    under: EntryRef | None = None
    is_top_level: bool = False
    is_first: bool = False
    index: int | None = None


class AddEntry(_Value):
    """Add an entry. *written* is its text in another revision of the file, with its style and comments.

    With *may_rename*, a news item whose id is taken by now gets another.
    """

    kind: Literal["add"] = "add"
    section: EntrySection
    value: dict[str, Any]
    place: EntryPlace = EntryPlace.model_construct()
    written: str | None = None
    may_rename: bool = False

    @property
    def words(self) -> str:
        """The operation in words."""
        return f"{_label(self.section, self.value)} added"

    def apply(self, document: DataFile) -> DataFile:
        """Return the file with the entry; a neighbour that is gone is replaced by the nearest place."""
        value = MODELS[self.section].model_validate(self.value)
        if isinstance(value, NewsItem):
            value = self._with_free_id(value, document)
        parent, index = _find_place(document, self.section, self.place, default=(self.section,))
        return document.add_entry(parent, index, value, written=self.written)

    def _with_free_id(self, item: NewsItem, document: DataFile) -> NewsItem:
        taken = {other.id for other in _news(document.data)}
        if item.id not in taken:
            return item
        if not self.may_rename:
            line = document.source.line_of(("news", "items"))
            message = f"there is a news item {item.id!r} already; choose another id"
            raise ContentError(message, path=document.path, line=line)
        stem = re.sub(r"-\d+$", "", item.id)[:_MAX_ID_STEM]
        names = (f"{stem}-{number}" for number in count(2))
        return item.model_copy(update={"id": next(name for name in names if name not in taken)})


class EditEntry(_Value):
    """Set fields of an entry; None removes a field."""

    kind: Literal["edit"] = "edit"
    entry: EntryRef
    changes: dict[str, Any]

    @property
    def words(self) -> str:
        """The operation in words."""
        return f"{self.entry.words}: {', '.join(self.changes)} changed"

    def apply(self, document: DataFile) -> DataFile:
        """Return the file with these fields; other fields are as in *document*."""
        found = self.entry.find(document.data)
        if found is None:
            raise _gone(document, self.entry, self.entry.seen | self.changes)
        now = as_seen(found.value)
        clashes = [key for key in self.changes if not _may_set(key, self.entry.seen, now, self.changes[key])]
        if clashes:
            self._refuse(document, now, clashes)
        wanted = {key: value for key, value in (now | self.changes).items() if value is not None}
        try:
            value = MODELS[self.entry.section].model_validate(wanted)
        except ValidationError:
            others = [key for key in now.keys() | self.entry.seen.keys() if now.get(key) != self.entry.seen.get(key)]
            if not others:
                raise
            self._refuse(document, now, sorted({*others, *self.changes}))
        written = {
            key: None if self.changes[key] is None else in_file(getattr(value, key))
            for key in self.changes
            if now.get(key) != as_seen(value).get(key)
        }
        return document.edit_entry(found.location, written)

    def _refuse(self, document: DataFile, now: Mapping[str, Any], keys: list[str]) -> NoReturn:
        seen, yours = self.entry.seen, self.entry.seen | self.changes
        conflicts = [EditConflict(self.entry.words, key, seen.get(key), now.get(key), yours.get(key)) for key in keys]
        raise EditConflictError(conflicts, path=document.path)


class RemoveEntry(_Value):
    """Remove an entry, with the links below it, as it was seen."""

    kind: Literal["remove"] = "remove"
    entry: EntryRef

    @property
    def words(self) -> str:
        """The operation in words."""
        return f"{self.entry.words} removed"

    def apply(self, document: DataFile) -> DataFile:
        """Return the file without the entry; an entry that is gone already is no conflict."""
        found = self.entry.find(document.data)
        if found is None:
            return document
        if as_seen(found.value) != self.entry.seen:
            conflict = EditConflict(self.entry.words, "", self.entry.seen, as_seen(found.value), None)
            raise EditConflictError([conflict], path=document.path)
        return document.remove_entry(found.location)


class MoveEntry(_Value):
    """Move an entry to another place; its content is as in the file."""

    kind: Literal["move"] = "move"
    entry: EntryRef
    place: EntryPlace

    @property
    def words(self) -> str:
        """The operation in words."""
        return f"{self.entry.words} moved"

    def apply(self, document: DataFile) -> DataFile:
        """Return the file with the entry at its new place."""
        found = self.entry.find(document.data)
        if found is None:
            raise _gone(document, self.entry, self.entry.seen)
        for neighbour in (self.place.before, self.place.after, self.place.under):
            if neighbour is not None and neighbour.find(document.data) is None:
                raise _gone(document, neighbour, neighbour.seen)
        parent, index = _find_place(document, self.entry.section, self.place, default=_parent_of(found.location))
        if self.place.before or self.place.after:
            index = _without_itself(found, parent, index)
        return document.move_entry(found.location, parent, index)


class SetFields(_Value):
    """Set fields of a section, such as its heading, or the lines of the banner together; None removes a field."""

    kind: Literal["fields"] = "fields"
    section: str
    seen: dict[str, Any]
    changes: dict[str, Any]

    @property
    def words(self) -> str:
        """The operation in words."""
        return f"{_section_words(self.section)}: {', '.join(self.changes).replace('_', ' ')} changed"

    def apply(self, document: DataFile) -> DataFile:
        """Return the file with these fields."""
        value = getattr(document.data, self.section)
        now = as_seen(value) if value is not None else {}
        clashes = [key for key in self.changes if not _may_set(key, self.seen, now, self.changes[key])]
        if clashes:
            words = _section_words(self.section)
            conflicts = [EditConflict(words, k, self.seen.get(k), now.get(k), self.changes[k]) for k in clashes]
            raise EditConflictError(conflicts, path=document.path)
        model = section_model(self.section)
        wanted = model.model_validate({k: v for k, v in (now | self.changes).items() if v is not None})
        if value is None:
            return document.set_section(self.section, wanted)
        written = {key: None if self.changes[key] is None else in_file(getattr(wanted, key)) for key in self.changes}
        return document.set_fields(self.section, written)


class SetSection(_Value):
    """Add or remove a whole section."""

    kind: Literal["section"] = "section"
    section: str
    seen: dict[str, Any] | None
    value: dict[str, Any] | None

    @property
    def words(self) -> str:
        """The operation in words."""
        return f"{_section_words(self.section)} {'removed' if self.value is None else 'added'}"

    def apply(self, document: DataFile) -> DataFile:
        """Return the file with or without the section."""
        value = getattr(document.data, self.section)
        now = None if value is None else as_seen(value)
        if now == self.value:
            return document
        if now != self.seen and self.value is None and self._has_new_entries(document):
            return self._remove_seen_entries(document)
        if now != self.seen:
            conflict = EditConflict(_section_words(self.section), "", self.seen, now, self.value)
            raise EditConflictError([conflict], path=document.path)
        model = section_model(self.section)
        return document.set_section(self.section, None if self.value is None else model.model_validate(self.value))

    def _has_new_entries(self, document: DataFile) -> bool:
        """Return whether others added entries to the section since."""
        key = ENTRY_LISTS.get(self.section)
        seen = (self.seen or {}).get(key or "", ())
        return key is not None and len(entries_of(document.data, self.section)) > len(seen)

    def _remove_seen_entries(self, document: DataFile) -> DataFile:
        """Return the file without the entries that were seen; those of others stay, and so does the section."""
        key = ENTRY_LISTS[self.section]
        value = section_model(self.section).model_validate(self.seen)
        seen = document.data.model_copy(update={self.section: value})
        count = len(entries_of(seen, self.section))
        refs = [EntryRef.at(seen, (self.section, key, number)) for number in range(count)]
        return Several(operations=tuple(RemoveEntry(entry=ref) for ref in refs)).apply(document)


class Several(_Value):
    """Operations that are made together or not at all."""

    kind: Literal["several"] = "several"
    operations: tuple["Operation", ...]

    @property
    def words(self) -> str:
        """The operations in words; the first few, if there are many."""
        listed = [operation.words for operation in self.operations[:_MOST_WORDS]]
        more = len(self.operations) - len(listed)
        return "; ".join((*listed, *([f"and {more} more"] if more else []))) or "nothing"

    def apply(self, document: DataFile) -> DataFile:
        """Return the file after all operations; raises `EditConflictError` with the conflicts of all of them."""
        conflicts: list[EditConflict] = []
        path = document.path
        for operation in self.operations:
            try:
                document = operation.apply(document)
            except EditConflictError as error:
                conflicts += error.conflicts
        if conflicts:
            raise EditConflictError(conflicts, path=path)
        return document


Operation = Annotated[
    AddEntry | EditEntry | RemoveEntry | MoveEntry | SetFields | SetSection | Several, Field(discriminator="kind")
]
_MOST_WORDS = 3
_MAX_ID_STEM = 70


@cache
def _operation_adapter() -> TypeAdapter[Operation]:
    return TypeAdapter(Operation)


def load_operation(value: object) -> Operation:
    """Return the operation that `model_dump(mode="json")` wrote; raises `ValidationError`."""
    return _operation_adapter().validate_python(value)


def section_model(name: str) -> type[BaseModel]:
    """Return the model of a section of the data file."""
    annotation = WorkspaceData.model_fields[name].annotation
    options = getattr(annotation, "__args__", (annotation,))
    return next(each for each in options if isinstance(each, type) and issubclass(each, BaseModel))


def in_file(value: object) -> object:
    """Return a value as it is written in the file; a moment is in UTC."""
    return value.astimezone(dt.UTC) if isinstance(value, dt.datetime) else plain_value(value)


def _may_set(key: str, seen: Mapping[str, Any], now: Mapping[str, Any], wanted: object) -> bool:
    """Return whether nobody else changed the field, or somebody changed it to the same value."""
    return now.get(key) == seen.get(key) or now.get(key) == wanted


def _gone(document: DataFile, entry: EntryRef, yours: Mapping[str, Any]) -> EditConflictError:
    conflict = EditConflict(entry.words, "", entry.seen, None, {k: v for k, v in yours.items() if v is not None})
    return EditConflictError([conflict], path=document.path)


def _find_place(
    document: DataFile, section: str, place: EntryPlace, *, default: Location
) -> tuple[Location, int | None]:
    """Return the list, by its parent, and the position in it; None is the end."""
    for neighbour, offset in ((place.before, 0), (place.after, 1)):
        found = None if neighbour is None else neighbour.find(document.data)
        if found is not None:
            return _parent_of(found.location), int(found.location[-1]) + offset
    parent: Location = (section,) if place.is_top_level else default
    if place.under is not None:
        under = place.under.find(document.data)
        if under is None:
            raise _gone(document, place.under, place.under.seen)
        parent = under.location
    return parent, 0 if place.is_first else place.index


def _parent_of(location: Location) -> Location:
    return location[:-2]


def _without_itself(found: FoundEntry, parent: Location, index: int | None) -> int | None:
    """Return the position in the list without the moved entry; it counts in the list that it leaves."""
    is_behind = parent == _parent_of(found.location) and index is not None and int(found.location[-1]) < index
    return index - 1 if is_behind and index is not None else index


def _news(data: WorkspaceData) -> tuple[NewsItem, ...]:
    return data.news.items if data.news else ()


def _label(section: str, value: Mapping[str, Any]) -> str:
    if section == "news":
        return f"news item {value.get('id')!r}"
    if section == "status":
        return f"banner line {value.get('text') or value.get('icon') or ''!r}".rstrip()
    return f"link {value.get('text') or 'with a picture'!r}"


def _section_words(section: str) -> str:
    return SECTION_WORDS.get(section, section)

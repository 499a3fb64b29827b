"""The canonical data file: load with line numbers, edit one value in place, preserve every other byte."""

import hashlib
from collections.abc import Mapping, Sequence
from contextlib import nullcontext
from dataclasses import dataclass
from pathlib import Path
from typing import Self

from pydantic import BaseModel

from bot.config import yaml_edit
from bot.config.data_model import NewsItem, NewsPoint, QuickLink, StatusLine, WorkspaceData
from bot.config.link_choice import LinkChoice, LinkChoiceError, LinkDestination, LinkPlace, choose_link
from bot.config.region_edit import update_value
from bot.config.yaml_source import Location, YamlSource, parse_yaml, read_text, validate
from bot.errors import ContentError
from bot.files import folder_lock, read_file, replace_file
from bot.plural import counted
from bot.suggestion import did_you_mean

SCHEMA_NAME = "workspace.schema.json"
_TARGETS = ("page", "url", "attachment")
ENTRY_LISTS = {"status": "lines", "quick_links": "links", "news": "items"}
"""The key of the list of entries in each section that has one."""
_PUT_BACK = "complete it, or put its content back from version control or a backup"
_SCHEMA_LINE = f"# yaml-language-server: $schema={SCHEMA_NAME}\n"


def read_present(path: Path) -> bytes | None:
    """Return the bytes of a data file as they are on the disk; None if there is no file; raises `ContentError`."""
    try:
        return read_file(path) if path.exists() else None
    except OSError as error:
        raise ContentError(f"cannot be read: {error.strerror}", path=path) from error


@dataclass(frozen=True, slots=True)
class DataFile:
    """One data file as text and as values; every edit returns a new `DataFile` and does not change this one."""

    source: YamlSource
    data: WorkspaceData
    loaded_text: str | None

    @classmethod
    def load(cls, path: Path) -> Self:
        """Load a data file; raises `ContentError` with file and line.

        A file with the content that it had at the last time is not parsed again.
        """
        if not path.exists():
            raise ContentError("does not exist; create it from a page with `wikibot adopt PAGE --space KEY`", path=path)
        text = read_text(path, ContentError)
        known = _find_known(path, text)
        if known is not None:
            return cls(*known, text)
        return cls(*_parse(text, path), text)

    @classmethod
    def parse(cls, text: str, path: Path) -> Self:
        """Parse *text* as the content of the data file at *path*; the file does not have to exist."""
        known = _find_known(path, text)
        if known is not None:
            return cls(*known, None)
        return cls(*_parse(text, path), None)

    @classmethod
    def create(cls, data: WorkspaceData, path: Path) -> Self:
        """Return a new data file with the content *data*."""
        text = _SCHEMA_LINE + yaml_edit.dump(_plain(data)) + "\n"
        return cls.parse(text, path)

    @property
    def path(self) -> Path:
        """Path of the file."""
        return self.source.path

    @property
    def text(self) -> str:
        """Text of the file."""
        return self.source.text

    @property
    def revision(self) -> str:
        """Short digest of the bytes of the file."""
        return revision_of(self.text)

    def set_region(self, name: str, value: BaseModel) -> Self:
        """Set the value of a region, or add the region; what stays the same keeps its comments and its style."""
        old = getattr(self.data, name)
        if old is not None:
            try:
                edited = self._edited(update_value(self.source, (name,), _plain(old), _plain(value)))
            except ContentError:
                pass  # the file spells the value in another way, for example with an anchor
            else:
                if getattr(edited.data, name) == value:
                    return edited
        return self._edited(yaml_edit.set_value(self.source, (name,), _plain(value)))

    def edit_entry(self, location: Location, changes: Mapping[str, object]) -> Self:
        """Set the given keys of the mapping at *location*; None removes a key."""
        return self._edited(yaml_edit.set_keys(self.source, location, changes))

    def add_entry(self, parent: Location, index: int | None, value: BaseModel, *, written: str | None = None) -> Self:
        """Insert an entry into the list of *parent*: a section, or a link. *index* None is the end.

        *written* is the text of the entry in another revision of the file; it is used if the list allows this.
        """
        section = str(parent[0])
        if getattr(self.data, section) is None:
            return self._edited(yaml_edit.set_value(self.source, (section,), {ENTRY_LISTS[section]: [_plain(value)]}))
        return self._edited(
            _insert_entry(self.source, (*parent, ENTRY_LISTS[section]), index, _plain(value), written=written)
        )

    def move_entry(self, location: Location, parent: Location, index: int | None) -> Self:
        """Move an entry to position *index* in the list of *parent*, not counting itself; None is the end."""
        if parent[: len(location)] == location:
            raise self._error("a link cannot go below itself", location)
        if (*parent, ENTRY_LISTS[str(location[0])]) == location[:-1]:
            siblings = self.source.node_at(location[:-1])
            last = len(siblings.value) - 1 if siblings is not None else 0
            return self._edited(yaml_edit.move_item(self.source, location, last if index is None else min(index, last)))
        moved, written = value_at(self.data, location), yaml_edit.item_text(self.source, location)
        source = _without_entry(self.source, location)
        where = (*_after_removal(parent, location), "links")
        return self._edited(_insert_entry(source, where, index, _plain(moved), written=written))

    def remove_entry(self, location: Location) -> Self:
        """Remove an entry of a list, including the links below it."""
        return self._edited(_without_entry(self.source, location))

    def entry_text(self, location: Location) -> str | None:
        """Return the text of an entry in the file without dash and indentation; None in flow style."""
        try:
            return yaml_edit.item_text(self.source, location)
        except ContentError:  # for example an entry that an alias inserts
            return None

    def set_section(self, name: str, value: BaseModel | None) -> Self:
        """Set a section of the file, or remove it with None."""
        if value is None:
            return self._edited(yaml_edit.remove_key(self.source, (name,)))
        return self.set_region(name, value)

    def set_fields(self, name: str, changes: Mapping[str, object]) -> Self:
        """Set fields of a section that exists; None removes one. A new heading comes first."""
        source, others = self.source, dict(changes)
        for key in ("heading_level", "heading"):
            if others.get(key) is not None:
                source = yaml_edit.set_value(source, (name, key), others.pop(key), first=True)
        return self._edited(yaml_edit.set_keys(source, (name,), others))

    def add_news(self, item: NewsItem, *, index: int = 0) -> Self:
        """Insert a news item, by default as the newest; the section is created if it is missing."""
        if any(item.id == other.id for other in self._news()):
            raise self._error(f"there is a news item {item.id!r} already; choose another id", ("news", "items"))
        return self.add_entry(("news",), index, item)

    def edit_news(self, item_id: str, changes: Mapping[str, object]) -> Self:
        """Set the given keys of a news item; None removes a key."""
        return self.edit_entry(("news", "items", self.news_index(item_id)), changes)

    def move_news(self, item_id: str, index: int) -> Self:
        """Move a news item to position *index* in the file."""
        return self.move_entry(("news", "items", self.news_index(item_id)), ("news",), index)

    def remove_news(self, item_id: str) -> Self:
        """Remove a news item."""
        return self.remove_entry(("news", "items", self.news_index(item_id)))

    def set_banner(self, lines: Sequence[StatusLine]) -> Self:
        """Replace the lines of the status banner."""
        if self.data.status is None:
            return self._edited(yaml_edit.set_value(self.source, ("status",), {"lines": _plain_all(lines)}))
        return self._edited(yaml_edit.set_value(self.source, ("status", "lines"), _plain_all(lines)))

    def edit_banner_line(self, number: int, changes: Mapping[str, object]) -> Self:
        """Set the given keys of one line, counted from 1; None removes a key."""
        count = len(self.data.status.lines) if self.data.status else 0
        if not 1 <= number <= count:
            raise self._error(
                f"the status banner has no line {number}; it has {counted(count, 'line')}", ("status", "lines")
            )
        return self.edit_entry(("status", "lines", number - 1), changes)

    def set_heading(self, region: str, heading: str | None, *, level: int | None = None) -> Self:
        """Set or remove the heading of an existing region, and set its level if *level* is given."""
        if getattr(self.data, region) is None:
            raise self._error(f"has no section {region!r} yet; add its first entry, then its heading", ())
        source = self.source
        if level is not None:
            source = yaml_edit.set_value(source, (region, "heading_level"), level, first=True)
        if heading is None:
            return self._edited(yaml_edit.remove_key(source, (region, "heading")))
        return self._edited(yaml_edit.set_value(source, (region, "heading"), heading, first=True))

    def add_link(self, link: QuickLink, *, under: str | None = None, first: bool = False) -> Self:
        """Add a quick link, at the top level or below the link with the text or number *under*."""
        parent: Location = ("quick_links",) if under is None else self.find_link(LinkChoice(under)).location
        return self.add_entry(parent, 0 if first else None, link)

    def edit_link(self, choice: LinkChoice, changes: Mapping[str, object]) -> Self:
        """Set the given keys of a quick link; a new target replaces a target of another kind."""
        place = self.find_link(choice)
        return self.edit_entry(place.location, with_one_target(place.link, changes))

    def move_link(self, choice: LinkChoice, destination: LinkDestination) -> Self:
        """Move a quick link, including the links below it, to another place."""
        moved = self.find_link(choice)
        parent, index = self._destination(moved, destination)
        return self.move_entry(moved.location, parent, index)

    def remove_link(self, choice: LinkChoice) -> Self:
        """Remove a quick link, including the links below it."""
        return self.remove_entry(self.find_link(choice).location)

    def find_link(self, choice: LinkChoice) -> LinkPlace:
        """Return the only quick link that matches *choice*; raises `ContentError` with the candidates."""
        links = self.data.quick_links.links if self.data.quick_links else ()
        try:
            return choose_link(links, choice)
        except LinkChoiceError as error:
            raise self._error(str(error), ("quick_links",)) from error

    def news_index(self, item_id: str) -> int:
        """Return the position of a news item in the file; raises `ContentError` if the id is unknown."""
        ids = [item.id for item in self._news()]
        if item_id not in ids:
            hint = did_you_mean(item_id, ids)
            message = f"there is no news item {item_id!r}{hint}; `wikibot news list` shows the ids"
            raise self._error(message, ("news",))
        return ids.index(item_id)

    def _destination(self, moved: LinkPlace, wanted: LinkDestination) -> tuple[Location, int | None]:
        """Return the new parent and the index among its links, not counting *moved*; index None means the end."""
        neighbour_name = wanted.before if wanted.before is not None else wanted.after
        if neighbour_name is not None:
            neighbour = self.find_link(LinkChoice(neighbour_name))
            if neighbour.location == moved.location:
                raise self._error(f"the link {moved.link.name!r} cannot be moved next to itself", moved.location)
            *parents, _, position = neighbour.location
            index = int(position) + (wanted.after is not None)
            is_behind = neighbour.location[:-1] == moved.location[:-1] and int(position) > int(moved.location[-1])
            return tuple(parents), index - is_behind
        parent = moved.location[:-2]
        if wanted.under is not None:
            parent = self.find_link(LinkChoice(wanted.under)).location
        elif wanted.is_top_level:
            parent = ("quick_links",)
        return parent, 0 if wanted.is_first else None

    def save(self) -> None:
        """Write the file atomically; raises `ContentError` if the file was changed since it was loaded.

        Bots with other state folders have another lock, and editors have none. So the file is compared at the last
        moment, with the folder locked.
        """
        self._raise_if_changed()
        try:
            with folder_lock(self.path.resolve().parent) if self.loaded_text is not None else nullcontext():
                replace_file(self.path, self.text.encode(), check=self._raise_if_changed)
        except OSError as error:
            raise ContentError(f"cannot be written: {error.strerror}", path=self.path) from error

    def _raise_if_changed(self) -> None:
        on_disk = read_present(self.path)
        if on_disk != (None if self.loaded_text is None else self.loaded_text.encode()):
            raise ContentError("has changed on disk since it was read; nothing was written, try again", path=self.path)

    def _edited(self, source: YamlSource) -> Self:
        return type(self)(source, _validated(source), self.loaded_text)

    def _news(self) -> tuple[NewsItem, ...]:
        return self.data.news.items if self.data.news else ()

    def _error(self, message: str, location: Location) -> ContentError:
        return ContentError(message, path=self.path, line=self.source.line_of(location))


_MAX_KNOWN_FILES = 500
_known: dict[Path, tuple[tuple[YamlSource, WorkspaceData], ...]] = {}
"""The two newest contents of each data file in this process, parsed and validated: before and after an edit."""


def _find_known(path: Path, text: str) -> tuple[YamlSource, WorkspaceData] | None:
    return next((known for known in _known.get(path, ()) if known[0].text == text), None)


def _parse(text: str, path: Path) -> tuple[YamlSource, WorkspaceData]:
    """Parse and validate *text*; raises `ContentError`, which says so if the text may be the beginning of a file."""
    try:
        source = parse_yaml(text, path=path, error=ContentError)
        if isinstance(source.value, dict) and any(source.value.values()):
            return source, _validated(source)
    except ContentError as error:
        if not text.endswith("\n"):
            error.args = (f"{error}; the last line has no line end: the file may be cut off; {_PUT_BACK}",)
        raise
    line = max(1, len(text.splitlines()))
    raise ContentError(f"is cut off or empty, or is no data file; {_PUT_BACK}", path=path, line=line)


def _validated(source: YamlSource) -> WorkspaceData:
    """Validate *source*, and remember the result; raises `ContentError` with file and line."""
    data = validate(WorkspaceData, source, ContentError)
    if len(_known) >= _MAX_KNOWN_FILES:
        _known.clear()
    _known[source.path] = ((source, data), *_known.get(source.path, ())[:1])
    return data


def revision_of(text: str) -> str:
    """Return the short digest of the content of a data file."""
    return hashlib.sha256(text.encode()).hexdigest()[:12]


def with_one_target(link: QuickLink, changes: Mapping[str, object]) -> dict[str, object]:
    """Return *changes* of a link so that a new target replaces a target of another kind."""
    changes = {key: value for key, value in changes.items() if value is not None or key in link.model_fields_set}
    if any(changes.get(key) is not None for key in _TARGETS):
        old = {key: None for key in _TARGETS if getattr(link, key) is not None}
        changes = {**changes, **{key: None for key in old if key not in changes}}
        if link.card is not None and "url" not in changes:
            changes["card"] = None
    return dict(changes)


def value_at(data: BaseModel, location: Location) -> BaseModel:
    """Return the value of the data at *location*, which must exist."""
    found: object = data
    for step in location:
        found = found[step] if isinstance(step, int) else getattr(found, step)  # type: ignore[index]  # a tuple
    assert isinstance(found, BaseModel)  # noqa: S101 -- a location of an entry
    return found


def _insert_entry(
    source: YamlSource, where: Location, index: int | None, entry: object, *, written: str | None = None
) -> YamlSource:
    """Insert an entry into the list at *where*, at the end if *index* is None; *written* is its present text."""
    node = source.node_at(where)
    if node is None or not node.value:
        return yaml_edit.add_list(source, where, entry, written=written)
    position = len(node.value) if index is None else min(index, len(node.value))
    return yaml_edit.insert_item(source, where, position, entry, written=written)


def _without_entry(source: YamlSource, location: Location) -> YamlSource:
    """Remove an entry; if it is the only link below another link, the list is removed too."""
    siblings = source.node_at(location[:-1])
    if siblings is not None and len(siblings.value) == 1 and len(location) > len(("quick_links", "links", 0)):
        return yaml_edit.remove_list_of_one(source, location[:-1])
    return yaml_edit.remove_item(source, location)


def _after_removal(location: Location, removed: Location) -> Location:
    """Return the new location of the value at *location* after the item at *removed* was removed."""
    *parents, index = removed
    depth = len(parents)
    if location[:depth] != tuple(parents) or len(location) <= depth:
        return location
    step = location[depth]
    if isinstance(step, int) and isinstance(index, int) and step > index:
        return (*location[:depth], step - 1, *location[depth + 1 :])
    return location


def _plain(value: BaseModel) -> dict[str, object]:
    """Return a value as plain YAML data, without default values; enumeration members become strings."""
    plain: dict[str, object] = {}
    for name in type(value).model_fields:
        field = getattr(value, name)
        if name in value.model_fields_set and field != type(value).model_fields[name].default and field != ():
            plain[name] = plain_value(field)
    return plain


def plain_value(value: object) -> object:
    """Return a value of the data model as it is written in the file."""
    if isinstance(value, NewsPoint) and not value.items:
        return value.text
    if isinstance(value, BaseModel):
        return _plain(value)
    if isinstance(value, tuple):
        return [plain_value(item) for item in value]
    return str(value) if isinstance(value, str) else value


def _plain_all(values: Sequence[BaseModel]) -> list[object]:
    return [_plain(value) for value in values]

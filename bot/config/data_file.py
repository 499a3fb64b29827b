"""The canonical data file: load with line numbers, edit one value in place, preserve every other byte."""

import hashlib
from collections.abc import Mapping, Sequence
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
from bot.files import replace_file
from bot.plural import counted
from bot.suggestion import did_you_mean

SCHEMA_NAME = "workspace.schema.json"
_TARGETS = ("page", "url", "attachment")
_SCHEMA_LINE = f"# yaml-language-server: $schema={SCHEMA_NAME}\n"


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
        source = parse_yaml(text, path=path, error=ContentError)
        return cls(source, _validated(source), text)

    @classmethod
    def parse(cls, text: str, path: Path) -> Self:
        """Parse *text* as the content of the data file at *path*; the file does not have to exist."""
        source = parse_yaml(text, path=path, error=ContentError)
        return cls(source, _validated(source), None)

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

    def add_news(self, item: NewsItem, *, index: int = 0) -> Self:
        """Insert a news item, by default as the newest; the section is created if it is missing."""
        if any(item.id == other.id for other in self._news()):
            raise self._error(f"there is a news item {item.id!r} already; choose another id", ("news", "items"))
        if self.data.news is None:
            return self._edited(yaml_edit.set_value(self.source, ("news",), {"items": [_plain(item)]}))
        if not self.data.news.items:
            return self._edited(yaml_edit.set_value(self.source, ("news", "items"), [_plain(item)]))
        return self._edited(yaml_edit.insert_item(self.source, ("news", "items"), index, _plain(item)))

    def edit_news(self, item_id: str, changes: Mapping[str, object]) -> Self:
        """Set the given keys of a news item; None removes a key."""
        return self._changed(("news", "items", self.news_index(item_id)), changes)

    def move_news(self, item_id: str, index: int) -> Self:
        """Move a news item to position *index* in the file."""
        return self._edited(yaml_edit.move_item(self.source, ("news", "items", self.news_index(item_id)), index))

    def remove_news(self, item_id: str) -> Self:
        """Remove a news item."""
        return self._edited(yaml_edit.remove_item(self.source, ("news", "items", self.news_index(item_id))))

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
        return self._changed(("status", "lines", number - 1), changes)

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
        if self.data.quick_links is None:
            if under is not None:
                raise self._error(f"there is no link {under!r}", ("quick_links",))
            return self._edited(yaml_edit.set_value(self.source, ("quick_links",), {"links": [_plain(link)]}))
        parent: Location = ("quick_links",) if under is None else self.find_link(LinkChoice(under)).location
        return self._edited(_insert_link(self.source, parent, 0 if first else None, _plain(link)))

    def edit_link(self, choice: LinkChoice, changes: Mapping[str, object]) -> Self:
        """Set the given keys of a quick link; a new target replaces a target of another kind."""
        link = self.find_link(choice)
        changes = {
            key: value for key, value in changes.items() if value is not None or key in link.link.model_fields_set
        }
        if any(changes.get(key) is not None for key in _TARGETS):
            old = {key: None for key in _TARGETS if getattr(link.link, key) is not None}
            changes = {**changes, **{key: None for key in old if key not in changes}}
            if link.link.card is not None and "url" not in changes:
                changes["card"] = None
        return self._changed(link.location, changes)

    def move_link(self, choice: LinkChoice, destination: LinkDestination) -> Self:
        """Move a quick link, including the links below it, to another place."""
        moved = self.find_link(choice)
        parent, index = self._destination(moved, destination)
        if parent[: len(moved.location)] == moved.location:
            raise self._error(f"the link {moved.link.name!r} cannot go below itself", moved.location)
        if (*parent, "links") == moved.location[:-1]:
            siblings = self.source.node_at(moved.location[:-1])
            last = len(siblings.value) - 1 if siblings is not None else 0
            return self._edited(
                yaml_edit.move_item(self.source, moved.location, last if index is None else min(index, last))
            )
        written = yaml_edit.item_text(self.source, moved.location)
        source = _without_link(self.source, moved.location)
        parent = _after_removal(parent, moved.location)
        return self._edited(_insert_link(source, parent, index, _plain(moved.link), written=written))

    def remove_link(self, choice: LinkChoice) -> Self:
        """Remove a quick link, including the links below it."""
        return self._edited(_without_link(self.source, self.find_link(choice).location))

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
        """Write the file atomically; raises `ContentError` if the file was changed since it was loaded."""
        on_disk = self.path.read_bytes().decode() if self.path.exists() else None
        if on_disk != self.loaded_text:
            raise ContentError("has changed on disk since it was read; nothing was written, try again", path=self.path)
        try:
            replace_file(self.path, self.text.encode())
        except OSError as error:
            raise ContentError(f"cannot be written: {error.strerror}", path=self.path) from error

    def _edited(self, source: YamlSource) -> Self:
        return type(self)(source, _validated(source), self.loaded_text)

    def _changed(self, location: Location, changes: Mapping[str, object]) -> Self:
        source = self.source
        for key, value in changes.items():
            where = (*location, key)
            source = yaml_edit.remove_key(source, where) if value is None else yaml_edit.set_value(source, where, value)
        return self._edited(source)

    def _news(self) -> tuple[NewsItem, ...]:
        return self.data.news.items if self.data.news else ()

    def _error(self, message: str, location: Location) -> ContentError:
        return ContentError(message, path=self.path, line=self.source.line_of(location))


_MAX_KNOWN_FILES = 500
_known: dict[Path, tuple[tuple[YamlSource, WorkspaceData], ...]] = {}
"""The two newest contents of each data file in this process, parsed and validated: before and after an edit."""


def _find_known(path: Path, text: str) -> tuple[YamlSource, WorkspaceData] | None:
    return next((known for known in _known.get(path, ()) if known[0].text == text), None)


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


def _insert_link(
    source: YamlSource, parent: Location, index: int | None, link: object, *, written: str | None = None
) -> YamlSource:
    """Insert a link below *parent*, at the end if *index* is None; *written* is the link's present text in the file."""
    where = (*parent, "links")
    node = source.node_at(where)
    if node is None or not node.value:
        return yaml_edit.add_list(source, where, link, written=written)
    return yaml_edit.insert_item(source, where, len(node.value) if index is None else index, link, written=written)


def _without_link(source: YamlSource, location: Location) -> YamlSource:
    """Remove a link; if it is the only link below another link, the list is removed too."""
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
            plain[name] = _plain_value(field)
    return plain


def _plain_value(value: object) -> object:
    if isinstance(value, NewsPoint) and not value.items:
        return value.text
    if isinstance(value, BaseModel):
        return _plain(value)
    if isinstance(value, tuple):
        return [_plain_value(item) for item in value]
    return str(value) if isinstance(value, str) else value


def _plain_all(values: Sequence[BaseModel]) -> list[object]:
    return [_plain(value) for value in values]

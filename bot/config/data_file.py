"""The canonical data file: load with line numbers, edit one value where it stands, keep every other byte."""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Self

from pydantic import BaseModel

from bot.config import yaml_edit
from bot.config.data_model import NewsItem, QuickLink, StatusLine, Workspace
from bot.config.yaml_source import Location, YamlSource, load_yaml, parse_yaml, validate
from bot.errors import ContentError
from bot.files import replace_file

SCHEMA_NAME = "workspace.schema.json"
_SCHEMA_LINE = f"# yaml-language-server: $schema={SCHEMA_NAME}\n"


@dataclass(frozen=True, slots=True)
class ContentDocument:
    """One data file as text and as values; every edit returns a new document and leaves this one as it was."""

    source: YamlSource
    workspace: Workspace
    loaded_text: str | None

    @classmethod
    def load(cls, path: Path) -> Self:
        """Read a data file; raises `ContentError` with file and line."""
        if not path.exists():
            raise ContentError("does not exist; `wikibot adopt PAGE --space KEY` makes it of a page", path=path)
        source = load_yaml(path, ContentError)
        return cls(source, validate(Workspace, source, ContentError), source.text)

    @classmethod
    def parse(cls, text: str, path: Path) -> Self:
        """Read *text* as the data file that will stand at *path*."""
        source = parse_yaml(text, path=path, error=ContentError)
        return cls(source, validate(Workspace, source, ContentError), None)

    @classmethod
    def create(cls, workspace: Workspace, path: Path) -> Self:
        """Return a new data file that says *workspace*."""
        text = _SCHEMA_LINE + yaml_edit.dump(_plain(workspace)) + "\n"
        return cls.parse(text, path)

    @property
    def path(self) -> Path:
        """Where the file stands."""
        return self.source.path

    @property
    def text(self) -> str:
        """The file's text."""
        return self.source.text

    @property
    def revision(self) -> str:
        """A short digest of the file's bytes."""
        return hashlib.sha256(self.text.encode()).hexdigest()[:12]

    def set_region(self, name: str, value: BaseModel) -> Self:
        """Replace a region's whole value, or add it."""
        return self._edited(yaml_edit.set_value(self.source, (name,), _plain(value)))

    def add_news(self, item: NewsItem, *, index: int = 0) -> Self:
        """Insert a news item, by default as the newest; the section is made where there is none."""
        if any(item.id == other.id for other in self._news()):
            raise self._error(f"there is a news item {item.id!r} already; choose another id", ("news", "items"))
        if self.workspace.news is None:
            return self._edited(yaml_edit.set_value(self.source, ("news",), {"items": [_plain(item)]}))
        if not self.workspace.news.items:
            return self._edited(yaml_edit.set_value(self.source, ("news", "items"), [_plain(item)]))
        return self._edited(yaml_edit.insert_item(self.source, ("news", "items"), index, _plain(item)))

    def edit_news(self, item_id: str, changes: Mapping[str, object]) -> Self:
        """Set the given keys of a news item; None removes a key."""
        return self._changed(("news", "items", self._news_index(item_id)), changes)

    def remove_news(self, item_id: str) -> Self:
        """Remove a news item."""
        return self._edited(yaml_edit.remove_item(self.source, ("news", "items", self._news_index(item_id))))

    def set_status(self, lines: Sequence[StatusLine]) -> Self:
        """Replace the lines of the status banner."""
        if self.workspace.status is None:
            return self._edited(yaml_edit.set_value(self.source, ("status",), {"lines": _plain_all(lines)}))
        return self._edited(yaml_edit.set_value(self.source, ("status", "lines"), _plain_all(lines)))

    def edit_status_line(self, number: int, changes: Mapping[str, object]) -> Self:
        """Set the given keys of one line, counted from 1; None removes a key."""
        count = len(self.workspace.status.lines) if self.workspace.status else 0
        if not 1 <= number <= count:
            raise self._error(
                f"the status banner has {count} line(s), so there is no line {number}", ("status", "lines")
            )
        return self._changed(("status", "lines", number - 1), changes)

    def set_heading(self, region: str, heading: str | None) -> Self:
        """Set or remove the heading of a region that the file has."""
        return self._changed((region,), {"heading": heading})

    def add_link(self, link: QuickLink, *, under: str | None = None, first: bool = False) -> Self:
        """Add a quick link, at the top level or below the link whose text is *under*."""
        plain = _plain(link)
        if self.workspace.quick_links is None:
            if under is not None:
                raise self._error(f"there is no link {under!r}", ("quick_links",))
            return self._edited(yaml_edit.set_value(self.source, ("quick_links",), {"links": [plain]}))
        parent: Location = ("quick_links",) if under is None else self._link_location(under)
        node = self.source.node_at((*parent, "links"))
        if node is None or not node.value:
            return self._edited(yaml_edit.set_value(self.source, (*parent, "links"), [plain]))
        index = 0 if first else len(node.value)
        return self._edited(yaml_edit.insert_item(self.source, (*parent, "links"), index, plain))

    def remove_link(self, text: str) -> Self:
        """Remove the quick link of that text, and the links below it."""
        location = self._link_location(text)
        siblings = self.source.node_at(location[:-1])
        if siblings is not None and len(siblings.value) == 1 and len(location) > len(("quick_links", "links", 0)):
            return self._edited(yaml_edit.remove_key(self.source, location[:-1]))
        return self._edited(yaml_edit.remove_item(self.source, location))

    def save(self) -> None:
        """Write the file in one step; raises `ContentError` when someone else changed it since it was loaded."""
        on_disk = self.path.read_bytes().decode() if self.path.exists() else None
        if on_disk != self.loaded_text:
            raise ContentError("has changed on disk since it was read; nothing was written, try again", path=self.path)
        try:
            replace_file(self.path, self.text.encode())
        except OSError as error:
            raise ContentError(f"cannot be written: {error.strerror}", path=self.path) from error

    def _edited(self, source: YamlSource) -> Self:
        return type(self)(source, validate(Workspace, source, ContentError), self.loaded_text)

    def _changed(self, location: Location, changes: Mapping[str, object]) -> Self:
        source = self.source
        for key, value in changes.items():
            where = (*location, key)
            source = yaml_edit.remove_key(source, where) if value is None else yaml_edit.set_value(source, where, value)
        return self._edited(source)

    def _news(self) -> tuple[NewsItem, ...]:
        return self.workspace.news.items if self.workspace.news else ()

    def _news_index(self, item_id: str) -> int:
        ids = [item.id for item in self._news()]
        if item_id not in ids:
            raise self._error(f"there is no news item {item_id!r}; `wikibot news list` shows their ids", ("news",))
        return ids.index(item_id)

    def _link_location(self, text: str) -> Location:
        links = self.workspace.quick_links.links if self.workspace.quick_links else ()
        found = list(_find_links(links, text, ("quick_links", "links")))
        if len(found) != 1:
            problem = "there is no link" if not found else f"{len(found)} links have the text"
            raise self._error(f"{problem} {text!r}; `wikibot links list` shows them", ("quick_links",))
        return found[0]

    def _error(self, message: str, location: Location) -> ContentError:
        return ContentError(message, path=self.path, line=self.source.line_of(location))


def _find_links(links: Sequence[QuickLink], text: str, location: Location) -> list[Location]:
    found: list[Location] = []
    for index, link in enumerate(links):
        if link.text == text:
            found.append((*location, index))
        found += _find_links(link.links, text, (*location, index, "links"))
    return found


def _plain(value: BaseModel) -> dict[str, object]:
    """Return a value as YAML keeps it: defaults left out, enumerations as their words."""
    plain: dict[str, object] = {}
    for name in type(value).model_fields:
        field = getattr(value, name)
        if name in value.model_fields_set and field != type(value).model_fields[name].default and field != ():
            plain[name] = _plain_value(field)
    return plain


def _plain_value(value: object) -> object:
    if isinstance(value, BaseModel):
        return _plain(value)
    if isinstance(value, tuple):
        return [_plain_value(item) for item in value]
    return str(value) if isinstance(value, str) else value


def _plain_all(values: Sequence[BaseModel]) -> list[object]:
    return [_plain(value) for value in values]

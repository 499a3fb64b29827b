"""An entry of the data file as a person saw it: which one it is, and what it contained.

A news item has an id. A line of the banner and a link have none: they are found again by their place among the entries
that were there, and by their value.
"""

import hashlib
import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher
from typing import Any, Literal, Self

from pydantic import BaseModel, ConfigDict

from bot.config.data_file import ENTRY_LISTS, value_at
from bot.config.data_model import NewsItem, QuickLink, StatusLine, WorkspaceData
from bot.config.yaml_source import Location

Entry = NewsItem | QuickLink | StatusLine
EntrySection = Literal["status", "quick_links", "news"]
_SHOWN = 50


def as_seen(value: BaseModel) -> dict[str, Any]:
    """Return a value of the data file as JSON values, without defaults."""
    return value.model_dump(mode="json", exclude_defaults=True)


def entries_of(data: WorkspaceData, section: str) -> tuple[Entry, ...]:
    """Return the entries of a section at its top level."""
    found = getattr(data, section)
    return () if found is None else getattr(found, ENTRY_LISTS[section])


def links_below(entry: Entry) -> tuple[QuickLink, ...]:
    """Return the links below an entry."""
    return entry.links if isinstance(entry, QuickLink) else ()


def own_digest(entry: Entry) -> str:
    """Return a short digest of an entry without the links below it."""
    seen = as_seen(entry)
    seen.pop("links", None)
    return hashlib.sha256(json.dumps(seen, sort_keys=True).encode()).hexdigest()[:8]


@dataclass(frozen=True, slots=True)
class FoundEntry:
    """An entry of the data file as it is now."""

    location: Location
    value: Entry


class EntryRef(BaseModel):
    """An entry as somebody saw it.

    *name* is the id of a news item, or the number of a line or link, such as `2.1`. *seen* is its value. *siblings* are
    digests of the entries around it, at each level.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", defer_build=True)

    section: EntrySection
    name: str
    seen: dict[str, Any] = {}
    siblings: tuple[tuple[str, ...], ...] = ()

    @classmethod
    def at(cls, data: WorkspaceData, location: Location) -> Self:
        """Return the entry at *location* of *data* as it is there."""
        section = str(location[0])
        value = value_at(data, location)
        if isinstance(value, NewsItem):
            return cls(section="news", name=value.id, seen=as_seen(value))
        steps = [step for step in location if isinstance(step, int)]
        siblings, entries = [], entries_of(data, section)
        for step in steps:
            siblings.append(tuple(map(own_digest, entries)))
            entries = links_below(entries[step])
        name = ".".join(str(step + 1) for step in steps)
        return cls(section=section, name=name, seen=as_seen(value), siblings=tuple(siblings))

    @property
    def words(self) -> str:
        """The entry in words, for messages."""
        if self.section == "news":
            return f"news item {self.name!r}"
        if self.section == "status":
            return f"line {self.name} of the banner"
        return f"link {_shorten(str(self.seen.get('text') or self.name))!r}"

    def find(self, data: WorkspaceData) -> FoundEntry | None:
        """Return the entry as it is in *data*; None if it was removed."""
        if self.section == "news":
            items = entries_of(data, "news")
            found = (number for number, item in enumerate(items) if isinstance(item, NewsItem) and item.id == self.name)
            number = next(found, None)
            return None if number is None else FoundEntry(("news", "items", number), items[number])
        followed = self._follow(data)
        mine = self.siblings[-1][int(self.name.split(".")[-1]) - 1] if self.siblings else None
        if mine is None or (followed is not None and own_digest(followed.value) == mine):
            return followed
        twins = [place for place in iter_entries(data, self.section) if own_digest(place.value) == mine]
        return twins[0] if len(twins) == 1 else followed

    def _follow(self, data: WorkspaceData) -> FoundEntry | None:
        """Return the entry at the place that corresponds to the place where it was seen."""
        entries: Sequence[Entry] = entries_of(data, self.section)
        location: Location = (self.section, ENTRY_LISTS[self.section])
        found: FoundEntry | None = None
        for level, step in enumerate(self.name.split(".")):
            position: int | None = int(step) - 1
            if self.siblings:
                position = _position_now(self.siblings[level], tuple(map(own_digest, entries)), int(step) - 1)
            if position is None or not 0 <= position < len(entries):
                return None
            found = FoundEntry((*location, position), entries[position])
            entries, location = links_below(found.value), (*found.location, "links")
        return found


def iter_entries(data: WorkspaceData, section: str) -> Iterator[FoundEntry]:
    """Yield the entries of a section at all levels, from the top."""
    yield from _walk(entries_of(data, section), (section, ENTRY_LISTS[section]))


def _walk(entries: Sequence[Entry], location: Location) -> Iterator[FoundEntry]:
    for number, entry in enumerate(entries):
        yield FoundEntry((*location, number), entry)
        yield from _walk(links_below(entry), (*location, number, "links"))


def _position_now(seen: Sequence[str], now: Sequence[str], position: int) -> int | None:
    """Return the present position of the entry that was at *position* of *seen*; None if it is gone."""
    for tag, start, end, new_start, new_end in SequenceMatcher(None, seen, now, autojunk=False).get_opcodes():
        if start <= position < end:
            is_same_count = end - start == new_end - new_start
            return new_start + position - start if tag in ("equal", "replace") and is_same_count else None
    return None


def _shorten(text: str) -> str:
    line = " ".join(text.split())
    return line if len(line) <= _SHOWN else line[: _SHOWN - 1] + "…"

"""Parse listing macros and Page Properties from bodies, without requests to the wiki."""

import csv
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Self

from bot.storage.macros import MACRO_ELEMENTS, Macro, read_macro
from bot.storage.reader import Element, read_leniently
from bot.storage.visible_text import USER_KEYS, text_of

REPORT, LIST = "detailssummary", "contentbylabel"

_LABEL = re.compile(r'\blabel\s*(?:=\s*("[^"]*"|[\w-]+)|in\s*\(([^()]*)\))', re.IGNORECASE)
_SPACE = r'\bspace\s*=\s*(?:currentSpace\(\s*\)|"?{key}"?(?![\w-]))'
_HARMLESS = re.compile(r'\btype\s*=\s*"?page"?(?![\w-])|\band\b', re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class LabelQuery:
    """Pages with any or all of the labels; *is_partial* if the query also includes other spaces."""

    labels: tuple[str, ...]
    needs_all: bool = False
    is_partial: bool = False


class PropertyValue(str):
    """The words of a property; `body` is the same in storage format."""

    __slots__ = ("body",)
    body: str

    def __new__(cls, words: str, body: str) -> Self:
        """Return the words with the storage format."""
        value = super().__new__(cls, words)
        value.body = body
        return value

    def joined(self, other: Self) -> "PropertyValue":
        """Return both values, one after the other."""
        words = [each for each in (self, other) if each]
        return PropertyValue("; ".join(words), "; ".join(each.body for each in words))


@dataclass(frozen=True, slots=True)
class PropertyBlock:
    """One Page Properties macro: its id, and its rows of properties by name; a table can have several rows."""

    id: str
    rows: tuple[Mapping[str, PropertyValue], ...]


def find_listings(body: str) -> list[Macro]:
    """Return the macros in *body* that list pages by label."""
    if f'"{REPORT}"' not in body and f'"{LIST}"' not in body:
        return []
    macros = map(read_macro, read_leniently(body).elements(*MACRO_ELEMENTS))
    return [macro for macro in macros if macro.name in (REPORT, LIST)]


def read_query(macro: Macro, space_key: str) -> LabelQuery | None:
    """Return the query of *macro*; None if the query is not supported."""
    query = macro.get("cql")
    if query:
        return _read_cql(query, space_key)
    named = macro.get("label", "labels")
    labels = _split(named)
    kinds, spaces = _split(macro.get("type", "types")), _split(macro.get("spaces", "space", "key"))
    asks_more = any(label[0] in "+-" for label in labels) or macro.get("author") or set(kinds) - {"page"}
    is_here = bool({"@self", space_key.lower()} & set(spaces)) or (not spaces and macro.name == REPORT)
    if not labels or asks_more or not (is_here or set(spaces) <= {"@all", "*"}):
        return None
    is_partial = not is_here or len(spaces) > 1
    return LabelQuery(labels, macro.get("operator").upper() == "AND" and len(labels) > 1, is_partial)


def _read_cql(query: str, space_key: str) -> LabelQuery | None:
    asked = [_split(one or several) for one, several in _LABEL.findall(query)]
    rest, spaces = re.subn(_SPACE.format(key=re.escape(space_key)), "", _LABEL.sub("", query), flags=re.IGNORECASE)
    if _HARMLESS.sub("", rest).strip() or not asked or not all(asked):
        return None
    if len(asked) > 1 and any(len(labels) > 1 for labels in asked):
        return None
    labels = tuple(sorted({label for labels in asked for label in labels}))
    return LabelQuery(labels, len(asked) > 1 and len(labels) > 1, not spaces)


def read_columns(headings: str, rows: Sequence[Mapping[str, str]]) -> tuple[str, ...]:
    """Return the columns of a report, which are quoted if a name contains a comma; empty means all columns."""
    named = [" ".join(name.split()) for line in csv.reader([headings], skipinitialspace=True) for name in line]
    return tuple(filter(None, named)) or tuple(dict.fromkeys(name for row in rows for name in row))


def read_properties(body: str, name_of: Callable[[str], str]) -> tuple[PropertyBlock, ...]:
    """Return the Page Properties of a page; *name_of* returns the name of a person by id."""
    blocks = []
    for element in read_leniently(body).elements(*MACRO_ELEMENTS):
        if element.attributes.get("ac:name") == "details":
            tables = [table for table in element.elements("table") if _nearest(table, "table", element) is None]
            rows = tuple(row for table in tables for row in _read_table(body, table, name_of) if row)
            blocks.append(PropertyBlock(read_macro(element).get("id"), rows))
    return tuple(blocks)


def merge_properties(blocks: Sequence[PropertyBlock], wanted_id: str = "") -> list[dict[str, PropertyValue]]:
    """Return the rows of a page in a report: one row, or more if a property occurs again, which starts a new row."""
    merged: list[dict[str, PropertyValue]] = []
    for block in blocks:
        if wanted_id and block.id != wanted_id:
            continue
        for row in block.rows:
            if merged and not merged[-1].keys() & row.keys():
                merged[-1] |= row
            else:
                merged.append(dict(row))
    return merged


def _read_table(body: str, table: Element, name_of: Callable[[str], str]) -> Iterator[dict[str, PropertyValue]]:
    """Yield the properties in a table: one per row (name, value), or one per column below a row of names."""
    rows = [
        [cell for cell in row.children if cell.name in ("th", "td")]
        for row in table.elements("tr")
        if _nearest(row, "table") is table
    ]
    if len(rows) > 1 and len(rows[0]) > 1 and all(cell.name == "th" for cell in rows[0]):
        names = [_words(cell, name_of) for cell in rows[0]]
        for row in rows[1:]:
            yield {name: _value(body, cell, name_of) for name, cell in zip(names, row, strict=False) if name}
        return
    stated: dict[str, PropertyValue] = {}
    for name, cell in ((_words(row[0], name_of), row[1]) for row in rows if len(row) > 1):
        if name:
            value = _value(body, cell, name_of)
            stated[name] = stated[name].joined(value) if name in stated else value
    yield stated


def _value(body: str, cell: Element, name_of: Callable[[str], str]) -> PropertyValue:
    return PropertyValue(_words(cell, name_of), body[cell.inner.start : cell.inner.end])


def _words(cell: Element, name_of: Callable[[str], str]) -> str:
    ids = {user.attributes.get(key, "") for user in cell.elements("ri:user") for key in USER_KEYS} - {""}
    return text_of(cell, {user: name_of(user) for user in sorted(ids)})


def _nearest(element: Element, name: str, within: Element | None = None) -> Element | None:
    """Return the nearest ancestor *name* of *element* inside *within*."""
    for parent in element.ancestors():
        if parent is within:
            return None
        if parent.name == name:
            return parent
    return None


def _split(names: str) -> tuple[str, ...]:
    return tuple(sorted({name.strip('"').lower() for name in re.split(r"[,\s]+", names) if name.strip('"')}))

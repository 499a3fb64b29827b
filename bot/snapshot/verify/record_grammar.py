"""The one form in which wikibot writes a record: every line, and every value that a reader of the record needs.

The table of names and types is made from the classes of the record. `VERIFY.md` has the same table and rules.
"""

import re
from collections.abc import Collection, Iterator, Mapping
from datetime import datetime
from enum import StrEnum
from functools import lru_cache
from types import NoneType, UnionType
from typing import Any, Literal, Union, get_args, get_origin, get_type_hints

from bot.file_format import FileModel
from bot.snapshot.archive.record import PageRecord

Types = dict[str, tuple[str, ...]]
"""Name in an object → the types that its value can have.

A type is one of `SCALARS`, the name of a class, or a class or type after `[` (list of) or `{` (object with free names).
"""

_PLAIN, _ESCAPE = r'[^"\\\x00-\x1f]', r'\\(?:["\\bfnrt]|u00(?:0[0-7bef]|1[0-9a-f]))'
TEXT = rf'"{_PLAIN}*+(?:{_ESCAPE}{_PLAIN}*+)*+"'
_ZONE = r"(?:Z|[+-](?:[01][0-9]|2[0-3]):[0-5][0-9])"
_CLOCK = rf"T(?:[01][0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9](?:\.[0-9]{{1,6}})?{_ZONE}"
_DAY = (
    r"(?!0000)[0-9]{4}-(?:(?:0[1-9]|1[0-2])-(?:0[1-9]|1[0-9]|2[0-8])|02-29|(?:0[13-9]|1[0-2])-(?:29|30)"
    r"|(?:0[13578]|1[02])-31)"
)
SCALARS = {
    "text": TEXT,
    "id": f'"{_PLAIN}*+"',
    "number": r"(?:0|-?[1-9][0-9]{0,17})",
    "flag": "(?:true|false)",
    "null": "null",
    "time": rf'"{_DAY}{_CLOCK}"',
    "format": '"wikibot-record/[123]"',
    "status": '"(?:current|archived|trashed|draft)"',
    "reason": '"(?:restricted|redacted)"',
}
_BRACKETS = {"{": "}", "[": "]"}
_MAX_DEPTH = 200  # each level of a tree of pages needs two
_SELDOM = frozenset({"RecordedLink", "RecordedListing", "RecordedInclude", "RecordedView", "BorrowedFile"})
"""What few records have: a pattern that reads them takes longer to compile than it saves."""
_OLDER = {("Surroundings", "withheld"): ("[text",)}  # the first records of formats 1 and 2
_LINE = re.compile(rf'( *)(?:([\]}}])|(?:({TEXT}): )?({TEXT}|[^ "\n,]+))(,?)')
_ANY = re.compile(rf"(?:{TEXT}|-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:e[+-]?[0-9]+)?|true|false|null)")
_SCALAR = {name: re.compile(pattern) for name, pattern in SCALARS.items()}


@lru_cache
def load_types() -> tuple[Mapping[str, Types], Mapping[str, frozenset[str]]]:
    """Return the types by class and name, and the names that each class must have."""
    types: dict[str, Types] = {}
    needed: dict[str, frozenset[str]] = {}
    waiting: list[type[FileModel]] = [PageRecord]
    while waiting:
        model = waiting.pop()
        hints = get_type_hints(model)
        fields = model.model_fields
        types[model.__name__] = {
            name: (*_types_of(name, hints[name], waiting), *_OLDER.get((model.__name__, name), ()))
            for name in sorted(fields)
        }
        needed[model.__name__] = frozenset(name for name, field in fields.items() if field.is_required())
        waiting = [each for each in waiting if each.__name__ not in types]
    needed["PageRecord"] |= {"format"}
    return types, needed


def _types_of(name: str, hint: Any, models: list[type[FileModel]]) -> Iterator[str]:
    """Yield the types of a field, and note the classes that it contains."""
    origin, inner = get_origin(hint), get_args(hint)
    if origin in (Union, UnionType):
        for each in inner:
            yield from _types_of(name, each, models)
    elif origin is tuple:
        yield f"[{next(_types_of(name, inner[0], models))}"
    elif origin is dict:
        yield f"{{{next(_types_of(name, inner[1], models))}"
    elif origin is Literal:
        yield "format" if name == "format" else "reason"
    elif issubclass(hint, StrEnum):
        yield "status"
    elif issubclass(hint, FileModel):
        models.append(hint)
        yield hint.__name__
    else:
        plain = "id" if name == "page_id" else "text"
        yield {str: plain, int: "number", bool: "flag", datetime: "time", NoneType: "null"}[hint]


def is_record(text: str) -> bool:
    """Return whether the content of a file is a record as wikibot writes it; names of a newer version may be there."""
    *lines, last = text.split("\n")
    stack: list[_Open] = []
    before = ""
    for number, line in enumerate(lines):
        match = _LINE.fullmatch(line)
        if match is None or (number and not stack) or len(match[1]) != len(stack) - bool(match[2]):
            return False
        _, end, name, value, comma = match.groups()
        is_first = before.endswith(("{", "["))
        if end:
            done = stack.pop()
            if is_first or before.endswith(",") or done.end != end or done.missing:
                return False
            before = f"{end}{comma}"
            continue
        if number and not is_first and not before.endswith(","):
            return False
        kind = stack[-1].take(name) if stack else ("PageRecord",) if name is None else None
        found = None if kind is None else _find_type(value, kind)
        is_open = value in _BRACKETS
        if found is None or (is_open and (comma or len(stack) == _MAX_DEPTH)):
            return False
        if is_open:
            stack.append(_Open(value, found))
        before = f"{value}{comma}"
    return not last and not stack and before == "}"


class _Open:
    """A list or object that is not closed yet; *kind* is its type, empty for any."""

    def __init__(self, bracket: str, kind: str) -> None:
        self.end = _BRACKETS[bracket]
        self._each = kind[1:] if kind[:1] in ("[", "{") and kind else None
        types, needed = load_types()
        self._types, self.missing = types.get(kind), set(needed.get(kind, ()))
        self._last = ""

    def take(self, name: str | None) -> tuple[str, ...] | None:
        """Return the types that the value with this name can have; None for a name that cannot be here."""
        if (name is None) != (self.end == "]"):
            return None
        if name is None or self._types is None:
            return (self._each or "",)
        name = name[1:-1]
        if name <= self._last:
            return None
        self._last = name
        self.missing.discard(name)
        return self._types.get(name, ("",))


def _find_type(value: str, kinds: tuple[str, ...]) -> str | None:
    """Return the first type that a value has, or that a list or object can have; None if there is none."""
    for kind in kinds:
        if value in ("{", "[", "{}", "[]"):
            is_list = value[0] == "["
            is_fitting = not kind or (kind[0] == "[" if is_list else kind[0] == "{" or kind in load_types()[0])
            if is_fitting and not (value == "{}" and load_types()[1].get(kind)):
                return kind
        elif (_ANY if not kind else _SCALAR.get(kind, _NOTHING)).fullmatch(value) and _is_day(value, kind):
            return kind
    return None


_NOTHING = re.compile(r"(?!)")


def _is_day(value: str, kind: str) -> bool:
    if kind != "time" or value[6:11] != "02-29":
        return True
    year = int(value[1:5])
    return year % 4 == 0 and (year % 100 != 0 or year % 400 == 0)


TAKEN: tuple[str, ...] = ("ancestors", "attachments", "page_id", "path", "position", "salt", "source_path")
TAKEN += ("source_sha256", "space_key", "status", "title", "url")
"""The values of a record that `usual_record` has as groups, before number and time of the version."""


@lru_cache
def usual_record() -> re.Pattern[str]:
    """Return a pattern for nearly all records: all names of this version and no other, and nothing of `_SELDOM`.

    The group of a text is what is between its quotes, and that of a list its JSON.
    """
    return re.compile(f"{_object('PageRecord', 0, TAKEN)}\n")


def _object(kind: str, depth: int, taken: Collection[str] = ()) -> str:
    indent = "\n" + " " * (depth + 1)
    lines = []
    for name, kinds in load_types()[0][kind].items():
        inner = ("number", "when") if taken and name == "version" else ()
        patterns = [_value(each, depth + 1, inner) for each in kinds]
        if name in taken:
            patterns = [_grouped(each) for each in patterns]
        lines.append(f'{indent}"{name}": (?:{"|".join(patterns)})')
    return r"\{" + ",".join(lines) + "\n" + " " * depth + r"\}"


def _grouped(pattern: str) -> str:
    if pattern == "null":
        return pattern
    return f'"({pattern[1:-1]})"' if pattern[0] == '"' else f"({pattern})"


def _value(kind: str, depth: int, taken: Collection[str] = ()) -> str:
    if kind == "time":
        return SCALARS[kind].replace("02-29|", "")  # a leap day is judged elsewhere
    if kind in SCALARS:
        return SCALARS[kind]
    if kind[0] not in "[{":
        return _object(kind, depth, taken)
    inner, indent = kind[1:], "\n" + " " * (depth + 1)
    start, end = (r"\[", r"\]") if kind[0] == "[" else (r"\{", r"\}")
    if inner in _SELDOM:
        return start + end
    each = f"{indent}{TEXT + ': ' if kind[0] == '{' else ''}{_value(inner, depth + 1)}"
    return f"{start}(?:{each}(?:,{each})*+\n{' ' * depth})?{end}"


def render_types() -> str:
    """Return the table of types as `VERIFY.md` has it; names with an exclamation mark are needed."""
    types, needed = load_types()
    return "".join(
        " ".join([kind, *(f"{name}{'!' * (name in needed[kind])}={'/'.join(kinds)}" for name, kinds in names.items())])
        + "\n"
        for kind, names in types.items()
    )

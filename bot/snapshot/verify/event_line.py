"""Read a line of the log of a run: it must have exactly the form that wikibot writes."""

import json
import re
from collections.abc import Sequence
from functools import lru_cache
from sys import intern
from typing import Any, NamedTuple

_NAME = r"[A-Za-z0-9_][A-Za-z0-9._-]*"
_PATH = rf"{_NAME}(?:/{_NAME})*"
_WHEN = r"\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}Z"
_STATE = (
    rf'\{{"id": "({_NAME})", "bag": "({_NAME})", "record": "({_PATH})", "source": (?:null|"({_PATH})"), '
    rf'"source_sha256": "([0-9a-f]{{64}})", "version": (0|[1-9][0-9]*), "captured_at": "({_WHEN})", '
    rf'"archived": (true|false), "tombstone": (?:null|"({_WHEN})"), "redacted_at": (?:null|"({_WHEN})"), '
    r'"converter": "([A-Za-z0-9._ -]*)"\}'
)
_STATE_LINE = re.compile(f"({_STATE})")
_EVENT = re.compile(
    r'\{"format": "wikibot-events/2", "id": "(\d{6,}-\d{6,})", "type": "([a-z][a-z -]*)", '
    rf'"outcome": "(success|fail|restricted)", "when": "({_WHEN})", '
    rf'"pages": \[((?:"{_NAME}"(?:, "{_NAME}")*)?)\], "page": (?:null|({_STATE})), "by": (?=\[)'
)
_TEXT = r'"[ !#-\[\]-~]*"'
_SINGLE = rf"(?:{_TEXT}|-?(?:0|[1-9][0-9]*)|true|false|null)"
_VALUE = rf"(?:{_SINGLE}|\[(?:{_SINGLE}(?:, {_SINGLE})*)?\])"
_FACT = rf'"[a-z0-9_]+": {_VALUE}'
_PLAIN_TAIL = re.compile(rf'\[(?:{_TEXT}(?:, {_TEXT})*)?\], "facts": \{{((?:{_FACT}(?:, {_FACT})*)?)\}}\}}')
"""`by` and facts without escapes, which nearly all events have."""
_FACT_NAME = re.compile(r'"([a-z0-9_]+)": ')
_HEAD_NAMES = frozenset({"format", "id", "type", "outcome", "when", "pages", "page"})
_MAX_DEPTH = 8
"""How deep the facts of an event can be nested. `VERIFY.md` has the same value."""


class LoggedPage(NamedTuple):
    """The state of a page after an event: as text, and its fields; times are texts that sort by time."""

    text: str
    id: str
    bag: str
    record: str
    source: str | None
    sha256: str
    version: str
    captured_at: str
    archived: str
    tombstone: str | None
    redacted_at: str | None
    converter: str


class EventRow(NamedTuple):
    """One line of the log."""

    id: str
    type: str
    outcome: str
    when: str
    pages: frozenset[str]
    page: LoggedPage | None
    tail: str
    """The line from the value of `by`."""

    @property
    def facts(self) -> dict[str, Any]:
        """The facts, parsed."""
        return dict(json.loads(f'{{"by": {self.tail}')["facts"])


def read_event(line: str) -> EventRow | None:
    """Return the event of a line, or None for a line that wikibot does not write."""
    match = _EVENT.match(line)
    if match is None or not line.isascii():
        return None
    tail = line[match.end() :]
    if not _is_canonical(tail):
        return None
    event, kind, outcome, when, pages, *state = match.groups()
    listed = frozenset(pages[1:-1].split('", "')) if pages else frozenset[str]()
    return EventRow(event, intern(kind), outcome, when, listed, _make_page(state) if state[0] else None, tail)


def read_state(text: str) -> LoggedPage | None:
    """Return the state of a page that was read before as a part of an event."""
    match = _STATE_LINE.fullmatch(text)
    return _make_page(match.groups()) if match else None


def _make_page(fields: Sequence[Any]) -> LoggedPage:
    """Return the state of a page; what many pages share is in memory once."""
    text, page, bag, record, source, digest, version, captured_at, *others, converter = fields
    named = (intern(bag), record, source, digest, version, intern(captured_at))
    return LoggedPage._make((text, page, *named, *others, intern(converter)))


def _is_canonical(tail: str) -> bool:
    """Return whether the rest of a line, from the value of `by`, has the one form of its JSON."""
    plain = _PLAIN_TAIL.fullmatch(tail)
    if plain:
        return _are_different(tuple(_FACT_NAME.findall(plain[1])))
    whole = f'{{"by": {tail}'
    try:
        content = json.loads(whole)
        return not content.keys() & _HEAD_NAMES and json.dumps(content) == whole and _is_shallow(content, _MAX_DEPTH)
    except (ValueError, RecursionError):
        return False


@lru_cache
def _are_different(names: tuple[str, ...]) -> bool:
    return len(set(names)) == len(names)


def _is_shallow(value: object, depth: int) -> bool:
    """Return whether a value has no more than *depth* levels."""
    if not isinstance(value, dict | list):
        return True
    items = value.values() if isinstance(value, dict) else value
    return depth > 0 and all(_is_shallow(item, depth - 1) for item in items)

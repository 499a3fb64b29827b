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
    rf'"source_sha256": "([0-9a-f]{{64}})", "version": (0|[1-9][0-9]{{0,17}}), "captured_at": "({_WHEN})", '
    rf'"archived": (true|false), "tombstone": (?:null|"({_WHEN})"), "redacted_at": (?:null|"({_WHEN})"), '
    r'"converter": "([A-Za-z0-9._ -]*)"\}'
)
_STATE_LINE = re.compile(f"({_STATE})")
_EVENT = re.compile(
    r'\{"format": "wikibot-events/2", "id": "(\d{6,}-\d{6,})", "type": "([a-z][a-z -]*)", '
    rf'"outcome": "(success|fail|restricted)", "when": "({_WHEN})", '
    rf'"pages": \[((?:"{_NAME}"(?:, "{_NAME}")*)?)\], "page": (?:null|({_STATE})), "by": (?=\[)'
)
_ESCAPE = r'\\(?:["\\bfnrt]|u(?:00(?:0[0-7bef]|1[0-9a-f]|7f|[89a-f][0-9a-f])|0[1-9a-f][0-9a-f]{2}|[1-9a-f][0-9a-f]{3}))'
_TEXT = rf'"[ !#-\[\]-~]*(?:{_ESCAPE}[ !#-\[\]-~]*)*"'
_SINGLE = rf"(?:{_TEXT}|0|-?[1-9][0-9]{{0,17}}|true|false|null)"
_NAMED = rf'"[a-z0-9_-]+": {_SINGLE}'
_VALUE = rf"(?:{_SINGLE}|\[(?:{_SINGLE}(?:, {_SINGLE})*)?\]|\{{{_NAMED}(?:, {_NAMED})*\}})"
_FACT = rf'"[a-z0-9_-]+": {_VALUE}'
_TAIL = re.compile(rf'\[(?:{_TEXT}(?:, {_TEXT})*)?\], "facts": \{{((?:{_FACT}(?:, {_FACT})*)?)\}}\}}')
"""`by` and facts in the one form of their JSON. `VERIFY.md` has the same grammar."""
_FACT_NAME = re.compile(r'"([a-z0-9_-]+)": ')


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
    if state[0] and pages != f'"{state[1]}"':
        listed -= {state[1]}  # a page that is listed twice, or with others, is not the page of the state
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
    """Return whether the rest of a line, from the value of `by`, is as wikibot writes it, with each fact once."""
    match = _TAIL.fullmatch(tail)
    return match is not None and _are_different(tuple(_FACT_NAME.findall(match[1])))


@lru_cache
def _are_different(names: tuple[str, ...]) -> bool:
    return len(set(names)) == len(names)

"""Read a line of the log of a run: it must have exactly the form that wikibot writes."""

import json
import re
from collections.abc import Iterator, Sequence
from functools import lru_cache
from io import BytesIO
from sys import intern
from typing import Any, NamedTuple

_NAME = r"[A-Za-z0-9_][A-Za-z0-9._-]*+"
_PATH = rf"{_NAME}(?:/{_NAME})*+"
_WHEN = r"\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}Z"
_STATE = (
    rf'\{{"id": "({_NAME})", "bag": "({_NAME})", "record": "({_PATH})", "source": (?:null|"({_PATH})"), '
    rf'"source_sha256": "([0-9a-f]{{64}})", "version": (0|[1-9][0-9]{{0,17}}), "captured_at": "({_WHEN})", '
    rf'"archived": (true|false), "tombstone": (?:null|"({_WHEN})"), "redacted_at": (?:null|"({_WHEN})"), '
    r'"converter": "([A-Za-z0-9._ -]*+)"\}'
)
_STATE_LINE = re.compile(f"({_STATE})")
_EVENT = (
    r'\{"format": "wikibot-events/2", "id": "(\d{6,}-\d{6,})", "type": "([a-z][a-z -]*+)", '
    rf'"outcome": "(success|fail|restricted)", "when": "({_WHEN})", '
    rf'"pages": \[((?:"{_NAME}"(?:, "{_NAME}")*)?)\], "page": (?:null|({_STATE})), "by": '
)
_ESCAPE = r'\\(?:["\\bfnrt]|u(?:00(?:0[0-7bef]|1[0-9a-f]|7f|[89a-f][0-9a-f])|0[1-9a-f][0-9a-f]{2}|[1-9a-f][0-9a-f]{3}))'
_TEXT = rf'"[ !#-\[\]-~]*+(?:{_ESCAPE}[ !#-\[\]-~]*+)*"'
_SINGLE = rf"(?:{_TEXT}|0|-?[1-9][0-9]{{0,17}}|true|false|null)"
_NAMED = rf'"[a-z0-9_-]++": {_SINGLE}'
_VALUE = rf"(?:{_SINGLE}|\[(?:{_SINGLE}(?:, {_SINGLE})*)?\]|\{{{_NAMED}(?:, {_NAMED})*\}})"
_FACT = rf'"[a-z0-9_-]++": {_VALUE}'
_TAIL = rf'\[(?:{_TEXT}(?:, {_TEXT})*)?\], "facts": \{{((?:{_FACT}(?:, {_FACT})*)?)\}}\}}'
"""`by` and facts in the one form of their JSON. `VERIFY.md` has the same grammar."""
_LINES = re.compile(rf"^{_EVENT}({_TAIL})\n", re.MULTILINE)
_BLOCK_BYTES = 1 << 16  # a log of 100 MB is not in memory a second time as text
_FACT_NAME = re.compile(r'"([a-z0-9_-]++)": ')


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


def iter_events(data: bytes) -> Iterator[EventRow | None]:
    """Yield the event of each line, or None for a line that wikibot does not write."""
    lines = BytesIO(data)
    while block := lines.readlines(_BLOCK_BYTES):
        found = _find_events(b"".join(block))
        if len(found) < len(block):
            for line in block:
                yield next(map(_make_event, _find_events(line)), None)
        else:
            yield from map(_make_event, found)


def _find_events(data: bytes) -> list[tuple[str, ...]]:
    """Return the fields of the lines that are events."""
    return _LINES.findall(data.decode()) if data.isascii() else []


def _make_event(fields: Sequence[str]) -> EventRow | None:
    """Return the event with the fields of a line; None if it states a fact twice."""
    event, kind, outcome, when, pages, text, page, *state, tail, facts = fields
    if not _are_different(tuple(_FACT_NAME.findall(facts))):
        return None
    listed = frozenset(pages[1:-1].split('", "')) if pages else frozenset[str]()
    if text and pages != f'"{page}"':
        listed -= {page}  # a page that is listed twice, or with others, is not the page of the state
    logged = _make_page(text, page, *state) if text else None
    return EventRow(event, intern(kind), outcome, when, listed, logged, tail)


def read_state(text: str) -> LoggedPage | None:
    """Return the state of a page that was read before as a part of an event."""
    match = _STATE_LINE.fullmatch(text)
    return _make_page(*match.groups("")) if match else None


def _make_page(
    text: str,
    page: str,
    bag: str,
    record: str,
    source: str,
    digest: str,
    version: str,
    captured_at: str,
    archived: str,
    tombstone: str,
    redacted_at: str,
    converter: str,
) -> LoggedPage:
    """Return the state of a page, in which null is empty; what many pages share is in memory once."""
    return LoggedPage(
        text,
        page,
        intern(bag),
        record,
        source or None,
        digest,
        version,
        intern(captured_at),
        archived,
        tombstone or None,
        redacted_at or None,
        intern(converter),
    )


@lru_cache
def _are_different(names: tuple[str, ...]) -> bool:
    return len(set(names)) == len(names)

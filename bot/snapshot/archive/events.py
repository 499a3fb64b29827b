"""`NUMBER.events.jsonl`: what a run did, one event a line, in the terms of PREMIS (Library of Congress).

The log has ids, digests, numbers and codes only. It has no title, name or text of the wiki, so that a redaction never
has to change it. `bot.snapshot.query.event_texts` makes the sentences for people from events and records.
"""

import hashlib
import json
import re
import unicodedata
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any, ClassVar, Literal

from pydantic import ConfigDict, Field

from bot.errors import EvidenceError, SnapshotError
from bot.file_format import FileDocument, FileFormatError
from bot.snapshot.archive.checkpoint import format_time
from bot.snapshot.archive.entry import PageState
from bot.snapshot.archive.first_format import FirstEventLine
from bot.snapshot.archive.paths import safe_id

PART = "part"
"""Fact of a run: its number among the parts of one capture. The last run of a capture does not have it."""

NOT_CAPTURABLE = "not_capturable"
"""Fact of a run: ids of the selected nodes without content that can be captured."""

SKIPPED_PAGES = "skipped_ids"
"""Fact of a run: ids of the listed pages that were skipped because they are redacted, if there are any."""

FREE_TEXTS = frozenset({"by", "name", "reason"})
"""Facts that a person typed for the evidence."""

_INNER_NAME = re.compile(r"[a-z0-9_-]+")
_CODE = re.compile(r"[!-~]*")


AUDIT_HEAD = "audit_head_sha256"
"""Fact of a run: the head of the audit log of the desk, if there is one."""

BOT_RUN = "bot_run"
"""Fact of a run: the number of the run in the run records of the bot, if a job or the desk began it."""

LEFT_OUT = "left_out"
"""Fact of a run: the number of selected pages that are left out, because only some people may read them."""


class EventType(StrEnum):
    """Terms of the PREMIS vocabulary `eventType`, and those for what PREMIS has no term for."""

    INGESTION = "ingestion"  # a whole run
    CAPTURE = "capture"  # the body of a page, or one of its versions
    METADATA = "metadata modification"  # labels, attachments, comments, restrictions, place or title, without a version
    DELETION = "deletion"  # absent from the wiki: a tombstone
    DEACCESSION = "deaccession"  # still in the wiki, no longer archived
    RESTRICTED = "restricted"  # only some people may read the page now
    MIGRATION = "migration"  # the same source rendered by another version of the converter
    REDACTION = "redaction"
    UPGRADE = "upgrade"  # snapshots of format 1 were taken over
    START_SIGNING = "start-signing"
    KEY_ROTATION = "key-rotation"
    ROLLBACK = "rollback"  # an older state was accepted
    NEW_LOG = "new-log"  # the log begins because an earlier one was given up
    HOLD = "hold"  # pages must not be redacted
    HOLD_RELEASE = "hold-release"
    TRUST = "trust"  # a bot without memory of the snapshots goes on with them


_NO_PART_OF_A_LINE = frozenset({"Cc", "Cs", "Zl", "Zp"})


def check_free_texts(action: str, **texts: str) -> None:
    """Raise `SnapshotError` for a text that is empty, or that would look like further lines where it is shown."""
    for name, text in texts.items():
        called = "person" if name == "by" else name
        if not text.strip():
            raise SnapshotError(f"{action} needs a {called}, which stays in the evidence")
        if any(unicodedata.category(character) in _NO_PART_OF_A_LINE for character in text):
            raise SnapshotError(f"{action} needs a {called} on one line, without control characters: {text!r}")


class EventOutcome(StrEnum):
    """Terms of the PREMIS vocabulary `eventOutcome`, and the one for what makes a run incomplete."""

    SUCCESS = "success"
    FAILURE = "fail"
    RESTRICTED = "restricted"


@dataclass(frozen=True, slots=True)
class Event:
    """One thing that happened; *objects* are page ids, *facts* further data.

    *detail* is for the people who see the run; format 2 does not write it. Events of format 1 have it.
    """

    type: EventType
    outcome: EventOutcome
    detail: str
    objects: tuple[str, ...] = ()
    facts: Mapping[str, object] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class LoggedEvent:
    """An event as the log has it; *page* is the state of the page after the event."""

    sequence: int
    when: datetime
    event: Event
    id: str
    page: PageState | None = None


class EventLine(FileDocument):
    """One event of one run."""

    model_config = ConfigDict(extra="forbid")

    KIND: ClassVar[str] = "wikibot-events"
    NUMBER: ClassVar[int] = 2

    format: Literal["wikibot-events/2"] = "wikibot-events/2"
    """Format of the line."""
    id: str = Field(pattern=r"^[0-9]{6,}-[0-9]{6,}$")
    """Number of the run, a hyphen, number of the event in the run."""
    type: EventType
    """What kind of event."""
    outcome: EventOutcome
    """How the event ended."""
    when: str = Field(pattern=r"^[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}Z$")
    """Time of the run, in UTC to the second."""
    pages: tuple[str, ...]
    """Ids of the pages; empty for the event of the run as a whole."""
    page: PageState | None
    """The state of the page after the event; null if the event changed no captured page."""
    by: tuple[str, ...]
    """Program, converter and account that took part."""
    facts: dict[str, Any]
    """Counts, digests, ids and codes, by name; `by`, `name` and `reason` are what a person typed."""


def render_events(
    events: Sequence[Event],
    states: Mapping[int, PageState],
    *,
    sequence: int,
    when: datetime,
    agents: tuple[str, ...],
) -> bytes:
    """Return the log of one run as JSON Lines; *states* has the page state of events, by index."""
    return b"".join(
        _render(event, states.get(index), event_id(sequence, index), when, agents) for index, event in enumerate(events)
    )


def name_rest(expected: int, captured: int, unchanged: int, redacted: int) -> str:
    """Return in words how many of the *expected* pages are neither captured nor unchanged; empty if there are none."""
    rest = expected - captured - unchanged - redacted
    return "".join(f", {n} {what}" for n, what in ((redacted, "redacted earlier"), (rest, "not captured")) if n > 0)


def event_id(sequence: int, index: int) -> str:
    """Return the id of an event; *index* starts at 0."""
    return f"{sequence:06}-{index + 1:06}"


def _render(event: Event, state: PageState | None, identifier: str, when: datetime, agents: tuple[str, ...]) -> bytes:
    line = EventLine(
        id=identifier,
        type=event.type,
        outcome=event.outcome,
        when=format_time(when),
        pages=_pages(event),
        page=state,
        by=agents,
        facts=_facts(event),
    )
    return dump_event(line.content())


def dump_event(content: Mapping[str, object]) -> bytes:
    """Return a line: ASCII, the keys in the order of the class, those of the facts sorted."""
    return f"{json.dumps(content, ensure_ascii=True, separators=(', ', ': '))}\n".encode()


def _pages(event: Event) -> tuple[str, ...]:
    """Return the ids as file names have them; an event of a run can name settings, which are not pages."""
    if event.type is EventType.INGESTION:
        return tuple(name for name in event.objects if name.isascii() and name.isdigit())
    return tuple(map(safe_id, event.objects))


def _facts(event: Event) -> dict[str, object]:
    facts = {name: _checked(name, event.facts[name]) for name in sorted(event.facts)}
    if event.type is EventType.INGESTION and event.objects and not _pages(event):
        facts["about_sha256"] = hashlib.sha256("\n".join(event.objects).encode("utf-8", "surrogatepass")).hexdigest()
    return dict(sorted(facts.items()))


def _checked(name: str, value: object) -> object:
    """Return a fact; raises `EvidenceError` for text that could come from the wiki."""
    match value:
        case bool() | int() | None:
            return value
        case str() if name in FREE_TEXTS or _CODE.fullmatch(value):
            return value
        case list() | tuple() if not any(isinstance(item, list | tuple | dict) for item in value):
            return [_checked(name, item) for item in value]
        case dict() if value and not any(isinstance(item, list | tuple | dict) for item in value.values()):
            if all(map(_INNER_NAME.fullmatch, value)):
                return {key: _checked(name, item) for key, item in sorted(value.items())}
    raise EvidenceError(f"the fact {name} of an event contains text; the log has only ids, digests, numbers and codes")


def parse_events(data: bytes, *, name: str, about: Collection[str] = ()) -> list[LoggedEvent]:
    """Parse the log of one run, of format 1 or 2; raises `EvidenceError` with *name* and line.

    With *about*, lines that have none of these words as a text are not parsed: a first run has a line for each page.
    """
    logged = []
    for number, line in _lines_about(data, about) if about else enumerate(data.splitlines(), start=1):
        try:
            logged.append(_parse_first(line) if _is_first(line) else _parse(line))
        except (FileFormatError, ValueError) as error:
            raise EvidenceError(f"{name}:{number}: is not an event of a run: it {error}") from error
    return logged


def _lines_about(data: bytes, about: Collection[str]) -> Iterator[tuple[int, bytes]]:
    """Yield the lines in which one of the words is a JSON string, with their numbers."""
    words = b"|".join(re.escape(json.dumps(word, ensure_ascii=True).encode()) for word in about)
    pattern, number, counted, end = re.compile(words), 1, 0, 0
    while (match := pattern.search(data, end)) is not None:
        start = data.rfind(b"\n", 0, match.start()) + 1
        number += data.count(b"\n", counted, start)
        counted, end = start, data.find(b"\n", match.end())
        end = len(data) if end < 0 else end
        yield number, data[start:end]


def _is_first(line: bytes) -> bool:
    return b'"format": "wikibot-event/' in line


def _parse(data: bytes) -> LoggedEvent:
    line = EventLine.parse(data)
    event = Event(line.type, line.outcome, "", line.pages, line.facts)
    when = datetime.fromisoformat(line.when)
    return LoggedEvent(int(line.id.partition("-")[0]), when, event, line.id, line.page)


def _parse_first(data: bytes) -> LoggedEvent:
    line = FirstEventLine.parse(data)
    event = Event(EventType(line.type), EventOutcome(line.outcome), line.detail, line.objects, line.facts)
    return LoggedEvent(
        int(line.identifier.partition("-")[0]), datetime.fromisoformat(line.when), event, line.identifier
    )

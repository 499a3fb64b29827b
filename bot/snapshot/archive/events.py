"""`NUMBER.events.jsonl`: what a run did, one event a line, in the terms of PREMIS (Library of Congress)."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any, ClassVar, Literal

from pydantic import Field

from bot.errors import EvidenceError
from bot.file_format import FileDocument, FileFormatError
from bot.snapshot.archive.canonical_json import dump_lines
from bot.snapshot.archive.checkpoint import format_time

NOT_CAPTURABLE = "not_capturable"
"""Fact of a run: id, title and reason of each selected node without content that can be captured."""


LEFT_OUT = "left_out"
"""Fact of a run: the number of selected pages that are left out, because only some people may read them."""


class EventType(StrEnum):
    """Terms of the PREMIS vocabulary `eventType`."""

    INGESTION = "ingestion"  # a whole run
    CAPTURE = "capture"  # the body of a page, or one of its versions
    METADATA = "metadata modification"  # labels, attachments, comments, restrictions, place or title, without a version
    DELETION = "deletion"  # absent from the wiki: a tombstone
    DEACCESSION = "deaccession"  # still in the wiki, no longer archived
    MIGRATION = "migration"  # the same source rendered by another version of the converter
    REDACTION = "redaction"
    RESTRICTED = "restricted"  # only some people may read the page now


class EventOutcome(StrEnum):
    """Terms of the PREMIS vocabulary `eventOutcome`, and the one for what makes a run incomplete."""

    SUCCESS = "success"
    FAILURE = "fail"
    RESTRICTED = "restricted"


@dataclass(frozen=True, slots=True)
class Event:
    """One thing that happened; *objects* are page ids or paths, *facts* further data."""

    type: EventType
    outcome: EventOutcome
    detail: str
    objects: tuple[str, ...] = ()
    facts: Mapping[str, object] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class LoggedEvent:
    """An event as the log has it."""

    sequence: int
    when: datetime
    event: Event


class EventLine(FileDocument):
    """One event of one run."""

    KIND: ClassVar[str] = "wikibot-event"

    format: Literal["wikibot-event/1"] = "wikibot-event/1"
    """Format of the line."""
    when: str = Field(alias="eventDateTime")
    """Time of the run, in UTC to the second."""
    detail: str = Field(alias="eventDetailInformation")
    """What happened, for people."""
    identifier: str = Field(alias="eventIdentifier", pattern=r"^[0-9]{6,}-[0-9]{6,}$")
    """Number of the run, a hyphen, number of the event in the run."""
    outcome: EventOutcome = Field(alias="eventOutcome")
    """How the event ended."""
    facts: dict[str, Any] = Field(alias="eventOutcomeDetail")
    """Counts, digests and version numbers, by name."""
    type: EventType = Field(alias="eventType")
    """What kind of event."""
    agents: tuple[str, ...] = Field(alias="linkingAgentIdentifier")
    """Program, converter and account that took part."""
    objects: tuple[str, ...] = Field(alias="linkingObjectIdentifier")
    """Page ids, the key of a space, or what a rule names; empty for the event of the run as a whole."""


def render_events(events: Iterable[Event], *, sequence: int, when: datetime, agents: tuple[str, ...]) -> bytes:
    """Return the log of one run as JSON Lines."""
    return dump_lines(
        EventLine(
            eventDateTime=format_time(when),
            eventDetailInformation=event.detail,
            eventIdentifier=f"{sequence:06}-{number:06}",
            eventOutcome=event.outcome,
            eventOutcomeDetail=dict(event.facts),
            eventType=event.type,
            linkingAgentIdentifier=agents,
            linkingObjectIdentifier=event.objects,
        ).content()
        for number, event in enumerate(events, start=1)
    )


def parse_events(data: bytes, *, name: str) -> list[LoggedEvent]:
    """Parse the log of one run; raises `EvidenceError` with file and line."""
    logged = []
    for number, text in enumerate(data.splitlines(), start=1):
        try:
            line = EventLine.parse(text)
            when = datetime.fromisoformat(line.when)
        except (FileFormatError, ValueError) as error:
            raise EvidenceError(f"{name}:{number}: is not an event of a capture: it {error}") from error
        event = Event(line.type, line.outcome, line.detail, line.objects, line.facts)
        logged.append(LoggedEvent(int(line.identifier.partition("-")[0]), when, event))
    return logged

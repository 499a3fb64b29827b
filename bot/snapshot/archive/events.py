"""What a run did, line by line, in the terms of PREMIS (the Library of Congress's vocabulary of event types)."""

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from pathlib import Path

from bot.errors import EvidenceError
from bot.snapshot.archive.canonical_json import dump_lines
from bot.snapshot.archive.checkpoint import format_time


class EventType(StrEnum):
    """Terms of the PREMIS vocabulary `eventType`."""

    INGESTION = "ingestion"  # a run as a whole
    CAPTURE = "capture"  # a page's body, or one of its versions
    METADATA = "metadata modification"  # labels, attachments, comments, restrictions, place or title, without a version
    DELETION = "deletion"  # gone upstream: a tombstone
    DEACCESSION = "deaccession"  # still there, no longer archived
    MIGRATION = "migration"  # the same source rendered by another version of the converter
    REDACTION = "redaction"
    REPLICATION = "replication"  # the head published elsewhere


class Outcome(StrEnum):
    """Terms of the PREMIS vocabulary `eventOutcome`, and what keeps a run from being complete."""

    SUCCESS = "success"
    WARNING = "warning"
    FAILURE = "fail"
    RESTRICTED = "restricted"
    SKIPPED = "skipped"


@dataclass(frozen=True, slots=True)
class Event:
    """One thing that happened; *objects* are page ids or paths, *facts* further data."""

    type: EventType
    outcome: Outcome
    detail: str
    objects: tuple[str, ...] = ()
    facts: Mapping[str, object] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class LoggedEvent:
    """An event as the log has it."""

    sequence: int
    when: datetime
    event: Event


def render_events(events: Iterable[Event], *, sequence: int, when: datetime, agents: tuple[str, ...]) -> bytes:
    """Return the log of one run as JSON Lines."""
    return dump_lines(
        {
            "eventDateTime": format_time(when),
            "eventDetailInformation": event.detail,
            "eventIdentifier": f"{sequence:06}-{number:06}",
            "eventOutcome": event.outcome,
            "eventOutcomeDetail": dict(event.facts),
            "eventType": event.type,
            "linkingAgentIdentifier": list(agents),
            "linkingObjectIdentifier": list(event.objects),
        }
        for number, event in enumerate(events, start=1)
    )


def load_events(path: Path) -> list[LoggedEvent]:
    """Read the log of one run; raises `EvidenceError` with file and line."""
    logged = []
    for number, line in enumerate(path.read_bytes().splitlines(), start=1):
        try:
            logged.append(_parse_line(line))
        except (ValueError, KeyError, TypeError) as error:
            raise EvidenceError(f"{path}:{number}: is not an event of a capture") from error
    return logged


def _parse_line(line: bytes) -> LoggedEvent:
    value = json.loads(line)
    event = Event(
        EventType(value["eventType"]),
        Outcome(value["eventOutcome"]),
        str(value["eventDetailInformation"]),
        tuple(value["linkingObjectIdentifier"]),
        value["eventOutcomeDetail"],
    )
    return LoggedEvent(int(value["eventIdentifier"][:6]), datetime.fromisoformat(value["eventDateTime"]), event)

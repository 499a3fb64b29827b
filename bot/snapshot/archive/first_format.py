"""Frozen readers of format 1 (checkpoint 1, `wikibot-event/1`, `wikibot-page/1`), for `verify` and the upgrade only."""

from datetime import datetime
from typing import Any, ClassVar, Literal

from pydantic import Field

from bot.errors import EvidenceError
from bot.file_format import FileDocument, FileFormatError, FileModel
from bot.snapshot.archive.record import Ancestor, RecordedStatus


class FirstTombstone(FileModel):
    """The page was no longer in the wiki."""

    when: datetime
    """Time of the run that no longer found the page."""
    reason: str
    """What the wiki answered, in words."""


class FirstPageLine(FileDocument):
    """A captured page in `pages.jsonl`."""

    KIND: ClassVar[str] = "wikibot-page"

    format: Literal["wikibot-page/1"] = "wikibot-page/1"
    page_id: str
    path: str
    space_key: str
    title: str
    url: str
    status: RecordedStatus
    position: int | None
    ancestors: tuple[Ancestor, ...]
    version: int
    version_when: datetime
    captured_at: datetime
    record_path: str
    source_path: str
    source_sha256: str
    markdown_bytes: int
    sources: tuple[str, ...]
    is_selected: bool = True
    tombstone: FirstTombstone | None = None
    redacted_at: datetime | None = None


class FirstEventLine(FileDocument):
    """One event of one run."""

    KIND: ClassVar[str] = "wikibot-event"

    format: Literal["wikibot-event/1"] = "wikibot-event/1"
    when: str = Field(alias="eventDateTime")
    detail: str = Field(alias="eventDetailInformation")
    identifier: str = Field(alias="eventIdentifier", pattern=r"^[0-9]{6,}-[0-9]{6,}$")
    outcome: str = Field(alias="eventOutcome")
    facts: dict[str, Any] = Field(alias="eventOutcomeDetail")
    type: str = Field(alias="eventType")
    agents: tuple[str, ...] = Field(alias="linkingAgentIdentifier")
    objects: tuple[str, ...] = Field(alias="linkingObjectIdentifier")


def parse_first_lines(data: bytes, *, name: str) -> dict[str, FirstPageLine]:
    """Parse `pages.jsonl`; raises `EvidenceError`, which states *name* and the line."""
    lines: dict[str, FirstPageLine] = {}
    for number, content in enumerate(data.splitlines(), start=1):
        try:
            line = FirstPageLine.parse(content)
        except FileFormatError as error:
            raise EvidenceError(f"{name}:{number}: is not the entry of a captured page: it {error}") from error
        lines[line.page_id] = line
    return lines

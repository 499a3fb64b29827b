"""What the last capture of each space saw, so that the next one can ask only about changes.

The file lies in the state folder next to what the bot remembers about the log. It may be deleted: the next capture then
reads everything, as the first one does.
"""

import json
from collections.abc import Mapping
from contextlib import suppress
from datetime import datetime, timedelta
from pathlib import Path
from typing import ClassVar, Literal

from pydantic import Field

from bot.file_format import FileDocument, FileFormatError, FileModel
from bot.files import read_file, replace_file
from bot.snapshot.archive.evidence_state import EvidenceState

_FULL_AFTER = timedelta(days=6, hours=12)
"""A full capture once a week, also if the runs of a schedule begin at slightly different times."""


class SpaceMemory(FileModel):
    """What the last complete listing of a space had."""

    full_at: datetime
    """Time of the last capture that read everything."""
    pages: dict[str, int]
    """Id → version of all pages, those that are not captured too."""
    labelled: dict[str, tuple[str, ...]] = Field(default_factory=dict)
    """Label of the rule → ids of its pages, on which two sources agreed."""
    absent_labels: tuple[str, ...] = ()
    """Labels of the rule that no list has on a page, and that none of the pages has whose own labels were read."""
    label_requests: int = 0
    """Number of requests for the lists of the pages with each label, at the last capture that read them (Cloud)."""
    attachments_until: datetime | None = None
    """Time of the newest attachment of the wiki (Cloud)."""
    comments_until: datetime | None = None
    """Time of the newest comment of the wiki (Cloud)."""
    restricted: dict[str, bool] = Field(default_factory=dict)
    """Id of a node of the page tree → whether it has a read restriction of its own."""
    fingerprints: dict[str, str] = Field(default_factory=dict)
    """Id of a captured page → what the listings said about it, and what kinds of data its record has."""
    again: tuple[str, ...] = ()
    """Ids of the pages to read as if nothing were known, because of a shortfall or a doubt."""


class CaptureMemoryFile(FileDocument):
    """`LOG.captures`: what the last capture of each space saw. The file can be deleted."""

    KIND: ClassVar[str] = "wikibot-captures"

    format: Literal["wikibot-captures/1"] = "wikibot-captures/1"
    """Format of the file."""
    head: str | None = None
    """SHA-256 of the head after that capture. If it is not in the log any more, the file does not count."""
    spaces: dict[str, SpaceMemory] = Field(default_factory=dict)
    """Key of a space → what its last capture saw."""


class CaptureMemory:
    """The memory of the captures that went to one folder of snapshots; *now* is the time at which the run began."""

    def __init__(self, state: EvidenceState, now: datetime) -> None:
        self._state, self.now = state, now
        self._file = self._load()
        head = state.memory.head
        self._is_newest = head is not None and head.sha256 == self._file.head

    def of(self, space_key: str) -> SpaceMemory | None:
        """Return what the last capture of a space saw; None if the next one has to read everything.

        If another run has changed the snapshots since, for example a redaction, each record is compared again.
        """
        known = self.last(space_key)
        if known is None or not timedelta() <= self.now - known.full_at < _FULL_AFTER:
            return None
        return known if self._is_newest else known.replaced(fingerprints={})

    def last(self, space_key: str) -> SpaceMemory | None:
        """Return what the last capture of a space saw, however long ago that was."""
        return self._file.spaces.get(space_key)

    def save(self, seen: Mapping[str, SpaceMemory | None]) -> None:
        """Remember what this capture saw; None forgets a space. If this fails, the next capture reads more."""
        spaces = {key: memory for key, memory in {**self._file.spaces, **seen}.items() if memory is not None}
        head = self._state.memory.head
        file = self._file.replaced(spaces=spaces, head=head.sha256 if head else None)
        if file != self._file:
            text = json.dumps(file.content(), sort_keys=True) + "\n"
            with suppress(OSError):
                replace_file(self._path, text.encode(), is_private=True)

    @property
    def _path(self) -> Path:
        return self._state.captures

    def _load(self) -> CaptureMemoryFile:
        with suppress(OSError, FileFormatError):
            file = CaptureMemoryFile.parse(read_file(self._path))
            if file.head in {head.sha256 for head in self._state.memory.heads}:
                return file
        return CaptureMemoryFile()

"""`pages.jsonl` of a bag: one line for each captured page, which says where its files are and what it was."""

from datetime import datetime
from typing import ClassVar, Literal

from bot.errors import EvidenceError
from bot.file_format import FileDocument, FileFormatError, FileModel
from bot.snapshot.archive.canonical_json import dump_lines
from bot.snapshot.archive.record import Ancestor, RecordedStatus


class Tombstone(FileModel):
    """The page was deleted from the wiki, or is hidden from the account; its capture stays."""

    when: datetime
    """Time of the run that no longer found the page."""
    reason: str
    """What the wiki answered, in words."""


class PageEntry(FileDocument):
    """A captured page. Paths are relative to the bag; `path` does not change after the first capture."""

    KIND: ClassVar[str] = "wikibot-page"

    format: Literal["wikibot-page/1"] = "wikibot-page/1"
    """Format of the line."""
    page_id: str
    """Page id."""
    path: str
    """Path of the rendition."""
    space_key: str
    """Key of the space."""
    title: str
    """Title."""
    url: str
    """Address in the wiki."""
    status: RecordedStatus
    """Status of the page."""
    position: int | None
    """Position among the siblings, where the wiki states one."""
    ancestors: tuple[Ancestor, ...]
    """Pages above the page, the highest first."""
    version: int
    """Newest captured version."""
    version_when: datetime
    """Time of that version."""
    captured_at: datetime
    """Time of the first capture of that version's body."""
    record_path: str
    """Path of the newest record, or of the record of the redaction."""
    source_path: str
    """Path of the newest body, or of the record of the redaction."""
    source_sha256: str
    """SHA-256 of the newest body."""
    markdown_bytes: int
    """Size of the rendition in bytes."""
    sources: tuple[str, ...]
    """Paths of all captured bodies, oldest version first."""
    is_selected: bool = True
    """Whether the page counted as archived in the last run."""
    tombstone: Tombstone | None = None
    """Set when the page is no longer in the wiki."""
    redacted_at: datetime | None = None
    """Time of the redaction."""


def dump_entries(entries: dict[str, PageEntry]) -> bytes:
    """Return the content of `pages.jsonl`, sorted by page id."""
    ordered = sorted(entries.values(), key=lambda entry: id_order(entry.page_id))
    return dump_lines(entry.content() for entry in ordered)


def parse_entries(data: bytes, *, name: str) -> dict[str, PageEntry]:
    """Parse `pages.jsonl`; raises `EvidenceError`, which states *name* and the line."""
    entries: dict[str, PageEntry] = {}
    for number, line in enumerate(data.splitlines(), start=1):
        try:
            entry = PageEntry.parse(line)
        except FileFormatError as error:
            raise EvidenceError(f"{name}:{number}: is not the entry of a captured page: it {error}") from error
        entries[entry.page_id] = entry
    return entries


def id_order(page_id: str) -> tuple[int, int, str]:
    """Return a sort key: numeric ids by number, then other ids by text."""
    return (0, int(page_id), "") if page_id.isascii() and page_id.isdigit() else (1, 0, page_id)

"""One line of a bag's `pages.jsonl`: where a captured page lies, and what it was when we last looked."""

import json
from dataclasses import dataclass
from datetime import datetime

from pydantic import TypeAdapter, ValidationError

from bot.errors import EvidenceError
from bot.snapshot.archive.canonical_json import dump_lines
from bot.snapshot.archive.record import Ancestor
from bot.wiki.gateway import PageStatus


@dataclass(frozen=True, slots=True)
class Tombstone:
    """The page is gone from the wiki, or hidden from us; its capture stays."""

    when: datetime
    reason: str


@dataclass(frozen=True, slots=True)
class PageEntry:
    """A captured page; paths are relative to the bag and frozen at the first capture."""

    page_id: str
    path: str
    space_key: str
    title: str
    url: str
    status: PageStatus
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
    """Every storage body that is held, oldest version first."""
    is_selected: bool = True
    """Whether the last run still counted the page as archived."""
    tombstone: Tombstone | None = None
    redacted_at: datetime | None = None


_ADAPTER = TypeAdapter(PageEntry)


def dump_entries(entries: dict[str, PageEntry]) -> bytes:
    """Return the content of `pages.jsonl`, sorted by page id."""
    ordered = sorted(entries.values(), key=lambda entry: id_order(entry.page_id))
    return dump_lines(_ADAPTER.dump_python(entry, mode="json") for entry in ordered)


def parse_entries(data: bytes, *, name: str) -> dict[str, PageEntry]:
    """Read `pages.jsonl`; raises `EvidenceError`, which names *name* and the line."""
    entries: dict[str, PageEntry] = {}
    for number, line in enumerate(data.splitlines(), start=1):
        try:
            entry = _ADAPTER.validate_python(json.loads(line))
        except (ValueError, ValidationError) as error:
            raise EvidenceError(f"{name}:{number}: is not an entry of a captured page") from error
        entries[entry.page_id] = entry
    return entries


def id_order(page_id: str) -> tuple[int, int, str]:
    """Sort numeric ids by number, others after them by text."""
    return (0, int(page_id), "") if page_id.isascii() and page_id.isdigit() else (1, 0, page_id)

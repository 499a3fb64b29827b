"""What a run saw about a page, beside its body: enough to render the page again without the wiki."""

from dataclasses import dataclass, field, replace
from datetime import datetime

from pydantic import TypeAdapter, ValidationError

from bot.convert import IncludedPage, Listing, PageLink, ReportRow
from bot.errors import EvidenceError
from bot.snapshot.archive.canonical_json import dump_json
from bot.wiki.gateway import Comment, PageStatus, Restrictions, Version


@dataclass(frozen=True, slots=True)
class Ancestor:
    """A page above another one."""

    id: str
    title: str


@dataclass(frozen=True, slots=True)
class CapturedFile:
    """One version of an attachment; *path* is relative to the bag, None where its bytes are not held."""

    id: str
    name: str
    media_type: str
    size_bytes: int
    version: Version
    comment: str
    path: str | None
    sha256: str | None


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What a body refers to, as it was at the capture; a change here alone is no reason to capture a page again.

    `pages` maps a page id or `KEY:Title` to the path, relative to the rendition, of a captured page that the body links
    to; `users` the id of a mentioned person to a name. The lists are there where a macro of the page shows them;
    `lists` and `report` in early captures only, which kept one of a kind (`PageContext`).
    """

    pages: dict[str, str] = field(default_factory=dict)
    users: dict[str, str] = field(default_factory=dict)
    children: tuple[PageLink, ...] | None = None
    page_tree: tuple[PageLink, ...] | None = None
    included: dict[str, IncludedPage] = field(default_factory=dict)
    lists: dict[str, tuple[PageLink, ...]] = field(default_factory=dict)
    report: tuple[ReportRow, ...] | None = None
    listings: dict[str, Listing] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class PageRecord:
    """A page at the time of one capture. *captured_at* is when this body was first captured."""

    page_id: str
    space_key: str
    title: str
    url: str
    status: PageStatus
    parent_id: str | None
    position: int | None
    version: Version
    source_path: str
    source_sha256: str
    source_bytes: int
    captured_at: datetime
    ancestors: tuple[Ancestor, ...] = ()
    labels: tuple[str, ...] = ()
    restrictions: Restrictions = field(default_factory=Restrictions)
    attachments: tuple[CapturedFile, ...] = ()
    comments: tuple[Comment, ...] = ()
    versions: tuple[Version, ...] = ()
    surroundings: Surroundings = field(default_factory=Surroundings)


_ADAPTER = TypeAdapter(PageRecord)


def dump_record(record: PageRecord) -> bytes:
    """Return the file content of a record."""
    return dump_json(_ADAPTER.dump_python(record, mode="json"))


def parse_record(data: bytes, *, name: str = "record") -> PageRecord:
    """Read a record; raises `EvidenceError`, which names *name*, when it is not one."""
    try:
        return _ADAPTER.validate_json(data)
    except ValidationError as error:
        raise EvidenceError(f"{name} is not a record of a capture: {error.errors()[0]['msg']}") from error


def settled(record: PageRecord) -> PageRecord:
    """Return *record* as it will read back from its file (NFC, whole offsets), so that comparing is fair."""
    return parse_record(dump_record(record))


def is_same_capture(a: PageRecord, b: PageRecord) -> bool:
    """Tell whether nothing about the page itself differs; its surroundings do not count."""
    return replace(a, surroundings=Surroundings()) == replace(b, surroundings=Surroundings())

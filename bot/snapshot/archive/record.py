"""`record-NUMBER.json`: what a run saw about a page, except its body; enough to render the page again without the wiki.

The classes are the file format. The capture makes them from what the wiki answers; the rendition makes what the
converter needs from them.
"""

import hashlib
from datetime import datetime
from enum import StrEnum
from typing import ClassVar, Literal

from pydantic import Field, field_validator

from bot.errors import EvidenceError
from bot.file_format import FileDocument, FileFormatError, FileModel
from bot.snapshot.archive.canonical_json import dump_json
from bot.snapshot.archive.salt import digest_of_body


class RecordedStatus(StrEnum):
    """Status of a page, as the REST API names it."""

    CURRENT = "current"
    ARCHIVED = "archived"
    TRASHED = "trashed"
    DRAFT = "draft"


class RecordedPerson(FileModel):
    """A person or a machine that wrote something."""

    id: str
    """Account id (Cloud) or user key (Data Center)."""
    display_name: str
    """Name as the wiki shows it; the id if the wiki does not say the name."""
    username: str | None = None
    """User name, where the wiki has one."""


class RecordedVersion(FileModel):
    """One entry of a version history."""

    number: int
    """Version number."""
    when: datetime
    """Time of the version."""
    author: RecordedPerson
    """Who wrote the version."""
    message: str = ""
    """Version message."""
    is_minor: bool = False
    """Whether the author marked the version as a minor edit."""


class RecordedComment(FileModel):
    """A comment on the page."""

    id: str
    """Id of the comment."""
    body: str
    """Body in storage format."""
    version: RecordedVersion
    """Newest version of the comment."""
    parent_id: str | None = None
    """Id of the comment that this one replies to."""
    inline_ref: str | None = None
    """Reference of the marker in the page body, for an inline comment."""
    inline_text: str | None = None
    """Text that an inline comment was made on."""
    is_resolved: bool = False
    """Whether the comment is resolved."""


class RecordedRestrictions(FileModel):
    """Who may read and who may edit the page."""

    readers: tuple[str, ...] = ()
    """Names of users and groups that may read; empty if everyone in the space may."""
    editors: tuple[str, ...] = ()
    """Names of users and groups that may edit; empty if everyone in the space may."""


class RecordedFile(FileModel):
    """One version of an attachment."""

    id: str
    """Id of the attachment."""
    name: str
    """File name in the wiki."""
    media_type: str
    """Media type as the wiki states it."""
    size_bytes: int
    """Size in bytes as the wiki states it."""
    version: RecordedVersion
    """Version of the attachment."""
    comment: str
    """Comment of the attachment."""
    path: str | None
    """Path in the bag; null if the bytes could not be downloaded."""
    sha256: str | None
    """SHA-256 of the bytes; null if the bytes could not be downloaded."""


class BorrowedFile(RecordedFile):
    """A file of a page that is not captured; it is captured with the page that shows it or links to it."""

    owner_id: str
    """Id of the page to which the file is attached."""


class Ancestor(FileModel):
    """A page above the page in the page tree."""

    id: str
    """Page id."""
    title: str
    """Title at the time of the capture."""


class RecordedLink(FileModel):
    """A page in a list that a macro showed."""

    title: str
    """Title of the page."""
    target: str
    """Path of its rendition, relative to this page's rendition, or its address in the wiki."""
    children: tuple["RecordedLink", ...] = ()
    """Pages below it in the list."""


class RecordedInclude(FileModel):
    """A page that the body includes, as it was at the capture."""

    title: str
    """Title of the included page."""
    body: str
    """Body of the included page in storage format."""
    version: int | None = None
    """Version of the included page."""
    target: str = ""
    """Path of its rendition, relative to this page's rendition, or its address in the wiki."""


class RecordedRow(FileModel):
    """One page that a listing macro showed."""

    page: RecordedLink
    """Link to the page."""
    values: dict[str, str]
    """Page Properties of the page, by name, as plain text."""
    bodies: dict[str, str] = Field(default_factory=dict)
    """The same values in storage format."""


class RecordedListing(FileModel):
    """What one listing macro showed at the capture."""

    rows: tuple[RecordedRow, ...]
    """Listed pages in order."""
    columns: tuple[str, ...] = ()
    """Columns of a report, in order."""
    left_out: int = 0
    """How many pages were left out because the list was too long."""
    is_partial: bool = False
    """Whether the macro asked for pages of other spaces too, which were not looked up."""


class RecordedView(FileModel):
    """What the wiki showed for a macro that has no content of its own, such as a list of recent changes."""

    html: str
    """The part of the wiki's view of the page, without entries about pages that the readers may not see."""
    view_sha256: str
    """SHA-256 of the whole view as received."""
    when: datetime
    """Time of the capture."""


class Surroundings(FileModel):
    """What the body refers to, as it was at the capture. A change here alone does not cause a new capture."""

    pages: dict[str, str] = Field(default_factory=dict)
    """Captured pages that the body links to: page id or `KEY:Title` → path relative to the rendition."""
    files: dict[str, str] = Field(default_factory=dict)
    """Captured files of other pages that the body shows, as paths relative to the rendition.

    The key is `Title/NAME`, `KEY:Title/NAME` for a page in another space, or `:ID/NAME` for a page named by its id.
    """
    borrowed: tuple[BorrowedFile, ...] = ()
    """Files of pages that are not captured, which the body shows or links to."""
    unread_files: tuple[str, ...] = ()
    """Files of other pages that could not be read, by the keys of `files`; each later capture tries again."""
    users: dict[str, str] = Field(default_factory=dict)
    """Mentioned people: id → name."""
    children: tuple[RecordedLink, ...] | None = None
    """Child pages, if a macro of the page shows them."""
    page_tree: tuple[RecordedLink, ...] | None = None
    """Page tree of the space, if a macro of the page shows it."""
    included: dict[str, RecordedInclude] = Field(default_factory=dict)
    """Included pages by `KEY:Title`."""
    withheld: dict[str, Literal["restricted", "redacted"]] = Field(default_factory=dict)
    """Included pages whose text is left out, and why: SHA-256 of `KEY:Title` → reason. The title is not stated."""
    listings: dict[str, RecordedListing] = Field(default_factory=dict)
    """Answers of listing macros, by what the macro asks for."""
    views: dict[str, RecordedView] = Field(default_factory=dict)
    """What the wiki showed for live macros, by what the macro asks for."""
    other_addresses: tuple[str, ...] = ()
    """Addresses of the wiki besides the public one, such as that of the API gateway, that links of the body use."""

    @field_validator("withheld", mode="before")
    @classmethod
    def _read_names(cls, stated: object) -> object:
        """Read the names that the first records of formats 1 and 2 list here as their digests."""
        if isinstance(stated, list):
            return {hashlib.sha256(str(name).encode()).hexdigest(): "restricted" for name in stated}
        return stated


class PageRecord(FileDocument):
    """A page at the time of one capture."""

    KIND: ClassVar[str] = "wikibot-record"
    NUMBER: ClassVar[int] = 3

    format: Literal["wikibot-record/1", "wikibot-record/2", "wikibot-record/3"] = "wikibot-record/3"
    """Format of the file."""
    page_id: str
    """Page id."""
    path: str | None = None
    """Path of the rendition in the bag; null in format 1."""
    space_key: str
    """Key of the space."""
    title: str
    """Title."""
    url: str
    """Address in the wiki."""
    status: RecordedStatus
    """Status of the page."""
    parent_id: str | None
    """Id of the parent page."""
    position: int | None
    """Position among the siblings, where the wiki states one."""
    version: RecordedVersion
    """Version of the captured body."""
    source_path: str
    """Path of the body in the bag."""
    source_sha256: str
    """SHA-256 of the file of the body."""
    source_bytes: int
    """Size of the body in bytes, without its salt."""
    source_salt: str | None = None
    """Salt of the file of the body; null if the body is not short, or an earlier version of wikibot wrote it."""
    salt: str | None = None
    """Random text, another one in each record, so that no digest confirms a guess; also in short Markdown."""
    captured_at: datetime
    """Time of the first capture of this body."""
    ancestors: tuple[Ancestor, ...] = ()
    """Pages above the page, the highest first."""
    labels: tuple[str, ...] = ()
    """Labels in alphabetical order."""
    restrictions: RecordedRestrictions = RecordedRestrictions()
    """Restrictions of the page itself."""
    attachments: tuple[RecordedFile, ...] = ()
    """Attachments of the page."""
    comments: tuple[RecordedComment, ...] = ()
    """Comments on the page, resolved ones included."""
    versions: tuple[RecordedVersion, ...] = ()
    """Version history, newest first."""
    archived_by: tuple[str, ...] = ()
    """Why the page counted as archived: `status archived`, `label NAME`, `under ID` or `roster`."""
    surroundings: Surroundings = Surroundings()
    """What the body refers to."""

    def salted(self, salt: str) -> "PageRecord":
        """Return a copy in the newest format with another salt."""
        return self.replaced(format=f"{self.KIND}/{self.NUMBER}", salt=salt)

    def has_body(self, body: bytes) -> bool:
        """Return whether *body*, as the wiki has it, is the body of this record."""
        return digest_of_body(body, self.source_salt) == self.source_sha256


def dump_record(record: PageRecord) -> bytes:
    """Return the file content of a record."""
    return dump_json(record.content())


def parse_record(data: bytes, *, name: str = "record") -> PageRecord:
    """Parse a record; raises `EvidenceError`, which states *name*, if the content is not a record."""
    try:
        return PageRecord.parse(data)
    except FileFormatError as error:
        raise EvidenceError(f"{name} is not a record of a capture: it {error}") from error


def settled(record: PageRecord) -> PageRecord:
    """Return *record* as it would be read from its file (NFC, whole offsets), so that records can be compared."""
    return parse_record(dump_record(record))


def is_same_capture(a: PageRecord, b: PageRecord) -> bool:
    """Return whether two records are equal; surroundings, reasons, format, salt and unknown keys are ignored."""
    ignored = {"surroundings": Surroundings(), "archived_by": (), "format": a.format, "path": a.path, "salt": a.salt}
    first, second = (record.replaced(**ignored).without_unknown() for record in (a, b))
    return first == second

"""The values that the store hands out: frozen, parsed, times aware and in UTC."""

from dataclasses import dataclass
from datetime import UTC, datetime


def from_milliseconds(value: int) -> datetime:
    """Return the moment *value* milliseconds after the epoch."""
    return datetime.fromtimestamp(value // 1000, UTC).replace(microsecond=value % 1000 * 1000)


def to_milliseconds(moment: datetime) -> int:
    """Return *moment* as milliseconds since the epoch, the precision that Confluence shows."""
    return int(moment.timestamp()) * 1000 + moment.microsecond // 1000


@dataclass(frozen=True, slots=True)
class User:
    """A person or bot with an account."""

    account_id: str
    name: str
    user_key: str
    display_name: str
    email: str
    is_admin: bool
    is_active: bool


@dataclass(frozen=True, slots=True)
class Group:
    """A named set of users."""

    id: str
    name: str


@dataclass(frozen=True, slots=True)
class Space:
    """A space; its pages are below *homepage_id*."""

    id: int
    key: str
    name: str
    type: str
    status: str
    description: str
    homepage_id: int | None
    creator: str
    created_at: datetime


@dataclass(frozen=True, slots=True)
class Content:
    """A page, blog post, comment or attachment as its current version has it; the body is read apart.

    *parent_id* is the page above a page, or the comment a reply answers; *container_id* is the page that a
    comment or attachment belongs to. *creator* and *updater* are account ids.
    """

    id: int
    type: str
    status: str
    title: str
    space_id: int
    parent_id: int | None
    container_id: int | None
    position: int
    version: int
    creator: str
    created_at: datetime
    updater: str
    updated_at: datetime
    message: str
    is_minor: bool

    @property
    def current_version(self) -> "Version":
        """Return the current version, without a trip to the database."""
        return Version(
            content_id=self.id,
            number=self.version,
            title=self.title,
            message=self.message,
            author=self.updater,
            created_at=self.updated_at,
            is_minor=self.is_minor,
        )


@dataclass(frozen=True, slots=True)
class Version:
    """One saved state of a piece of content."""

    content_id: int
    number: int
    title: str
    message: str
    author: str
    created_at: datetime
    is_minor: bool


@dataclass(frozen=True, slots=True)
class Draft:
    """Unpublished changes to a published page, shared by everyone who edits it."""

    content_id: int
    title: str
    body: str
    author: str
    updated_at: datetime
    base_version: int


@dataclass(frozen=True, slots=True)
class File:
    """What is stored of one version of an attachment, without its bytes."""

    content_id: int
    number: int
    media_type: str
    comment: str
    file_id: str
    size: int


@dataclass(frozen=True, slots=True)
class Comment:
    """The place of a comment: at the foot of the page, or inline at the text that *marker_ref* marks."""

    content_id: int
    location: str
    marker_ref: str | None
    selection: str | None
    resolution: str
    resolved_by: str | None
    resolved_at: datetime | None


@dataclass(frozen=True, slots=True)
class Label:
    """A label; *prefix* is `global` for the ones people see, `my` or `team` else."""

    id: int
    prefix: str
    name: str


@dataclass(frozen=True, slots=True)
class Property:
    """A JSON value that an app keeps on content or a space; *value* is JSON text."""

    id: int
    key: str
    value: str
    version: int
    author: str
    created_at: datetime
    message: str
    is_minor: bool


@dataclass(frozen=True, slots=True)
class State:
    """The content status lozenge of a page."""

    content_id: int
    state_id: int
    name: str
    color: str
    set_by: str
    set_at: datetime


@dataclass(frozen=True, slots=True)
class Template:
    """A page template, of one space or of the whole wiki."""

    id: int
    space_id: int | None
    name: str
    description: str
    body: str


@dataclass(frozen=True, slots=True)
class InlineTask:
    """A tick box in the body of a page."""

    id: int
    content_id: int
    local_id: str
    status: str
    body: str
    creator: str
    assignee: str | None
    completed_by: str | None
    due_at: datetime | None
    created_at: datetime
    updated_at: datetime
    completed_at: datetime | None


@dataclass(frozen=True, slots=True)
class LongTask:
    """Work that the wiki answered 202 for; *messages* are what it has to say for itself."""

    id: str
    key: str
    started_at: datetime
    finished_at: datetime
    successful: bool
    messages: tuple[str, ...]

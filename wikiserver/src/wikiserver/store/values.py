"""The values that the store returns: frozen, parsed, times aware and in UTC."""

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
    """The current version of a page, blog post, comment or attachment; the body is read separately.

    *parent_id* is the parent page, or the comment that a reply replies to; *container_id* is the page of a
    comment or attachment. *creator* and *updater* are account ids.
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
    subtype: str = ""
    """`live` for a live document (Cloud), else empty."""

    @property
    def current_version(self) -> "Version":
        """Return the current version without a query."""
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
    """One version of a content."""

    content_id: int
    number: int
    title: str
    message: str
    author: str
    created_at: datetime
    is_minor: bool


@dataclass(frozen=True, slots=True)
class Draft:
    """Unpublished changes to a published page, shared by all its editors."""

    content_id: int
    title: str
    body: str
    author: str
    updated_at: datetime
    base_version: int


@dataclass(frozen=True, slots=True)
class File:
    """The metadata of one version of an attachment."""

    content_id: int
    number: int
    media_type: str
    comment: str
    file_id: str
    size: int


@dataclass(frozen=True, slots=True)
class Comment:
    """The place of a comment: in the footer, or inline at the marker *marker_ref*."""

    content_id: int
    location: str
    marker_ref: str | None
    selection: str | None
    resolution: str
    resolved_by: str | None
    resolved_at: datetime | None


@dataclass(frozen=True, slots=True)
class Label:
    """A label; *prefix* is `global` for visible labels, else `my` or `team`."""

    id: int
    prefix: str
    name: str


@dataclass(frozen=True, slots=True)
class Property:
    """A JSON value of an app on content or a space; *value* is JSON text."""

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
    """The content state of a page."""

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
    """A task in the body of a page."""

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
    """Work that the wiki answered with 202; *messages* are its results."""

    id: str
    key: str
    started_at: datetime
    finished_at: datetime
    successful: bool
    messages: tuple[str, ...]

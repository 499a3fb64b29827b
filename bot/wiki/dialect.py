"""REST calls as plain data, and the calls in which the two REST dialects differ.

A dialect is pure: it describes requests and reads answers. `bot.wiki.rest_client` sends them.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, Generic, Literal, Protocol, TypeVar
from urllib.parse import quote, urlencode

from bot.wiki.gateway import Attachment, Comment, Page, PageRef, PageStatus, Space, User, Version

Params = Mapping[str, str | int | Sequence[str]]
T_co = TypeVar("T_co", covariant=True)


@dataclass(frozen=True, slots=True)
class Call(Generic[T_co]):
    """One REST call: what to send, and how to read the answer.

    *path* is relative to the base address. *about* names the subject in error messages. *read* turns the decoded answer
    into a value, in a listing each item. *page_id* or *space_key* says what a 404 means.
    """

    path: str
    about: str
    read: Callable[[object], T_co]
    params: Params = field(default_factory=dict)
    method: Literal["GET", "PUT", "POST"] = "GET"
    payload: Any = None
    page_id: str | None = None
    space_key: str | None = None

    @property
    def address(self) -> str:
        """The path with its query; lists repeat their name."""
        query = urlencode(self.params, doseq=True, safe=",")
        return f"{self.path}?{query}" if query else self.path


def escape_part(text: str) -> str:
    """Escape one part of a path."""
    return quote(text, safe="")


class Flavour(StrEnum):
    """The two kinds of Confluence."""

    CLOUD = "cloud"
    DATA_CENTER = "datacenter"


class Dialect(Protocol):
    """The calls in which REST v1 and v2 differ. The calls that both flavours share are in `bot.wiki.rest_v1`."""

    flavour: Flavour
    bulk_read_size: int
    """How many pages `pages` reads in one request."""
    is_bulk_read_certain: bool
    """False when a server may ignore the ids that `pages` asks for."""

    def user(self, user_id: str) -> Call[User]:
        """Return a person by the id that versions carry."""

    def spaces(self) -> Call[Space]:
        """List the current spaces."""

    def space(self, key: str) -> Call[Space]:
        """Return a space; its reader raises `SpaceNotFoundError` for an empty answer."""

    def refs(self, space: Space, status: PageStatus) -> Call[PageRef] | None:
        """List a space without bodies; None where this flavour has no pages of that status."""

    def bodies(self, space: Space, status: PageStatus) -> Call[Page] | None:
        """List a space with bodies; None where this flavour has no pages of that status."""

    def titled(self, space: Space, title: str, status: PageStatus) -> Call[PageRef] | None:
        """List the pages with a title; None where this flavour has no pages of that status."""

    def page(self, page_id: str) -> Call[Page]:
        """Read the newest published version."""

    def page_version(self, page_id: str, version: int) -> Call[Page]:
        """Read an earlier version; Data Center answers with an id of that version's own."""

    def draft(self, page_id: str) -> Call[Page]:
        """Read the unpublished draft; on Cloud the published page where there is no draft."""

    def pages(self, page_ids: Sequence[str]) -> Call[Page]:
        """List pages by id, at most `bulk_read_size`."""

    def versions(self, page_id: str) -> tuple[Call[Version], ...]:
        """List the history, newest first. These are alternatives: the next one is for wikis that answer 404."""

    def labels(self, page_id: str) -> Call[str]:
        """List the labels of a page."""

    def attachments(self, page_id: str) -> Call[Attachment]:
        """List the files of a page."""

    def comments(self, page_id: str) -> tuple[Call[Comment], ...]:
        """List the comments of a page; all of these listings together."""

    def replies(self, comment: Comment, *, is_inline: bool) -> Call[Comment] | None:
        """List the replies to a comment; None where `comments` has listed them already."""

    def update(self, page: Page, body: str, *, message: str, is_minor: bool) -> Call[tuple[str, Version]]:
        """Write the version after *page*; the answer holds little more than page id and version for certain."""

    def create(self, space: Space, *, title: str, body: str, parent_id: str | None, message: str) -> Call[PageRef]:
        """Create a page."""

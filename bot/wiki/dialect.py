"""REST calls as plain data, and the calls that differ between the two REST dialects.

A dialect is pure: it describes requests and reads answers. `bot.wiki.rest_client` sends them.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, Generic, Literal, Protocol, TypeVar
from urllib.parse import quote, urlencode

from bot.wiki.gateway import (
    Attachment,
    Comment,
    Container,
    ContentState,
    ListingEntry,
    Page,
    PagePart,
    PageParts,
    PageRef,
    PageStatus,
    Space,
    TreeKind,
    User,
    Version,
)

Params = Mapping[str, str | int | Sequence[str]]
T_co = TypeVar("T_co", covariant=True)


@dataclass(frozen=True, slots=True)
class Call(Generic[T_co]):
    """One REST call: what to send, and how to read the answer.

    *path* is relative to the base address. *about* is the subject in error messages. *read* converts the decoded answer
    to a value; in a listing, it converts each item. *page_id* or *space_key* is the object that a 404 refers to.
    """

    path: str
    about: str
    read: Callable[[object], T_co]
    params: Params = field(default_factory=dict)
    method: Literal["GET", "PUT", "POST", "DELETE"] = "GET"
    payload: Any = None
    page_id: str | None = None
    space_key: str | None = None
    is_kept: bool = True
    """Whether an answer may be used again, by a capture that goes on after an interruption.

    A restriction changes without a new version of the page, so it is asked again before the text of a page is used.
    """

    @property
    def address(self) -> str:
        """The path with its query; a list repeats its parameter name."""
        query = urlencode(self.params, doseq=True, safe=",")
        return f"{self.path}?{query}" if query else self.path


def escape_part(text: str) -> str:
    """Percent-encode one segment of a path."""
    return quote(text, safe="")


class Flavour(StrEnum):
    """The two kinds of Confluence."""

    CLOUD = "cloud"
    DATA_CENTER = "datacenter"


DESCENDANTS_DEPTH = 10
"""Maximum depth of one listing of descendants."""


@dataclass(frozen=True, slots=True)
class Descendant:
    """A node in a listing of descendants; *depth* 1 is a child."""

    depth: int
    id: str
    kind: str
    title: str
    status: str
    parent_id: str | None
    position: int | None


@dataclass(frozen=True, slots=True)
class ConvertedBody:
    """The state of the conversion of a body: the HTML, or None and the task that makes it (Cloud)."""

    html: str | None = None
    task_id: str | None = None


class Dialect(Protocol):
    """The calls that differ between REST v1 and v2. The calls that both flavours share are in `bot.wiki.rest_v1`."""

    flavour: Flavour
    bulk_read_size: int
    """The number of pages that `pages` reads in one request."""
    is_bulk_read_certain: bool
    """False when a server may ignore the ids that `pages` asks for."""

    def user(self, user_id: str) -> Call[User]:
        """Return a person by the id that versions contain."""

    def spaces(self) -> Call[Space]:
        """List the current spaces."""

    def space(self, key: str) -> Call[Space]:
        """Return a space; the reader of the answer raises `PageNotFoundError` for an empty answer."""

    def refs(self, space: Space, status: PageStatus) -> Call[PageRef] | None:
        """List a space without bodies; None if this flavour has no pages of that status."""

    def refs_again(self, space: Space, status: PageStatus) -> Call[PageRef] | None:
        """List a space as `refs` does, by another operation."""

    def newest_pages(self, space: Space) -> Call[PageRef]:
        """List the pages of a space, newest change first."""

    def listed(self, space: Space) -> Call[tuple[ListingEntry, frozenset[PagePart]]]:
        """List the current and archived pages with the parts that a listing has, and which of those lists are cut."""

    def captures(self, page_ids: Sequence[str]) -> Call[tuple[Page, PageParts, frozenset[PagePart]]] | None:
        """List pages by id with parts, at most `bulk_read_size`; None if `pages` has as much."""

    def newest_attachments(self) -> Call[tuple[str | None, Attachment]] | None:
        """List the attachments of the wiki with their page ids, newest change first; None if `listed` has them."""

    def newest_comments(self) -> tuple[Call[tuple[str | None, Comment]], ...]:
        """Return the calls that list the comments of the wiki with their page ids, newest change first.

        The page id of a reply may be None. Empty if `listed` has the comments.
        """

    def label_ids(self, space: Space) -> Call[tuple[str, str]] | None:
        """List name and id of the labels of the content of a space; None if `listed` has the labels."""

    def label_pages(self, space: Space, label_id: str) -> Call[str] | None:
        """List the ids of the pages of a space with a label; None if `listed` has the labels."""

    def readers(self, space: Space) -> Call[tuple[str, bool | None]]:
        """List ids of current pages and whether each has a read restriction; None if the wiki does not say."""

    def container(self, kind: TreeKind, node_id: str) -> Call[Container] | None:
        """Read one node that is not a page; None if this flavour has pages only."""

    def descendants(self, kind: TreeKind, node_id: str) -> Call[Descendant] | None:
        """List the nodes below a node, at most `DESCENDANTS_DEPTH` levels; None if this flavour has pages only."""

    def containers(self, space: Space) -> Call[tuple[TreeKind, str]] | None:
        """List type and id of the nodes of a space that are not pages; None if this flavour has pages only."""

    def bodies(self, space: Space, status: PageStatus) -> Call[Page] | None:
        """List a space with bodies; None if this flavour has no pages of that status."""

    def titled(self, space: Space, title: str, status: PageStatus) -> Call[PageRef] | None:
        """List the pages with a title; None if this flavour has no pages of that status."""

    def page(self, page_id: str) -> Call[Page]:
        """Read the newest published version."""

    def view(self, page_id: str) -> Call[str]:
        """Read the newest published version as HTML, as people see it."""

    def conversion(self, body: str, page: PageRef) -> "Call[ConvertedBody]":
        """Convert *body* to HTML as on *page*, at once or in the background; nothing is written."""

    def page_version(self, page_id: str, version: int) -> Call[Page]:
        """Read an earlier version; on Data Center, the id in the answer is the id of the version."""

    def draft(self, page_id: str) -> Call[Page]:
        """Read the unpublished draft; Cloud returns the published page if there is no draft."""

    def pages(self, page_ids: Sequence[str]) -> Call[Page]:
        """List pages by id, at most `bulk_read_size`."""

    def versions(self, page_id: str) -> tuple[Call[Version], ...]:
        """Return alternative calls that list the history, newest first; the next one is for wikis that answer 404."""

    def labels(self, page_id: str) -> Call[str]:
        """List the labels of a page."""

    def space_labels(self, space: Space) -> Call[str]:
        """List the labels of the content of a space."""

    def operations(self, page_id: str) -> Call[frozenset[str]]:
        """Return what the account may do to a page and below it, such as `update page` and `create page`.

        An empty set means that the wiki does not report it.
        """

    def attachments(self, page_id: str) -> Call[Attachment]:
        """List the files of a page."""

    def comments(self, page_id: str) -> tuple[Call[Comment], ...]:
        """Return the calls that together list the comments of a page."""

    def new_comment(self, page_id: str, body: str, parent_id: str | None) -> Call[str]:
        """Add a footer comment to a page, or an answer to a comment; the id of the new one is in the answer."""

    def replies(self, comment: Comment, *, is_inline: bool) -> Call[Comment] | None:
        """List the replies to a comment; None if the calls of `comments` include replies."""

    def state(self, page_id: str) -> Call[ContentState | None] | None:
        """Return the content status of a page; None if this flavour has none."""

    def watchers(self, page_id: str) -> tuple[Call[str], ...]:
        """Return the calls that together list the ids of the watchers of a page."""

    def update(self, page: Page, body: str, *, message: str, is_minor: bool) -> Call[tuple[str, Version]]:
        """Write the version after *page*; only page id and version are guaranteed in the answer."""

    def create(self, space: Space, *, title: str, body: str, parent_id: str | None, message: str) -> Call[PageRef]:
        """Create a page."""

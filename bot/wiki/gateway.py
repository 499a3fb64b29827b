"""The port to a wiki: what the bot may ask of it, and the values that it answers with."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Protocol


class PageStatus(StrEnum):
    """The state of a page, as the REST API names it."""

    CURRENT = "current"
    ARCHIVED = "archived"
    TRASHED = "trashed"
    DRAFT = "draft"


@dataclass(frozen=True, slots=True)
class User:
    """A person or a machine that writes; *id* is an account id (Cloud) or a user key (Data Center)."""

    id: str
    display_name: str
    username: str | None = None


@dataclass(frozen=True, slots=True)
class Version:
    """One entry of a page's version history."""

    number: int
    when: datetime
    author: User
    message: str = ""
    is_minor: bool = False


@dataclass(frozen=True, slots=True)
class Space:
    """A space; *id* is what REST v2 wants where v1 wants the key."""

    id: str
    key: str
    name: str
    homepage_id: str | None = None


@dataclass(frozen=True, slots=True)
class PageRef:
    """A page without its body, as a listing holds it."""

    id: str
    title: str
    space_key: str
    status: PageStatus
    version: Version
    parent_id: str | None
    position: int | None
    url: str


@dataclass(frozen=True, slots=True)
class Page:
    """One page as the wiki had it when we read it; *body* is storage format."""

    ref: PageRef
    body: str

    @property
    def id(self) -> str:
        """The page id."""
        return self.ref.id

    @property
    def title(self) -> str:
        """The title, unique among the current pages of a space."""
        return self.ref.title

    @property
    def version(self) -> int:
        """The version number that this body belongs to."""
        return self.ref.version.number


@dataclass(frozen=True, slots=True)
class Attachment:
    """A file on a page; *download_path* is relative to the wiki's base address."""

    id: str
    name: str
    media_type: str
    size_bytes: int
    version: Version
    download_path: str
    comment: str = ""


@dataclass(frozen=True, slots=True)
class Comment:
    """A comment on a page; inline ones carry the *ref* of their marker in the body and the text they were made on."""

    id: str
    body: str
    version: Version
    parent_id: str | None = None
    inline_ref: str | None = None
    inline_text: str | None = None
    is_resolved: bool = False


@dataclass(frozen=True, slots=True)
class Restrictions:
    """Who may read and who may edit; empty means everyone whom the space lets in."""

    readers: tuple[str, ...] = ()
    editors: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class PageSelection:
    """What a listing of a space should hold."""

    statuses: tuple[PageStatus, ...] = (PageStatus.CURRENT,)
    labels: tuple[str, ...] = field(default=())
    """Only pages with one of these; empty for all."""


CURRENT_PAGES = PageSelection()


class WikiGateway(Protocol):
    """A Confluence-style wiki.

    Every method may raise `WikiUnreachableError`, `RateLimitedError`, `AuthenticationError`, `PermissionDeniedError` or
    `WikiAnswerError` (an answer that is not as the API promises). With a page id it may raise `PageNotFoundError`, with
    a space key `SpaceNotFoundError`; both mean absent or hidden. An error carries the words of the wiki and the HTTP
    `status`. Iterators send their requests, and raise, as they are read. Sizes are in bytes; times have a zone.

    The operations named here are those of Atlassian's OpenAPI documents: Cloud v2 unless v1 is said, then Data Center.
    """

    base_url: str
    """The address that all paths are relative to, without a slash at its end."""

    def fetch_current_user(self) -> User:
        """Return the account of the credentials; raises `AuthenticationError` for an anonymous one.

        v1 getCurrentUser; getCurrent.
        """

    def fetch_user(self, user_id: str) -> User:
        """Return a person by the id that a version's author carries; a person who is gone is named by the id.

        Listings of a Cloud wiki hold ids only, so there `display_name` is the id; versions and comments have names.
        v1 getUser; getUser. One request for each person in the life of a gateway.
        """

    def fetch_space(self, key: str) -> Space:
        """Return the space as it is now. getSpaces; space."""

    def iter_spaces(self) -> Iterator[Space]:
        """List the current spaces that the account may see, 250 (Cloud) or 200 a request. getSpaces; spaces."""

    def find_titles(self, space_key: str, words: str) -> list[str]:
        """Return up to 25 titles of current pages in which each of *words* begins a word, as the search index knows.

        v1 searchContentByCQL; search.
        """

    def iter_refs(self, space_key: str, selection: PageSelection = CURRENT_PAGES) -> Iterator[PageRef]:
        """List the pages of a space without bodies: one request for each 250 pages (Cloud) or 200 (Data Center).

        One more request for the space, and with labels one for each page that is not current: the search index hides
        those. getPagesInSpace; getContent.
        """

    def iter_pages(self, space_key: str, selection: PageSelection = CURRENT_PAGES) -> Iterator[Page]:
        """List the pages of a space with bodies: one request for each 250 pages (Cloud) or 50 (Data Center).

        getPagesInSpace; getContent.
        """

    def fetch_pages(self, page_ids: Sequence[str]) -> dict[str, Page]:
        """Read many pages by id, 250 (Cloud) or 50 (Data Center) a request, in the order asked for.

        Absent and hidden pages are left out. A Data Center wiki that cannot read by ids is read page by page.
        getPages; getContent.
        """

    def fetch_page(self, page_id: str, *, version: int | None = None) -> Page:
        """Read one page, the newest published version or an earlier one. getPageById; getContentById."""

    def find_page(self, space_key: str, title: str) -> PageRef | None:
        """Find a current page by its exact title, else an archived one (Cloud only). getPages; getContent."""

    def find_labelled(self, space_key: str, label: str) -> list[str]:
        """Return the ids of current pages with a label, as the search index knows them: never the base of a write.

        v1 searchContentByCQL; search.
        """

    def fetch_versions(self, page_id: str) -> Iterator[Version]:
        """List the version history, newest first, with names: one request for each 50 versions (Cloud).

        getPageVersions; Data Center documents no listing, so where it has none each version is read.
        """

    def fetch_labels(self, page_id: str) -> frozenset[str]:
        """Return the labels of a page. getPageLabels; labels."""

    def fetch_attachments(self, page_id: str) -> list[Attachment]:
        """List the files of a page, by name. getPageAttachments; getAttachments."""

    def download(self, attachment: Attachment) -> bytes:
        """Return the bytes of a file; raises `WikiAnswerError` for a refusal or a size other than announced."""

    def fetch_comments(self, page_id: str) -> list[Comment]:
        """List all comments of a page, footer and inline, resolved ones too, replies after what they reply to.

        getPageFooterComments, getPageInlineComments and one request for the replies to each comment;
        commentsOfContent.
        """

    def fetch_restrictions(self, page_id: str) -> Restrictions:
        """Return who may read and edit a page. v1 getRestrictionsByOperation; byOperation."""

    def has_unpublished_draft(self, page_id: str) -> bool:
        """Tell whether there is a draft that says something else than the published page.

        getPageById with `get-draft`; getContentById with `status=draft`.
        """

    def update_page(self, page: Page, body: str, *, message: str, is_minor: bool = True) -> Version:
        """Write *body* as the version after the one that was read with *page*, never as any other.

        updatePage; update_2. Cloud has no minor edits: *is_minor* has no effect there. When the answer is lost or
        unreadable the page is read again, and the write counts as done if the wiki holds exactly it. Raises
        `PageConflictError` when the page has moved on, `RejectedWriteError` with the wiki's words when it refuses
        (draft, title, state, size), `PermissionDeniedError` when the account may only read, `MalformedBodyError` before
        anything is sent, `WritesForbiddenError` in a dry run.
        """

    def create_page(self, space_key: str, *, title: str, body: str, parent_id: str | None, message: str) -> PageRef:
        """Create a page; None as *parent_id* leaves the place to the wiki. createPage; createContent.

        When the answer is lost, it counts as done if the wiki holds the page as its version 1, by this account. Raises
        `RejectedWriteError`, `MalformedBodyError` and `WritesForbiddenError` as `update_page` does.
        """

    def add_labels(self, page_id: str, labels: Sequence[str]) -> None:
        """Add labels to a page; repeating it changes nothing. v1 addLabelsToContent; addLabels."""

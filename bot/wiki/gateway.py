"""The port to a wiki: what the bot may ask of it, and the values that they speak of."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Protocol


class PageStatus(StrEnum):
    """Where a page stands in its life, as the REST API names it."""

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
    """A page without its body, as a listing tells of it."""

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
    """Only pages that bear one of these; empty for all."""


CURRENT_PAGES = PageSelection()


class WikiGateway(Protocol):
    """A Confluence-style wiki. Every method may raise a `WikiError`; see `bot.errors`."""

    base_url: str

    def fetch_current_user(self) -> User:
        """Return the account that the bot works under."""
        ...

    def fetch_user(self, user_id: str) -> User:
        """Return a person by the id that a version's author carries.

        Listings of a Cloud wiki tell ids only, so there `display_name` is the id; versions and comments have names.
        """
        ...

    def fetch_space(self, key: str) -> Space:
        """Return the space with this key; raises `SpaceNotFoundError` when it is absent or hidden."""
        ...

    def iter_spaces(self) -> Iterator[Space]:
        """List the current spaces that the account may see."""
        ...

    def find_titles(self, space_key: str, words: str) -> list[str]:
        """Return titles of current pages that contain words which begin like *words* (from CQL, so possibly stale)."""
        ...

    def iter_refs(self, space_key: str, selection: PageSelection = CURRENT_PAGES) -> Iterator[PageRef]:
        """List the pages of a space without bodies, ⌈N/limit⌉ requests for N pages."""
        ...

    def iter_pages(self, space_key: str, selection: PageSelection = CURRENT_PAGES) -> Iterator[Page]:
        """List the pages of a space with bodies, in bulk where the flavour allows it."""
        ...

    def fetch_pages(self, page_ids: Sequence[str]) -> dict[str, Page]:
        """Read many pages by id in as few requests as the flavour allows; absent ones are left out."""
        ...

    def fetch_page(self, page_id: str, *, version: int | None = None) -> Page:
        """Read one page, the newest published version or an earlier one."""
        ...

    def find_page(self, space_key: str, title: str) -> PageRef | None:
        """Find a current page by its exact title, else an archived one where the flavour can tell."""
        ...

    def find_labelled(self, space_key: str, label: str) -> list[str]:
        """Return the ids of pages that bear a label (from CQL, so possibly stale: never the base of a write)."""
        ...

    def fetch_versions(self, page_id: str) -> Iterator[Version]:
        """List the version history, newest first, lazily page by page."""
        ...

    def fetch_labels(self, page_id: str) -> frozenset[str]:
        """Return the labels of a page."""
        ...

    def fetch_attachments(self, page_id: str) -> list[Attachment]:
        """List the attachments of a page, by name."""
        ...

    def download(self, attachment: Attachment) -> bytes:
        """Return the bytes of an attachment."""
        ...

    def fetch_comments(self, page_id: str) -> list[Comment]:
        """List all comments of a page, footer and inline, resolved ones too."""
        ...

    def fetch_restrictions(self, page_id: str) -> Restrictions:
        """Return who may read and edit a page."""
        ...

    def has_unpublished_draft(self, page_id: str) -> bool:
        """Tell whether somebody has an unpublished draft that a write would override."""
        ...

    def update_page(self, page: Page, body: str, *, message: str, is_minor: bool = True) -> Version:
        """Write *body* as the version after the one that was read with *page*.

        Raises `PageConflictError` when someone saved in between. After a failed answer it re-reads before it gives up,
        since the write may have been committed.
        """
        ...

    def create_page(self, space_key: str, *, title: str, body: str, parent_id: str | None, message: str) -> PageRef:
        """Create a page."""
        ...

    def add_labels(self, page_id: str, labels: Sequence[str]) -> None:
        """Add labels to a page."""
        ...

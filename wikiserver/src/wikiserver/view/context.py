"""What rendering a page needs to know about the wiki."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime


@dataclass(frozen=True, slots=True)
class LinkedPage:
    """A linked or listed page; *path* (`/spaces/KEY/pages/ID/Title`) has no context path."""

    id: int
    title: str
    path: str
    version: int = 1
    updated_at: datetime | None = None
    updated_by: str = ""
    has_children: bool = False


@dataclass(frozen=True, slots=True)
class LinkedFile:
    """An attachment; *path* is its download address without the context path."""

    id: int
    name: str
    path: str
    page_id: int
    media_type: str = "application/octet-stream"
    version: int = 1
    size_bytes: int = 0
    updated_at: datetime | None = None
    updated_by: str = ""
    comment: str = ""
    file_id: str = ""


@dataclass(frozen=True, slots=True)
class LinkedUser:
    """A mentioned person."""

    account_id: str
    display_name: str
    path: str = ""


@dataclass(frozen=True, slots=True)
class UserKey:
    """The identifiers of a person in storage format; one of them is set."""

    account_id: str = ""
    user_key: str = ""
    name: str = ""


@dataclass(frozen=True, slots=True)
class PageName:
    """The reference to a page in storage format; without a space, the space of the referring page."""

    title: str
    space_key: str = ""


@dataclass
class ViewContext:
    """The page to render and, through its methods, the wiki.

    The methods here return nothing, so that a body can be rendered without a wiki; a wiki overrides them, and returns
    only what the viewer may see.
    """

    title: str = ""
    page_id: int = 0
    version: int = 1
    space_key: str = ""
    base_url: str = "http://localhost/wiki"
    labels: Sequence[str] = field(default_factory=tuple)

    @property
    def context_path(self) -> str:
        """The context path of the wiki: `/wiki`, or empty."""
        return urlsplit(self.base_url).path.rstrip("/")

    def find_page(self, name: PageName) -> LinkedPage | None:
        """Return the page of that title."""
        del name
        return None

    def find_page_by_id(self, page_id: str) -> LinkedPage | None:
        """Return the page of that id."""
        del page_id
        return None

    def find_space(self, key: str) -> LinkedPage | None:
        """Return a space, as a page: its name and the address of its home."""
        del key
        return None

    def find_user(self, key: UserKey) -> LinkedUser | None:
        """Return the person."""
        del key
        return None

    def find_file(self, name: str, page: PageName | None = None) -> LinkedFile | None:
        """Return the newest version of an attachment, of this page or of another."""
        del name, page
        return None

    def list_files(self, page: PageName | None = None) -> Sequence[LinkedFile]:
        """Return the attachments of this page or another, by name."""
        del page
        return ()

    def list_children(self, page_id: int | None = None) -> Sequence[LinkedPage]:
        """Return the direct children of this page (or *page_id*), in the order of the tree; at most a few hundred."""
        del page_id
        return ()

    def find_home(self, space_key: str = "") -> LinkedPage | None:
        """Return the home page of this space or of another."""
        del space_key
        return None

    def list_recent(self, limit: int) -> Sequence[LinkedPage]:
        """Return the pages of this space that changed last, newest first."""
        del limit
        return ()

    def list_labelled(self, labels: Sequence[str], limit: int) -> Sequence[LinkedPage]:
        """Return the pages of this space that have any of *labels*, by title."""
        del labels, limit
        return ()

    def load_page(self, page: LinkedPage) -> tuple[str, ViewContext] | None:
        """Return a page's body, and the context to render it in, so that another page can include it."""
        del page
        return None

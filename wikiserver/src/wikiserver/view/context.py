"""What rendering a page needs to know of the wiki around it."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime


@dataclass(frozen=True, slots=True)
class LinkedPage:
    """A page that another page links to or lists; *path* (`/spaces/KEY/pages/ID/Title`) lacks the context path."""

    id: int
    title: str
    path: str
    version: int = 1
    updated_at: datetime | None = None
    updated_by: str = ""
    has_children: bool = False


@dataclass(frozen=True, slots=True)
class LinkedFile:
    """An attachment; *path* downloads it, without the context path."""

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


@dataclass(frozen=True, slots=True)
class LinkedUser:
    """A person that a page mentions."""

    account_id: str
    display_name: str
    path: str = ""


@dataclass(frozen=True, slots=True)
class UserKey:
    """How storage format names a person: by one of these."""

    account_id: str = ""
    user_key: str = ""
    name: str = ""


@dataclass(frozen=True, slots=True)
class PageName:
    """How storage format names a page; no space means the space of the page that says so."""

    title: str
    space_key: str = ""


@dataclass
class ViewContext:
    """The page that is shown and, through its methods, the wiki around it.

    The methods here know nothing, so a body can be shown with no wiki at all; a wiki overrides them, and hands out only
    what the person who looks may see.
    """

    title: str = ""
    page_id: int = 0
    version: int = 1
    space_key: str = ""
    base_url: str = "http://localhost/wiki"
    labels: Sequence[str] = field(default_factory=tuple)

    @property
    def context_path(self) -> str:
        """The path that every address of the wiki starts with: `/wiki`, or nothing."""
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
        """Return the pages directly under this page (or *page_id*), in the order of the tree; at most a few hundred."""
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
        """Return a page's body, and the context to show it in, so that another page can include it."""
        del page
        return None

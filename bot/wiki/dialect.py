"""What the two REST dialects have in common: which requests to send, and how to read a page out of the answer.

A dialect is pure: it never touches the network. `bot.wiki.confluence` sends what it asks for.
"""

from collections.abc import Callable, Sequence
from enum import StrEnum
from typing import Protocol
from urllib.parse import urlsplit

from bot.wiki.ask import Ask
from bot.wiki.gateway import Attachment, Comment, Page, PageRef, PageStatus, Space, User, Version

SpaceKeys = Callable[[str], str]
"""Turn a space id into its key, possibly by asking the wiki."""


class Flavour(StrEnum):
    """The two kinds of Confluence."""

    CLOUD = "cloud"
    DATA_CENTER = "datacenter"


class Dialect(Protocol):
    """One REST API: asks and readers. A tuple of asks means all of them, unless it says alternatives."""

    flavour: Flavour
    bulk_read_size: int
    is_bulk_read_certain: bool

    def current_user(self) -> Ask: ...
    def user(self, user_id: str) -> Ask: ...
    def read_user(self, answer: object) -> User: ...

    def space(self, key: str) -> Ask: ...
    def space_by_id(self, space_id: str) -> Ask: ...
    def read_space(self, answer: object, about: str) -> Space | None: ...

    def listing(self, space: Space, status: PageStatus, *, with_body: bool) -> Ask | None:
        """Return the listing of a space, None where this flavour has no pages of that status."""
        ...

    def page(self, page_id: str) -> Ask: ...
    def page_version(self, page_id: str, version: int) -> Ask: ...
    def pages(self, page_ids: Sequence[str]) -> Ask: ...
    def draft(self, page_id: str) -> Ask: ...
    def titled(self, space: Space, title: str, status: PageStatus) -> Ask | None: ...
    def read_ref(self, answer: object, keys: SpaceKeys, base_url: str) -> PageRef: ...
    def read_page(self, answer: object, keys: SpaceKeys, base_url: str) -> Page: ...

    def versions(self, page_id: str) -> tuple[Ask, ...]:
        """Return alternatives: the next is for wikis that answer 404 to the one before."""
        ...

    def read_version(self, answer: object) -> Version: ...
    def read_written(self, answer: object) -> tuple[str, Version]:
        """Return id and version out of the answer to an update, which holds little else for certain."""
        ...

    def labels(self, page_id: str) -> Ask: ...
    def attachments(self, page_id: str) -> Ask: ...
    def read_attachment(self, answer: object) -> Attachment: ...
    def comments(self, page_id: str) -> tuple[Ask, ...]: ...
    def replies(self, comment: Comment, *, is_inline: bool) -> Ask | None: ...
    def read_comment(self, answer: object) -> Comment: ...

    def update(self, page: Page, body: str, *, message: str, is_minor: bool) -> Ask: ...
    def create(self, space: Space, *, title: str, body: str, parent_id: str | None, message: str) -> Ask: ...


def guess_flavour(url: str) -> Flavour:
    """Tell the flavour from the address: Atlassian's own hosts are Cloud, all others Data Center."""
    host = urlsplit(url).hostname or ""
    is_cloud = any(
        host == name or host.endswith("." + name) for name in ("atlassian.net", "jira.com", "api.atlassian.com")
    )
    return Flavour.CLOUD if is_cloud else Flavour.DATA_CENTER


def base_address(url: str, flavour: Flavour) -> str:
    """Return *url* without a trailing slash, and with the `/wiki` that every Cloud site has and people forget."""
    url = url.strip().rstrip("/")
    parts = urlsplit(url)
    if flavour is Flavour.CLOUD and not parts.path and guess_flavour(url) is Flavour.CLOUD:
        return url + "/wiki"
    return url

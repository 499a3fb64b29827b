"""The values the converter takes and returns: plain, frozen, picklable."""

from collections.abc import Mapping
from dataclasses import dataclass, field

CONVERTER_VERSION = "2"
"""Raised whenever the same body and context may give different Markdown."""


@dataclass(frozen=True, slots=True)
class PageLink:
    """A page in a static list (children, page tree, report); *target* is a path or an address."""

    title: str
    target: str
    children: tuple["PageLink", ...] = ()


@dataclass(frozen=True, slots=True)
class InlineComment:
    """An inline comment; *body* is storage format, *replies* are in the order they were written."""

    author: str
    body: str
    replies: tuple["InlineComment", ...] = ()
    is_resolved: bool = False


@dataclass(frozen=True, slots=True)
class IncludedPage:
    """A page that this one includes, as it was at the capture; *target* is a path or an address."""

    title: str
    body: str
    version: int | None = None
    target: str = ""


@dataclass(frozen=True, slots=True)
class ReportRow:
    """One page in a page-properties report: its link and the values of its properties, by name, as plain text."""

    page: PageLink
    values: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Listing:
    """What one macro listed at the capture: pages, and where it makes a table of them the columns, in order.

    `left_out` counts the pages beyond the longest list we keep; `is_partial` says that other spaces were not asked.
    """

    rows: tuple[ReportRow, ...]
    columns: tuple[str, ...] = ()
    left_out: int = 0
    is_partial: bool = False


@dataclass(frozen=True, slots=True)
class PageContext:
    """What a page's body does not say about itself; every part may be missing.

    `title` stands above the Markdown as its first heading, where whoever writes the file puts it; it is not repeated.
    `pages` maps a page id, a title of this space, or `KEY:Title` to a path relative to the Markdown file;
    `attachments` a file name of this page, or `Title/name` of another, likewise. `users` maps an account id, user
    key or user name to a name; `jira` a server's name or id (or "" for the only one) to its address. `included` is
    keyed like `pages`; `listings` holds what a macro listed, by what it asked for (`Macro.identity`).
    """

    page_id: str = ""
    title: str = ""
    space_key: str = ""
    base_url: str = ""
    users: Mapping[str, str] = field(default_factory=dict)
    pages: Mapping[str, str] = field(default_factory=dict)
    attachments: Mapping[str, str] = field(default_factory=dict)
    children: tuple[PageLink, ...] | None = None
    page_tree: tuple[PageLink, ...] | None = None
    listings: Mapping[str, Listing] = field(default_factory=dict)
    comments: Mapping[str, InlineComment] = field(default_factory=dict)
    included: Mapping[str, IncludedPage] = field(default_factory=dict)
    jira: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, order=True)
class Loss:
    """Something the Markdown cannot say: *kind* of thing, *what* it is called, *detail* for a person."""

    kind: str
    what: str
    detail: str = ""


@dataclass(frozen=True, slots=True)
class Conversion:
    """A page as Markdown (ending in one newline, or empty), and what it could not say."""

    markdown: str
    losses: tuple[Loss, ...] = ()

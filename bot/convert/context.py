"""The arguments and results of the converter: plain, frozen, picklable."""

from collections.abc import Mapping
from dataclasses import dataclass, field

CONVERTER_VERSION = "5"
"""Increased whenever the Markdown for the same body and context may change."""


@dataclass(frozen=True, slots=True)
class ListedPage:
    """A page in a static list (children, page tree, report); *target* is a path or an address."""

    title: str
    target: str
    children: tuple["ListedPage", ...] = ()


@dataclass(frozen=True, slots=True)
class InlineComment:
    """An inline comment; *body* is in storage format, *replies* are in chronological order."""

    author: str
    body: str
    replies: tuple["InlineComment", ...] = ()
    is_resolved: bool = False


@dataclass(frozen=True, slots=True)
class IncludedPage:
    """An included page, as it was at the time of the capture; *target* is a path or an address."""

    title: str
    body: str
    version: int | None = None
    target: str = ""


@dataclass(frozen=True, slots=True)
class ReportRow:
    """One page in a Page Properties report: its link and its properties, by name, as plain text.

    `bodies` has the same values in storage format, where they are known.
    """

    page: ListedPage
    values: Mapping[str, str]
    bodies: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Listing:
    """The pages that one macro listed at the time of the capture; for a table also the columns, in order.

    `left_out` counts the pages above the length limit; `is_partial` means that other spaces were not searched.
    """

    rows: tuple[ReportRow, ...]
    columns: tuple[str, ...] = ()
    left_out: int = 0
    is_partial: bool = False


@dataclass(frozen=True, slots=True)
class ShownView:
    """What the wiki showed for one macro on a *day* (ISO 8601), as HTML."""

    html: str
    day: str


@dataclass(frozen=True, slots=True)
class PageContext:
    """What the converter needs besides the body; every part is optional.

    `title` is the first heading of the file; the caller writes it, so the Markdown does not repeat it.
    `pages` maps a page id, a title of this space, or `KEY:Title` to a path relative to the Markdown file;
    `attachments` maps a file name of this page, `Title/name` of another page, `KEY:Title/name` of a page in another
    space, or `:ID/name` of a page that the body names by its id, to such a path. `users` maps an account id, user key
    or user name to a name; `jira` maps the name or id of a server (or "" for the only one) to its address.
    `other_addresses` lead to the same wiki as `base_url`. `included` maps a title of this space, `KEY:Title` or `:ID`
    to a page that the body includes by that name; `listings` has what a macro listed, by `Macro.identity`. `withheld`
    has the reason why an included page is not shown, by `name_digest` of space key and title, or of no key and the id;
    `views` has what the wiki showed for a live macro, by `Macro.identity`.
    """

    page_id: str = ""
    title: str = ""
    space_key: str = ""
    base_url: str = ""
    other_addresses: tuple[str, ...] = ()
    users: Mapping[str, str] = field(default_factory=dict)
    pages: Mapping[str, str] = field(default_factory=dict)
    attachments: Mapping[str, str] = field(default_factory=dict)
    children: tuple[ListedPage, ...] | None = None
    page_tree: tuple[ListedPage, ...] | None = None
    listings: Mapping[str, Listing] = field(default_factory=dict)
    comments: Mapping[str, InlineComment] = field(default_factory=dict)
    included: Mapping[str, IncludedPage] = field(default_factory=dict)
    withheld: Mapping[str, str] = field(default_factory=dict)
    jira: Mapping[str, str] = field(default_factory=dict)
    views: Mapping[str, ShownView] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, order=True)
class Loss:
    """Something that could not be converted: its *kind*, *what* it is called, *detail* for a person."""

    kind: str
    what: str
    detail: str = ""


@dataclass(frozen=True, slots=True)
class Conversion:
    """A page as Markdown (empty, or ending in one newline), and the losses."""

    markdown: str
    losses: tuple[Loss, ...] = ()

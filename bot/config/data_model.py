"""The data model: the desired content of a home page (frozen values; the JSON Schema is generated from this module)."""

import datetime as dt
import re
from collections.abc import Iterator
from enum import StrEnum
from typing import Annotated, Literal, Self
from zoneinfo import ZoneInfo

from pydantic import (
    AfterValidator,
    AwareDatetime,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    field_validator,
    model_validator,
)

from bot.config.file_rules import MAX_FILE_BYTES, check_file_name
from bot.config.yaml_source import Location
from bot.storage.unseen_text import is_unseen

_COLOUR = re.compile(r"#[0-9a-fA-F]{3,8}|(?:rgb|hsl)a?\([0-9 .,%/]+\)|[a-zA-Z]{3,24}|var\(--[\w-]+(?:,\s*#?\w+)?\)")
_BIDIRECTIONAL = frozenset((0x202A, 0x202B, 0x202C, 0x202D, 0x202E, 0x2066, 0x2067, 0x2068, 0x2069))
_ID = re.compile("^[a-z0-9][a-z0-9-]{0,79}$")
_FORBIDDEN = re.compile(
    "[\\x00-\\x08\\x0b-\\x1f\\x7f-\\x9f\\u202a-\\u202e\\u2066-\\u2069\\ud800-\\udfff\\ufffe\\uffff]"
)
CALENDAR = "calendar"
"""The value of `date_format` that prints a day as a date of the editor's calendar."""


def _check_plain(text: str) -> str:
    if not text.strip():
        raise ValueError("must not be empty")
    if bad := _FORBIDDEN.search(text):
        number = ord(bad[0])
        if number in _BIDIRECTIONAL:
            raise ValueError(f"contains the invisible bidirectional control U+{number:04X}; remove it")
        if number < 0xA0:
            raise ValueError(f"contains the control character U+{number:04X}; remove it")
        raise ValueError(f"contains U+{number:04X}, which is not allowed on a wiki page; remove it")
    if is_unseen(text):
        raise ValueError("has only invisible characters; write words")
    return text


def _check_id(text: str) -> str:
    if _ID.fullmatch(text) is None:
        raise ValueError(
            f"{text!r} is not a name for commands; use small letters a to z, digits and `-`, at most 80, with a letter "
            "or a digit first"
        )
    return text


def _check_one_line(text: str) -> str:
    if "\n" in text.strip():
        raise ValueError("must be one line")
    return _check_plain(text)


def _check_url(url: str) -> str:
    _check_one_line(url)
    scheme = url.partition(":")[0].lower()
    if scheme not in {"http", "https", "mailto"} or url != url.strip() or " " in url:
        raise ValueError("must be an http, https or mailto address without spaces")
    return url


def is_colour(value: str) -> bool:
    """Return whether *value* is a colour as the editors of the wiki write it."""
    return _COLOUR.fullmatch(value) is not None


def _check_colour(value: str) -> str:
    if not is_colour(value):
        raise ValueError(f"{value!r} is not a colour; write `rgb(0,128,0)`, `#008000` or a name such as `green`")
    return value


def _check_language(name: str) -> str:
    from babel.core import Locale, UnknownLocaleError  # slow to import

    try:
        Locale.parse(name, sep="-" if "-" in name else "_")
    except (UnknownLocaleError, ValueError) as error:
        raise ValueError(f"{name!r} is not a known language; use a code such as `de` or `pt-BR`") from error
    return name


def _check_day_pattern(pattern: str) -> str:
    is_named = pattern in (CALENDAR, "full", "long", "medium", "short")
    if not is_named and not re.search("[dMy]", re.sub("'[^']*'", "", pattern)):
        raise ValueError(f"{pattern!r} prints no day; use a pattern such as `d MMMM y`, or `{CALENDAR}`")
    return pattern


def _check_zone(name: str) -> str:
    try:
        ZoneInfo(name)
    except (KeyError, ValueError, OSError) as error:
        raise ValueError(f"{name!r} is not a time zone; use a name such as UTC or America/Los_Angeles") from error
    return name


def _id_as_text(value: object) -> object:
    return str(value) if isinstance(value, int) and not isinstance(value, bool) else value


def _named_target(value: object) -> object:
    if value is None:
        raise ValueError("is empty; name a target, or remove the key")
    return value


Plain = Annotated[str, AfterValidator(_check_one_line)]
"""One line of text, taken literally."""
InlineMarkdown = Annotated[str, AfterValidator(_check_plain)]
"""Bold, italic, code and links in Markdown; everything else is text."""
PlainOrEmpty = Annotated[str, AfterValidator(lambda text: text and _check_one_line(text))]
InlineMarkdownOrEmpty = Annotated[str, AfterValidator(lambda text: text and _check_plain(text))]
PageReference = Annotated[
    str, AfterValidator(_check_one_line), BeforeValidator(_id_as_text, json_schema_input_type=str | int)
]
"""Title or id of a page; `title:2024` is the title `2024`."""
Url = Annotated[str, AfterValidator(_check_url)]
TimeZone = Annotated[str, AfterValidator(_check_zone)]
Colour = Annotated[str, AfterValidator(_check_colour)]


class Icon(StrEnum):
    """The emoticons of the wiki's editor, by the names people see; `render` knows the storage names."""

    TICK = "tick"
    CROSS = "cross"
    STAR = "star"
    STAR_RED = "star-red"
    STAR_GREEN = "star-green"
    STAR_BLUE = "star-blue"
    WARNING = "warning"
    INFORMATION = "information"
    QUESTION = "question"
    PLUS = "plus"
    MINUS = "minus"
    LIGHT_ON = "light-on"
    LIGHT_OFF = "light-off"
    THUMBS_UP = "thumbs-up"
    THUMBS_DOWN = "thumbs-down"
    SMILE = "smile"
    SAD = "sad"
    WINK = "wink"
    LAUGH = "laugh"
    CHEEKY = "cheeky"
    HEART = "heart"
    BROKEN_HEART = "broken-heart"


class LozengeColour(StrEnum):
    """The colours of a status lozenge."""

    GREY = "grey"
    RED = "red"
    YELLOW = "yellow"
    GREEN = "green"
    BLUE = "blue"
    PURPLE = "purple"


class _Value(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", str_strip_whitespace=False, defer_build=True)


class _Region(_Value):
    heading: Plain | None = Field(
        None, description="Text above the content of the region. Absent: no heading.", examples=["News:"]
    )
    heading_level: int = Field(
        0, ge=0, le=6, description="1 to 6: a heading of that level. 0: a bold line.", examples=[2]
    )


class _Table(_Value):
    """The parts of a region that is a table."""

    columns: tuple[InlineMarkdownOrEmpty, ...] = Field(
        (),
        description="With `layout: table`: the head of each column. Absent: no head.",
        examples=[["Topic", "Page"]],
    )
    header_column: bool = Field(
        False, description="With `layout: table`: whether the first cell of each row is a heading.", examples=[True]
    )


_PUBLISH_AT = Field(
    None,
    description="Not shown before this moment. With a time zone (`Z` is UTC).",
    examples=["2024-05-01T09:00:00Z"],
)
_EXPIRES_AT = Field(
    None,
    description="Not shown from this moment on. With a time zone (`Z` is UTC).",
    examples=["2024-06-01T00:00:00Z"],
)
_REVIEW_BY = Field(
    None,
    description="Day from which the job `review` asks somebody to look at it again. The page does not show it.",
    examples=["2025-01-31"],
)


class _Timed(_Value):
    """An entry that can be shown from a moment on, and until a moment."""

    @model_validator(mode="after")
    def _is_shown_some_time(self) -> Self:
        publish_at, expires_at = getattr(self, "publish_at", None), getattr(self, "expires_at", None)
        if publish_at and expires_at and expires_at <= publish_at:
            raise ValueError("expires before it is published; it would never be shown")
        return self


class Lozenge(_Value):
    """A status lozenge of the editor."""

    text: Plain = Field(description="The words in the lozenge.", examples=["ON TRACK"])
    colour: LozengeColour = Field(LozengeColour.GREY, description="The colour of the lozenge.", examples=["green"])


class Image(_Value):
    """A picture: a file that is attached to the home page, or an address."""

    attachment: Plain | None = Field(
        None, description="Name of a picture that is attached to the home page.", examples=["button.png"]
    )
    url: Url | None = Field(None, description="Address of a picture.", examples=["https://example.org/button.png"])
    alt: Plain | None = Field(None, description="Words for readers who do not see the picture.", examples=["Roadmap"])
    width: int | None = Field(None, ge=1, description="Width in pixels.", examples=[120])
    height: int | None = Field(None, ge=1, description="Height in pixels.", examples=[40])

    _is_named = field_validator("attachment", "url", mode="before")(_named_target)

    @model_validator(mode="after")
    def _has_one_source(self) -> Self:
        if (self.attachment is None) == (self.url is None):
            raise ValueError("needs one of attachment and url")
        return self

    @property
    def name(self) -> str:
        """The alternative text, or the name of the file."""
        return self.alt or self.attachment or (self.url or "").partition("?")[0].rpartition("/")[2] or "picture"


class StatusLine(_Timed):
    """One line of the status banner: an icon, a lozenge and words, of which at least one is needed."""

    label: InlineMarkdown | None = Field(
        None,
        description="With `layout: table` or `board`: the cell that names the line.",
        examples=["Budget"],
    )
    icon: Icon | None = Field(None, description="Emoticon before the text. Absent: none.", examples=["tick"])
    lozenge: Lozenge | None = Field(
        None, description="Status lozenge before the text.", examples=[{"text": "ON TRACK", "colour": "green"}]
    )
    text: InlineMarkdownOrEmpty = Field(
        "", description="The line, as inline Markdown.", examples=["Adopted in November 2019."]
    )
    colour: Colour | None = Field(None, description="Colour of the words.", examples=["rgb(0,128,0)"])
    highlight: Colour | None = Field(
        None, description="With `layout: table` or `board`: colour of the cell.", examples=["#e3fcef"]
    )
    cells: tuple[InlineMarkdownOrEmpty, ...] = Field(
        (), description="With `layout: table`: the cells behind the text.", examples=[["Ana", "June"]]
    )
    publish_at: AwareDatetime | None = _PUBLISH_AT
    expires_at: AwareDatetime | None = _EXPIRES_AT
    review_by: dt.date | None = _REVIEW_BY

    @model_validator(mode="after")
    def _has_content(self) -> Self:
        if not (self.text.strip() or self.icon or self.lozenge or self.cells or self.label):
            raise ValueError("needs a text, an icon or a lozenge")
        return self


class StatusBanner(_Region, _Table):
    """The status banner: the state of the project."""

    layout: Literal["paragraphs", "line", "breaks", "list", "numbered", "table", "board"] = Field(
        "paragraphs",
        description="`paragraphs`: each line is a paragraph. `line`: the same, and the first line is behind the "
        "heading, which needs `heading_level: 0`. `breaks`: the lines of one paragraph. `list`, `numbered`: a list. "
        "`table`: each line is a row. `board`: each line is a column with its `label` above it.",
        examples=["list"],
    )
    lines: tuple[StatusLine, ...] = Field(
        min_length=1,
        description="The lines, from the top.",
        examples=[[{"icon": "tick", "text": "Adopted in November 2019."}]],
    )


class QuickLink(_Timed):
    """A link, with further links below it. Without a target it is a caption.

    The links below a link are shown while it is shown.
    """

    group: InlineMarkdown | None = Field(
        None,
        description="Sub-heading above the link; the links after it follow if they have the same.",
        examples=["Plans"],
    )
    cells_before: tuple[InlineMarkdownOrEmpty, ...] = Field(
        (), description="With `layout: table`: the cells before the link.", examples=[["Plan"]]
    )
    remark_before: InlineMarkdown | None = Field(
        None, description="Words before the link, with the space between.", examples=["See also "]
    )
    text: PlainOrEmpty = Field(
        "", description="Text of the link, taken literally (no Markdown).", examples=["Final report"]
    )
    image: Image | None = Field(
        None, description="Picture of the link, in the place of a text.", examples=[{"attachment": "button.png"}]
    )
    page: PageReference | None = Field(
        None, description="Target: title or id of a page of this wiki.", examples=["WS2 Final Report"]
    )
    url: Url | None = Field(
        None, description="Target: an http, https or mailto address.", examples=["https://example.org/report"]
    )
    attachment: Plain | None = Field(
        None, description="Target: name of a file that is attached to the home page.", examples=["report.pdf"]
    )
    card: Literal["inline", "block", "embed"] | None = Field(
        None,
        description="A smart link to a `url`: the wiki shows the title of the target, a card, or the target itself.",
        examples=["inline"],
    )
    colour: Colour | None = Field(None, description="Colour of the words of the link.", examples=["rgb(0,128,0)"])
    remark: InlineMarkdown | None = Field(
        None, description="Words behind the link, with the space between.", examples=[" – the plan of record"]
    )
    cells: tuple[InlineMarkdownOrEmpty, ...] = Field(
        (), description="With `layout: table`: the cells behind the link.", examples=[["What comes next"]]
    )
    publish_at: AwareDatetime | None = _PUBLISH_AT
    expires_at: AwareDatetime | None = _EXPIRES_AT
    review_by: dt.date | None = _REVIEW_BY
    links: tuple["QuickLink", ...] = Field(
        (), description="Links below this one.", examples=[[{"text": "Summary", "page": "Report summary"}]]
    )

    _is_named = field_validator("page", "url", "attachment", mode="before")(_named_target)

    @model_validator(mode="after")
    def _has_one_target(self) -> Self:
        if sum(target is not None for target in (self.page, self.url, self.attachment)) > 1:
            raise ValueError("has more than one target; keep one of page, url and attachment")
        if bool(self.text.strip()) == (self.image is not None):
            raise ValueError("needs a text or an image" if self.image is None else "has a text and an image; keep one")
        if self.card is not None and self.url is None:
            raise ValueError("is a card without `url`")
        return self

    @property
    def name(self) -> str:
        """What commands call the link: its text, or the name of its image."""
        return self.text or (self.image.name if self.image else "")


class QuickLinks(_Region, _Table):
    """The list of the most important links."""

    intro: InlineMarkdown | None = Field(None, description="Words above the links.", examples=["Start here:"])
    layout: Literal["list", "numbered", "line", "paragraphs", "table"] = Field(
        "list",
        description="`list`, `numbered`: a list. `line`: one paragraph, with `separator` between the links. "
        "`paragraphs`: each link is a paragraph. `table`: each link is a row. Links below links need a list.",
        examples=["line"],
    )
    separator: str = Field(
        " | ",
        description="With `layout: line`: what is between two links; `line break` starts a new line.",
        examples=[" · "],
    )
    bullet: str = Field("", description="With `layout: line`: what is before each link.", examples=["• "])
    group_level: int = Field(
        3, ge=0, le=6, description="Level of the sub-headings named in `group`. 0: a bold line.", examples=[4]
    )
    links: tuple[QuickLink, ...] = Field(
        min_length=1,
        description="The links, from the top.",
        examples=[[{"text": "Final report", "page": "WS2 Final Report"}]],
    )

    @model_validator(mode="after")
    def _fits_layout(self) -> Self:
        if self.layout not in ("list", "numbered") and any(link.links for link in self.links):
            raise ValueError(f"has links below links, which `layout: {self.layout}` cannot show; use `list`")
        return self


class NewsPoint(_Value):
    """A point below a news item; in the data file, a text alone is enough."""

    text: InlineMarkdown = Field(description="The point, as inline Markdown.", examples=["Faster search"])
    items: "tuple[NewsPointOrText, ...]" = Field((), description="Points below this one.", examples=[["In titles"]])


def _point_of(value: object) -> object:
    return {"text": value} if isinstance(value, str) else value


NewsPointOrText = Annotated[NewsPoint, BeforeValidator(_point_of, json_schema_input_type=str | NewsPoint)]
NewsPoint.model_rebuild()


class NewsFile(_Value):
    """A file of a news item. Its bytes are next to the data file, as `files/SHA256`."""

    name: Annotated[str, AfterValidator(check_file_name)] = Field(
        description="Name of the file on the page; the text links to it: `[words](attachment:NAME)`.",
        examples=["q1-report.pdf"],
    )
    size: int = Field(ge=1, le=MAX_FILE_BYTES, description="Size in bytes.", examples=[48213])
    sha256: Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")] = Field(
        description="SHA-256 of the bytes.", examples=["0" * 64]
    )
    replaces: tuple[Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")], ...] = Field(
        (),
        description="SHA-256 of files of the same name on the page that this file may replace. Absent: none.",
        examples=[["1" * 64]],
    )


class NewsItem(_Timed):
    """One news item."""

    id: Annotated[str, AfterValidator(_check_id), Field(json_schema_extra={"pattern": _ID.pattern})] = Field(
        description="Name of the item in commands; unchanged when the text changes. Small letters, digits and `-`.",
        examples=["q1-report"],
    )
    date: dt.date | None = Field(None, description="Day of the news. Absent: no date.", examples=["2024-02-22"])
    group: InlineMarkdown | None = Field(
        None,
        description="Sub-heading above the item, such as a month; the items after it follow if they have the same.",
        examples=["May 2024"],
    )
    cells_before: tuple[InlineMarkdownOrEmpty, ...] = Field(
        (), description="With `layout: table`: the cells before the text.", examples=[["5 May"]]
    )
    text: InlineMarkdown = Field(
        description="The item, as inline Markdown.", examples=["Read the [report](<page:Q1 Report>)."]
    )
    cells: tuple[InlineMarkdownOrEmpty, ...] = Field(
        (), description="With `layout: table`: the cells behind the text.", examples=[["Ana"]]
    )
    items: tuple[NewsPointOrText, ...] = Field(
        (), description="Points below the item.", examples=[["New search", "Faster start"]]
    )
    file: NewsFile | None = Field(
        None,
        description="A file that is uploaded to the page when the item is published. `wikibot news add --file PATH` "
        "writes this.",
        examples=[{"name": "q1-report.pdf", "size": 48213, "sha256": "0" * 64}],
    )
    publish_at: AwareDatetime | None = _PUBLISH_AT
    expires_at: AwareDatetime | None = _EXPIRES_AT
    review_by: dt.date | None = _REVIEW_BY
    pinned: bool = Field(False, description="Whether the item is shown before all others.", examples=[True])


class News(_Region, _Table):
    """The news: pinned items first, then in the order of the file, which is newest first."""

    intro: InlineMarkdown | None = Field(None, description="Words above the news.", examples=["What is new:"])
    layout: Literal["list", "numbered", "paragraphs", "breaks", "table"] = Field(
        "list",
        description="`list`, `numbered`: a list. `paragraphs`: each item is a paragraph. `breaks`: the lines of one "
        "paragraph. `table`: each item is a row. Points below an item need a list.",
        examples=["paragraphs"],
    )
    group_level: int = Field(
        3, ge=0, le=6, description="Level of the sub-headings named in `group`. 0: a bold line.", examples=[4]
    )
    show: int | None = Field(
        None,
        ge=1,
        description="How many items are shown. The others go to the page `older`, if it is set. Absent: all.",
        examples=[5],
    )
    older: PageReference | None = Field(
        None, description="Title or id of the page for the items that are not shown.", examples=["Older news"]
    )
    dates: Literal["hidden", "before", "by_day"] = Field(
        "hidden",
        description="How dates are printed. `hidden`: not at all. `before`: before the text of each item; in a table, "
        "in the first cell. `by_day`: once, above all items of a day.",
        examples=["before"],
    )
    date_format: Annotated[str, AfterValidator(_check_day_pattern)] = Field(
        "d MMMM y",
        description="How a day is printed: a pattern of Unicode CLDR, or its `full`, `long`, `medium` or `short` "
        "format. `calendar`: as a date of the editor's calendar.",
        examples=["yyyy-MM-dd"],
    )
    language: Annotated[str, AfterValidator(_check_language)] = Field(
        "en", description="Language of the names of months in printed dates.", examples=["de"]
    )
    items: tuple[NewsItem, ...] = Field(
        (),
        description="The items, newest first.",
        examples=[[{"id": "q1-report", "text": "The report is published."}]],
    )

    _is_named = field_validator("older", mode="before")(_named_target)

    @model_validator(mode="after")
    def _ids_are_unique(self) -> Self:
        seen: set[str] = set()
        for item in self.items:
            if item.id in seen:
                raise ValueError(f"two news items have the id {item.id!r}; give one of them another")
            seen.add(item.id)
        return self

    @model_validator(mode="after")
    def _fits_layout(self) -> Self:
        if self.layout not in ("list", "numbered") and any(item.items for item in self.items):
            raise ValueError(f"has points below an item, which `layout: {self.layout}` cannot show; use `list`")
        return self


class PageIndex(_Region):
    """The index of the pages of the workspace: active pages as a tree of links, archived pages as a list."""

    depth: int | None = Field(None, ge=1, description="How many levels are listed. Absent: all.", examples=[2])
    archived: bool = Field(True, description="Whether archived pages are listed.", examples=[False])
    max_pages: int = Field(
        1000,
        ge=1,
        description="How many pages are listed at most, active and archived pages separately. The upper levels come "
        "first; the index states how many pages it leaves out. The index ends at 2 MiB in any case.",
        examples=[5000],
    )
    snapshots: Url | None = Field(
        None,
        description="Address at which the folder of snapshots is published. Absent: paths without links.",
        examples=["https://archive.example.org/snapshots/"],
    )


class Home(_Value):
    """The page of the workspace."""

    space: Annotated[str, Field(pattern=r"""^([A-Za-z0-9._-]{1,255}|~[^\s\x00-\x1f\x7f/\\?#%&<>"{}|]{1,254})$""")] = (
        Field(description="Key of the space.", examples=["WS2"])
    )
    home: PageReference = Field(
        description="Title or id of the home page; `title:2024` is always a title, never an id.", examples=["WS2 Home"]
    )
    timezone: TimeZone = Field(
        "UTC",
        description="Time zone that turns `publish_at` into the day of a news item without `date`.",
        examples=["America/Los_Angeles"],
    )


class WorkspaceData(_Value):
    """One data file. A region that is absent here is not managed."""

    workspace: Home = Field(description="The page of the workspace.", examples=[{"space": "WS2", "home": "WS2 Home"}])
    status: StatusBanner | None = Field(
        None,
        description="The status banner.",
        examples=[{"lines": [{"icon": "tick", "text": "Adopted in November 2019."}]}],
    )
    quick_links: QuickLinks | None = Field(
        None,
        description="The list of the most important links.",
        examples=[{"links": [{"text": "Final report", "page": "WS2 Final Report"}]}],
    )
    news: News | None = Field(None, description="The news.", examples=[{"show": 5, "items": []}])
    page_index: PageIndex | None = Field(
        None, description="The index of the pages of the workspace.", examples=[{"depth": 2}]
    )


PAGE_INDEX = "page_index"
OLDER_NEWS = "older_news"
"""The region of the news for which the home page has no room."""
REGION_NAMES = tuple(name for name in WorkspaceData.model_fields if name != "workspace")
"""The names of the regions; each is a key of the data file."""

_MARKDOWN = {
    *("intro", "group", "label", "text", "remark_before", "remark", "cells_before", "cells", "columns"),
}


def iter_markdown(value: object, location: Location = ()) -> Iterator[tuple[str, Location]]:
    """Yield every text of *value* that is inline Markdown, with its location, in the order of the data model."""
    if isinstance(value, tuple):
        for index, each in enumerate(value):
            yield from iter_markdown(each, (*location, index))
    elif isinstance(value, BaseModel):
        for name in type(value).model_fields:
            field = getattr(value, name)
            if name in _MARKDOWN and not (name == "text" and isinstance(value, (QuickLink, Lozenge))):
                yield from _texts_in(field, (*location, name))
            elif isinstance(field, (tuple, BaseModel)):
                yield from iter_markdown(field, (*location, name))


def _texts_in(field: object, location: Location) -> Iterator[tuple[str, Location]]:
    if isinstance(field, str) and field:
        yield field, location
    elif isinstance(field, tuple):
        for index, each in enumerate(field):
            yield from _texts_in(each, (*location, index))

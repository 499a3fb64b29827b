"""The data model: the desired content of a home page (frozen values; the JSON Schema is generated from this module)."""

import datetime as dt
from enum import StrEnum
from typing import Annotated, Literal, Self
from zoneinfo import ZoneInfo

from pydantic import AfterValidator, AwareDatetime, BaseModel, BeforeValidator, ConfigDict, Field, model_validator


def _check_plain(text: str) -> str:
    if not text.strip():
        raise ValueError("must not be empty")
    for character in text:
        if character in "\u202a\u202b\u202d\u202e\u2066\u2067\u2068\u202c\u2069":
            raise ValueError(f"holds the invisible bidirectional control U+{ord(character):04X}; remove it")
        if (ord(character) < 0x20 and character not in "\n\t") or 0x7F <= ord(character) < 0xA0:
            raise ValueError(f"holds the control character U+{ord(character):04X}; remove it")
        if 0xD800 <= ord(character) < 0xE000 or ord(character) in (0xFFFE, 0xFFFF):
            raise ValueError(f"holds U+{ord(character):04X}, which no wiki page can hold; remove it")
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


def _check_zone(name: str) -> str:
    try:
        ZoneInfo(name)
    except (KeyError, ValueError, OSError) as error:
        raise ValueError(f"{name!r} is not a time zone; use a name such as UTC or America/Los_Angeles") from error
    return name


def _id_as_text(value: object) -> object:
    return str(value) if isinstance(value, int) and not isinstance(value, bool) else value


Plain = Annotated[str, AfterValidator(_check_one_line)]
"""One line of text, taken literally."""
InlineMarkdown = Annotated[str, AfterValidator(_check_plain)]
"""Bold, italic, code and links in Markdown; everything else is text."""
PageReference = Annotated[
    str, AfterValidator(_check_one_line), BeforeValidator(_id_as_text, json_schema_input_type=str | int)
]
"""Title or id of a page."""
Url = Annotated[str, AfterValidator(_check_url)]
TimeZone = Annotated[str, AfterValidator(_check_zone)]


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


class _Value(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", str_strip_whitespace=False)


class _Region(_Value):
    heading: Plain | None = Field(
        None, description="Text above the content of the region. Absent: no heading.", examples=["News:"]
    )
    heading_level: int = Field(
        0, ge=0, le=6, description="1 to 6: a heading of that level. 0: a bold line.", examples=[2]
    )


class StatusLine(_Value):
    """One line of the status banner."""

    icon: Icon | None = Field(None, description="Emoticon before the text. Absent: none.", examples=["tick"])
    text: InlineMarkdown = Field(description="The line, as inline Markdown.", examples=["Adopted in November 2019."])


class StatusBanner(_Region):
    """The status banner: the state of the project."""

    lines: tuple[StatusLine, ...] = Field(
        min_length=1,
        description="The lines, from the top.",
        examples=[[{"icon": "tick", "text": "Adopted in November 2019."}]],
    )


class QuickLink(_Value):
    """A link, with further links below it. Without a target it is a caption."""

    text: Plain = Field(description="Text of the link, taken literally (no Markdown).", examples=["Final report"])
    page: PageReference | None = Field(
        None, description="Target: title or id of a page of this wiki.", examples=["WS2 Final Report"]
    )
    url: Url | None = Field(
        None, description="Target: an http, https or mailto address.", examples=["https://example.org/report"]
    )
    attachment: Plain | None = Field(
        None, description="Target: name of a file that is attached to the home page.", examples=["report.pdf"]
    )
    links: tuple["QuickLink", ...] = Field(
        (), description="Links below this one.", examples=[[{"text": "Summary", "page": "Report summary"}]]
    )

    @model_validator(mode="after")
    def _has_one_target(self) -> Self:
        if sum(target is not None for target in (self.page, self.url, self.attachment)) > 1:
            raise ValueError("has more than one target; keep one of page, url and attachment")
        return self


class QuickLinks(_Region):
    """The list of the most important links."""

    links: tuple[QuickLink, ...] = Field(
        min_length=1,
        description="The links, from the top.",
        examples=[[{"text": "Final report", "page": "WS2 Final Report"}]],
    )


class NewsItem(_Value):
    """One news item."""

    id: Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9-]{0,79}$")] = Field(
        description="Name of the item in commands; unchanged when the text changes. Small letters, digits and `-`.",
        examples=["q1-report"],
    )
    date: dt.date | None = Field(None, description="Day of the news. Absent: no date.", examples=["2024-02-22"])
    text: InlineMarkdown = Field(
        description="The item, as inline Markdown.", examples=["Read the [report](<page:Q1 Report>)."]
    )
    publish_at: AwareDatetime | None = Field(
        None,
        description="Not shown before this moment. With a time zone (`Z` is UTC).",
        examples=["2024-05-01T09:00:00Z"],
    )
    expires_at: AwareDatetime | None = Field(
        None,
        description="Not shown from this moment on. With a time zone (`Z` is UTC).",
        examples=["2024-06-01T00:00:00Z"],
    )
    pinned: bool = Field(False, description="Whether the item is shown before all others.", examples=[True])

    @model_validator(mode="after")
    def _is_shown_some_time(self) -> Self:
        if self.publish_at and self.expires_at and self.expires_at <= self.publish_at:
            raise ValueError("expires before it is published; it would never be shown")
        return self


class News(_Region):
    """The news: pinned items first, then in the order of the file, which is newest first."""

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
        description="How dates are printed. `hidden`: not at all. `before`: before the text of each item. "
        "`by_day`: once, above all items of a day.",
        examples=["before"],
    )
    items: tuple[NewsItem, ...] = Field(
        (),
        description="The items, newest first.",
        examples=[[{"id": "q1-report", "text": "The report is published."}]],
    )

    @model_validator(mode="after")
    def _ids_are_unique(self) -> Self:
        seen: set[str] = set()
        for item in self.items:
            if item.id in seen:
                raise ValueError(f"two news items have the id {item.id!r}; give one of them another")
            seen.add(item.id)
        return self


class PageIndex(_Region):
    """The index of the pages of the workspace: active pages as a tree of links, archived pages as a list."""

    depth: int | None = Field(None, ge=1, description="How many levels are listed. Absent: all.", examples=[2])
    archived: bool = Field(True, description="Whether archived pages are listed.", examples=[False])
    snapshots: Url | None = Field(
        None,
        description="Address at which the folder of snapshots is published. Absent: paths without links.",
        examples=["https://archive.example.org/snapshots/"],
    )


class Home(_Value):
    """The page of the workspace."""

    space: Annotated[str, Field(pattern=r"^([A-Za-z0-9._-]{1,255}|~[A-Za-z0-9._@+-]{1,254})$")] = Field(
        description="Key of the space.", examples=["WS2"]
    )
    home: PageReference = Field(description="Title or id of the home page.", examples=["WS2 Home"])
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
REGION_NAMES = tuple(name for name in WorkspaceData.model_fields if name != "workspace")
"""The names of the regions; each is a key of the data file."""

"""The canonical data: what a workspace's home page should say (frozen values; the JSON Schema comes from here)."""

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
PageReference = Annotated[str, BeforeValidator(_id_as_text), AfterValidator(_check_one_line)]
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
    heading: Plain | None = Field(None, description="Written above the region's content; absent: no heading.")
    heading_level: int = Field(0, ge=0, le=6, description="1 to 6: a heading of that level; 0: a bold line.")


class StatusLine(_Value):
    """One line of the status banner."""

    icon: Icon | None = None
    text: InlineMarkdown


class StatusBanner(_Region):
    """The status banner: where the project stands."""

    lines: tuple[StatusLine, ...] = Field(min_length=1)


class QuickLink(_Value):
    """A link, with further links below it; without a target it is a plain caption."""

    text: Plain
    page: PageReference | None = Field(None, description="Title or id of a page of this wiki.")
    url: Url | None = None
    attachment: Plain | None = Field(None, description="Name of a file attached to the home page.")
    links: tuple["QuickLink", ...] = ()

    @model_validator(mode="after")
    def _has_one_target(self) -> Self:
        if sum(target is not None for target in (self.page, self.url, self.attachment)) > 1:
            raise ValueError("has more than one target; keep one of page, url and attachment")
        return self


class QuickLinks(_Region):
    """The list of links that people come for."""

    links: tuple[QuickLink, ...] = Field(min_length=1)


class NewsItem(_Value):
    """One item of news; *id* stays the same when the text is edited."""

    id: Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9-]{0,79}$")]
    date: dt.date | None = None
    text: InlineMarkdown
    publish_at: AwareDatetime | None = Field(None, description="Not shown before this moment.")
    expires_at: AwareDatetime | None = Field(None, description="Not shown from this moment on.")
    pinned: bool = False

    @model_validator(mode="after")
    def _is_shown_some_time(self) -> Self:
        if self.publish_at and self.expires_at and self.expires_at <= self.publish_at:
            raise ValueError("expires before it is published; it would never be shown")
        return self


class News(_Region):
    """The news of the workspace: pinned items first, then in the order of the file, which is newest first."""

    show: int | None = Field(None, ge=1, description="How many are shown; the others go to the page `older`.")
    older: PageReference | None = Field(None, description="Title or id of the page that keeps the older news.")
    dates: Literal["hidden", "before", "by_day"] = Field(
        "hidden",
        description="How an item's date is printed: not at all, before its text, or over the items of its day.",
    )
    items: tuple[NewsItem, ...] = ()

    @model_validator(mode="after")
    def _ids_are_unique(self) -> Self:
        seen: set[str] = set()
        for item in self.items:
            if item.id in seen:
                raise ValueError(f"two news items have the id {item.id!r}; give one of them another")
            seen.add(item.id)
        return self


class PageIndex(_Region):
    """The index of the workspace's pages: active ones as a tree of links, archived ones as a list."""

    depth: int | None = Field(None, ge=1, description="How many levels are listed; absent: all.")
    archived: bool = Field(True, description="Whether archived pages are listed too.")
    snapshots: Url | None = Field(
        None, description="Address under which the folder of snapshots is published; absent: paths without links."
    )


class Home(_Value):
    """Which page the workspace lives on."""

    space: Annotated[str, Field(pattern=r"^~?[A-Za-z0-9._-]{1,255}$")]
    home: PageReference = Field(description="Title or id of the home page.")
    timezone: TimeZone = "UTC"


class Workspace(_Value):
    """One canonical data file. A region that is absent here is not managed."""

    workspace: Home
    status: StatusBanner | None = None
    quick_links: QuickLinks | None = None
    news: News | None = None
    page_index: PageIndex | None = None

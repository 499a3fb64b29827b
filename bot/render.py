"""Render regions with Jinja2: from the canonical data to storage format."""

import datetime as dt
import traceback
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path
from typing import TypeVar
from urllib.parse import quote
from zoneinfo import ZoneInfo

from jinja2 import BytecodeCache, Environment, FileSystemLoader, StrictUndefined, TemplateNotFound, TemplateSyntaxError
from jinja2.bccache import Bucket
from markupsafe import Markup

from bot.config.data_model import (
    CALENDAR,
    OLDER_NEWS,
    Icon,
    Image,
    Lozenge,
    News,
    NewsItem,
    PageIndex,
    QuickLink,
    QuickLinks,
    StatusBanner,
    WorkspaceData,
)
from bot.config.news_selection import by_day, older_news, shown_news, shown_part
from bot.errors import BotError, MalformedBodyError, SettingsError
from bot.inline import LinkResolver, TitlesAsWritten, attachment_link, emoticon, lozenge, page_link, to_storage
from bot.storage.cloud_spelling import spell_for_cloud
from bot.storage.markers import find_misfit
from bot.storage.notice import notice_anchor, without_notice
from bot.storage.reader import read_strictly

_DATA_OF = {OLDER_NEWS: "news"}


@dataclass(frozen=True, slots=True)
class IndexEntry:
    """A page in the page index; *snapshot* is the path of its snapshot, relative to the snapshots folder."""

    title: str
    children: tuple["IndexEntry", ...] = ()
    snapshot: str | None = None


@dataclass(frozen=True, slots=True)
class Index:
    """Content of the page index, and how many active and archived pages it does not list."""

    active: tuple[IndexEntry, ...] = ()
    archived: tuple[IndexEntry, ...] = ()
    left_out: int = 0
    left_out_archived: int = 0


def section_of(region: str) -> str:
    """Return the section of the data file from which *region* is rendered."""
    return _DATA_OF.get(region, region)


def has_region(data: WorkspaceData, region: str) -> bool:
    """Return whether the data contains *region*."""
    return getattr(data, section_of(region), None) is not None


class _CompiledTemplates(BytecodeCache):
    """What templates were compiled to in this process; Jinja2 compiles a template again when its text has changed.

    Only in memory: code that is loaded from a folder would be one more thing that has to be protected.
    """

    def __init__(self) -> None:
        self._code: dict[str, bytes] = {}

    def load_bytecode(self, bucket: Bucket) -> None:
        if bucket.key in self._code:
            bucket.bytecode_from_string(self._code[bucket.key])

    def dump_bytecode(self, bucket: Bucket) -> None:
        self._code[bucket.key] = bucket.bytecode_to_string()


_COMPILED = _CompiledTemplates()


class Renderer:
    """Renders regions with the templates in *folders*; earlier folders take precedence.

    With *is_cloud*, the text is spelled as the editor of Cloud stores it. Each template is read from the disk once.
    """

    def __init__(self, folders: Sequence[Path], *, is_cloud: bool = False) -> None:
        self._is_cloud = is_cloud
        self._environment = Environment(
            loader=FileSystemLoader([str(folder) for folder in folders]),
            autoescape=True,
            undefined=StrictUndefined,
            trim_blocks=True,
            lstrip_blocks=True,
            auto_reload=False,
            bytecode_cache=_COMPILED,
        )
        self._environment.filters |= {"icon": _icon, "lozenge": _lozenge}

    def render(
        self,
        region: str,
        data: WorkspaceData,
        *,
        now: dt.datetime,
        links: LinkResolver | None = None,
        index: Index | None = None,
        notice: str | None = None,
    ) -> str:
        """Return the storage format of *region* for *data* at *now*; *index* is used only for the page index.

        *notice* is the last line of the region, as inline Markdown.

        Raises `SettingsError` if the template is missing, fails, or renders content that is not allowed in a region.
        Raises `KeyError` if the data does not contain the region.
        """
        value = getattr(data, section_of(region), None)
        if value is None:
            raise KeyError(region)
        if isinstance(value, StatusBanner | QuickLinks):
            value = shown_part(value, now)
        resolver = links or TitlesAsWritten()
        context: dict[str, object] = {"region": value, "data": data, "now": now}
        context |= {
            "inline": lambda text: Markup(to_storage(text, resolver)),  # noqa: S704 -- to_storage escapes
            "spaced": lambda text: Markup(to_storage(text, resolver, keep_edges=True)),  # noqa: S704 -- to_storage escapes
            "picture": _picture,
            "page_link": lambda page, text: Markup(page_link(page, _escape(text), resolver)),  # noqa: S704 -- escaped
            "attachment_link": lambda name, text: Markup(attachment_link(name, _escape(text))),  # noqa: S704 -- escaped
        }
        if isinstance(value, PageIndex):
            context |= {"index": index or Index(), "address": _address}
        if isinstance(value, QuickLinks):
            context |= {"groups": _grouped(value.links)}
        if isinstance(value, News):
            context |= _news_context(value, now, ZoneInfo(data.workspace.timezone))
        text = self._render(f"{region}.xml.j2", context)
        if notice is not None:
            context |= {"notice": notice, "anchor": notice_anchor(region)}
            line = self._render("_notice.xml.j2", context)
            if without_notice(line).strip():
                raise SettingsError("must be one paragraph with the anchor of the notice", path="_notice.xml.j2")
            text += line
        return spell_for_cloud(text, data.workspace.space) if self._is_cloud else text

    def load_templates(self) -> None:
        """Read all templates now; later changes of the folders have no effect. Raises `SettingsError` for bad ones."""
        for name in self._environment.list_templates(extensions=("j2",)):
            with _naming(name):
                self._environment.get_template(name)

    def _render(self, name: str, context: dict[str, object]) -> str:
        with _naming(name):
            template = self._environment.get_template(name)
            text = template.render(context).strip()
        try:
            misfit = find_misfit(read_strictly(text))
        except MalformedBodyError as error:
            raise SettingsError(f"renders text that is not storage format: {error}", path=template.filename) from error
        if misfit:
            raise SettingsError(
                f"renders {misfit}, which is not allowed in a region; remove it", path=template.filename
            )
        return text


@contextmanager
def _naming(name: str) -> Iterator[None]:
    """Turn the errors of the template *name*, and of the templates that it includes, into `SettingsError`."""
    try:
        yield
    except TemplateNotFound as error:
        raise SettingsError(f"there is no template {error.name}; the region needs one", path=name) from error
    except TemplateSyntaxError as error:
        raise SettingsError(str(error.message), path=error.filename or name, line=error.lineno) from error
    except BotError:
        raise
    except Exception as error:  # a template can run any expression, and raise any exception
        path, line = _place_in_template(error)
        raise SettingsError(f"cannot be rendered: {error}", path=path or name, line=line) from error


def _place_in_template(error: Exception) -> tuple[str | None, int | None]:
    """Return file and line of the innermost template in the traceback of *error*."""
    frames = reversed(traceback.extract_tb(error.__traceback__))
    frame = next((frame for frame in frames if frame.filename.endswith(".j2")), None)
    return (frame.filename, frame.lineno) if frame else (None, None)


def _address(base: str, path: str) -> str:
    return f"{base.rstrip('/')}/{quote(path)}"


def _escape(text: str) -> str:
    return str(Markup.escape(text))


def _icon(icon: Icon) -> Markup:
    return Markup(emoticon(icon))  # noqa: S704 -- a name from a fixed list


def _lozenge(value: Lozenge) -> Markup:
    return Markup(lozenge(value.text, value.colour))  # noqa: S704 -- lozenge escapes


def _picture(image: Image) -> Markup:
    sizes = (("alt", image.alt), ("height", image.height), ("width", image.width))
    attributes = Markup("").join(Markup(' ac:{}="{}"').format(name, value) for name, value in sizes if value)
    if image.attachment is not None:
        source = Markup('<ri:attachment ri:filename="{}" />').format(image.attachment)
    else:
        source = Markup('<ri:url ri:value="{}" />').format(image.url)
    return Markup("<ac:image{}>{}</ac:image>").format(attributes, source)


def _news_context(news: News, now: dt.datetime, zone: dt.tzinfo) -> dict[str, object]:
    shown, older = shown_news(news, now), older_news(news, now)
    return {
        "print_day": lambda day: print_day(day, news),
        "items": shown,
        "groups": _grouped(shown),
        "days": by_day(shown, zone),
        "older": older,
        "older_groups": _grouped(older),
        "older_days": by_day(older, zone),
    }


_Entry = TypeVar("_Entry", NewsItem, QuickLink)


def _grouped(entries: Iterable[_Entry]) -> list[tuple[str | None, tuple[_Entry, ...]]]:
    """Return consecutive entries with the same sub-heading together."""
    return [(group, tuple(each)) for group, each in groupby(entries, key=lambda entry: entry.group)]


def print_day(day: dt.date, news: News) -> str:
    """Return *day* in the language and format of the news; a date of the editor's calendar is markup."""
    if news.date_format == CALENDAR:
        return Markup('<time datetime="{}" />').format(day.isoformat())
    from babel.core import Locale  # slow to import
    from babel.dates import format_date

    return format_date(day, news.date_format, Locale.parse(news.language, sep="-" if "-" in news.language else "_"))

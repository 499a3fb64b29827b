"""Types of arguments and options: days, moments, and values that the shell completes from the user's own files."""

import datetime as dt
import os
import re
from collections.abc import Iterable
from types import MappingProxyType
from typing import TYPE_CHECKING

import click
from click.shell_completion import CompletionItem

from bot.cli.app import App
from bot.config.store_address import check_store_address

if TYPE_CHECKING:
    from bot.config.data_model import WorkspaceData


class Moment(click.ParamType[dt.datetime]):
    """A date and time with a time zone."""

    name = "moment"

    def convert(self, value: object, param: click.Parameter | None, ctx: click.Context | None) -> dt.datetime:
        """Read an ISO 8601 moment."""
        if isinstance(value, dt.datetime):
            return value
        try:
            moment = dt.datetime.fromisoformat(str(value))
        except ValueError:
            self.fail(f"{value!r} is not a moment such as 2026-03-01T09:00Z", param, ctx)
        if moment.tzinfo is None:
            self.fail(f"{value!r} lacks a time zone; write 2026-03-01T09:00Z or 2026-03-01T09:00+01:00", param, ctx)
        return moment


class DayCount(click.ParamType[dt.timedelta]):
    """A number of days, weeks or years, such as 180d, 26w or 1y."""

    name = "span"
    _DAYS = MappingProxyType({"d": 1, "w": 7, "y": 365})

    def convert(self, value: object, param: click.Parameter | None, ctx: click.Context | None) -> dt.timedelta:
        """Read a number and a unit."""
        if isinstance(value, dt.timedelta):
            return value
        found = re.fullmatch(r"(\d{1,5})\s*([dwy])", str(value).strip().lower())
        if found is None:
            self.fail(f"{value!r} is not a number of days, weeks or years, such as 180d, 26w or 1y", param, ctx)
        return dt.timedelta(days=int(found[1]) * self._DAYS[found[2]])


class Day(click.ParamType[dt.date]):
    """A date."""

    name = "day"

    def convert(self, value: object, param: click.Parameter | None, ctx: click.Context | None) -> dt.date:
        """Read an ISO 8601 date."""
        if isinstance(value, dt.date):
            return value
        try:
            return dt.date.fromisoformat(str(value))
        except ValueError:
            self.fail(f"{value!r} is not a day such as 2026-03-01", param, ctx)


class SnapshotPlace(click.Path):
    """A folder of snapshots, or an address of object storage, which stays a text."""

    def convert(
        self, value: str | os.PathLike[str], param: click.Parameter | None, ctx: click.Context | None
    ) -> str | bytes | os.PathLike[str]:
        """Read a folder or `s3://BUCKET/PREFIX`."""
        text = os.fspath(value)
        if not text.startswith("s3://"):
            return super().convert(value, param, ctx)
        try:
            return check_store_address(text)
        except ValueError as error:
            self.fail(str(error), param, ctx)


def complete_news_ids(context: click.Context, parameter: click.Parameter, incomplete: str) -> list[CompletionItem[str]]:
    """Offer the ids of the news items in the data file, with their texts."""
    del parameter
    data = _data(context)
    items = data.news.items if data and data.news else ()
    return [CompletionItem(item.id, help=item.text[:60]) for item in items if item.id.startswith(incomplete)]


def complete_link_numbers(
    context: click.Context, parameter: click.Parameter, incomplete: str
) -> list[CompletionItem[str]]:
    """Offer the numbers of the quick links, with their texts: the texts have spaces, which shells split."""
    from bot.config.link_choice import iter_places

    del parameter
    data = _data(context)
    places = iter_places(data.quick_links.links) if data and data.quick_links else ()
    return [CompletionItem(each.number, help=each.link.name) for each in places if each.number.startswith(incomplete)]


def complete_regions(context: click.Context, parameter: click.Parameter, incomplete: str) -> list[CompletionItem[str]]:
    """Offer the names of the regions."""
    from bot.config.data_model import WorkspaceData

    del context, parameter
    return _starting(incomplete, (name for name in WorkspaceData.model_fields if name != "workspace"))


def _data(context: click.Context) -> "WorkspaceData | None":
    """Return the data of the workspace, or None: completion must not print errors into someone's prompt."""
    from bot.errors import BotError

    try:
        return context.ensure_object(App).runtime.data_file().data
    except BotError:
        return None


def _starting(incomplete: str, words: Iterable[str]) -> list[CompletionItem[str]]:
    return [CompletionItem(word) for word in words if word.startswith(incomplete)]

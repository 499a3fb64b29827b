"""Which entries are shown at a given time, in which state each one is, and when the selection changes next."""

import datetime as dt
from collections.abc import Container, Iterable, Iterator, Sequence
from enum import StrEnum
from itertools import groupby
from typing import TypeVar

from bot.config.data_model import News, NewsItem, QuickLink, QuickLinks, StatusBanner, StatusLine, WorkspaceData

_Region = TypeVar("_Region", bound=StatusBanner | QuickLinks | News)
_Timed = StatusLine | QuickLink | NewsItem
_TimedEntry = TypeVar("_TimedEntry", StatusLine, QuickLink, NewsItem)


class NewsState(StrEnum):
    """State of a news item, a line of the banner or a link at a given time."""

    DRAFT = "draft"
    """Only proposed: it is not in the data file."""
    SCHEDULED = "scheduled"
    LIVE = "live"
    PINNED = "pinned"
    HELD = "held back"
    """It links to a page that does not exist, so the region is not written."""
    EXPIRED = "expired"
    OLDER = "older"


def state_of(entry: _Timed, now: dt.datetime, *, is_older: bool = False, is_held: bool = False) -> NewsState:
    """Return the state of an entry of the data file; *is_older*: beyond `show`; *is_held*: it has a dead link."""
    if entry.expires_at is not None and entry.expires_at <= now:
        return NewsState.EXPIRED
    if entry.publish_at is not None and now < entry.publish_at:
        return NewsState.SCHEDULED
    if is_held:
        return NewsState.HELD
    if is_older:
        return NewsState.OLDER
    return NewsState.PINNED if isinstance(entry, NewsItem) and entry.pinned else NewsState.LIVE


def is_shown(entry: _Timed, now: dt.datetime) -> bool:
    """Return whether an entry is published and not expired at *now*."""
    has_begun = entry.publish_at is None or entry.publish_at <= now
    return has_begun and (entry.expires_at is None or now < entry.expires_at)


def shown_lines(banner: StatusBanner, now: dt.datetime) -> tuple[StatusLine, ...]:
    """Return the lines of the banner to show at *now*."""
    return _only_shown(banner.lines, now)


def shown_links(links: Sequence[QuickLink], now: dt.datetime) -> tuple[QuickLink, ...]:
    """Return the links to show at *now*, each with the links below it to show."""
    return tuple(
        link.model_copy(update={"links": shown_links(link.links, now)}) if link.links else link
        for link in _only_shown(links, now)
    )


def shown_part(region: _Region, now: dt.datetime) -> _Region:
    """Return the banner or the links with only what is shown at *now*; news as they are."""
    if isinstance(region, StatusBanner):
        return region.model_copy(update={"lines": shown_lines(region, now)})
    if isinstance(region, QuickLinks):
        return region.model_copy(update={"links": shown_links(region.links, now)})
    return region


def empty_from(banner: StatusBanner, now: dt.datetime) -> dt.datetime | None:
    """Return the first moment from *now* on at which the banner shows no line; None if there is none."""
    moments = sorted({now, *(moment for moment in _moments_of(banner.lines) if moment > now)})
    return next((moment for moment in moments if not shown_lines(banner, moment)), None)


def next_due(data: WorkspaceData, after: dt.datetime) -> dt.datetime | None:
    """Return the first time after *after* at which an entry of the data file appears or expires."""
    lines = data.status.lines if data.status else ()
    links = data.quick_links.links if data.quick_links else ()
    items = data.news.items if data.news else ()
    moments = _moments_of((*lines, *links, *items))
    return min((moment for moment in moments if moment > after), default=None)


def _moments_of(entries: Iterable[_Timed]) -> Iterator[dt.datetime]:
    for entry in entries:
        yield from (moment for moment in (entry.publish_at, entry.expires_at) if moment is not None)
        if isinstance(entry, QuickLink):
            yield from _moments_of(entry.links)


def _only_shown(entries: Sequence[_TimedEntry], now: dt.datetime) -> tuple[_TimedEntry, ...]:
    return tuple(entry for entry in entries if is_shown(entry, now))


def shown_news(news: News, now: dt.datetime) -> tuple[NewsItem, ...]:
    """Return the items to show at *now*: published and not expired, pinned items first, at most `show` items."""
    return _live(news, now)[: news.show]


def older_news(news: News, now: dt.datetime) -> tuple[NewsItem, ...]:
    """Return the published items beyond the limit `show`; they belong on the page `older`."""
    return () if news.show is None else _live(news, now)[news.show :]


def news_states(news: News, now: dt.datetime, held: Container[str] = ()) -> list[NewsState]:
    """Return the state of each item at *now*, in the order of the file; *held* has the ids of those with dead links."""
    older = {item.id for item in older_news(news, now)}
    return [state_of(item, now, is_older=item.id in older, is_held=item.id in held) for item in news.items]


def day_of(item: NewsItem, zone: dt.tzinfo) -> dt.date | None:
    """Return the day of an item: its date, or else the day of `publish_at` in *zone*."""
    if item.date is not None or item.publish_at is None:
        return item.date
    return item.publish_at.astimezone(zone).date()


def by_day(items: Iterable[NewsItem], zone: dt.tzinfo = dt.UTC) -> list[tuple[dt.date | None, tuple[NewsItem, ...]]]:
    """Group consecutive items with the same day."""
    return [(day, tuple(group)) for day, group in groupby(items, key=lambda item: day_of(item, zone))]


def _live(news: News, now: dt.datetime) -> tuple[NewsItem, ...]:
    return tuple(sorted(_only_shown(news.items, now), key=lambda item: not item.pinned))

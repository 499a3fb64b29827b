"""Which news items are shown at a given time, and when the selection changes next."""

import datetime as dt
from collections.abc import Iterable
from enum import StrEnum
from itertools import groupby

from bot.config.data_model import News, NewsItem


class NewsState(StrEnum):
    """State of a news item at a given time."""

    SCHEDULED = "scheduled"
    LIVE = "live"
    PINNED = "pinned"
    EXPIRED = "expired"
    OLDER = "older"


def shown_news(news: News, now: dt.datetime) -> tuple[NewsItem, ...]:
    """Return the items to show at *now*: published and not expired, pinned items first, at most `show` items."""
    return _live(news, now)[: news.show]


def older_news(news: News, now: dt.datetime) -> tuple[NewsItem, ...]:
    """Return the published items beyond the limit `show`; they belong on the page `older`."""
    return () if news.show is None else _live(news, now)[news.show :]


def news_states(news: News, now: dt.datetime) -> list[NewsState]:
    """Return the state of each item at *now*, in the order of the file."""
    older = {item.id for item in older_news(news, now)}
    return [_state(item, now, is_older=item.id in older) for item in news.items]


def next_change(news: News, now: dt.datetime) -> dt.datetime | None:
    """Return the next time after *now* at which an item is published or expires."""
    moments = (moment for item in news.items for moment in (item.publish_at, item.expires_at))
    return min((moment for moment in moments if moment is not None and moment > now), default=None)


def day_of(item: NewsItem, zone: dt.tzinfo) -> dt.date | None:
    """Return the day of an item: its date, or else the day of `publish_at` in *zone*."""
    if item.date is not None or item.publish_at is None:
        return item.date
    return item.publish_at.astimezone(zone).date()


def by_day(items: Iterable[NewsItem], zone: dt.tzinfo = dt.UTC) -> list[tuple[dt.date | None, tuple[NewsItem, ...]]]:
    """Group consecutive items with the same day."""
    return [(day, tuple(group)) for day, group in groupby(items, key=lambda item: day_of(item, zone))]


def _live(news: News, now: dt.datetime) -> tuple[NewsItem, ...]:
    live = [
        item
        for item in news.items
        if (item.publish_at is None or item.publish_at <= now) and (item.expires_at is None or now < item.expires_at)
    ]
    return tuple(sorted(live, key=lambda item: not item.pinned))


def _state(item: NewsItem, now: dt.datetime, *, is_older: bool) -> NewsState:
    if item.expires_at is not None and item.expires_at <= now:
        return NewsState.EXPIRED
    if item.publish_at is not None and now < item.publish_at:
        return NewsState.SCHEDULED
    if is_older:
        return NewsState.OLDER
    return NewsState.PINNED if item.pinned else NewsState.LIVE

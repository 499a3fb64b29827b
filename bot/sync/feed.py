"""The news as an Atom feed (pure: equal news give equal bytes)."""

import datetime as dt
from itertools import chain
from zoneinfo import ZoneInfo

from feedgen.feed import FeedGenerator

from bot.config.data_model import NewsItem, Workspace
from bot.config.news_selection import older_news, shown_news
from bot.inline import link_destinations, plain_text

_LONGEST_TITLE = 100
_NO_DATE = dt.datetime(1970, 1, 1, tzinfo=dt.UTC)


def render_feed(workspace: Workspace, *, now: dt.datetime, title: str, home_url: str) -> bytes:
    """Return the published news, older ones too, as an Atom feed; *home_url* is the page that bears them.

    An entry keeps its id when its text is edited. An item without a date is given that of the item below it.
    """
    zone = ZoneInfo(workspace.workspace.timezone)
    news = workspace.news
    items = () if news is None else tuple(chain(shown_news(news, now), older_news(news, now)))
    moments = _moments(items, zone)
    feed = FeedGenerator()
    feed.id(home_url)
    feed.title(title)
    feed.link(href=home_url, rel="alternate")
    feed.author(name=title)
    feed.generator("wikibot")
    feed.updated(max(moments, default=_NO_DATE))
    for item, moment in zip(items, moments, strict=True):
        _add_entry(feed, item, moment, home_url)
    return bytes(feed.atom_str(pretty=True))


def _add_entry(feed: FeedGenerator, item: NewsItem, moment: dt.datetime, home_url: str) -> None:
    text = " ".join(plain_text(item.text).split())
    addresses = (each for each in link_destinations(item.text) if each.startswith(("http://", "https://")))
    entry = feed.add_entry(order="append")
    entry.id(f"{home_url}#news-{item.id}")
    entry.title(text if len(text) <= _LONGEST_TITLE else f"{text[: _LONGEST_TITLE - 1].rstrip()}…")
    entry.link(href=next(addresses, home_url), rel="alternate")
    entry.content(text, type="text")
    entry.published(moment)
    entry.updated(moment)


def _moments(items: tuple[NewsItem, ...], zone: ZoneInfo) -> list[dt.datetime]:
    """Return when each item was published; days begin at midnight of the workspace's zone."""
    moments: list[dt.datetime] = []
    below = _NO_DATE
    for item in reversed(items):
        if item.publish_at is not None:
            below = item.publish_at
        elif item.date is not None:
            below = dt.datetime.combine(item.date, dt.time(), zone)
        moments.append(below.astimezone(dt.UTC))
    return moments[::-1]

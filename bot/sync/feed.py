"""Render the news as an Atom feed (pure: equal news give equal bytes). XML is only written here, never parsed."""

import datetime as dt
import re
from itertools import chain
from xml.etree import ElementTree as ET  # nosec B405
from zoneinfo import ZoneInfo

from bot.config.data_model import NewsItem, WorkspaceData
from bot.config.news_selection import older_news, shown_news
from bot.inline import link_destinations, plain_text

_LONGEST_TITLE = 100
_MAX_ENTRIES = 100
_NOT_XML = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
"""The characters that XML 1.0 does not allow, not even escaped."""
_NO_DATE = dt.datetime(1970, 1, 1, tzinfo=dt.UTC)


def render_feed(data: WorkspaceData, *, now: dt.datetime, title: str, home_url: str) -> bytes:
    """Return the first 100 published news, older items included, as an Atom feed; *home_url* is the page with the news.

    The id of an entry does not change when its text is edited. An item without a date gets the date of the item below.
    """
    zone = ZoneInfo(data.workspace.timezone)
    news = data.news
    items = () if news is None else tuple(chain(shown_news(news, now), older_news(news, now)))
    moments = _moments(items, zone)
    feed = ET.Element("feed", xmlns="http://www.w3.org/2005/Atom")
    _add(feed, "id", home_url)
    _add(feed, "title", title)
    _add(feed, "updated", max(moments, default=_NO_DATE).isoformat())
    _add(ET.SubElement(feed, "author"), "name", title)
    ET.SubElement(feed, "link", href=home_url, rel="alternate")
    _add(feed, "generator", "wikibot")
    for item, moment in zip(items[:_MAX_ENTRIES], moments, strict=False):
        _add_entry(feed, item, moment, home_url)
    ET.indent(feed)
    return bytes(ET.tostring(feed, encoding="UTF-8", xml_declaration=True)) + b"\n"


def _add_entry(feed: ET.Element, item: NewsItem, moment: dt.datetime, home_url: str) -> None:
    text = " ".join(plain_text(item.text).split())
    addresses = (each for each in link_destinations(item.text) if each.startswith(("http://", "https://")))
    entry = ET.SubElement(feed, "entry")
    _add(entry, "id", f"{home_url}#news-{item.id}")
    _add(entry, "title", text if len(text) <= _LONGEST_TITLE else f"{text[: _LONGEST_TITLE - 1].rstrip()}…")
    _add(entry, "updated", moment.isoformat())
    _add(entry, "content", text, type="text")
    ET.SubElement(entry, "link", href=next(addresses, home_url), rel="alternate")
    _add(entry, "published", moment.isoformat())


def _add(parent: ET.Element, name: str, text: str, **attributes: str) -> None:
    ET.SubElement(parent, name, attributes).text = _NOT_XML.sub("\N{REPLACEMENT CHARACTER}", text)


def _moments(items: tuple[NewsItem, ...], zone: ZoneInfo) -> list[dt.datetime]:
    """Return the time of publication of each item; a day begins at midnight in *zone*."""
    moments: list[dt.datetime] = []
    below = _NO_DATE
    for item in reversed(items):
        if item.publish_at is not None:
            below = item.publish_at
        elif item.date is not None:
            below = dt.datetime.combine(item.date, dt.time(), zone)
        moments.append(below.astimezone(dt.UTC))
    return moments[::-1]

import datetime as dt
from typing import Any
from xml.etree import ElementTree as ET

import pytest

from bot.config.data_model import WorkspaceData
from bot.sync.feed import render_feed

NOW = dt.datetime(2024, 3, 1, 12, tzinfo=dt.UTC)
HOME = "https://wiki.test/pages/1?a=1&b=2"
ATOM = "{http://www.w3.org/2005/Atom}"


def feed(*items: dict[str, Any], zone: str = "UTC", **news: Any) -> ET.Element:
    workspace = WorkspaceData.model_validate(
        {"workspace": {"space": "WS2", "home": "Home", "timezone": zone}, "news": {"items": items, **news}}
    )
    return ET.fromstring(render_feed(workspace, now=NOW, title="WS2 news", home_url=HOME))  # noqa: S314 -- our own


def entries(root: ET.Element, tag: str) -> list[str]:
    return [str(entry.findtext(ATOM + tag)) for entry in root.iter(f"{ATOM}entry")]


def test_the_feed_lists_published_news_in_their_order_with_older_ones() -> None:
    root = feed(
        {"id": "b", "date": "2024-02-22", "text": "Listen to [the *update*](https://a.test/x) now"},
        {"id": "later", "publish_at": "2024-03-02T00:00:00Z", "text": "not yet"},
        {"id": "gone", "expires_at": "2024-03-01T00:00:00Z", "text": "no more"},
        {"id": "a", "date": "2024-01-05", "text": "Read <b>this</b>"},
        show=1,
    )

    assert entries(root, "id") == [f"{HOME}#news-b", f"{HOME}#news-a"]
    assert entries(root, "title") == ["Listen to the update now", "Read <b>this</b>"]
    assert [link.get("href") for link in root.iter(f"{ATOM}link")] == [HOME, "https://a.test/x", HOME]


def test_days_begin_at_midnight_of_the_workspace() -> None:
    root = feed({"id": "a", "date": "2024-02-22", "text": "x"}, zone="America/Los_Angeles")

    assert entries(root, "updated") == ["2024-02-22T08:00:00+00:00"]
    assert root.findtext(f"{ATOM}updated") == "2024-02-22T08:00:00+00:00"


def test_an_item_without_a_date_takes_that_of_the_item_below() -> None:
    root = feed({"id": "b", "text": "x"}, {"id": "a", "date": "2024-02-22", "text": "y"}, {"id": "c", "text": "z"})

    assert entries(root, "updated") == ["2024-02-22T00:00:00+00:00"] * 2 + ["1970-01-01T00:00:00+00:00"]


def test_equal_news_give_equal_bytes_whenever_they_are_written() -> None:
    workspace = WorkspaceData.model_validate(
        {"workspace": {"space": "WS2", "home": "Home"}, "news": {"items": [{"id": "a", "text": "x"}]}}
    )

    first = render_feed(workspace, now=NOW, title="t", home_url=HOME)

    assert render_feed(workspace, now=NOW + dt.timedelta(hours=1), title="t", home_url=HOME) == first


def test_the_bytes_of_a_feed_change_only_with_its_news() -> None:
    item = {"id": "a", "date": "2024-02-22", "text": "Tom & <Jerry>: [the *update*](https://a.test/x?a=1&b=2) ü 😀"}
    workspace = WorkspaceData.model_validate({"workspace": {"space": "WS2", "home": "Home"}, "news": {"items": [item]}})

    written = render_feed(workspace, now=NOW, title="WS2 & news", home_url=HOME)

    assert written.decode() == GOLDEN


GOLDEN = """\
<?xml version='1.0' encoding='UTF-8'?>
<feed xmlns="http://www.w3.org/2005/Atom">
  <id>https://wiki.test/pages/1?a=1&amp;b=2</id>
  <title>WS2 &amp; news</title>
  <updated>2024-02-22T00:00:00+00:00</updated>
  <author>
    <name>WS2 &amp; news</name>
  </author>
  <link href="https://wiki.test/pages/1?a=1&amp;b=2" rel="alternate" />
  <generator>wikibot</generator>
  <entry>
    <id>https://wiki.test/pages/1?a=1&amp;b=2#news-a</id>
    <title>Tom &amp; &lt;Jerry&gt;: the update ü 😀</title>
    <updated>2024-02-22T00:00:00+00:00</updated>
    <content type="text">Tom &amp; &lt;Jerry&gt;: the update ü 😀</content>
    <link href="https://a.test/x?a=1&amp;b=2" rel="alternate" />
    <published>2024-02-22T00:00:00+00:00</published>
  </entry>
</feed>
"""


@pytest.mark.parametrize("character", ["\x00", "\x0b", "\ud800", "\ufffe"])
def test_a_title_with_a_character_that_xml_forbids_leaves_a_feed_that_can_be_read(character: str) -> None:
    workspace = WorkspaceData.model_validate({"workspace": {"space": "WS2", "home": "Home"}})

    written = render_feed(workspace, now=NOW, title=f"a{character}b", home_url=HOME)

    assert ET.fromstring(written).findtext(f"{ATOM}title") == "a\N{REPLACEMENT CHARACTER}b"  # noqa: S314 -- our own


def test_a_workspace_without_news_has_an_empty_feed() -> None:
    workspace = WorkspaceData.model_validate({"workspace": {"space": "WS2", "home": "Home"}})

    root = ET.fromstring(render_feed(workspace, now=NOW, title="t", home_url=HOME))  # noqa: S314 -- our own

    assert list(root.iter(f"{ATOM}entry")) == []

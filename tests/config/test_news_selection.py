import datetime as dt

from hypothesis import given
from hypothesis import strategies as st

from bot.config.data_model import (
    Home,
    News,
    NewsItem,
    QuickLink,
    QuickLinks,
    StatusBanner,
    StatusLine,
    WorkspaceData,
)
from bot.config.news_selection import empty_from, next_due, older_news, shown_lines, shown_links, shown_news, state_of

moments = st.none() | st.integers(0, 20).map(lambda hour: dt.datetime(2026, 3, 1, hour, tzinfo=dt.UTC))


@st.composite
def sections(draw: st.DrawFn) -> News:
    items = []
    for number in range(draw(st.integers(0, 6))):
        start, end = draw(moments), draw(moments)
        if start and end and end <= start:
            start, end = None, start
        items.append(NewsItem(id=f"n{number}", text="x", publish_at=start, expires_at=end, pinned=draw(st.booleans())))
    return News(show=draw(st.none() | st.integers(1, 4)), items=tuple(items))


@given(news=sections(), hour=st.integers(0, 20))
def test_shown_and_older_are_the_live_items_each_once(news: News, hour: int) -> None:
    now = dt.datetime(2026, 3, 1, hour, tzinfo=dt.UTC)

    shown, older = shown_news(news, now), older_news(news, now)

    live = {i.id for i in news.items if (i.publish_at or now) <= now and not (i.expires_at and i.expires_at <= now)}
    assert sorted(item.id for item in shown + older) == sorted(live)
    assert news.show is None or len(shown) <= news.show
    pinned = [item.pinned for item in shown + older]
    assert pinned == sorted(pinned, reverse=True)


@given(news=sections(), hour=st.integers(0, 19))
def test_nothing_changes_before_the_next_change(news: News, hour: int) -> None:
    now = dt.datetime(2026, 3, 1, hour, tzinfo=dt.UTC)

    moment = next_due(WorkspaceData(workspace=Home(space="WS2", home="Home"), news=news), now)

    just_before = (moment or dt.datetime(2026, 3, 2, tzinfo=dt.UTC)) - dt.timedelta(seconds=1)
    assert shown_news(news, just_before) == shown_news(news, now)


def at(hour: int) -> dt.datetime:
    return dt.datetime(2026, 3, 1, hour, tzinfo=dt.UTC)


def test_lines_and_links_are_shown_between_their_moments_with_the_links_below_them() -> None:
    link = QuickLink(text="Top", publish_at=at(2), expires_at=at(6), links=(QuickLink(text="Below", publish_at=at(4)),))
    data = WorkspaceData(
        workspace=Home(space="WS2", home="Home"),
        status=StatusBanner(lines=(StatusLine(text="a", expires_at=at(3)), StatusLine(text="b", publish_at=at(5)))),
        quick_links=QuickLinks(links=(link,)),
    )
    assert data.status is not None
    moments = [at(0)]
    while (moment := next_due(data, moments[-1])) is not None:
        moments.append(moment)

    assert moments == [at(0), at(2), at(3), at(4), at(5), at(6)]
    assert ["".join(line.text for line in shown_lines(data.status, now)) for now in moments] == [
        "a",
        "a",
        "",
        "",
        "b",
        "b",
    ]
    shown = [[(each.text, len(each.links)) for each in shown_links((link,), now)] for now in moments]
    assert shown == [[], [("Top", 0)], [("Top", 0)], [("Top", 1)], [("Top", 1)], []]
    assert [empty_from(data.status, now) for now in moments] == [at(3), at(3), at(3), at(4), None, None]
    assert [state_of(data.status.lines[1], now) for now in (at(4), at(5))] == ["scheduled", "live"]

import datetime as dt

from hypothesis import given
from hypothesis import strategies as st

from bot.config.data_model import News, NewsItem
from bot.config.news_selection import next_change, older_news, shown_news

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

    moment = next_change(news, now)

    just_before = (moment or dt.datetime(2026, 3, 2, tzinfo=dt.UTC)) - dt.timedelta(seconds=1)
    assert shown_news(news, just_before) == shown_news(news, now)

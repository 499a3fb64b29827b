import datetime as dt

import pytest

from bot.wiki.wiki_clock import WikiClock

STATED = dt.datetime(2026, 11, 24, 9, 0, tzinfo=dt.UTC)
HEADER = "Tue, 24 Nov 2026 09:00:00 GMT"


def test_the_time_goes_on_after_the_answer() -> None:
    seconds = [100.0]
    clock = WikiClock(lambda: seconds[0])
    assert clock.time() is None

    clock.note(HEADER)
    seconds[0] += 90

    assert clock.time() == STATED + dt.timedelta(seconds=90)


def test_the_age_of_a_cached_answer_counts() -> None:
    clock = WikiClock(lambda: 0.0)

    clock.note(HEADER, "3600")

    assert clock.time() == STATED + dt.timedelta(hours=1)


@pytest.mark.parametrize(("date", "age"), [(None, None), ("", None), ("yesterday", None), (HEADER, "soon")])
def test_a_header_that_cannot_be_read_changes_nothing(date: str | None, age: str | None) -> None:
    clock = WikiClock(lambda: 0.0)
    clock.note("Mon, 23 Nov 2026 09:00:00 GMT")

    clock.note(date, age)

    assert clock.time() == STATED - dt.timedelta(days=1)

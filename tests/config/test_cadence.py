from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.config.cadence import Cadence

BERLIN = ZoneInfo("Europe/Berlin")


def utc(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


@pytest.mark.parametrize(
    ("every", "step"),
    [
        ("10 minutes", timedelta(minutes=10)),
        ("minute", timedelta(minutes=1)),
        ("1 hour", timedelta(hours=1)),
        ("  2 Days ", timedelta(days=2)),
        ("week", timedelta(weeks=1)),
        ("90 seconds", timedelta(seconds=90)),
    ],
)
def test_intervals_are_read(every: str, step: timedelta) -> None:
    assert Cadence.parse(every).step == step


@pytest.mark.parametrize(
    ("every", "at", "timezone", "message"),
    [
        ("0 minutes", None, None, "needs a count"),
        ("-5 minutes", None, None, "not a cadence"),
        ("1.5 hours", None, None, "not a cadence"),
        ("", None, None, "not a cadence"),
        ("fortnight", None, None, "not a cadence"),
        ("2 mondays", None, None, "has no count"),
        ("999999999999 weeks", None, None, "longer than a year"),
        ("10 minutes", "02:30", None, "is for days"),
        ("10 minutes", None, "UTC", "is for days"),
        ("day", "25:00", None, "time of the day"),
        ("day", "2.30", None, "time of the day"),
        ("day", "02:30", "Mars/Olympus", "time zone"),
        ("day", "02:30", "../../etc/passwd", "time zone"),
    ],
)
def test_nonsense_is_refused_with_what_would_be_right(
    every: str, at: str | None, timezone: str | None, message: str
) -> None:
    with pytest.raises(ValueError, match=message):
        Cadence.parse(every, at=at, timezone=timezone)


def test_daily_time_stays_at_its_hour_when_clocks_change() -> None:
    cadence = Cadence.parse("day", at="04:30", timezone="Europe/Berlin")
    last = utc("2026-03-28 03:30")  # 04:30 in winter

    due = cadence.next_after(last, last)

    assert due == utc("2026-03-29 02:30")
    assert due.astimezone(BERLIN).strftime("%H:%M") == "04:30"


def test_time_that_does_not_exist_is_an_hour_later() -> None:
    cadence = Cadence.parse("day", at="02:30", timezone="Europe/Berlin")
    last = utc("2026-03-28 01:30")

    due = cadence.next_after(last, last)

    assert due.astimezone(BERLIN).isoformat() == "2026-03-29T03:30:00+02:00"


def test_time_that_comes_twice_counts_once() -> None:
    cadence = Cadence.parse("day", at="02:30", timezone="Europe/Berlin")
    first = cadence.next_after(utc("2026-10-24 12:00"), utc("2026-10-24 12:00"))

    assert first == utc("2026-10-25 00:30")
    assert cadence.next_after(first, first) == utc("2026-10-26 01:30")


def test_interval_does_not_feel_clock_changes() -> None:
    cadence = Cadence.parse("10 minutes")
    last = utc("2026-10-25 00:55")

    assert cadence.next_after(last, last) == utc("2026-10-25 01:05")


def test_weekday_comes_once_a_week() -> None:
    cadence = Cadence.parse("monday", at="09:00")
    friday = utc("2026-01-02 12:00")

    due = cadence.next_after(friday, friday)

    assert due == utc("2026-01-05 09:00")
    assert cadence.next_after(due, due) == utc("2026-01-12 09:00")


def test_every_second_day_keeps_its_distance() -> None:
    cadence = Cadence.parse("2 days", at="09:00")
    last = utc("2026-01-01 09:00")

    assert cadence.next_after(last, last + timedelta(seconds=20)) == utc("2026-01-03 09:00")


def test_job_that_never_ran_waits_for_its_time_of_day() -> None:
    now = utc("2026-01-01 08:00")

    assert Cadence.parse("3 days", at="09:00").first_after(now) == utc("2026-01-01 09:00")
    assert Cadence.parse("3 days", at="07:00").first_after(now) == utc("2026-01-02 07:00")
    assert Cadence.parse("10 minutes").first_after(now) == now


@given(
    every=st.sampled_from(["10 minutes", "hour", "day", "3 days", "sunday", "week"]),
    at=st.none() | st.sampled_from(["00:00", "02:30", "23:59"]),
    zone=st.sampled_from(["UTC", "Europe/Berlin", "America/New_York", "Asia/Kathmandu", "Australia/Lord_Howe"]),
    last=st.timedeltas(min_value=timedelta(0), max_value=timedelta(days=730)).map(
        lambda past: utc("2027-01-01") - past
    ),
    slept=st.timedeltas(min_value=timedelta(0), max_value=timedelta(days=40)),
)
def test_next_moment_is_ahead_and_within_one_step(
    every: str, at: str | None, zone: str, last: datetime, slept: timedelta
) -> None:
    is_daily = every not in ("10 minutes", "hour")
    cadence = Cadence.parse(every, at=at if is_daily else None, timezone=zone if is_daily else None)
    now = last + slept

    due = cadence.next_after(last, now)

    assert now < due <= now + cadence.step + timedelta(hours=25)

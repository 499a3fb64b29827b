from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest

from bot.operations.local_time import LocalTimeError, moment_of

BERLIN = ZoneInfo("Europe/Berlin")


def test_a_local_time_is_a_moment() -> None:
    assert moment_of(datetime.fromisoformat("2026-12-02T09:00"), BERLIN) == datetime(2026, 12, 2, 8, 0, tzinfo=UTC)


def test_a_time_that_the_clocks_leave_out_is_refused() -> None:
    with pytest.raises(LocalTimeError, match="2026-03-29 02:30 does not exist in Europe/Berlin") as refused:
        moment_of(datetime.fromisoformat("2026-03-29T02:30"), BERLIN)

    assert refused.value.choices == ()


def test_a_time_that_occurs_twice_has_to_be_chosen() -> None:
    twice = datetime.fromisoformat("2026-10-25T02:30")

    with pytest.raises(LocalTimeError, match="occurs twice") as refused:
        moment_of(twice, BERLIN)

    first, second = refused.value.choices
    assert (second - first).total_seconds() == 3600
    assert [moment_of(twice, BERLIN, fold=each) for each in (0, 1)] == [first, second]


def test_a_day_that_a_zone_left_out_does_not_exist() -> None:
    with pytest.raises(LocalTimeError, match="does not exist"):
        moment_of(datetime.fromisoformat("2011-12-30T12:00"), ZoneInfo("Pacific/Apia"))

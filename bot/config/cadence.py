"""When a job is due: `every: 10 minutes`, or `every: day` with `at: "02:30"` (pure)."""

import re
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

_UNITS = {
    "second": timedelta(seconds=1),
    "minute": timedelta(minutes=1),
    "hour": timedelta(hours=1),
    "day": timedelta(days=1),
    "week": timedelta(weeks=1),
}
_WEEKDAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
_EVERY = re.compile(r"(?:(?P<count>\d+)\s+)?(?P<unit>[a-z]+?)s?", re.IGNORECASE)
_AT = re.compile(r"(?P<hour>[01]?\d|2[0-3]):(?P<minute>[0-5]\d)")
_UTC = ZoneInfo("UTC")
_LONGEST = timedelta(days=366)


@dataclass(frozen=True, slots=True)
class Cadence:
    """Due every *step*; with *at*, at that time of the day in *zone*; with *weekday* (0 = Monday), on that day."""

    step: timedelta
    at: time | None = None
    weekday: int | None = None
    zone: ZoneInfo = _UTC

    @classmethod
    def parse(cls, every: str, *, at: str | None = None, timezone: str | None = None) -> "Cadence":
        """Parse a cadence from the settings; raises `ValueError` with a message that names valid values."""
        step, weekday = _parse_every(every)
        is_daily = step >= _UNITS["day"]
        if at is not None and not is_daily:
            raise ValueError(f"`at` is for days, weeks and weekdays, not for `every: {every}`")
        if timezone is not None and not is_daily:
            raise ValueError(f"`timezone` is for days, weeks and weekdays, not for `every: {every}`")
        moment = _parse_at(at) if at is not None else time() if weekday is not None else None
        return cls(step, moment, weekday, _parse_zone(timezone))

    def next_after(self, last_start: datetime, now: datetime) -> datetime:
        """Return the first due time after both *last_start* and *now*, in UTC.

        Due times between the two are skipped. Days are days of the time zone: 02:30 is due once a day, also on days
        with a clock change. If 02:30 does not exist, the job is due one hour later. If 02:30 occurs twice, the first
        occurrence counts.
        """
        if self.at is None:
            missed = max(0, (now - last_start) // self.step)
            return last_start + (missed + 1) * self.step
        day = self._first_day(last_start)
        while (due := self._moment(day)) <= max(last_start, now):
            day += self.step if self.weekday is None else timedelta(weeks=1)
        return due

    def first_after(self, now: datetime) -> datetime:
        """Return when a job that never ran is due: at the next occurrence of *at*, or now if *at* is not set."""
        if self.at is None:
            return now
        one_day_before = now - _UNITS["day"]
        daily = self if self.weekday is not None else replace(self, step=_UNITS["day"])
        return daily.next_after(one_day_before, now)

    def is_missed(self, last_start: datetime, now: datetime) -> bool:
        """Return whether a due time is after *last_start* and not after *now*."""
        return self.next_after(last_start, last_start) <= now

    def _first_day(self, last_start: datetime) -> date:
        day = last_start.astimezone(self.zone).date()
        if self.weekday is not None:
            return day + timedelta(days=(self.weekday - day.weekday()) % 7)
        if self.step > _UNITS["day"]:
            return day + self.step
        return day

    def _moment(self, day: date) -> datetime:
        return datetime.combine(day, self.at or time(), tzinfo=self.zone).astimezone(UTC)


def _parse_every(every: str) -> tuple[timedelta, int | None]:
    match = _EVERY.fullmatch(every.strip())
    unit = match["unit"].lower() if match else ""
    if match is None or unit not in (*_UNITS, *_WEEKDAYS):
        raise ValueError(f"`every: {every}` is not a cadence; write `10 minutes`, `hour`, `day`, `2 weeks` or `monday`")
    count = int(match["count"] or 1)
    if count < 1:
        raise ValueError(f"`every: {every}` needs a count of 1 or more")
    if unit in _WEEKDAYS:
        if count > 1:
            raise ValueError(f"`every: {every}` is not a cadence; a weekday has no count")
        return _UNITS["week"], _WEEKDAYS.index(unit)
    if count > _LONGEST // _UNITS[unit]:
        raise ValueError(f"`every: {every}` is longer than a year")
    return count * _UNITS[unit], None


def _parse_at(at: str) -> time:
    match = _AT.fullmatch(at.strip())
    if match is None:
        raise ValueError(f"`at: {at}` is not a time of the day such as 02:30")
    return time(int(match["hour"]), int(match["minute"]))


def _parse_zone(name: str | None) -> ZoneInfo:
    try:
        return ZoneInfo(name or "UTC")
    except (ZoneInfoNotFoundError, ValueError, OSError) as error:
        raise ValueError(f"`timezone: {name}` is not a time zone such as UTC or Europe/Berlin") from error

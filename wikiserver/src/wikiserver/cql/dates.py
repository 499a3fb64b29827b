"""Dates in CQL: absolute, or relative to now."""

import re
from calendar import monthrange
from datetime import UTC, datetime, timedelta
from typing import Final

from wikiserver.cql.parse import Call, CqlError, Value

_FORMATS: Final = ("%Y-%m-%d %H:%M", "%Y/%m/%d %H:%M", "%Y-%m-%d", "%Y/%m/%d")
_OFFSET: Final = re.compile(r"([+-]?)(\d+)([yMwdhm])")
_MONTHS: Final = {"y": 12, "M": 1}
_SPANS: Final = {
    "w": timedelta(weeks=1),
    "d": timedelta(days=1),
    "h": timedelta(hours=1),
    "m": timedelta(minutes=1),
}


def parse_moment(value: Value, now: datetime) -> tuple[datetime, timedelta]:
    """Return the start and the duration of the moment *value*: a day, or a minute if a time is given."""
    if isinstance(value, Call):
        return _call(value, now), timedelta(minutes=1)
    for form in _FORMATS:
        try:
            moment = datetime.strptime(value.strip(), form).replace(tzinfo=UTC)
        except ValueError:
            continue
        return moment, timedelta(minutes=1) if "%H" in form else timedelta(days=1)
    try:
        moment = datetime.fromisoformat(value)
    except ValueError:
        raise CqlError(f"{value!r} is not a date: write yyyy-MM-dd or yyyy-MM-dd HH:mm") from None
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC), timedelta(minutes=1)


def _call(call: Call, now: datetime) -> datetime:
    day = now.replace(hour=0, minute=0, second=0, microsecond=0)
    starts = {
        "day": day,
        "week": day - timedelta(days=(day.weekday() + 1) % 7),
        "month": day.replace(day=1),
        "year": day.replace(month=1, day=1),
    }
    offset = call.arguments[0] if call.arguments else "0d"
    if call.name == "now":
        return _shifted(now, offset)
    unit = call.name.removeprefix("startof").removeprefix("endof")
    if unit not in starts or not call.name.startswith(("startof", "endof")):
        raise CqlError(f"there is no function {call.name}() for dates")
    start = _shifted(starts[unit], offset)
    return start if call.name.startswith("startof") else _end(start, unit)


def _end(start: datetime, unit: str) -> datetime:
    match unit:
        case "day":
            return start + timedelta(days=1)
        case "week":
            return start + timedelta(days=7)
        case "month":
            return (start + timedelta(days=32)).replace(day=1)
    return start.replace(year=start.year + 1)


def _shifted(moment: datetime, text: str) -> datetime:
    """Return *moment* shifted by a span such as `-4w`; months and years are calendar months and years."""
    match = _OFFSET.fullmatch(text.strip())
    if match is None:
        raise CqlError(f"{text!r} is not a span of time such as -4w or +1d")
    sign, number, unit = match.groups()
    amount = -int(number) if sign == "-" else int(number)
    if unit in _MONTHS:
        years, month = divmod(moment.month - 1 + amount * _MONTHS[unit], 12)
        year = moment.year + years
        day = min(moment.day, monthrange(year, month + 1)[1])
        return moment.replace(year=year, month=month + 1, day=day)
    return moment + amount * _SPANS[unit]

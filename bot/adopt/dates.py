"""Parse and format days: in English words, or as ISO dates (pure)."""

import datetime as dt
import re

_MONTHS = (
    *("January", "February", "March", "April", "May", "June"),
    *("July", "August", "September", "October", "November", "December"),
)
_MONTH_NUMBERS = {name[:3].lower(): number for number, name in enumerate(_MONTHS, start=1)}
_MONTH = r"(?P<month{0}>(?:" + "|".join(f"{name[:3]}(?:{name[3:]})?" for name in _MONTHS) + r"|Sept))\.?"
_DAY = r"(?P<day{0}>\d{{1,2}})(?:st|nd|rd|th)?"
_DATE = re.compile(
    rf"\b(?:{_DAY.format(1)}\s+{_MONTH.format(1)},?\s+(?P<year1>\d{{4}})"
    rf"|{_MONTH.format(2)}\s+{_DAY.format(2)},?\s+(?P<year2>\d{{4}})"
    r"|(?P<year3>\d{4})-(?P<month3>\d{2})-(?P<day3>\d{2}))\b",
    re.IGNORECASE,
)


def format_day(day: dt.date) -> str:
    """Return a day as the templates format it: `22 February 2024`."""
    return f"{day.day} {_MONTHS[day.month - 1]} {day.year}"


def parse_day(text: str) -> dt.date | None:
    """Return the day if *text* is a day and nothing else; else None."""
    match = _DATE.fullmatch(text.strip())
    return _to_date(match) if match else None


def find_day(text: str) -> dt.date | None:
    """Return the only day in *text*; None if there is no day or more than one."""
    days = {_to_date(match) for match in _DATE.finditer(text)}
    return days.pop() if len(days) == 1 else None


def split_leading_day(text: str) -> tuple[dt.date | None, str]:
    """Split `22 February 2024: words`, as the templates format it; no other spelling is split."""
    before, colon, after = text.partition(": ")
    day = parse_day(before) if colon else None
    if day is None or format_day(day) != before or not after.strip():
        return None, text
    return day, after


def _to_date(match: re.Match[str]) -> dt.date | None:
    parts = match.groupdict()
    number = next(n for n in "123" if parts[f"year{n}"])
    month = parts[f"month{number}"]
    month_number = int(month) if month.isdecimal() else _MONTH_NUMBERS[month[:3].lower()]
    try:
        return dt.date(int(parts[f"year{number}"]), month_number, int(parts[f"day{number}"]))
    except ValueError:
        return None

"""Find days in the words of a page, in the languages of `labels` (names of months from Unicode CLDR; pure).

A day is only found if the page shows it in full and it can be read in one way. Nothing is guessed: a range of days has
no day, and neither has `3/4/2024` in a language whose speakers disagree about the order.
"""

import datetime as dt
import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from functools import lru_cache

from babel.dates import get_month_names

from bot.adopt.labels import LANGUAGES
from bot.config.data_model import CALENDAR, News
from bot.render import print_day

_DAY = r"(\d{1,2})(?:st|nd|rd|th|er|ste|de|e|[ºª°.])?"
_OF = r"(?:de |del |of |d['’]|di |ב)?"
_YEAR = r"(\d{4})(?!\d)"
_BEFORE = r"(?<![\w/.:-])"
_AFTER = r"(?![\w/-]|[.:]\d)"
_CJK = re.compile(r"(?<!\d)(\d{4})\s?[年년]\s?(\d{1,2})\s?[月월]\s?(\d{1,2})\s?[日일号號]")
_YEAR_FIRST = re.compile(rf"{_BEFORE}(\d{{4}})([-/.])(\d{{1,2}})\2(\d{{1,2}}){_AFTER}")
_YEAR_LAST = re.compile(rf"{_BEFORE}(\d{{1,2}})([-/.])(\d{{1,2}})\2(\d{{4}}){_AFTER}")
_UNTIL = "to until and bis und et au à al a y e ed do až til till tot en og och até ao ile i и по до та і - – — / &"
_RANGE_BEFORE = re.compile(
    rf"(?<![\d.])\d{{1,2}}\.?\s*(?:{'|'.join(map(re.escape, _UNTIL.split()))})\s*$", re.IGNORECASE
)
"""The first day of a range, and a word or sign that leads to the last day."""
_MONTH_FIRST = {"en"}
"""Languages whose speakers write month and day in either order."""
_PATTERNS = (
    *(
        "d MMMM y",
        "yyyy-MM-dd",
        "dd/MM/yyyy",
        "d/M/yyyy",
        "dd.MM.yyyy",
        "d.M.yyyy",
        "MMMM d, y",
        "d MMM y",
        "d. MMMM y",
    ),
    *("d. MMM y", "MMM d, y", "dd MMM y", "dd MMMM y", "dd-MM-yyyy", "yyyy/MM/dd", "yyyy.MM.dd", "d MMM. y"),
    *("long", "medium", "short", "full"),
)


def find_day(text: str, language: str = "en") -> dt.date | None:
    """Return the only day in *text*; None if there is no day or more than one."""
    days = {day for day, _ in _days_in(text, language)}
    return days.pop() if len(days) == 1 else None


def parse_day(text: str, language: str = "en") -> dt.date | None:
    """Return the day if *text* is a day and nothing else; else None."""
    stripped = text.strip().rstrip(":").strip()
    found = [day for day, match in _days_in(stripped, language) if match.span() == (0, len(stripped))]
    return found[0] if len(found) == 1 else None


def split_leading_day(text: str, language: str, news: News) -> tuple[dt.date | None, str]:
    """Split `22 February 2024: words` if the templates print the day of *news* in the same words."""
    before, colon, after = text.partition(": ")
    day = find_day(before, language) if colon else None
    if day is None or not after.strip():
        return None, text
    printed = f"[{day}](date:{day})" if news.date_format == CALENDAR else print_day(day, news)
    return (day, after) if printed == before else (None, text)


def find_format(words: Sequence[str], language: str) -> tuple[str, str] | None:
    """Return date format and language in which all *words* are printed as they are; None if there are none."""
    days = [(text, parse_day(text, language)) for text in words]
    if not days:
        return None
    for name in dict.fromkeys((language, "en", *LANGUAGES)):
        for pattern in _PATTERNS:
            news = News(date_format=pattern, language=name)
            if all(day is not None and print_day(day, news) == text for text, day in days):
                return pattern, name
    return None


def calendar_day(stamp: str) -> dt.date | None:
    """Return the day of a `time` element, which may have a time of day; None if it is no day."""
    try:
        return dt.date.fromisoformat(stamp[:10])
    except ValueError:
        return None


def _days_in(text: str, language: str) -> Iterator[tuple[dt.date | None, re.Match[str]]]:
    """Yield the days in *text*; None for what looks like a day and cannot be read in one way."""
    for match in _CJK.finditer(text):
        yield _date(match[1], match[2], match[3]), match
    for match in _YEAR_FIRST.finditer(text):
        yield _date(match[1], match[3], match[4]), match
    for match in _YEAR_LAST.finditer(text):
        yield _numeric(match, language), match
    for match in _named_days().finditer(text):
        yield _named(match, text, language), match


def _numeric(match: re.Match[str], language: str) -> dt.date | None:
    day, month = match[1], match[3]
    if match[2] != "." and language in _MONTH_FIRST:
        ways = {_date(match[4], month, day), _date(match[4], day, month)} - {None}
        return ways.pop() if len(ways) == 1 else None
    return _date(match[4], month, day)


def _named(match: re.Match[str], text: str, language: str) -> dt.date | None:
    if _RANGE_BEFORE.search(text, 0, match.start()):
        return None
    parts = [each for each in match.groups() if each]
    name = next(each for each in parts if not each.isdecimal())
    numbers = [each for each in parts if each.isdecimal()]
    day, year = sorted(numbers, key=len)
    month = _month_of(name, language)
    return _date(year, str(month), day) if month else None


def _date(year: str, month: str, day: str) -> dt.date | None:
    try:
        return dt.date(int(year), int(month), int(day))
    except ValueError:
        return None


def _month_of(name: str, language: str) -> int | None:
    """Return the number of a month: in *language*, or as all other languages that have the name agree."""
    known = _months()[name.lower().rstrip(".")]
    if language in known:
        return known[language]
    return next(iter(known.values())) if len(set(known.values())) == 1 else None


@lru_cache(maxsize=1)
def _months() -> dict[str, dict[str, int]]:
    """Return the number of each name of a month, by language."""
    months: defaultdict[str, dict[str, int]] = defaultdict(dict)
    for language in LANGUAGES:
        for number, name in _names_of(language):
            months[name.lower().rstrip(".")].setdefault(language, number)
    months["sept"]["en"] = 9
    return dict(months)


def _names_of(language: str) -> Iterable[tuple[int, str]]:
    for width in ("wide", "abbreviated"):
        for context in ("format", "stand-alone"):
            names = get_month_names(width, context, language.replace("-", "_"))
            yield from ((number, name) for number, name in names.items() if not name[:1].isdigit())


@lru_cache(maxsize=1)
def _named_days() -> re.Pattern[str]:
    names = "|".join(re.escape(name) for name in sorted(_months(), key=len, reverse=True))
    month = rf"({names})(?!\w)\.?"
    return re.compile(
        rf"(?<!\w)(?:{_DAY}\s*{_OF}{month},?\s*{_OF}{_YEAR}"
        rf"|{month}\s+{_DAY},?\s+{_YEAR}"
        rf"|{_YEAR}\.?\s*(?:m\.\s*|gada\s+)?(?:{month}\s+(\d{{1,2}})|(\d{{1,2}})\.?\s*{month})\.?)(?!\w)",
        re.IGNORECASE,
    )

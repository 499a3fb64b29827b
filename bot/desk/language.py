"""Texts in the language of the person, and dates and numbers as that language writes them.

English is in the code and in the templates; `templates/desk/locale/LANGUAGE.po` has the translations.
"""

import io
from datetime import date, datetime, timedelta
from functools import cache
from zoneinfo import ZoneInfo

from babel import Locale
from babel.dates import format_skeleton, format_time, get_day_names
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po
from babel.numbers import format_decimal
from babel.support import NullTranslations, Translations
from babel.units import format_unit
from flask import Flask, g, has_request_context, request
from markupsafe import Markup

from bot.config.cadence import Cadence
from bot.desk.desk import current_desk
from bot.desk.visitor import current_visitor
from bot.inline import plain_text
from bot.resources import templates_dir

ENGLISH = "en"
LANGUAGES = {ENGLISH: "English", "de": "Deutsch"}
CATALOGUES = templates_dir() / "desk" / "locale"
UTC_ZONE = "UTC"


def install(app: Flask) -> None:
    """Give templates `_()`, `ngettext()` and the filters for moments and numbers."""
    app.jinja_env.install_gettext_callables(gettext, ngettext, newstyle=True)  # type: ignore[attr-defined]
    app.jinja_env.filters.update(
        moment=moment,
        moment_text=moment_text,
        day=day,
        clock_time=clock_time,
        repetition=repetition,
        number=number,
        plain=plain_text,
    )
    app.context_processor(lambda: {"language": language(), "direction": locale().text_direction, "zone": zone_name()})


def gettext(text: str, **values: object) -> str:
    """Return *text* in the language of the person, with *values* in place of `%(name)s`."""
    found = str(_translations().ugettext(text))
    return found % values if values else found


def ngettext(one: str, many: str, number: int, **values: object) -> str:
    """Return the form of a text for *number*; `%(num)s` is the number."""
    found = str(_translations().ungettext(one, many, number))
    return found % {"num": format_decimal(number, locale=locale()), **values}


_ = gettext


def language() -> str:
    """Return the language of the request: the choice of the person, or that of the browser."""
    if not has_request_context():
        return ENGLISH
    if "language" not in g:
        visitor = current_visitor()
        chosen = visitor.language if visitor is not None else None
        g.language = chosen if chosen in LANGUAGES else request.accept_languages.best_match(list(LANGUAGES), ENGLISH)
    found: str = g.language
    return found


def locale() -> Locale:
    """Return the conventions of the language; English dates have the day before the month."""
    return _locale("en_GB" if language() == ENGLISH else language())


def zone_name() -> str:
    """Return the time zone of the person, else that of the workspace, else UTC."""
    visitor = current_visitor() if has_request_context() else None
    if visitor is None:
        return UTC_ZONE
    if "zone" not in g:
        g.zone = visitor.zone or _workspace_zone() or UTC_ZONE
    return str(g.zone)


def _workspace_zone() -> str | None:
    from bot.desk.navigation import current_workspace

    desk, name = current_desk(), current_workspace()
    workspace = next((each for each in desk.workspaces if each.name == name), None)
    data = None if workspace is None else desk.data.read(workspace).data
    return None if data is None else data.workspace.timezone


def moment(at: datetime | None) -> str:
    """Return a moment as an element `time`; a dash if there is none."""
    if at is None:
        return "–"
    return Markup('<time datetime="{}">{}</time>').format(at.isoformat(timespec="seconds"), moment_text(at))


def moment_text(at: datetime) -> str:
    """Return a moment as people say it: `today, 14:10`, `Mon 23 Nov, 09:00`."""
    local = at.astimezone(ZoneInfo(zone_name()))
    return f"{day(local)}, {clock_time(local)}"


def day(at: date | datetime) -> str:
    """Return a day as people say it: `today`, `Mon 23 Nov`, in another year `23 Nov 2025`."""
    zone = ZoneInfo(zone_name())
    today = current_desk().clock().astimezone(zone).date()
    found = at.astimezone(zone).date() if isinstance(at, datetime) else at
    names = {today: _("today"), today - timedelta(days=1): _("yesterday"), today + timedelta(days=1): _("tomorrow")}
    if found in names:
        return names[found]
    skeleton = "MMMEd" if found.year == today.year else "yMMMd"
    return str(format_skeleton(skeleton, datetime(found.year, found.month, found.day), locale=locale()))  # noqa: DTZ001


def clock_time(at: datetime) -> str:
    """Return the time of the day in the zone of the person."""
    return str(format_time(at.astimezone(ZoneInfo(zone_name())), format="short", locale=locale()))


def repetition(every: str) -> str:
    """Return how often a job is due: `every 10 minutes`, `every Monday`; *every* is a valid one of the settings."""
    cadence = Cadence.parse(every)
    if cadence.weekday is not None:
        return _("every %(day)s", day=get_day_names(locale=locale())[cadence.weekday])
    units = {
        "week": (604_800, _("every week")),
        "day": (86_400, _("every day")),
        "hour": (3_600, _("every hour")),
        "minute": (60, _("every minute")),
        "second": (1, _("every second")),
    }
    seconds = int(cadence.step.total_seconds())
    unit, (length, once) = next(found for found in units.items() if seconds % found[1][0] == 0)
    count = seconds // length
    return once if count == 1 else _("every %(time)s", time=format_unit(count, f"duration-{unit}", locale=locale()))


def number(value: int) -> str:
    """Return a number with the separators of the language."""
    return str(format_decimal(value, locale=locale()))


@cache
def _locale(name: str) -> Locale:
    return Locale.parse(name)


def _translations() -> NullTranslations:
    return load_translations(language())


@cache
def load_translations(name: str) -> NullTranslations:
    """Return the translations into a language; a text without a translation stays English."""
    path = CATALOGUES / f"{name}.po"
    if not path.is_file():
        return NullTranslations()
    with path.open("rb") as file:
        catalogue = read_po(file, locale=name)
    compiled = io.BytesIO()
    write_mo(compiled, catalogue)
    compiled.seek(0)
    return Translations(fp=compiled)

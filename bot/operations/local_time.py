"""Turn the day and time that a person writes in a form into a moment; clocks that are set back or forward matter."""

import datetime as dt
from zoneinfo import ZoneInfo

from bot.errors import BotError


class LocalTimeError(BotError):
    """A local time does not exist in its zone, or occurs twice: then *choices* are the two moments."""

    def __init__(self, message: str, choices: tuple[dt.datetime, ...] = ()) -> None:
        super().__init__(message)
        self.choices = choices


def moment_of(local: dt.datetime, zone: ZoneInfo, *, fold: int | None = None) -> dt.datetime:
    """Return the moment in UTC of *local*, a day and time without a zone, on the clocks of *zone*.

    *fold* chooses the first (0) or the second (1) occurrence of a time that occurs twice. Raises `LocalTimeError` for a
    time that does not exist, and for one that occurs twice if *fold* is None.
    """
    first, second = (local.replace(tzinfo=zone, fold=each).astimezone(dt.UTC) for each in (0, 1))
    if first.astimezone(zone).replace(tzinfo=None) != local.replace(fold=0):
        raise LocalTimeError(
            f"{local:%Y-%m-%d %H:%M} does not exist in {zone.key}, because the clocks go forward; choose another time"
        )
    if first == second:
        return first
    if fold is None:
        raise LocalTimeError(
            f"{local:%Y-%m-%d %H:%M} occurs twice in {zone.key}, because the clocks go back: at {first:%H:%M} UTC and "
            f"at {second:%H:%M} UTC; choose one of the two",
            (first, second),
        )
    return second if fold else first

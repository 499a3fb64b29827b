"""The clock of this machine, compared with that of the wiki (pure)."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

from bot.errors import BotError

MAX_DIFFERENCE = timedelta(hours=1)
"""With a larger difference, nothing that depends on the time is written."""


def describe_difference(now: datetime, wiki_time: datetime | None) -> str:
    """Return a message if the clock of this machine differs by more than an hour from the wiki's, else nothing."""
    if wiki_time is None or abs(now - wiki_time) <= MAX_DIFFERENCE:
        return ""
    difference = now - wiki_time
    hours = abs(difference) / timedelta(hours=1)
    side = "ahead of" if difference > timedelta() else "behind"
    return (
        f"the clock of this machine is {hours:.1f} hours {side} the wiki's (machine {_print(now)}, wiki "
        f"{_print(wiki_time)}); set the clock, for example with NTP. Until then nothing that depends on the time is "
        "written"
    )


def render_safely(render: Callable[[datetime], str], now: datetime, wiki_time: datetime | None) -> str:
    """Return the text at *now*; raises `BotError` if the clocks differ and the text is another one for the wiki."""
    text = render(now)
    problem = describe_difference(now, wiki_time)
    if problem and wiki_time is not None and render(wiki_time) != text:
        raise BotError(problem)
    return text


def _print(moment: datetime) -> str:
    return moment.astimezone(UTC).strftime("%Y-%m-%d %H:%M UTC")

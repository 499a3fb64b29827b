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


def find_doubt(
    render: Callable[[datetime], str | bytes], now: datetime, wiki_time: datetime | None, *, written: datetime
) -> str:
    """Return why the text at *now* must not be written because of the clocks; nothing if it may be.

    *written* is the time of the page's version. Without the wiki's clock it is the only time that the wiki stated:
    a text that *render* would make another one at that time (give or take an hour) depends on this machine alone.
    """
    if wiki_time is not None:
        problem = describe_difference(now, wiki_time)
        return problem if problem and render(wiki_time) != render(now) else ""
    proven = min(max(now, written - MAX_DIFFERENCE), written + MAX_DIFFERENCE)
    if proven == now or render(proven) == render(now):
        return ""
    return (
        "the wiki, or a proxy in front of it, sends no `Date` header, so the clock of this machine cannot be compared "
        f"(machine {_print(now)}, version of the page {_print(written)}); what depends on the time is not written: let "
        "the proxy pass the header on"
    )


def render_safely(
    render: Callable[[datetime], str], now: datetime, wiki_time: datetime | None, *, written: datetime
) -> str:
    """Return the text at *now*; raises `BotError` if `find_doubt` finds a reason not to write it."""
    if doubt := find_doubt(render, now, wiki_time, written=written):
        raise BotError(doubt)
    return render(now)


def _print(moment: datetime) -> str:
    return moment.astimezone(UTC).strftime("%Y-%m-%d %H:%M UTC")

"""When an entry appears, disappears and is looked at again: options of the editing commands, and states in lists."""

import datetime as dt
from collections.abc import Callable
from typing import Any

import click

from bot.cli.parameter_types import Day, Moment
from bot.config.data_model import NewsItem, QuickLink, StatusLine
from bot.config.news_selection import NewsState, state_of

TIMES = ("publish_at", "expires_at", "review_by")


def time_options(function: Callable[..., Any]) -> Callable[..., Any]:
    """Add `--publish-at`, `--expires-at` and `--review-by` to a command."""
    function = click.option(
        "--review-by", type=Day(), help="Day from which the job `review` asks to look at it again."
    )(function)
    function = click.option("--expires-at", type=Moment(), help="Not shown from this moment on.")(function)
    return click.option("--publish-at", type=Moment(), help="Not shown before this moment.")(function)


def clear_option(*names: str) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """Return the option that removes fields."""
    return click.option("--clear", multiple=True, type=click.Choice(names), help="Remove a field.")


def describe_state(entry: StatusLine | QuickLink | NewsItem, state: NewsState) -> str:
    """Return a state with the moment at which it ends."""
    match state:
        case NewsState.SCHEDULED if entry.publish_at:
            return f"scheduled, from {_minute(entry.publish_at)}"
        case NewsState.LIVE | NewsState.PINNED if entry.expires_at:
            return f"{state}, until {_minute(entry.expires_at)}"
        case _:
            return state


def state_at(entry: StatusLine | QuickLink, now: dt.datetime) -> str:
    """Return the state of a line or link at *now*, with the moment at which it ends."""
    return describe_state(entry, state_of(entry, now))


def moment_in(changes: object) -> dt.datetime | None:
    """Return the moment from which an edit is shown, if it sets one."""
    found = changes.get("publish_at") if isinstance(changes, dict) else None
    return found if isinstance(found, dt.datetime) else None


def _minute(moment: dt.datetime) -> str:
    return f"{moment.astimezone(dt.UTC):%Y-%m-%d %H:%M} UTC"

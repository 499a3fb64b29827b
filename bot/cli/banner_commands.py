"""`wikibot banner`: edit the status banner in the data file; `status` is the former name of these commands."""

import datetime as dt
import re
import sys

import click

from bot.cli import output
from bot.cli.app import App, pass_app
from bot.cli.edit_report import checked, dry_run_option, finish, format_option, offline_option
from bot.cli.entry_times import TIMES, clear_option, moment_in, state_at, time_options
from bot.cli.heading_command import add_heading_command
from bot.cli.usage_errors import SuggestingGroup
from bot.config.data_model import Icon, StatusBanner, StatusLine
from bot.config.news_selection import state_of
from bot.errors import BotError, ContentError
from bot.inline import plain_text
from bot.operations import edit
from bot.suggestion import did_you_mean

_ICONS = [icon.value for icon in Icon]
_ICON_PREFIX = re.compile(r"([a-z]+(?:-[a-z]+)*):\s+(\S.*)", re.DOTALL)
_SHOWN = 60


@click.group(cls=SuggestingGroup)
def banner() -> None:
    """Edit the status banner in the data file."""


@banner.command("list")
@format_option
@pass_app
def list_banner(app: App, format_: str) -> None:
    """List the lines of the status banner, with their numbers, icons and states."""
    found, now = _banner(app), app.runtime.clock()
    if format_ == "json":
        lines = [dict(line) | {"state": state_of(line, now)} for line in found.lines] if found else []
        output.say_json(dict(found) | {"lines": lines} if found else None)
        return
    if found is None:
        output.warn("there is no status banner; `wikibot banner set` makes one")
        return
    if found.heading:
        output.say_heading(found.heading)
    rows = [
        (str(number), line.icon or "", state_at(line, now), plain_text(line.text))
        for number, line in enumerate(found.lines, 1)
    ]
    output.say_table(("line", "icon", "state", "text"), rows)


@banner.command("add")
@click.argument("text")
@click.option("--before", metavar="N", type=int, help="Before this line; without it, at the end.")
@click.option("--icon", type=click.Choice(_ICONS), help="The icon of the line.")
@click.option("--no-icon", is_flag=True, help="A word with a colon at the start of TEXT is not an icon.")
@time_options
@offline_option
@dry_run_option
@pass_app
def add_line(
    app: App,
    /,
    text: str,
    *,
    before: int | None,
    icon: str | None,
    no_icon: bool,
    offline: bool,
    dry_run: bool,
    **times: dt.date | None,
) -> None:
    """Add a line to the status banner. TEXT may begin with an icon: "tick: Adopted."."""

    def make() -> edit.Edit:
        (line,) = make_lines((text,), icon, takes_icons=not no_icon)
        timed = StatusLine.model_validate(dict(line) | times)
        return edit.add_banner_line(app.runtime.data_file(), timed, before=before)

    finish(app, "status", make, dry_run=dry_run, offline=offline, publish_at=moment_in(times))


@banner.command("move")
@click.argument("number", metavar="N", type=int)
@click.option("--to", metavar="N", type=int, required=True, help="The line at whose place it goes.")
@dry_run_option
@pass_app
def move_line(app: App, number: int, *, to: int, dry_run: bool) -> None:
    """Move line N of the status banner."""
    finish(app, "status", lambda: edit.move_banner_line(app.runtime.data_file(), number, to), dry_run=dry_run)


@banner.command("remove")
@click.argument("number", metavar="N", type=int)
@dry_run_option
@pass_app
def remove_line(app: App, number: int, *, dry_run: bool) -> None:
    """Remove line N of the status banner."""
    finish(app, "status", lambda: edit.remove_banner_line(app.runtime.data_file(), number), dry_run=dry_run)


@banner.command("set")
@click.argument("texts", metavar="[TEXT]...", nargs=-1)
@click.option("--line", "number", type=int, help="Change only this line, counted from 1.")
@click.option("--icon", type=click.Choice(_ICONS), help="The icon of the line.")
@click.option(
    "--no-icon", is_flag=True, help="Use each TEXT literally: a word with a colon at the start is not an icon."
)
@click.option("--heading", help="The words above the lines.")
@time_options
@clear_option(*TIMES)
@click.option("--replace", is_flag=True, help="Do not ask before lines are dropped.")
@offline_option
@dry_run_option
@pass_app
def set_banner(
    app: App,
    /,
    texts: tuple[str, ...],
    *,
    number: int | None,
    icon: str | None,
    no_icon: bool,
    heading: str | None,
    clear: tuple[str, ...],
    replace: bool,
    offline: bool,
    dry_run: bool,
    **times: dt.date | None,
) -> None:
    """Set the lines of the status banner.

    Each TEXT becomes a line, and may begin with an icon: "tick: Adopted." With --line only that line changes; times
    need --line. When fewer lines are given than there are, the others are dropped after a question, or with --replace.
    """
    changed_times: dict[str, object] = dict.fromkeys(clear) | {key: each for key, each in times.items() if each}
    _check_usage(texts, number=number, icon=icon, no_icon=no_icon, heading=heading, has_times=bool(changed_times))
    lines = checked(lambda: make_lines(texts, icon, takes_icons=not no_icon))
    if number is not None:
        changes: dict[str, object] = changed_times | ({"icon": None} if no_icon else {})
        for line in lines:
            changes |= {"text": line.text} | ({"icon": line.icon.value} if line.icon else {})
        changes |= {"icon": icon} if icon else {}
        finish(
            app,
            "status",
            lambda: edit.edit_banner_line(app.runtime.data_file(), number, changes),
            dry_run=dry_run,
            offline=offline,
            publish_at=moment_in(changes),
        )
        return
    change = checked(lambda: edit.set_banner(app.runtime.data_file(), lines, heading=heading))
    if lines:
        _confirm_dropped(app, len(lines), replace=replace or dry_run)
    finish(app, "status", lambda: change, dry_run=dry_run, offline=offline)


add_heading_command(banner, "status")


def make_lines(texts: tuple[str, ...], icon: str | None, *, takes_icons: bool = True) -> list[StatusLine]:
    """Return the lines of the banner that *texts* describe; raises `ContentError` for an unknown icon."""
    if icon is not None:
        return [StatusLine(icon=Icon(icon), text=text) for text in texts]
    return [_line(text) if takes_icons else StatusLine(text=text) for text in texts]


def _line(text: str) -> StatusLine:
    prefixed = _ICON_PREFIX.fullmatch(text)
    if prefixed is None:
        return StatusLine(text=text)
    name, rest = prefixed.groups()
    if name not in _ICONS:
        hint = did_you_mean(name, _ICONS)
        raise ContentError(
            f"there is no icon {name!r}{hint}; nothing was written. Icons: {', '.join(_ICONS)}\n"
            "If the word is part of the text, add --no-icon."
        )
    return StatusLine(icon=Icon(name), text=rest.strip())


def _check_usage(
    texts: tuple[str, ...],
    *,
    number: int | None,
    icon: str | None,
    no_icon: bool,
    heading: str | None,
    has_times: bool,
) -> None:
    if icon and no_icon:
        raise click.UsageError("--icon and --no-icon exclude each other")
    if number is not None:
        if len(texts) > 1 or heading is not None or not (texts or icon or no_icon or has_times):
            raise click.UsageError("--line needs one TEXT, --icon, a time, or several of these")
        return
    if has_times:
        raise click.UsageError(
            "--publish-at, --expires-at, --review-by and --clear need --line; `wikibot banner add` takes them too"
        )
    if icon and len(texts) != 1:
        raise click.UsageError(
            "--icon needs exactly one TEXT; begin each of several with its icon, such as 'tick: Adopted.'"
        )
    if not texts and heading is None:
        raise click.UsageError("nothing to set; give a TEXT for each line, or --heading")


def _banner(app: App) -> StatusBanner | None:
    return app.runtime.data_file().data.status


def _confirm_dropped(app: App, count: int, *, replace: bool) -> None:
    """Say which lines have no successor; ask for them, or demand --replace where nobody can be asked."""
    found = _banner(app)
    dropped = found.lines[count:] if found else ()
    if not dropped:
        return
    output.warn(f"dropped from the banner ({len(found.lines) if found else 0} lines now, {count} given):")
    for number, line in enumerate(dropped, count + 1):
        output.warn(f"  {number}  {f'{line.icon}: ' if line.icon else ''}{_shorten(line.text)}")
    if replace:
        return
    if not sys.stdin.isatty():
        raise BotError("nothing was written; add --replace to drop these lines, or --line N to change one line")
    output.confirm("Drop them?")


def _shorten(text: str) -> str:
    line = " ".join(text.split())
    return line if len(line) <= _SHOWN else line[: _SHOWN - 1] + "…"

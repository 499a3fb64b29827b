"""Printing: text, JSON, tables, diffs, progress. Nothing else in the program prints.

Whatever the text is, no character of it steers the terminal or reverses the direction of writing: `_echo` shows such
characters as code points.
"""

import json
import os
import shlex
import shutil
import sys
import textwrap
import traceback
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from itertools import zip_longest
from typing import TYPE_CHECKING, Protocol, TextIO

import click

from bot.errors import BotError
from bot.escape import visible, visible_but_colours, visible_in_json

if TYPE_CHECKING:
    from rich.console import Console


class Step(Protocol):
    """Reports progress to a progress bar."""

    def __call__(self, label: str = "", *, total: int | None = None) -> None:
        """Advance by one; *label* says what was done, *total* sets how much there is."""
        ...


_complete: Callable[[str], str] = str


def complete_advice_with(complete: Callable[[str], str]) -> None:
    """Let *complete* complete the commands in messages to people from now on."""
    global _complete
    _complete = complete


def has_colour(stream: TextIO) -> bool:
    """Return whether *stream* gets colours: it is a terminal, and `NO_COLOR` is not set."""
    return stream.isatty() and not os.environ.get("NO_COLOR")


def _echo(text: str, *, newline: bool = True, is_error: bool = False) -> None:
    """Print *text*, which may have colours of this program; they are left out where the stream gets none."""
    stream = sys.stderr if is_error else sys.stdout
    click.echo(visible_but_colours(text), nl=newline, err=is_error, color=has_colour(stream))


def say(text: str = "", *, newline: bool = True) -> None:
    """Print *text* on standard output."""
    _echo(visible(text), newline=newline)


def say_advice(text: str) -> None:
    """Print *text*, which is about commands that can be run next, on standard output."""
    say(_complete(text))


def say_painted(text: str, *, newline: bool = True) -> None:
    """Print *text* that has colours; what comes from outside was made visible before it was painted."""
    _echo(text, newline=newline)


def say_document(text: str) -> None:
    """Print a document that people save: exactly as it is, except on a terminal."""
    if sys.stdout.isatty():
        say(text, newline=False)
    else:
        click.echo(text.encode("utf-8", "replace").decode(), nl=False)  # lone surrogates become question marks


def say_diff(diff: str) -> None:
    """Print a unified diff, coloured on a terminal."""
    colours = {"+": "green", "-": "red", "@": "cyan"}
    lines = diff.removesuffix("\n").split("\n") if diff else ()
    for line in lines:  # other breaks are characters of a text, which could forge a line
        is_heading = line.startswith(("+++", "---"))
        _echo(click.style(visible(line), fg=None if is_heading else colours.get(line[:1]), bold=is_heading or None))


def say_json(value: object) -> None:
    """Print a value (dataclasses, models, dates and paths included) as indented JSON."""
    from pydantic_core import to_jsonable_python  # slow to import, as is all that a function imports here

    _echo(visible_in_json(json.dumps(to_jsonable_python(value), indent=2, ensure_ascii=False)))


def say_heading(text: str) -> None:
    """Print a heading, bold on a terminal."""
    _echo(click.style(visible(text), bold=True))


def say_prompt(words: Sequence[str]) -> None:
    """Print a command as it would be typed."""
    _echo(click.style(visible(f"$ {shlex.join(words)}"), fg="cyan"))


def say_outcome(outcome: str, text: str) -> None:
    """Print a line that begins with how something ended: ok, warning or error."""
    colours = {"ok": "green", "warning": "yellow", "error": "red"}
    _echo(f"{click.style(f'{outcome:<7}', fg=colours.get(outcome))} {visible(text)}")


def say_step(text: str) -> None:
    """Print that one step of several is done."""
    _echo(f"{click.style('  ok', fg='green')}  {visible(text)}")


def warn(text: str) -> None:
    """Print *text* on standard error."""
    _say_to_person(_complete(text))


def say_warning(text: str) -> None:
    """Print *text* on standard error as a warning: the command goes on."""
    _say_to_person(_complete(text), prefix="warning:", colour="yellow")


def say_question(text: str) -> None:
    """Print the subject of a question on standard error, bold on a terminal, after an empty line."""
    _echo(f"\n{click.style(visible(text), bold=True)}", is_error=True)


def say_side(name: str, text: str, *, absent: str) -> None:
    """Print what one of two sides says on standard error, wrapped on a terminal; *absent* if it says nothing."""
    width = max(shutil.get_terminal_size().columns - 10, 20) if sys.stderr.isatty() else 10_000
    lines = textwrap.wrap(visible(text), width, break_long_words=False, break_on_hyphens=False) or [
        click.style(f"({absent})", dim=True)
    ]
    for label, line in zip_longest([name], lines, fillvalue=""):
        _echo(f"  {click.style(f'{label:<6}', fg='cyan')}{line}", is_error=True)


def say_traceback() -> None:
    """Print the traceback of the error that is being handled on standard error, without secrets."""
    from bot.log import redact

    _echo(visible(redact(traceback.format_exc()).rstrip()), is_error=True)


def confirm(question: str) -> None:
    """Ask a person on the terminal; raises `BotError` for a no, and where nobody answers."""
    try:
        is_wanted = click.confirm(visible(question), err=True)
    except click.Abort:
        if sys.stdin.isatty():
            raise
        _echo("", is_error=True)
        raise BotError("nobody could be asked, because there is no terminal; nothing was written") from None
    if not is_wanted:
        raise BotError("aborted; nothing was written")


def fail(message: str, *, advises: bool = True) -> None:
    """Print an error for a person on standard error, without secrets; commands that it only names stay as they are."""
    from bot.log import redact

    _say_to_person(redact.known(_complete(message) if advises else message), prefix="error:", colour="red")


def _say_to_person(text: str, *, prefix: str = "", colour: str | None = None) -> None:
    """Print lines on standard error, on a terminal broken at words instead of in the middle of one."""
    whole = visible(f"{prefix} {text}" if prefix else text)
    lines = whole.split("\n")
    if sys.stderr.isatty():
        width = max(shutil.get_terminal_size().columns, 20)
        lines = [
            piece
            for line in lines
            for piece in textwrap.wrap(
                line, width, subsequent_indent="  ", break_long_words=False, break_on_hyphens=False
            )
            or [""]
        ]
    if prefix:
        lines[0] = lines[0].replace(prefix, click.style(prefix, fg=colour, bold=True), 1)
    for line in lines:
        _echo(line, is_error=True)


def say_table(headings: Sequence[str], rows: Iterable[Sequence[str]]) -> None:
    """Print a table in aligned columns; on a terminal within its width."""
    from bot.cli.table import format_table  # rich is slow to import

    found = [list(row) for row in rows]
    width = shutil.get_terminal_size().columns if sys.stdout.isatty() else None
    heading, lines = format_table(headings, found, width=width)
    _echo(click.style(heading, bold=True))
    for line in lines:
        _echo(line)


@contextmanager
def progress(label: str, *, total: int | None = None) -> Iterator[Step]:
    """Show a progress bar on standard error while the block runs; only on a terminal, and not when *total* is 0."""
    if total == 0 or not sys.stderr.isatty():
        yield _ignore
        return
    from bot.cli.progress_bar import make_progress

    with make_progress(_console(stderr=True)) as bar:
        task = bar.add_task(label, total=total)

        def step(label: str = "", *, total: int | None = None) -> None:
            if label:
                bar.update(task, description=visible(label))
            bar.update(task, advance=1, total=total)

        yield step


def _ignore(label: str = "", *, total: int | None = None) -> None:
    del label, total


def _console(*, stderr: bool = False) -> "Console":
    from rich.console import Console

    return Console(stderr=stderr, highlight=False, markup=False, emoji=False)

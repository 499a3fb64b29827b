"""Run a command for each wiki of the settings: a process for each, side by side, so that none can hold up another."""

import json
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed
from contextlib import contextmanager
from dataclasses import dataclass
from functools import wraps
from types import FrameType
from typing import Any

import click

from bot.cli import output
from bot.cli.app import App
from bot.cli.signal_handlers import handling

_MOST_AT_ONCE = 8
_TOGETHER = ("text", "json", "markdown")
"""The formats in which the answers for several wikis make one document."""
_BY_SEVERITY = (0, 2, 3, 6, 5, 4, 1)
"""The exit codes of most commands, the worst last."""
_FAILED = 1


def worst_code(codes: Sequence[int]) -> int:
    """Return the exit code for several wikis; a code that no command gives on purpose counts as a failure."""
    return max((code if code in _BY_SEVERITY else _FAILED for code in codes), key=_BY_SEVERITY.index)


def for_each_wiki(
    *,
    asks: Callable[[dict[str, Any]], bool] = lambda _options: False,
    only_one: Callable[[dict[str, Any]], str | None] = lambda _options: None,
    is_single: Callable[[App, dict[str, Any]], bool] = lambda _app, _options: False,
    worst: Callable[[Sequence[int]], int] = worst_code,
    logs: bool = False,
) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """Let a command that is asked about several wikis run once for each, in a process of its own.

    With *asks* they run one after another, at the terminal. *only_one* returns an option that makes sense for one wiki
    only. *is_single* says that the command concerns no wiki, or that it found out which. *worst* makes one exit code of
    several. A command that *logs* names the wiki in its own lines.
    """

    def decorate(function: Callable[..., Any]) -> Callable[..., Any]:
        @wraps(function)
        def run(*arguments: Any, **options: Any) -> Any:
            app = next(each for each in arguments if isinstance(each, App))
            context = click.get_current_context()
            if context.invoked_subcommand is not None or is_single(app, options) or len(app.wikis) == 1:
                return function(*arguments, **options)
            format_ = options.get("format_") or options.get("fmt") or "text"
            option = only_one(options) or (f"--format {format_}" if format_ not in _TOGETHER else None)
            if option is not None:
                names = ", ".join(app.wikis)
                raise click.UsageError(f"{option} is for one wiki; choose one of {names} with --wiki or --workspace")
            if asks(options):
                return worst(list(_run_at_terminal(app)))
            return worst(_run_together(app, is_json=format_ == "json", prefixes=not logs))

        return run

    return decorate


def command_for(app: App, wiki: str, *more: str) -> list[str]:
    """Return the command line of this process for one wiki."""
    no_folder = "-P"  # a folder `bot` where the command is typed is not this program
    return [sys.executable, no_folder, "-m", "bot", "--wiki", wiki, *app.arguments, *more]


@dataclass(frozen=True, slots=True)
class _Ended:
    wiki: str
    code: int
    out: str
    err: str


def _run_at_terminal(app: App) -> Iterator[int]:
    for wiki in app.wikis:
        output.say_heading(f"wiki {wiki}")
        try:
            code = subprocess.run(command_for(app, wiki), check=False).returncode  # noqa: S603 -- this program itself
        except OSError as error:
            output.warn(f"{wiki}: {_not_started(error)}")
            code = _FAILED
        yield code if code >= 0 else _FAILED


def _run_together(app: App, *, is_json: bool, prefixes: bool) -> list[int]:
    """Run all processes; what each says is printed when it has ended, so that a slow wiki delays no other."""
    codes: list[int] = []
    answers: dict[str, object] = dict.fromkeys(app.wikis)
    together = _Processes(app)
    with together.ending_on_signals(), ThreadPoolExecutor(_MOST_AT_ONCE) as threads:
        for done in as_completed([threads.submit(together.run, wiki) for wiki in app.wikis]):
            ended = done.result()
            codes.append(ended.code)
            if is_json:
                answers[ended.wiki] = _parse(ended)
            else:
                output.say_heading(f"\nwiki {ended.wiki}" if len(codes) > 1 else f"wiki {ended.wiki}")
                output.say_painted(ended.out, newline=False)
            for line in ended.err.splitlines():
                output.warn(f"{ended.wiki}: {line}" if prefixes else line)
    if is_json:
        output.say_json(answers)
    return codes


def _parse(ended: _Ended) -> object:
    try:
        return json.loads(ended.out)
    except ValueError:
        return {"error": ended.err.strip() or ended.out.strip() or f"ended with {ended.code}"}


def _not_started(error: OSError) -> str:
    return f"its process cannot be started: {error.strerror}"


class _Processes:
    """The processes of one command, each in a group of its own, so that Ctrl-C reaches it once: from here."""

    def __init__(self, app: App) -> None:
        self._app = app
        self._running: list[subprocess.Popen[str]] = []
        self._signals: list[int] = []

    def run(self, wiki: str) -> _Ended:
        """Run the command for one wiki, unless this process was asked to end."""
        if self._signals:
            return _Ended(wiki, _FAILED, "", "not tried\n")
        try:
            process = subprocess.Popen(  # noqa: S603 -- this program itself
                command_for(self._app, wiki),
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                text=True,
                encoding="utf-8",
                errors="replace",
                process_group=0,
            )
        except OSError as error:
            return _Ended(wiki, _FAILED, "", f"{_not_started(error)}\n")
        self._running.append(process)
        for number in self._signals:
            process.send_signal(number)
        out, err = process.communicate()
        if process.returncode < 0:
            return _Ended(wiki, _FAILED, out, f"{err}ended by signal {-process.returncode}\n")
        return _Ended(wiki, process.returncode, out, err)

    @contextmanager
    def ending_on_signals(self) -> Iterator[None]:
        """Pass SIGTERM and SIGINT on while the block runs; the processes end in good order."""

        def end(number: int, _frame: FrameType | None) -> None:
            self._signals.append(number)
            for process in self._running:
                process.send_signal(number)

        with handling({signal.SIGTERM: end, signal.SIGINT: end}):
            yield

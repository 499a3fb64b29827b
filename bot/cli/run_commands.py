"""`wikibot run`: the scheduled bot."""

import os
import signal
import sys
import threading
from collections.abc import Callable, Collection, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from types import FrameType

import click

from bot.child_process import end_programs
from bot.cli import output
from bot.cli.app import App, pass_app
from bot.cli.each_wiki import command_for, for_each_wiki
from bot.cli.signal_handlers import handling
from bot.errors import HistoryError
from bot.files import InstanceLock
from bot.history import Run, RunHistory, RunOutcome, open_history
from bot.live_schedule import LiveSchedule
from bot.log import logger
from bot.plural import counted
from bot.runtime import Runtime

_FAILED, _DONE, _ATTENTION = 1, 0, 3
_SENDING_SECONDS, _ONCE_SENDING_SECONDS = 1.0, 60.0
"""How long the end of the bot waits for messages to other services."""


@dataclass(frozen=True, slots=True)
class JobState:
    """One line of `run --list`; *next_due* in the past means at the next tick, or that no bot is running."""

    job: str
    next_due: datetime
    last_run: Run | None
    last_success: datetime | None


@click.command()
@click.option(
    "--once",
    is_flag=True,
    help="Run the due jobs and exit, for cron; exits with 1 if a job failed, with 3 if something waits for a person.",
)
@click.option(
    "--list", "shows_list", is_flag=True, help="Show the last run and the next due time of each job, and exit."
)
@click.option("--format", "format_", type=click.Choice(["text", "json"]), default="text", show_default=True)
@click.option("--with-parent", is_flag=True, hidden=True, help="End when standard input ends.")
@pass_app
@for_each_wiki(is_single=lambda _app, options: not options["once"] and not options["shows_list"], logs=True)
def run(app: App, once: bool, shows_list: bool, format_: str, with_parent: bool) -> int:
    """Run the jobs of bot.yaml until a signal to stop (SIGTERM or Ctrl-C).

    With several wikis, a process runs the jobs of each; one that ends is started again.
    """
    if len(app.wikis) > 1:
        return _supervise(app)
    if shows_list:
        _show(_list_jobs(app.runtime), format_)
        return _DONE
    app.set_up_logging(is_service=True)
    runtime = replace(app.runtime, is_attended=False)
    threads = threading.enumerate()
    lock = InstanceLock(
        runtime.folders.state / "run.lock", purpose=f"the bot of {runtime.settings.config_path}", wait_seconds=1
    )
    if with_parent:
        threading.Thread(target=_stop_with_parent, args=(runtime.stop,), name="parent", daemon=True).start()
    with lock, stopping_on_signals(runtime.stop):
        history = open_history(runtime.folders.state / "runs.db")
        _close_interrupted(history, runtime.clock())
        live = LiveSchedule(runtime, history, app.load_settings)
        scheduler = live.scheduler
        if once:
            live.begin_messages()
            ended = scheduler.run_once(runtime.stop)
            live.send_messages()
            code = _exit_code({one.outcome for one in ended})
            if code == _DONE and scheduler.has_lost_record:
                code = _ATTENTION
        else:
            with (
                _asking_on_hangup(live.ask, runtime.stop),
                _service(live, history),
                _desk(runtime, live),
                live.sending_messages(),
            ):
                scheduler.run_until(runtime.stop)
            code = _DONE
        live.finish(_ONCE_SENDING_SECONDS if once else _SENDING_SECONDS)
        if once and code == _DONE and live.has_failing_channel:
            code = _ATTENTION
    if scheduler.has_left_job_behind:
        code = _FAILED
    else:
        logger.info("ended")
    end_without_threads(app, threads, code, is_sure=scheduler.has_left_job_behind)
    return code


def _supervise(app: App) -> int:
    from bot.cli.supervisor import supervise

    app.set_up_logging(is_service=True)
    settings = app.whole_settings
    state = settings.resolve(settings.state)
    purpose = f"the bot of {settings.config_path}"
    with InstanceLock(state / "wikis" / "run.lock", purpose=purpose, wait_seconds=1):
        is_fine = supervise(app.wikis, lambda wiki: command_for(app, wiki, "--with-parent"))
    logger.info("ended")
    return _DONE if is_fine else _FAILED


def _stop_with_parent(stop: threading.Event) -> None:
    """Set *stop* when standard input ends: the process that started this one does not exist any more.

    Not through `sys.stdin`: its lock would still be taken when the interpreter ends.
    """
    while os.read(0, 1):
        pass
    stop.set()


def end_without_threads(app: App, before: Collection[threading.Thread], code: int, *, is_sure: bool = False) -> None:
    """End the process with *code* if *is_sure*, or if the interpreter would wait for threads that are not in *before*.

    A thread of a job, or of a pool of an errand at the desk, can wait for the wiki for long. What it does can be
    interrupted at any point.
    """
    end_programs()
    if is_sure or any(thread not in before and not thread.daemon for thread in threading.enumerate()):
        app.finish_logging()
        os._exit(code)


@contextmanager
def _service(live: LiveSchedule, history: RunHistory) -> Iterator[None]:
    """Answer monitoring if the settings say where."""
    if live.runtime.settings.service.listen is None:
        yield
        return
    from bot.service_endpoint import answering

    with answering(live, history) as address:
        logger.info("health and metrics are at {}", address)
        yield


@contextmanager
def _desk(runtime: Runtime, live: LiveSchedule) -> Iterator[None]:
    """Serve the web desk if the settings have one; raises `BotError` if it cannot start, and then no job runs."""
    settings = runtime.settings.desk
    if settings is None:
        yield
        return
    from bot.cli.serve_command import say_where, serving

    with serving(runtime, settings, settings.place, live) as desk:
        say_where(desk)
        yield


def _close_interrupted(history: RunHistory, at: datetime) -> None:
    try:
        interrupted = history.close_interrupted(at=at)
    except HistoryError as error:
        logger.error("the runs that were interrupted cannot be recorded: {}", error)
        return
    if interrupted:
        logger.warning("the bot did not end properly: {} interrupted", counted(interrupted, "run"))


def _exit_code(outcomes: Collection[RunOutcome | None]) -> int:
    if any(outcome not in (RunOutcome.SUCCESS, RunOutcome.ATTENTION) for outcome in outcomes):
        return _FAILED
    return _ATTENTION if RunOutcome.ATTENTION in outcomes else _DONE


def _list_jobs(runtime: Runtime) -> list[JobState]:
    history = RunHistory(runtime.folders.state / "runs.db")
    states = []
    for job, due in LiveSchedule(runtime, history, lambda: runtime.settings).scheduler.due.items():
        success = history.last_success(job)
        states.append(JobState(job, due, history.last_run(job), success.started if success else None))
    return states


def _show(states: list[JobState], format_: str) -> None:
    if format_ == "json":
        output.say_json(states)
        return
    rows = [
        (
            state.job,
            _moment(state.next_due),
            _moment(state.last_run.started if state.last_run else None),
            "never ran" if state.last_run is None else str(state.last_run.outcome or "going on"),
            _moment(state.last_success),
            state.last_run.message if state.last_run else "",
        )
        for state in states
    ]
    output.say_table(("job", "next due", "last run", "outcome", "last success", "message"), rows)


def _moment(moment: datetime | None) -> str:
    return f"{moment.astimezone(UTC):%Y-%m-%d %H:%M:%S}Z" if moment else "-"


@contextmanager
def stopping_on_signals(stop: threading.Event) -> Iterator[None]:
    """Set *stop* on SIGTERM and SIGINT while the block runs; a second signal ends the process at once."""
    signals: list[int] = []

    def ask(number: int, _frame: FrameType | None) -> None:
        signals.append(number)
        if len(signals) > 1:
            os._exit(128 + number)
        # Not from here: this thread may have the lock of the event when the signal arrives.
        threading.Thread(target=stop.set, name="stop", daemon=True).start()

    with handling({signal.SIGTERM: ask, signal.SIGINT: ask}):
        yield


@contextmanager
def _asking_on_hangup(ask: Callable[[], None], stop: threading.Event) -> Iterator[None]:
    """Read the settings again on SIGHUP while the block runs; a terminal that was closed stops the bot instead."""
    has_terminal = sys.stdin is not None and sys.stdin.isatty()

    def answer(_number: int, _frame: FrameType | None) -> None:
        if has_terminal and not sys.stdin.isatty():
            threading.Thread(target=stop.set, name="stop", daemon=True).start()
        else:
            ask()

    with handling({signal.SIGHUP: answer}):
        yield

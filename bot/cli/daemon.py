"""`wikibot run`: the scheduled bot."""

import os
import signal
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

import click
from loguru import logger

from bot.cli.app import App, pass_app
from bot.history import Outcome, RunHistory
from bot.lock import InstanceLock
from bot.log import redact
from bot.operations.jobs import make_jobs, next_news_moment
from bot.runtime import Runtime
from bot.scheduler import JobScheduler, JobSpec

_FAILED, _DONE = 1, 0


@click.command()
@click.option("--once", is_flag=True, help="Run what is due now and end, for cron; ends with 1 when a job failed.")
@pass_app
def run(app: App, once: bool) -> int:
    """Keep the jobs of bot.yaml going until asked to end (SIGTERM or Ctrl-C)."""
    app.set_up_logging(is_service=True)
    runtime = app.runtime
    lock = InstanceLock(runtime.state_dir / "run.lock", purpose=f"the bot of {runtime.settings.config_path}")
    with lock, _stopping_on_signals(runtime.stop):
        scheduler = _make_scheduler(runtime)
        if once:
            ended = scheduler.run_once(runtime.stop)
            code = _FAILED if any(one.outcome is not Outcome.SUCCESS for one in ended) else _DONE
        else:
            scheduler.run_until(runtime.stop)
            code = _DONE
    if scheduler.has_left_job_behind:
        # Its thread would keep the interpreter from ending; what it was doing is safe to break off anywhere.
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(_FAILED)
    logger.info("ended")
    return code


def _make_scheduler(runtime: Runtime) -> JobScheduler:
    wiki = runtime.settings.wiki
    for secret in (wiki.token, wiki.password):
        if secret is not None:
            redact.add_account(wiki.user, secret.get_secret_value().strip())
    history = RunHistory(runtime.state_dir / "runs.db")
    interrupted = history.close_interrupted(at=runtime.clock())
    if interrupted:
        logger.warning("{} run(s) had been interrupted when the bot ended last", interrupted)
    return JobScheduler(
        [JobSpec(job.run, job.every, job.at, job.timezone) for job in runtime.settings.jobs],
        make_jobs(runtime),
        history,
        next_moments={"sync": lambda after: next_news_moment(runtime, after)},
        now=runtime.clock,
    )


@contextmanager
def _stopping_on_signals(stop: threading.Event) -> Iterator[None]:
    """Set *stop* on SIGTERM and SIGINT while the block runs; a second signal ends the process at once."""

    def ask(number: int, _frame: FrameType | None) -> None:
        if stop.is_set():
            os._exit(128 + number)
        stop.set()

    before = {number: signal.signal(number, ask) for number in (signal.SIGTERM, signal.SIGINT)}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)

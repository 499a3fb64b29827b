"""`wikibot runs`: the run records, and the log of one run."""

from datetime import UTC, datetime, timedelta

import click

from bot.cli import output
from bot.cli.app import App, pass_app
from bot.cli.each_wiki import for_each_wiki
from bot.current_run import RunPage
from bot.errors import BotError
from bot.escape import visible, visible_in_line
from bot.history import LogLine, Run, RunHistory


@click.command()
@click.argument("number", type=int, required=False, metavar="[RUN]")
@click.option("--job", metavar="NAME", help="Only the runs of this job.")
@click.option("--limit", type=click.IntRange(1, 10_000), default=20, show_default=True, help="At most so many runs.")
@click.option("--format", "format_", type=click.Choice(["text", "json"]), default="text", show_default=True)
@pass_app
@for_each_wiki(only_one=lambda options: "the number of a run" if options["number"] is not None else None)
def runs(app: App, number: int | None, job: str | None, limit: int, format_: str) -> int:
    """List the newest runs of the scheduled jobs, or show the run RUN with its pages and its log.

    RUN is the number in the list, in the messages of the versions that the bot wrote ("run 12"), and in the events of
    the snapshots (`bot_run`). Commands that people type are no runs.
    """
    history = RunHistory(app.runtime.folders.state / "runs.db")
    if number is None:
        found = history.recent(limit=limit, job=job)
        if format_ == "json":
            output.say_json(found)
        elif found:
            output.say_table(("run", "job", "started", "took", "outcome", "message"), list(map(_row, found)))
        else:
            output.say("no job has run" if job is None else f"job {job} has never run")
        return 0
    run = history.find(number)
    if run is None:
        raise BotError(f"there is no record of run {number}; `wikibot runs` lists the newest ones")
    pages, log = history.pages_of(number), history.log_of(number)
    if format_ == "json":
        output.say_json({"run": run, "pages": pages, "log": log})
    else:
        _show(run, pages, log)
    return 0


def _row(run: Run) -> tuple[str, ...]:
    outcome = str(run.outcome or "going on")
    return (str(run.id), run.job, _moment(run.started), _took(run), outcome, visible_in_line(run.message))


def _show(run: Run, pages: list[RunPage], log: list[LogLine]) -> None:
    output.say_heading(f"run {run.id}: {run.job}, {run.outcome or 'going on'}")
    output.say(f"started {_moment(run.started)}, took {_took(run)}")
    if run.counts:
        output.say(run.describe_counts())
    if run.describe_requests():
        output.say(f"requests to the wiki: {run.describe_requests()}")
    if run.message:
        output.say(visible(run.message))
    if pages:
        output.say("")
        output.say_table(("page", "id", "result", "version", "regions", "why"), list(map(_page_row, pages)))
    if log:
        output.say("")
        output.say_table(
            ("time", "level", "message"),
            [(f"{line.at.astimezone(UTC):%H:%M:%S}", line.level, visible_in_line(line.text)) for line in log],
        )


def _page_row(page: RunPage) -> tuple[str, ...]:
    title = page.title if not page.workspace else f"{page.title} ({page.workspace})"
    version = "-" if page.version is None else str(page.version)
    cells = (title, f"#{page.id}" if page.id else "-", page.result, version, ", ".join(page.regions) or "-")
    return tuple(map(visible_in_line, (*cells, "; ".join(page.reasons))))


def _took(run: Run) -> str:
    return "-" if run.finished is None else f"{(run.finished - run.started) / timedelta(seconds=1):.1f} s"


def _moment(moment: datetime) -> str:
    return f"{moment.astimezone(UTC):%Y-%m-%d %H:%M:%S}Z"

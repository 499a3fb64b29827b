"""`wikibot status`: how the bot is doing."""

from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Any

import click
from pydantic_core import to_jsonable_python

from bot.cli import output
from bot.cli.app import App, pass_app
from bot.cli.banner_commands import list_banner, set_banner
from bot.cli.each_wiki import for_each_wiki
from bot.cli.usage_errors import SuggestingGroup
from bot.escape import visible_in_line
from bot.history import RunHistory
from bot.notify.concern import HealthLevel
from bot.operations.health import Health, read_health
from bot.plural import counted


class _Status(SuggestingGroup):
    """The former names below this command work, and are in no list."""

    def visible_commands(self, ctx: click.Context) -> list[str]:
        del ctx
        return []

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        del ctx, formatter


@click.group(cls=_Status, invoke_without_command=True, subcommand_metavar="")
@click.option("--format", "format_", type=click.Choice(["text", "json", "metrics"]), default="text", show_default=True)
@click.option(
    "--probe", is_flag=True, help="Print one word; exit with 0 if well or only in need of a person, else with 1."
)
@pass_app
@click.pass_context
@for_each_wiki(worst=max)
def status(context: click.Context, app: App, format_: str, probe: bool) -> int:
    """Show how the bot is doing, from its records; asks no wiki.

    Exits with 0 if all is well, 1 if something waits for a person, 2 if the last run of a job failed, 3 if a job did
    not run for two of its intervals. `--format metrics` is for the textfile collector of Prometheus.
    """
    if context.invoked_subcommand is not None:
        name = context.invoked_subcommand
        output.warn(f"`wikibot status {name}` is now `wikibot banner {name}`; the old name still works")
        return 0
    runtime = app.runtime
    health = read_health(
        runtime.settings.jobs,
        runtime.workspaces,
        runtime.folders,
        RunHistory(runtime.folders.state / "runs.db"),
        now=runtime.clock(),
    )
    if probe:
        output.say(health.level.word)
        return int(health.level >= HealthLevel.FAILING)
    if format_ == "metrics":
        from bot.operations.metrics import render_metrics

        output.say(render_metrics(health, has_traffic=False).decode(), newline=False)
    elif format_ == "json":
        output.say_json(_plain(health))
    else:
        _show(health)
    return int(health.level)


for former in (set_banner, list_banner):
    status.add_command(former)


def _plain(health: Health) -> dict[str, object]:
    """Return the health for JSON, with words for levels."""
    plain: dict[str, Any] = to_jsonable_python(health)
    for row, level in (
        (plain, health.level),
        *zip(plain["jobs"], (job.level for job in health.jobs), strict=True),
        *zip(plain["concerns"], (concern.level for concern in health.concerns), strict=True),
    ):
        row["level"] = level.word
    return plain


def _show(health: Health) -> None:
    running = "running" if health.is_running else "not running at the moment"
    output.say_heading(
        f"{health.level.word}: {counted(len(health.concerns), 'thing')} to look at; the bot is {running}"
    )
    output.say_table(("job", "state", "last run", "outcome", "last success", "next due"), _job_rows(health))
    if health.workspaces:
        output.say("")
        rows = [(each.name, _moment(each.checked), _regions(each.regions)) for each in health.workspaces]
        output.say_table(("workspace", "compared", "regions"), rows)
    if health.archive.sequence:
        output.say("")
        output.say(f"snapshots: checkpoint {health.archive.sequence} of {_moment(health.archive.at)}")
    for concern in health.concerns:
        output.say("")
        output.say(visible_in_line(f"{concern.level.word}: {concern.about}: {concern.kind}"))
        output.say_advice(f"  {visible_in_line(concern.message)}")
        if concern.url:
            output.say(f"  {visible_in_line(concern.url)}")


def _job_rows(health: Health) -> Iterable[tuple[str, ...]]:
    for job in health.jobs:
        outcome = "never ran" if job.last is None else str(job.last.outcome)
        if job.going_since is not None:
            outcome = "going on"
        last = _moment(job.last.started if job.last else None)
        yield job.name, job.level.word, last, outcome, _moment(job.last_success), _due(job.next_due, health.at)


def _due(due: datetime | None, now: datetime) -> str:
    return "now" if due is None or due <= now else _moment(due)


def _regions(counts: object) -> str:
    if not isinstance(counts, dict):
        return ""
    return ", ".join(f"{number} {verdict.replace('_', ' ')}" for verdict, number in counts.items() if number)


def _moment(moment: datetime | None) -> str:
    return f"{moment.astimezone(UTC):%Y-%m-%d %H:%M}Z" if moment else "-"

"""`wikibot doctor`: examine machine, account and wiki, and write a report that can be sent to somebody who helps."""

import json
from collections.abc import Iterable, Iterator
from dataclasses import replace
from pathlib import Path

import click
from pydantic import SecretStr
from pydantic_core import to_jsonable_python

from bot.cli import output
from bot.cli.app import App, pass_app
from bot.errors import BotError
from bot.log import redact
from bot.operations import doctor as operation
from bot.operations import live_run
from bot.operations.check import Check, CheckOutcome, run_checks
from bot.runtime import Runtime


@click.command()
@click.option("--format", "format_", type=click.Choice(["text", "json"]), default="text", show_default=True)
@click.option("--out", type=click.Path(dir_okay=False, path_type=Path), help="Also write the JSON report to this file.")
@click.option(
    "--write-test",
    is_flag=True,
    help="Also create a page below each home page, write it, label it and move it to the trash.",
)
@pass_app
def doctor(app: App, format_: str, out: Path | None, write_test: bool) -> int:
    """Examine machine, account and wiki; writes nothing to the wiki unless --write-test is given.

    The report has no secrets, but names of pages, people and folders. Ends with 0 only when all is well.
    """
    runtime = replace(app.runtime, is_attended=True)
    _register_secrets(runtime)
    found = [_redacted(check) for check in _examine(runtime, write_test=write_test)]
    report = json.dumps(_report(runtime, found), indent=2, ensure_ascii=False) + "\n"
    if format_ == "json":
        output.say(report, newline=False)
    else:
        output.say_table(("result", "what", "finding"), [(each.outcome, each.what, each.message) for each in found])
    if out is not None:
        _save(out, report)
        output.warn(f"the report is in {out}; read it before you send it")
    bad = (CheckOutcome.ERROR, CheckOutcome.WARNING)
    return 1 if any(each.outcome in bad or _is_gap(each) for each in found) else 0


def _is_gap(check: Check) -> bool:
    """Return whether something was not tried because something else failed; a missing sample file is no fault."""
    return check.outcome is CheckOutcome.NOT_TRIED and check.what not in ("attachments", "write test")


def _examine(runtime: Runtime, *, write_test: bool) -> Iterator[Check]:
    settings = runtime.settings
    templates = settings.resolve(settings.templates) if settings.templates else None
    yield from operation.examine_machine(operation.Machine(runtime.folders, runtime.snapshots.policy, templates))
    checked = run_checks(
        runtime.gateway,
        runtime.workspaces,
        settings.safety,
        config_path=settings.config_path,
        now=runtime.clock(),
        snapshots=runtime.snapshots,
        wiki=settings.wiki,
        own_files=runtime.own_files,
    )
    yield from map(operation.as_finding, checked)
    yield from operation.examine_wiki(runtime.gateway, now=runtime.clock)
    for workspace in runtime.workspaces:
        yield from operation.examine_home(runtime.gateway, workspace)
        yield from live_run.examine_platform(runtime.gateway, workspace)
        if write_test:
            yield from operation.try_writing(runtime.gateway, workspace, now=runtime.clock())
    if not write_test:
        yield Check("write test", CheckOutcome.NOT_TRIED, "add --write-test to try it on a page of its own")
    yield from live_run.list_manual_steps(is_cloud=runtime.flavour == "cloud")


def _report(runtime: Runtime, found: Iterable[Check]) -> dict[str, object]:
    return {
        "format": "wikibot-doctor/1",
        "created": runtime.clock().isoformat(timespec="seconds"),
        "checks": to_jsonable_python(list(found)),
    }


def _register_secrets(runtime: Runtime) -> None:
    wiki = runtime.settings.wiki
    for value in (*dict(wiki).values(), *wiki.headers.values()):
        if isinstance(value, SecretStr):
            redact.add_account(wiki.user, value.get_secret_value().strip())


def _redacted(check: Check) -> Check:
    return replace(check, what=redact(check.what), message=redact(check.message))


def _save(path: Path, text: str) -> None:
    try:
        path.write_text(text, encoding="utf-8")
    except OSError as error:
        raise BotError(f"{path}: cannot be written: {error.strerror}") from error

"""`wikibot doctor`: examine machine, account and wiki, and write a report that can be sent to somebody who helps."""

import json
from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path

import click
from pydantic_core import to_jsonable_python

from bot.cli import output
from bot.cli.app import App, pass_app
from bot.cli.each_wiki import for_each_wiki
from bot.errors import BotError
from bot.examination import examine, is_flaw
from bot.operations.check import Check
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
@for_each_wiki(only_one=lambda options: "--out" if options["out"] else None)
def doctor(app: App, format_: str, out: Path | None, write_test: bool) -> int:
    """Examine machine, account and wiki; writes nothing to the wiki unless --write-test is given.

    The report has no secrets, but names of pages, people and folders. Ends with 0 only when all is well.
    """
    runtime = replace(app.runtime, is_attended=True)
    found = list(examine(runtime, write_test=write_test))
    report = json.dumps(_report(runtime, found), indent=2, ensure_ascii=False) + "\n"
    if format_ == "json":
        output.say(report, newline=False)
    else:
        output.say_table(("result", "what", "finding"), [(each.outcome, each.what, each.message) for each in found])
    if out is not None:
        _save(out, report)
        output.warn(f"the report is in {out}; read it before you send it")
    return 1 if any(map(is_flaw, found)) else 0


def _report(runtime: Runtime, found: Iterable[Check]) -> dict[str, object]:
    return {
        "format": "wikibot-doctor/1",
        "created": runtime.clock().isoformat(timespec="seconds"),
        "checks": to_jsonable_python(list(found)),
    }


def _save(path: Path, text: str) -> None:
    try:
        path.write_text(text, encoding="utf-8")
    except OSError as error:
        raise BotError(f"{path}: cannot be written: {error.strerror}") from error

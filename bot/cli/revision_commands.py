"""`wikibot revisions` and `wikibot undo`: what the data file contained before, and the way back."""

import datetime as dt

import click

from bot.cli import output
from bot.cli.app import App, pass_app
from bot.cli.edit_report import dry_run_option, finish, format_option
from bot.config.revision_journal import Revision
from bot.operations import revisions as operations

_LISTED = 20


@click.command("revisions")
@click.argument("number", metavar="[N]", type=click.IntRange(min=1), required=False)
@click.option("--limit", type=click.IntRange(min=1), default=_LISTED, show_default=True, help="How many are listed.")
@format_option
@pass_app
def revisions(app: App, number: int | None, limit: int, format_: str) -> None:
    """List the revisions of the data file, newest first; with N, show what that revision changed."""
    workspace = app.runtime.workspace
    if number is not None:
        operations.list_revisions(workspace, 1)  # notices what another program changed
        found = workspace.shared_data.journal.load(number)
        if format_ == "json":
            output.say_json(found.content() | {"diff": operations.diff_of(workspace, number)})
            return
        output.say_heading(f"revision {number}, {_minute(found.at)}, {found.who}: {found.what}")
        output.say_diff(operations.diff_of(workspace, number))
        return
    listed = operations.list_revisions(workspace, limit)
    if format_ == "json":
        output.say_json([revision.content() for revision in listed])
        return
    output.say_table(("revision", "when", "who", "what"), [_row(revision) for revision in listed])


@click.command("undo")
@click.argument("number", metavar="[N]", type=click.IntRange(min=1), required=False)
@dry_run_option
@pass_app
def undo(app: App, number: int | None, *, dry_run: bool) -> None:
    """Take back revision N of the data file, by default the newest change that is not undone yet.

    This is a new revision. What other people changed since stays; if they changed the same entry, nothing is written
    and both texts are shown. `wikibot undo N` with the number of an undo brings the change back.
    """
    finish(app, None, lambda: operations.undo(app.runtime.workspace, number), dry_run=dry_run)


def _row(revision: Revision) -> tuple[str, str, str, str]:
    return str(revision.number), _minute(revision.at), revision.who, revision.what


def _minute(moment: dt.datetime) -> str:
    return f"{moment.astimezone(dt.UTC):%Y-%m-%d %H:%M} UTC"

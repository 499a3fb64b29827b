"""`wikibot hold`: captured pages that must not be redacted."""

import getpass
from itertools import groupby

import click

from bot.cli import output
from bot.cli.app import App, pass_app
from bot.cli.outside_report import inform_outside, outside_of
from bot.cli.usage_errors import SuggestingGroup
from bot.operations import archive
from bot.plural import counted
from bot.snapshot.archive.holds import HeldPage

_BY = click.option("--by", default=getpass.getuser, help="Who decided it.  [default: your account]")


@click.group(cls=SuggestingGroup)
def hold() -> None:
    """Protect captured pages from redaction, and see which pages are protected."""


@hold.command()
@click.argument("pages", nargs=-1, required=True, metavar="PAGE...")
@click.option("--name", required=True, help="Name of the hold, such as the number of a case.")
@click.option("--reason", required=True, help="The reason; it is recorded in the evidence.")
@_BY
@pass_app
def add(app: App, pages: tuple[str, ...], name: str, reason: str, by: str) -> int:
    """Hold each captured PAGE (id, title or path): `wikibot redact` refuses it until the hold is released."""
    outside = outside_of(app)
    outside.check()
    made = archive.hold_pages(app.runtime.snapshots, pages, name=name, reason=reason, by=by)
    output.say(f"{counted(len(pages), 'page')} held as {name!r} in run {made.sequence}")
    return inform_outside(outside)


@hold.command()
@click.argument("name")
@click.argument("pages", nargs=-1, metavar="[PAGE...]")
@click.option("--reason", required=True, help="The reason; it is recorded in the evidence.")
@_BY
@pass_app
def release(app: App, name: str, pages: tuple[str, ...], reason: str, by: str) -> int:
    """Release the hold NAME, for all its pages or for each PAGE only."""
    outside = outside_of(app)
    outside.check()
    made = archive.release_pages(app.runtime.snapshots, name, pages, reason=reason, by=by)
    output.say(f"released {name!r} in run {made.sequence}")
    return inform_outside(outside)


@hold.command(name="list")
@click.option("--all", "everything", is_flag=True, help="Also released holds.")
@click.option("--format", "format_", type=click.Choice(["text", "json"]), default="text", show_default=True)
@pass_app
def list_(app: App, everything: bool, format_: str) -> int:
    """List the held pages, by hold."""
    held = archive.list_holds(app.runtime.snapshots, everything=everything)
    if format_ == "json":
        output.say_json(held)
        return 0
    for _, group in groupby(held, key=lambda each: (each.name, each.run, each.released_at)):
        pages = list(group)
        output.say(
            f"{pages[0].name}: since {pages[0].since.date()} by {pages[0].by}: {pages[0].reason}{_end(pages[0])}"
        )
        for each in pages:
            output.say(f"  {each.page_id}: {each.title or 'not captured'}")
    if not held:
        output.warn("no page is held")
    return 0


def _end(held: HeldPage) -> str:
    if held.released_at is None:
        return ""
    return f"; released {held.released_at.date()} by {held.released_by}: {held.release_reason}"

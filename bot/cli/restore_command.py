"""`wikibot drift restore`: bring back what the bot replaced."""

import difflib
import sys
from collections.abc import Sequence
from datetime import UTC

import click

from bot.cli import output
from bot.cli.app import App, pass_app
from bot.errors import BotError
from bot.escape import visible
from bot.operations import restore as operation
from bot.replaced_texts import ReplacedText
from bot.runtime import person_waits
from bot.storage.visible_text import lines_of

_SHOWN_LINES = 3


@click.command()
@click.argument("number", type=int, required=False)
@click.option("--yes", "-y", is_flag=True, help="Do not ask.")
@click.option("--format", "format_", type=click.Choice(["text", "json"]), default="text", show_default=True)
@pass_app
def restore(app: App, number: int | None, yes: bool, format_: str) -> int:
    """Put back what people wrote and the bot replaced: a repair, or a plan made with --take-over.

    Without NUMBER it lists the replaced texts, newest first; at a terminal it asks which one. The text goes back to the
    page and waits there: it is not repaired, and `wikibot adopt` takes it into the data file.
    """
    runtime = app.runtime
    texts = operation.list_replaced(runtime.folders, runtime.workspaces)
    if number is None:
        _list(texts, format_)
        if not texts or format_ == "json" or not person_waits():
            return 0
        number = click.prompt("Number (Enter: none)", default=0, show_default=False, type=int, err=True)
        if number == 0:
            return 0
    text = next((each for each in texts if each.number == number), None)
    if text is None:
        raise BotError(f"there is no replaced text {number}; `wikibot drift restore` lists them")
    workspace = next(each for each in runtime.workspaces if each.name == text.workspace)
    proposal = operation.plan_restoration(runtime.gateway(), workspace, text, now=runtime.clock())
    output.say_heading(f"{proposal.page.title}: {text.region} ({_describe_people(text)})")
    before, after = (list(map(visible, lines_of(each))) for each in (proposal.before, proposal.after))
    output.say_diff("\n".join(difflib.unified_diff(before, after, "the page now", "after", lineterm="", n=2)))
    if not yes:
        if not sys.stdin.isatty():
            raise click.UsageError("the page is unchanged; check the proposal above, then add --yes")
        output.confirm("Write this to the wiki?")
    version = operation.restore(
        runtime.gateway(may_write=True), workspace, runtime.settings.safety, text, now=runtime.clock()
    )
    output.say_advice(f"{proposal.page.title} is version {version.number} now; `wikibot adopt` takes the text over")
    return 0


def _list(texts: Sequence[ReplacedText], format_: str) -> None:
    if format_ == "json":
        output.say_json(texts)
        return
    if not texts:
        output.say("the bot has replaced nothing that people wrote")
        return
    rows = [
        (
            str(text.number),
            text.when.astimezone(UTC).strftime("%Y-%m-%d %H:%M"),
            visible(text.title),
            text.region,
            visible(", ".join(text.people) or "unknown"),
            visible(_changed_words(text)),
        )
        for text in texts
    ]
    output.say_table(("number", "replaced (UTC)", "page", "region", "people", "their words"), rows)


def _changed_words(text: ReplacedText) -> str:
    """Return the first lines of the text that the bot's text does not have."""
    known = set(lines_of(text.written))
    lines = [line.strip() for line in lines_of(text.text) if line not in known and line.strip()]
    shown = " / ".join(lines[:_SHOWN_LINES]) or "(lines removed)"
    return f"{shown} …" if len(lines) > _SHOWN_LINES else shown


def _describe_people(text: ReplacedText) -> str:
    return f"{', '.join(text.people) or 'unknown'}, version {text.version}"

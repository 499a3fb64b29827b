"""`wikibot find`: what a text can link to."""

import click

from bot.cli import output
from bot.cli.app import App, pass_app
from bot.cli.edit_report import format_option
from bot.operations.target_search import find_targets, read_targets

_LISTED = 50


@click.command("find")
@click.argument("words", nargs=-1, required=True)
@format_option
@pass_app
def find(app: App, words: tuple[str, ...], format_: str) -> int:
    """Find pages and files to link to, by WORDS of their titles or by an address of the wiki, and print the links.

    Ends with 1 if nothing is found.
    """
    gateway = app.runtime.gateway()
    found = find_targets(gateway, read_targets(gateway, app.runtime.workspace), " ".join(words), limit=_LISTED)
    if format_ == "json":
        output.say_json(found.targets)
    elif found.targets:
        rows = [(each.markdown, "archived" if each.is_archived else each.kind, each.place) for each in found.targets]
        output.say_table(("link", "kind", "below"), rows)
    if found.total > len(found.targets):
        output.warn(f"{found.total - len(found.targets)} more; add another word")
    if not found.targets:
        output.warn(found.problem or f"nothing is called {' '.join(words)!r}")
    return 0 if found.targets else 1

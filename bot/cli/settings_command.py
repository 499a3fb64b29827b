"""`wikibot settings`: the settings in force."""

import click

from bot.cli import output
from bot.cli.app import App, pass_app
from bot.escape import visible_in_line
from bot.operations.effective_settings import list_settings


@click.command()
@click.option("--changed", is_flag=True, help="Only keys that are set in a file or in the environment.")
@click.option("--format", "format_", type=click.Choice(["text", "json"]), default="text", show_default=True)
@pass_app
def settings(app: App, changed: bool, format_: str) -> int:
    """Show each setting with its value and where it comes from; secrets are not shown."""
    rows = [row for row in list_settings(app.settings_in_force) if not (changed and row.is_default)]
    if format_ == "json":
        output.say_json(rows)
    else:
        table = [(row.key, visible_in_line(row.value), visible_in_line(row.origin)) for row in rows]
        output.say_table(("key", "value", "origin"), table)
    return 0

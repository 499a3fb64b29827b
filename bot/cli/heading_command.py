"""The `heading` command that `news`, `banner` and `links` share."""

import click

from bot.cli.app import App, pass_app
from bot.cli.edit_report import dry_run_option, finish
from bot.operations import edit


def add_heading_command(group: click.Group, region: str) -> None:
    """Give *group* a command that sets the heading of *region*."""

    @group.command("heading")
    @click.argument("text", required=False)
    @click.option("--remove", is_flag=True, help="Remove the heading.")
    @click.option("--level", type=click.IntRange(0, 6), help="1 to 6: a heading of that level; 0: a bold line.")
    @dry_run_option
    @pass_app
    def heading(app: App, text: str | None, *, remove: bool, level: int | None, dry_run: bool) -> None:
        """Set the heading above the region to TEXT, in the data file."""
        if remove == (text is not None):
            raise click.UsageError("give the new TEXT of the heading, or --remove")
        if remove and level is not None:
            raise click.UsageError("--level needs a TEXT")
        finish(
            app, region, lambda: edit.set_heading(app.runtime.data_file(), region, text, level=level), dry_run=dry_run
        )

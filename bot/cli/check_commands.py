"""`wikibot check`: look for mistakes before they matter."""

from dataclasses import replace

import click

from bot.cli import output
from bot.cli.app import App, pass_app
from bot.operations.check import CheckOutcome, run_checks


@click.command()
@click.option("--format", "fmt", type=click.Choice(["text", "json"]), default="text", show_default=True)
@click.option("--external", is_flag=True, help="Follow the links to other sites too; never into a private network.")
@click.option("--offline", is_flag=True, help="Only what needs neither the wiki nor a secret, for a merge request.")
@click.option(
    "--tree",
    is_flag=True,
    help="Read all active pages, and list their links to pages that are gone, archived or restricted.",
)
@pass_app
def check(app: App, *, fmt: str, external: bool, offline: bool, tree: bool) -> int:
    """Check settings, account, data files, templates, links, rights and pages; ends with 1 when something is wrong."""
    if offline and (external or tree):
        raise click.UsageError("--external and --tree need the wiki; leave out --offline")
    checks = []
    runtime = replace(app.runtime, is_attended=True)
    for found in run_checks(
        None if offline else runtime.gateway,
        runtime.workspaces,
        runtime.settings.safety,
        config_path=runtime.settings.config_path,
        now=runtime.clock(),
        asks_external=external,
        reads_tree=tree,
        snapshots=None if offline else runtime.snapshots,
        wiki=runtime.settings.wiki,
        own_files=runtime.own_files,
        notify=runtime.settings.notify,
        remote=runtime.data_remote,
    ):
        checks.append(found)
        if fmt == "text":
            message = f": {found.message}" if found.message else ""
            output.say_outcome(found.outcome, f"{found.what}{message}")
    if fmt == "json":
        output.say_json(checks)
    return 1 if any(found.outcome is CheckOutcome.ERROR for found in checks) else 0

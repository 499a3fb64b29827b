"""`wikibot check`: look for mistakes before they matter."""

from collections.abc import Iterable
from dataclasses import replace
from itertools import chain, groupby

import click

from bot.cli import output
from bot.cli.app import App, pass_app
from bot.cli.each_wiki import for_each_wiki
from bot.operations.check import Check, CheckOutcome, run_checks
from bot.plural import counted


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
@for_each_wiki()
def check(app: App, *, fmt: str, external: bool, offline: bool, tree: bool) -> int:
    """Check settings, account, data files, templates, links, rights and pages; ends with 1 when something is wrong."""
    if offline and (external or tree):
        raise click.UsageError("--external and --tree need the wiki; leave out --offline")
    checks = []
    runtime = replace(app.runtime, is_attended=True)
    is_grouped = len(runtime.workspaces) > 1
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
        if fmt == "text" and not (is_grouped and found.workspace):
            _say(found)
    if fmt == "json":
        output.say_json(checks)
    elif is_grouped:
        _say_by_workspace([check for check in checks if check.workspace])
    return 1 if any(found.outcome is CheckOutcome.ERROR for found in checks) else 0


def _say(check: Check) -> None:
    output.say_outcome(check.outcome, f"{check.what}: {check.message}" if check.message else check.what)


def _say_by_workspace(checks: Iterable[Check]) -> None:
    """Print what is wrong in each workspace, the errors first; the workspaces that are well are one line."""
    wrong: dict[CheckOutcome, dict[str, list[Check]]] = {CheckOutcome.ERROR: {}, CheckOutcome.WARNING: {}}
    well: list[str] = []
    for name, found in groupby(checks, key=lambda check: check.workspace):
        flaws = [check for check in found if check.outcome in wrong]
        if not flaws:
            well.append(name)
            continue
        flaws.sort(key=lambda check: [*wrong].index(check.outcome))
        wrong[flaws[0].outcome][name] = flaws
    for name, flaws in chain.from_iterable(group.items() for group in wrong.values()):
        output.say_heading(f"workspace {name}")
        for check in flaws:
            _say(check)
    if well:
        output.say_outcome(CheckOutcome.OK, f"{counted(len(well), 'workspace')} without findings: {', '.join(well)}")
    errors, warnings = (len(group) for group in wrong.values())
    total = counted(errors + warnings + len(well), "workspace")
    output.say(f"{total}: {errors} with errors, {warnings} with warnings only, {len(well)} without findings")

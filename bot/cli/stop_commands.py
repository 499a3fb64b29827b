"""`wikibot stop` and `wikibot resume`: end all writes to the wiki, and allow them again."""

import getpass

import click

from bot.cli import output
from bot.cli.app import App, pass_app
from bot.cli.each_wiki import for_each_wiki
from bot.errors import StoppedError
from bot.sync.stop_order import StopOrder

_BY = click.option("--by", default=getpass.getuser, help="Who decided it.  [default: your account]")


@click.command()
@click.argument("reason")
@_BY
@pass_app
@for_each_wiki()
def stop(app: App, reason: str, by: str) -> int:
    """Write nothing more to the wiki, because of REASON, until `wikibot resume`.

    It applies to all workspaces, or to one with --workspace. A write that has begun ends first. Plans are still made,
    and pages are still captured.
    """
    runtime = app.runtime
    for workspace in runtime.workspaces:
        runtime.folders.stop_orders.give(workspace.name, StopOrder(since=runtime.clock(), by=by, reason=reason))
        output.say_advice(
            f"nothing more is written to workspace {workspace.name!r}; `wikibot resume` lets the bot go on"
        )
    return 0


@click.command()
@pass_app
@for_each_wiki()
def resume(app: App) -> int:
    """Let the bot write again after `wikibot stop`, to all workspaces or to one with --workspace."""
    orders = app.runtime.folders.stop_orders
    for workspace in app.runtime.workspaces:
        try:
            order = orders.find(workspace.name)
        except StoppedError as error:
            output.warn(str(error))
        else:
            if order is None:
                output.say(f"workspace {workspace.name!r}: nobody had stopped the bot")
                continue
            output.say(f"workspace {workspace.name!r}: the bot writes again; {order}")
        orders.lift(workspace.name)
    return 0

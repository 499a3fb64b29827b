"""`wikibot mcp`: what an assistant may do, over the Model Context Protocol on standard input and output."""

from importlib.util import find_spec

import click

from bot.cli.app import App, pass_app
from bot.errors import SettingsError


@click.command()
@pass_app
def mcp(app: App) -> None:
    """Serve assistants over the Model Context Protocol, on standard input and output, until the input ends.

    An assistant can read: news, banner, links, drafts, the plan, the status, the captured pages. It can propose a
    change: a draft that a person approves at the desk or with `wikibot drafts`. It publishes nothing.
    """
    if find_spec("mcp") is None:
        raise SettingsError("the package `mcp` is not installed; install wikibot[mcp] (see docs/assistants.md)")
    from bot.cli.assistant_tools import make_server

    app.runtime.workspaces  # noqa: B018 -- raises before an assistant waits for answers
    make_server(app.runtime).run("stdio")

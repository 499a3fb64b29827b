"""`wikibot tree` and `render`: look at the workspace."""

import click

from bot.cli import output
from bot.cli.app import App, pass_app
from bot.cli.parameter_types import complete_regions
from bot.errors import SettingsError
from bot.operations import view
from bot.operations.view import TreePage


@click.command()
@click.option("--archived", is_flag=True, help="Only archived pages.")
@click.option("--format", "fmt", type=click.Choice(["text", "json", "markdown"]), default="text", show_default=True)
@pass_app
def tree(app: App, *, archived: bool, fmt: str) -> None:
    """Show the page tree of the space, with status."""
    pages = view.read_tree(app.runtime.gateway(), app.runtime.workspace, archived_only=archived)
    match fmt:
        case "json":
            output.say_json(pages)
        case "markdown":
            for page in pages:
                output.say(_as_markdown(page))
        case _:
            for page in pages:
                mark = "  (archived)" if page.is_archived else ""
                output.say(f"{'  ' * page.depth}{page.title}  #{page.id}{mark}")


@click.command()
@click.argument("region", required=False, shell_complete=complete_regions)
@click.option("--offline", is_flag=True, help="Take page references for titles instead of asking the wiki.")
@pass_app
def render(app: App, *, region: str | None, offline: bool) -> None:
    """Print the storage format that would be written, of REGION or of all regions."""
    runtime = app.runtime
    try:
        gateway = None if offline else runtime.gateway()
    except SettingsError as error:
        raise SettingsError(f"{error}; or add --offline to render without the wiki") from error
    rendered = view.render_regions(runtime.workspace, gateway, region, now=runtime.clock())
    for name, text in rendered.items():
        if region is None:
            output.say(f"<!-- {name} -->")
        output.say(text)


def _as_markdown(page: TreePage) -> str:
    title = page.title.replace("\\", "\\\\").replace("[", "\\[").replace("]", "\\]")
    mark = " *(archived)*" if page.is_archived else ""
    return f"{'  ' * page.depth}- [{title}]({page.url}){mark}"

"""`wikibot wiki`: the commands of the embedded wiki, which is a distribution of its own (`wikiserver/`)."""

import click

from bot.cli.app import HELP_OPTIONS, add_common_options
from bot.cli.usage_errors import SuggestingGroup
from bot.errors import BotError


def wikiserver_missing(error: ModuleNotFoundError) -> BotError:
    """Return what to say when the embedded wiki, or a library that it needs, is not installed."""
    return BotError(
        f"the embedded wiki is not installed (no module {error.name}); "
        "run `pip install ./wikiserver` in a checkout of wikibot"
    )


class _WikiGroup(SuggestingGroup):
    """The commands of the embedded wiki; they are imported only when one of them is asked for."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return _load_commands().list_commands(ctx)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        command = _load_commands().get_command(ctx, cmd_name)
        return command and add_common_options(command)


def _load_commands() -> click.Group:
    try:
        from wikiserver.commands import cli
    except ModuleNotFoundError as error:
        raise wikiserver_missing(error) from error
    return cli


@click.group(cls=_WikiGroup, context_settings={"help_option_names": list(HELP_OPTIONS)})
def wiki() -> None:
    """Run a small embedded Confluence, for demonstrations and tests."""

"""The reference of all commands as Markdown, made from their own help (docs/commands.md)."""

from collections.abc import Iterator

import click

from bot.cli.app import App
from bot.cli.main import cli

_WIDTH = 100


def reference() -> str:
    """Return the reference of the whole command tree."""
    settings = {**cli.context_settings, "terminal_width": _WIDTH, "max_content_width": _WIDTH}
    root = click.Context(cli, info_name="wikibot", obj=App(), **settings)
    parts = ["# Commands\n", "Made from the program's own help by `script/docs`; a test keeps it true.\n"]
    for path, text in _helps(cli, root):
        parts.append(f"## `{path}`\n\n```text\n{text.rstrip()}\n```\n")
    return "\n".join(parts)


def _helps(command: click.Command, context: click.Context) -> Iterator[tuple[str, str]]:
    yield context.command_path, command.get_help(context)
    if isinstance(command, click.Group):
        for name in command.list_commands(context):
            child = command.get_command(context, name)
            if child is not None and not child.hidden:
                yield from _helps(child, _child_context(child, name, context))


def _child_context(child: click.Command, name: str, parent: click.Context) -> click.Context:
    return click.Context(child, info_name=name, parent=parent, terminal_width=_WIDTH, max_content_width=_WIDTH)

"""The command tree: parse arguments, call one operation, return an exit code."""

import os
import sys
from importlib import import_module

import click

from bot.cli import output
from bot.cli.app import App, add_common_options
from bot.errors import BotError, EvidenceError, LockedError, StoppedError, UnsafePlanError

_COMMANDS = {
    "init": "bot.cli.init_commands:init",
    "check": "bot.cli.check_commands:check",
    "plan": "bot.cli.sync_commands:plan",
    "apply": "bot.cli.sync_commands:apply",
    "sync": "bot.cli.sync_commands:sync",
    "drift": "bot.cli.sync_commands:drift",
    "adopt": "bot.cli.adopt_commands:adopt",
    "news": "bot.cli.edit_commands:news",
    "status": "bot.cli.edit_commands:status",
    "links": "bot.cli.edit_commands:links",
    "tree": "bot.cli.view_commands:tree",
    "render": "bot.cli.view_commands:render",
    "snapshot": "bot.cli.snapshot_commands:snapshot",
    "verify": "bot.cli.snapshot_commands:verify",
    "history": "bot.cli.archive_commands:history",
    "diff": "bot.cli.archive_commands:diff",
    "search": "bot.cli.archive_commands:search",
    "export": "bot.cli.archive_commands:export",
    "report": "bot.cli.archive_commands:report",
    "redact": "bot.cli.archive_commands:redact",
    "convert": "bot.cli.convert_commands:convert",
    "run": "bot.cli.run_commands:run",
    "wiki": "bot.cli.wiki_commands:wiki",
    "demo": "bot.cli.demo:demo",
}
"""Each command and where it lives; a command's module is imported only when it is asked for."""

_EXIT_CODES: tuple[tuple[type[BotError], int], ...] = (
    (UnsafePlanError, 4),
    (LockedError, 5),
    (StoppedError, 6),
    (EvidenceError, 3),
    (BotError, 1),
)


class _LazyGroup(click.Group):
    def list_commands(self, ctx: click.Context) -> list[str]:
        del ctx
        return list(_COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        del ctx
        if cmd_name not in _COMMANDS:
            return None
        if cmd_name not in self.commands:
            module, _, name = _COMMANDS[cmd_name].partition(":")
            self.commands[cmd_name] = add_common_options(getattr(import_module(module), name))
        return self.commands[cmd_name]


@click.group(cls=_LazyGroup, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 110})
@click.version_option(package_name="wikibot")
def cli() -> None:
    """Keep the banner, links and news of a wiki workspace in step with one file, and its archived pages as Markdown."""


add_common_options(cli)


def main(arguments: list[str] | None = None) -> None:
    """Run the command line and leave with the exit code that the interface promises."""
    app = App()
    try:
        result = cli.main(args=arguments, prog_name="wikibot", obj=app, standalone_mode=False)
        code = result if isinstance(result, int) else 0
        sys.stdout.flush()
    except click.exceptions.Exit as error:
        code = error.exit_code
    except click.ClickException as error:
        error.show()
        code = 1  # not click's 2, which `plan` uses for "there are changes"
    except (click.Abort, KeyboardInterrupt):
        output.fail("interrupted")
        code = 130
    except BotError as error:
        if app.is_verbose:
            raise
        output.fail(str(error))
        code = exit_code(error)
    except BrokenPipeError:
        # The reader has seen enough (`| head`); leave without complaint, also when Python flushes at exit.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        code = 0
    except Exception as error:
        if app.is_verbose:
            raise
        output.fail(f"unexpected {type(error).__name__}: {error}; this is a bug, run again with -v for the details")
        code = 1
    sys.exit(code)


def exit_code(error: BotError) -> int:
    """Return the exit code that the interface names for *error*."""
    return next(code for kind, code in _EXIT_CODES if isinstance(error, kind))

"""The command tree: parse arguments, call one operation, return an exit code."""

import atexit
import errno
import gc
import os
import sys

import click

from bot.cli import host, output
from bot.cli.app import App, LateGroup, add_common_options
from bot.cli.lean_imports import prepare_imports
from bot.cli.usage_errors import describe_usage_error
from bot.errors import BotError, ContinuityError, EvidenceError, LockedError, StoppedError, UnsafePlanError
from bot.files import OUTPUT_UMASK

_OF_THE_MACHINE = {errno.ENOSPC, errno.EDQUOT, errno.EROFS, errno.EFBIG, errno.EIO, errno.EMFILE, errno.ENFILE}
"""What the disk or the limits of the system refuse; no bug of the program."""

_COMMANDS = {
    "init": (
        "bot.cli.init_commands:init",
        "Set up: ask for missing options, test the connection, write settings and data file.",
    ),
    "check": (
        "bot.cli.check_commands:check",
        "Check settings, account, data files, templates, links, rights and pages.",
    ),
    "doctor": (
        "bot.cli.doctor_command:doctor",
        "Examine machine, account and wiki; make a report to send in.",
    ),
    "plan": ("bot.cli.sync_commands:plan", "Show what would change, region by region; writes nothing to the wiki."),
    "apply": ("bot.cli.sync_commands:apply", "Apply the reviewed plan and nothing else."),
    "sync": ("bot.cli.sync_commands:sync", "Plan and apply unattended."),
    "drift": ("bot.cli.sync_commands:drift", "Show what people changed inside regions, with who and when."),
    "adopt": ("bot.cli.adopt_commands:adopt", "Import a page, or the live text of its regions, into the data file."),
    "news": ("bot.cli.news_commands:news", "Edit the news in the data file."),
    "banner": ("bot.cli.banner_commands:banner", "Edit the status banner in the data file."),
    "links": ("bot.cli.link_commands:links", "Edit the quick links in the data file."),
    "drafts": ("bot.cli.draft_commands:drafts", "Changes of the data file that are not made yet, and their approval."),
    "revisions": (
        "bot.cli.revision_commands:revisions",
        "List the revisions of the data file, or show what one changed.",
    ),
    "undo": ("bot.cli.revision_commands:undo", "Take back one change of the data file; later changes stay."),
    "find": ("bot.cli.find_command:find", "Find pages and files to link to."),
    "tree": ("bot.cli.view_commands:tree", "Show the page tree of the space, with status."),
    "render": ("bot.cli.view_commands:render", "Print the storage format that would be written."),
    "snapshot": (
        "bot.cli.snapshot_commands:snapshot",
        "Capture archived pages as Markdown, together with the evidence.",
    ),
    "verify": ("bot.cli.snapshot_commands:verify", "Check the snapshots: files, chain of checkpoints, signatures."),
    "history": ("bot.cli.archive_commands:history", "Show the versions and events of a captured page."),
    "diff": ("bot.cli.archive_commands:diff", "Show what changed in a captured page between two versions."),
    "search": ("bot.cli.archive_commands:search", "Find captured pages that contain all words."),
    "site": ("bot.cli.archive_commands:site", "Write the captured pages as a static site that opens without a server."),
    "export": ("bot.cli.archive_commands:export", "Copy the pages captured in a period into a separate bag."),
    "report": ("bot.cli.archive_commands:report", "Report what was captured, changed, gone and missing in a period."),
    "redact": (
        "bot.cli.archive_commands:redact",
        "Remove the content of a captured page permanently; its digests stay.",
    ),
    "hold": ("bot.cli.hold_commands:hold", "Protect captured pages from redaction, for example during a case."),
    "evidence": (
        "bot.cli.evidence_commands:evidence",
        "Decide what the bot refuses to decide about snapshots: trust, new log, rollback, keys.",
    ),
    "convert": ("bot.cli.convert_commands:convert", "Print a page body in storage format as Markdown."),
    "stop": ("bot.cli.stop_commands:stop", "Write nothing more to the wiki until `resume`."),
    "resume": ("bot.cli.stop_commands:resume", "Let the bot write again after `stop`."),
    "status": ("bot.cli.status_command:status", "Show how the bot is doing: jobs, regions, what needs a person."),
    "run": ("bot.cli.run_commands:run", "Run the scheduled jobs until stopped."),
    "notify": ("bot.cli.notify_commands:notify", "Try the addresses that messages about the bot go to."),
    "runs": ("bot.cli.run_history_command:runs", "List the runs of the scheduled jobs, or show the log of one run."),
    "serve": ("bot.cli.serve_command:serve", "Serve the web desk: news, plans and archive in a browser."),
    "user": ("bot.cli.user_commands:user", "Manage the accounts of the web desk."),
    "mcp": (
        "bot.cli.mcp_command:mcp",
        "Serve assistants over MCP on standard input: they read and propose, never publish.",
    ),
    "settings": ("bot.cli.settings_command:settings", "Show each setting with its value and where it comes from."),
    "wiki": ("bot.cli.wiki_commands:wiki", "Run a small embedded Confluence, for demonstrations and tests."),
    "demo": ("bot.cli.demo:demo", "Demonstrate the bot on an embedded wiki."),
}
"""Each command, where it lives, and its line in the help.

A command's module is imported only when that command is asked for: some libraries take a second to import.
"""

_RARE_COLLECTIONS = (100_000, 20, 20)
"""A large data file is many objects and no garbage; the usual thresholds cost a tenth of the time of a command."""

_EXIT_CODES: tuple[tuple[type[BotError], int], ...] = (
    (UnsafePlanError, 4),
    (LockedError, 5),
    (StoppedError, 6),
    (ContinuityError, 1),
    (EvidenceError, 3),
    (BotError, 1),
)


class _Commands(LateGroup):
    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        if not args and not ctx.resilient_parsing:
            output.say(ctx.get_help())
            ctx.exit(1)
        return super().parse_args(ctx, args)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        with formatter.section("Commands"):
            formatter.write_dl([(name, _COMMANDS[name][1]) for name in self.list_commands(ctx)])


@click.group(
    cls=_Commands,
    late={name: place for name, (place, _) in _COMMANDS.items()},
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 110},
)
@click.version_option(package_name="wikibot")
def cli() -> None:
    """Keep the banner, links and news of a wiki workspace in step with one file, and its archived pages as Markdown."""


add_common_options(cli)


def main(arguments: list[str] | None = None) -> None:
    """Run the command line and leave with the exit code that the interface promises."""
    host.prepare_streams()
    os.umask(os.umask(OUTPUT_UMASK) | OUTPUT_UMASK)
    gc.set_threshold(*_RARE_COLLECTIONS)
    atexit.register(gc.freeze)  # otherwise Python searches all objects once more when it ends
    prepare_imports()
    if problem := host.find_unsupported_system(sys.platform):
        output.warn(f"error: {problem}")
        sys.exit(1)
    app = App(arguments=tuple(sys.argv[1:] if arguments is None else arguments))
    output.complete_advice_with(app.complete_advice)
    code = _run(app, arguments)
    failure = host.find_output_failure()
    if failure is not None and code in (0, 2):
        output.fail(f"the output is incomplete: standard output cannot be written: {failure.strerror}")
        code = 1
    app.finish_logging()
    sys.exit(code)


def _run(app: App, arguments: list[str] | None) -> int:
    try:
        result = cli.main(args=arguments, prog_name="wikibot", obj=app, standalone_mode=False)
        return result if isinstance(result, int) else 0
    except click.exceptions.Exit as error:
        return error.exit_code
    except click.ClickException as error:
        output.fail(describe_usage_error(error), advises=False)
        return 1  # not click's 2, which `plan` uses for "there are changes"
    except (click.Abort, KeyboardInterrupt):
        output.fail("interrupted")
        return 130
    except BotError as error:
        if app.is_verbose:
            output.say_traceback()
        output.fail(str(error))
        return exit_code(error)
    except Exception as error:  # noqa: BLE001 -- the last resort: an error line in place of a traceback
        if app.is_verbose:
            output.say_traceback()
        if isinstance(error, OSError) and error.errno in _OF_THE_MACHINE:
            output.fail(f"{error.filename or 'a file'} cannot be used: {error.strerror}; correct this and run it again")
        else:
            output.fail(f"unexpected {type(error).__name__}: {error}; this is a bug, run again with -v for the details")
        return 1


def exit_code(error: BotError) -> int:
    """Return the exit code that the interface names for *error*."""
    return next(code for kind, code in _EXIT_CODES if isinstance(error, kind))

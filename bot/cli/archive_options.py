"""The options of commands that only read snapshots: those of the settings, or any folder, without a settings file."""

import datetime as dt
import functools
from collections.abc import Callable
from pathlib import Path

import click

from bot.cli.app import App, pass_app
from bot.operations.archive_reader import ArchiveReader, read_folder, read_own

_OPTIONS = (
    click.option(
        "--snapshots",
        "folder",
        type=click.Path(exists=True, file_okay=False, path_type=Path),
        metavar="DIR",
        help="Read this folder, without a settings file and without writing to it.  [default: from bot.yaml]",
    ),
    click.option(
        "--allowed-signers",
        "signers",
        type=click.Path(exists=True, dir_okay=False, path_type=Path),
        metavar="FILE",
        help="With --snapshots: show nothing unless one of these keys signed the head.",
    ),
    click.option(
        "--witness",
        "witnesses",
        metavar="DIGEST",
        multiple=True,
        help="With --snapshots: show nothing unless the head descends from this one. May be repeated.",
    ),
    click.option(
        "--cache",
        type=click.Path(file_okay=False, path_type=Path),
        metavar="DIR",
        help="With --snapshots: folder of the index.  [default: wikibot in the cache folder of your account]",
    ),
)


def pass_reader(command: Callable[..., int]) -> Callable[..., int]:
    """Give *command* the snapshots as its first argument, and the options that choose them."""

    def run(
        app: App,
        /,
        folder: Path | None,
        signers: Path | None,
        witnesses: tuple[str, ...],
        cache: Path | None,
        **options: object,
    ) -> int:
        return command(open_reader(app, folder, signers, witnesses, cache), **options)

    return reader_options(functools.update_wrapper(pass_app(run), command))


def reader_options(command: Callable[..., int]) -> Callable[..., int]:
    """Add the options that choose the snapshots: *folder*, *signers*, *witnesses* and *cache*."""
    for option in reversed(_OPTIONS):
        command = option(command)
    return command


def open_reader(
    app: App,
    folder: Path | None,
    signers: Path | None = None,
    witnesses: tuple[str, ...] = (),
    cache: Path | None = None,
) -> ArchiveReader:
    """Return the snapshots in *folder*, or those of the settings."""
    if folder is None:
        if signers or witnesses or cache:
            raise click.UsageError("--allowed-signers, --witness and --cache need --snapshots DIR")
        return read_own(app.runtime.snapshots)
    app.set_up_logging()
    return read_folder(folder, clock=lambda: dt.datetime.now(dt.UTC), signers=signers, witnesses=witnesses, cache=cache)

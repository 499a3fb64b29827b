"""`wikibot serve`: the web desk."""

import math
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from datetime import datetime
from pathlib import Path

import click

from bot.cli import output
from bot.cli.app import App, pass_app
from bot.cli.archive_options import open_reader, reader_options
from bot.cli.run_commands import end_without_threads, stopping_on_signals
from bot.config.policy import DeskSettings
from bot.config.settings import Settings
from bot.desk.database import DATABASE_NAME, DeskDatabase
from bot.desk.desk import LOOPBACK, Desk, DeskAddress
from bot.history import open_history
from bot.live_schedule import LiveSchedule
from bot.operations.archive_reader import ArchiveReader
from bot.operations.health import is_bot_running
from bot.runtime import Runtime

_DUE_SECONDS = 20.0
_LOOK_SECONDS = 2.0


@click.command()
@click.option("--host", help="Address to listen on.  [default: that of `desk.listen`, 127.0.0.1]")
@click.option("--port", type=click.IntRange(0, 65_535), help="Port; 0 for a free one.  [default: `desk.listen`, 8091]")
@reader_options
@pass_app
def serve(
    app: App,
    host: str | None,
    port: int | None,
    folder: Path | None,
    signers: Path | None,
    witnesses: tuple[str, ...],
    cache: Path | None,
) -> int:
    """Serve the web desk until stopped (SIGTERM or Ctrl-C).

    With --snapshots it shows this folder alone, to people on this machine: no settings file, no wiki, no accounts.
    """
    app.set_up_logging(is_service=True)
    if folder is not None or signers or witnesses or cache:
        reader = open_reader(app, folder, signers, witnesses, cache)
        return _serve_folder(reader, host or LOOPBACK[0], DeskSettings().place[1] if port is None else port)
    runtime = replace(app.runtime, is_attended=False)
    threads = threading.enumerate()
    settings = runtime.settings.desk or DeskSettings()
    own_host, own_port = settings.place
    place = host or own_host, own_port if port is None else port
    with stopping_on_signals(runtime.stop), serving(runtime, settings, place, load=app.load_settings) as desk:
        say_where(desk)
        runtime.stop.wait()
    end_without_threads(app, threads, 0)
    return 0


def make_reading_desk(reader: ArchiveReader, host: str, port: int) -> Desk:
    """Return a desk that shows the snapshots of *reader* and nothing else."""
    return Desk(
        database=DeskDatabase(reader.index_path.with_suffix(".desk")),
        address=DeskAddress(host, port),
        load_runtime=None,
        reader=reader,
    )


def _serve_folder(reader: ArchiveReader, host: str, port: int) -> int:
    from bot.desk.server import DeskServer, open_port

    if host not in LOOPBACK:
        raise click.UsageError(f"--snapshots serves people on this machine only, so --host has to be {LOOPBACK[0]}")
    head = reader.library.head  # a folder that is not trusted ends the command here
    stop = threading.Event()
    with open_port(host, port) as listener:
        desk = make_reading_desk(reader, host, listener.getsockname()[1])
        with stopping_on_signals(stop), DeskServer(desk, listener):
            output.say(f"{reader.root}: run {head.sequence if head else 0}, read-only")
            output.say(f"to sign in, open {desk.link}")
            output.say_advice("(this link works once; start again for another)")
            stop.wait()
    return 0


@contextmanager
def serving(
    runtime: Runtime,
    settings: DeskSettings,
    place: tuple[str, int],
    live: LiveSchedule | None = None,
    *,
    load: Callable[[], Settings] | None = None,
) -> Iterator[Desk]:
    """Serve the desk on a host and a port while the block runs; *live* is the scheduler of this process.

    Without one, *load* reads the settings again when they change.

    Raises `SettingsError` if the port is taken, or if others could reach a desk that is not safe for them.
    """
    from bot.desk.server import DeskServer, open_port, raise_if_exposed

    with open_port(*place) as listener:
        desk = make_desk(runtime, settings, place[0], listener.getsockname()[1], live, load=load)
        raise_if_exposed(desk.address, desk.accounts, has_single_sign_on=settings.oidc is not None)
        with DeskServer(desk, listener):
            yield desk


def make_desk(
    runtime: Runtime,
    settings: DeskSettings,
    host: str,
    port: int,
    live: LiveSchedule | None = None,
    *,
    load: Callable[[], Settings] | None = None,
) -> Desk:
    """Return the desk of the workspaces in the settings."""
    found = ScheduleElsewhere(runtime, load or (lambda: runtime.settings)) if live is None else ScheduleHere(live)
    return Desk(
        database=DeskDatabase(runtime.folders.state / DATABASE_NAME),
        address=DeskAddress(host, port, settings.url),
        load_runtime=lambda: found.runtime,
        trusted_proxies=settings.trusted_proxies,
        single_sign_on=settings.oidc,
        clock=runtime.clock,
        schedule=found,
    )


def say_where(desk: Desk) -> None:
    """Print the address of the desk; while there is no account, with the link that signs in who opens it first."""
    output.say(f"listening on {desk.address.base}")
    if desk.accounts.is_empty and desk.address.is_loopback:
        output.say(f"to sign in, open {desk.link}")
        output.say("(this link works once; `wikibot user add NAME --role ROLE` makes accounts)")


class _LiveSettings:
    """The settings in force, by the scheduler *live* that reads them again."""

    def __init__(self, live: LiveSchedule) -> None:
        self._live = live

    @property
    def runtime(self) -> Runtime:
        """The runtime with the settings in force."""
        return self._live.runtime

    @property
    def trouble(self) -> str:
        """Why the settings on the disk are not used; empty if they are."""
        return self._live.trouble


class ScheduleHere(_LiveSettings):
    """The jobs of this process."""

    is_going = True

    @property
    def due(self) -> Mapping[str, datetime]:
        """When each job is due."""
        return self._live.scheduler.due


class ScheduleElsewhere(_LiveSettings):
    """The jobs of another process, which may run or not; the settings are read again here when they change."""

    def __init__(self, runtime: Runtime, load: Callable[[], Settings]) -> None:
        self._history = open_history(runtime.folders.state / "runs.db")
        super().__init__(LiveSchedule(runtime, self._history, load, runs_jobs=False))
        self._lock = threading.Lock()
        self._looked_at, self._read_at = time.monotonic(), -math.inf
        self._due, self._due_of = dict[str, datetime](), runtime.settings

    @property
    def runtime(self) -> Runtime:
        """The runtime with the settings in force; looks for new ones every few seconds."""
        if time.monotonic() - self._looked_at > _LOOK_SECONDS and self._lock.acquire(blocking=False):
            try:
                self._live.refresh()
                self._looked_at = time.monotonic()
            finally:
                self._lock.release()
        return super().runtime

    @property
    def due(self) -> Mapping[str, datetime]:
        """When each job is due, kept for some seconds."""
        runtime = self.runtime
        with self._lock:
            if time.monotonic() - self._read_at > _DUE_SECONDS or runtime.settings is not self._due_of:
                read = LiveSchedule(runtime, self._history, lambda: runtime.settings, runs_jobs=False)
                self._due, self._due_of = read.scheduler.due, runtime.settings
                self._read_at = time.monotonic()
            return self._due

    @property
    def is_going(self) -> bool:
        """Whether a `wikibot run` with these settings is running."""
        return is_bot_running(self._live.runtime.folders)

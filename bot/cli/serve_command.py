"""`wikibot serve`: the web desk."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime

import click

from bot.cli import output
from bot.cli.app import App, pass_app
from bot.cli.run_commands import stopping_on_signals
from bot.config.policy import DeskSettings
from bot.desk.database import DATABASE_NAME, DeskDatabase
from bot.desk.desk import Desk, DeskAddress
from bot.history import open_history
from bot.live_schedule import LiveSchedule
from bot.runtime import Runtime


@click.command()
@click.option("--host", help="Address to listen on.  [default: that of `desk.listen`, 127.0.0.1]")
@click.option("--port", type=click.IntRange(0, 65_535), help="Port; 0 for a free one.  [default: `desk.listen`, 8091]")
@pass_app
def serve(app: App, host: str | None, port: int | None) -> int:
    """Serve the web desk until stopped (SIGTERM or Ctrl-C)."""
    from bot.desk.server import DeskServer, open_port, raise_if_exposed

    app.set_up_logging(is_service=True)
    runtime = replace(app.runtime, is_attended=False)
    settings = runtime.settings.desk or DeskSettings()
    own_host, own_port = settings.place
    with open_port(host or own_host, own_port if port is None else port) as listener:
        desk = make_desk(runtime, settings, host or own_host, listener.getsockname()[1])
        raise_if_exposed(desk.address, desk.accounts, has_single_sign_on=settings.oidc is not None)
        with stopping_on_signals(runtime.stop), DeskServer(desk, listener):
            say_where(desk)
            runtime.stop.wait()
    return 0


def make_desk(runtime: Runtime, settings: DeskSettings, host: str, port: int) -> Desk:
    """Return the desk of the workspaces in the settings."""
    return Desk(
        database=DeskDatabase(runtime.folders.state / DATABASE_NAME),
        address=DeskAddress(host, port, settings.url),
        load_runtime=lambda: runtime,
        trusted_proxies=settings.trusted_proxies,
        clock=runtime.clock,
        next_due=lambda: _next_due(runtime),
    )


def say_where(desk: Desk) -> None:
    """Print the address of the desk; while there is no account, with the link that signs in who opens it first."""
    output.say(f"listening on {desk.address.base}")
    if desk.accounts.is_empty and desk.address.is_loopback:
        output.say(f"to sign in, open {desk.link}")
        output.say("(this link works once; `wikibot user add` makes accounts)")


def _next_due(runtime: Runtime) -> Mapping[str, datetime]:
    history = open_history(runtime.folders.state / "runs.db")
    return LiveSchedule(runtime, history, lambda: runtime.settings).scheduler.due

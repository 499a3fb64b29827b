"""`wikibot evidence`: decisions about the snapshots that only a person can make."""

import getpass
from pathlib import Path

import click

from bot.cli import output
from bot.cli.app import App, pass_app
from bot.cli.outside_report import inform_outside, outside_of
from bot.cli.usage_errors import SuggestingGroup
from bot.config.policy import RestrictedPages
from bot.errors import SettingsError
from bot.operations import evidence as operation
from bot.operations.evidence import Decision
from bot.operations.format_upgrade import upgrade_snapshots
from bot.operations.outside import Outside
from bot.operations.workspace import Snapshots
from bot.snapshot.archive.checkpoint import Checkpoint

_BY = click.option("--by", default=getpass.getuser, help="Who decided it.  [default: your account]")
_REASON = click.option("--reason", required=True, help="The reason; it is recorded in the evidence.")
_OPTIONAL_REASON = click.option("--reason", default="", help="The reason; it is recorded in the evidence.")
_HEAD = click.option("--head", required=True, metavar="DIGEST", help="SHA-256 of the newest CHECKPOINT on disk.")
_RESTRICTED = click.option(
    "--restricted", is_flag=True, help="The folder of the restricted pages, where the settings separate them."
)
_DONE = 0


@click.group(cls=SuggestingGroup)
def evidence() -> None:
    """Decide what the bot refuses to decide about its snapshots.

    Each decision is recorded as an event with your account and the reason. A scheduled run never makes one. Witnesses
    and the mirror get the run at once; a command ends with 1 if one of them does not have it.
    """


@evidence.command()
@_HEAD
@_OPTIONAL_REASON
@_BY
@_RESTRICTED
@pass_app
def trust(app: App, head: str, reason: str, by: str, restricted: bool) -> int:
    """Go on with snapshots that this bot does not remember, for example on a new machine.

    Everything is checked first. Compare DIGEST with one that was published elsewhere.
    """
    snapshots = _chosen(app, restricted)
    outside = outside_of(app, snapshots)
    return _say(operation.trust(snapshots, head, Decision(by, reason)), "the snapshots are trusted", outside)


@evidence.command("new-log")
@_REASON
@_BY
@_RESTRICTED
@pass_app
def new_log(app: App, reason: str, by: str, restricted: bool) -> int:
    """Give up the log that this bot remembers: move the folder aside and begin a new log, which names the old head."""
    runtime = app.runtime
    snapshots = _chosen(app, restricted)
    outside = outside_of(app, snapshots)
    made = operation.begin_new_log(snapshots, runtime.gateway().base_url, Decision(by, reason))
    if made.moved_to:
        output.say(f"the old snapshots are in {made.moved_to}")
    return _say(made.checkpoint, "a new log begins", outside)


@evidence.command("accept-rollback")
@_HEAD
@_REASON
@_BY
@_RESTRICTED
@pass_app
def accept_rollback(app: App, head: str, reason: str, by: str, restricted: bool) -> int:
    """Give up the runs after an older state that was put back."""
    snapshots = _chosen(app, restricted)
    outside = outside_of(app, snapshots)
    made = operation.accept_rollback(snapshots, head, Decision(by, reason), outside.witnesses)
    return _say(made, "the older state is accepted", outside)


@evidence.command("start-signing")
@_OPTIONAL_REASON
@_BY
@_RESTRICTED
@pass_app
def start_signing(app: App, reason: str, by: str, restricted: bool) -> int:
    """Check snapshots that were never signed, and sign from now on. Afterwards unsigned runs are refused."""
    snapshots = _chosen(app, restricted)
    outside = outside_of(app, snapshots)
    outside.check()
    return _say(operation.start_signing(snapshots, Decision(by, reason)), "signing has begun", outside)


@evidence.command("rotate-key")
@click.option(
    "--to", "new_key", required=True, type=click.Path(path_type=Path), metavar="KEY", help="The new private key."
)
@_OPTIONAL_REASON
@_BY
@_RESTRICTED
@pass_app
def rotate_key(app: App, new_key: Path, reason: str, by: str, restricted: bool) -> int:
    """Announce a new key in a run that the present key signs; afterwards set snapshots.signing_key to the new key."""
    snapshots = _chosen(app, restricted)
    outside = outside_of(app, snapshots)
    outside.check()
    made, fingerprint = operation.rotate_key(snapshots, new_key.absolute(), Decision(by, reason))
    code = _say(made, f"the key {fingerprint} is announced", outside)
    output.say(
        f"now set snapshots.signing_key to {new_key}, and give the file of allowed signers to the auditors again"
    )
    return code


@evidence.command()
@_BY
@_RESTRICTED
@pass_app
def upgrade(app: App, by: str, restricted: bool) -> int:
    """Take over snapshots of format 1, after a full check. Make a copy before."""
    snapshots = _chosen(app, restricted)
    outside = outside_of(app, snapshots)
    made = upgrade_snapshots(snapshots, by=by)
    if made is None:
        output.say("the snapshots have the present format already; nothing was written")
        return _DONE
    return _say(made, "the snapshots have format 2 now", outside)


def _chosen(app: App, restricted: bool) -> Snapshots:
    snapshots = app.runtime.snapshots
    if restricted and snapshots.policy.restricted is not RestrictedPages.SEPARATE:
        raise SettingsError("--restricted: the settings do not separate restricted pages (snapshots.restricted)")
    return snapshots.separate if restricted else snapshots


def _say(made: Checkpoint, what: str, outside: Outside) -> int:
    output.say(f"{what}: run {made.sequence}")
    return inform_outside(outside)

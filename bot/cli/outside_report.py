"""Bring witnesses and mirror to a run that a command wrote, and say what they have."""

from bot.cli import output
from bot.cli.app import App
from bot.operations.outside import Outside, open_outside
from bot.operations.workspace import Snapshots


def outside_of(app: App, snapshots: Snapshots | None = None) -> Outside:
    """Return the witnesses and the mirror of the snapshots, before a command writes to them."""
    runtime = app.runtime
    return open_outside(runtime.gateway, runtime.workspaces, snapshots or runtime.snapshots)


def inform_outside(outside: Outside) -> int:
    """Bring every place to the newest run; return 1 if a person has to do something about one of them."""
    told = outside.inform()
    alarms = told.alarms
    for report in (*told.witnesses, *([told.mirror] if told.mirror else [])):
        (output.fail if report in alarms else output.say)(str(report))
    return 1 if alarms else 0

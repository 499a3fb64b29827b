"""Data files in a git remote: take the newest, and push what was edited here, while nobody edits."""

from collections.abc import Sequence
from contextlib import ExitStack

from bot.config.data_remote import DataRemote
from bot.operations.workspace import Workspace


def exchange(remote: DataRemote, workspaces: Sequence[Workspace], *, pushes: bool = True) -> str | None:
    """Bring the clone up to date and push own commits; returns what a person has to do, if anything.

    Raises `SettingsError` if the remote cannot be used, or both sides changed the same lines, and `LockedError`.
    """
    with ExitStack() as locks:
        for workspace in workspaces:
            if workspace.data_path.is_relative_to(remote.folder):
                locks.enter_context(workspace.shared_data.lock())
        locks.enter_context(remote.lock())
        remote.pull()
        return remote.push() if pushes else None

"""Data files in a git remote: take the newest, and push what was edited here."""

from bot.config.data_remote import DataRemote


def exchange(remote: DataRemote, *, pushes: bool = True) -> str | None:
    """Bring the clone up to date and push own commits; returns what a person has to do, if anything.

    Raises `SettingsError` if the remote cannot be used, or both sides changed the same lines, and `LockedError`.
    """
    with remote.lock():
        remote.pull()
        return remote.push() if pushes else None

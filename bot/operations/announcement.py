"""Messages about how the bot is doing and about what happened to texts, from the files of the state folder alone."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from bot.config.policy import JobSettings, NotifySettings
from bot.errors import NotifyError
from bot.history import RunHistory
from bot.notify.announcer import Announcer, iter_addresses
from bot.notify.channel import check_address, send_message
from bot.notify.memory import load_notified
from bot.notify.message import Message
from bot.notify.occurrence import Occurrence
from bot.operations.health import read_health
from bot.operations.occurrences import find_occurrences
from bot.operations.workspace import Folders, Workspace


@dataclass(frozen=True, slots=True)
class Announcements:
    """Who is told what about which workspaces; *desk* is the address of the desk, or empty.

    *wiki* is the name of the wiki, if the settings have several.
    """

    policy: NotifySettings
    jobs: Sequence[JobSettings]
    workspaces: Sequence[Workspace]
    folders: Folders
    desk: str
    wiki: str = ""

    def begin(self, now: datetime) -> None:
        """Take what happened so far as known to new receivers; raises `NotifyError` if that cannot be recorded."""
        self._announcer.begin(lambda: self._occurrences(now), now)

    def send(self, history: RunHistory, now: datetime, *, trouble: str = "") -> None:
        """Send what is new; a channel that fails is a concern of `read_health` from then on.

        *trouble* is why changed settings are not used. Raises `NotifyError` if it cannot be recorded what was sent, and
        `HistoryError`.
        """
        health = read_health(self.jobs, self.workspaces, self.folders, history, now=now, trouble=trouble)
        self._announcer.announce(health.concerns, self._occurrences(now), now)

    @property
    def has_failure(self) -> bool:
        """Whether the last message to a receiver was not sent."""
        return any(each.failure for each in load_notified(self.folders.state).receivers.values())

    @property
    def _announcer(self) -> Announcer:
        return Announcer(self.policy, self.folders.state, desk=self.desk, wiki=self.wiki)

    def _occurrences(self, now: datetime) -> list[Occurrence]:
        return find_occurrences(self.workspaces, now, timedelta(hours=self.policy.expires_hours))


@dataclass(frozen=True, slots=True)
class Tried:
    """A receiver, the service that its address belongs to, and what went wrong; empty if nothing did."""

    receiver: str
    service: str = ""
    failure: str = ""


def check_receivers(policy: NotifySettings) -> list[Tried]:
    """Return for each channel and person whether its address can be used; nothing is sent."""
    found = []
    for name, address in iter_addresses(policy):
        try:
            found.append(Tried(name, check_address(address)))
        except NotifyError as error:
            found.append(Tried(name, failure=str(error)))
    return found


def send_test(policy: NotifySettings, names: Sequence[str], desk: str) -> list[Tried]:
    """Send a test message to the receivers *names*, by default to all."""
    tried = []
    for name, address in iter_addresses(policy):
        if names and name.partition(" ")[2] not in names:
            continue
        link = f"\n  desk: {desk}" if desk else ""
        message = Message("wikibot: test", f"This is a test message of wikibot to {name}. Nothing needs you.{link}\n")
        try:
            service = check_address(address)
            send_message(address, message)
            tried.append(Tried(name, service))
        except NotifyError as error:
            tried.append(Tried(name, failure=str(error)))
    return tried

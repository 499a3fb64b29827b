"""Messages about how the bot is doing and about what happened to texts, from the files of the state folder alone."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from bot.config.policy import ChannelSettings, JobSettings, NotifySettings
from bot.errors import BotError, NotifyError
from bot.history import RunHistory
from bot.notify.announcer import Announcer, iter_addresses
from bot.notify.channel import check_address, send_message
from bot.notify.memory import load_notified
from bot.notify.message import Message
from bot.notify.occurrence import Occurrence
from bot.operations.health import read_health
from bot.operations.home_comments import HomeComments
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
    comments: HomeComments | None = None

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
        return any(
            each.failure and not each.failure.is_said for each in load_notified(self.folders.state).receivers.values()
        )

    @property
    def _announcer(self) -> Announcer:
        return Announcer(self.policy, self.folders.state, desk=self.desk, wiki=self.wiki, comments=self.comments)

    def _occurrences(self, now: datetime) -> list[Occurrence]:
        return find_occurrences(self.workspaces, now, timedelta(hours=self.policy.expires_hours))


@dataclass(frozen=True, slots=True)
class Tried:
    """A receiver, the service that its address belongs to, and what went wrong; empty if nothing did."""

    receiver: str
    service: str = ""
    failure: str = ""


_COMMENT = "comments on the wiki"


def check_receivers(policy: NotifySettings) -> list[Tried]:
    """Return for each channel and person whether its address can be used; nothing is sent."""
    found = []
    for name, address in iter_addresses(policy):
        try:
            found.append(Tried(name, _COMMENT if _is_comment(policy, name) else check_address(address)))
        except NotifyError as error:
            found.append(Tried(name, failure=str(error)))
    return found


def send_test(policy: NotifySettings, names: Sequence[str], desk: str, comments: Sequence[HomeComments]) -> list[Tried]:
    """Send a test message to the receivers *names*, by default to all; *comments* has the home pages of each wiki.

    A channel with `comment` comments on the first home page of each wiki that it is for.
    """
    tried = []
    for name, address in iter_addresses(policy):
        if names and name.partition(" ")[2] not in names:
            continue
        link = f"\n  desk: {desk}" if desk else ""
        message = Message("wikibot: test", f"This is a test message of wikibot to {name}. Nothing needs you.{link}\n")
        if _is_comment(policy, name):
            channel = policy.channels[name.partition(" ")[2]]
            tried += [each for place in comments for each in _try_comment(name, channel, place, message)]
            continue
        try:
            service = check_address(address)
            send_message(address, message)
            tried.append(Tried(name, service))
        except NotifyError as error:
            tried.append(Tried(name, failure=str(error)))
    return tried


def _is_comment(policy: NotifySettings, name: str) -> bool:
    kind, _, channel = name.partition(" ")
    return kind == "channel" and policy.channels[channel].comment


def _try_comment(name: str, channel: ChannelSettings, place: HomeComments, message: Message) -> Iterator[Tried]:
    workspace = next((each for each in place.workspaces if each in (channel.workspaces or place.workspaces)), None)
    if workspace is None:
        return
    try:
        comment = place.post(workspace, message, channel.mention)
        yield Tried(name, f"{_COMMENT}: comment {comment} on the home page of workspace {workspace}")
    except BotError as error:
        yield Tried(name, failure=str(error))

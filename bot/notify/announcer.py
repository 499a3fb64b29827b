"""Who is told what, once: what is new for each receiver becomes one message."""

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Protocol

from bot.config.policy import ChannelSettings, NotifyEvent, NotifySettings
from bot.errors import (
    AuthenticationError,
    BotError,
    NotifyError,
    PageNotFoundError,
    RateLimitedError,
    StoppedError,
    WikiUnreachableError,
)
from bot.log import logger, redact
from bot.notify.channel import send_message
from bot.notify.concern import Concern
from bot.notify.memory import ChannelFailure, Receiver, ToldConcern, load_notified, save_notified
from bot.notify.message import Message, Recovery, compose, matter_of
from bot.notify.occurrence import Occurrence

CALM = timedelta(hours=1)
"""A matter that was over, or that changed, is announced again after this time at the earliest."""
_WAIT_MINUTES = (1, 5, 15, 60)
_MOST_HAPPENINGS = 20_000
_EVENTS = {
    "drifted": NotifyEvent.DRIFT,
    "conflict": NotifyEvent.CONFLICT,
    "edit war": NotifyEvent.EDIT_WAR,
    "held": NotifyEvent.HELD,
    "dead link": NotifyEvent.DEAD_LINK,
    "stopped": NotifyEvent.STOPPED,
    "failed": NotifyEvent.FAILED,
    "late": NotifyEvent.LATE,
    "shortfall": NotifyEvent.SHORTFALL,
}
CHANNEL_FAILS = "channel"
"""The kind of the concern that a channel fails; the channel itself is not told."""


def event_of(concern: Concern) -> NotifyEvent:
    """Return the event that a concern belongs to."""
    return _EVENTS.get(concern.kind, NotifyEvent.PROBLEM)


@dataclass(frozen=True, slots=True)
class Unsaid:
    """What is new for one receiver."""

    concerns: tuple[Concern, ...] = ()
    recoveries: tuple[Recovery, ...] = ()
    occurrences: tuple[Occurrence, ...] = ()

    def __bool__(self) -> bool:
        """Whether there is anything to say."""
        return bool(self.concerns or self.recoveries or self.occurrences)


class CommentPlace(Protocol):
    """Where the messages of a channel with `comment` go: the home pages of the workspaces."""

    @property
    def workspaces(self) -> Sequence[str]:
        """The workspaces."""

    def post(self, workspace: str, message: Message, mention: Sequence[str] = (), answers: str | None = None) -> str:
        """Comment on the home page, or answer a comment; returns the id. Raises `BotError`."""


_SAID_ANYWAY = (AuthenticationError, RateLimitedError, StoppedError, WikiUnreachableError)
"""Errors of a comment that the jobs meet, too."""


class Announcer:
    """Tells the receivers in *policy* what is new; remembers in the folder *state* what they know.

    *comments* is where the channels with `comment` write; without it, they get nothing. *wiki* is the name of the wiki,
    if there are several.
    """

    def __init__(
        self,
        policy: NotifySettings,
        state: Path,
        *,
        desk: str = "",
        wiki: str = "",
        comments: CommentPlace | None = None,
    ) -> None:
        self._policy, self._state, self._desk, self._comments = policy, state, desk, comments
        self._sender = f"wikibot {wiki}" if wiki else "wikibot"

    def begin(self, occurrences: Callable[[], Sequence[Occurrence]], now: datetime) -> None:
        """Take what happened before a receiver was in the settings as known to it."""
        file = load_notified(self._state)
        known = {name: file.receivers[name] for name in self._receivers() if name in file.receivers}
        fresh = [name for name in self._receivers() if name not in known]
        if not fresh and len(known) == len(file.receivers):
            return
        past = {each.key: now for each in occurrences() if each.is_past} if fresh else {}
        known |= {name: Receiver(occurrences=dict(past)) for name in fresh}
        save_notified(self._state, file.replaced(receivers=known))

    def announce(self, concerns: Sequence[Concern], occurrences: Sequence[Occurrence], now: datetime) -> None:
        """Send each receiver what is new to it, as one message; raises `NotifyError` if that cannot be recorded."""
        self.begin(lambda: occurrences, now)
        for name, (address, channel) in self._receivers().items():
            receiver = load_notified(self._state).receivers[name]
            if receiver.failure is not None and now < receiver.failure.again:
                continue
            news = _find_news(name, receiver, channel, concerns, occurrences, now)
            after = receiver
            if channel is not None and channel.comment:
                after = self._comment(name, channel, news, receiver, concerns, now)
            elif news:
                after = self._send(name, address, news, receiver, now)
            if after.failure is None:
                after = _forget(_note_recovered(after, concerns, now), concerns, now)
            if after != receiver:
                file = load_notified(self._state)
                save_notified(self._state, file.replaced(receivers={**file.receivers, name: after}))

    def _receivers(self) -> Mapping[str, tuple[str, ChannelSettings | None]]:
        """Return the address of each receiver, and the settings of those that are channels.

        Comments are the last, because the wiki may be slow.
        """
        found = [
            (name, address, self._policy.channels.get(name.removeprefix("channel ")) if _is_channel(name) else None)
            for name, address in iter_addresses(self._policy)
        ]
        found.sort(key=lambda item: item[2] is not None and item[2].comment)
        return {name: (address, channel) for name, address, channel in found}

    def _send(self, name: str, address: str, news: Unsaid, receiver: Receiver, now: datetime) -> Receiver:
        """Send *news* and return what the receiver knows then."""
        message = self._compose(news)
        try:
            send_message(address, message)
        except NotifyError as error:
            return _failed(name, receiver, error, now)
        logger.info("sent to {}: {}", name, message.title)
        return _told(receiver, news, now)

    def _comment(
        self,
        name: str,
        channel: ChannelSettings,
        news: Unsaid,
        receiver: Receiver,
        concerns: Sequence[Concern],
        now: datetime,
    ) -> Receiver:
        """Say *news* in comments, one for each workspace, and answer those whose matters are over.

        A matter that has a comment gets no second one, whatever changes about it.
        """
        if self._comments is None:
            return receiver
        receiver, news = _with_comments(receiver, news)
        after = receiver.replaced(failure=None)
        try:
            own = self._comments.workspaces
            places = [each for each in channel.workspaces or own if each in own]  # others are of another wiki
            for workspace, part in _by_workspace(news, places):
                message = self._compose(part)
                comment = self._comments.post(workspace, message, channel.mention)
                logger.info("commented for {}: {}", name, message.title)
                after = _told(after, part, now, comment=comment, workspace=workspace)
            if NotifyEvent.RECOVERED in channel.events:
                after = self._answer(after, concerns, now)
        except BotError as error:
            return _failed(name, after.replaced(failure=receiver.failure), error, now)
        return after

    def _answer(self, receiver: Receiver, concerns: Sequence[Concern], now: datetime) -> Receiver:
        """Answer each comment of which something is over."""
        over = _recovered(receiver, concerns)
        for place in dict.fromkeys((told.workspace, told.comment) for told in over.values()):
            keys = [key for key, told in over.items() if (told.workspace, told.comment) == place]
            recoveries = list(dict.fromkeys(Recovery(over[key].matter, over[key].at) for key in keys))
            workspace, comment = place
            if self._comments is not None and comment is not None and workspace in self._comments.workspaces:
                try:
                    self._comments.post(workspace, self._compose(Unsaid(recoveries=tuple(recoveries))), (), comment)
                except PageNotFoundError:
                    logger.info("the comment {} was deleted; nothing answers it", comment)
            marked = {key: over[key].replaced(over=now) for key in keys}
            receiver = receiver.replaced(concerns={**receiver.concerns, **marked})
        return receiver

    def _compose(self, news: Unsaid) -> Message:
        return compose(news.concerns, news.recoveries, news.occurrences, self._desk, sender=self._sender)


def _failed(name: str, receiver: Receiver, error: BotError, now: datetime) -> Receiver:
    tries = receiver.failure.tries + 1 if receiver.failure else 1
    wait = timedelta(minutes=_WAIT_MINUTES[min(tries, len(_WAIT_MINUTES)) - 1])
    since = receiver.failure.since if receiver.failure else now
    is_said = isinstance(error, _SAID_ANYWAY)
    (logger.warning if is_said else logger.error)("a message to {} was not sent: {}", name, error)
    failure = ChannelFailure(reason=redact(str(error)), since=since, tries=tries, again=now + wait, is_said=is_said)
    return receiver.replaced(failure=failure)


def _told(
    receiver: Receiver, news: Unsaid, now: datetime, *, comment: str | None = None, workspace: str = ""
) -> Receiver:
    """Return what the receiver knows after *news* were sent."""
    told = {
        concern.key: ToldConcern(matter=matter_of(concern), at=now, comment=comment, workspace=workspace)
        for concern in news.concerns
    }
    keys = {**receiver.occurrences, **{each.key: now for each in news.occurrences}}
    kept = dict(sorted(keys.items(), key=lambda item: item[1])[-_MOST_HAPPENINGS:])
    return receiver.replaced(concerns={**receiver.concerns, **told}, occurrences=kept, failure=None)


def _with_comments(receiver: Receiver, news: Unsaid) -> tuple[Receiver, Unsaid]:
    """Return *news* without the matters that have a comment which is not answered yet; the receiver knows them then.

    A stop cannot be said on the wiki: nothing is written then.
    """
    open_matters = {told.matter: told for told in receiver.concerns.values() if told.over is None and told.comment}
    known = {each.key: open_matters[matter_of(each)] for each in news.concerns if matter_of(each) in open_matters}
    new = tuple(each for each in news.concerns if each.key not in known and event_of(each) is not NotifyEvent.STOPPED)
    return receiver.replaced(concerns={**receiver.concerns, **known}), replace(news, concerns=new)


def _by_workspace(news: Unsaid, workspaces: Sequence[str]) -> Iterator[tuple[str, Unsaid]]:
    """Yield what is new for each workspace; what is about none of them goes to the first."""
    for number, workspace in enumerate(workspaces):
        names = ("", workspace) if number == 0 else (workspace,)
        concerns = tuple(each for each in news.concerns if each.workspace in names)
        occurrences = tuple(each for each in news.occurrences if each.workspace in names)
        if concerns or occurrences:
            yield workspace, Unsaid(concerns, (), occurrences)


def iter_addresses(policy: NotifySettings) -> Iterator[tuple[str, str]]:
    """Yield `channel NAME` or `person ACCOUNT`, and the address; empty for a channel whose secret is not set."""
    for name in policy.channels:
        yield f"channel {name}", policy.addresses[name].get_secret_value() if name in policy.addresses else ""
    for account, secret in policy.people.items():
        yield f"person {account}", secret.get_secret_value()


def _is_channel(name: str) -> bool:
    return name.startswith("channel ")


def _find_news(
    name: str,
    receiver: Receiver,
    channel: ChannelSettings | None,
    concerns: Sequence[Concern],
    occurrences: Sequence[Occurrence],
    now: datetime,
) -> Unsaid:
    account = name.removeprefix("person ") if channel is None else None
    happened = tuple(_new_occurrences(receiver, channel, account, occurrences))
    if channel is None:
        return Unsaid(occurrences=happened)
    own = f"{CHANNEL_FAILS}:{name.removeprefix('channel ')}"
    wanted = [each for each in concerns if each.key != own and _is_wanted(channel, event_of(each), each.workspace)]
    new = tuple(each for each in wanted if each.key not in receiver.concerns and not _is_calm(receiver, each, now))
    again = tuple(
        each
        for each in wanted
        if (told := receiver.concerns.get(each.key)) is not None and told.over and now - told.over >= CALM
    )
    recoveries: tuple[Recovery, ...] = ()
    if NotifyEvent.RECOVERED in channel.events:
        recoveries = tuple(Recovery(told.matter, told.at) for told in _recovered(receiver, concerns).values())
    return Unsaid((*new, *again), recoveries, happened)


def _is_wanted(channel: ChannelSettings, event: NotifyEvent, workspace: str) -> bool:
    return event in channel.events and (not channel.workspaces or workspace in ("", *channel.workspaces))


def _is_calm(receiver: Receiver, concern: Concern, now: datetime) -> bool:
    """Return whether the same matter was announced a short time ago, such as an edit of the same region."""
    matter = matter_of(concern)
    return any(told.matter == matter and now - (told.over or told.at) < CALM for told in receiver.concerns.values())


def _recovered(receiver: Receiver, concerns: Collection[Concern]) -> dict[str, ToldConcern]:
    matters = {matter_of(each) for each in concerns}
    return {key: told for key, told in receiver.concerns.items() if told.over is None and told.matter not in matters}


def _note_recovered(receiver: Receiver, concerns: Collection[Concern], now: datetime) -> Receiver:
    over = {key: told.replaced(over=now) for key, told in _recovered(receiver, concerns).items()}
    return receiver.replaced(concerns={**receiver.concerns, **over}) if over else receiver


def _forget(receiver: Receiver, concerns: Collection[Concern], now: datetime) -> Receiver:
    """Return *receiver* without what is over for so long that it is announced again if it comes back."""
    keys = {each.key for each in concerns}
    kept = {key: told for key, told in receiver.concerns.items() if key in keys or now - (told.over or told.at) < CALM}
    return receiver if kept == receiver.concerns else receiver.replaced(concerns=kept)


def _new_occurrences(
    receiver: Receiver, channel: ChannelSettings | None, account: str | None, occurrences: Sequence[Occurrence]
) -> Iterator[Occurrence]:
    for each in occurrences:
        if each.key in receiver.occurrences:
            continue
        if channel is not None and (each.is_personal or not _is_wanted(channel, each.event, each.workspace)):
            continue
        people = each.find_people()
        if people is None:
            continue
        if account is None or account.casefold() in {name.casefold() for name in people}:
            yield each

"""The text of a message: what needs a person, what is over, and what happened to texts (pure)."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from bot.config.policy import NotifyEvent
from bot.escape import visible_in_line
from bot.notify.concern import Concern
from bot.notify.occurrence import Occurrence
from bot.plural import counted

_MOST_NAMED = 20
_MOST_LISTED = 100
_MOST_CHARACTERS = 1_000
_CALLS = re.compile(r"([<@])(?=[!@#&]|everyone\b|here\b|channel\b|all\b)", re.IGNORECASE)
_JOINER = "\u2060"
_HEADINGS = {
    NotifyEvent.PUBLISHED: "published",
    NotifyEvent.EXPIRES: "expires soon",
    NotifyEvent.HELD_BACK: "held back",
    NotifyEvent.PROPOSED: "waits for approval",
    NotifyEvent.APPROVED: "approved",
    NotifyEvent.SENT_BACK: "sent back",
    NotifyEvent.REVIEW: "to review",
}


@dataclass(frozen=True, slots=True)
class Message:
    """A message as plain text, and the page that it is about, if there is only one."""

    title: str
    body: str


@dataclass(frozen=True, slots=True)
class Recovery:
    """Something that needed a person and does not any more; *matter* says what, *since* when it was announced."""

    matter: str
    since: datetime


def compose(
    concerns: Sequence[Concern],
    recoveries: Sequence[Recovery],
    occurrences: Sequence[Occurrence],
    desk: str,
    *,
    sender: str = "wikibot",
) -> Message:
    """Return one message about all of them, of which at least one must not be empty; *desk* may be empty.

    The title begins with *sender*.
    """
    parts = [_about_concern(each, desk) for each in concerns[:_MOST_NAMED]]
    parts += [_about_occurrence(each, desk) for each in occurrences[:_MOST_NAMED]]
    parts += [
        f"over: {_line(each.matter)} (since {each.since:%Y-%m-%d %H:%M} UTC)" for each in recoveries[:_MOST_NAMED]
    ]
    more = sum(max(0, len(each) - _MOST_NAMED) for each in (concerns, occurrences, recoveries))
    if more:
        parts.append(f"and {more} more; `wikibot status` shows all")
    return Message(f"{sender}: {_title(concerns, recoveries, occurrences)}", "\n\n".join(parts) + "\n")


def compose_list(title: str, by_person: Mapping[str, Sequence[str]], desk: str) -> Message:
    """Return a message with a list for each person; long ones are cut, and say so."""
    parts = []
    for person, lines in by_person.items():
        shown = [f"  - {_line(line)}" for line in lines[:_MOST_LISTED]]
        more = len(lines) - _MOST_LISTED
        parts.append("\n".join([_line(person), *shown, *([f"  and {more} more"] if more > 0 else [])]))
    return Message(title, "\n\n".join([*parts, *([f"desk: {desk}"] if desk else [])]) + "\n")


def matter_of(concern: Concern) -> str:
    """Return what a concern is about, in words; the same as long as the matter is the same."""
    where = f" ({concern.workspace})" if concern.workspace and concern.workspace not in concern.about else ""
    return f"{concern.about}: {concern.kind}{where}"


def _title(concerns: Sequence[Concern], recoveries: Sequence[Recovery], occurrences: Sequence[Occurrence]) -> str:
    match len(concerns), len(recoveries), len(occurrences):
        case 1, 0, 0:
            return _line(matter_of(concerns[0]), 120)
        case 0, 1, 0:
            return f"over: {_line(recoveries[0].matter, 120)}"
        case 0, 0, 1:
            return f"{_HEADINGS[occurrences[0].event]}: {_line(occurrences[0].about, 120)}"
    named = []
    if concerns:
        named.append(f"{counted(len(concerns), 'thing')} to look at")
    if recoveries:
        named.append(f"{len(recoveries)} over")
    if occurrences:
        named.append(f"{counted(len(occurrences), 'text')} to know about")
    return ", ".join(named)


def _about_concern(concern: Concern, desk: str) -> str:
    lines = [f"{concern.level.word}: {_line(matter_of(concern))}", f"  {_line(concern.message)}"]
    return "\n".join([*lines, *_links(concern.url, desk, _desk_path(concern))])


def _about_occurrence(occurrence: Occurrence, desk: str) -> str:
    lines = [f"{_HEADINGS[occurrence.event]}: {_line(occurrence.about)}", f"  {_line(occurrence.text)}"]
    return "\n".join([*lines, *_links(occurrence.url, desk, occurrence.path)])


def _links(url: str, desk: str, path: str) -> list[str]:
    found = [f"  page: {url}"] if url else []
    return [*found, f"  desk: {desk.rstrip('/')}{path}"] if desk else found


def _desk_path(concern: Concern) -> str:
    if not concern.workspace:
        return "/health"
    return f"/w/{concern.workspace}/{'edits' if concern.kind in ('drifted', 'conflict') else 'plan'}"


def _line(text: str, most: int = _MOST_CHARACTERS) -> str:
    """Return *text* on one line, without what would call all members of a chat."""
    shown = visible_in_line(" ".join(text.split()))
    shown = shown if len(shown) <= most else f"{shown[:most]}…"
    return _CALLS.sub(rf"\1{_JOINER}", shown)

"""What somebody should look at again: pages that nobody changed for long, and entries whose `review_by` has come.

Nothing is written to the wiki.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from bot.config.data_model import NewsItem, QuickLink, StatusLine
from bot.config.news_selection import is_shown
from bot.config.policy import NotifyEvent, NotifySettings
from bot.errors import BotError, NotifyError
from bot.inline import plain_text
from bot.notify.announcer import iter_addresses
from bot.notify.channel import send_message
from bot.notify.message import compose_list
from bot.operations.occurrences import find_authors, iter_entries
from bot.operations.view import read_tree, unchanged_since, with_names
from bot.operations.workspace import Connect, Workspace

_NOBODY = "nobody known"


@dataclass(frozen=True, slots=True)
class ReviewItem:
    """One thing to look at again; *names* are all names of *person*, by which an address is found."""

    workspace: str
    person: str
    names: tuple[str, ...]
    words: str
    url: str = ""

    def __str__(self) -> str:
        """Return the line of a list."""
        return f"{self.words}  {self.url}".rstrip()


def find_due(
    connect: Connect, workspaces: Sequence[Workspace], unchanged: timedelta, now: datetime
) -> list[ReviewItem]:
    """Return the pages that were not changed for *unchanged*, and the entries to review; raises `BotError`."""
    found: list[ReviewItem] = []
    for workspace in workspaces:
        old = unchanged_since(read_tree(connect(), workspace), now - unchanged)
        for page in with_names(connect(), old):
            names = tuple(filter(None, (page.changed_by, *page.changed_by_names)))
            words = f"page “{page.title}”, last changed {page.changed:%Y-%m-%d}"
            found.append(ReviewItem(workspace.name, page.changed_by or _NOBODY, names, words, page.url))
        found += _entries_due(workspace, now)
    return found


def _entries_due(workspace: Workspace, now: datetime) -> Iterator[ReviewItem]:
    for area, name, entry in iter_entries(workspace.load_data_file().data):
        if entry.review_by is None or entry.review_by > now.date() or not is_shown(entry, now):
            continue
        people = (find_authors(workspace, name) or ()) if isinstance(entry, NewsItem) else ()
        words = f"{area}: “{_text_of(entry)}”, review by {entry.review_by}"
        yield ReviewItem(workspace.name, ", ".join(people) or _NOBODY, people, words)


def _text_of(entry: StatusLine | QuickLink | NewsItem) -> str:
    return entry.name if isinstance(entry, QuickLink) else plain_text(entry.text or "")


def send_review(policy: NotifySettings, due: Sequence[ReviewItem], desk: str) -> list[str]:
    """Send the lists, by person: to the channels that want `review`, and to each person their own part.

    Returns what was not sent, with the reason; raises `BotError` if nobody would get them.
    """
    failures = []
    receivers = [(name, address, _part(name, policy, due)) for name, address in iter_addresses(policy)]
    if (
        not any(policy.channels[name].events.count(NotifyEvent.REVIEW) for name in policy.channels)
        and not policy.people
    ):
        raise BotError(
            "nobody gets the lists: add `review` to the `events` of a channel of `notify`, or `notify.people`"
        )
    for name, address, part in receivers:
        if not part:
            continue
        by_person: dict[str, list[str]] = {}
        for each in part:
            by_person.setdefault(f"{each.person} ({each.workspace})", []).append(str(each))
        try:
            send_message(address, compose_list(f"wikibot: {len(part)} to review", by_person, desk))
        except NotifyError as error:
            failures.append(f"{name}: {error}")
    return failures


def _part(receiver: str, policy: NotifySettings, due: Sequence[ReviewItem]) -> list[ReviewItem]:
    """Return what a receiver gets."""
    kind, _, name = receiver.partition(" ")
    if kind == "person":
        return [each for each in due if name.casefold() in {known.casefold() for known in each.names}]
    channel = policy.channels[name]
    if NotifyEvent.REVIEW not in channel.events:
        return []
    return [each for each in due if not channel.workspaces or each.workspace in channel.workspaces]

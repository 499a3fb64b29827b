"""What is on the page and what is not yet: the state of each news item, by the last check and the revisions."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from flask import current_app

from bot.config.data_file import DataFile
from bot.config.data_model import News, NewsItem
from bot.config.news_selection import NewsState, news_states
from bot.config.revision_journal import Revision
from bot.desk.language import gettext as _
from bot.desk.write.shown_content import ShownContent
from bot.errors import BotError
from bot.inline import plain_text
from bot.operations.last_check import LastCheck, find_last_check
from bot.operations.revisions import document_of
from bot.storage.visible_text import text_of
from bot.sync.drift import Verdict
from bot.sync.plan import Action

SAVED, WAITS, HELD = "saved", "waits", "held"
"""States of a due item that is not on the page: until the next run, until the quiet window, or until a person acts."""
_REGION = "news"
_KNOWN = "write.baselines"
_MOST_SEARCHED = 200


@dataclass(frozen=True, slots=True)
class ListStates:
    """The state of each item in the order of the file, and why items are held back or wait; empty if none are."""

    states: tuple[str, ...]
    reason: str = ""


def states_of(content: ShownContent, now: datetime) -> ListStates:
    """Return the states of the news items; nothing here asks the wiki."""
    section = content.data.news
    if section is None:
        return ListStates(())
    is_due = {NewsState.LIVE, NewsState.PINNED}
    by_data = news_states(section, now)
    check = find_last_check(content.workspace)
    is_on_page = _on_page(content, check)
    lacking, reason = _why_lacking(content, check)
    states = tuple(
        lacking if state in is_due and not is_on_page(item) else state.value
        for item, state in zip(section.items, by_data, strict=True)
    )
    return ListStates(states, reason if lacking in states else "")


def _why_lacking(content: ShownContent, check: LastCheck | None) -> tuple[str, str]:
    """Return the state of an item that is due and not on the page, and the reason."""
    try:
        order = content.workspace.folders.stop_orders.find(content.workspace.name)
    except BotError as error:
        return HELD, str(error)
    if order is not None:
        return HELD, _("Writing is stopped: %(why)s", why=order)
    changes = check.changes(_REGION) if check is not None else ()
    waiting = next((change for change in changes if change.is_waiting), None)
    if waiting is not None:
        return WAITS, _("The news was edited on the wiki, and is put right later: it %(waits)s.", waits=waiting.note)
    stuck = [change for change in changes if change.action is Action.NONE and change.verdict is not Verdict.IN_SYNC]
    if not stuck:
        return SAVED, ""
    if not {change.verdict for change in stuck} & {Verdict.DRIFTED, Verdict.CONFLICT}:
        return HELD, next((change.note for change in stuck if change.note), "")
    return HELD, _("The news was edited on the wiki. A maintainer decides what is kept; until then nothing is written.")


def _on_page(content: ShownContent, check: LastCheck | None) -> Callable[[NewsItem], bool]:
    """Return whether the page has an item, by what the last check read, else by the data of that time."""
    live = [change.live for change in (check.changes(_REGION) if check is not None else ()) if change.live is not None]
    if live:
        text = _squeezed(" ".join(map(text_of, live)))
        return lambda item: _squeezed(plain_text(item.text)) in text
    known = _baseline(content, check.at if check is not None else None)
    if known is None or known is content.document:
        return lambda _item: True
    before = {item.id: item for item in _news(known)}
    return lambda item: item.id in before and before[item.id].text == item.text


def _baseline(content: ShownContent, checked: datetime | None) -> DataFile | None:
    """Return the data of the newest adoption or check: what the page had then; None if that is not known."""
    journal = content.workspace.shared_data.journal
    for count, revision in enumerate(journal.iter_newest_first()):
        if count >= _MOST_SEARCHED:
            return None
        if revision.origin in ("adopted", "first") or (checked is not None and revision.at <= checked):
            return content.document if revision.after.startswith(content.digest) else _load(content, revision)
    return None


def _load(content: ShownContent, revision: Revision) -> DataFile | None:
    """Return the data of a revision; the last one of each workspace is kept, because lists ask for it each time."""
    known: dict[str, tuple[str, DataFile]] = current_app.extensions.setdefault(_KNOWN, {})
    found = known.get(content.workspace.name)
    if found is not None and found[0] == revision.after:
        return found[1]
    try:
        document = document_of(content.workspace, revision.number)
    except BotError:
        return None
    known[content.workspace.name] = (revision.after, document)
    return document


def _news(document: DataFile) -> tuple[NewsItem, ...]:
    section: News | None = document.data.news
    return section.items if section is not None else ()


def _squeezed(text: str) -> str:
    return " ".join(text.split())

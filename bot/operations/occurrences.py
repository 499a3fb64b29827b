"""What happened to the texts that people write: published, about to expire, held back, approved, sent back.

Everything comes from the files of the state folder and the data files; nothing here asks the wiki.
"""

import hashlib
from collections.abc import Callable, Iterator, Sequence
from datetime import datetime, timedelta
from functools import partial

from bot.config.data_model import NewsItem, QuickLink, QuickLinks, StatusBanner, StatusLine, WorkspaceData
from bot.config.news_selection import is_shown, shown_news
from bot.config.policy import NotifyEvent
from bot.errors import BotError
from bot.inline import plain_text
from bot.log import logger
from bot.notify.occurrence import Occurrence
from bot.operations.drafts import Draft, Drafts
from bot.operations.last_check import LastCheck, find_last_check
from bot.operations.workspace import Workspace
from bot.storage.visible_text import text_of
from bot.sync.drift import Verdict

_MOST_SEARCHED = 200
_NEWS = "news"


def find_occurrences(workspaces: Sequence[Workspace], now: datetime, expires_within: timedelta) -> list[Occurrence]:
    """Return what happened and what soon will; a workspace whose files cannot be read is left out, with a log line."""
    found: list[Occurrence] = []
    for workspace in workspaces:
        for what in (partial(_about_entries, workspace, now, expires_within), partial(_about_drafts, workspace)):
            try:
                found += what()
            except BotError as error:
                logger.debug("{}: what happened to its texts is not known: {}", workspace.name, error)
    return found


def _about_entries(workspace: Workspace, now: datetime, expires_within: timedelta) -> Iterator[Occurrence]:
    data = workspace.load_data_file().data
    yield from _expiring(workspace, data, now, expires_within)
    check = find_last_check(workspace)
    if data.news is None or check is None or check.revision != workspace.shared_data.revision():
        return  # the next run compares the file as it is now
    changes = [change for change in check.changes(_NEWS) if change.verdict is not Verdict.IN_SYNC]
    due = shown_news(data.news, check.at)
    if not changes:
        yield from (_published(workspace, check, item) for item in due)
    stuck = next((change for change in changes if change.needs_a_person), None)
    if stuck is not None:
        live = _squeezed(text_of(stuck.live or ""))
        lacking = [item for item in due if _squeezed(plain_text(item.text)) not in live]
        yield from (_held_back(workspace, item, stuck.note or stuck.verdict.value) for item in lacking)


def _published(workspace: Workspace, check: LastCheck, item: NewsItem) -> Occurrence:
    return Occurrence(
        NotifyEvent.PUBLISHED,
        f"published:{workspace.name}:{item.id}",
        workspace.name,
        f"news {item.id} ({workspace.name})",
        plain_text(item.text),
        _authors_of(workspace, item.id),
        url=check.pages.get(_NEWS, ""),
        path=f"/w/{workspace.name}/news/{item.id}",
        is_past=True,
    )


def _held_back(workspace: Workspace, item: NewsItem, reason: str) -> Occurrence:
    digest = hashlib.sha256(reason.encode()).hexdigest()[:10]
    return Occurrence(
        NotifyEvent.HELD_BACK,
        f"held:{workspace.name}:{item.id}:{digest}",
        workspace.name,
        f"news {item.id} ({workspace.name})",
        f"{plain_text(item.text)}: {reason}",
        _authors_of(workspace, item.id),
        path=f"/w/{workspace.name}/news/{item.id}",
    )


def _expiring(workspace: Workspace, data: WorkspaceData, now: datetime, within: timedelta) -> Iterator[Occurrence]:
    for area, name, entry in iter_entries(data):
        if entry.expires_at is None or not is_shown(entry, now) or entry.expires_at > now + within:
            continue
        text = plain_text(entry.text or "") if isinstance(entry, StatusLine | NewsItem) else entry.name
        yield Occurrence(
            NotifyEvent.EXPIRES,
            f"expires:{workspace.name}:{area}:{name}:{entry.expires_at.isoformat()}",
            workspace.name,
            f"{area} {name} ({workspace.name})" if area == _NEWS else f"{area} ({workspace.name})",
            f"{text}: it disappears at {entry.expires_at:%Y-%m-%d %H:%M %Z}",
            _authors_of(workspace, name) if area == _NEWS else tuple,
            path=f"/w/{workspace.name}/{area}",
        )


def iter_entries(data: WorkspaceData) -> Iterator[tuple[str, str, StatusLine | QuickLink | NewsItem]]:
    """Yield each entry that can expire, with its area of the desk and a name; the id of a news item."""
    if isinstance(data.status, StatusBanner):
        yield from (("banner", _name(line.text or ""), line) for line in data.status.lines)
    if isinstance(data.quick_links, QuickLinks):
        yield from (("links", _name(link.name), link) for link in _all_links(data.quick_links.links))
    if data.news is not None:
        yield from ((_NEWS, item.id, item) for item in data.news.items)


def _all_links(links: Sequence[QuickLink]) -> Iterator[QuickLink]:
    for link in links:
        yield link
        yield from _all_links(link.links)


def _name(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()[:10]


def _authors_of(workspace: Workspace, item_id: str) -> Callable[[], tuple[str, ...] | None]:
    """Return `find_authors` for later."""
    return partial(find_authors, workspace, item_id)


def find_authors(workspace: Workspace, item_id: str) -> tuple[str, ...] | None:
    """Return who added a news item, by the revisions; None if it came from the page."""
    journal, found = workspace.shared_data.journal, None
    for count, revision in enumerate(journal.iter_newest_first()):
        if count >= _MOST_SEARCHED or f"id: {item_id}" not in journal.content(revision.number):
            break
        found = revision
    if found is None:
        return ()
    if found.origin in ("adopted", "first"):
        return None
    draft = Drafts(workspace).load(found.draft) if found.draft is not None else None
    return (found.who,) if draft is None else draft.authors


def _about_drafts(workspace: Workspace) -> Iterator[Occurrence]:
    for draft in Drafts(workspace).iter_newest_first():
        if draft.state == "returned" and draft.remarks:
            remark = draft.remarks[-1]
            yield _about_draft(
                workspace, draft, NotifyEvent.SENT_BACK, f"{remark.who} asks for changes: {remark.text}", remark.at
            )
        elif draft.state == "proposed" and not draft.is_approved:
            words = f"{', '.join(draft.authors)} asks for approval"
            yield _about_draft(workspace, draft, NotifyEvent.PROPOSED, words, draft.changed)
        elif draft.is_approved and draft.approval is not None:
            words = f"{draft.approval.who} approved it" + ("" if draft.state == "saved" else "; it can be saved now")
            yield _about_draft(workspace, draft, NotifyEvent.APPROVED, words, draft.approval.at)


def _about_draft(workspace: Workspace, draft: Draft, event: NotifyEvent, words: str, at: datetime) -> Occurrence:
    return Occurrence(
        event,
        f"{event}:{workspace.name}:{draft.number}:{at.isoformat()}",
        workspace.name,
        f"draft {draft.number} ({workspace.name})",
        f"{draft.words}: {words}",
        # Who asks for approval knows it: that goes to channels only.
        tuple if event is NotifyEvent.PROPOSED else lambda: draft.authors,
        path=f"/w/{workspace.name}/drafts/{draft.number}",
        is_personal=event is NotifyEvent.SENT_BACK,
        is_past=event is NotifyEvent.APPROVED,
    )


def _squeezed(text: str) -> str:
    return " ".join(text.split())

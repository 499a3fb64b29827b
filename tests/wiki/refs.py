"""Page references for tests that need no wiki."""

from datetime import UTC, datetime

from bot.wiki.gateway import Page, PageRef, PageStatus, User, Version

BOT = User("bot-id", "Bot", "bot")
NOON = datetime(2026, 1, 2, 12, tzinfo=UTC)


def make_ref(
    page_id: str, *, parent: str | None = None, position: int | None = None, title: str = "", version: int = 1
) -> PageRef:
    return PageRef(
        id=page_id,
        title=title or f"Page {page_id}",
        space_key="WS2",
        status=PageStatus.CURRENT,
        version=Version(version, NOON, BOT),
        parent_id=parent,
        position=position,
        url=f"http://wiki.invalid/{page_id}",
    )


def make_page(page_id: str, body: str, *, version: int = 1, message: str = "", author: User = BOT) -> Page:
    ref = make_ref(page_id)
    found = Version(version, NOON, author, message)
    return Page(PageRef(page_id, ref.title, ref.space_key, ref.status, found, None, None, ref.url), body)

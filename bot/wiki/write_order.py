"""The one order of every page write, and reads that a write can be based on.

A write is a rate-limit slot, the checks (stop label, draft), a read, a decision in memory, and the PUT. Nothing waits
between the read and the PUT. After each wait (429, conflict, slow draft) everything starts again from the slot.
"""

from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import TypeVar

from bot.errors import (
    PageConflictError,
    PageNotFoundError,
    PermissionDeniedError,
    RateLimitedError,
    StoppedError,
    StorageFormatError,
    WikiAnswerError,
    WikiError,
)
from bot.log import logger
from bot.plural import counted
from bot.storage.comment_markers import keep_comment_markers, marker_refs
from bot.storage.meaning import is_same
from bot.storage.visible_text import count_characters
from bot.wiki.gateway import ContentState, Page, WikiGateway

_CONFLICTS = 3
_RESTARTS = 10
_READS = 4
_STALE_PAUSES_SECONDS = (1.0, 2.0, 4.0)
T = TypeVar("T")


def write_in_order(
    gateway: WikiGateway,
    page_id: str,
    *,
    check: Callable[[], T | None],
    attempt: Callable[[Page], T],
    at_least: int = 0,
    conflicts: int = _CONFLICTS,
) -> T:
    """Take a write slot, check, read the page, and let *attempt* decide and write; start again after every wait.

    *check* returns a result if the page must not be written. *at_least* is the lowest version that the page can have.
    Raises `PageConflictError` after *conflicts* saves by others, and the last error if the wiki makes the bot wait too
    often.
    """
    met = limited = 0
    for _ in range(_RESTARTS):
        gateway.await_write_slot()
        waits = gateway.waits
        obstacle = check()
        if obstacle is not None:
            return obstacle
        page = read_for_writing(gateway, page_id, at_least=at_least)
        if gateway.waits != waits:
            continue
        try:
            return attempt(page)
        except PageConflictError as error:
            met, at_least = met + 1, max(at_least, error.base_version + 1)
            if met >= conflicts:
                raise
        except RateLimitedError as error:
            limited += 1
            if not error.is_worth_waiting or limited >= gateway.tries:
                raise
    raise RateLimitedError(
        f"page {page_id}: not written: in {_RESTARTS} tries the wiki made the bot wait between reading and writing"
    )


def put_back(
    gateway: WikiGateway, base: Page, state: ContentState | None, *, check: Callable[[], str | None]
) -> Iterator[str]:
    """Restore what people did between the read of *base* and the write, and what the wiki removed with the write.

    *state* is the content status before the write. A request to stop waits until this is done. Yields what was done, or
    why it was not possible.
    """
    with gateway.finishing():
        remarks = (put_back_comments(gateway, base, check=check), put_back_state(gateway, base.id, state))
    yield from (remark for remark in remarks if remark is not None)


def put_back_comments(gateway: WikiGateway, base: Page, *, check: Callable[[], str | None]) -> str | None:
    """Restore the inline comments that people made on *base* after it was read and before the write that followed it.

    Such a comment changes the text of *base*, not its version, so that the write removes its marker. Returns what was
    done, or why it was not possible; None if there is nothing to restore.
    """
    try:
        commented = gateway.fetch_page(base.id, version=base.version)
    except (StoppedError, WikiError) as error:
        return f"written; whether people commented during the write could not be checked: {error}"
    new = marker_refs(commented.body) - marker_refs(base.body)
    if not new:
        return None
    made = f"{counted(len(new), 'inline comment')} made during the write"

    def attempt(page: Page) -> str:
        kept = keep_comment_markers(commented.body, page.body, only=new)
        if kept.text == page.body:
            return f"there is no place any more for {made}"
        if not is_same(kept.text, page.body):
            raise StorageFormatError(
                "not written: putting back inline comments would change the page; please report this bug"
            )
        comments = counted(len(marker_refs(kept.text) & new), "inline comment")
        gateway.update_page(page, kept.text, message=f"wikibot put back {comments} made during its write")
        return f"put back {comments} made during the write"

    try:
        return write_in_order(gateway, base.id, check=check, attempt=attempt, at_least=base.version + 1)
    except (StoppedError, StorageFormatError, WikiError) as error:
        return f"{made} lost the place in the text: {error}"


def read_state(gateway: WikiGateway, page_id: str) -> ContentState | None:
    """Return the content status of a page; None also if the account may not read it."""
    try:
        return gateway.fetch_state(page_id)
    except (PageNotFoundError, PermissionDeniedError, WikiAnswerError) as error:
        logger.warning("the content status of page {} cannot be read and may be lost: {}", page_id, error)
        return None


def put_back_state(gateway: WikiGateway, page_id: str, state: ContentState | None) -> str | None:
    """Set the content status that the page had before a write, if the write removed it; return what was done.

    Observed: a write through the API removes the status.
    """
    if state is None:
        return None
    try:
        if gateway.fetch_state(page_id) is not None:
            return None
        gateway.set_state(page_id, state)
    except (StoppedError, WikiError) as error:
        return f"the content status “{state.name}” was removed by the write and could not be put back: {error}"
    return f"put back the content status “{state.name}”, which the write removed"


def read_for_writing(gateway: WikiGateway, page_id: str, *, at_least: int = 0) -> Page:
    """Read a page that is not older than *at_least*, and confirm its text; raises `WikiError`."""
    return confirm(gateway, read_no_older(gateway, page_id, at_least=at_least))


def confirm(gateway: WikiGateway, page: Page) -> Page:
    """Read a page once more by its version number, until both answers have the same text and comments.

    A replica that lags behind may answer with an old version, or with the new version number and the old text. An
    inline comment changes the text without a new version. If the two answers never agree, the text of the version is
    used: its address names what is wanted.
    """
    by_version = page
    for _ in range(_READS):
        try:
            by_version = gateway.fetch_page(page.id, version=page.version)
        except PageNotFoundError:
            return page  # observed: some Data Center servers do not list the newest version among the versions
        if _agree(page.body, by_version.body):
            return page
        page = read_no_older(gateway, page.id, at_least=page.version)
    is_one_text = page.version != by_version.version or is_same(page.body, by_version.body)
    if is_one_text or not count_characters(page.body):
        return page  # people go on commenting or saving, which the write notices; an empty body is judged by the caller
    return replace(page, body=by_version.body)


def read_no_older(gateway: WikiGateway, page_id: str, *, at_least: int) -> Page:
    """Read a page; wait and read again while its version is lower than *at_least*, which is known to exist."""
    page = gateway.fetch_page(page_id)
    for pause in _STALE_PAUSES_SECONDS:
        if page.version >= at_least:
            return page
        gateway.wait(pause)
        page = gateway.fetch_page(page_id)
    if page.version >= at_least:
        return page
    raise WikiError(
        f"page {page.title!r}: the wiki answers with version {page.version}, but version {at_least} exists; "
        "a part of the wiki lags behind: nothing was decided on the old text, run again later"
    )


def _agree(one: str, other: str) -> bool:
    return one == other or (marker_refs(one) == marker_refs(other) and is_same(one, other))

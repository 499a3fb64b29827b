"""One write of one page by a command: the order of every write, the memory of the version, and what is put back."""

from collections.abc import Callable

from bot.log import logger
from bot.operations.workspace import Folders
from bot.wiki.gateway import ContentState, Page, Version, WikiGateway
from bot.wiki.write_order import put_back, read_state, write_in_order


def write_single_page(
    gateway: WikiGateway,
    folders: Folders,
    page_id: str,
    *,
    check: Callable[[], None],
    attempt: Callable[[Page], Version],
    at_least: int = 0,
    conflicts: int = 3,
) -> Version:
    """Write as `write_in_order` does; then put back comments and content status that the write removed.

    *check* raises an error if the page must not be written. What was put back is a warning in the log. The caller has
    the lock of writers.
    """
    state: ContentState | None = None
    base: Page | None = None

    def look() -> None:
        nonlocal state
        state = read_state(gateway, page_id)
        check()

    def write(page: Page) -> Version:
        nonlocal base
        base = page
        return attempt(page)

    version = write_in_order(gateway, page_id, check=look, attempt=write, at_least=at_least, conflicts=conflicts)
    known = folders.known_versions(gateway.base_url)
    known.note(page_id, version.number)
    known.save()
    if base is not None:
        for remark in put_back(gateway, base, state, check=look):
            logger.warning("{}: {}", base.title, remark)
    return version

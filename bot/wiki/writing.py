"""The writing half of the gateway: exactly the next version, never a stale one, and never twice."""

from collections.abc import Sequence

from loguru import logger

from bot.errors import AuthenticationError, PageConflictError, WikiAnswerError, WikiError, WikiUnreachableError
from bot.storage.reader import check_well_formed
from bot.wiki import rest_v1
from bot.wiki.committed import is_our_write
from bot.wiki.details import DetailReader
from bot.wiki.gateway import Page, PageRef, Version

_MAYBE_COMMITTED = (WikiUnreachableError, WikiAnswerError, AuthenticationError)
"""After these a write may stand although no good answer came; a proxy's login page is one of them."""


class PageWriter(DetailReader):
    """Writes pages and labels."""

    def update_page(self, page: Page, body: str, *, message: str, is_minor: bool = True) -> Version:
        """Write *body* as the version after the one that was read with *page*, and never as any other.

        Raises `PageConflictError` when someone saved in between. When the answer to the write is lost or unreadable,
        the page is read again: the write counts as done if the wiki holds exactly it, else the first error stands.
        """
        for text in (page.body, body):
            check_well_formed(text, what=f"page {page.title!r} ({page.id})")
        author_id = (self._me or self.fetch_current_user()).id
        try:
            answer = self._client.put(self._dialect.update(page, body, message=message, is_minor=is_minor))
            written = self._read_written(answer, page)
        except _MAYBE_COMMITTED as error:
            written = self._find_committed(page, body, message=message, author_id=author_id, error=error)
        logger.info("wrote version {} of page {} ({})", written.number, page.id, page.title)
        return written

    def _read_written(self, answer: object, base: Page) -> Version:
        page_id, version = self._dialect.read_written(answer)
        if page_id != base.id or version.number != base.version + 1:
            raise WikiAnswerError(
                f"page {base.id}: wrote version {base.version + 1}, but the wiki answered with "
                f"version {version.number} of page {page_id}"
            )
        return version

    def _find_committed(self, base: Page, body: str, *, message: str, author_id: str, error: WikiError) -> Version:
        try:
            live = self.fetch_page(base.id)
        except WikiError as lost:
            raise WikiUnreachableError(
                f"page {base.id}: the answer to the write was lost ({error}) and the page cannot be read again "
                f"({lost}); it may have been written, and the next run will see"
            ) from error
        if live.version <= base.version:
            raise error
        found = live if live.version == base.version + 1 else self.fetch_page(base.id, version=base.version + 1)
        if not is_our_write(found, base=base, body=body, message=message, author_id=author_id):
            raise PageConflictError(base.id, base_version=base.version) from error
        return found.ref.version

    def create_page(self, space_key: str, *, title: str, body: str, parent_id: str | None, message: str) -> PageRef:
        """Create a page; when the answer is lost, it counts as done if the wiki holds the page as its version 1."""
        if body:
            check_well_formed(body, what=f"new page {title!r}")
        space = self._known_space(space_key)
        ask = self._dialect.create(space, title=title, body=body, parent_id=parent_id, message=message)
        author_id = (self._me or self.fetch_current_user()).id
        try:
            ref = self._read_ref(self._client.post(ask))
        except _MAYBE_COMMITTED:
            found = self.find_page(space_key, title)
            if found is None or found.version.number != 1 or found.version.author.id != author_id:
                raise
            ref = found
        logger.info("created page {} ({})", ref.id, ref.title)
        return ref

    def add_labels(self, page_id: str, labels: Sequence[str]) -> None:
        """Add labels to a page; repeating it changes nothing."""
        if labels:
            self._client.post(rest_v1.add_labels(page_id, labels))

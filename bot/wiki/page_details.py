"""Read the versions, attachments, comments and drafts of a page. Each needs separate requests."""

from collections.abc import Iterator
from contextlib import suppress
from dataclasses import replace
from itertools import chain, islice

from bot.errors import PageNotFoundError, WikiAnswerError
from bot.wiki.dialect import Dialect
from bot.wiki.directory import Directory
from bot.wiki.gateway import Attachment, Comment, ContentState, Page, PageStatus, Sink, Version
from bot.wiki.page_reader import PageReader
from bot.wiki.rest_client import RestClient


class PageDetails:
    """Reads versions, attachments, comments and drafts of a page, with the names of the authors."""

    def __init__(self, client: RestClient, dialect: Dialect, directory: Directory, reader: PageReader) -> None:
        self._client, self._dialect, self._directory, self._reader = client, dialect, directory, reader

    def fetch_operations(self, page_id: str) -> frozenset[str]:
        """Return what the account may do to a page and below it; empty if this is unknown."""
        return self._client.send(self._dialect.operations(page_id))

    def iter_versions(self, page_id: str) -> Iterator[Version]:
        """List the history, newest first.

        If the wiki has no listing (Data Center documents none), each version is requested, from the newest down.
        """
        listed = self._client.iter_first(self._dialect.versions(page_id))
        try:
            head = list(islice(listed, 1))
        except PageNotFoundError:
            head, listed = [], self._iter_versions_singly(page_id)
        for version in chain(head, listed):
            yield replace(version, author=self._directory.named(version.author))

    def _iter_versions_singly(self, page_id: str) -> Iterator[Version]:
        newest = self._reader.fetch(page_id)
        yield newest.ref.version
        for number in range(newest.version - 1, 0, -1):
            with suppress(PageNotFoundError):  # the version may have been purged
                yield self._reader.fetch(page_id, version=number).ref.version

    def fetch_attachments(self, page_id: str) -> list[Attachment]:
        """List the attachments of a page, by name."""
        return sorted(self._client.iter(self._dialect.attachments(page_id)), key=lambda attachment: attachment.name)

    def download(self, attachment: Attachment, sink: Sink) -> None:
        """Write the bytes of a file to *sink*; raises `WikiAnswerError` if the size differs from the listing."""
        size = self._client.download(attachment.download_path, sink)
        if size != attachment.size_bytes:
            raise WikiAnswerError(
                f"attachment {attachment.name!r}: {attachment.size_bytes} bytes announced, {size} received"
            )

    def fetch_comments(self, page_id: str) -> list[Comment]:
        """List footer and inline comments, including resolved ones; replies follow their parent."""
        comments: list[Comment] = []
        for call in self._dialect.comments(page_id):
            for comment in self._client.iter(call):
                comments += [comment, *self._iter_replies(comment, is_inline=comment.inline_ref is not None)]
        return [self._named(comment) for comment in comments]

    def _iter_replies(self, comment: Comment, *, is_inline: bool) -> Iterator[Comment]:
        call = self._dialect.replies(comment, is_inline=is_inline)
        for reply in self._client.iter(call) if call else ():
            yield reply if reply.parent_id else replace(reply, parent_id=comment.id)
            yield from self._iter_replies(reply, is_inline=is_inline)

    def _named(self, comment: Comment) -> Comment:
        author = self._directory.named(comment.version.author)
        return replace(comment, version=replace(comment.version, author=author))

    def fetch_state(self, page_id: str) -> ContentState | None:
        """Return the content status of a page; None if there is none, or on Data Center."""
        call = self._dialect.state(page_id)
        return self._client.send(call) if call is not None else None

    def fetch_watchers(self, page_id: str) -> frozenset[str]:
        """Return the ids of the watchers of a page and its space."""
        return frozenset(user for call in self._dialect.watchers(page_id) for user in self._client.iter(call))

    def fetch_draft(self, page_id: str) -> Page | None:
        """Return the unpublished changes of a page with their author; Cloud sends the page if there are none."""
        try:
            draft = self._client.send(self._dialect.draft(page_id))
        except PageNotFoundError:
            return None
        if draft.ref.status is not PageStatus.DRAFT:
            return None
        version = replace(draft.ref.version, author=self._directory.named(draft.ref.version.author))
        return replace(draft, ref=replace(draft.ref, version=version))

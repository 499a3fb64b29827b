"""What belongs to a page beside its body: versions, attachments, comments, restrictions, drafts."""

from collections.abc import Iterator
from contextlib import suppress
from dataclasses import replace
from itertools import chain, islice

from bot.errors import PageNotFoundError, WikiAnswerError
from bot.wiki import rest_v1
from bot.wiki.gateway import Attachment, Comment, Restrictions, User, Version
from bot.wiki.reading import WikiReader


class DetailReader(WikiReader):
    """Reads what belongs to a page, each with a request or two of its own."""

    def fetch_versions(self, page_id: str) -> Iterator[Version]:
        """List the version history, newest first, with the names of the authors.

        A wiki that lists no versions (Data Center documents no such listing) is asked for each, from the newest down.
        """
        listed: Iterator[Version] = map(
            self._dialect.read_version, self._client.iter_first(self._dialect.versions(page_id))
        )
        try:
            head = list(islice(listed, 1))
        except PageNotFoundError:
            head, listed = [], self._iter_versions_singly(page_id)
        for version in chain(head, listed):
            yield replace(version, author=self._named(version.author))

    def _iter_versions_singly(self, page_id: str) -> Iterator[Version]:
        newest = self.fetch_page(page_id)
        yield newest.ref.version
        for number in range(newest.version - 1, 0, -1):
            with suppress(PageNotFoundError):  # purged, perhaps
                yield self.fetch_page(page_id, version=number).ref.version

    def _named(self, user: User) -> User:
        """Return *user* with a name: v2 tells the account id only."""
        return user if user.display_name != user.id else self.fetch_user(user.id)

    def fetch_attachments(self, page_id: str) -> list[Attachment]:
        """List the attachments of a page, by name."""
        items = self._client.iter(self._dialect.attachments(page_id))
        return sorted(map(self._dialect.read_attachment, items), key=lambda attachment: attachment.name)

    def download(self, attachment: Attachment) -> bytes:
        """Return the bytes of an attachment; raises `WikiAnswerError` when their number is not the one announced."""
        content = self._client.download(attachment.download_path)
        if len(content) != attachment.size_bytes:
            raise WikiAnswerError(
                f"attachment {attachment.name!r}: {attachment.size_bytes} bytes announced, {len(content)} received"
            )
        return content

    def fetch_comments(self, page_id: str) -> list[Comment]:
        """List all comments of a page, footer and inline, resolved ones too, replies after what they reply to."""
        roots = (item for ask in self._dialect.comments(page_id) for item in self._client.iter(ask))
        comments: list[Comment] = []
        for item in roots:
            comment = self._read_comment(item)
            comments += [comment, *self._iter_replies(comment, is_inline=comment.inline_ref is not None)]
        return comments

    def _iter_replies(self, comment: Comment, *, is_inline: bool) -> Iterator[Comment]:
        ask = self._dialect.replies(comment, is_inline=is_inline)
        for item in self._client.iter(ask) if ask else ():
            reply = self._read_comment(item)
            yield reply if reply.parent_id else replace(reply, parent_id=comment.id)
            yield from self._iter_replies(reply, is_inline=is_inline)

    def _read_comment(self, item: object) -> Comment:
        comment = self._dialect.read_comment(item)
        return replace(comment, version=replace(comment.version, author=self._named(comment.version.author)))

    def fetch_restrictions(self, page_id: str) -> Restrictions:
        """Return who may read and edit a page."""
        ask = rest_v1.restrictions(page_id)
        return rest_v1.read_restrictions(self._client.get(ask), ask.about)

    def has_unpublished_draft(self, page_id: str) -> bool:
        """Tell whether there is a draft that says something else than the published page."""
        try:
            draft = self._read_page(self._client.get(self._dialect.draft(page_id)))
        except PageNotFoundError:
            return False
        page = self.fetch_page(page_id)
        return (draft.title, draft.body) != (page.title, page.body)

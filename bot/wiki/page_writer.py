"""Write pages: only as the next version, without overwriting edits of others, and at most once."""

import html
import re
from collections import Counter
from collections.abc import Callable

from bot.current_run import current_run
from bot.errors import (
    AuthenticationError,
    PageConflictError,
    PermissionDeniedError,
    WikiAnswerError,
    WikiError,
    WikiUnreachableError,
)
from bot.log import logger
from bot.storage.reader import check_well_formed
from bot.wiki import rest_v1
from bot.wiki.dialect import Call, Dialect
from bot.wiki.directory import Directory
from bot.wiki.failures import VERSION_WORDS
from bot.wiki.gateway import Comment, Page, PageRef, Version
from bot.wiki.page_reader import PageReader
from bot.wiki.rest_client import RestClient
from bot.wiki.upload_form import UploadForm

_MESSAGE_LENGTH = 255
"""The most characters of a version message; Confluence refuses or cuts a longer one."""
_MARKUP = re.compile(r"<!\[CDATA\[|\]\]>|<[^>]*>")


class PageWriter:
    """Writes pages, and determines the result of a write that was refused or not answered."""

    def __init__(self, client: RestClient, dialect: Dialect, directory: Directory, reader: PageReader) -> None:
        self._client, self._dialect, self._directory, self._reader = client, dialect, directory, reader

    def update(self, page: Page, body: str, *, message: str, is_minor: bool) -> Version:
        """Write *body* as the version that directly follows the version in *page*."""
        for text in (page.body, body):
            check_well_formed(text, what=f"page {page.title!r} ({page.id})")
        author_id = self._directory.current_user().id
        message = with_run(message)
        try:
            answer = self._client.send(self._dialect.update(page, body, message=message, is_minor=is_minor))
            written = _check_written(*answer, base=page)
        except WikiError as error:
            if not _may_be_committed(error):
                raise self._explain(error, page) from error
            written = self._find_committed(page, body, message=message, author_id=author_id, error=error)
        logger.info("wrote version {} of page {} ({})", written.number, page.id, page.title)
        return written

    def _explain(self, error: WikiError, base: Page) -> WikiError:
        """Return the error for a refusal, which depends on the live state of the page.

        409 (or 400 about the version) is a conflict only if the page has a newer version; a draft, a title or a state
        also causes 409, and then the wiki's message is used (v1 OpenAPI of 2021, CONFCLOUD-76640). 404 to a PUT of a
        page that can be read means that the account may not edit the page (v2 updatePage).
        """
        if isinstance(error, AuthenticationError):
            return error
        says_version = re.search(VERSION_WORDS, str(error), re.IGNORECASE) is not None
        if error.status not in (403, 404, 409) and not (error.status == 400 and says_version):
            return error
        try:
            live = self._reader.fetch(base.id)
        except WikiError:
            return error
        if live.version > base.version:
            return PageConflictError(base.id, base_version=base.version)
        if error.status in (403, 404):
            return PermissionDeniedError(
                f"page {base.title!r} ({base.id}): the bot's account may read it, not edit it; ask an administrator of "
                "the space for the permission to add and edit pages, or add the account to the editors of the page"
            )
        return error

    def _find_committed(self, base: Page, body: str, *, message: str, author_id: str, error: WikiError) -> Version:
        """Read the page again: the write is successful if the live page matches the request, else raise *error*."""
        try:
            live = self._reader.fetch(base.id)
        except WikiError as lost:
            raise WikiUnreachableError(
                f"page {base.id}: the answer to the write was lost ({error}) and the page cannot be read again "
                f"({lost}); it may have been written; the next run checks it"
            ) from error
        if live.version <= base.version:
            raise error
        found = live if live.version == base.version + 1 else self._reader.fetch(base.id, version=base.version + 1)
        if not is_our_write(found, base=base, body=body, message=message, author_id=author_id):
            raise PageConflictError(base.id, base_version=base.version) from error
        return found.ref.version

    def create(self, space_key: str, *, title: str, body: str, parent_id: str | None, message: str) -> PageRef:
        """Create a page; if the answer is lost, the write is successful if the wiki has version 1 by this account."""
        if body:
            check_well_formed(body, what=f"new page {title!r}")
        space = self._directory.space(space_key)
        author_id = self._directory.current_user().id
        message = with_run(message)
        try:
            call = self._dialect.create(space, title=title, body=body, parent_id=parent_id, message=message)
            ref = self._client.send(call)
        except WikiError as error:
            if error.status in (403, 404):
                # v2 createPage: 404 also means that the account may not create pages in a space that it can see
                raise PermissionDeniedError(
                    f"page {title!r} was not created: the bot's account may see the space {space_key}, but not create "
                    "pages in it; ask an administrator of the space for the permission to add pages"
                ) from error
            found = self._reader.find_titled(space_key, title) if _may_be_committed(error) else None
            if found is None or found.version.number != 1 or found.version.author.id != author_id:
                raise
            ref = found
        logger.info("created page {} ({})", ref.id, ref.title)
        return ref

    def upload(self, page_id: str, name: str, content: bytes, *, comment: str, replaces: str | None) -> None:
        """Attach a file; if the answer is lost, look whether the page has it."""
        form = UploadForm(name, content, comment)
        try:
            self._client.send(rest_v1.upload(page_id, form, replaces))
        except WikiError as error:
            if error.status == 413:
                message = (
                    f"file {name!r} of page {page_id}: the wiki refuses a file of {len(content)} bytes as too large"
                )
                raise WikiAnswerError(message) from error
            if error.status in (403, 404) and not isinstance(error, AuthenticationError):
                raise PermissionDeniedError(
                    f"file {name!r} of page {page_id}: the bot's account may not attach files there; ask an "
                    f"administrator of the space for the permission to add attachments ({error})"
                ) from error
            if not _may_be_committed(error) or not self._has_file(page_id, form):
                raise
        logger.info("uploaded file {} ({} bytes) to page {}", name, len(content), page_id)

    def comment(self, page_id: str, body: str, parent_id: str | None, read_new: Callable[[], list[Comment]]) -> str:
        """Add a comment; if the answer is lost, look whether it is among the new ones of the page."""
        check_well_formed(body, what=f"a comment on page {page_id}")
        author_id = self._directory.current_user().id
        try:
            comment_id = self._client.send(self._dialect.new_comment(page_id, body, parent_id))
        except WikiError as error:
            if not _may_be_committed(error):
                raise
            words = _words(body)
            found = (
                each.id
                for each in read_new()
                if each.version.author.id == author_id and each.parent_id == parent_id and _words(each.body) == words
            )
            known = next(found, None)
            if known is None:
                raise
            comment_id = known
        logger.info("commented on page {} ({})", page_id, comment_id)
        return comment_id

    def _has_file(self, page_id: str, form: UploadForm) -> bool:
        return any(
            file.name == form.name and file.comment == form.comment and file.size_bytes == len(form.content)
            for file in self._client.iter(self._dialect.attachments(page_id))
        )

    def delete(self, page_id: str) -> None:
        """Move a page to the trash; both flavours delete at the address of the page."""
        page = self._dialect.page(page_id)
        self._client.send(Call(page.path, page.about, lambda _answer: None, method="DELETE", page_id=page_id))


def with_run(message: str) -> str:
    """Return *message* with the number of the run that writes, for `wikibot runs NUMBER`.

    Words are cut to make room for it, but not what is before the colon: the ledger reads that.
    """
    number = current_run().number
    if not number:
        return message
    end = f" (run {number})"
    head = message.partition(": ")[0]
    room = _MESSAGE_LENGTH - len(end)
    return message if len(head) >= room else message[:room].rstrip() + end


def _may_be_committed(error: WikiError) -> bool:
    """Return whether a write may have been committed although the answer was not valid.

    A status of 400 to 499 means that nothing was written. A login page with status 200 may come from a proxy.
    """
    is_refused = error.status is not None and error.status < 500
    return not is_refused and isinstance(error, WikiUnreachableError | WikiAnswerError | AuthenticationError)


def _check_written(page_id: str, version: Version, *, base: Page) -> Version:
    if page_id != base.id or version.number != base.version + 1:
        raise WikiAnswerError(
            f"page {base.id}: wrote version {base.version + 1}, but the wiki answered with "
            f"version {version.number} of page {page_id}"
        )
    return version


def is_our_write(found: Page, *, base: Page, body: str, message: str, author_id: str) -> bool:
    """Return whether *found* is the result of our write on *base*.

    The wiki rewrites markup when it saves, so only the words of the bodies are compared; the version number, the
    version message and the author have to match too.
    """
    version = found.ref.version
    return (
        found.id == base.id
        and version.number == base.version + 1
        and version.message == message
        and version.author.id == author_id
        and (found.body == body or _words(found.body) == _words(body))
    )


def _words(body: str) -> Counter[str]:
    return Counter(html.unescape(_MARKUP.sub(" ", body)).split())

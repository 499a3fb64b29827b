"""The gateway to a Confluence wiki, over the plain verbs of atlassian-python-api.

Only the verbs are used: the library's own helpers re-read versions when they write, drop context paths and stop early.
"""

import random
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import requests
from atlassian.rest_client import AtlassianRestAPI
from loguru import logger

from bot.errors import (
    AuthenticationError,
    PageConflictError,
    PageNotFoundError,
    SpaceNotFoundError,
    WikiAnswerError,
    WikiError,
    WikiUnreachableError,
)
from bot.stopping import interruptible_sleep
from bot.wiki import rest_v1
from bot.wiki.ask import Ask
from bot.wiki.committed import is_our_write
from bot.wiki.dialect import Dialect, Flavour, base_address
from bot.wiki.dialect_cloud import CloudDialect
from bot.wiki.dialect_datacenter import DataCenterDialect
from bot.wiki.gateway import (
    CURRENT_PAGES,
    Attachment,
    Comment,
    Page,
    PageRef,
    PageSelection,
    PageStatus,
    Restrictions,
    Space,
    User,
    Version,
)
from bot.wiki.rate_limit import RateLimiter
from bot.wiki.rest import RestClient
from bot.wiki.transport import PATIENT, Credentials, Manners, WikiSession
from bot.wiki.well_formed import check_well_formed


class ConfluenceGateway:
    """A Cloud or Data Center wiki behind the `WikiGateway` port; safe to share between threads."""

    def __init__(
        self,
        url: str,
        *,
        flavour: Flavour,
        credentials: Credentials,
        writes_per_minute: float = 6,
        is_dry_run: bool = False,
        ca_bundle: Path | None = None,
        manners: Manners = PATIENT,
        stop: threading.Event | None = None,
        clock: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], None] | None = None,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
        jitter: Callable[[], float] = random.random,
    ) -> None:
        self.base_url = base_address(url, flavour)
        self._dialect: Dialect = CloudDialect() if flavour is Flavour.CLOUD else DataCenterDialect()
        stop = stop or threading.Event()
        sleep = sleep or interruptible_sleep(stop)
        limiter = RateLimiter.per_minute(writes_per_minute, clock=clock, sleep=sleep)

        def new_session() -> WikiSession:
            return WikiSession(
                credentials,
                write_limiter=limiter,
                manners=manners,
                ca_bundle=ca_bundle,
                is_dry_run=is_dry_run,
                stop=stop,
                sleep=sleep,
                now=now,
                jitter=jitter,
            )

        self._client = RestClient(lambda: _AtlassianVerbs(self.base_url, new_session()), base_url=self.base_url)
        self._lock = threading.Lock()
        self._spaces: dict[str, Space] = {}
        self._users: dict[str, User] = {}
        self._me: User | None = None
        self._can_read_in_bulk = True

    # -- people and spaces

    def fetch_current_user(self) -> User:
        """Return the account that the bot works under; raises `AuthenticationError` for an anonymous one."""
        user = self._dialect.read_user(self._client.get(self._dialect.current_user()))
        if user.id in ("", "anonymous"):
            raise AuthenticationError("the wiki takes the bot for an anonymous visitor; check user and token")
        self._me = user
        return user

    def fetch_user(self, user_id: str) -> User:
        """Return a person by the id that versions carry; a person who is gone is named by that id."""
        if user_id not in self._users:
            try:
                self._users[user_id] = self._dialect.read_user(self._client.get(self._dialect.user(user_id)))
            except WikiAnswerError:
                self._users[user_id] = User(user_id, user_id)
        return self._users[user_id]

    def fetch_space(self, key: str) -> Space:
        """Return the space with this key, remembered after the first time."""
        known = next((space for space in self._spaces.values() if space.key == key), None)
        if known is not None:
            return known
        return self._remember_space(self._dialect.space(key), key)

    def _remember_space(self, ask: Ask, key_or_id: str) -> Space:
        space = self._dialect.read_space(self._client.get(ask), ask.about)
        if space is None:
            raise SpaceNotFoundError(key_or_id)
        with self._lock:
            self._spaces = {**self._spaces, space.id: space}
        return space

    def _space_key(self, space_id: str) -> str:
        known = self._spaces.get(space_id)
        return known.key if known else self._remember_space(self._dialect.space_by_id(space_id), space_id).key

    # -- reading pages

    def iter_refs(self, space_key: str, selection: PageSelection = CURRENT_PAGES) -> Iterator[PageRef]:
        """List the pages of a space without bodies, up to 200 (v1) or 250 (v2) a request."""
        if PageStatus.CURRENT in selection.statuses and selection.labels:
            yield from (page.ref for page in self._iter_labelled(space_key, selection))
        for item in self._list(space_key, selection, with_body=False):
            ref = self._read_ref(item)
            if self._bears_label(ref, selection):
                yield ref

    def iter_pages(self, space_key: str, selection: PageSelection = CURRENT_PAGES) -> Iterator[Page]:
        """List the pages of a space with bodies, up to 50 (v1) or 250 (v2) a request."""
        if PageStatus.CURRENT in selection.statuses and selection.labels:
            yield from self._iter_labelled(space_key, selection)
        for item in self._list(space_key, selection, with_body=True):
            page = self._read_page(item)
            if self._bears_label(page.ref, selection):
                yield page

    def _list(self, space_key: str, selection: PageSelection, *, with_body: bool) -> Iterator[dict[str, Any]]:
        """List each status by itself, so that none depends on how a server reads several; no page comes twice."""
        space = self.fetch_space(space_key)
        seen: set[str] = set()
        for status in selection.statuses:
            if status is PageStatus.CURRENT and selection.labels:
                continue
            ask = self._dialect.listing(space, status, with_body=with_body)
            for item in self._client.iter(ask) if ask else ():
                page_id = str(item.get("id"))
                if page_id not in seen:
                    seen.add(page_id)
                    yield item

    def _iter_labelled(self, space_key: str, selection: PageSelection) -> Iterator[Page]:
        """Find current pages by label through the search index; what it knows may be a little old."""
        ids = {page_id for label in selection.labels for page_id in self.find_labelled(space_key, label)}
        for page in self.fetch_pages(sorted(ids)).values():
            if page.ref.status is PageStatus.CURRENT and page.ref.space_key == space_key:
                yield page

    def _bears_label(self, ref: PageRef, selection: PageSelection) -> bool:
        """Tell whether a listed page is selected; the search index hides all but current pages, so ask page by page."""
        return not selection.labels or not self.fetch_labels(ref.id).isdisjoint(selection.labels)

    def fetch_pages(self, page_ids: Sequence[str]) -> dict[str, Page]:
        """Read many pages by id, up to 50 (v1) or 250 (v2) a request; absent ones are left out."""
        wanted = list(dict.fromkeys(page_ids))
        found: dict[str, Page] = {}
        for start in range(0, len(wanted), self._dialect.bulk_read_size):
            batch = wanted[start : start + self._dialect.bulk_read_size]
            found |= self._fetch_batch(batch)
        return {page_id: found[page_id] for page_id in wanted if page_id in found}

    def _fetch_batch(self, page_ids: Sequence[str]) -> dict[str, Page]:
        found: dict[str, Page] = {}
        if self._can_read_in_bulk:
            for item in self._client.iter(self._dialect.pages(page_ids)):
                if item.get("id") not in page_ids:
                    if self._dialect.is_bulk_read_certain:
                        raise WikiAnswerError(f"page {item.get('id')}: the wiki sent it without being asked for it")
                    self._can_read_in_bulk = False
                    break
                listed = self._read_page(item)
                found[listed.id] = listed
        if not self._dialect.is_bulk_read_certain:
            for page_id in page_ids:
                if page_id not in found and (page := self._find(self._dialect.page(page_id))) is not None:
                    found[page_id] = page
        return found

    def _find(self, ask: Ask) -> Page | None:
        try:
            return self._read_asked(ask)
        except PageNotFoundError:
            return None

    def fetch_page(self, page_id: str, *, version: int | None = None) -> Page:
        """Read one page, the newest published version or an earlier one."""
        if version is None:
            return self._read_asked(self._dialect.page(page_id))
        answer = self._client.get(self._dialect.page_version(page_id, version))
        page = self._read_page(answer)
        if page.version != version:
            raise WikiAnswerError(f"page {page_id}: asked for version {version}, the wiki sent version {page.version}")
        # Data Center keeps old versions under ids of their own
        return replace(page, ref=replace(page.ref, id=page_id))

    def _read_asked(self, ask: Ask) -> Page:
        page = self._read_page(self._client.get(ask))
        if page.id != ask.page_id:
            raise WikiAnswerError(f"page {ask.page_id}: the wiki sent page {page.id} instead")
        return page

    def _read_page(self, answer: object) -> Page:
        return self._dialect.read_page(answer, self._space_key, self.base_url)

    def _read_ref(self, answer: object) -> PageRef:
        return self._dialect.read_ref(answer, self._space_key, self.base_url)

    def find_page(self, space_key: str, title: str) -> PageRef | None:
        """Find a current page by its exact title, else an archived one where the flavour can tell."""
        space = self.fetch_space(space_key)
        for status in (PageStatus.CURRENT, PageStatus.ARCHIVED):
            ask = self._dialect.titled(space, title, status)
            for item in self._client.iter(ask) if ask else ():
                ref = self._read_ref(item)
                if ref.title == title and ref.space_key == space_key:
                    return ref
        return None

    def find_labelled(self, space_key: str, label: str) -> list[str]:
        """Return the ids of current pages that bear a label, as the search index knows them."""
        return [str(item["id"]) for item in self._client.iter(rest_v1.labelled(space_key, label)) if "id" in item]

    # -- what belongs to a page

    def fetch_versions(self, page_id: str) -> Iterator[Version]:
        """List the version history, newest first, with the names of the authors."""
        for item in self._client.iter_first(self._dialect.versions(page_id)):
            version = self._dialect.read_version(item)
            yield replace(version, author=self._named(version.author))

    def _named(self, user: User) -> User:
        """Return *user* with a name: v2 tells the account id only."""
        return user if user.display_name != user.id else self.fetch_user(user.id)

    def fetch_labels(self, page_id: str) -> frozenset[str]:
        """Return the labels of a page."""
        return frozenset(str(item.get("name")) for item in self._client.iter(self._dialect.labels(page_id)))

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
        return rest_v1.read_restrictions(self._client.get(rest_v1.restrictions(page_id)))

    def has_unpublished_draft(self, page_id: str) -> bool:
        """Tell whether there is a draft that says something else than the published page."""
        try:
            draft = self._read_page(self._client.get(self._dialect.draft(page_id)))
        except PageNotFoundError:
            return False
        page = self.fetch_page(page_id)
        return (draft.title, draft.body) != (page.title, page.body)

    # -- writing

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
        ref = self._read_ref(answer)
        if ref.id != base.id or ref.version.number != base.version + 1:
            raise WikiAnswerError(
                f"page {base.id}: wrote version {base.version + 1}, but the wiki answered with "
                f"version {ref.version.number} of page {ref.id}"
            )
        return ref.version

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
        space = self.fetch_space(space_key)
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


_MAYBE_COMMITTED = (WikiUnreachableError, WikiAnswerError, AuthenticationError)
"""After these a write may stand although no good answer came; a proxy's login page is one of them."""


class _AtlassianVerbs:
    """The library's plain verbs with raw responses; the session under it is ours."""

    def __init__(self, base_url: str, session: WikiSession) -> None:
        self._client = AtlassianRestAPI(base_url, session=session, advanced_mode=True, retry_with_header=False)
        self._session = session
        self._base_url = base_url

    def get(self, path: str) -> requests.Response:
        return self._client.get(path, advanced_mode=True)

    def put(self, path: str, payload: Any) -> requests.Response:
        return self._client.put(path, data=payload, advanced_mode=True)

    def post(self, path: str, payload: Any) -> requests.Response:
        return self._client.post(path, data=payload, advanced_mode=True)

    def download(self, path: str) -> bytes:
        return self._session.download(self._base_url + path)

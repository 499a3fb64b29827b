"""The reading half of the gateway: people, spaces and pages, listed, in bulk or one by one."""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from itertools import islice
from typing import Any

from bot.errors import (
    AuthenticationError,
    PageNotFoundError,
    PermissionDeniedError,
    SpaceNotFoundError,
    WikiAnswerError,
)
from bot.wiki import rest_v1
from bot.wiki.ask import Ask
from bot.wiki.dialect import Dialect
from bot.wiki.gateway import CURRENT_PAGES, Page, PageRef, PageSelection, PageStatus, Space, User
from bot.wiki.rest import RestClient


class WikiReader:
    """Reads through *client* in *dialect*; every page is checked to be the one that was asked for."""

    def __init__(self, client: RestClient, dialect: Dialect, *, base_url: str) -> None:
        self.base_url = base_url
        self._client = client
        self._dialect = dialect
        self._spaces: dict[str, Space] = {}
        self._users: dict[str, User] = {}
        self._me: User | None = None
        self._can_read_in_bulk = True

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
            except (WikiAnswerError, PermissionDeniedError):
                self._users[user_id] = User(user_id, user_id)
        return self._users[user_id]

    def fetch_space(self, key: str) -> Space:
        """Return the space with this key as it is now."""
        return self._fetch_space(self._dialect.space(key), key)

    def iter_spaces(self) -> Iterator[Space]:
        """List the current spaces that the account may see."""
        ask = self._dialect.spaces()
        for item in self._client.iter(ask):
            space = self._dialect.read_space(item, ask.about)
            if space is not None:
                self._spaces[space.key] = space
                yield space

    def _fetch_space(self, ask: Ask, key_or_id: str) -> Space:
        space = self._dialect.read_space(self._client.get(ask), ask.about)
        if space is None:
            raise SpaceNotFoundError(key_or_id)
        self._spaces[space.key] = space
        return space

    def _known_space(self, key: str) -> Space:
        """Return the space as it was when we last read it; its id and key never change."""
        return self._spaces.get(key) or self.fetch_space(key)

    def _space_key(self, space_id: str) -> str:
        known = next((space for space in list(self._spaces.values()) if space.id == space_id), None)
        return (known or self._fetch_space(self._dialect.space_by_id(space_id), space_id)).key

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
        """List each status by itself, so that none depends on how a server reads several; no page comes twice.

        The space is read anew: a listing of one that is gone may come back empty, and must not pass for an empty space.
        """
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
        space = self._known_space(space_key)
        for status in (PageStatus.CURRENT, PageStatus.ARCHIVED):
            ask = self._dialect.titled(space, title, status)
            for item in self._client.iter(ask) if ask else ():
                ref = self._read_ref(item)
                if ref.title == title and ref.space_key == space_key:
                    return ref
        return None

    def find_titles(self, space_key: str, words: str) -> list[str]:
        """Return up to 25 titles of current pages in which each of *words* begins a word, as the search index knows."""
        items = islice(self._client.iter(rest_v1.titled_like(space_key, words)), 25)
        return [str(item["title"]) for item in items if "title" in item]

    def find_labelled(self, space_key: str, label: str) -> list[str]:
        """Return the ids of current pages that bear a label, as the search index knows them."""
        return [str(item["id"]) for item in self._client.iter(rest_v1.labelled(space_key, label)) if "id" in item]

    def fetch_labels(self, page_id: str) -> frozenset[str]:
        """Return the labels of a page."""
        ask = self._dialect.labels(page_id)
        return frozenset(rest_v1.read_label(item, ask.about) for item in self._client.iter(ask))

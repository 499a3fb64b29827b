"""Read pages: listings of a space, many by id, one by id or title. Each answer is checked against the request."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from itertools import islice
from typing import Literal, TypeVar

from bot.errors import PageNotFoundError, WikiAnswerError
from bot.wiki import rest_v1
from bot.wiki.dialect import Call, Dialect
from bot.wiki.directory import Directory
from bot.wiki.gateway import Page, PageRef, PageSelection, PageStatus, Space
from bot.wiki.rest_client import RestClient

Listed = TypeVar("Listed", Page, PageRef)


class PageReader:
    """Reads pages through *client* in *dialect*."""

    def __init__(self, client: RestClient, dialect: Dialect, directory: Directory) -> None:
        self._client, self._dialect, self._directory = client, dialect, directory
        self._can_read_in_bulk = True

    def iter_refs(self, space_key: str, selection: PageSelection) -> Iterator[PageRef]:
        """List without bodies: up to 200 (v1) or 250 (v2) per request."""
        yield from (page.ref for page in self._iter_current_labelled(space_key, selection))
        yield from self._iter_listed(space_key, selection, self._dialect.refs)

    def iter_refs_again(self, space_key: str, statuses: Sequence[PageStatus]) -> Iterator[PageRef]:
        """List without bodies, by another operation than `iter_refs`."""
        yield from self._iter_listed(space_key, PageSelection(tuple(statuses)), self._dialect.refs_again)

    def fetch_newest(self, space_key: str) -> list[PageRef]:
        """Return some pages of a space, newest change first."""
        call = self._dialect.newest_pages(self._directory.space(space_key))
        found, _ = next(self._client.batches(call))
        return found

    def count_pages(self, space_key: str) -> int:
        """Return the number of current pages as the search index knows it."""
        return self._client.send(rest_v1.counted_by_search(space_key))

    def count_on_page(self, page_id: str, kind: Literal["attachment", "comment"]) -> int:
        """Return the number of attachments or comments of a page as the search index knows it."""
        return self._client.send(rest_v1.counted_on_page(page_id, kind))

    def find_pages(self, space_key: str) -> list[str]:
        """Return the ids of the current pages that the search index knows."""
        return list(self._client.iter(rest_v1.found_by_search(space_key)))

    def iter_pages(self, space_key: str, selection: PageSelection) -> Iterator[Page]:
        """List with bodies: up to 50 (v1) or 250 (v2) per request."""
        yield from self._iter_current_labelled(space_key, selection)
        yield from self._iter_listed(space_key, selection, self._dialect.bodies)

    def _iter_listed(
        self, space_key: str, selection: PageSelection, listing: Callable[[Space, PageStatus], Call[Listed] | None]
    ) -> Iterator[Listed]:
        """List each status separately, because servers differ in how they read several; skip duplicate pages.

        The space is read again first: the listing of a deleted space may be empty, and must not be taken for an empty
        space.
        """
        space = self._directory.fetch_space(space_key)
        seen: set[str] = set()
        for status in selection.statuses:
            if status is PageStatus.CURRENT and selection.labels:
                continue
            call = listing(space, status)
            for page in self._client.iter(call) if call else ():
                if page.id not in seen:
                    seen.add(page.id)
                    if self._has_label(page.id, selection):
                        yield page

    def _iter_current_labelled(self, space_key: str, selection: PageSelection) -> Iterator[Page]:
        """Find current pages by label through the search index, which may be stale."""
        if PageStatus.CURRENT not in selection.statuses:
            return
        ids = {page_id for label in selection.labels for page_id in self.find_labelled(space_key, label)}
        for page in self.fetch_many(sorted(ids)).values():
            if page.ref.status is PageStatus.CURRENT and page.ref.space_key == space_key:
                yield page

    def _has_label(self, page_id: str, selection: PageSelection) -> bool:
        """Return whether a page has a selected label, with one request: the search index has only current pages."""
        return not selection.labels or not self.fetch_labels(page_id).isdisjoint(selection.labels)

    def find_labelled(self, space_key: str, label: str) -> list[str]:
        """Return the ids of current pages with a label, from the search index."""
        return list(self._client.iter(rest_v1.labelled(space_key, label)))

    def find_titles(self, space_key: str, words: str) -> list[str]:
        """Return up to 25 titles of current pages in which each of *words* is a word prefix, from the search index."""
        return list(islice(self._client.iter(rest_v1.titled_like(space_key, words)), 25))

    def fetch_labels(self, page_id: str) -> frozenset[str]:
        """Return the labels of a page."""
        return frozenset(self._client.iter(self._dialect.labels(page_id)))

    def fetch_space_labels(self, space_key: str) -> frozenset[str]:
        """Return the labels that any content of the space has."""
        return frozenset(self._client.iter(self._dialect.space_labels(self._directory.space(space_key))))

    def fetch_read_restricted(self, space_key: str) -> dict[str, bool]:
        """Return for current pages of a space whether each has a read restriction; pages without an answer are omitted.

        A wiki that ignores the expansion is asked for the first part of the listing only.
        """
        found: dict[str, bool] = {}
        for page_id, is_restricted in self._client.iter(self._dialect.readers(self._directory.space(space_key))):
            if is_restricted is None:
                break
            found[page_id] = found.get(page_id, False) or is_restricted
        return found

    def fetch_many(self, page_ids: Sequence[str]) -> dict[str, Page]:
        """Read pages by id, up to 50 (v1) or 250 (v2) per request; absent pages are omitted."""
        wanted = list(dict.fromkeys(page_ids))
        found: dict[str, Page] = {}
        for start in range(0, len(wanted), self._dialect.bulk_read_size):
            found |= self._fetch_batch(wanted[start : start + self._dialect.bulk_read_size])
        return {page_id: found[page_id] for page_id in wanted if page_id in found}

    def _fetch_batch(self, page_ids: Sequence[str]) -> dict[str, Page]:
        found: dict[str, Page] = {}
        if self._can_read_in_bulk:
            call = self._dialect.pages(page_ids)
            for item in self._client.items(call):
                if item.get("id") not in page_ids:
                    if self._dialect.is_bulk_read_certain:
                        raise WikiAnswerError(f"page {item.get('id')}: the wiki sent it without being asked for it")
                    self._can_read_in_bulk = False
                    break
                page = call.read(item)
                found[page.id] = page
        if not self._dialect.is_bulk_read_certain:
            for page_id in page_ids:
                if page_id not in found and (single := self._find(page_id)) is not None:
                    found[page_id] = single
        return found

    def _find(self, page_id: str) -> Page | None:
        try:
            return self.fetch(page_id)
        except PageNotFoundError:
            return None

    def fetch(self, page_id: str, *, version: int | None = None) -> Page:
        """Read one page, the newest published version or an earlier one."""
        if version is None:
            page = self._client.send(self._dialect.page(page_id))
            if page.id != page_id:
                raise WikiAnswerError(f"page {page_id}: the wiki sent page {page.id} instead")
            return page
        page = self._client.send(self._dialect.page_version(page_id, version))
        if page.version != version:
            raise WikiAnswerError(
                f"page {page_id}: asked for version {version}, the wiki sent version {page.version}; if a part of the "
                "wiki lags behind, this passes: run again in a few minutes"
            )
        # On Data Center, old versions have ids of their own
        return replace(page, ref=replace(page.ref, id=page_id))

    def fetch_view(self, page_id: str) -> str:
        """Return the newest published version as HTML."""
        return self._client.send(self._dialect.view(page_id))

    def find_titled(
        self, space_key: str, title: str, statuses: Sequence[PageStatus] = (PageStatus.CURRENT, PageStatus.ARCHIVED)
    ) -> PageRef | None:
        """Find a page by its exact title, in the first of *statuses* that has one and that the flavour has."""
        space = self._directory.space(space_key)
        for status in statuses:
            call = self._dialect.titled(space, title, status)
            for ref in self._client.iter(call) if call else ():
                if ref.title == title and ref.space_key == space_key:
                    return ref
        return None

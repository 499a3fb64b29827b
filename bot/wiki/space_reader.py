"""Read what all pages of a space have with few requests: parts of pages in listings, and the newest items of a wiki."""

from collections.abc import Callable, Collection, Iterator, Sequence
from concurrent.futures import Executor
from dataclasses import replace
from datetime import datetime
from typing import TypeVar

from bot.wiki import rest_v1
from bot.wiki.dialect import Call, Dialect
from bot.wiki.directory import Directory
from bot.wiki.gateway import Attachment, Comment, ListingEntry, Newest, Page, PagePart, PageParts
from bot.wiki.page_reader import PageReader
from bot.wiki.rest_client import RestClient

T = TypeVar("T", Attachment, Comment)
_IDS_PER_SEARCH = 200


class SpaceReader:
    """Reads through *client* in *dialect*."""

    def __init__(self, client: RestClient, dialect: Dialect, directory: Directory, pages: PageReader) -> None:
        self._client, self._dialect, self._directory, self._pages = client, dialect, directory, pages

    def iter_listed(self, space_key: str, *, again: bool = False) -> Iterator[ListingEntry]:
        """List current and archived pages once each. The space is read first, as it may have been deleted."""
        seen: set[str] = set()
        space = self._directory.space(space_key) if again else self._directory.fetch_space(space_key)
        for listed, cut in self._client.iter(self._dialect.listed(space)):
            if listed.ref.id not in seen:
                seen.add(listed.ref.id)
                yield replace(listed, parts=self._completed(listed.ref.id, listed.parts, cut))

    def fetch_captures(self, page_ids: Sequence[str]) -> dict[str, tuple[Page, PageParts]]:
        """Read pages by id, with the parts that the answers have; absent pages are omitted."""
        found: dict[str, tuple[Page, PageParts]] = {}
        size = self._dialect.bulk_read_size
        for start in range(0, len(page_ids), size):
            found |= self._fetch_batch(page_ids[start : start + size])
        missing = [page_id for page_id in page_ids if page_id not in found]
        plain = self._pages.fetch_many(missing) if missing else {}
        return found | {page_id: (page, PageParts()) for page_id, page in plain.items()}

    def _fetch_batch(self, page_ids: Sequence[str]) -> dict[str, tuple[Page, PageParts]]:
        """Read pages with parts; nothing if the flavour has no parts, or the server ignores the ids."""
        call = self._dialect.captures(page_ids)
        found: dict[str, tuple[Page, PageParts]] = {}
        if call is None:
            return found
        for item in self._client.items(call):
            if str(item.get("id")) not in page_ids:
                return {}
            page, parts, cut = call.read(item)
            found[page.id] = page, self._completed(page.id, parts, cut)
        return found

    def _completed(self, page_id: str, parts: PageParts, cut: frozenset[PagePart]) -> PageParts:
        """Read the lists that the listing cut, each by itself."""
        dialect, client = self._dialect, self._client
        readers: dict[PagePart, Callable[[], PageParts]] = {
            PagePart.LABELS: lambda: replace(parts, labels=frozenset(client.iter(dialect.labels(page_id)))),
            PagePart.ATTACHMENTS: lambda: replace(parts, attachments=tuple(client.iter(dialect.attachments(page_id)))),
            PagePart.COMMENTS: lambda: replace(
                parts, comments=tuple(comment for call in dialect.comments(page_id) for comment in client.iter(call))
            ),
        }
        for part in sorted(cut):
            parts = readers[part]()
        return parts

    def list_labels(
        self, space_key: str, only: Collection[str] | None, fetchers: Executor | None = None
    ) -> dict[str, frozenset[str]] | None:
        """Return the ids of the pages with each label; None if `iter_listed` has the labels."""
        space = self._directory.space(space_key)
        known = self._dialect.label_ids(space)
        if known is None:
            return None
        ids = {name: label_id for name, label_id in self._client.iter(known) if only is None or name in only}
        calls = {name: call for name, label_id in ids.items() if (call := self._dialect.label_pages(space, label_id))}
        read_all = fetchers.map if fetchers else map
        return dict(zip(calls, read_all(self._list_labelled, calls.values()), strict=True))

    def _list_labelled(self, call: Call[str]) -> frozenset[str]:
        return frozenset(self._client.iter(call))

    def fetch_newest_attachments(self, since: datetime | None, max_requests: int) -> Newest[Attachment] | None:
        """Return the attachments that were changed after *since*, and some older ones."""
        call = self._dialect.newest_attachments()
        return self._fetch_newest(call, since, max_requests) if call else None

    def fetch_newest_comments(self, since: datetime | None, max_requests: int) -> Newest[Comment] | None:
        """Return the comments that were changed after *since*, and older ones; a reply has the page of its thread."""
        calls = self._dialect.newest_comments()
        if not calls:
            return None
        found = [self._fetch_newest(call, since, max_requests) for call in calls]
        pages = {comment.id: (page_id, comment.parent_id) for part in found for page_id, comment in part.items}
        items = tuple((_page_of(comment.id, pages), comment) for part in found for _, comment in part.items)
        return Newest(items, all(part.is_all for part in found), all(part.is_certain for part in found))

    def _fetch_newest(self, call: Call[tuple[str | None, T]], since: datetime | None, max_requests: int) -> Newest[T]:
        items: list[tuple[str | None, T]] = []
        for number, (batch, is_last) in enumerate(self._client.batches(call), start=1):
            items += batch
            has_older = since is not None and any(item.version.when < since for _, item in batch)
            if is_last or has_older or number >= max_requests:
                return Newest(tuple(items), is_all=is_last, is_certain=is_last or has_older)
        return Newest(tuple(items), is_all=True)

    def find_parts(self, page_ids: Sequence[str], again: Collection[str] = ()) -> dict[str, PageParts]:
        """Return restrictions and labels, as far as the search index has the pages; its answers name authors, too."""
        found: dict[str, PageParts] = {}
        for start in range(0, len(page_ids), _IDS_PER_SEARCH):
            batch = page_ids[start : start + _IDS_PER_SEARCH]
            is_kept = not any(page_id in again for page_id in batch)
            for page_id, parts, author in self._client.iter(rest_v1.parts_of(batch, is_kept=is_kept)):
                if page_id in batch:
                    found[page_id] = parts
                    self._directory.learn(author)
        return found


def _page_of(comment_id: str | None, pages: dict[str, tuple[str | None, str | None]]) -> str | None:
    """Return the page of a comment, or of the comment that it replies to."""
    for _ in range(len(pages) + 1):
        page_id, parent_id = pages.get(comment_id or "", (None, None))
        if page_id is not None or parent_id is None:
            return page_id
        comment_id = parent_id
    return None

"""Lists of a whole wiki or space by label, by attachment and by comment, and what they say about one page (Cloud)."""

from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Executor
from dataclasses import dataclass, field, replace
from datetime import datetime
from functools import cached_property
from typing import TypeVar

from loguru import logger

from bot.errors import WikiError
from bot.wiki.gateway import Attachment, Comment, Newest, PageParts, WikiGateway

T = TypeVar("T")
_Item = TypeVar("_Item", Attachment, Comment)


@dataclass
class WideLists:
    """One reading of these lists; None for a list that the wiki does not have or refuses."""

    labelled: dict[str, frozenset[str]] | None = None
    """Label → ids of its pages, for all labels of the space."""
    attachments: Newest[Attachment] | None = None
    comments: Newest[Comment] | None = None
    found: dict[str, PageParts] = field(default_factory=dict)
    """Restrictions and labels of the nodes that the search index has."""

    def complete(self, parts: PageParts, page_id: str) -> PageParts:
        """Add what these lists say about a page, as far as they have everything about it."""
        if parts.labels is None and self.labelled is not None:
            parts = replace(parts, labels=self.labels_of.get(page_id, frozenset()))
        found = self.found.get(page_id)
        if found is not None and parts.labels is None:
            parts = replace(parts, labels=found.labels)
        if found is not None and parts.restrictions is None:
            parts = replace(parts, restrictions=found.restrictions)
        if parts.attachments is None and self.attachments is not None and self.attachments.is_all:
            parts = replace(parts, attachments=tuple(self.attachments_of.get(page_id, ())))
        if parts.comments is None and self.comments is not None and self.comments.is_all:
            comments = tuple(self.comments_of.get(page_id, ()))
            parts = replace(parts, comments=comments if self.has_replies or not comments else None)
        return parts

    @cached_property
    def labels_of(self) -> Mapping[str, frozenset[str]]:
        """The labels in the list by page id; equal sets of labels are in memory once."""
        found: dict[str, frozenset[str]] = {}
        same: dict[frozenset[str], frozenset[str]] = {}
        for name, page_ids in (self.labelled or {}).items():
            for page_id in page_ids:
                labels = found.get(page_id, frozenset()) | {name}
                found[page_id] = same.setdefault(labels, labels)
        return found

    @cached_property
    def has_replies(self) -> bool:
        """Whether the list of comments includes replies, which is not documented."""
        return self.comments is not None and any(comment.parent_id for _, comment in self.comments.items)

    @cached_property
    def attachments_of(self) -> Mapping[str, list[Attachment]]:
        """The attachments in the list by page id."""
        return _by_page(self.attachments)

    @cached_property
    def comments_of(self) -> Mapping[str, list[Comment]]:
        """The comments in the list by page id."""
        return _by_page(self.comments)

    def times_of(self, kind: str) -> list[datetime]:
        """Return the times of the last changes of the `attachments` or `comments` in the list."""
        newest = self.attachments if kind == "attachments" else self.comments
        return [item.version.when for _, item in newest.items] if newest else []


def read_newest(
    readings: Sequence[WideLists],
    gateway: WikiGateway,
    since: Mapping[str, datetime | None],
    most: int,
    fetchers: Executor,
) -> Callable[[], None]:
    """Begin to read the attachments and comments of the wiki that were changed since some time, once for *readings*.

    *most* is the number of requests for each list. The call that is returned waits for the answers.
    """
    attachments = fetchers.submit(or_none, lambda: gateway.fetch_newest_attachments(since["attachments"], most))
    comments = fetchers.submit(or_none, lambda: gateway.fetch_newest_comments(since["comments"], most))

    def wait() -> None:
        for lists in readings:
            lists.attachments, lists.comments = attachments.result(), comments.result()

    return wait


def _by_page(newest: Newest[_Item] | None) -> Mapping[str, list[_Item]]:
    found: dict[str, list[_Item]] = defaultdict(list)
    for page_id, item in newest.items if newest else ():
        if page_id is not None:
            found[page_id].append(item)
    return found


def or_none(read: Callable[[], T]) -> T | None:
    """Return what *read* returns; None if the wiki refuses it."""
    try:
        return read()
    except WikiError as error:
        logger.warning("a listing of the wiki cannot be read, so each page is asked about: {}", error)
        return None

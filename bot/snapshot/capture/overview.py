"""What is known about the labels, attachments, comments and restrictions of pages before each is asked about.

A capture that knows the last one asks about a page only what the listings do not say, or say otherwise than the record.
A capture that reads everything reads the listings twice.
"""

import zlib
from collections.abc import Iterable, Mapping
from concurrent.futures import Executor
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from functools import cached_property
from typing import TypeVar
from unicodedata import normalize

from bot.config.policy import HistoryMode
from bot.snapshot.archive.record import PageRecord
from bot.snapshot.capture.capture_memory import SpaceMemory
from bot.snapshot.capture.fingerprint import take_fingerprint
from bot.snapshot.capture.recorded_parts import find_equal_parts, has_same_comments, has_same_part
from bot.snapshot.capture.wide_lists import WideLists, or_none
from bot.wiki.gateway import (
    Attachment,
    Comment,
    Newest,
    PagePart,
    PageParts,
    PageRef,
    Restrictions,
    TreeItem,
    WikiGateway,
)
from bot.wiki.read_access import trail_of

_Item = TypeVar("_Item", Attachment, Comment)
_NO_PARTS = PageParts()
_MARGIN = timedelta(hours=1)
"""Something that is older than the newest item seen may become visible later by this time."""
_FEWEST_REQUESTS = 4
_PAGES_PER_REQUEST = 50
"""A listing of the whole wiki may cost one request for so many pages of the space; else each page is asked about."""
_LABELLED_PER_REQUEST = 250
_SLICES = 7
_SLICE = 200
"""Restrictions are read again by rotation: one of seven slices a day, but not less than one full request."""


@dataclass(frozen=True, slots=True)
class Hints:
    """What is known about a page before it is asked about."""

    parts: PageParts = _NO_PARTS
    certain: frozenset[PagePart] = frozenset()
    """Parts on which two answers of the wiki agree."""
    unchanged: frozenset[PagePart] = frozenset()
    """Parts without a change since the page was captured."""
    contradicted: frozenset[PagePart] = frozenset()
    """Parts of which a listing says that they changed since then."""
    named_labels: frozenset[str] = frozenset()
    """Labels of the rule with which some source names the page."""
    is_body_known: bool = False
    """Whether the captured body is that of the listed version."""


NOTHING_KNOWN = Hints()


def _shown(page: PageRef | PageRecord) -> tuple[int, datetime, str, str]:
    """Return version, time, title and status; a record has the title in one normal form."""
    return page.version.number, page.version.when, normalize("NFC", page.title), page.status.value


@dataclass
class Overview:
    """What is known about the pages of one space; *memory* is None if everything is read again."""

    memory: SpaceMemory | None = None
    last: SpaceMemory | None = None
    """What the last capture saw, also if everything is read again."""
    day: int = 0
    """Number of the day, for the rotation."""
    refs: Mapping[str, PageRef] = field(default_factory=dict)
    """All pages of the space."""
    parts: dict[str, PageParts] = field(default_factory=dict)
    """What the listing of the space says, by page id."""
    lists: WideLists = field(default_factory=WideLists)
    lists_again: WideLists | None = None
    """A second reading, if everything is read."""
    named_labels: Mapping[str, frozenset[str]] = field(default_factory=dict)
    """Label of the rule → ids of the pages that some source names."""
    own_readers: dict[str, bool] = field(default_factory=dict)
    """Id of a node → whether it has a read restriction of its own, as far as listings and the last capture say it."""

    lists_restrictions: bool = False
    """Whether the listing of the space has the restrictions, so that the next capture need not know them."""

    def __post_init__(self) -> None:
        """Read the lists twice if everything is read."""
        if self.memory is None:
            self.lists_again = WideLists()

    @property
    def readings(self) -> list[WideLists]:
        """The readings of the lists: one, or two."""
        return [self.lists] if self.lists_again is None else [self.lists, self.lists_again]

    @property
    def finds_labels(self) -> bool:
        """Whether the search index gives the labels of all pages, with fewer requests than a list for each label."""
        return self.memory is not None and len(self.refs) <= _SLICE * max(1, self.memory.label_requests)

    @property
    def restrictions_read(self) -> frozenset[str]:
        """The ids of the nodes whose restrictions this run read in bulk."""
        said = (*self.parts.items(), *self.lists.found.items())
        return frozenset(node for node, parts in said if parts.restrictions is not None)

    def read_newest(self, gateway: WikiGateway, fetchers: Executor) -> None:
        """Read the newest attachments and comments of the wiki, where the listing of the space does not have them."""
        most = max(_FEWEST_REQUESTS, len(self.refs) // _PAGES_PER_REQUEST)
        for lists in self.readings:
            lists.read_newest(
                gateway, {kind: self._since(kind) for kind in ("attachments", "comments")}, most, fetchers
            )

    def read_restrictions(self, gateway: WikiGateway, page_ids: Iterable[str], tree: Mapping[str, TreeItem]) -> None:
        """Read restrictions in bulk, unless the listing of the space has them, and set `own_readers`.

        *page_ids* are the selected pages, *tree* has all nodes. For a page that changed, the restrictions of all nodes
        above it are read too; so is each node that is new or was restricted, and one slice of the others. When an
        interrupted capture goes on, the nodes above others are read again; each page is, when its text is read.
        """
        nodes, changed = set[str](), set[str]()
        for page_id in page_ids:
            nodes.update(trail_of(tree, page_id))
            if self._is_changed(page_id):
                changed.update(trail_of(tree, page_id))
        listed = {node: bool(found.readers) for node in nodes if (found := self._listed_restrictions(node)) is not None}
        self.own_readers, self.lists_restrictions = listed, bool(listed)
        if listed:
            return
        known = self.memory.restricted if self.memory else {}
        slices = 1 if self.finds_labels else min(_SLICES, len(nodes) // _SLICE + 1)
        due = {node for node in nodes if zlib.crc32(node.encode()) % slices == self.day % slices}
        above = {node.parent_id for node in tree.values() if node.parent_id is not None}
        unsorted = due | changed | {node for node in nodes if known.get(node, True)}
        wanted = sorted(unsorted, key=lambda node: (node not in above, node))  # few requests for those above others
        self.lists.found = or_none(lambda: gateway.find_parts(wanted, again=above)) or {}
        self.own_readers = {node: False for node in nodes - changed if not known.get(node, True)}
        said = {node: parts.restrictions for node, parts in self.lists.found.items()}
        self.own_readers |= {node: bool(found.readers) for node, found in said.items() if found is not None}

    def find_fingerprint(self, ref: PageRef, place: str, history: HistoryMode) -> str | None:
        """Return what identifies all that the listings say about a page; None if the page has to be asked about.

        *place* identifies the nodes above the page. If the last capture noted the same fingerprint, nothing about the
        page has changed: what the listings do not say has no change since that capture.
        """
        if self.memory is None or ref.id in self._again:
            return None
        parts = self._parts_of(ref.id)
        says_all = (
            (parts.labels is not None or (self.finds_labels and bool(self.lists.found)))
            and (parts.attachments is not None or self._is_quiet("attachments", self.lists.attachments, ref.id))
            and (parts.comments is not None or self._is_quiet("comments", self.lists.comments, ref.id))
        )
        return take_fingerprint(ref, parts, self._named_for(ref.id), place, history) if says_all else None

    def note_fingerprint(self, ref: PageRef, held: PageRecord, place: str, history: HistoryMode) -> str | None:
        """Return the fingerprint of a page whose newest record is *held*; None if the listings say something else."""
        parts = self._parts_of(ref.id)
        place_now = ref.version.number, ref.version.when, ref.status.value, ref.parent_id, ref.position
        place_held = held.version.number, held.version.when, held.status.value, held.parent_id, held.position
        if place_now != place_held or any(has_same_part(part, parts, held) is False for part in PagePart):
            return None
        return take_fingerprint(ref, parts, self._named_for(ref.id), place, history)

    def _is_quiet(self, kind: str, newest: Newest[Attachment] | Newest[Comment] | None, page_id: str) -> bool:
        """Return whether a list has no item of a page since the last capture, and would have it if there was one."""
        if newest is None or not newest.is_certain or newest.is_all:
            return False
        if kind == "attachments":
            return not self._since_last(self.lists.attachments_of.get(page_id, ()), kind)
        return not self._since_last(self.lists.comments_of.get(page_id, ()), kind)

    def _parts_of(self, page_id: str) -> PageParts:
        return self.lists.complete(self.parts.get(page_id, _NO_PARTS), page_id)

    def _named_for(self, page_id: str) -> frozenset[str]:
        return frozenset(label for label, ids in self.named_labels.items() if page_id in ids)

    @cached_property
    def _again(self) -> frozenset[str]:
        return frozenset(self.memory.again if self.memory else ())

    def hints_for(self, ref: PageRef, held: PageRecord | None) -> Hints:
        """Return what is known about a page; *held* is its newest record."""
        parts, named = self._parts_of(ref.id), self._named_for(ref.id)
        if ref.id in self._again:
            return Hints(parts, named_labels=named)
        certain = frozenset[PagePart]()
        again = _NO_PARTS
        if self.lists_again is not None:
            again = self.lists_again.complete(_NO_PARTS, ref.id)
            certain = find_equal_parts(parts, again)
            found = self.lists.found.get(ref.id, _NO_PARTS)
            again = again if again.labels is not None else replace(again, labels=found.labels)
        if held is None:
            return Hints(parts, certain, named_labels=named)
        unchanged = frozenset(
            part
            for part in PagePart
            if self._is_unchanged(part, parts, held) and has_same_part(part, again, held) is not False
        )
        is_same = _shown(ref) == _shown(held)  # a new title is a new version, and a listing may be wrong about either
        is_body_known = self.memory is not None and is_same and PagePart.COMMENTS in unchanged
        contradicted = frozenset(part for part in PagePart if part not in unchanged and self._says(part, parts, held))
        return Hints(parts, certain, unchanged, contradicted, named, is_body_known=is_body_known)

    def remember(self, now: datetime) -> SpaceMemory:
        """Return what the next capture needs; labels, restrictions and the pages to read again are not in it yet."""
        return SpaceMemory(
            full_at=self.memory.full_at if self.memory else now,
            pages={page_id: ref.version.number for page_id, ref in self.refs.items()},
            label_requests=self._count_label_requests(),
            **self.lists.newest_times(now, self.memory),
        )

    def _count_label_requests(self) -> int:
        if self.lists.labelled is None:
            return self.memory.label_requests if self.memory else 0
        return 1 + sum(len(page_ids) // _LABELLED_PER_REQUEST + 1 for page_ids in self.lists.labelled.values())

    def _since(self, kind: str) -> datetime | None:
        until = getattr(self.memory, f"{kind}_until", None)
        return until - _MARGIN if until else None

    def _listed_restrictions(self, node: str) -> Restrictions | None:
        return self.parts.get(node, _NO_PARTS).restrictions

    def _is_changed(self, page_id: str) -> bool:
        if self.memory is None or page_id in self._again or page_id not in self.refs:
            return True
        return self.memory.pages.get(page_id) != self.refs[page_id].version.number

    def _is_unchanged(self, part: PagePart, parts: PageParts, held: PageRecord) -> bool:
        is_same = has_same_part(part, parts, held)
        if is_same is not None or self.memory is None:
            return bool(is_same)
        match part:
            case PagePart.ATTACHMENTS:
                return self._has_no_new_file(held)
            case PagePart.COMMENTS:
                return self._has_no_new_comment(held)
            case PagePart.LABELS:  # of archived pages, which the search index does not have
                return self.finds_labels and bool(self.lists.found) and not self._is_changed(held.page_id)
            case _:
                return not self._is_changed(held.page_id)

    def _says(self, part: PagePart, parts: PageParts, held: PageRecord) -> bool:
        """Return whether a listing says what a part has, or what is new of it since the last capture."""
        newest = {PagePart.ATTACHMENTS: self.lists.attachments, PagePart.COMMENTS: self.lists.comments}.get(part)
        says_news = self.memory is not None and newest is not None and newest.is_certain
        return says_news or has_same_part(part, parts, held) is not None

    def _has_no_new_file(self, held: PageRecord) -> bool:
        newest = self.lists.attachments
        files = {(file.id, file.version.number) for file in held.attachments if file.path is not None}
        seen = self._since_last(self.lists.attachments_of.get(held.page_id, ()), "attachments")
        return newest is not None and newest.is_certain and all((one.id, one.version.number) in files for one in seen)

    def _has_no_new_comment(self, held: PageRecord) -> bool:
        newest = self.lists.comments
        found = self.lists.comments_of.get(held.page_id, [])
        if newest is not None and newest.is_all:  # without replies: those are seen once a week
            return has_same_comments([one for one in held.comments if one.parent_id is None], found)
        known = {(one.id, one.version.number, one.is_resolved) for one in held.comments}
        seen = self._since_last(found, "comments")
        is_old = all((one.id, one.version.number, one.is_resolved) in known for one in seen)
        return newest is not None and newest.is_certain and is_old

    def _since_last(self, items: Iterable[_Item], kind: str) -> list[_Item]:
        since = self._since(kind)
        return [item for item in items if since is None or item.version.when >= since]

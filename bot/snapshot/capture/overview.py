"""What is known about the labels, attachments, comments and restrictions of pages before each is asked about.

A capture that knows the last one asks about a page only what the listings do not say, or say otherwise than the record.
Each list is read twice: a page has news if either reading has some, so that one wrong answer hides nothing.
"""

import zlib
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping
from concurrent.futures import Executor
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from functools import cached_property
from typing import TypeVar
from unicodedata import normalize

from bot.config.policy import HistoryMode
from bot.snapshot.archive.record import PageRecord
from bot.snapshot.capture import wide_lists
from bot.snapshot.capture.capture_memory import SpaceMemory
from bot.snapshot.capture.fingerprint import take_fingerprint
from bot.snapshot.capture.recorded_parts import find_equal_parts, has_same_comments, has_same_part
from bot.snapshot.capture.wide_lists import WideLists, or_none
from bot.wiki.gateway import (
    Attachment,
    Comment,
    PagePart,
    PageParts,
    PageRef,
    PageStatus,
    Restrictions,
    TreeItem,
    WikiGateway,
)
from bot.wiki.read_access import trail_of

_Item = TypeVar("_Item", Attachment, Comment)
_NO_PARTS = PageParts()
_MARGIN = timedelta(hours=1)
"""Something that is older than the newest item seen may become visible later by this time."""
_NEWEST = ("attachments", "comments")
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
    parts_again: dict[str, PageParts] = field(default_factory=dict)
    """What a second reading of that listing says, for the pages about which it says something else."""
    lists: WideLists = field(default_factory=WideLists)
    lists_again: WideLists = field(default_factory=WideLists)
    """A second reading."""
    named_labels: Mapping[str, frozenset[str]] = field(default_factory=dict)
    """Label of the rule → ids of the pages that some source names."""
    own_readers: dict[str, bool] = field(default_factory=dict)
    """Id of a node → whether it has a read restriction of its own, as far as listings and the last capture say it."""

    lists_restrictions: bool = False
    """Whether the listing of the space has the restrictions, so that the next capture need not know them."""

    _read_together: frozenset[str] = frozenset()
    """The ids of the nodes whose restrictions and labels a listing or the search index was asked for."""

    @property
    def readings(self) -> tuple[WideLists, WideLists]:
        """Both readings of the lists."""
        return self.lists, self.lists_again

    @property
    def finds_labels(self) -> bool:
        """Whether the search index gives the labels of all pages, with fewer requests than a list for each label."""
        return self.memory is not None and len(self.refs) <= _SLICE * max(1, self.memory.label_requests)

    @property
    def restrictions_read(self) -> frozenset[str]:
        """The ids of the nodes whose restrictions this run read in bulk."""
        said = (
            *self.parts.items(),
            *self.parts_again.items(),
            *self.lists.found.items(),
            *self.lists_again.found.items(),
        )
        return frozenset(node for node, parts in said if parts.restrictions is not None)

    @property
    def has_parts(self) -> bool:
        """Whether the listing of the space says anything else than which pages there are (Data Center)."""
        return any(parts != _NO_PARTS for parts in self.parts.values())

    def note_again(self, page_id: str, parts: PageParts) -> None:
        """Note what the second reading of the listing says about a page."""
        if parts != self.parts.get(page_id, _NO_PARTS):
            self.parts_again[page_id] = parts

    def since(self, kind: str) -> datetime | None:
        """Return the time since which the `attachments` or `comments` are read; None if the last capture saw none."""
        until = getattr(self.memory, f"{kind}_until", None)
        return until - _MARGIN if until else None

    def read_restrictions(
        self, gateway: WikiGateway, page_ids: Iterable[str], tree: Mapping[str, TreeItem], fetchers: Executor
    ) -> None:
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
        said = {node: self._listed_restrictions(node) for node in nodes}
        listed = {node: any(one.readers for one in found) for node, found in said.items() if found}
        self.own_readers, self.lists_restrictions = listed, bool(listed)
        if listed:
            self._read_together = frozenset(nodes)
            return
        known = self.memory.restricted if self.memory else {}
        slices = 1 if self.finds_labels else min(_SLICES, len(nodes) // _SLICE + 1)
        due = {node for node in nodes if zlib.crc32(node.encode()) % slices == self.day % slices}
        above = {node.parent_id for node in tree.values() if node.parent_id is not None}
        unsorted = due | changed | {node for node in nodes if known.get(node, True)}
        wanted = sorted(unsorted, key=lambda node: (node not in above, node))  # few requests for those above others
        self._read_together = frozenset(wanted)
        readings = [
            (lists, fetchers.submit(or_none, lambda: gateway.find_parts(wanted, again=above)))
            for lists in self.readings
        ]
        self.own_readers = {node: False for node in nodes - changed if not known.get(node, True)}
        for lists, answer in readings:
            lists.found = answer.result() or {}
        for node in self.lists.found.keys() | self.lists_again.found.keys():
            answers = [parts.restrictions for lists in self.readings if (parts := lists.found.get(node)) is not None]
            if any(one is not None for one in answers):
                self.own_readers[node] = any(one.readers for one in answers if one is not None)

    def find_fingerprint(self, ref: PageRef, place: str, history: HistoryMode) -> str | None:
        """Return what identifies all that the listings say about a page; None if the page has to be asked about.

        *place* identifies the nodes above the page. If the last capture noted the same fingerprint, nothing about the
        page has changed: what the listings do not say has no change since that capture.
        """
        if self.memory is None or ref.id in self._again:
            return None
        parts, again = self._both_parts_of(ref)
        says_all = all(self._says_all(ref, parts, lists) for lists in self.readings)
        if parts != again or not says_all:
            return None
        return take_fingerprint(ref, parts, self._named_for(ref.id), place, history)

    def _says_all(self, ref: PageRef, parts: PageParts, lists: WideLists) -> bool:
        """Return whether one reading has every part of a page, or would have what is new of it."""
        return (
            (parts.labels is not None or self._lacks_labels(ref, lists))
            and (parts.restrictions is not None or not self._is_omitted(ref))
            and (parts.attachments is not None or self._is_quiet("attachments", lists, ref.id))
            and (parts.comments is not None or self._is_quiet("comments", lists, ref.id))
        )

    def note_fingerprint(self, ref: PageRef, held: PageRecord, place: str, history: HistoryMode) -> str | None:
        """Return the fingerprint of a page whose newest record is *held*; None if the listings say something else."""
        parts, again = self._both_parts_of(ref)
        place_now = ref.version.number, ref.version.when, ref.status.value, ref.parent_id, ref.position
        place_held = held.version.number, held.version.when, held.status.value, held.parent_id, held.position
        differs = any(has_same_part(part, parts, held) is False for part in PagePart)
        if place_now != place_held or parts != again or differs:
            return None
        return take_fingerprint(ref, parts, self._named_for(ref.id), place, history)

    def _is_quiet(self, kind: str, lists: WideLists, page_id: str) -> bool:
        """Return whether a list has no item of a page since the last capture, and would have it if there was one."""
        newest = lists.attachments if kind == "attachments" else lists.comments
        if newest is None or not newest.is_certain or newest.is_all:
            return False
        if kind == "attachments":
            return not self._since_last(lists.attachments_of.get(page_id, ()), kind)
        return not self._since_last(lists.comments_of.get(page_id, ()), kind)

    @staticmethod
    def _lacks_labels(ref: PageRef, lists: WideLists) -> bool:
        """Return whether a list or the search index gave labels, and cannot have those of this page: it is archived."""
        return ref.status is PageStatus.ARCHIVED and (bool(lists.found) or lists.labelled is not None)

    def _is_omitted(self, ref: PageRef) -> bool:
        """Return whether an answer about restrictions must have the page, if it has nothing about it: it is current."""
        return ref.id in self._read_together and ref.status is PageStatus.CURRENT

    def _both_parts_of(self, ref: PageRef) -> tuple[PageParts, PageParts]:
        listed = self.parts.get(ref.id, _NO_PARTS)
        parts = self.lists.complete(listed, ref.id)
        again = self.lists_again.complete(self.parts_again.get(ref.id, listed), ref.id)
        if listed.labels is None and ref.status is PageStatus.ARCHIVED:  # in no list of labels
            return replace(parts, labels=None), replace(again, labels=None)
        return parts, again

    def _named_for(self, page_id: str) -> frozenset[str]:
        return frozenset(label for label, ids in self.named_labels.items() if page_id in ids)

    @cached_property
    def _again(self) -> frozenset[str]:
        return frozenset(self.memory.again if self.memory else ())

    def hints_for(self, ref: PageRef, held: PageRecord | None) -> Hints:
        """Return what is known about a page; *held* is its newest record."""
        (parts, again), named = self._both_parts_of(ref), self._named_for(ref.id)
        if ref.id in self._again:
            return Hints(parts, named_labels=named)
        certain = find_equal_parts(parts, again)
        if held is None:
            return Hints(parts, certain, named_labels=named)
        said = list(zip((parts, again), self.readings, strict=True))
        unchanged = frozenset(
            part for part in PagePart if all(self._is_unchanged(part, one, lists, ref, held) for one, lists in said)
        )
        is_same = _shown(ref) == _shown(held)  # a new title is a new version, and a listing may be wrong about either
        is_body_known = self.memory is not None and is_same and PagePart.COMMENTS in unchanged
        contradicted = frozenset(
            part
            for part in frozenset(PagePart) - unchanged
            if any(self._says(part, one, lists, held) for one, lists in said)
        )
        return Hints(parts, certain, unchanged, contradicted, named, is_body_known=is_body_known)

    def remember(self, now: datetime) -> SpaceMemory:
        """Return what the next capture needs; labels, restrictions and the pages to read again are not in it yet."""
        return SpaceMemory(
            full_at=self.memory.full_at if self.memory else now,
            pages={page_id: ref.version.number for page_id, ref in self.refs.items()},
            label_requests=self._count_label_requests(),
            attachments_until=self._until("attachments", now),
            comments_until=self._until("comments", now),
        )

    def _count_label_requests(self) -> int:
        if self.lists.labelled is None:
            return self.memory.label_requests if self.memory else 0
        return 1 + sum(len(page_ids) // _LABELLED_PER_REQUEST + 1 for page_ids in self.lists.labelled.values())

    def _until(self, kind: str, now: datetime) -> datetime | None:
        """Return the time of the newest item that both readings have; a time in the future would hide what comes next.

        A reading without items says nothing.
        """
        found = [times for lists in self.readings if (times := lists.times_of(kind))]
        return min(now, *map(max, found)) if found else getattr(self.memory, f"{kind}_until", None)

    def _listed_restrictions(self, node: str) -> list[Restrictions]:
        said = (parts.get(node, _NO_PARTS).restrictions for parts in (self.parts, self.parts_again))
        return [found for found in said if found is not None]

    def _is_changed(self, page_id: str) -> bool:
        if self.memory is None or page_id in self._again or page_id not in self.refs:
            return True
        return self.memory.pages.get(page_id) != self.refs[page_id].version.number

    def _is_unchanged(self, part: PagePart, parts: PageParts, lists: WideLists, ref: PageRef, held: PageRecord) -> bool:
        """Return whether one reading says nothing else about a part than the record, and would say it."""
        is_same = has_same_part(part, parts, held)
        if is_same is not None or self.memory is None:
            return bool(is_same)
        match part:
            case PagePart.ATTACHMENTS:
                return self._has_no_new_file(lists, held)
            case PagePart.COMMENTS:
                return self._has_no_new_comment(lists, held)
            case PagePart.LABELS:
                return self._lacks_labels(ref, lists) and not self._is_changed(ref.id)
            case _:
                return not self._is_omitted(ref) and not self._is_changed(ref.id)

    def _says(self, part: PagePart, parts: PageParts, lists: WideLists, held: PageRecord) -> bool:
        """Return whether a listing says what a part has, or what is new of it since the last capture."""
        newest = {PagePart.ATTACHMENTS: lists.attachments, PagePart.COMMENTS: lists.comments}.get(part)
        says_news = self.memory is not None and newest is not None and newest.is_certain
        return says_news or has_same_part(part, parts, held) is not None

    def _has_no_new_file(self, lists: WideLists, held: PageRecord) -> bool:
        newest = lists.attachments
        files = {(file.id, file.version.number) for file in held.attachments if file.path is not None}
        seen = self._since_last(lists.attachments_of.get(held.page_id, ()), "attachments")
        return newest is not None and newest.is_certain and all((one.id, one.version.number) in files for one in seen)

    def _has_no_new_comment(self, lists: WideLists, held: PageRecord) -> bool:
        newest = lists.comments
        found = lists.comments_of.get(held.page_id, [])
        if newest is not None and newest.is_all:  # without replies: those are seen once a week
            return has_same_comments([one for one in held.comments if one.parent_id is None], found)
        known = {(one.id, one.version.number, one.is_resolved) for one in held.comments}
        seen = self._since_last(found, "comments")
        is_old = all((one.id, one.version.number, one.is_resolved) in known for one in seen)
        return newest is not None and newest.is_certain and is_old

    def _since_last(self, items: Iterable[_Item], kind: str) -> list[_Item]:
        since = self.since(kind)
        return [item for item in items if since is None or item.version.when >= since]


def read_newest(gateway: WikiGateway, overviews: Iterable[Overview], fetchers: Executor) -> None:
    """Read the newest attachments and comments of the wiki twice, where the listings of the spaces do not have them.

    The lists are those of the whole wiki, so spaces share them. Those that do not know since when need all of a list,
    and read it by themselves: for the others, some of it is enough.
    """
    groups: dict[tuple[bool, ...], list[Overview]] = defaultdict(list)
    for each in overviews:
        groups[tuple(each.since(kind) is None for kind in _NEWEST)].append(each)
    waiting: list[Callable[[], None]] = []
    for group in groups.values():
        most = max(_FEWEST_REQUESTS, sum(len(each.refs) for each in group) // _PAGES_PER_REQUEST)
        times = {kind: [time for each in group if (time := each.since(kind))] for kind in _NEWEST}
        since = {kind: min(found, default=None) for kind, found in times.items()}
        both = zip(*(each.readings for each in group), strict=True)
        waiting += [wide_lists.read_newest(shared, gateway, since, most, fetchers) for shared in both]
    for wait in waiting:
        wait()

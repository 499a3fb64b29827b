"""The pages of a space by several sources: two listings, the tree, the search index, the labels, a roster.

The first listing is read twice. A capture that knows the last one compares with its pages instead of the second
listing; once a week, both are read.
"""

import random
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import Executor
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from loguru import logger

from bot.config.policy import ArchivedSettings
from bot.errors import (
    AuthenticationError,
    PageNotFoundError,
    UnsettledListingError,
    WikiError,
    WikiUnreachableError,
)
from bot.plural import counted
from bot.snapshot.archive.entry import id_order
from bot.snapshot.capture.agreement import agreed
from bot.snapshot.capture.bulk_consent import is_many
from bot.snapshot.capture.capture_memory import CaptureMemory, SpaceMemory
from bot.snapshot.capture.outcome import Trouble
from bot.snapshot.capture.overview import Overview
from bot.snapshot.capture.shared import Shared
from bot.wiki.gateway import Page, PageParts, PageRef, PageSelection, PageStatus, WikiGateway

LISTED = (PageStatus.CURRENT, PageStatus.ARCHIVED)
_BATCH = 100
_TOPS = 10  # pages without a parent whose tree is read
_LABEL_SAMPLE = 20  # pages whose own labels are read if a label of the rule is in no list
_SKEW = timedelta(hours=1)  # the clocks of the wiki and of this machine differ by less, or the run is refused


@dataclass
class Census:
    """The pages of one space that any source names and the wiki shows, and what the sources disagree on."""

    space_key: str
    overview: Overview = field(default_factory=Overview)
    refs: dict[str, PageRef] = field(default_factory=dict)
    labelled: dict[str, frozenset[str]] = field(default_factory=dict)
    """The ids of the pages with each label of the rule, by either source."""
    named: dict[str, set[str]] = field(default_factory=dict)
    """Source → the ids that it names, without those that the listings confirm."""
    shared: Shared = field(default_factory=Shared)
    is_plain: bool = False
    """Whether the wiki refused a listing with parts."""
    unlisted: set[str] = field(default_factory=set)
    """The ids of pages that can be read and that no listing named, though they are older than the run."""
    used_labels: frozenset[str] = frozenset()
    """The labels of the rule that any content of the space has, as far as a listing of labels was read (Cloud)."""
    absent_labels: frozenset[str] = frozenset()
    """The labels of the rule that no list and no page has whose own labels were read, now or by an earlier run."""
    missing: list[Trouble] = field(default_factory=list)
    doubts: list[Trouble] = field(default_factory=list)
    notes: list[Trouble] = field(default_factory=list)

    @property
    def title(self) -> str:
        """The name of the space in messages."""
        return f"space {self.space_key}"

    def doubt(self, reason: str) -> None:
        """Add a doubt about the whole space."""
        self.doubts.append(Trouble(self.space_key, self.title, reason))

    def name(self, source: str, page_ids: Iterable[str]) -> None:
        """Note that *source* names these pages; of confirmed pages, the sources do not matter any more."""
        found = {page_id for page_id in page_ids if not self.is_confirmed(page_id)}
        self.named.setdefault(source, set()).update(found)

    def is_confirmed(self, page_id: str) -> bool:
        """Return whether a page is expected, because the listings agree or because it was read."""
        return page_id in self.refs and not any(page_id in page_ids for page_ids in self.named.values())

    def add(self, ref: PageRef) -> None:
        """Add a listed page; what a page has in common with other pages is in memory once."""
        if ref.id not in self.refs:
            self.refs[ref.id] = self.shared.ref(ref)

    def forget(self, page_id: str) -> None:
        """Forget which sources name a page."""
        for page_ids in self.named.values():
            page_ids.discard(page_id)

    def set_labelled(self, labelled: Mapping[str, Collection[str]]) -> None:
        """Note the pages with each label of the rule, with the same ids in memory as in the listing."""

        def own(page_id: str) -> str:
            ref = self.refs.get(page_id)
            return ref.id if ref else page_id

        self.labelled = {label: frozenset(map(own, page_ids)) for label, page_ids in labelled.items()}

    def sources_of(self, page_id: str) -> set[str]:
        """Return the sources that name a page."""
        return {source for source, page_ids in self.named.items() if page_id in page_ids}

    def still_named(self, page_id: str) -> bool:
        """Return whether a source other than the first listing names a page that is not expected.

        This speaks against its deletion.
        """
        return bool(self.sources_of(page_id) - {_FIRST})


_FIRST, _SECOND, _TREE, _EARLIER, _SEARCH, _LABELS, _ROSTER = (
    "the listing",
    "the second listing",
    "the page tree",
    "the last capture",
    "the search index",
    "a label",
    "roster",
)


def take_census(
    gateway: WikiGateway, space_key: str, rule: ArchivedSettings, captures: CaptureMemory, fetchers: Executor
) -> Census:
    """Ask all sources, and read each page that only some of them name; raises `WikiError` if nothing can be listed.

    *fetchers* are the threads that read from the wiki.
    """
    memory, last, now = captures.of(space_key), captures.last(space_key), captures.now
    census = Census(space_key, Overview(memory, last, now.toordinal()))
    _list_first(gateway, census)
    census.overview.refs = census.refs
    if memory or census.overview.has_parts:
        _list_parts_again(gateway, census)
    if memory:
        census.name(_EARLIER, memory.pages)
        _judge_age(census, memory)
    else:
        _list_again(gateway, census)
        _list_tree(gateway, census)
    counted_by_search = _search(gateway, census)
    _find_labelled(gateway, census, rule, fetchers)
    census.overview.named_labels = {label.casefold(): found for label, found in census.labelled.items()}
    if _settle(gateway, census, now) and memory:
        _list_again(gateway, census)  # the listing left a page out, perhaps others too
        _settle(gateway, census, now)
    _judge_unlisted(census)
    if memory is None:
        _prove_absent_labels(gateway, census, now, fetchers)
    else:
        census.absent_labels = frozenset(label for label in memory.absent_labels if not census.labelled.get(label))
    _compare_count(census, counted_by_search)
    return census


def _list_first(gateway: WikiGateway, census: Census) -> None:
    """List the pages with their parts, or without if the wiki refuses the parts."""

    def listed() -> Iterator[PageRef]:
        for page in gateway.iter_listed(census.space_key):
            census.overview.parts.setdefault(page.ref.id, census.shared.parts(page.parts))
            yield page.ref

    try:
        _list(census, listed())
    except (WikiUnreachableError, AuthenticationError, PageNotFoundError):
        raise
    except WikiError as error:
        logger.warning("{}: the wiki refuses a listing with labels and attachments: {}", census.title, error)
        census.overview.parts.clear()
        census.is_plain = True
        _list(census, gateway.iter_refs(census.space_key, PageSelection(LISTED)))


def _list_parts_again(gateway: WikiGateway, census: Census) -> None:
    """Read the first listing again; a page that the wiki lists in two ways is read by itself."""
    overview = census.overview
    unseen = set(census.refs)
    only_here, differing = set[str](), set[str]()

    def note(ref: PageRef) -> PageRef:
        unseen.discard(ref.id)
        if ref.id not in census.refs:
            only_here.add(ref.id)
        elif ref != census.refs[ref.id]:
            differing.add(ref.id)
        return ref

    def listed() -> Iterator[PageRef]:
        for page in gateway.iter_listed(census.space_key, again=True):
            overview.note_again(page.ref.id, census.shared.parts(page.parts))
            yield note(page.ref)

    try:
        plain = gateway.iter_refs(census.space_key, PageSelection(LISTED)) if census.is_plain else None
        _list(census, listed() if plain is None else map(note, plain))
    except WikiError as error:
        census.doubt(f"no second listing confirms the first: {error}")
        return
    for page_id in unseen:
        overview.note_again(page_id, PageParts())
    known = overview.memory.pages if overview.memory else {}
    census.named[_FIRST] = unseen - known.keys()
    census.named[_SECOND] = only_here
    for page_id, page in read_pages(gateway, sorted(differing, key=id_order)):
        if isinstance(page, WikiError) or not _is_here(census, page):
            census.named[_SECOND].add(page_id)
        else:
            census.refs[page_id] = census.shared.ref(page.ref)


def _judge_age(census: Census, memory: SpaceMemory) -> None:
    """Note a listing that has earlier versions than the last capture saw: then it may lack new pages and versions, too.

    If people delete a version, the later ones get other numbers. The next capture reads everything.
    """
    earlier = [ref for ref in census.refs.values() if ref.version.number < memory.pages.get(ref.id, 0)]
    if earlier:
        pages = counted(len(earlier), "page")
        census.doubt(f"the listing has an earlier version of {pages} than the last capture saw; it may be old")


def _list_again(gateway: WikiGateway, census: Census) -> None:
    """Compare with a second listing; a page that only one of them has is not confirmed."""
    unseen = set(census.refs)
    only_here = set[str]()

    def listed() -> Iterator[PageRef]:
        for ref in gateway.iter_refs_again(census.space_key, LISTED):
            unseen.discard(ref.id)
            census.unlisted.discard(ref.id)
            if ref.id not in census.refs:
                only_here.add(ref.id)
            yield ref

    try:
        _list(census, listed())
    except WikiError as error:
        census.doubt(f"no second listing confirms the first: {error}")
    census.named[_SECOND] = only_here
    if census.overview.memory is None:
        census.named[_FIRST] = set(unseen)  # a copy has no room for the others


def _list_tree(gateway: WikiGateway, census: Census) -> None:
    """Compare with the listings of what is below the oldest pages without a parent, such as the home page.

    No search finds pages with status archived (Cloud).
    """
    current = (ref for ref in census.refs.values() if ref.status is PageStatus.CURRENT)
    tops = sorted((ref.id for ref in current if ref.parent_id is None), key=id_order)
    try:
        census.name(_TREE, (below for top in tops[:_TOPS] for below in gateway.find_pages_below(top)))
    except WikiError as error:
        reason = f"only the listings say which pages are archived; the page tree could not be read: {error}"
        census.doubts.append(Trouble(f"{census.space_key} tree", census.title, reason))


def _prove_absent_labels(gateway: WikiGateway, census: Census, now: datetime, fetchers: Executor) -> None:
    """Read the own labels of some pages if no page has a label of the rule: of new and changed ones first.

    A page that has the label is expected, and then others may be missing. If pages are left that were not asked about,
    that is a doubt about the label; only once about the same versions of the pages. The day chooses the pages.
    """
    absent = [label for label, page_ids in census.labelled.items() if not page_ids]
    pages = sorted(census.refs, key=id_order) if absent else []
    last = census.overview.last
    known = last.pages if last else {}
    fresh = {page_id for page_id in pages if known.get(page_id) != census.refs[page_id].version.number}
    random.Random(now.toordinal()).shuffle(pages)  # noqa: S311 -- a sample that a test can repeat
    asked = sorted(pages, key=lambda page_id: page_id not in fresh)[:_LABEL_SAMPLE]
    own: dict[str, frozenset[str]] = {}
    try:
        own = dict(zip(asked, fetchers.map(gateway.fetch_labels, asked), strict=True))
    except WikiError as error:
        census.doubt(f"the labels of some pages could not be read: {error}")
    for label in absent:
        about = f"label {label!r}"
        found = frozenset(page_id for page_id, names in own.items() if label.casefold() in names)
        census.labelled[label] = found
        if found:
            reason = f"{counted(len(found), 'page')} with this label in no list; others may be missing"
            census.missing.append(Trouble(label, about, reason))
            continue
        is_settled = last is not None and label in last.absent_labels
        if not (fresh if is_settled else census.refs.keys()) <= own.keys():
            reason = f"no list has a page with this label, and {len(own)} of {counted(len(pages), 'page')} were asked"
            census.doubts.append(Trouble(label, about, reason))
        if own or not pages:
            census.absent_labels |= {label}


def add_roster(gateway: WikiGateway, censuses: Sequence[Census], roster: Collection[str]) -> list[Trouble]:
    """Read the pages of the roster that no source names and add each to its space; return those that are missing."""
    known = {page_id for census in censuses for page_id in census.refs}
    by_space = {census.space_key: census for census in censuses}
    missing = []
    for page_id, page in read_pages(gateway, [page_id for page_id in roster if page_id not in known]):
        if isinstance(page, WikiError):
            missing.append(Trouble(page_id, f"page {page_id}", f"in snapshots.roster, and cannot be read: {page}"))
        elif page.ref.space_key in by_space and page.ref.status in LISTED:
            census = by_space[page.ref.space_key]
            census.name(_ROSTER, [page_id])
            census.refs[page_id] = page.ref
            census.doubts.append(
                Trouble(page_id, f"page {page_id}", "in snapshots.roster, and no listing of the wiki names it")
            )
        else:
            where = f"it is {page.ref.status} in space {page.ref.space_key}"
            missing.append(
                Trouble(page_id, f"page {page_id}", f"in snapshots.roster, and not captured, because {where}")
            )
    return missing


def _list(census: Census, refs: Iterator[PageRef]) -> None:
    try:
        for ref in refs:
            census.add(ref)
    except UnsettledListingError as error:
        census.missing.append(Trouble(census.space_key, census.title, str(error)))


def _search(gateway: WikiGateway, census: Census) -> int:
    """Compare with the count of the search index; if it differs, add the ids that the index has. Return the count."""
    try:
        total = gateway.count_pages(census.space_key)
        if total != sum(ref.status is PageStatus.CURRENT for ref in census.refs.values()):
            census.name(_SEARCH, gateway.find_pages(census.space_key))
    except WikiError as error:
        census.doubt(f"the search index does not confirm the number of pages: {error}")
        return 0
    return total


def _compare_count(census: Census, total: int) -> None:
    absent = set[str]().union(*census.named.values()) - census.refs.keys()
    known = len(absent) + sum(ref.status is not PageStatus.ARCHIVED for ref in census.refs.values())
    if total <= known:
        return
    reason = (
        f"the search index counts {counted(total, 'page')}, and the wiki names {known}; some may be hidden from the bot"
    )
    if is_many(total - known, total):
        census.missing.append(Trouble(census.space_key, census.title, reason))
    else:
        census.doubt(reason)


def _find_labelled(gateway: WikiGateway, census: Census, rule: ArchivedSettings, fetchers: Executor) -> None:
    """Find the pages with each label of the rule by the search index and by another operation.

    The search index is not asked if two readings of the lists agree with the last capture, in which both agreed.
    """
    by_search: dict[str, frozenset[str]] | None = None
    readings: list[dict[str, frozenset[str]]] = []
    failure: WikiError | None = None
    try:
        readings = _list_labelled(gateway, census, rule, fetchers)
    except WikiError as error:
        failure = error
        if rule.labels:
            census.doubt(f"only the search index says which pages have a label: {error}")
    if not rule.labels:
        return
    if len(readings) > 1 and all(_is_as_before(census, listed) for listed in readings):
        census.set_labelled(readings[0])
        return
    try:
        by_search = {label: frozenset(gateway.find_labelled(census.space_key, label)) for label in rule.labels}
    except WikiError as error:
        if failure is not None:
            raise error from failure
        census.doubt(f"the search index does not confirm which pages have a label: {error}")
    sources = [*readings, *([by_search] if by_search is not None else [])]
    census.set_labelled({label: frozenset().union(*(of[label] for of in sources)) for label in rule.labels})
    for page_ids in census.labelled.values():
        census.name(_LABELS, page_ids)
    if by_search is not None and readings:
        _note_differences(census, by_search, readings[0])
    if not rule.status and census.overview.memory is None:
        _add_archived(gateway, census, rule, fetchers)


def _list_labelled(
    gateway: WikiGateway, census: Census, rule: ArchivedSettings, fetchers: Executor
) -> list[dict[str, frozenset[str]]]:
    """Return the ids of the pages with each label of the rule, from one reading of the listings, or from two.

    Raises `WikiError` if the listings have no labels.
    """
    overview = census.overview
    names = [label.casefold() for label in rule.labels]
    readings: list[dict[str, frozenset[str]] | None] = []
    if overview.finds_labels:
        readings.append(gateway.list_labels(census.space_key, names, fetchers) if names else {})
        if readings[0] is not None and names and not _is_as_before(census, _only(rule.labels, readings[0])):
            readings.append(gateway.list_labels(census.space_key, names, fetchers))  # the index lacks archived pages
    else:
        # A capture that reads everything asks the search index about the labels of each page.
        for lists in overview.readings[: 1 if overview.memory is None else 2]:
            lists.labelled = gateway.list_labels(census.space_key, None, fetchers)
            readings.append(lists.labelled)
    found = [labelled for labelled in readings if labelled is not None]
    census.used_labels = frozenset(names).intersection(name for labelled in found for name in labelled)
    has_labels = any(parts.labels is not None for parts in overview.parts.values())
    if found and not has_labels:
        return [_only(rule.labels, labelled) for labelled in found]
    if census.is_plain or (overview.parts and not has_labels):
        raise WikiError("the listing of the pages has no labels")
    both = [overview.parts, overview.parts | overview.parts_again if overview.parts_again else overview.parts]
    return [{label: _find_in(parts, label.casefold()) for label in rule.labels} for parts in both]


def _only(labels: Iterable[str], labelled: Mapping[str, frozenset[str]]) -> dict[str, frozenset[str]]:
    return {label: labelled.get(label.casefold(), frozenset()) for label in labels}


def _find_in(listed: Mapping[str, PageParts], name: str) -> frozenset[str]:
    return frozenset(page_id for page_id, parts in listed.items() if parts.labels is not None and name in parts.labels)


def _is_as_before(census: Census, listed: Mapping[str, frozenset[str]]) -> bool:
    """Return whether the last capture, in which two sources agreed, had the same pages with the labels of the rule."""
    memory = census.overview.memory
    return memory is not None and memory.labelled == {label: tuple(sorted(ids)) for label, ids in listed.items()}


def _note_differences(
    census: Census, by_search: Mapping[str, frozenset[str]], listed: Mapping[str, frozenset[str]]
) -> None:
    for label, found in by_search.items():
        refs = (census.refs.get(page_id) for page_id in found ^ listed[label])
        if differing := [ref for ref in refs if ref and ref.status is PageStatus.CURRENT]:
            pages = counted(len(differing), "page")
            reason = f"the search index and the wiki's own list differ by {pages}; all are expected"
            census.notes.append(Trouble(label, f"label {label!r}", reason))


def _add_archived(gateway: WikiGateway, census: Census, rule: ArchivedSettings, fetchers: Executor) -> None:
    """Ask for the labels of each archived page: the search index has none, and other listings may omit them."""
    known = frozenset[str]().union(*census.labelled.values())
    added: dict[str, set[str]] = {label: set() for label in rule.labels}
    asked = [ref.id for ref in census.refs.values() if ref.status is PageStatus.ARCHIVED and ref.id not in known]
    for page_id, names in zip(asked, fetchers.map(gateway.fetch_labels, asked), strict=True):
        for label in rule.labels:
            if label.casefold() in names:
                added[label].add(page_id)
    for label, page_ids in added.items():
        census.labelled[label] |= page_ids


def _settle(gateway: WikiGateway, census: Census, now: datetime) -> int:
    """Read each page that a listing does not name: expected if it is there; gone, if only one source names it.

    Return how many are there. A page that people created while the sources were read may be in no listing.
    """
    found = 0
    page_ids = sorted(set[str]().union(*census.named.values()), key=id_order)
    for page_id, page in read_pages(gateway, page_ids):
        sources = sorted(census.sources_of(page_id) - {_EARLIER})
        if not isinstance(page, WikiError) and _is_here(census, page):
            if not census.sources_of(page_id) & {_FIRST, _SECOND} and not _is_new(page, now):
                census.unlisted.add(page_id)
            census.refs[page_id] = page.ref
            census.forget(page_id)
            found += 1
            continue
        census.refs.pop(page_id, None)
        if not sources:
            census.forget(page_id)  # `account_for_vanished` asks again
        else:
            _note_absent(census, page_id, page, sources)
    if found:
        reason = f"{counted(found, 'page')} not in both listings of the wiki; each was read by itself and is expected"
        census.notes.append(Trouble(census.space_key, census.title, reason))
    return found


def _is_new(page: Page, now: datetime) -> bool:
    return page.version == 1 and page.ref.version.when > now - _SKEW


def _judge_unlisted(census: Census) -> None:
    """Note pages that every listing left out: there may be others that no other source knows, such as archived ones."""
    if census.unlisted:
        pages = counted(len(census.unlisted), "page")
        reason = f"the listings of the wiki leave out {pages} that can be read; they may leave out others, too"
        census.missing.append(Trouble(census.space_key, census.title, reason))


def _is_here(census: Census, page: Page) -> bool:
    return page.ref.space_key == census.space_key and page.ref.status in LISTED


def _note_absent(census: Census, page_id: str, page: Page | WikiError, sources: Sequence[str]) -> None:
    named_by = " and ".join(sources)
    if not isinstance(page, WikiError):
        reason = f"is {page.ref.status} in space {page.ref.space_key} now, though {named_by} named it"
        census.notes.append(Trouble(page_id, f"page {page_id}", reason))
        return
    trouble = Trouble(page_id, f"page {page_id}", f"named by {named_by}: {page}")
    is_gone = isinstance(page, PageNotFoundError) and len(sources) == 1
    (census.notes if is_gone else census.missing).append(trouble)


def read_pages(gateway: WikiGateway, page_ids: Sequence[str]) -> Iterator[tuple[str, Page | WikiError]]:
    """Read pages in bulk, and each that is not in the answer by itself until two answers agree."""
    for start in range(0, len(page_ids), _BATCH):
        batch = page_ids[start : start + _BATCH]
        try:
            pages = gateway.fetch_pages(batch)
        except WikiUnreachableError as error:
            yield from ((page_id, error) for page_id in batch)
            continue
        except WikiError:
            pages = {}
        for page_id in batch:
            yield page_id, pages.get(page_id) or _read_singly(gateway, page_id)


def _read_singly(gateway: WikiGateway, page_id: str) -> Page | WikiError:
    try:
        return agreed(lambda: gateway.fetch_page(page_id))
    except WikiError as error:
        return error

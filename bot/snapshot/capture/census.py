"""The pages of a space by several sources: two listings, the search index, the labels, an administrator's roster."""

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from bot.config.policy import ArchivedSettings
from bot.errors import PageNotFoundError, UnsettledListingError, WikiError, WikiUnreachableError
from bot.plural import counted
from bot.snapshot.capture.agreement import agreed
from bot.snapshot.capture.bulk_consent import is_many
from bot.snapshot.capture.outcome import Trouble
from bot.wiki.gateway import Page, PageRef, PageSelection, PageStatus, WikiGateway

LISTED = (PageStatus.CURRENT, PageStatus.ARCHIVED)
_BATCH = 100


@dataclass
class Census:
    """The pages of one space that any source names and the wiki shows, and what the sources disagree on."""

    space_key: str
    refs: dict[str, PageRef] = field(default_factory=dict)
    labelled: dict[str, frozenset[str]] = field(default_factory=dict)
    """The ids of the pages with each label of the rule, by either source."""
    named: dict[str, set[str]] = field(default_factory=dict)
    """The sources that name each id."""
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
        """Note that *source* names these pages."""
        for page_id in page_ids:
            self.named.setdefault(page_id, set()).add(source)

    def still_named(self, page_id: str) -> bool:
        """Return whether a source other than the first listing names a page, which speaks against its deletion."""
        return bool(self.named.get(page_id, set()) - {_FIRST})


_FIRST, _SECOND, _SEARCH, _LABELS, _ROSTER = (
    "the listing",
    "the second listing",
    "the search index",
    "a label",
    "roster",
)


def take_census(gateway: WikiGateway, space_key: str, rule: ArchivedSettings) -> Census:
    """Ask all sources, and read each page that only some of them name; raises `WikiError` if nothing can be listed."""
    census = Census(space_key)
    _list(census, _FIRST, gateway.iter_refs(space_key, PageSelection(LISTED)))
    try:
        _list(census, _SECOND, gateway.iter_refs_again(space_key, LISTED))
    except WikiError as error:
        census.doubt(f"no second listing confirms the first: {error}")
    current = {ref.id for ref in census.refs.values() if ref.status is PageStatus.CURRENT}
    counted_by_search = _search(gateway, census, current)
    _find_labelled(gateway, census, rule)
    _settle(gateway, census, [page_id for page_id, sources in census.named.items() if not {_FIRST, _SECOND} <= sources])
    _compare_count(census, counted_by_search)
    return census


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


def _list(census: Census, source: str, refs: Iterator[PageRef]) -> None:
    try:
        for ref in refs:
            census.refs.setdefault(ref.id, ref)
            census.name(source, [ref.id])
    except UnsettledListingError as error:
        census.missing.append(Trouble(census.space_key, census.title, str(error)))


def _search(gateway: WikiGateway, census: Census, current: Collection[str]) -> int:
    """Compare with the count of the search index; if it differs, add the ids that the index has. Return the count."""
    try:
        total = gateway.count_pages(census.space_key)
        if total != len(current):
            census.name(_SEARCH, gateway.find_pages(census.space_key))
    except WikiError as error:
        census.doubt(f"the search index does not confirm the number of pages: {error}")
        return 0
    return total


def _compare_count(census: Census, total: int) -> None:
    archived = {ref.id for ref in census.refs.values() if ref.status is PageStatus.ARCHIVED}
    known = len(census.named.keys() - archived)
    if total <= known:
        return
    reason = (
        f"the search index counts {counted(total, 'page')}, and the wiki names {known}; some may be hidden from the bot"
    )
    if is_many(total - known, total):
        census.missing.append(Trouble(census.space_key, census.title, reason))
    else:
        census.doubt(reason)


def _find_labelled(gateway: WikiGateway, census: Census, rule: ArchivedSettings) -> None:
    """Find the pages with each label of the rule by the search index and by another operation."""
    if not rule.labels:
        return
    by_search: dict[str, frozenset[str]] | None = None
    listed: Mapping[str, frozenset[str]] | None = None
    failure: WikiError | None = None
    try:
        by_search = {label: frozenset(gateway.find_labelled(census.space_key, label)) for label in rule.labels}
    except WikiError as error:
        failure = error
        census.doubt(f"the search index does not confirm which pages have a label: {error}")
    try:
        listed = gateway.list_labelled(census.space_key, rule.labels)
    except WikiError as error:
        if failure is not None:
            raise failure from error
        census.doubt(f"only the search index says which pages have a label: {error}")
    for label in rule.labels:
        found, also = (of[label] if of is not None else frozenset() for of in (by_search, listed))
        census.labelled[label] = found | also
        census.name(_LABELS, census.labelled[label])
    if by_search is not None and listed is not None:
        _note_differences(census, by_search, listed)
    if not rule.status:
        _add_archived(gateway, census, rule)


def _note_differences(
    census: Census, by_search: Mapping[str, frozenset[str]], listed: Mapping[str, frozenset[str]]
) -> None:
    is_current = {ref.id for ref in census.refs.values() if ref.status is PageStatus.CURRENT}
    for label, found in by_search.items():
        if differing := (found ^ listed[label]) & is_current:
            pages = counted(len(differing), "page")
            reason = f"the search index and the wiki's own list differ by {pages}; all are expected"
            census.notes.append(Trouble(label, f"label {label!r}", reason))


def _add_archived(gateway: WikiGateway, census: Census, rule: ArchivedSettings) -> None:
    """Ask for the labels of each archived page: the search index has none, and other listings may omit them."""
    for ref in census.refs.values():
        if ref.status is not PageStatus.ARCHIVED or any(ref.id in found for found in census.labelled.values()):
            continue
        names = gateway.fetch_labels(ref.id)
        for label in rule.labels:
            if label.casefold() in names:
                census.labelled[label] |= {ref.id}


def _settle(gateway: WikiGateway, census: Census, page_ids: Sequence[str]) -> None:
    """Read each page that not both listings name: expected if it is there; gone, if only one source names it."""
    found = 0
    for page_id, page in read_pages(gateway, page_ids):
        sources = sorted(census.named[page_id])
        if not isinstance(page, WikiError):
            is_here = page.ref.space_key == census.space_key and page.ref.status in LISTED
            if is_here:
                census.refs[page_id] = page.ref
                found += 1
            else:
                census.refs.pop(page_id, None)
                reason = (
                    f"is {page.ref.status} in space {page.ref.space_key} now, though {' and '.join(sources)} named it"
                )
                census.notes.append(Trouble(page_id, f"page {page_id}", reason))
            continue
        census.refs.pop(page_id, None)
        trouble = Trouble(page_id, f"page {page_id}", f"named by {' and '.join(sources)}: {page}")
        is_gone = isinstance(page, PageNotFoundError) and len(sources) == 1
        (census.notes if is_gone else census.missing).append(trouble)
    if found:
        reason = f"{counted(found, 'page')} not in both listings of the wiki; each was read by itself and is expected"
        census.notes.append(Trouble(census.space_key, census.title, reason))


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

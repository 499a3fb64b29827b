"""Read pages in threads: bodies in bulk, each new body twice and some singly, and everything else page by page."""

import heapq
import random
from collections import deque
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import Executor, Future
from dataclasses import dataclass, field, replace

from bot.config.policy import HistoryMode
from bot.errors import (
    AuthenticationError,
    EvidenceError,
    PageNotFoundError,
    WikiAnswerError,
    WikiError,
    WikiUnreachableError,
)
from bot.snapshot.archive import paths
from bot.snapshot.archive.bag import Bag, sha256
from bot.snapshot.archive.entry import id_order
from bot.snapshot.archive.record import PageRecord
from bot.snapshot.archive.writer import SnapshotWriter
from bot.snapshot.capture.agreement import agreed
from bot.snapshot.capture.observation import Known, Observation, observe
from bot.snapshot.capture.outcome import CaptureOutcome, Trouble
from bot.snapshot.capture.overview import Hints, Overview
from bot.snapshot.capture.recorded_parts import find_equal_parts
from bot.storage.visible_text import is_blank
from bot.wiki.gateway import Page, PagePart, PageParts, PageRef, PageStatus, Restrictions, WikiGateway

_BATCH = 50  # pages whose bodies are read at once, while those of earlier batches are observed
_AHEAD = 2  # batches whose bodies are read meanwhile; to read one takes six requests in a row
OBSERVED = 6
"""Pages that are read before the first of them is written, for each thread: many need no request or a few in a row."""
_GIVE_UP_AFTER = 3  # consecutive pages without an answer
_LATER = (PagePart.LABELS, PagePart.RESTRICTIONS)  # what the answer with the body decides, if it says it
_COMPANIES = 4  # bulk answers among which the pages of one are divided when they are read again
_SAMPLE = 20  # bodies from bulk answers that are read singly at the end of a run


@dataclass
class Observer:
    """Reads pages for one run, whose pages all have a bag; *fetchers* are the threads that read from the wiki."""

    gateway: WikiGateway
    writer: SnapshotWriter
    history: HistoryMode
    fetchers: Executor
    parallel_requests: int = 8
    """Number of these threads."""
    _sample: list[tuple[float, str, int, str]] = field(default_factory=list)
    """A heap of pages that are read again at the end: a random number, id, version and digest of the body."""
    _unanswered: int = 0

    def __post_init__(self) -> None:
        """Begin a sample that depends on the number of the run only."""
        self._chance = random.Random(self.writer.sequence)  # noqa: S311 -- a sample that a test can repeat

    def observe_all(
        self, refs: Sequence[PageRef], read: Mapping[str, Restrictions], overview: Overview
    ) -> Iterator[tuple[PageRef, Observation | WikiError]]:
        """Yield each page with its data, in the given order, or why it could not be read.

        *read* has the restrictions of pages that this run has read one by one already.
        """
        asked: deque[tuple[_LookedUp, Future[Observation | WikiError]]] = deque()
        for batch in self._read_ahead(refs, read, overview):
            for page in batch:
                asked.append((page, self.fetchers.submit(self._observe, page)))
                while asked and (len(asked) >= OBSERVED * self.parallel_requests or asked[0][1].done()):
                    yield self._answer(*asked.popleft())
        while asked:
            yield self._answer(*asked.popleft())

    def _read_ahead(
        self, refs: Sequence[PageRef], read: Mapping[str, Restrictions], overview: Overview
    ) -> Iterator[Sequence["_LookedUp"]]:
        """Yield the pages in batches, with the bodies that changed; two batches are read ahead."""

        def look_up(batch: Sequence[PageRef]) -> Sequence[_LookedUp]:
            known = [self._look_up(ref, read, overview) for ref in batch]
            bodies = self._fetch_bodies({page.ref.id: page.known.record for page in known if page.captured is None})
            return [replace(page, body=bodies.get(page.ref.id)) for page in known]

        batches = [refs[start : start + _BATCH] for start in range(0, len(refs), _BATCH)]
        waiting: deque[Future[Sequence[_LookedUp]]] = deque()
        for number in range(len(batches)):
            for ahead in batches[number + len(waiting) : number + 1 + _AHEAD]:
                waiting.append(self.fetchers.submit(look_up, ahead))
            yield waiting.popleft().result()

    def _look_up(self, ref: PageRef, read: Mapping[str, Restrictions], overview: Overview) -> "_LookedUp":
        """Return what is known about a page; the captured body too, if it is that of the listed version."""
        known = self._known(ref.id)
        hints = overview.hints_for(ref, known.record)
        if ref.id in read:
            hints = replace(hints, parts=replace(hints.parts, restrictions=read[ref.id]))
        if known.record is None or not hints.is_body_known:
            return _LookedUp(ref, known, hints)
        try:
            body = self.writer.library.read_body(self._bag_of(ref.id), known.record.source_path)
        except EvidenceError:
            return _LookedUp(ref, known, replace(hints, is_body_known=False))  # `verify` reports the file
        return _LookedUp(ref, known, hints, body.decode("utf-8", "surrogatepass"))

    def read_sample_again(self, outcome: CaptureOutcome) -> None:
        """Read some bodies from bulk answers singly, and note each that differs; the number of the run chooses them.

        If one differs, the bulk answers of its space cannot be trusted: the next capture reads the space again.
        """
        sample = sorted(self._sample, key=lambda each: id_order(each[1]))
        read = self.fetchers.map(lambda each: _read_singly(self.gateway, each[1]), sample)
        for (_, page_id, version, digest), page in zip(sample, read, strict=True):
            if isinstance(page, WikiError):
                reason = f"could not be read a second time: {page}"
                outcome.doubts.append(Trouble(page_id, f"page {page_id}", reason))
                continue
            if page.version <= version and (page.version, _digest(page)) != (version, digest):
                reason = f"read by itself, version {version} has another text than among other pages"
                outcome.incomplete.append(Trouble(page_id, page.title, reason))
                key = page.ref.space_key
                distrusted = Trouble(key, f"space {key}", "texts that were read together differ from those read singly")
                if distrusted not in outcome.doubts:
                    outcome.doubts.append(distrusted)

    def _answer(
        self, page: "_LookedUp", job: Future[Observation | WikiError]
    ) -> tuple[PageRef, Observation | WikiError]:
        observation = job.result()
        if isinstance(observation, Observation):
            self._unanswered = 0
            if page.body is not None and not page.body.is_alone:
                self._add_to_sample(observation.page)
        return page.ref, observation

    def _add_to_sample(self, page: Page) -> None:
        """Take the page into the sample if its random number is among the lowest."""
        number = -self._chance.random()
        if len(self._sample) < _SAMPLE:
            heapq.heappush(self._sample, (number, page.id, page.version, _digest(page)))
        elif number > self._sample[0][0]:
            heapq.heapreplace(self._sample, (number, page.id, page.version, _digest(page)))

    def _fetch_bodies(self, known: Mapping[str, PageRecord | None]) -> dict[str, "_Body"]:
        """Return the bodies that are captured already, as *known* has them, and the new ones that two answers agree on.

        Each other page is read by itself: those that are not in the answer, empty ones, those with another text under
        the same version, and all if the wiki refuses the bulk.
        """
        if not known:
            return {}
        try:
            found = self.gateway.fetch_captures(list(known))
            is_alone = len(found) == 1
            new = [page_id for page_id, (page, _) in found.items() if not _is_held(page, known[page_id])]
            again = self._fetch_in_other_company(new)
            late = self._find_late(again)
        except WikiError:
            return {}
        bodies = {}
        for page_id, (page, parts) in found.items():
            if page_id not in new:
                bodies[page_id] = _Body(page, parts, is_alone=is_alone)
                continue
            second, parts_again = again.get(page_id, (None, parts))
            if second == page and not is_blank(page.body) and self._is_newer(page):
                certain = find_equal_parts(parts, parts_again)
                bodies[page_id] = _Body(page, late.get(page_id, parts_again), certain, is_alone)
        return bodies

    def _fetch_in_other_company(self, page_ids: Sequence[str]) -> dict[str, tuple[Page, PageParts]]:
        """Read pages in bulk with others than before: an answer that exchanges two texts then agrees with no other."""
        found: dict[str, tuple[Page, PageParts]] = {}
        chance = random.Random(f"{self.writer.now.date()} {page_ids[:1]}")  # noqa: S311 -- may be guessed
        mixed = chance.sample(page_ids, len(page_ids))
        parts = max(1, min(_COMPANIES, len(mixed) // _COMPANIES))
        for number in range(parts if mixed else 0):
            found |= self.gateway.fetch_captures(mixed[number::parts])
        return found

    def _find_late(self, again: Mapping[str, tuple[Page, PageParts]]) -> Mapping[str, PageParts]:
        """Read restrictions and labels as they are after the bodies were read, if the bodies came without (Cloud).

        A page that was restricted since the restrictions of the space were read must not be captured.
        """
        without = [page_id for page_id, (_, parts) in again.items() if parts.restrictions is None]
        return self.gateway.find_parts(without, again=without) if without else {}

    def _is_newer(self, page: Page) -> bool:
        entry = self._bag_of(page.id).entries.get(page.id)
        return entry is None or page.version > entry.version

    def _observe(self, asked: "_LookedUp") -> Observation | WikiError:
        if self._unanswered >= _GIVE_UP_AFTER:
            return WikiUnreachableError("not tried, because the wiki did not answer any more")
        page_id, hints = asked.ref.id, asked.hints
        try:
            if asked.captured is not None:
                page = Page(asked.ref, asked.captured)
            elif asked.body is not None and not _is_elsewhere(asked.body.page, asked.ref):
                page, hints = asked.body.page, asked.body.improve(hints)
            else:
                page = agreed(lambda: self.gateway.fetch_page(page_id))
            if page.ref.status is PageStatus.TRASHED:
                return PageNotFoundError(page_id)
            if _is_older(page, asked.ref):
                return WikiAnswerError(
                    f"listed with version {asked.ref.version.number}, and the wiki sent version {page.version}; if a "
                    "part of the wiki lags behind, this passes: run again in a few minutes"
                )
            if page.ref.status is PageStatus.DRAFT:
                return WikiAnswerError("the wiki sent a draft, which is its author's alone")
            if not page.title.strip():
                return WikiAnswerError("the wiki sent it without a title, which each published page has")
            return observe(self.gateway, page, asked.known, self.history, self.writer.new_file, hints)
        except (WikiUnreachableError, AuthenticationError) as error:
            self._unanswered += 1
            return error
        except WikiError as error:
            return error

    def _bag_of(self, page_id: str) -> Bag:
        bag = self.writer.library.find_bag_of(page_id)
        if bag is None:
            raise EvidenceError(f"page {page_id} is read, and no bag is chosen for it; nothing was written")
        return bag

    def _known(self, page_id: str) -> Known:
        bag = self._bag_of(page_id)
        entry = bag.entries.get(page_id)
        if entry is None:
            return Known()
        held = frozenset(map(paths.source_version, bag.sources_of(page_id)))
        return Known(self.writer.library.load_record(bag, entry), held)


@dataclass(frozen=True, slots=True)
class _LookedUp:
    """A page, and what is known about it before it is asked about."""

    ref: PageRef
    known: Known
    hints: Hints
    captured: str | None = None
    """The captured body, if it is that of the listed version."""
    body: "_Body | None" = None
    """The body from a bulk answer; None if it is captured, or has to be read singly."""


@dataclass(frozen=True, slots=True)
class _Body:
    """A page from a bulk answer, with the parts that the answer had."""

    page: Page
    parts: PageParts
    certain: frozenset[PagePart] = frozenset()
    """Parts on which two answers agree."""
    is_alone: bool = False
    """Whether the answer had no other page, with which it could have been confused."""

    def improve(self, hints: Hints) -> Hints:
        """Return *hints* with what this answer says more, or later, or with more certainty."""
        certain = self.certain | find_equal_parts(hints.parts, self.parts)
        names = {part.value for part in PagePart if part in self.certain or getattr(hints.parts, part.value) is None}
        more = {name: value for name in names if (value := getattr(self.parts, name)) is not None}
        later = {part for part in _LATER if getattr(self.parts, part.value) is not None}
        return replace(
            hints,
            parts=replace(hints.parts, **more),
            certain=(hints.certain - later) | certain,
            unchanged=hints.unchanged - later,
        )


def _read_singly(gateway: WikiGateway, page_id: str) -> Page | WikiError:
    try:
        return gateway.fetch_page(page_id)
    except WikiError as error:
        return error


def _is_older(page: Page, listed: PageRef) -> bool:
    """Return whether a page has an earlier version than a listing said, or none."""
    return page.version < max(1, listed.version.number)


def _is_elsewhere(page: Page, listed: PageRef) -> bool:
    """Return whether a page is older than a listing said, or has another parent under the same version."""
    is_same_version = page.version == listed.version.number
    return _is_older(page, listed) or (is_same_version and page.ref.parent_id != listed.parent_id)


def _is_held(page: Page, record: PageRecord | None) -> bool:
    return record is not None and record.version.number == page.version and record.has_body(_body_of(page))


def _digest(page: Page) -> str:
    return sha256(_body_of(page))


def _body_of(page: Page) -> bytes:
    return page.body.encode("utf-8", "surrogatepass")

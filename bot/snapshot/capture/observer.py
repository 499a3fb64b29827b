"""Read pages in threads: bodies in bulk, each new body twice, and everything else page by page."""

import random
from collections import deque
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field

from bot.config.policy import HistoryMode
from bot.errors import AuthenticationError, PageNotFoundError, WikiError, WikiUnreachableError
from bot.snapshot.archive import paths
from bot.snapshot.archive.bag import Bag, sha256
from bot.snapshot.archive.entry import id_order
from bot.snapshot.archive.writer import SnapshotWriter
from bot.snapshot.capture.agreement import agreed
from bot.snapshot.capture.observation import Known, Observation, observe
from bot.snapshot.capture.outcome import Trouble
from bot.storage.visible_text import is_blank
from bot.wiki.gateway import Page, PageRef, PageStatus, Restrictions, WikiGateway

_BATCH = 50  # pages whose bodies are read at once, while those of the batch before are observed
_GIVE_UP_AFTER = 3  # consecutive pages without an answer
_SAMPLE = 20  # bodies that are read again at the end of a run


@dataclass
class Observer:
    """Reads pages for one run; *bags* has the bag of each page by id."""

    gateway: WikiGateway
    writer: SnapshotWriter
    history: HistoryMode
    bags: Mapping[str, Bag]
    fetchers: int = 8
    """Number of threads that read from the wiki."""
    _seen: dict[str, tuple[int, str]] = field(default_factory=dict)
    """Page id → version and digest of the body, for all pages that were read."""
    _unanswered: int = 0

    def observe_all(
        self, refs: Sequence[PageRef], read: Mapping[str, Restrictions]
    ) -> Iterator[tuple[PageRef, Observation | WikiError]]:
        """Yield each page with its data, in the given order, or why it could not be read.

        *read* has the restrictions of pages that this run has read already.
        """
        asked: deque[tuple[PageRef, Future[Observation | WikiError]]] = deque()
        with ThreadPoolExecutor(self.fetchers, thread_name_prefix="observe") as threads:
            for batch, bodies in self._read_ahead(threads, refs):
                for ref in batch:
                    asked.append((ref, threads.submit(self._observe, ref.id, bodies, read.get(ref.id))))
                    while asked and (len(asked) >= 2 * self.fetchers or asked[0][1].done()):
                        yield self._answer(*asked.popleft())
            while asked:
                yield self._answer(*asked.popleft())

    def _read_ahead(
        self, threads: ThreadPoolExecutor, refs: Sequence[PageRef]
    ) -> Iterator[tuple[Sequence[PageRef], dict[str, Page]]]:
        """Yield the pages in batches with their bodies; the bodies of the next batch are read meanwhile."""
        batches = [refs[start : start + _BATCH] for start in range(0, len(refs), _BATCH)]
        waiting: deque[Future[dict[str, Page]]] = deque()
        for number, batch in enumerate(batches):
            for ahead in batches[number + len(waiting) : number + 2]:
                waiting.append(threads.submit(self._fetch_bodies, [ref.id for ref in ahead]))
            yield batch, waiting.popleft().result()

    def read_sample_again(self) -> Iterator[Trouble]:
        """Read some bodies again, and yield each page whose answer differs; the number of the run chooses the pages."""
        chance = random.Random(self.writer.sequence)  # noqa: S311 -- a sample that a test can repeat
        known = sorted(self._seen, key=id_order)
        for page_id in sorted(chance.sample(known, min(_SAMPLE, len(known))), key=id_order):
            try:
                page = self.gateway.fetch_page(page_id)
            except WikiError as error:
                yield Trouble(page_id, f"page {page_id}", f"could not be read a second time: {error}")
                continue
            version, digest = self._seen[page_id]
            if page.version <= version and (page.version, _digest(page)) != (version, digest):
                yield Trouble(page_id, page.title, f"read a second time, version {version} has another text")

    def _answer(self, ref: PageRef, job: Future[Observation | WikiError]) -> tuple[PageRef, Observation | WikiError]:
        observation = job.result()
        if isinstance(observation, Observation):
            self._unanswered = 0
            self._seen[ref.id] = observation.page.version, _digest(observation.page)
        return ref, observation

    def _fetch_bodies(self, page_ids: Sequence[str]) -> dict[str, Page]:
        """Return the bodies that are captured already, and the new ones that two answers agree on.

        Each other page is read by itself: those that are not in the answer, empty ones, those with another text under
        the same version, and all if the wiki refuses the bulk.
        """
        try:
            found = self.gateway.fetch_pages(page_ids)
            new = [page_id for page_id, page in found.items() if not self._is_held(page)]
            again = self.gateway.fetch_pages(new) if new else {}
        except WikiError:
            return {}
        return {
            page_id: page
            for page_id, page in found.items()
            if page_id not in new or (again.get(page_id) == page and not is_blank(page.body) and self._is_newer(page))
        }

    def _is_held(self, page: Page) -> bool:
        entry = self.bags[page.id].entries.get(page.id)
        return entry is not None and (entry.version, entry.source_sha256) == (page.version, _digest(page))

    def _is_newer(self, page: Page) -> bool:
        entry = self.bags[page.id].entries.get(page.id)
        return entry is None or page.version > entry.version

    def _observe(
        self, page_id: str, bodies: Mapping[str, Page], restrictions: Restrictions | None
    ) -> Observation | WikiError:
        if self._unanswered >= _GIVE_UP_AFTER:
            return WikiUnreachableError("not tried, because the wiki did not answer any more")
        try:
            page = bodies.get(page_id) or agreed(lambda: self.gateway.fetch_page(page_id))
            if page.ref.status is PageStatus.TRASHED:
                return PageNotFoundError(page_id)
            known = self._known(page_id)
            return observe(self.gateway, page, known, self.history, self.writer.new_file, restrictions)
        except (WikiUnreachableError, AuthenticationError) as error:
            self._unanswered += 1
            return error
        except WikiError as error:
            return error

    def _known(self, page_id: str) -> Known:
        bag = self.bags[page_id]
        entry = bag.entries.get(page_id)
        if entry is None:
            return Known()
        held = frozenset(map(paths.source_version, entry.sources))
        return Known(self.writer.library.load_record(bag, entry), held)


def _digest(page: Page) -> str:
    return sha256(page.body.encode("utf-8", "surrogatepass"))

"""The pipeline of a capture: fetch in threads, convert in the executor, write in one thread, in the order of the bags.

    refs → Observer (fetch) → PageCapture (compare) → render_page (convert) → PartWriter (write)

No step waits for all pages of the step before it, and each has a limit of pages in memory. A page about which the
listings say the same as at the last capture passes none of the steps.
"""

from collections import deque
from collections.abc import Sequence
from concurrent.futures import Future
from dataclasses import dataclass, field
from functools import partial

from bot.errors import PageNotFoundError, PermissionDeniedError, StoppedError, WikiError
from bot.plural import counted
from bot.snapshot.archive import paths
from bot.snapshot.archive.events import EventOutcome
from bot.snapshot.archive.record import Surroundings
from bot.snapshot.archive.redaction import redacted_title
from bot.snapshot.capture.audience import Audience
from bot.snapshot.capture.capture_options import CaptureOptions
from bot.snapshot.capture.doubts import doubts_about
from bot.snapshot.capture.homes import Homes
from bot.snapshot.capture.known_pages import KnownPages
from bot.snapshot.capture.observation import Observation
from bot.snapshot.capture.observer import Observer
from bot.snapshot.capture.outcome import CaptureOutcome, Trouble
from bot.snapshot.capture.page_capture import PageCapture, held_parts
from bot.snapshot.capture.part_writer import PartWriter
from bot.snapshot.capture.rendition import Rendition, render_page
from bot.snapshot.capture.selection import Selection
from bot.snapshot.capture.surroundings import Neighbourhood
from bot.snapshot.capture.vanished import Losses, judge_losses
from bot.wiki.gateway import PageRef, PageStatus

_IN_FLIGHT = 16  # pages in memory at once that are being converted


@dataclass
class Pipeline:
    """Captures the pages of one space."""

    selection: Selection
    neighbourhood: Neighbourhood
    known: KnownPages
    homes: Homes
    observer: Observer
    part_writer: PartWriter
    losses: Losses = field(default_factory=Losses)
    archived_labels: set[str] = field(default_factory=set)
    """The labels of the pages with status archived that were read."""

    @property
    def _options(self) -> CaptureOptions:
        return self.part_writer.options

    @property
    def _outcome(self) -> CaptureOutcome:
        return self.part_writer.outcome

    def run(self) -> None:
        """Capture the pages; those that lost data come last, because many at once need the consent of a person."""
        refs = self.homes.in_bag_order([ref for ref in self.selection.chosen if self._needs_a_look(ref)])
        self._capture(refs, judges_losses=True)
        if self.losses.pages:
            accepted = judge_losses(self._outcome, self.selection, self.losses, self._options.consent)
            self._capture([ref for ref in refs if ref.id in accepted], judges_losses=False)

    def _needs_a_look(self, ref: PageRef) -> bool:
        """Return whether a page has to be observed; if not, count it."""
        if self._is_redacted(ref):
            return False
        if self._is_in_parts(ref):
            self._outcome.captured += 1
        elif (kinds := self.known.find_kinds_if_same(ref)) is not None:
            self.losses.held.update(kinds)
            self._outcome.unchanged += 1
        else:
            return True
        self._options.on_page(ref.title, self._outcome.expected)
        return False

    def _capture(self, refs: Sequence[PageRef], *, judges_losses: bool) -> None:
        """Observe, convert and write; with *judges_losses*, a page that lost data is noted and not captured."""
        writing: deque[tuple[PageCapture, Future[Rendition]]] = deque()
        read = self.selection.access.restrictions if self.selection.access else {}
        for ref, observation in self.observer.observe_all(refs, read, self.selection.overview):
            self._stop_if_asked()
            if judges_losses:
                self._options.on_page(ref.title, self._outcome.expected)
            page = self._judge(ref, observation)
            if page is not None and ref.status is PageStatus.ARCHIVED:
                self.archived_labels.update(page.record.labels)
            if page is None or (judges_losses and self.losses.add(ref, page.held_parts(), page.lost_parts())):
                continue
            self._note_doubts(page)
            around = self._around(page) if page.lacks_files else None
            if page.needs_writing(around):
                writing.append((page, self._convert(page, around or self._around(page))))
            else:
                self.known.note(ref, page.record)
            while writing and (len(writing) >= _IN_FLIGHT or writing[0][1].done()):
                self._settle(*writing.popleft())
        while writing:
            self._settle(*writing.popleft())

    def _around(self, page: PageCapture) -> Surroundings:
        body, comments = page.observation.page.body, page.observation.comments
        bodies = "\n".join([body, *(comment.body for comment in comments)])
        above = [ancestor.id for ancestor in page.record.ancestors]
        return self.neighbourhood.around(bodies, page.record_id, above, partial(page.borrow, self.observer.gateway))

    def _convert(self, page: PageCapture, surroundings: Surroundings) -> Future[Rendition]:
        body, record = page.observation.page.body, page.complete(surroundings)
        return self._options.executor.submit(render_page, record, body, page.path, self.part_writer.writer.origin)

    def _settle(self, page: PageCapture, job: Future[Rendition]) -> None:
        if self.part_writer.settle(page, job):
            self.known.note(self.selection.listed[page.record_id], page.record)

    def _stop_if_asked(self) -> None:
        if self._options.should_stop():
            committed = self._outcome.captured - self.part_writer.written
            raise StoppedError(
                f"the capture was asked to stop; {counted(committed, 'page')} were committed, "
                "and the next run continues after them"
            )

    def _judge(self, ref: PageRef, seen: Observation | WikiError) -> PageCapture | None:
        """Return the page to capture; None if it could not be read, or is not where it was listed."""
        outcome = self._outcome
        if isinstance(seen, WikiError):
            is_restricted = isinstance(seen, PageNotFoundError | PermissionDeniedError)
            kind = EventOutcome.RESTRICTED if is_restricted else EventOutcome.FAILURE
            outcome.add_trouble(kind, Trouble(ref.id, ref.title, str(seen)))
            return None
        if seen.restrictions.readers and self._options.audience is Audience.OPEN:
            trouble = Trouble(ref.id, f"page {ref.id}", "left out, because it was restricted while the capture ran")
            outcome.add_trouble(EventOutcome.RESTRICTED, trouble)
            return None
        space_key = seen.page.ref.space_key
        if space_key != self.selection.space_key:
            reason = f"moved to space {space_key} during the run; the next run decides about it"
            outcome.add_trouble(EventOutcome.FAILURE, Trouble(ref.id, ref.title, reason))
            return None
        bag, path = self.homes.bag_of(ref.id), self.homes.path_in_bag(ref.id)
        return PageCapture(self.part_writer.writer, outcome, bag, path, self.selection, seen)

    def _note_doubts(self, page: PageCapture) -> None:
        doubts = list(doubts_about(self.observer.gateway, self.selection, page.observation, page.before))
        if page.is_other_text:
            doubts.append("the text changed and its version did not; it was read twice, and is another edition")
        self._outcome.doubts += [Trouble(page.record.page_id, page.record.title, doubt) for doubt in doubts]

    def _is_in_parts(self, ref: PageRef) -> bool:
        """Return whether an earlier part has the page as it is listed; its losses count for this capture."""
        parts, name = self.part_writer.parts, paths.safe_id(ref.id)
        if name not in parts.losses:
            return False
        library, bag = self.part_writer.writer.library, self.homes.bag_of(ref.id)
        entry = bag.entries.get(ref.id)
        if entry is None or not parts.has(ref, entry, self.selection):
            return False
        self._outcome.losses += parts.losses[name]
        if name in parts.updated:
            self.losses.held.update(held_parts(library.load_record(bag, entry)))
        return True

    def _is_redacted(self, ref: PageRef) -> bool:
        if not self.homes.is_redacted(ref.id):
            return False
        when = self.homes.bag_of(ref.id).entries[ref.id].redacted_at
        reason = f"redacted on {when.date().isoformat() if when else '?'}, so not captured again"
        self._outcome.skipped.append(Trouble(ref.id, redacted_title(ref.id), reason))
        return True

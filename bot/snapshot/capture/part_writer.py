"""Write pages in the order in which they come, and commit a part of the capture whenever enough pages are written."""

from collections.abc import Callable
from concurrent.futures import BrokenExecutor, Future
from dataclasses import dataclass

from bot.snapshot.archive.events import Event, EventOutcome
from bot.snapshot.archive.verdict import RunVerdict
from bot.snapshot.archive.writer import SnapshotWriter
from bot.snapshot.capture.capture_options import CaptureOptions
from bot.snapshot.capture.kept_answers import KeptAnswers
from bot.snapshot.capture.outcome import CaptureOutcome, Trouble
from bot.snapshot.capture.page_capture import PageCapture
from bot.snapshot.capture.parts import Parts, part_event
from bot.snapshot.capture.rendition import CONVERTER, Rendition


@dataclass
class PartWriter:
    """Writes the pages of one run; *account* is the account at the wiki, *is_nameless* says if no person has a name."""

    writer: SnapshotWriter
    options: CaptureOptions
    outcome: CaptureOutcome
    parts: Parts
    account: str
    is_nameless: Callable[[], bool]
    answers: KeptAnswers
    written: int = 0
    """Number of pages that were written since the last part."""

    def finish(self, event: Event, verdict: RunVerdict, *, goes_on: bool = False) -> None:
        """Commit everything since the last part as a run."""
        agents = (self.writer.software, CONVERTER, self.account)
        events = [event, *self.outcome.events]
        self.outcome.checkpoint = self.writer.finish(events, agents=agents, verdict=verdict, goes_on=goes_on)
        self.outcome.events.clear()

    def settle(self, page: PageCapture, job: Future[Rendition]) -> bool:
        """Wait for the rendition of a page and write the page; return whether it was written.

        A text that ends the converter is reported.
        """
        try:
            rendition = job.result()
        except BrokenExecutor as error:
            reason = f"not captured, because its text cannot be converted: {error}"
            trouble = Trouble(page.record.page_id, page.record.title, reason)
            self.outcome.add_trouble(EventOutcome.FAILURE, trouble)
            return False
        if self.written >= self.options.part_pages:
            self._commit_part()
        page.write(rendition)
        self.written += 1
        return True

    def _commit_part(self) -> None:
        self.parts.count += 1
        self.parts.has_unnamed_people |= self.is_nameless()
        event = part_event(
            self.parts.count,
            self.outcome,
            self.options.history,
            has_unnamed_people=self.parts.has_unnamed_people,
        )
        self.finish(event, RunVerdict.INCOMPLETE, goes_on=True)
        self.answers.begin_pages(self.parts.count)
        self.written = 0

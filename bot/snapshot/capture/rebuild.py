"""Render captured pages again after a change of the converter, from body and record, without requests to the wiki."""

from collections import deque
from collections.abc import Callable
from concurrent.futures import Executor, Future

from bot.snapshot.archive.bag import Bag, sha256
from bot.snapshot.archive.checkpoint import Checkpoint
from bot.snapshot.archive.entry import PageEntry
from bot.snapshot.archive.events import Event, EventOutcome, EventType
from bot.snapshot.archive.writer import SnapshotWriter
from bot.snapshot.capture.rendition import CONVERTER, Rendition, render_page

_WAITING = 100


def rebuild(
    writer: SnapshotWriter, executor: Executor, *, on_page: Callable[[str, int], None] = lambda _title, _total: None
) -> Checkpoint | None:
    """Write each rendition that differs from the current file; return None if no file differs."""
    entries = [(bag, entry) for bag, entry in writer.library.iter_entries() if entry.redacted_at is None]
    waiting: deque[tuple[Bag, PageEntry, Future[Rendition]]] = deque()
    events: list[Event] = []
    for bag, entry in entries:
        on_page(entry.title, len(entries))
        record = writer.library.load_record(bag, entry)
        body = writer.library.read(bag, record.source_path).decode("utf-8", "surrogatepass")
        waiting.append((bag, entry, executor.submit(render_page, record, body, entry.path, writer.origin)))
        if len(waiting) > _WAITING:
            events += _put(writer, *waiting.popleft())
    while waiting:
        events += _put(writer, *waiting.popleft())
    return writer.finish(events, agents=(writer.software, CONVERTER)) if events else None


def _put(writer: SnapshotWriter, bag: Bag, entry: PageEntry, job: Future[Rendition]) -> list[Event]:
    rendition = job.result()
    if sha256(rendition.markdown) == bag.manifest[entry.path]:
        return []
    writer.put(bag, entry.path, rendition.markdown)
    writer.put_entry(bag, entry.replaced(converter=CONVERTER))
    detail = f"{entry.title}: rendered again by {CONVERTER}"
    return [Event(EventType.MIGRATION, EventOutcome.SUCCESS, detail, (entry.page_id,), {"losses": rendition.losses})]

"""Write captured pages again after a change of the converter."""

from collections.abc import Callable
from concurrent.futures import Executor
from dataclasses import dataclass

from bot.snapshot.archive.bag import sha256
from bot.snapshot.archive.checkpoint import Checkpoint
from bot.snapshot.archive.events import Event, EventOutcome, EventType
from bot.snapshot.archive.writer import SnapshotWriter
from bot.snapshot.capture.rendition import CONVERTER
from bot.snapshot.capture.renewal import render_again


@dataclass(frozen=True, slots=True)
class Migrated:
    """A page whose Markdown changed: the converter that made the old file, and the digests of both files."""

    page_id: str
    title: str
    path: str
    old_converter: str
    old_sha256: str
    new_sha256: str


@dataclass(frozen=True, slots=True)
class Rebuilt:
    """The pages that were rendered again, and the head of the run; None if no file changed."""

    pages: tuple[Migrated, ...] = ()
    checkpoint: Checkpoint | None = None


def rebuild(
    writer: SnapshotWriter, executor: Executor, *, on_page: Callable[[str, int], None] = lambda _title, _total: None
) -> Rebuilt:
    """Write each rendition that differs from the current file, with an event that has both digests."""
    pages: list[Migrated] = []
    events: list[Event] = []
    for bag, entry, rendition in render_again(writer.library, writer.origin, executor, on_page=on_page):
        old, new = bag.manifest[entry.path], sha256(rendition.markdown)
        if old == new:
            continue
        writer.put(bag, entry.path, rendition.markdown)
        writer.put_entry(bag, entry.replaced(converter=CONVERTER))
        facts = {"losses": rendition.losses, "new_sha256": new, "old_sha256": old}
        events.append(Event(EventType.MIGRATION, EventOutcome.SUCCESS, "", (entry.page_id,), facts))
        pages.append(Migrated(entry.page_id, entry.title, f"{bag.name}/{entry.path}", entry.converter, old, new))
    made = writer.finish(events, agents=(writer.software, CONVERTER)) if events else None
    return Rebuilt(tuple(pages), made)

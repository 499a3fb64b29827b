"""Remove a page and what other pages show of it, as one run."""

from collections.abc import Iterator

from bot.files import delete_database
from bot.snapshot.archive import paths
from bot.snapshot.archive.bag import Bag
from bot.snapshot.archive.checkpoint import Checkpoint
from bot.snapshot.archive.entry import PageEntry
from bot.snapshot.archive.events import Event, EventOutcome, EventType
from bot.snapshot.archive.record import dump_record
from bot.snapshot.archive.redaction import find_redactable, remove_page
from bot.snapshot.archive.writer import SnapshotWriter
from bot.snapshot.capture.rendition import CONVERTER, render_page
from bot.snapshot.erasure.cleaner import Cleaner, cleaned_records
from bot.snapshot.erasure.traces import Erasure


def redact(writer: SnapshotWriter, erasure: Erasure, *, reason: str, by: str) -> Checkpoint:
    """Remove the page, and clean the records of all other pages that show it, as one run."""
    library = writer.library
    bag, entry = find_redactable(library, erasure.page_id)
    events: list[Event] = []
    for other_bag, other in list(library.iter_entries()):
        if other.page_id != entry.page_id and other.redacted_at is None:
            cleaner = Cleaner(library, other_bag, other, bag, entry, erasure.needles.titles)
            events += _clean(writer, other_bag, other, cleaner)
    events.insert(0, remove_page(writer, bag, entry, reason=reason, by=by))
    delete_database(writer.state.answers)
    return writer.finish(events, agents=(writer.software,))


def _clean(writer: SnapshotWriter, bag: Bag, entry: PageEntry, cleaner: Cleaner) -> Iterator[Event]:
    """Replace the records of another page that show the redacted page, and render the page again."""
    newest = entry.record_path
    count = 0
    for path, record in cleaned_records(writer.library, bag, entry, cleaner):
        new = paths.cleaned_path(path, writer.sequence)
        for file in cleaner.files_of_page(writer.library.load_record_at(bag, path)):
            if file in bag.manifest:
                writer.drop(bag, file)
        writer.drop(bag, path)
        cleaned = record.salted(writer.state.salts.draw(f"{bag.name}/{new}"))
        writer.put(bag, new, dump_record(cleaned))
        count += 1
        if path == newest:
            body = writer.library.read_body(bag, record.source_path).decode("utf-8", "surrogatepass")
            rendition = render_page(cleaned, body, entry.path, writer.origin)
            writer.put(bag, entry.path, rendition.markdown)
            shown = {"ancestors": cleaned.ancestors, "salt": cleaned.salt}
            writer.put_entry(bag, entry.replaced(record_path=new, converter=CONVERTER, **shown))
    if count:
        facts = {"records": count, "redacted_page": paths.safe_id(cleaner.redacted.page_id)}
        yield Event(EventType.REDACTION, EventOutcome.SUCCESS, "", (entry.page_id,), facts)

"""Render captured pages again from body and record, in parallel, without requests to the wiki."""

from collections import deque
from collections.abc import Callable, Iterator
from concurrent.futures import BrokenExecutor, Executor, Future

from bot.errors import SnapshotError
from bot.snapshot.archive.bag import Bag
from bot.snapshot.archive.entry import PageEntry
from bot.snapshot.archive.library import Library
from bot.snapshot.capture.rendition import Rendition, render_page

_WAITING = 100


def render_again(
    library: Library, origin: str, executor: Executor, *, on_page: Callable[[str, int], None]
) -> Iterator[tuple[Bag, PageEntry, Rendition]]:
    """Yield the rendition of each page that was not redacted; raises `EvidenceError` for a file that was changed."""
    entries = [(bag, entry) for bag, entry in library.iter_entries() if entry.redacted_at is None]
    waiting: deque[tuple[Bag, PageEntry, Future[Rendition]]] = deque()
    for bag, entry in entries:
        on_page(entry.title, len(entries))
        record = library.load_record(bag, entry)
        body = library.read_body(bag, record.source_path).decode("utf-8", "surrogatepass")
        waiting.append((bag, entry, executor.submit(render_page, record, body, entry.path, origin)))
        if len(waiting) > _WAITING:
            yield _first(waiting)
    while waiting:
        yield _first(waiting)


def _first(waiting: deque[tuple[Bag, PageEntry, Future[Rendition]]]) -> tuple[Bag, PageEntry, Rendition]:
    bag, entry, job = waiting.popleft()
    try:
        return bag, entry, job.result()
    except BrokenExecutor as error:
        raise SnapshotError(f"{bag.name}/{entry.path} cannot be made again: {error}") from error

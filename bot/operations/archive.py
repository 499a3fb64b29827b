"""Read what was captured: history, differences, search; and take a page's content out of it."""

from dataclasses import dataclass
from pathlib import Path

from bot.errors import SnapshotError
from bot.operations.snapshots import allowed_signers, signer, software
from bot.runtime import Runtime
from bot.snapshot.checkpoint import Checkpoint
from bot.snapshot.diff import PageDiff, diff_page
from bot.snapshot.git import GitRepository
from bot.snapshot.library import Library, load_library
from bot.snapshot.redact import redact
from bot.snapshot.search import Hit, SearchIndex
from bot.snapshot.timeline import Timeline, read_timeline
from bot.snapshot.writer import open_writer


@dataclass(frozen=True, slots=True)
class Redaction:
    """What came of a redaction; *has_git* warns that the repository's own history still holds the content."""

    checkpoint: Checkpoint
    has_git: bool


def page_history(runtime: Runtime, page: str) -> Timeline:
    """Return what is known of a captured page, named by id, title or path."""
    library = load_snapshots(runtime.snapshots_dir)
    return read_timeline(library, *library.get_page(page))


def page_diff(runtime: Runtime, page: str, before: str | None = None, after: str | None = None) -> PageDiff:
    """Compare two states of a captured page, by default the last two; see `diff_page`."""
    library = load_snapshots(runtime.snapshots_dir)
    return diff_page(library, *library.get_page(page), before, after)


def search_pages(runtime: Runtime, words: str, *, limit: int = 20) -> list[Hit]:
    """Find captured pages by words."""
    return SearchIndex(runtime.snapshots_dir).search(words, limit=limit)


def rebuild_search(runtime: Runtime) -> int:
    """Make the search index anew from the files, and return the number of pages in it."""
    return SearchIndex(runtime.snapshots_dir).refresh(from_scratch=True)


def redact_page(runtime: Runtime, page: str, *, reason: str, by: str) -> Redaction:
    """Remove the content of a captured page and keep its digests, as a run of its own."""
    library = load_snapshots(runtime.snapshots_dir)
    library.get_page(page)
    with open_writer(
        runtime.snapshots_dir,
        origin=library.head.origin if library.head else "",
        software=software(),
        clock=runtime.clock,
        signer=signer(runtime),
        allowed_signers=allowed_signers(runtime),
    ) as writer:
        checkpoint = redact(writer, page, reason=reason, by=by)
        if runtime.settings.snapshots.git:
            GitRepository(writer.root, writer.signer).commit(f"Run {checkpoint.sequence}: redact a page")
    if (runtime.snapshots_dir / ".wikibot" / "search.sqlite").exists():
        rebuild_search(runtime)
    return Redaction(checkpoint, (runtime.snapshots_dir / ".git").exists())


def load_snapshots(root: Path) -> Library:
    """Read the snapshots; raises `SnapshotError` where there are none."""
    library = load_library(root)
    if library.head is None:
        raise SnapshotError(f"there are no snapshots in {root}; `wikibot snapshot` makes the first")
    return library

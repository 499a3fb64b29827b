"""Read the snapshots (history, differences, search, exports, reports), and redact a page."""

from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager, suppress
from dataclasses import dataclass, replace
from pathlib import Path

from bot.config.policy import RestrictedPages
from bot.errors import EvidenceError, HistoryError, SnapshotError
from bot.files import delete_database, read_file
from bot.history import RunHistory
from bot.log import logger
from bot.operations.archive_reader import ArchiveReader, read_own
from bot.operations.snapshot_run import open_run, software
from bot.operations.workspace import Snapshots
from bot.snapshot.archive.checkpoint import Checkpoint
from bot.snapshot.archive.events import check_free_texts
from bot.snapshot.archive.git import GitRepository
from bot.snapshot.archive.holds import HeldPage, find_holds, place_hold, release_hold
from bot.snapshot.archive.library import load_library
from bot.snapshot.archive.paths import safe_id
from bot.snapshot.archive.redaction import redacted_title
from bot.snapshot.archive.writer import SnapshotWriter, complete_interrupted
from bot.snapshot.erasure.removal import redact
from bot.snapshot.erasure.traces import Erasure, Trace, find_leftovers, find_traces
from bot.snapshot.query.export import Export, export
from bot.snapshot.query.page_diff import PageComparison, compare_page
from bot.snapshot.query.period import Period
from bot.snapshot.query.report import Report, build_report
from bot.snapshot.query.search import Hit
from bot.snapshot.query.timeline import Timeline, read_timeline


@dataclass(frozen=True, slots=True)
class PlannedRedaction:
    """What a redaction would do; *copies* are places that the bot cannot change."""

    erasure: Erasure
    copies: tuple[str, ...]
    in_state: tuple[Trace, ...] = ()
    """Files of the bot's state that have something of the page and are not changed."""

    @property
    def has_copies(self) -> bool:
        """Whether text of the page is also in what is not changed."""
        return self.erasure.has_copies or any("text" in trace.what for trace in self.in_state)


@dataclass(frozen=True, slots=True)
class SearchResult:
    """The best hits, and the number of pages that could not be searched, because a file is missing or changed."""

    hits: tuple[Hit, ...]
    unreadable: int


@dataclass(frozen=True, slots=True)
class Redaction:
    """The result of a redaction; *leftovers* are files that still have something of the page."""

    checkpoint: Checkpoint
    leftovers: tuple[Trace, ...]
    cleaned: tuple[str, ...] = ()
    """What was done to the bot's own copies."""


def page_history(reader: ArchiveReader, page: str) -> Timeline:
    """Return the history of a captured page, given by id, title or path."""
    library = reader.library
    return read_timeline(library, *library.get_page(page))


def page_diff(reader: ArchiveReader, page: str, before: str | None = None, after: str | None = None) -> PageComparison:
    """Compare two states of a captured page, by default the last two; see `compare_page`."""
    library = reader.library
    return compare_page(library, *library.get_page(page), before, after)


def search_pages(reader: ArchiveReader, words: str, *, limit: int = 20) -> SearchResult:
    """Find captured pages by words."""
    index = reader.index
    return SearchResult(tuple(index.search(words, limit=limit)), index.unreadable)


def rebuild_search(reader: ArchiveReader) -> int:
    """Rebuild the index from the files, and return the number of indexed pages."""
    return reader.index.refresh(from_scratch=True)


def find_redaction(snapshots: Snapshots, page: str) -> PlannedRedaction:
    """Return where a captured page is shown and kept; only an interrupted run is completed.

    Raises `RedactedError` if the page was redacted already, `SnapshotError` if it is held.
    """
    complete_interrupted(snapshots.state)
    erasure = find_traces(read_own(snapshots).library, page)
    records = _run_records(snapshots)
    others = (
        path for path in sorted(snapshots.state_folder.rglob("*")) if not path.is_relative_to(snapshots.state.folder)
    )
    in_state = [
        Trace(str(path), hits.describe())  # page memory, replaced texts, revisions of the data file
        for path in others
        if path.is_file() and path not in records and (hits := erasure.search(read_file(path), str(path)))
    ]
    remotes = GitRepository(snapshots.state).remotes()
    copies = [f"git remote {name}: {address}" for name, address in remotes.items()]
    copies += [f"{folder}, the snapshots of another log," for folder in _other_folders(snapshots, erasure.page_id)]
    if snapshots.policy.mirror:
        copies.append(f"the mirror {snapshots.policy.mirror}, if it keeps versions or locks objects,")
    if snapshots.policy.restricted is RestrictedPages.SEPARATE:
        separate = load_library(snapshots.separate.root)
        if separate.find_entry(erasure.page_id):
            copies.append(f"the folder of the restricted pages, {separate.root}")
    return PlannedRedaction(erasure, tuple(copies), tuple(in_state))


def _run_records(snapshots: Snapshots) -> list[Path]:
    """Return the files of the run records, which a redaction cleans."""
    return [path for path in snapshots.state_folder.glob("runs.db*") if not path.name.startswith("runs.db.")]


def _other_folders(snapshots: Snapshots, page_id: str) -> list[str]:
    """Return the folders of other logs of this bot that have the page, such as one that was given up."""
    found = []
    for folder in snapshots.state.other_folders:
        with suppress(SnapshotError):
            entry = load_library(Path(folder)).find_entry(page_id)
            if entry and entry.redacted_at is None and Path(folder) != snapshots.separate.root:
                found.append(folder)
    return found


def redact_page(snapshots: Snapshots, erasure: Erasure, *, reason: str, by: str) -> Redaction:
    """Remove a captured page everywhere but not its digests, as a separate run; then search for leftovers.

    The git copy begins again without history, the search index is built again, and the run records name the page by its
    id. All of that is deleted first, so that nothing is left in it if the bot is interrupted. Raises `SnapshotError`
    if the snapshots changed since the traces were searched.
    """
    check_free_texts("a redaction", reason=reason, by=by)  # before anything is deleted
    state = snapshots.state
    with _open_existing(snapshots) as writer:
        if writer.library.head_digest != erasure.head:  # a person may have thought about it for hours
            raise SnapshotError(
                "another run changed the snapshots meanwhile, such as a capture or a hold; nothing was removed. Give "
                "the command again"
            )
        repository = GitRepository(state, writer.signer)
        had_git, had_index, records = state.git.exists(), state.search.exists(), _run_records(snapshots)
        repository.forget()
        delete_database(state.search)
        if records:
            _clean_records(snapshots, erasure)
        checkpoint = redact(writer, erasure, reason=reason, by=by)
        if snapshots.policy.git:
            repository.commit(f"Run {checkpoint.sequence}: begin again after a redaction")
    if had_index or state.search.exists():
        rebuild_search(read_own(snapshots))
    others = [path for path in _files_below(state.folder) if not state.is_of_mirror(path)]  # the mirror follows later
    left = find_leftovers(snapshots.root, [*others, *_run_records(snapshots)], erasure)
    cleaned = {"git copy: begun again without history": had_git, "search index: made again": had_index}
    cleaned["run records: the page is named by its id"] = bool(records)
    return Redaction(checkpoint, tuple(left), tuple(what for what, was_there in cleaned.items() if was_there))


def _clean_records(snapshots: Snapshots, erasure: Erasure) -> None:
    """Remove the page from the run records; if that fails, they are among the leftovers."""

    def has_traces(text: str) -> bool:
        return bool(erasure.needles.find(text.encode("utf-8", "replace")))

    try:
        records = RunHistory(snapshots.state_folder / "runs.db")
        records.redact(erasure.page_id, redacted_title(erasure.page_id), has_traces)
    except HistoryError as error:
        logger.warning("{}", error)


def _files_below(folder: Path) -> list[Path]:
    return [path for path in folder.rglob("*") if path.is_file()]


def update_copy(snapshots: Snapshots) -> None:
    """Bring the git copy to the newest run."""
    with _open_existing(snapshots) as writer:
        _commit(snapshots, writer, "Catch up with an interrupted run")


def hold_pages(snapshots: Snapshots, pages: Sequence[str], *, name: str, reason: str, by: str) -> Checkpoint:
    """Place a hold on captured pages, as a separate run."""
    with _open_existing(snapshots) as writer:
        checkpoint = place_hold(writer, pages, name=name, reason=reason, by=by)
        _commit(snapshots, writer, f"Run {checkpoint.sequence}: hold pages")
    return checkpoint


def release_pages(snapshots: Snapshots, name: str, pages: Sequence[str], *, reason: str, by: str) -> Checkpoint:
    """Release a hold, for all its pages or for some, as a separate run."""
    with _open_existing(snapshots) as writer:
        checkpoint = release_hold(writer, name, pages, reason=reason, by=by)
        _commit(snapshots, writer, f"Run {checkpoint.sequence}: release pages")
    return checkpoint


def list_holds(snapshots: Snapshots, *, everything: bool = False) -> list[HeldPage]:
    """Return the held pages with their titles, with *everything* also the released ones."""
    library = read_own(snapshots).library
    titles = {safe_id(entry.page_id): entry.title for _, entry in library.iter_entries()}
    held = find_holds(library.iter_log())
    chosen = [each for each in held if everything or each.released_at is None]
    return [replace(each, title=titles.get(each.page_id, "")) for each in chosen]


def _open_existing(snapshots: Snapshots) -> AbstractContextManager[SnapshotWriter]:
    complete_interrupted(snapshots.state)
    head = read_own(snapshots).library.head
    return open_run(snapshots, head.origin if head else "")


def _commit(snapshots: Snapshots, writer: SnapshotWriter, message: str) -> None:
    if snapshots.policy.git:
        GitRepository(writer.state, writer.signer).commit(message)


def export_pages(
    reader: ArchiveReader,
    target: Path,
    period: Period,
    *,
    wanted: tuple[str, ...] = (),
    on_page: Callable[[str, int], None] = lambda _title, _total: None,
) -> Export:
    """Copy pages into a separate bag; raises `EvidenceError` if the check has findings."""
    library = reader.library
    checked = reader.verify()
    if not checked.is_clean:
        first = checked.findings[0]
        raise EvidenceError(f"nothing was exported, because the check has findings: {first.path} {first.message}")
    return export(library, target, period, wanted=wanted, software=software(), on_page=on_page)


def report_period(reader: ArchiveReader, period: Period) -> Report:
    """Verify the snapshots and report what happened in *period*."""
    checked = reader.verify()
    return build_report(reader.library, checked, period)

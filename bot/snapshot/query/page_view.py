"""One captured page for a reader: text, source, facts and files of one version."""

from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime

from bot.config.policy import ArchivedSettings
from bot.errors import EvidenceError, SnapshotError
from bot.snapshot.archive import paths
from bot.snapshot.archive.bag import Bag
from bot.snapshot.archive.entry import PageEntry
from bot.snapshot.archive.library import Library
from bot.snapshot.archive.record import PageRecord, RecordedFile, RecordedVersion
from bot.snapshot.capture.rendition import reason_words
from bot.snapshot.query.loss_lines import LossLine, locate_losses, read_losses
from bot.snapshot.query.page_diff import PageText, convert_state, load_state
from bot.snapshot.query.page_lists import State, reasons_of, state_of_page
from bot.text_diff import split_source


@dataclass(frozen=True, slots=True)
class KeptVersion:
    """A version in the history of a page; *is_held* if its body is in the snapshots."""

    version: RecordedVersion
    is_held: bool


@dataclass(frozen=True, slots=True)
class CapturedPageView:
    """A page at one version. *markdown* is None if its file is not what was captured: *problem* says why.

    *run* is the run in which this version was captured first, as far as the records say.
    """

    bag: Bag
    entry: PageEntry
    record: PageRecord | None
    version: int
    is_newest: bool
    text: PageText | None
    markdown: str | None
    problem: str
    source_lines: tuple[str, ...]
    losses: tuple[LossLine, ...]
    reasons: tuple[str, ...]
    state: State
    versions: tuple[KeptVersion, ...]
    run: int | None

    @property
    def path(self) -> str:
        """The path of the rendition, relative to the snapshots folder."""
        return f"{self.bag.name}/{self.entry.path}"

    @property
    def saved(self) -> RecordedVersion | None:
        """The version as its history has it: who saved it, and when."""
        known = next((each.version for each in self.versions if each.version.number == self.version), None)
        return known or (self.record.version if self.record else None)

    @property
    def captured_at(self) -> datetime:
        """The time of the first capture of this version."""
        return self.record.captured_at if self.record else self.entry.captured_at

    @property
    def files(self) -> tuple[RecordedFile, ...]:
        """The attachments that the page had."""
        return self.record.attachments if self.record else ()


def view_page(
    library: Library, bag: Bag, entry: PageEntry, version: int | None, rules: ArchivedSettings
) -> CapturedPageView:
    """Return a page at *version*, by default the newest; raises `SnapshotError` if that is not in the snapshots."""
    is_newest = version in (None, entry.version)
    state = state_of_page(entry)
    if entry.redacted_at:
        if version is not None:
            raise SnapshotError(f"page {entry.page_id} was redacted on {entry.redacted_at.date().isoformat()}")
        return CapturedPageView(
            bag,
            entry,
            None,
            entry.version,
            True,
            None,
            None,
            "",
            (),
            (),
            (),
            state,
            (),
            paths.record_run(entry.record_path),
        )
    newest, problem = _try_record(library, bag, entry)
    text, text_problem = _try_text(library, bag, entry, version)
    made = None if is_newest or text is None else convert_state(text, entry.path, _origin(library))
    markdown, rendition_problem = (
        _rendition(library, bag, entry) if is_newest else (made.markdown if made else None, "")
    )
    record = newest if is_newest else (text.record if text and text.record else newest)
    lines = tuple(split_source(text.body)) if text else ()
    front = markdown.partition("\n---\n")[0] if markdown and is_newest else ""
    return CapturedPageView(
        bag,
        entry,
        record,
        entry.version if version is None else version,
        is_newest,
        text,
        markdown,
        rendition_problem or text_problem or problem,
        lines,
        locate_losses(made.losses, lines) if made else read_losses(front, lines),
        tuple((reason_words(record) if record else []) or reasons_of(entry, record.labels if record else (), rules)),
        state,
        _versions(bag, entry, newest),
        _first_run(library, bag, entry, text),
    )


def _try_record(library: Library, bag: Bag, entry: PageEntry) -> tuple[PageRecord | None, str]:
    try:
        return library.load_record(bag, entry), ""
    except EvidenceError as error:
        return None, str(error)


def _try_text(library: Library, bag: Bag, entry: PageEntry, version: int | None) -> tuple[PageText | None, str]:
    try:
        return load_state(library, bag, entry, entry.source_path if version is None else f"v{version}"), ""
    except EvidenceError as error:
        return None, str(error)


def _origin(library: Library) -> str:
    return library.head.origin if library.head else ""


def _rendition(library: Library, bag: Bag, entry: PageEntry) -> tuple[str | None, str]:
    try:
        return library.read(bag, entry.path).decode("utf-8", "replace"), ""
    except EvidenceError as error:
        return None, str(error)


def _versions(bag: Bag, entry: PageEntry, record: PageRecord | None) -> tuple[KeptVersion, ...]:
    held = {paths.source_version(path) for path in bag.sources_of(entry.page_id)}
    return tuple(KeptVersion(each, each.number in held) for each in record.versions) if record else ()


def _first_run(library: Library, bag: Bag, entry: PageEntry, text: PageText | None) -> int | None:
    """Return the run of the first record about the body."""
    if text is None:
        return None
    for path in library.record_paths(bag, entry):
        with suppress(EvidenceError):
            if library.load_record_at(bag, path).source_path == text.source_path:
                return paths.record_run(path)
    return None

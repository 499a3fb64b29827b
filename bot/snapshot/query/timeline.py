"""The history of one captured page: its versions, and the events of each run."""

from dataclasses import dataclass
from datetime import datetime

from bot.snapshot.archive import paths
from bot.snapshot.archive.bag import Bag
from bot.snapshot.archive.entry import PageEntry
from bot.snapshot.archive.library import Library
from bot.snapshot.archive.paths import safe_id
from bot.snapshot.archive.record import RecordedVersion
from bot.snapshot.query.event_texts import EventTexts


@dataclass(frozen=True, slots=True)
class HeldVersion:
    """A version of a page; *paths* are its bodies in the bag, empty if only the version history lists the version."""

    version: RecordedVersion
    paths: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Happening:
    """One event about a page."""

    run: int
    when: datetime
    type: str
    outcome: str
    detail: str


@dataclass(frozen=True, slots=True)
class Timeline:
    """The history of one captured page; versions newest first, events in order."""

    page_id: str
    title: str
    path: str
    status: str
    versions: tuple[HeldVersion, ...]
    happenings: tuple[Happening, ...]


def read_timeline(library: Library, bag: Bag, entry: PageEntry) -> Timeline:
    """Build the history of a page."""
    versions = () if entry.redacted_at else _versions(library, bag, entry)
    texts = EventTexts(library)
    ids = {entry.page_id, safe_id(entry.page_id)}
    happenings = tuple(
        Happening(
            logged.sequence, logged.when, logged.event.type.value, logged.event.outcome.value, texts.describe(logged)
        )
        for logged in library.iter_log()
        if ids.intersection(logged.event.objects)
    )
    return Timeline(
        entry.page_id, entry.title, f"{bag.name}/{entry.path}", describe_status(entry), versions, happenings
    )


def describe_status(entry: PageEntry) -> str:
    """Describe the status of a page briefly."""
    if entry.redacted_at:
        return f"redacted on {entry.redacted_at.date().isoformat()}"
    if entry.tombstone:
        return f"gone from the wiki since {entry.tombstone.when.date().isoformat()}: {entry.tombstone.reason}"
    return entry.status.value if entry.is_selected else f"{entry.status.value}, no longer archived"


def _versions(library: Library, bag: Bag, entry: PageEntry) -> tuple[HeldVersion, ...]:
    held: dict[int, list[str]] = {}
    for path in bag.sources_of(entry.page_id):
        held.setdefault(paths.source_version(path), []).append(path)
    record = library.load_record(bag, entry)
    return tuple(HeldVersion(version, tuple(held.get(version.number, ()))) for version in record.versions)

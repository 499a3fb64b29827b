"""Write small snapshots straight through the writer, without a wiki."""

import datetime as dt
import shutil
from contextlib import AbstractContextManager
from pathlib import Path

from bot.snapshot.archive.bag import Bag
from bot.snapshot.archive.canonical_json import dump_json
from bot.snapshot.archive.checkpoint import Checkpoint
from bot.snapshot.archive.continuity import load_remembered
from bot.snapshot.archive.disk import Disk
from bot.snapshot.archive.entry import PageEntry, shown_of
from bot.snapshot.archive.events import Event, EventOutcome, EventType
from bot.snapshot.archive.evidence_state import EvidenceMemory, EvidenceState
from bot.snapshot.archive.library import Library
from bot.snapshot.archive.paths import attachment_path, page_name, record_path, source_path
from bot.snapshot.archive.record import PageRecord, RecordedPerson, RecordedStatus, RecordedVersion, dump_record
from bot.snapshot.archive.salt import Salts, digest_of_body, salt_body
from bot.snapshot.archive.signature import Signer
from bot.snapshot.archive.verdict import RunVerdict
from bot.snapshot.archive.writer import SnapshotWriter, open_writer
from bot.snapshot.query.archive_index import ArchiveIndex

LOG_ID = "0123456789abcdef" * 2
CLOCK = dt.datetime(2026, 11, 24, 2, 30, tzinfo=dt.UTC)
AFTER = CLOCK + dt.timedelta(days=20)
"""After every run of the small trees."""

ORIGIN = "https://wiki.example.org"
SOFTWARE = "wikibot/test"
PAGES = {"101": "Board meeting", "102": "会议记录", "103": "Plan A/B"}


def state_of(root: Path, salts: Salts | None = None) -> EvidenceState:
    """Return what the test's bot remembers about *root*; it lies next to *root*. The salts are always the same."""
    folder = root.with_name(f"{root.name}-state")
    return EvidenceState(root, folder, draw_log=lambda: LOG_ID, salts=salts or Salts(b"the same in each test"))


def index_of(root: Path, library: Library | None = None) -> ArchiveIndex:
    """Return the index of the test's bot; of *library*, if that was loaded before."""
    state = state_of(root)
    return ArchiveIndex(state.search, lambda: library or load_remembered(state))


def copy_snapshots(root: Path, target: Path) -> Path:
    """Copy snapshots together with what the bot remembers about them."""
    shutil.copytree(root, target)
    before, after = state_of(root), state_of(target)
    if before.folder.exists():
        shutil.copytree(before.folder, after.folder)
        path = after.folder / f"{before.log}.json"
        memory = EvidenceMemory.parse(path.read_bytes()).replaced(folder=str(target.absolute()))
        path.write_bytes(dump_json(memory.content()))
    return target


def open_run(
    root: Path, when: dt.datetime, *, disk: Disk | None = None, signer: Signer | None = None
) -> AbstractContextManager[SnapshotWriter]:
    """Start a run at the time *when*."""
    return open_writer(
        state_of(root),
        origin=ORIGIN,
        software=SOFTWARE,
        clock=lambda: when,
        disk=disk,
        signer=signer,
    )


def capture_first(root: Path, disk: Disk, *, signer: Signer | None = None) -> None:
    with open_run(root, CLOCK, disk=disk, signer=signer) as writer:
        for page_id, title in PAGES.items():
            put_page(writer, page_id, title, f"<p>{title}</p>", version=1)
        finish(writer, *PAGES)


def capture_second(root: Path, disk: Disk, *, signer: Signer | None = None) -> None:
    with open_run(root, CLOCK + dt.timedelta(days=1), disk=disk, signer=signer) as writer:
        put_page(writer, "102", PAGES["102"], "<p>更新</p>", version=2)
        put_page(writer, "900", "Elsewhere", "<p>elsewhere</p>", version=1, space_key="OTHER")
        finish(writer, "102", "900")


def finish(
    writer: SnapshotWriter,
    *page_ids: str,
    type_: EventType = EventType.CAPTURE,
    captured: tuple[str, ...] = (),
    goes_on: bool = False,
) -> Checkpoint:
    """Finish a run with the events that explain its changes: of one type, and captures."""
    run = Event(EventType.INGESTION, EventOutcome.SUCCESS, "", (), {"expected": len(page_ids), "verdict": "complete"})
    pages = [Event(type_, EventOutcome.SUCCESS, "", (page_id,)) for page_id in page_ids]
    pages += [Event(EventType.CAPTURE, EventOutcome.SUCCESS, "", (page_id,)) for page_id in captured]
    return writer.finish([run, *pages], agents=(SOFTWARE,), verdict=RunVerdict.COMPLETE, goes_on=goes_on)


def put_page(
    writer: SnapshotWriter, page_id: str, title: str, body: str, *, version: int, space_key: str = "WS2"
) -> None:
    bag = writer.library.place(space_key, page_id)
    known = bag.entries.get(page_id)
    source = body.encode()
    ana = RecordedPerson(id="u1", display_name="Ana")
    saved = RecordedVersion(number=version, when=CLOCK, author=ana)
    path = known.path if known else f"data/2026/{page_name(title, page_id)}"
    where, record_at = source_path(page_id, version), record_path(page_id, writer.sequence)
    # Every second page is as an earlier version of wikibot wrote it.
    salts = [writer.state.salts.draw(each) if int(page_id) % 2 == 0 else None for each in (where, record_at)]
    digest = digest_of_body(source, salts[0])
    record = PageRecord(
        page_id=page_id,
        path=path,
        space_key=space_key,
        title=title,
        url=f"{ORIGIN}/{page_id}",
        status=RecordedStatus.ARCHIVED,
        parent_id=None,
        position=0,
        version=saved,
        source_path=where,
        source_sha256=digest,
        source_bytes=len(source),
        source_salt=salts[0],
        salt=salts[1],
        captured_at=writer.now,
    )
    markdown = f"# {title}\n\n{body}\n".encode()
    writer.put(bag, where, salt_body(source, salts[0]))
    writer.put(bag, record_at, dump_record(record))
    writer.put(bag, path, markdown)
    _put_attachment(writer, bag, page_id, version)
    writer.put_entry(
        bag,
        PageEntry(
            **dict(shown_of(record, path).iter_known()),
            version=version,
            captured_at=writer.now,
            record_path=record_at,
            source_path=where,
            source_sha256=digest,
        ),
    )


def _put_attachment(writer: SnapshotWriter, bag: Bag, page_id: str, version: int) -> None:
    if page_id == "101":
        writer.put(bag, attachment_path(page_id, "att7", "Minutes (signed).PDF", version), b"%PDF-\x00\xff\n")


def tree_bytes(root: Path) -> dict[str, bytes]:
    """Return every file of the evidence, by path; a staging folder is no evidence."""
    return {
        path.relative_to(root).as_posix(): path.read_bytes()
        for path in sorted(root.rglob("*"))
        if path.is_file() and not path.relative_to(root).parts[0].startswith("staging-")
    }

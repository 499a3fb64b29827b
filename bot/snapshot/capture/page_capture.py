"""Capture one page: compare the observation with the captured state, and write what is new."""

from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple

from bot.current_run import RunPage, current_run
from bot.errors import EvidenceError, WikiError
from bot.snapshot.archive import paths
from bot.snapshot.archive.bag import Bag, sha256
from bot.snapshot.archive.entry import PageEntry, shown_of
from bot.snapshot.archive.events import Event, EventOutcome, EventType
from bot.snapshot.archive.journal import StagedFile
from bot.snapshot.archive.record import (
    Ancestor,
    BorrowedFile,
    PageRecord,
    RecordedFile,
    RecordedStatus,
    RecordedVersion,
    Surroundings,
    dump_record,
    is_same_capture,
    settled,
)
from bot.snapshot.archive.redaction import redacted_title
from bot.snapshot.archive.salt import digest_of_body, needs_salt, salt_body, split_body
from bot.snapshot.archive.writer import SnapshotWriter
from bot.snapshot.capture.changes import describe_changes
from bot.snapshot.capture.observation import Observation, download_checked, with_author
from bot.snapshot.capture.outcome import CaptureOutcome, Trouble
from bot.snapshot.capture.recorded_parts import same_file
from bot.snapshot.capture.rendition import CONVERTER, Rendition
from bot.snapshot.capture.selection import Selection
from bot.wiki.gateway import Attachment, WikiGateway


class _Source(NamedTuple):
    """Where a body is, or will be: its path in the bag, the salt of its file, and when it was first captured."""

    path: str
    salt: str | None
    captured_at: datetime


@dataclass
class PageCapture:
    """The capture of one page. *path* is the path of its rendition in *bag*."""

    writer: SnapshotWriter
    outcome: CaptureOutcome
    bag: Bag
    path: str
    selection: Selection
    observation: Observation

    def __post_init__(self) -> None:
        """Look up what is captured, and build a record of the observation."""
        page = self.observation.page
        self.entry = self.bag.entries.get(page.id)
        self.before = self.writer.library.load_record(self.bag, self.entry) if self.entry else None
        self.source = page.body.encode("utf-8", "surrogatepass")
        self.files = {
            d.attachment.id: (self._place_file(d.attachment, d.file.sha256), d.file) for d in self.observation.downloads
        }
        self.borrowed: dict[str, BorrowedFile] = {}
        """The files of pages that are not captured, by path."""
        self._staged = dict[str, StagedFile]()
        self.record = settled(self._build_record())

    @property
    def lacks_files(self) -> bool:
        """Whether a file of another page, which this page shows, could not be read at the last capture."""
        return self.before is not None and bool(self.before.surroundings.unread_files)

    def needs_writing(self, surroundings: Surroundings | None = None) -> bool:
        """Return whether the page differs from the captured state; if not, count it as unchanged.

        *surroundings* are those of now if files were missing at the last capture.
        """
        self._note_incomplete()
        page_id = self.record.page_id
        if self.before is None or not is_same_capture(self.before, self.record) or self._older_bodies():
            return True
        if surroundings is not None:
            if surroundings.unread_files != self.before.surroundings.unread_files:
                return True
            self._note_unread(surroundings)
        self.outcome.unchanged += 1
        is_selected = page_id in self.selection.archived
        if self.entry and (self.entry.tombstone or (is_selected and not self.entry.is_selected)):
            self.writer.put_entry(self.bag, self.entry.replaced(tombstone=None, is_selected=is_selected))
            self._log(EventType.METADATA, ["in the wiki and archived again"], {"again": bool(self.entry.tombstone)})
        return False

    def held_parts(self) -> frozenset[str]:
        """Return which kinds of data the captured state has."""
        return held_parts(self.before) if self.before else frozenset()

    def lost_parts(self) -> frozenset[str]:
        """Return of which kinds of data something captured is no longer on the page."""
        if self.before is None:
            return frozenset()
        now = _parts(self.record)
        return frozenset(kind for kind, held in _parts(self.before).items() if held - now[kind])

    @property
    def is_other_text(self) -> bool:
        """Whether the text changed though the version did not."""
        before, after = self.before, self.record
        return (
            before is not None
            and before.version.number == after.version.number
            and before.source_sha256 != after.source_sha256
        )

    def borrow(self, gateway: WikiGateway, owner_id: str, attachment: Attachment) -> str:
        """Capture a file of a page that is not captured with this page; return its path. Raises `WikiError`."""
        held = self.before.surroundings.borrowed if self.before else ()
        file = next((file for file in held if file.owner_id == owner_id and same_file(file, attachment)), None)
        if file is None:
            staged = self.writer.new_file()
            try:
                download_checked(gateway, attachment, staged)
            except WikiError:
                staged.remove()
                raise
            described = self._describe_file(
                with_author(gateway, attachment), self._place_file(attachment, staged.sha256), staged.sha256
            )
            file = BorrowedFile(**dict(described.iter_known()), owner_id=owner_id)
            self._staged[str(file.path)] = staged
        self.borrowed[str(file.path)] = file
        return str(file.path)

    def complete(self, surroundings: Surroundings) -> PageRecord:
        """Add the surroundings and return the record from which the page is rendered."""
        self._note_unread(surroundings)
        borrowed = tuple(file for _, file in sorted(self.borrowed.items()))
        record = settled(self.record.replaced(surroundings=surroundings.replaced(borrowed=borrowed)))
        self.record = record.salted(self.writer.state.salts.draw(sha256(dump_record(record))))
        return self.record

    def write(self, rendition: Rendition) -> None:
        """Write sources, attachments, record, rendition and entry."""
        added = self._write_sources()
        for path, file in (*self.files.values(), *self._staged.items()):
            if path not in self.bag.manifest:
                self.writer.put_file(self.bag, path, file)
        earlier = len(self.writer.library.record_paths(self.bag, self.entry)) if self.entry else 0
        record_path = paths.record_path(self.record.page_id, self.writer.sequence, earlier=earlier)
        self.writer.put(self.bag, record_path, dump_record(self.record))
        self.writer.put(self.bag, self.path, rendition.markdown)
        self.writer.put_entry(self.bag, self._build_entry(record_path))
        self.outcome.captured += 1
        self.outcome.losses += rendition.losses
        self._log_capture(added, rendition.losses)

    def _build_record(self) -> PageRecord:
        page, seen = self.observation.page, self.observation
        source = self._place_source()
        # The history has the names of authors; a listing may have only their ids.
        listed = RecordedVersion.taken_from(page.ref.version)
        return PageRecord(
            page_id=page.id,
            path=self.path,
            space_key=page.ref.space_key,
            title=page.title,
            url=page.ref.url,
            status=RecordedStatus(page.ref.status.value),
            parent_id=page.ref.parent_id,
            position=page.ref.position,
            version=next((each for each in seen.versions if each.number == page.version), listed),
            source_path=source.path,
            source_sha256=digest_of_body(self.source, source.salt),
            source_bytes=len(self.source),
            source_salt=source.salt,
            captured_at=source.captured_at,
            ancestors=tuple(map(self._named, self.selection.ancestors(page.id))),
            labels=seen.labels,
            restrictions=seen.restrictions,
            attachments=tuple(map(self._captured_file, seen.attachments)),
            comments=seen.comments,
            versions=seen.versions,
            archived_by=self.selection.reasons(page.id),
        )

    def _named(self, ancestor: Ancestor) -> Ancestor:
        """Return an ancestor without its title if it was redacted."""
        entry = self.writer.library.find_entry(ancestor.id)
        return ancestor.replaced(title=redacted_title(ancestor.id)) if entry and entry.redacted_at else ancestor

    def _place_source(self) -> _Source:
        """Return the path and the salt of this body; the same text under another version has the same digest."""
        page, before = self.observation.page, self.before
        is_same_text = before is not None and before.has_body(self.source)
        if before and is_same_text and before.version.number == page.version:
            return _Source(before.source_path, before.source_salt, before.captured_at)
        path, salt, is_held = self._find_place(page.version, self.source)
        if not is_held:
            salt = before.source_salt if before and is_same_text else self._draw_salt(path, self.source)
        return _Source(path, salt, self.writer.now)

    def _find_place(self, version: int, source: bytes) -> tuple[str, str | None, bool]:
        """Return the path of a body of a version, with the salt of its file if it is captured, and whether it is."""
        edition = 1
        while (path := paths.source_path(self.record_id, version, edition=edition)) in self.bag.manifest:
            with suppress(EvidenceError):  # `verify` reports a file that was changed
                body, salt = split_body(self.writer.library.read(self.bag, path))
                if body == source:
                    return path, salt, True
            edition += 1
        return path, None, False

    def _draw_salt(self, path: str, body: bytes) -> str | None:
        return self.writer.state.salts.draw(f"{self.bag.name}/{path}") if needs_salt(body) else None

    def _place_file(self, attachment: Attachment, digest: str) -> str:
        folder = f"{paths.attachment_folder(self.record_id)}/"
        known = sum(path.startswith(folder) for path in self.bag.files_of(self.record_id))
        number = 1 + known // (paths.MAX_ENTRIES - 100)
        edition = 1
        while True:
            path = paths.attachment_path(
                self.record_id, attachment.id, attachment.name, attachment.version.number,
                folder_number=number, edition=edition,
            )  # fmt: skip
            if self.bag.manifest.get(path, digest) == digest:
                return path
            edition += 1

    @property
    def record_id(self) -> str:
        """The page id."""
        return self.observation.page.id

    def _captured_file(self, attachment: Attachment) -> RecordedFile:
        if self.before:
            for file in self.before.attachments:
                if same_file(file, attachment):
                    return file.replaced(
                        name=attachment.name,
                        media_type=attachment.media_type,
                        comment=attachment.comment,
                        version=RecordedVersion.taken_from(attachment.version),
                    )
        path, staged = self.files.get(attachment.id, (None, None))
        return self._describe_file(attachment, path, staged.sha256 if staged else None)

    @staticmethod
    def _describe_file(attachment: Attachment, path: str | None, digest: str | None) -> RecordedFile:
        return RecordedFile(
            id=attachment.id,
            name=attachment.name,
            media_type=attachment.media_type,
            size_bytes=attachment.size_bytes,
            version=RecordedVersion.taken_from(attachment.version),
            comment=attachment.comment,
            path=path,
            sha256=digest,
        )

    def _older_bodies(self) -> dict[str, bytes]:
        """Return the earlier versions that are not captured yet, by path."""
        bodies: dict[str, bytes] = {}
        for page in self.observation.older:
            source = page.body.encode("utf-8", "surrogatepass")
            path, _, is_held = self._find_place(page.version, source)
            if not is_held:
                bodies[path] = source
        return bodies

    def _write_sources(self) -> list[str]:
        bodies = self._older_bodies()
        if self.record.source_path not in self.bag.manifest:
            bodies[self.record.source_path] = self.source
        for path, body in bodies.items():
            salt = self.record.source_salt if path == self.record.source_path else self._draw_salt(path, body)
            self.writer.put(self.bag, path, salt_body(body, salt))
        return list(bodies)

    def _build_entry(self, record_path: str) -> PageEntry:
        record = self.record
        return PageEntry(
            **dict(shown_of(record, self.path).iter_known()),
            version=record.version.number,
            captured_at=record.captured_at,
            record_path=record_path,
            source_path=record.source_path,
            source_sha256=record.source_sha256,
            converter=CONVERTER,
            is_selected=record.page_id in self.selection.archived,
        )

    def _log_capture(self, added: list[str], losses: int) -> None:
        before = self.before
        has_new_body = before is None or bool(added)
        facts: dict[str, object] = {
            "first": before is None,
            "losses": losses,
            "source_sha256": self.record.source_sha256,
            "version": self.record.version.number,
            "versions_added": sorted({paths.source_version(path) for path in added}),
        }
        if self.observation.purged:
            facts["versions_purged_upstream"] = list(self.observation.purged)
        lines = describe_changes(before, self.record)
        if self.entry and self.entry.tombstone:
            lines.append("in the wiki again")
            facts["again"] = True
        self._log(EventType.CAPTURE if has_new_body else EventType.METADATA, lines, facts)

    def _log(self, kind: EventType, lines: list[str], facts: dict[str, object]) -> None:
        """Note what happened for the snapshots, and for the record of the run, which more people may read."""
        detail = f"{self.record.title}: {'; '.join(lines)}"
        self.outcome.events.append(Event(kind, EventOutcome.SUCCESS, detail, (self.record.page_id,), facts))
        is_open = self.selection.audience_is_open
        title, reasons = (self.record.title, tuple(lines)) if is_open else ("", ())
        version = self.record.version.number
        current_run().add_page(RunPage(self.record.page_id, title, "captured", version=version, reasons=reasons))

    def _note_incomplete(self) -> None:
        for problem in self.observation.missing:
            self._note_missing(problem)

    def _note_unread(self, surroundings: Surroundings) -> None:
        for key in surroundings.unread_files:
            self._note_missing(f"{key} of another page: could not be read")

    def _note_missing(self, problem: str) -> None:
        self.outcome.incomplete.append(Trouble(self.record.page_id, self.record.title, f"attachment {problem}"))
        detail = f"{self.record.title}: attachment {problem}"
        facts = {"problem": "attachment"}
        event = Event(EventType.CAPTURE, EventOutcome.FAILURE, detail, (self.record.page_id,), facts)
        self.outcome.events.append(event)


def held_parts(record: PageRecord) -> frozenset[str]:
    """Return which kinds of data a record has."""
    return frozenset(kind for kind, held in _parts(record).items() if held)


def _parts(record: PageRecord) -> dict[str, frozenset[str]]:
    """Return what identifies the data of a page that a listing of its own names, by kind."""
    return {
        "attachments": frozenset(file.id for file in record.attachments),
        "comments": frozenset(comment.id for comment in record.comments),
        "labels": frozenset(record.labels),
        "restrictions": frozenset((*record.restrictions.readers, *record.restrictions.editors)),
    }

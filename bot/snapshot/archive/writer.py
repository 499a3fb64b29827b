"""One capture run as one transaction: payload, bags, indexes, sums, events and the signed head."""

from collections import deque
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from functools import partial
from pathlib import Path

from bot.errors import EvidenceError, SnapshotError
from bot.files import EVIDENCE_FOLDER_MODE, InstanceLock, make_folders
from bot.snapshot.archive.bag import TAG_MANIFEST, Bag, render_manifest, sha256
from bot.snapshot.archive.change_list import FileChange, Verb, is_rendition, page_of, render_changes
from bot.snapshot.archive.checkpoint import (
    HEAD,
    SIGNATURE,
    STAMP,
    SUMS,
    Checkpoint,
    Lost,
    read_head,
    render_checkpoint,
)
from bot.snapshot.archive.continuity import (
    Consent,
    Override,
    Situation,
    admit,
    as_remembered,
    find_lost,
)
from bot.snapshot.archive.disk import Disk
from bot.snapshot.archive.entry import PageEntry, PageState, state_of
from bot.snapshot.archive.events import Event, EventOutcome, EventType, event_id, render_events
from bot.snapshot.archive.evidence_state import EvidenceState, RememberedHead
from bot.snapshot.archive.folder import Folder, lock_folder
from bot.snapshot.archive.indexes import render_root_index, row_of, update_bag_index
from bot.snapshot.archive.instructions import GIT_ATTRIBUTES, load_instructions
from bot.snapshot.archive.journal import (
    SealedHead,
    StagedFile,
    Transaction,
    failure,
    forget_pending,
    has_pending,
    recover,
    remove_empty_folders,
)
from bot.snapshot.archive.library import Library
from bot.snapshot.archive.paths import MAX_ENTRIES, safe_id, year_folder
from bot.snapshot.archive.signature import Signer
from bot.snapshot.archive.start_check import is_overtaken, load_continued, one_line, read_situation
from bot.snapshot.archive.verdict import RunVerdict

_OPEN_BAGS = 4
"""Number of changed bags in memory; pages come in the order of their bags."""
_LOG_ROOM = MAX_ENTRIES - 6  # a run adds five files, three of them with the next run

_STAMP_WAIT_SECONDS = 60


@dataclass(frozen=True, slots=True)
class Admission:
    """What the run makes the bot remember besides its own head: all heads on disk, and a head that was given up."""

    accepted: tuple[RememberedHead, ...] | None = None
    given_up: RememberedHead | None = None


@dataclass
class SnapshotWriter:
    """The only writer of a snapshots folder during one run; `open_writer` returns it."""

    library: Library
    state: EvidenceState
    origin: str
    software: str
    clock: Callable[[], datetime]
    disk: Disk
    signer: Signer | None = None
    was_recovered: bool = False
    admission: Admission = Admission()
    now: datetime = field(init=False)
    """Time of this run."""
    _transaction: Transaction = field(init=False)
    _changes: list[tuple[Verb, str, str]] = field(default_factory=list)
    """Verb, digest and path of each payload file that the run writes or removes."""
    _touched: dict[str, PageState] = field(default_factory=dict)
    """Id of each page whose entry the run sets → its state."""
    _open: deque[Bag] = field(default_factory=deque)
    """Bags with changes in memory."""
    _staged: dict[str, Bag] = field(default_factory=dict)
    """Bags whose changed lists are staged."""
    _sums: dict[str, str] = field(default_factory=dict)
    """Path → digest of their tag manifests."""

    def __post_init__(self) -> None:
        """Start the transaction."""
        self.now = self.clock().replace(microsecond=0)
        self._transaction = Transaction(self.state, self.disk)

    @property
    def root(self) -> Path:
        """The snapshots folder."""
        return self.library.root

    @property
    def sequence(self) -> int:
        """The number of this run."""
        return self.library.head.sequence + 1 if self.library.head else 1

    @property
    def has_changes(self) -> bool:
        """Whether any change was added."""
        return not self._transaction.is_empty or bool(self._changed_bags())

    def _changed_bags(self) -> list[Bag]:
        return [bag for bag in self.library.bags.values() if bag.is_changed]

    def put(self, bag: Bag, path: str, data: bytes) -> None:
        """Add a payload file; only a rendition may replace a file."""
        digest = sha256(data)
        bag.add(path, digest, size_bytes=len(data), old_bytes=self._replaced_bytes(bag, path))
        self._note(bag, path, digest)
        self._transaction.stage(f"{bag.name}/{path}", data)

    def new_file(self) -> StagedFile:
        """Return a new file for a large payload; thread-safe."""
        return self._transaction.new_file()

    def put_file(self, bag: Bag, path: str, file: StagedFile) -> None:
        """Add a payload file that was written to *file*."""
        bag.add(path, file.sha256, size_bytes=file.size_bytes)
        self._note(bag, path, file.sha256)
        self._transaction.stage_file(f"{bag.name}/{path}", file)

    def drop(self, bag: Bag, path: str) -> None:
        """Delete a payload file (a redaction)."""
        size = self._kept_bytes(bag, path)
        if not is_rendition(path):
            self._changes.append((Verb.DROP, bag.manifest[path], f"{bag.name}/{path}"))
        bag.drop(path, size_bytes=size)
        self._transaction.stage_removal(f"{bag.name}/{path}")

    def adopt(self, bag: Bag, path: str) -> None:
        """Log a payload file that is in the manifest already, for snapshots of format 1."""
        self._note(bag, path, bag.manifest[path])

    def put_entry(self, bag: Bag, entry: PageEntry) -> None:
        """Set the entry of a page. An event of the run must list the page."""
        self.library.put_entry(bag, entry)
        self._touched[entry.page_id] = state_of(bag.entries[entry.page_id], bag.name)
        if bag not in self._open:
            self._open.append(bag)
        if len(self._open) > _OPEN_BAGS:
            self._stage_bag(self._open.popleft())

    def finish(
        self,
        events: Sequence[Event],
        *,
        agents: tuple[str, ...],
        verdict: RunVerdict | None = None,
        next_key: str | None = None,
        lost: Lost | None = None,
        goes_on: bool = False,
    ) -> Checkpoint:
        """Write bags, indexes, sums, changes, events and head, and commit the run.

        With *goes_on*, the writer can be used for another run. *next_key* is the fingerprint of another key that may
        sign the next head; *lost* names the runs that an accepted rollback lost: the number of the run follows them.
        """
        for bag in self._changed_bags():
            self._stage_bag(bag)
        sums = self.library.sums | self._sums
        root_files = {
            "README.md": render_root_index(self.library.rows.values(), self.origin),
            "VERIFY.md": load_instructions().encode(),
            ".gitattributes": GIT_ATTRIBUTES.encode(),
        }
        for name, data in root_files.items():
            if sums.get(name) != sha256(data):
                self._transaction.stage(name, data)
                sums[name] = sha256(data)
        sequence = lost.last + 1 if lost else self.sequence
        digests = {SUMS: self._stage(SUMS, render_manifest(sums))}
        digests |= self._stage_log(sequence, events, agents) | self._stage_previous_head()
        head = Checkpoint(
            log=(self.library.head.log if self.library.head else "") or self.state.log,
            origin=self.origin,
            sequence=sequence,
            time=self.now,
            key=self.signer.fingerprint() if self.signer else None,
            digests=digests,
            next_key=self._announce(next_key),
            lost=lost,
            verdict=verdict,
        )
        sealed = self._stage_head(head)
        self._transaction.commit(sealed, goes_on=goes_on)
        if goes_on:
            self._begin_next_run(head, sealed, sums)
        return head

    def _begin_next_run(self, head: Checkpoint, sealed: SealedHead, sums: dict[str, str]) -> None:
        self.library.head, self.library.head_digest, self.library.sums = head, sealed.sha256, sums
        for bag in self._staged.values():
            bag.settle(Folder(self.root))
        for noted in (self._changes, self._touched, self._open, self._staged, self._sums):
            noted.clear()
        self.admission = Admission()
        self.now = max(self.now, self.clock().replace(microsecond=0))

    def discard(self) -> None:
        """Discard all changes; the old state is unchanged."""
        self._transaction.discard()

    def _note(self, bag: Bag, path: str, digest: str) -> None:
        self._changes.append((Verb.VIEW if is_rendition(path) else Verb.KEEP, digest, f"{bag.name}/{path}"))

    def _replaced_bytes(self, bag: Bag, path: str) -> int | None:
        return self._kept_bytes(bag, path) if path in bag.manifest and is_rendition(path) else None

    def _kept_bytes(self, bag: Bag, path: str) -> int:
        """Return the size of a payload file; raises `EvidenceError` unless it is what was captured.

        The size goes into the lists that this run signs, and who can write the folder can make the file longer.
        """
        full = f"{bag.name}/{path}"
        try:
            digest, size = Folder(self.root).digest(full)
        except OSError as error:
            raise EvidenceError(
                f"{self.root / full} cannot be read: {error.strerror}; see `wikibot verify`, and restore it from a copy"
            ) from error
        if digest != bag.manifest[path]:
            raise EvidenceError(
                f"nothing is written in the place of {self.root / full}, which is not what was captured; see `wikibot "
                "verify`, and restore it from a copy"
            )
        return size

    def _stage_bag(self, bag: Bag) -> None:
        """Stage the lists of a bag and forget what is in memory: a run can change many bags."""
        bag.origin = bag.origin or self.origin
        files = bag.tag_files(update_bag_index(bag))
        for path, data in files.items():
            self._transaction.stage(f"{bag.name}/{path}", data)
        self._sums[f"{bag.name}/{TAG_MANIFEST}"] = sha256(files[TAG_MANIFEST])
        self._staged[bag.name] = bag
        if bag.entries:
            self.library.rows[bag.name] = row_of(bag)
        bag.settle(partial(_read_tag_file, self._transaction, bag.name))

    def _stage_log(self, sequence: int, events: Sequence[Event], agents: tuple[str, ...]) -> dict[str, str]:
        log = f"log/{year_folder(self.now, self._is_full)}/{sequence:06}"
        causes = _Causes(events, sequence)
        lines = [
            FileChange(
                verb, digest, causes.of(path, verb), page_of(path.partition("/")[2]) if verb is Verb.VIEW else path
            )
            for verb, digest, path in self._changes
        ]
        states = self._states(events)
        rendered = render_events(events, states, sequence=sequence, when=self.now, agents=agents)
        return {
            f"{log}.changes": self._stage(f"{log}.changes", render_changes(lines)),
            f"{log}.events.jsonl": self._stage(f"{log}.events.jsonl", rendered),
        }

    def _states(self, events: Sequence[Event]) -> dict[int, PageState]:
        """Return the state after the run for the events about one page that the run changed, by index."""
        states = {}
        left = set(self._touched)
        for index, event in enumerate(events):
            page_id = event.objects[0] if len(event.objects) == 1 else ""
            if page_id in self._touched and event.outcome is EventOutcome.SUCCESS:
                states[index] = self._touched[page_id]
                left.discard(page_id)
        if left:
            raise EvidenceError(f"page {min(left)} was changed without an event; nothing was written")
        return states

    def _stage_head(self, head: Checkpoint) -> SealedHead:
        content = render_checkpoint(head)
        sealed = SealedHead(
            sequence=head.sequence,
            sha256=self._stage(HEAD, content),
            key=head.key,
            next_key=head.next_key,
            accepted=self.admission.accepted,
            given_up=self.admission.given_up,
        )
        if self.signer:
            self._stage(SIGNATURE, self.signer.sign(content))
        elif Folder(self.root).has_file(SIGNATURE):
            self._transaction.stage_removal(SIGNATURE)
        return sealed

    def _announce(self, next_key: str | None) -> str | None:
        """Return the key that the head announces: an earlier announcement counts until the key is used."""
        earlier = self.library.head.next_key if self.library.head else None
        announced = next_key or earlier
        return None if self.signer and announced == self.signer.fingerprint() else announced

    def _stage_previous_head(self) -> dict[str, str]:
        previous = self.library.head
        if previous is None:
            return {}
        folder = (previous.events_path or "").rpartition("/")[0]
        path = f"{folder}/{previous.sequence:06}.checkpoint"
        folder_now = Folder(self.root)
        digests = {path: self._stage(path, folder_now.read(HEAD))}
        if previous.key:
            digests[f"{path}.sig"] = self._stage(f"{path}.sig", folder_now.read(SIGNATURE))
        if folder_now.has_file(STAMP):
            digests[f"{path}.tsr"] = self._stage(f"{path}.tsr", folder_now.read(STAMP))
            self._transaction.stage_removal(STAMP)
        return digests

    def _stage(self, path: str, data: bytes) -> str:
        self._transaction.stage(path, data)
        return sha256(data)

    def _is_full(self, folder: str) -> bool:
        return len(Folder(self.root).names(f"log/{folder}")) >= _LOG_ROOM


def _read_tag_file(transaction: Transaction, bag: str, file: str) -> bytes:
    return transaction.read(f"{bag}/{file}")


class _Causes:
    """The events of a run by page, to explain each changed file."""

    def __init__(self, events: Sequence[Event], sequence: int) -> None:
        self._by_page: dict[str, str] = {}
        self._redactions: dict[str, str] = {}
        for index, event in enumerate(events):
            if event.outcome is EventOutcome.SUCCESS:
                ids = dict.fromkeys(map(safe_id, event.objects), event_id(sequence, index))
                self._by_page |= ids
                if event.type is EventType.REDACTION:
                    self._redactions |= ids

    def of(self, path: str, verb: Verb) -> str:
        """Return the id of the event that explains a change; raises `EvidenceError` if there is none."""
        events = self._redactions if verb is Verb.DROP else self._by_page
        event = events.get(page_of(path.partition("/")[2]))
        if event is None:
            raise EvidenceError(f"{path} was changed without an event that lists its page; nothing was written")
        return event


@contextmanager
def open_writer(
    state: EvidenceState,
    *,
    origin: str,
    software: str,
    clock: Callable[[], datetime],
    disk: Disk | None = None,
    signer: Signer | None = None,
    allowed_signers: str | None = None,
    consent: Consent | None = None,
    check_all: Callable[[], None] = lambda: None,
) -> Iterator[SnapshotWriter]:
    """Take the lock, complete or discard an interrupted run, check the head, and yield the writer.

    Changes that are not finished at the end of the block are discarded. Raises `LockedError` if another run is in
    progress, `EvidenceError` if the snapshots were changed by someone else, and `ContinuityError` if they do not
    continue what the state remembers and *consent* does not accept this. *allowed_signers* must include every key whose
    head is accepted; without it, only heads signed by the current key are accepted. *check_all* verifies everything and
    raises `EvidenceError`; it is called before a head is accepted that this bot did not write.
    """
    disk, root = disk or Disk(), state.root
    disk.confine(root)
    if signer:
        own = signer.allowed_signers()  # if the key cannot be used, fail now, not after a long capture
        allowed_signers = own if allowed_signers is None else allowed_signers
    with writer_lock(state), ExitStack() as locks:
        was_recovered, must_forget = _recover(state, disk, consent)
        situation = read_situation(root, state.memory, signer, consent, allowed_signers)
        is_new_line = admit(situation)
        locks.enter_context(_made_folder(root))
        library = load_continued(root, allowed_signers, origin=origin, now=clock().replace(microsecond=0))
        admission = Admission()
        if is_new_line:
            check_all()
            admission = _accept(state, situation, disk)
        if must_forget:
            forget_pending(state, disk)
        writer = SnapshotWriter(
            library, state, one_line(origin), software, clock, disk, signer, was_recovered, admission
        )
        try:
            yield writer
        except Exception:
            writer.discard()
            raise


def complete_interrupted(state: EvidenceState) -> bool:
    """Complete a committed run that was interrupted, before the snapshots are read; return whether there was one.

    A run that another bot has overtaken is left to `open_writer`. Raises `LockedError` if a run is in progress.
    """
    if state.recalled is None or not has_pending(state):
        return False
    disk = Disk()
    disk.confine(state.root)
    with writer_lock(state):
        return _recover(state, disk, None)[0]


def _recover(state: EvidenceState, disk: Disk, consent: Consent | None) -> tuple[bool, bool]:
    """Return whether an interrupted run was completed, and whether another bot or a person has gone on without it."""
    try:
        return recover(state, disk), False
    except EvidenceError:
        if is_overtaken(state) or (consent and consent.override is Override.TRUST):
            remove_empty_folders(state, disk)
            return False, True
        raise


def _accept(state: EvidenceState, situation: Situation, disk: Disk) -> Admission:
    """Return what the run adds to the memory; what another bot signed is remembered at once."""
    heads, newest = as_remembered(situation.heads), situation.heads[0]
    if situation.consent is not None:
        is_rollback = situation.consent.override is Override.ACCEPT_ROLLBACK
        return Admission(heads, find_lost(situation) if is_rollback else None)
    state.update(
        lambda memory: memory.replaced(heads=heads, has_signed=True, key=newest.key, next_key=newest.next_key),
        disk=disk,
    )
    return Admission()


def put_stamp(state: EvidenceState, reply: bytes, *, head_digest: str, disk: Disk | None = None) -> None:
    """Add the time stamp of the head as one transaction; the next run names it.

    Raises `SnapshotError` if another run has made a new head meanwhile.
    """
    disk = disk or Disk()
    disk.confine(state.root)
    with writer_lock(state, wait_seconds=_STAMP_WAIT_SECONDS):
        recover(state, disk)
        if sha256(read_head(Folder(state.root)) or b"") != head_digest:
            raise SnapshotError("another run made a new head before its time stamp was there")
        transaction = Transaction(state, disk)
        transaction.stage(STAMP, reply)
        transaction.commit()


@contextmanager
def writer_lock(state: EvidenceState, *, wait_seconds: float = 0) -> Iterator[None]:
    """Lock a snapshots folder; raises `LockedError` if another process has the lock for too long.

    The lock in the state names its holder. The lock of the folder itself excludes bots that have another state.
    """
    purpose = f"the snapshots folder {state.root}"
    with (
        InstanceLock(state.lock, purpose=purpose, wait_seconds=wait_seconds),
        lock_folder(state.root, wait_seconds=wait_seconds),
    ):
        yield


@contextmanager
def _made_folder(root: Path) -> Iterator[None]:
    """Create and lock the folder of a first run; a folder that is missed is never made again."""
    if root.is_dir():
        yield
        return
    try:
        make_folders(root, EVIDENCE_FOLDER_MODE)
    except OSError as error:
        raise SnapshotError(f"{failure(error)}; nothing was changed") from error
    with lock_folder(root):
        yield

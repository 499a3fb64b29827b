"""One capture run as one transaction: payload, bags, indexes, sums, events and the signed head."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

from bot.errors import EvidenceError, SnapshotError
from bot.files import InstanceLock
from bot.snapshot.archive.bag import TAG_MANIFEST, Bag, render_manifest, sha256
from bot.snapshot.archive.checkpoint import HEAD, SIGNATURE, SUMS, Checkpoint, render_checkpoint
from bot.snapshot.archive.disk import Disk
from bot.snapshot.archive.entry import PageEntry
from bot.snapshot.archive.events import Event, render_events
from bot.snapshot.archive.evidence_state import EvidenceState
from bot.snapshot.archive.folder import Folder, lock_folder
from bot.snapshot.archive.head_check import check_before_writing
from bot.snapshot.archive.indexes import render_bag_index, render_root_index
from bot.snapshot.archive.instructions import GIT_ATTRIBUTES, INSTRUCTIONS
from bot.snapshot.archive.journal import SealedHead, StagedFile, Transaction, failure, recover
from bot.snapshot.archive.library import Library, load_library
from bot.snapshot.archive.paths import MAX_ENTRIES, year_folder
from bot.snapshot.archive.signature import Signer

_LOG_ROOM = MAX_ENTRIES - 5  # a run adds three files, two of them with the next run


@dataclass
class SnapshotWriter:
    """The only writer of a snapshots folder during one run; `open_writer` returns it."""

    library: Library
    state: EvidenceState
    origin: str
    software: str
    now: datetime
    disk: Disk
    signer: Signer | None = None
    was_recovered: bool = False
    _transaction: Transaction = field(init=False)

    def __post_init__(self) -> None:
        """Start the transaction."""
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
        return not self._transaction.is_empty or any(bag.is_changed for bag in self.library.bags.values())

    def put(self, bag: Bag, path: str, data: bytes, *, old_bytes: int | None = None) -> None:
        """Add a payload file; *old_bytes* is the size of the file that it may replace."""
        bag.add(path, sha256(data), size_bytes=len(data), old_bytes=old_bytes)
        self._transaction.stage(f"{bag.name}/{path}", data)

    def new_file(self) -> StagedFile:
        """Return a new file for a large payload; thread-safe."""
        return self._transaction.new_file()

    def put_file(self, bag: Bag, path: str, file: StagedFile) -> None:
        """Add a payload file that was written to *file*."""
        bag.add(path, file.sha256, size_bytes=file.size_bytes)
        self._transaction.stage_file(f"{bag.name}/{path}", file)

    def drop(self, bag: Bag, path: str) -> None:
        """Delete a payload file (a redaction)."""
        bag.drop(path, size_bytes=Folder(self.root).size(f"{bag.name}/{path}"))
        self._transaction.stage_removal(f"{bag.name}/{path}")

    def put_entry(self, bag: Bag, entry: PageEntry) -> None:
        """Set the entry of a page."""
        bag.put_entry(entry)

    def finish(self, events: Sequence[Event], *, agents: tuple[str, ...]) -> Checkpoint:
        """Write bags, indexes, sums, events and head, and commit the run."""
        sums = dict(self.library.sums)
        for bag in self.library.bags.values():
            if bag.is_changed:
                sums[f"{bag.name}/{TAG_MANIFEST}"] = self._stage_tag_files(bag)
        filled = {name: bag for name, bag in self.library.bags.items() if bag.entries}
        root_files = {
            "README.md": render_root_index(filled, self.origin),
            "VERIFY.md": INSTRUCTIONS.encode(),
            ".gitattributes": GIT_ATTRIBUTES.encode(),
        }
        for name, data in root_files.items():
            if sums.get(name) != sha256(data):
                self._transaction.stage(name, data)
                sums[name] = sha256(data)
        head, sealed = self._stage_head(render_manifest(sums), events, agents)
        self._transaction.commit(sealed)
        return head

    def discard(self) -> None:
        """Discard all changes; the old state is unchanged."""
        self._transaction.discard()

    def _stage_tag_files(self, bag: Bag) -> str:
        bag.origin = bag.origin or self.origin
        files = bag.tag_files(render_bag_index(bag), bagging_date=self.now.date(), software=self.software)
        for path, data in files.items():
            self._transaction.stage(f"{bag.name}/{path}", data)
        return sha256(files[TAG_MANIFEST])

    def _stage_head(
        self, sums: bytes, events: Sequence[Event], agents: tuple[str, ...]
    ) -> tuple[Checkpoint, SealedHead]:
        digests = {SUMS: self._stage(SUMS, sums)}
        log = f"log/{year_folder(self.now, self._is_full)}"
        rendered = render_events(events, sequence=self.sequence, when=self.now, agents=agents)
        events_path = f"{log}/{self.sequence:06}.events.jsonl"
        digests[events_path] = self._stage(events_path, rendered)
        digests |= self._stage_previous_head()
        signed_by = self.signer.fingerprint() if self.signer else None
        head = Checkpoint(self.origin, self.sequence, self.now, signed_by, digests)
        content = render_checkpoint(head)
        sealed = SealedHead(sequence=self.sequence, sha256=self._stage(HEAD, content), key=signed_by)
        if self.signer:
            self._stage(SIGNATURE, self.signer.sign(content))
        elif Folder(self.root).has_file(SIGNATURE):
            self._transaction.stage_removal(SIGNATURE)
        return head, sealed

    def _stage_previous_head(self) -> dict[str, str]:
        previous = self.library.head
        if previous is None:
            return {}
        folder = (previous.events_path or "").rpartition("/")[0]
        path = f"{folder}/{previous.sequence:06}.checkpoint"
        folder_now = Folder(self.root)
        digests = {path: self._stage(path, folder_now.read(HEAD))}
        if previous.signed_by:
            digests[f"{path}.sig"] = self._stage(f"{path}.sig", folder_now.read(SIGNATURE))
        return digests

    def _stage(self, path: str, data: bytes) -> str:
        self._transaction.stage(path, data)
        return sha256(data)

    def _is_full(self, folder: str) -> bool:
        return len(Folder(self.root).names(f"log/{folder}")) >= _LOG_ROOM


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
) -> Iterator[SnapshotWriter]:
    """Take the lock, complete or discard an interrupted run, check the head, and yield the writer.

    Changes that are not finished at the end of the block are discarded. Raises `LockedError` if another run is in
    progress and `EvidenceError` if the snapshots were changed by someone else. *allowed_signers* must include every key
    whose head is accepted; without it, only heads signed by the current key are accepted.
    """
    disk, root = disk or Disk(), state.root
    disk.confine(root)
    if signer:
        own = signer.allowed_signers()  # if the key cannot be used, fail now, not after a long capture
        allowed_signers = own if allowed_signers is None else allowed_signers
    with writer_lock(state):
        was_recovered = recover(state, disk)
        check_before_writing(root, allowed_signers)
        library = load_library(root)
        if library.head and library.head.origin != _one_line(origin):
            raise EvidenceError(
                f"the snapshots in {root} are of {library.head.origin}, not of {origin}; "
                "choose another folder for this wiki"
            )
        now = clock().replace(microsecond=0)
        writer = SnapshotWriter(library, state, _one_line(origin), software, now, disk, signer, was_recovered)
        try:
            yield writer
        except Exception:
            writer.discard()
            raise


@contextmanager
def writer_lock(state: EvidenceState, *, wait_seconds: float = 0) -> Iterator[None]:
    """Lock a snapshots folder; raises `LockedError` if another process has the lock for too long.

    The lock in the state names its holder. The lock of the folder itself excludes bots that have another state.
    """
    if state.memory.head is None:
        _make_root(state.root)  # a folder that is missed is not made again
    purpose = f"the snapshots folder {state.root}"
    with (
        InstanceLock(state.lock, purpose=purpose, wait_seconds=wait_seconds, mode=0o600),
        lock_folder(state.root, wait_seconds=wait_seconds),
    ):
        yield


def _make_root(root: Path) -> None:
    try:
        root.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise SnapshotError(f"{failure(error)}; nothing was changed") from error


def _one_line(text: str) -> str:
    return " ".join(text.split())

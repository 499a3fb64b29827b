"""Copy the snapshots to object storage after a run: only what is missing, the head at last, nothing over anything else.

    with UploadMemory(path) as memory:
        report = FolderMirror(snapshots_folder, store, memory).run()

An object is written only where the store has nothing, or exactly what this mirror put there and a later run replaced.
Anything else is a conflict: nothing more is written, and a person decides.
"""

from collections.abc import Callable, Iterable
from concurrent.futures import FIRST_EXCEPTION, ThreadPoolExecutor, wait
from dataclasses import dataclass, field
from pathlib import Path

from bot.errors import BotError, EvidenceError, ObjectStoreError, StoppedError
from bot.log import logger
from bot.snapshot.archive.bag import sha256
from bot.snapshot.archive.checkpoint import HEAD, parse_checkpoint
from bot.snapshot.archive.folder import Folder
from bot.snapshot.mirror.listed_files import FileGroup, ListedFiles
from bot.snapshot.mirror.mirror_report import MirrorReport
from bot.snapshot.mirror.object_store import Expected, ObjectStore, StoreConflictError
from bot.snapshot.mirror.upload import PART_BYTES, FileUpload, Uploader
from bot.snapshot.mirror.upload_memory import UploadMemory

WRITERS = 8
"""Files that are uploaded at the same time."""


@dataclass
class FolderMirror:
    """One mirroring of the folder *root*. The folder must not change meanwhile.

    The memory says what the bot may replace. What the store has is listed each time, also if there is no new
    run: it may have been emptied, or set back to an older run.
    """

    root: Path
    store: ObjectStore
    memory: UploadMemory
    part_bytes: int = PART_BYTES
    should_stop: Callable[[], bool] = lambda: False
    _uploaded: int = 0
    _found: int = 0
    _removed: int = 0
    _restored: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        """Prepare for reading and uploading."""
        self._folder = Folder(self.root)
        self._listed = ListedFiles(self._folder.read)
        self._uploader = Uploader(self.store, self._folder, self.memory, self.part_bytes)

    def run(self) -> MirrorReport:
        """Bring the store to the newest head. What fails is in the report, and the next run continues there."""
        sequence = None
        try:
            heads = {digest: head.sequence for head, digest in self._listed.iter_heads()}
            sequence = max(heads.values(), default=None)
            if sequence is None:
                raise EvidenceError(f"there are no snapshots in {self.root}")
            self._mirror(heads)
        except (BotError, OSError) as error:
            return self._report(sequence, f"{error}; the next `wikibot snapshot` continues from here")
        finally:
            self.memory.save()
        return self._report(sequence)

    def _mirror(self, heads: dict[str, int]) -> None:
        stored = self._read_stored_head(heads)
        remembered = self.memory.file(HEAD)
        if stored is not None and (remembered is None or remembered[0] != stored):
            self._learn()
        etags = {each.path: each.etag for each in self.store.iter_objects()}
        dropped: list[str] = []
        others: set[str] = set()
        for group in self._listed.groups():
            self._put(group, etags)
            if group.prefix:
                dropped += self.memory.files(group.prefix).keys() - group.files.keys()
            else:
                others |= group.files.keys()
        for path in (*dropped, *(path for path in self.memory.iter_other_paths() if path not in others)):
            self._remove(path)

    def _read_stored_head(self, heads: dict[str, int]) -> str | None:
        """Return the SHA-256 of the head in the store; raises `StoreConflictError` if it is none of *heads*."""
        try:
            data = self.store.read(HEAD)
        except FileNotFoundError:
            return None
        digest = sha256(data)
        if digest in heads:
            return digest
        try:
            run = f"run {parse_checkpoint(data).sequence} (head {digest})"
        except EvidenceError:
            run = f"a head that is none (SHA-256 {digest})"
        raise StoreConflictError(
            f"{self.store.address} has {run}, from which the snapshots in {self.root} do not descend; nothing was "
            "written there. Another bot may mirror to the same place, or these snapshots were rolled back. Compare "
            "both with `wikibot verify`; to keep both, name another prefix in snapshots.mirror"
        )

    def _learn(self) -> None:
        """Note what the head in the store lists: it is one of ours, so a later run may replace those files."""
        try:
            for group in ListedFiles(self.store.read).groups():
                for path, digest in group.files.items():
                    self.memory.note_file(path, digest, "")
        except EvidenceError as error:
            logger.warning("{}: what is there cannot be taken over: {}", self.store.address, error)

    def _put(self, group: FileGroup, etags: dict[str, str]) -> None:
        """Upload what the store does not have of one group, and what it has lost."""
        known = self.memory.files(group.prefix) if group.prefix else self._recall(group.files)
        plans = (self._plan(path, digest, known.get(path), etags.get(path)) for path, digest in group.files.items())
        self._upload_all([plan for plan in plans if plan])

    def _recall(self, paths: Iterable[str]) -> dict[str, tuple[str, str]]:
        return {path: found for path in paths if (found := self.memory.file(path)) is not None}

    def _plan(self, path: str, digest: str, known: tuple[str, str] | None, etag: str | None) -> FileUpload | None:
        """Decide about one file: None if it is there; raises `StoreConflictError` for anything unexpected."""
        if etag is None:
            if known is not None:
                self._restored.append(path)
            return FileUpload(path, digest, Expected())
        if known is not None and known[1] == etag:
            return None if known[0] == digest else FileUpload(path, digest, Expected(etag))
        stored = self.store.find(path)
        found = self._uploader.digest_in_store(path, stored) if stored else None
        if stored and found == digest:
            self.memory.note_file(path, digest, stored.etag)
            self._found += 1
            return None
        if stored and known is not None and found == known[0]:
            return FileUpload(path, digest, Expected(stored.etag))
        raise StoreConflictError(
            f"{self.store.address}/{path} is another file in the store (SHA-256 {found}), which this mirror did not "
            "put there; nothing was overwritten. Find out who wrote it; then move it away, or name another prefix in "
            "snapshots.mirror"
        )

    def _upload_all(self, uploads: list[FileUpload]) -> None:
        """Upload files with several threads; after the first failure, no other upload begins."""
        with ThreadPoolExecutor(WRITERS, thread_name_prefix="mirror") as pool:
            futures = {pool.submit(self._upload, each): each for each in uploads}
            try:
                wait(futures, return_when=FIRST_EXCEPTION)
            finally:
                pool.shutdown(cancel_futures=True)
        for future in futures:
            if not future.cancelled():
                future.result()

    def _upload(self, file: FileUpload) -> None:
        if self.should_stop():
            raise StoppedError("the bot was asked to stop")
        stored = self._uploader.upload(file)
        self.memory.note_file(file.path, file.sha256, stored.etag)
        self._uploaded += 1  # a count for people; threads of this interpreter cannot lose one while they hold the GIL

    def _remove(self, path: str) -> None:
        """Remove what a run removed from the snapshots (a redaction), if the store has what this mirror put there."""
        known, stored = self.memory.file(path), self.store.find(path)
        if known and stored and stored.etag != known[1] and self._uploader.digest_in_store(path, stored) != known[0]:
            raise ObjectStoreError(
                f"{self.store.address}/{path} is another file than this mirror put there, and the snapshots have it no "
                "more; it was not deleted. Find out who wrote it, and remove it"
            )
        if stored:
            self.store.delete(path)
            self._removed += 1
        self.memory.forget_file(path)

    def _report(self, sequence: int | None, problem: str = "") -> MirrorReport:
        return MirrorReport(
            str(self.store.address),
            sequence,
            self._uploaded,
            self._found,
            tuple(sorted(self._restored)),
            self._removed,
            problem,
        )

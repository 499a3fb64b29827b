"""Upload one file, large ones in parts, and check what the store has afterwards."""

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass

from bot.errors import EvidenceError, ObjectStoreError
from bot.snapshot.archive.folder import Folder
from bot.snapshot.mirror.object_store import Expected, ObjectStore, StoredObject, UploadedPart
from bot.snapshot.mirror.upload_memory import UploadMemory

PART_BYTES = 8 * 1024 * 1024
"""Larger files are uploaded in parts of this size. S3 takes no parts below 5 MiB, except the last."""
_MAX_PARTS = 10_000


@dataclass(frozen=True, slots=True)
class FileUpload:
    """One file to upload: its path, the SHA-256 that the lists of the snapshots have, and what it may replace."""

    path: str
    sha256: str
    expected: Expected


@dataclass
class Uploader:
    """Uploads files of *folder*; the state of each large upload is in *memory*. Thread-safe."""

    store: ObjectStore
    folder: Folder
    memory: UploadMemory
    part_bytes: int = PART_BYTES

    def upload(self, file: FileUpload) -> StoredObject:
        """Upload a file and return what the store says about it.

        Raises `EvidenceError` if the file is not what the lists say; then the store does not get it. Raises
        `ObjectStoreError` if the store has something else afterwards.
        """
        size = self.folder.size(file.path)
        if size <= self.part_bytes:
            data = self.folder.read(file.path)
            self._require(file, hashlib.sha256(data).hexdigest())
            self.store.put(file.path, data, file.sha256, file.expected)
            return self._confirm(file, file.sha256)
        return self._confirm(file, self._upload_parts(file, max(self.part_bytes, -(-size // _MAX_PARTS))))

    def digest_in_store(self, path: str, found: StoredObject) -> str:
        """Return the SHA-256 of an object: the one that the store computed, or that of its content."""
        if found.checksum is not None and "-" not in found.checksum:
            return found.checksum
        digest = hashlib.sha256()
        for piece in self.store.chunks(path):
            digest.update(piece)
        return digest.hexdigest()

    def _upload_parts(self, file: FileUpload, part_bytes: int) -> str:
        """Upload a file in parts, without those that arrived before; return the checksum that the object must have."""
        upload, arrived = self._begin_or_resume(file, part_bytes)
        whole, parts = hashlib.sha256(), []
        for number, data in enumerate(self._pieces(file.path, part_bytes), start=1):
            whole.update(data)
            digest = hashlib.sha256(data).hexdigest()
            part = arrived.get(number)
            if part is None or part.sha256 != digest:
                part = self.store.put_part(file.path, upload, number, data, digest)
                self.memory.note_part(upload, part)
            parts.append(part)
        self._require(file, whole.hexdigest())
        self.store.join_parts(file.path, upload, parts, file.expected)
        self.memory.forget_upload(file.path, upload)
        digests = b"".join(bytes.fromhex(part.sha256) for part in parts)
        return f"{hashlib.sha256(digests).hexdigest()}-{len(parts)}"

    def _begin_or_resume(self, file: FileUpload, part_bytes: int) -> tuple[str, dict[int, UploadedPart]]:
        known = self.memory.find_upload(file.path, file.sha256, part_bytes)
        in_store = self.store.find_parts(file.path, known) if known else None
        if known and in_store is not None:
            parts = self.memory.parts(known)
            return known, {number: part for number, part in parts.items() if in_store.get(number) == part.etag}
        upload = self.store.begin_parts(file.path)
        self.memory.note_upload(file.path, file.sha256, part_bytes, upload)
        return upload, {}

    def _pieces(self, path: str, part_bytes: int) -> Iterator[bytes]:
        waiting = bytearray()
        for chunk in self.folder.chunks(path):
            waiting += chunk
            while len(waiting) >= part_bytes:
                yield bytes(waiting[:part_bytes])
                del waiting[:part_bytes]
        if waiting:
            yield bytes(waiting)

    def _require(self, file: FileUpload, digest: str) -> None:
        if digest != file.sha256:
            raise EvidenceError(
                f"{self.folder.root / file.path} is not what was captured: its SHA-256 is {digest}; it was not "
                "mirrored. See `wikibot verify`"
            )

    def _confirm(self, file: FileUpload, checksum: str) -> StoredObject:
        """Read back what the store has: its own digest, or the content if it computes none; and the retention."""
        found = self.store.find(file.path)
        if found is None:
            raise ObjectStoreError(f"{self.store.address}/{file.path} was uploaded, but the store does not have it")
        wanted = file.sha256 if found.checksum is None else checksum
        said = self.digest_in_store(file.path, found) if found.checksum is None else found.checksum
        if said != wanted:
            raise ObjectStoreError(
                f"{self.store.address}/{file.path} was uploaded, but the store has other content: it says SHA-256 "
                f"{said}, not {wanted}"
            )
        retention = self.store.retention
        if retention and (found.lock_mode or "").upper() != retention.mode:
            raise ObjectStoreError(
                f"{self.store.address}/{file.path} was uploaded, but the store does not retain it; make the bucket "
                "with object lock, or remove object_store.retention_days"
            )
        return found

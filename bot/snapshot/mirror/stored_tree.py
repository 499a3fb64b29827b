"""Snapshots in object storage as a tree that `verify` reads: streamed, without a copy on disk."""

import errno
import hashlib
from collections.abc import Callable, Iterable
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from types import TracebackType
from typing import Self

from bot.snapshot.archive.file_tree import Tree
from bot.snapshot.mirror.object_store import ObjectStore, StoreRefusalError

READERS = 16
"""Objects that are read at the same time."""


_RECORD, _KEPT_BYTES = ".json", 1024 * 1024
"""The content of a record is needed as well as its digest, so it is kept; a large file with that ending is not."""


@dataclass(frozen=True, slots=True)
class _Hashed:
    sha256: str
    size: int
    content: bytes | None


class StoredTree(Tree):
    """The objects of a store, listed once. As a context manager, reading ahead ends with the block."""

    def __init__(self, store: ObjectStore) -> None:
        self._store = store
        self._ahead: dict[str, Future[_Hashed]] = {}
        self._pool = ThreadPoolExecutor(READERS, thread_name_prefix="store")
        self._reset()
        self._sizes = {each.path: each.size for each in store.iter_objects()}
        listed = self._sizes.keys()
        folders = {path.rstrip("/") for path in listed if path.endswith("/")}  # consoles make such objects for folders
        self.files = {path for path in listed if path and not path.endswith("/")}
        self.empty = {each for each in folders if each and not any(path.startswith(f"{each}/") for path in self.files)}

    def __enter__(self) -> Self:
        """Return the tree."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Read nothing more."""
        self._pool.shutdown(cancel_futures=True)

    @property
    def place(self) -> str:
        """The address of the store."""
        return str(self._store.address)

    def is_being_written(self) -> bool:
        """Return False: a store has no lock, so the rest of an interrupted run is always reported."""
        return False

    def expect(self, paths: Iterable[str]) -> None:
        """Begin to hash files that are needed next."""
        for path in paths:
            if path in self.files and path not in self._ahead:
                self._ahead[path] = self._pool.submit(self._hash, path)

    def read(self, path: str) -> bytes:
        """Return the content of an object; raises `OSError` for one that cannot be read."""
        try:
            return self._store.read(path)
        except StoreRefusalError as error:
            raise _unreadable(error, path) from error

    def digest(self, path: str, take: Callable[[bytes], None] | None = None) -> str:
        """Return the SHA-256 of the content of an object; what the store says about it is not believed."""
        ahead = self._ahead.pop(path, None)
        found = ahead.result() if ahead else self._hash(path)
        if take is not None and found.content is None:
            content = self.read(path)
            found = _Hashed(hashlib.sha256(content).hexdigest(), len(content), content)
        self.hashed_bytes += found.size
        self.hashed_files += 1
        if take is not None and found.content is not None:
            take(found.content)
        return found.sha256

    def _hash(self, path: str) -> _Hashed:
        is_kept = path.endswith(_RECORD) and self._sizes.get(path, 0) <= _KEPT_BYTES
        kept = bytearray()
        digest, size = hashlib.sha256(), 0
        try:
            for piece in self._store.chunks(path):
                digest.update(piece)
                size += len(piece)
                kept += piece if is_kept else b""
        except StoreRefusalError as error:
            raise _unreadable(error, path) from error
        return _Hashed(digest.hexdigest(), size, bytes(kept) if is_kept else None)


def _unreadable(error: StoreRefusalError, path: str) -> OSError:
    return OSError(errno.EACCES, str(error), path)

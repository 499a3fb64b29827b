"""The files that a head lists, with their digests, in the order in which a mirror writes them."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

from bot.errors import EvidenceError
from bot.snapshot.archive.bag import MANIFEST, TAG_MANIFEST, bag_names, parse_manifest, sha256
from bot.snapshot.archive.checkpoint import HEAD, SIGNATURE, STAMP, SUMS, Checkpoint, parse_checkpoint

Read = Callable[[str], bytes]
"""Returns the content of a file; raises `FileNotFoundError` if there is none."""


@dataclass(frozen=True, slots=True)
class FileGroup:
    """Files that can be written in any order: path → SHA-256. If *prefix* is set, all files below it are in *files*."""

    files: dict[str, str]
    prefix: str = ""


@dataclass
class ListedFiles:
    """All evidence files of a folder or a store, from its head down; each list is checked against the list above it.

    Raises `EvidenceError` for a list that is missing or changed. No payload is read.
    """

    read: Read
    _tail: dict[str, str] = field(default_factory=dict)

    def groups(self) -> Iterator[FileGroup]:
        """Yield the payload of each bag, then all lists and the log, then the signature, and the head at last."""
        head = parse_checkpoint(self._read(HEAD))
        sums = self._parse(SUMS, head.digests[SUMS])
        for bag in bag_names(sums):
            tags = self._parse(f"{bag}/{TAG_MANIFEST}", sums[f"{bag}/{TAG_MANIFEST}"])
            payload = self._parse(f"{bag}/{MANIFEST}", tags[MANIFEST])
            self._tail |= {f"{bag}/{name}": digest for name, digest in tags.items()}
            yield FileGroup({f"{bag}/{path}": digest for path, digest in payload.items()}, f"{bag}/data/")
        self._tail |= sums
        self._add_log(head)
        yield FileGroup(self._tail)
        yield from self.last_groups()

    def last_groups(self) -> Iterator[FileGroup]:
        """Yield the signature of the head and its time stamp, then the head."""
        found = {path: self._find(path) for path in (SIGNATURE, STAMP)}
        yield FileGroup({path: sha256(data) for path, data in found.items() if data is not None})
        yield FileGroup({HEAD: sha256(self._read(HEAD))})

    def iter_heads(self) -> Iterator[tuple[Checkpoint, str]]:
        """Yield each head and its SHA-256, the newest first; nothing if there is no head."""
        data = self._find(HEAD)
        name = HEAD
        while data is not None:
            head = parse_checkpoint(data, name=name)
            yield head, sha256(data)
            if head.previous_path is None:
                return
            name = head.previous_path
            data = self._read(name, head.digests[name])

    def _add_log(self, head: Checkpoint) -> None:
        for each, _ in self.iter_heads():
            self._tail |= {path: digest for path, digest in each.digests.items() if path != SUMS}
        self._tail[SUMS] = head.digests[SUMS]

    def _parse(self, path: str, digest: str) -> dict[str, str]:
        return parse_manifest(self._read(path, digest), name=path)

    def _read(self, path: str, digest: str | None = None) -> bytes:
        data = self._find(path)
        if data is None:
            raise EvidenceError(f"{path} is not there; see `wikibot verify`")
        if digest is not None and sha256(data) != digest:
            raise EvidenceError(f"{path} is not what was captured; see `wikibot verify`")
        return data

    def _find(self, path: str) -> bytes | None:
        try:
            return self.read(path)
        except FileNotFoundError:
            return None

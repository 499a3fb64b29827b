"""The commands for `git fast-import` that bring a repository from one head of the snapshots to the present one."""

import hashlib
from collections.abc import Callable
from typing import IO

from bot.errors import EvidenceError
from bot.snapshot.archive.bag import MANIFEST, TAG_MANIFEST, bag_names, parse_manifest, render_manifest, sha256
from bot.snapshot.archive.checkpoint import HEAD, SIGNATURE, SUMS
from bot.snapshot.archive.folder import Folder
from bot.snapshot.archive.library import Library

ReadBlob = Callable[[str], bytes | None]
"""Returns a file of the last commit, None if the last commit does not have it."""

_STAMP = "CHECKPOINT.tsr"
Digests = dict[str, str]


def write_commit(stream: IO[bytes], library: Library, read_committed: ReadBlob, *, ref: str, parent: str) -> None:
    """Write the commands for one commit on *ref* with all files of *library*, as changes to the commit *parent*.

    Every byte is compared with the manifests below the head. Raises `EvidenceError` if a file is not what was captured.
    """
    stream.write(f"commit {ref}\ncommitter wikibot <wikibot@localhost> 0 +0000\ndata 0\n".encode())
    committed = read_committed(HEAD) if parent else None
    heads = {digest for _, digest in library.iter_heads()}
    if committed is not None and sha256(committed) in heads:
        stream.write(f"from {parent}\n".encode())
        now, before = _changed_files(library, read_committed, sha256(committed))
    else:
        now, before = _changed_files(library, lambda _path: None, "")
    folder = Folder(library.root)
    for path in sorted(before.keys() - now.keys()):
        stream.write(f"D {path}\n".encode())
    for path, digest in sorted(now.items()):
        if before.get(path) != digest:
            _write_file(stream, folder, path, digest)
    _write_file(stream, folder, HEAD, library.head_digest)
    for path in (SIGNATURE, _STAMP):
        if folder.has_file(path):
            _write_data(stream, path, folder.read(path))
        elif committed is not None:
            stream.write(f"D {path}\n".encode())
    stream.write(b"done\n")


def _changed_files(library: Library, read_committed: ReadBlob, committed: str) -> tuple[Digests, Digests]:
    """Return the digests of all files that can have changed since the head *committed*, now and in that commit."""
    sums, old_sums = library.sums, parse_manifest(read_committed(SUMS) or b"", name=SUMS)
    now = {SUMS: sha256(render_manifest(sums)), **_without(sums, old_sums)}
    before = _without(old_sums, sums)
    folder = Folder(library.root)
    for bag in bag_names(now):
        tags = f"{bag}/{TAG_MANIFEST}"
        now |= _of_bag(bag, folder.read_checked(tags, sums[tags], named_by=SUMS), library.bags[bag].manifest)
    for bag in bag_names(before):
        manifest = parse_manifest(read_committed(f"{bag}/{MANIFEST}") or b"", name=MANIFEST)
        before |= _of_bag(bag, read_committed(f"{bag}/{TAG_MANIFEST}") or b"", manifest)
    for head, digest in library.iter_heads():
        if digest == committed:
            break
        now |= {path: value for path, value in head.digests.items() if path != SUMS}
    return now, before


def _without(digests: Digests, others: Digests) -> Digests:
    return {path: digest for path, digest in digests.items() if others.get(path) != digest}


def _of_bag(bag: str, tags: bytes, manifest: Digests) -> Digests:
    named = parse_manifest(tags, name=f"{bag}/{TAG_MANIFEST}") | manifest
    return {f"{bag}/{path}": digest for path, digest in named.items()}


def _write_file(stream: IO[bytes], folder: Folder, path: str, digest: str) -> None:
    """Write a file piece by piece; the bytes that are sent are those that are compared with *digest*."""
    size, sent = folder.size(path), hashlib.sha256()
    stream.write(f"M 100644 inline {path}\ndata {size}\n".encode())
    for piece in folder.chunks(path):
        sent.update(piece)
        stream.write(piece)
    stream.write(b"\n")
    if sent.hexdigest() != digest:
        raise EvidenceError(
            f"{folder.root / path} is not what was captured, so git has no commit; see `wikibot verify`"
        )


def _write_data(stream: IO[bytes], path: str, data: bytes) -> None:
    stream.write(f"M 100644 inline {path}\ndata {len(data)}\n".encode() + data + b"\n")

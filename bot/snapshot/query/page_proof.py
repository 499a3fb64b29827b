"""Whether the files of one page are what was captured: each is hashed now, and compared with the manifest."""

import hashlib
from dataclasses import dataclass
from pathlib import Path

from bot.errors import EvidenceError
from bot.snapshot.archive.bag import MANIFEST, Bag
from bot.snapshot.archive.checkpoint import HEAD, SIGNATURE, parse_checkpoint
from bot.snapshot.archive.entry import PageEntry
from bot.snapshot.archive.folder import Folder
from bot.snapshot.archive.signature import find_flaw
from bot.snapshot.query.export import page_files


@dataclass(frozen=True, slots=True)
class FileCheck:
    """One file with the digest that *named_by* states; *found* is None if it cannot be read, because of *problem*."""

    path: str
    expected: str
    found: str | None
    named_by: str
    problem: str = ""

    @property
    def is_fine(self) -> bool:
        """Whether the file is what was captured."""
        return self.found == self.expected


@dataclass(frozen=True, slots=True)
class SignatureCheck:
    """The signature of the newest head: *key* is None if it is not signed, *flaw* says why it is not valid.

    *is_signer_known*: the reader named the keys that may sign.
    """

    key: str | None
    flaw: str | None
    is_signer_known: bool

    @property
    def word(self) -> str:
        """The result in a word: valid, invalid, not signed, or not checked."""
        if self.flaw:
            return "invalid"
        if self.key is None:
            return "not signed"
        return "valid" if self.is_signer_known else "not checked"


def check_files(root: Path, bag: Bag, entry: PageEntry) -> tuple[FileCheck, ...]:
    """Hash all files of a page now."""
    folder, named_by = Folder(root), f"{bag.name}/{MANIFEST}"
    return tuple(_check(folder, f"{bag.name}/{path}", bag.manifest[path], named_by) for path in page_files(bag, entry))


def check_signature(root: Path, allowed_signers: str | None) -> SignatureCheck:
    """Check the signature of the newest head; raises `EvidenceError` if the head cannot be read."""
    folder = Folder(root)
    try:
        data = folder.read(HEAD)
        head = parse_checkpoint(data)
        signature = folder.read(SIGNATURE) if head.key else b""
    except OSError as error:
        raise EvidenceError(f"{root}: the head or its signature cannot be read: {error.strerror}") from error
    flaw = None
    if head.key:
        flaw = find_flaw(data, signature, allowed_signers, key=head.key, when=head.time)
    elif allowed_signers is not None:
        flaw = "is not signed, though allowed signers were given"
    return SignatureCheck(head.key, flaw, allowed_signers is not None)


def _check(folder: Folder, path: str, expected: str, named_by: str) -> FileCheck:
    try:
        digest = hashlib.sha256()
        for piece in folder.chunks(path):
            digest.update(piece)
    except (OSError, EvidenceError) as error:
        reason = error.strerror if isinstance(error, OSError) else str(error)
        return FileCheck(path, expected, None, named_by, reason or str(error))
    return FileCheck(path, expected, digest.hexdigest(), named_by)

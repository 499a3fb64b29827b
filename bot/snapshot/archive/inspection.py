"""Findings, and the state that collects them during a check."""

import itertools
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from bot.snapshot.archive.file_tree import Tree


class FindingKind(StrEnum):
    """Kinds of findings."""

    MISSING = "missing"
    CHANGED = "changed"
    UNEXPECTED = "unexpected"
    NOT_A_FILE = "not a file"
    UNREADABLE = "unreadable"
    MALFORMED = "malformed"
    SIGNATURE = "signature"
    CHAIN = "chain"
    LOG = "log"
    TIME = "time"
    WITNESS = "witness"
    RENDITION = "rendition"
    INTERRUPTED = "interrupted"


@dataclass(frozen=True, slots=True)
class Finding:
    """One problem; *path* is relative to the snapshots folder."""

    kind: FindingKind
    path: str
    message: str


@dataclass
class Inspection:
    """The state of one check: the tree, the paths that no list has named yet, and the findings."""

    tree: Tree
    findings: list[Finding] = field(default_factory=list)
    unnamed: set[str] = field(init=False)

    def __post_init__(self) -> None:
        """Begin with all paths of the tree."""
        self.unnamed = self.tree.files | self.tree.others

    def report(self, kind: FindingKind, path: str, message: str) -> None:
        """Add a finding."""
        self.findings.append(Finding(kind, path, message))

    def read(self, path: str) -> bytes | None:
        """Return the content of a file; add a finding and return None if it cannot be read."""
        if not self.is_there(path):
            return None
        try:
            return self.tree.read(path)
        except OSError as error:
            self.report(FindingKind.UNREADABLE, path, f"cannot be read: {error.strerror}")
            return None

    def check_digests(self, digests: Mapping[str, str], *, prefix: str = "", witness: str) -> None:
        """Compare files with the digests in *witness*, a file name for messages."""
        for path, digest in digests.items():
            self.check_digest(prefix + path, digest, witness=witness)

    def check_digest(
        self, path: str, digest: str, *, witness: str, take: Callable[[bytes], None] | None = None
    ) -> None:
        """Compare one file with its digest in *witness*; *take* gets the content, which is then read only once."""
        if self.is_there(path, witness=witness):
            self.compare_digest(path, digest, witness=witness, take=take)

    def compare_digest(
        self, path: str, digest: str, *, witness: str, take: Callable[[bytes], None] | None = None
    ) -> None:
        """Do what `check_digest` does for a plain file that is there."""
        try:
            found = self.tree.digest(path, take)
        except OSError as error:
            self.report(FindingKind.UNREADABLE, path, f"cannot be read: {error.strerror}")
            return
        if found != digest:
            self.report(FindingKind.CHANGED, path, f"its SHA-256 is {found}, but {witness} says {digest}")

    def is_there(self, path: str, *, witness: str = "") -> bool:
        """Return whether *path* is a plain file, with a finding if not; *path* counts as listed in both cases."""
        self.unnamed.discard(path)
        if self.tree.has_file(path):
            return True
        if self.tree.has_other(path):
            self.report(FindingKind.NOT_A_FILE, path, "is a link or a device where a plain file belongs")
        else:
            source = f", but {witness} lists it" if witness else ""
            self.report(FindingKind.MISSING, path, f"is not there{source}")
        return False

    def find_missing(self, paths: Iterable[str], *, witness: str) -> set[str]:
        """Do for many paths what `is_there` does for one, and return those that are not plain files."""
        self.unnamed.difference_update(paths)
        missing = set(itertools.filterfalse(self.tree.has_file, paths))
        for path in missing:
            self.is_there(path, witness=witness)
        return missing

    def iter_strays(self) -> Iterator[Finding]:
        """Yield every path that is not listed, every empty folder, and every folder that cannot be listed."""
        for path, reason in sorted(self.tree.unreadable.items()):
            yield Finding(FindingKind.UNREADABLE, path, f"cannot be listed: {reason}")
        for path in sorted(self.tree.empty):
            yield Finding(FindingKind.UNEXPECTED, path, "is an empty folder")
        for path in sorted(self.unnamed):
            yield Finding(FindingKind.UNEXPECTED, path, "is not part of what was captured: no list names it")


def ordered(findings: Iterable[Finding]) -> tuple[Finding, ...]:
    """Return the findings without duplicates, sorted by path."""
    return tuple(sorted(set(findings), key=lambda finding: (finding.path, finding.kind, finding.message)))

"""Verify all files of a snapshots folder, and return findings with the file and the problem."""

import json
import re
import zlib
from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from bot.errors import EvidenceError
from bot.garbage_collector import paused_collector
from bot.snapshot.archive.bag import PAGES, TAG_MANIFEST, bag_names
from bot.snapshot.archive.checkpoint import HEAD, SUMS, Checkpoint, whole_digest
from bot.snapshot.archive.file_tree import Tree
from bot.snapshot.archive.folder import STAGING
from bot.snapshot.archive.head_check import check_bag_tags, check_head, load_sums
from bot.snapshot.archive.indexes import IndexRow, render_root_index
from bot.snapshot.archive.inspection import Finding, FindingKind, Inspection, ordered
from bot.snapshot.archive.proof import Proof, choose_proof
from bot.snapshot.verify.bag_check import check_first_format, check_payload
from bot.snapshot.verify.chain import (
    Chain,
    check_chain,
    check_clock,
    check_earlier_keys,
    check_last_capture,
    check_succession,
    check_witness,
)
from bot.snapshot.verify.event_line import LoggedPage
from bot.snapshot.verify.file_names import find_bad_names
from bot.snapshot.verify.page_check import BagCheck, load_checked_bag
from bot.snapshot.verify.record_reader import RecordReader
from bot.snapshot.verify.replay import Removal, Replay
from bot.snapshot.verify.replay_memory import ReplayMemory
from bot.snapshot.verify.resumption import remember, resume

PORTIONS = 7
"""A rotating check hashes one of seven parts of the payload, so that a week covers all files."""

_REDACTION = re.compile(r"data/_source/[^/]+/(?:\d+/)?redaction-\d+\.json")


@dataclass(frozen=True, slots=True)
class Verification:
    """The result of a verification. *runs* is the number of heads in the chain."""

    root: Path | str
    """The folder, or the address of the object storage."""
    findings: tuple[Finding, ...]
    head: Checkpoint | None
    head_digest: str | None
    runs: int
    bags: int
    hashed_files: int
    hashed_bytes: int
    is_partial: bool
    is_signer_checked: bool
    is_replayed: bool = False
    """Whether the log of every run was compared with the manifests; never for format 1."""
    removals: tuple[Removal, ...] = ()
    """The files that redactions removed."""
    proof: Proof | None = None
    """What the check proves; None if there are findings."""

    @property
    def is_clean(self) -> bool:
        """Whether there are no findings."""
        return not self.findings


@paused_collector()
def verify(
    root: Path | str,
    *,
    witnesses: Sequence[str] = (),
    allowed_signers: str | None = None,
    portion: int | None = None,
    now: datetime | None = None,
    tree: Tree | None = None,
    remembered: str | None = None,
    memory: ReplayMemory | None = None,
) -> Verification:
    """Verify everything under *root*, or in *tree*, which is there.

    *portion* (any number, for example of the day) hashes a seventh of the payload. It replays only the runs after the
    one that *memory* knows; if that has any finding, it replays all. A clean check is noted in *memory*.

    *witnesses* are the SHA-256 of each `CHECKPOINT` that was published elsewhere. With *now*, a head of the future is a
    finding. *remembered* is the SHA-256 of the newest head that the bot itself wrote; it is no witness. Read-only.
    Raises `SnapshotError` if a witness is not a whole digest.
    """
    order = _Order(
        root, [whole_digest(each) for each in witnesses], allowed_signers, portion, now, tree, remembered, memory
    )
    checked, is_resumed = _verify(order, resumes=portion is not None)
    return checked if checked.is_clean or not is_resumed else _verify(order, resumes=False)[0]


@dataclass(frozen=True, slots=True)
class _Order:
    """What `verify` was asked for."""

    root: Path | str
    witnesses: Sequence[str]
    allowed_signers: str | None
    portion: int | None
    now: datetime | None
    tree: Tree | None
    remembered: str | None
    memory: ReplayMemory | None


def _verify(order: _Order, *, resumes: bool) -> tuple[Verification, bool]:
    """Return the result, and whether only the runs after the remembered head were replayed."""
    inspection = Inspection(order.tree or Tree(Path(order.root)))
    if not inspection.tree.files and not order.remembered:
        raise EvidenceError(f"there are no snapshots in {order.root}; `wikibot snapshot` makes the first")
    if not order.remembered and _is_bag(inspection.tree):
        raise EvidenceError(f"{order.root} is one bag of the snapshots; give the folder that has {HEAD}")
    _skip_staging(inspection)
    head, chain = _check_heads(inspection, order)
    sums = load_sums(inspection)
    contents = _Contents(inspection, chain, order.portion, sums)
    contents.check(order.memory if resumes else None)
    for path, flaw in find_bad_names(inspection.tree.files - contents.proven):
        inspection.report(FindingKind.MALFORMED, path, flaw)
    for witness in (*order.witnesses, *([order.remembered] if order.remembered else [])):
        check_witness(inspection, chain, witness)
    inspection.findings += inspection.iter_strays()
    if order.memory and not inspection.findings:
        contents.remember(order.memory)
    return _conclude(inspection, order, head, chain, contents), contents.is_resumed


def _is_bag(tree: Tree) -> bool:
    return tree.has_file("bagit.txt") and not any(map(tree.has_file, (HEAD, SUMS)))


def _check_heads(inspection: Inspection, order: _Order) -> tuple[Checkpoint | None, Chain]:
    signers = order.allowed_signers
    head = check_head(inspection, signers, must_be_signed=signers is not None)
    chain = check_chain(inspection, head) if head else Chain()
    if head and head.format == 1:
        _skip_work_folder(inspection)
    check_succession(inspection, chain)
    check_last_capture(inspection, chain)
    if chain.heads:
        check_earlier_keys(inspection, chain, signers)
    if order.now:
        check_clock(inspection, chain, order.now)
    return head, chain


def _conclude(
    inspection: Inspection, order: _Order, head: Checkpoint | None, chain: Chain, contents: "_Contents"
) -> Verification:
    is_signer_checked = bool(order.allowed_signers and head and head.key)
    proof = choose_proof(
        is_signer_checked=is_signer_checked,
        has_witness=bool(order.witnesses) and not any(each.lost for each in chain.heads),
        is_replayed=contents.is_replayed,
    )
    return Verification(
        order.root,
        ordered(inspection.findings),
        head,
        chain.digests[0] if head else None,
        len(chain.heads),
        len(contents.bags),
        inspection.tree.hashed_files,
        inspection.tree.hashed_bytes,
        order.portion is not None,
        is_signer_checked,
        contents.is_replayed,
        tuple(contents.replay.removals),
        None if inspection.findings else proof,
    )


def _skip_staging(inspection: Inspection) -> None:
    """Do not look into staging folders; while no run is writing, report each as the rest of an interrupted run."""
    tree = inspection.tree
    found = (path for paths in (tree.files, tree.others, tree.empty) for path in paths if path.startswith("staging-"))
    staged = {path for path in found if STAGING.fullmatch(path.partition("/")[0])}
    if staged and not tree.is_being_written():
        for name in {path.partition("/")[0] for path in staged}:
            message = "a capture was interrupted here; the next `wikibot snapshot` completes or discards it"
            inspection.report(FindingKind.INTERRUPTED, name, message)
    inspection.unnamed -= staged
    tree.empty -= staged


def _skip_work_folder(inspection: Inspection) -> None:
    """Do not look into the folder that format 1 had for lock and index; it was never evidence."""
    tree = inspection.tree
    inspection.unnamed -= {path for path in tree.files | tree.others if path.startswith(".wikibot/")}
    tree.empty = {path for path in tree.empty if path.partition("/")[0] != ".wikibot"}


class _Contents:
    """Checks the bags, and compares them with the log."""

    def __init__(self, inspection: Inspection, chain: Chain, portion: int | None, sums: dict[str, str]) -> None:
        self.inspection, self.chain = inspection, chain
        self.bags = bag_names(sums)
        self.replay = Replay(inspection)
        self.is_replayed = False
        self.is_resumed = False
        self.proven = set[str]()
        """Paths whose names an earlier check has compared, because their lists are as they were."""
        self._tags = {bag: sums[f"{bag}/{TAG_MANIFEST}"] for bag in self.bags}
        self._portion = portion
        self._is_whole = portion is None
        self._is_due = _due(portion)
        self._is_compared = False
        self._settled = frozenset[str]()
        self._manifests: dict[str, dict[str, str]] = {}
        self._pages = defaultdict[str, dict[str, LoggedPage]](dict)
        """The last state of each page, by bag."""

    def check(self, memory: ReplayMemory | None) -> None:
        """Replay the log if all of it is there, and check each bag, also against the log.

        With *memory*, only what came after the last clean check is replayed.
        """
        found = {bag: check_bag_tags(self.inspection, bag) for bag in self.bags}
        self._manifests = {bag: manifest for bag, manifest in found.items() if manifest is not None}
        is_logged = self.chain.is_whole and self.chain.heads[0].format > 1
        if is_logged and memory:
            self._resume(memory)
        if is_logged and not self.is_resumed:
            for head in reversed(self.chain.heads):
                self.replay.add_run(head)
        self._is_compared = is_logged and self.replay.is_whole
        if self._is_compared:
            self._compare()
        rows = [self._check_bag(bag) for bag in self._manifests]
        if self._is_compared and self._is_whole:
            self._check_index(rows)
            self.is_replayed = True

    def remember(self, memory: ReplayMemory) -> None:
        """Save what a check without findings replayed."""
        if self._is_compared:
            remember(memory, self.chain.digests[0], self._tags, self.replay, self._portion, self._settled)

    def _resume(self, memory: ReplayMemory) -> None:
        resumed = resume(self.inspection, self.chain, self._manifests, self._tags, memory, self._portion)
        if resumed:
            self.is_resumed, self.replay, self._settled = True, resumed.replay, resumed.settled

    def _compare(self) -> None:
        unsettled = {bag: manifest for bag, manifest in self._manifests.items() if bag not in self._settled}
        self.replay.compare(unsettled)
        self.replay.check_pages()
        redacted = list(self._iter_first_redactions())
        if not self.is_resumed:  # what was there at the remembered head is kept, or removed by an event
            self.replay.check_first_format(redacted)
        for page, log in self.replay.pages.items():
            self._pages[log.bag][page] = log
        for lost in self._pages.keys() - self._manifests.keys():
            message = f"{len(self._pages[lost])} pages were captured here, but SHA256SUMS does not list the bag"
            self.inspection.report(FindingKind.LOG, lost, message)

    def _check_bag(self, bag: str) -> IndexRow | None:
        """Check one bag; return its row of the index if it was compared with the log without findings."""
        manifest, pages, tree = self._manifests[bag], self._pages[bag], self.inspection.tree
        records = RecordReader(frozenset(f"{bag}/{log.record}" for log in pages.values()))
        before = tree.hashed_bytes
        names = check_payload(self.inspection, bag, manifest, self._is_due, records)
        octets = self._payload_size(bag, tree.hashed_bytes - before)
        if self.chain.heads and self.chain.heads[0].format == 1:
            check_first_format(self.inspection, bag, manifest)
        if bag in self._settled:
            self.proven.update(names)
        if not self._is_compared or bag in self._settled:
            return None
        loaded = load_checked_bag(self.inspection, bag, manifest, origin=self.chain.heads[0].origin, octets=octets)
        if loaded is None or not tree.has_file(f"{bag}/{PAGES}"):
            return None
        check = BagCheck(self.inspection, loaded, pages, records, self._is_due, self.replay.gone)
        return check.check(is_whole=self._is_whole)

    def _check_index(self, rows: Sequence[IndexRow | None]) -> None:
        """Compare the index of all bags, if each bag has a row."""
        filled = [row for row in rows if row]
        if len(filled) < len(rows):
            return
        index = render_root_index([row for row in filled if row.pages], self.chain.heads[0].origin)
        if self.inspection.read("README.md") != index:
            self.inspection.report(FindingKind.LOG, "README.md", "is not what the captured pages make it")

    def _payload_size(self, bag: str, octets: int) -> int | None:
        """Return the size of the payload; None if not all of it was read, or if a finding explains another size."""
        is_damaged = any(finding.path.startswith(f"{bag}/data/") for finding in self.inspection.findings)
        return octets if self._is_whole and not is_damaged else None

    def _iter_first_redactions(self) -> Iterator[str]:
        """Yield the digests in the records of redactions."""
        for bag, manifest in self._manifests.items():
            for path in manifest:
                if (
                    "/redaction-" in path
                    and _REDACTION.fullmatch(path)
                    and self.inspection.tree.has_file(f"{bag}/{path}")
                ):
                    try:
                        removed = json.loads(self.inspection.tree.read(f"{bag}/{path}"))["removed"]
                        yield from map(str, removed.values())
                    except (OSError, ValueError, KeyError, TypeError, AttributeError, RecursionError):
                        self.inspection.report(FindingKind.LOG, f"{bag}/{path}", "is not the record of a redaction")


def _due(portion: int | None) -> Callable[[str], bool]:
    if portion is None:
        return lambda _path: True
    return lambda path: zlib.crc32(path.encode()) % PORTIONS == portion % PORTIONS

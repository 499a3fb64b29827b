"""Take over snapshots of format 1: check them in full, then describe the whole tree in one run of format 2.

The files stay as they are, except for lists, indexes and the notes about redacted pages. The old log stays verbatim.
The new head names the old one, so that a head of format 1 that was published is still a witness.
"""

import json
import re
import shutil
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from bot.errors import EvidenceError, SnapshotError
from bot.snapshot.archive import paths
from bot.snapshot.archive.bag import (
    MANIFEST,
    PAGES,
    TAG_MANIFEST,
    Bag,
    bag_names,
    parse_bag_info,
    parse_manifest,
    sha256,
)
from bot.snapshot.archive.change_list import is_rendition
from bot.snapshot.archive.checkpoint import HEAD, SUMS, Checkpoint, parse_checkpoint, read_head
from bot.snapshot.archive.continuity import as_remembered, find_heads
from bot.snapshot.archive.disk import Disk
from bot.snapshot.archive.entry import PageEntry, Tombstone
from bot.snapshot.archive.events import Event, EventOutcome, EventType
from bot.snapshot.archive.evidence_state import EvidenceState
from bot.snapshot.archive.first_format import FirstPageLine, parse_first_lines
from bot.snapshot.archive.folder import Folder
from bot.snapshot.archive.journal import recover
from bot.snapshot.archive.library import Library
from bot.snapshot.archive.redaction import render_stub
from bot.snapshot.archive.signature import Signer
from bot.snapshot.archive.writer import Admission, SnapshotWriter, writer_lock
from bot.snapshot.verify.verification import verify

_CONVERTER = re.compile(rb'^converter: "([A-Za-z0-9._ -]+)"$', re.MULTILINE)
_WORK_FOLDER = ".wikibot"


@dataclass(frozen=True, slots=True)
class Upgrade:
    """How to take snapshots over: what the run signs with, whose signature of the old head counts, and who decided."""

    software: str
    clock: Callable[[], datetime]
    signer: Signer | None
    allowed_signers: str | None
    by: str


def upgrade(state: EvidenceState, how: Upgrade, *, disk: Disk | None = None) -> Checkpoint | None:
    """Take over the snapshots; None if they have the present format already.

    An upgrade that was interrupted is completed. Raises `EvidenceError` if the check has findings or the key may not
    sign; then nothing was changed.
    """
    disk = disk or Disk()
    disk.confine(state.root)
    with writer_lock(state):
        recover(state, disk)
        head, digest = _load_head(state)
        if head.format > 1:
            return None
        _check(state, head, digest, how)
        _move_aside(state)
        library = _load_library(state, head, digest)
        writer = SnapshotWriter(
            library,
            state,
            head.origin,
            how.software,
            how.clock,
            disk,
            how.signer,
            admission=Admission(as_remembered(find_heads(library))),
        )
        try:
            return _write(writer, digest, how)
        except Exception:
            writer.discard()
            raise


def _load_head(state: EvidenceState) -> tuple[Checkpoint, str]:
    data = read_head(Folder(state.root)) if state.root.is_dir() else None
    if data is None:
        raise SnapshotError(f"there are no snapshots in {state.root}; `wikibot snapshot` makes the first")
    return parse_checkpoint(data, name=str(state.root / HEAD)), sha256(data)


def _check(state: EvidenceState, head: Checkpoint, digest: str, how: Upgrade) -> None:
    if (state.root / _WORK_FOLDER / "staging" / "journal.json").exists():
        raise EvidenceError(
            f"a capture in {state.root} was interrupted; complete it with `wikibot verify` of the version that wrote it"
        )
    remembered = state.memory.head
    if remembered is not None and remembered.sha256 != digest:
        raise EvidenceError(
            f"this bot remembers run {remembered.sequence} in {state.root}, and the head there is another one, of run "
            f"{head.sequence}; restore that folder from a copy"
        )
    key = how.signer.fingerprint() if how.signer else None
    if head.key not in (None, key):
        raise EvidenceError(
            f"run {head.sequence} is signed by {head.key}; set snapshots.signing_key to that key for the upgrade"
        )
    allowed = how.allowed_signers if head.key else None
    checked = verify(state.root, allowed_signers=allowed, now=how.clock())
    if not checked.is_clean:
        first = checked.findings[0]
        raise EvidenceError(
            f"nothing was taken over, because {state.root} is not as it was captured: {first.path} {first.message}; "
            "see `wikibot verify`, and restore the snapshots from a copy. If its files state no format, a development "
            "version before format 1 wrote them: keep the folder elsewhere, and let `wikibot snapshot` begin new ones"
        )


def _move_aside(state: EvidenceState) -> None:
    """Delete the work folder of format 1, and move the git repository into the state; neither is evidence."""
    try:
        work, git = state.root / _WORK_FOLDER, state.root / ".git"
        if work.is_dir() and not work.is_symlink():
            shutil.rmtree(work)
        if git.is_dir() and not git.is_symlink() and not state.git.exists():
            state.git.parent.mkdir(parents=True, exist_ok=True)
            shutil.move(git, state.git)
    except OSError as error:
        raise SnapshotError(
            f"cannot move {error.filename}: {error.strerror}; no file of the evidence was changed"
        ) from error


def _load_library(state: EvidenceState, head: Checkpoint, digest: str) -> Library:
    folder = Folder(state.root)
    sums = parse_manifest(folder.read_checked(SUMS, head.digests[SUMS], named_by=HEAD), name=SUMS)
    bags = {name: _load_bag(folder, name, sums[f"{name}/{TAG_MANIFEST}"]) for name in bag_names(sums)}
    return Library(state.root, head, sums, bags, digest)


def _load_bag(folder: Folder, name: str, tag_digest: str) -> Bag:
    tags_at = f"{name}/{TAG_MANIFEST}"
    tags = parse_manifest(folder.read_checked(tags_at, tag_digest, named_by=SUMS), name=tags_at)
    info, manifest, pages = (
        folder.read_checked(f"{name}/{file}", tags[file], named_by=tags_at)
        for file in ("bag-info.txt", MANIFEST, PAGES)
    )
    fields = parse_bag_info(info, name=f"{name}/bag-info.txt")
    bag = Bag(name, fields["External-Identifier"], fields["Bag-Group-Identifier"])
    bag.manifest = parse_manifest(manifest, name=f"{name}/{MANIFEST}")
    bag.payload_bytes = int(fields["Payload-Oxum"].partition(".")[0])
    lines = parse_first_lines(pages, name=f"{name}/{PAGES}")
    for page_id, line in lines.items():
        bag.entries[page_id] = _entry_of(line, "")
    return bag


def _entry_of(line: FirstPageLine, converter: str) -> PageEntry:
    names = PageEntry.model_fields.keys() & FirstPageLine.model_fields.keys() - {"tombstone"}
    tombstone = Tombstone(when=line.tombstone.when) if line.tombstone else None
    return PageEntry(**{name: getattr(line, name) for name in names}, tombstone=tombstone, converter=converter)


def _write(writer: SnapshotWriter, old_head: str, how: Upgrade) -> Checkpoint:
    facts = {"name": how.by, "old_head": old_head}
    events = [Event(EventType.UPGRADE, EventOutcome.SUCCESS, "taken over from format 1", (), facts)]
    before = writer.library.head
    if how.signer and before and before.key is None:
        events.append(Event(EventType.START_SIGNING, EventOutcome.SUCCESS, "signing begins", (), {"name": how.by}))
    for bag in writer.library.bags.values():
        bag.is_changed = True
        bag.origin = writer.origin
        for entry in list(bag.entries.values()):
            events.append(Event(EventType.UPGRADE, EventOutcome.SUCCESS, "", (entry.page_id,)))
            _take_over(writer, bag, entry)
        for path in sorted(bag.manifest):
            if not (is_rendition(path) and path.startswith("data/redacted/")):
                writer.adopt(bag, path)
    return writer.finish(events, agents=(how.software,))


def _take_over(writer: SnapshotWriter, bag: Bag, entry: PageEntry) -> None:
    old = writer.library.read(bag, entry.path)
    if entry.redacted_at is None:
        found = _CONVERTER.search(old)
        writer.put_entry(bag, entry.replaced(converter=found[1].decode() if found else ""))
        return
    writer.drop(bag, entry.path)
    record = json.loads(writer.library.read(bag, entry.record_path))
    stub = render_stub(entry, str(record["reason"]), when=entry.redacted_at, run=int(record["sequence"]))
    writer.put(bag, paths.redacted_path(entry.page_id), stub)
    writer.put_entry(bag, entry)

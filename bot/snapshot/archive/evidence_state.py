"""What the bot remembers about its snapshots, and its own files about them, all in the state folder.

The snapshots folder is untrusted, so nothing in it says what the bot did before. `STATE/evidence` has, for each log:

    LOG.json            what the bot remembers: `EvidenceMemory`
    LOG.journal         the transaction that a crash interrupted
    LOG.lock            the lock of the writer
    LOG.git             the git repository
    LOG.search.sqlite   the search index
    LOG.replayed.sqlite what the last clean check replayed
    LOG.captures        what the last capture of each space saw
    LOG.answers.sqlite  what the wiki answered to a capture that was interrupted
    LOG.mirror-….sqlite what was uploaded to one address of object storage

LOG is the id of the log. The folder has the mode 0700 and its files have the mode 0600.

    state = EvidenceState(snapshots_folder, state_folder)
    state.memory                              what is remembered, read again each time
    state.update(lambda memory: …)            change it atomically, also while other processes run
    state.note_witness("page", told=head)     what was published, and what was read back
"""

import fcntl
import hashlib
import os
import unicodedata
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from functools import cached_property
from pathlib import Path
from typing import ClassVar, Literal

from pydantic import Field

from bot.errors import EvidenceError, SettingsError, SnapshotError
from bot.file_format import FileDocument, FileFormatError, FileModel, NewerFormatError
from bot.files import PRIVATE_FOLDER_MODE, make_folders, read_file
from bot.snapshot.archive.canonical_json import dump_json
from bot.snapshot.archive.checkpoint import draw_log_id, load_head
from bot.snapshot.archive.disk import Disk
from bot.snapshot.archive.salt import Salts


class RememberedHead(FileModel):
    """One head."""

    sequence: int
    """Number of the run."""
    sha256: str
    """SHA-256 of its `CHECKPOINT`."""


class WitnessNote(FileModel):
    """What one witness knows."""

    told: RememberedHead | None = None
    """Head that was published there last."""
    read_back: RememberedHead | None = None
    """Head that was read back from there last."""


class RememberedHold(FileModel):
    """A page in a hold."""

    name: str
    """Name of the hold."""
    page_id: str
    """Page id as file names have it."""
    reason: str
    """Why it is held."""
    by: str
    """Who placed the hold."""


class EvidenceMemory(FileDocument):
    """`LOG.json`: what the bot remembers about one log."""

    KIND: ClassVar[str] = "wikibot-evidence"

    format: Literal["wikibot-evidence/1"] = "wikibot-evidence/1"
    """Format of the file."""
    log: str = Field(pattern=r"^[0-9a-f]{32}$")
    """Id of the log."""
    folder: str
    """Snapshots folder, as the settings name it; a link is not followed."""
    heads: tuple[RememberedHead, ...] = ()
    """All heads, the oldest first. A head that is not among them was not written or accepted by this bot."""
    given_up: tuple[RememberedHead, ...] = ()
    """Newest head of each line that a person gave up, by accepting a rollback or beginning a new log."""
    has_signed: bool = False
    """Whether signing has begun; afterwards an unsigned head is refused."""
    key: str | None = None
    """Type and fingerprint of the key of the newest head."""
    next_key: str | None = None
    """Type and fingerprint of the key that a rotation announced."""
    witnesses: dict[str, WitnessNote] = Field(default_factory=dict)
    """What each witness knows, by its name; for a webhook also by a digest of its address."""
    holds: tuple[RememberedHold, ...] | None = None
    """The held pages, which are held again when runs or the whole log are given up; null if they were not read yet."""

    @property
    def head(self) -> RememberedHead | None:
        """The newest head."""
        return self.heads[-1] if self.heads else None

    @property
    def published(self) -> tuple[RememberedHead, ...]:
        """All heads that a witness has."""
        notes = self.witnesses.values()
        return tuple(dict.fromkeys(head for note in notes for head in (note.told, note.read_back) if head))


class EvidenceState:
    """The snapshots folder *root* of a bot, and the bot's own files about it in *state_folder*.

    The memory belongs to *place*, the folder as the settings name it: if that is a link, and somebody lets it lead to
    another folder, the snapshots are missed.
    """

    def __init__(
        self,
        root: Path,
        state_folder: Path,
        *,
        place: Path | None = None,
        draw_log: Callable[[], str] = draw_log_id,
        salts: Salts | None = None,
    ) -> None:
        if state_folder.resolve().is_relative_to(root.resolve()):
            raise SettingsError(
                f"state: {state_folder} lies inside the snapshots folder {root}, which the bot does not trust; "
                "choose a folder outside it"
            )
        self.root = root
        self.folder = state_folder / "evidence"
        self.salts = salts or Salts()
        """The salts of what this process writes."""
        self._draw_log = draw_log
        self._place = place or root

    @property
    def memory(self) -> EvidenceMemory:
        """What is remembered. The id of a new log is drawn and saved once; raises `SnapshotError`."""
        found = self._find()
        if found:
            return found
        with self._locked():
            found = self._find()
            if found is None:
                found = self._begin()
                self._save_alone(found)
            return found

    @property
    def other_folders(self) -> tuple[str, ...]:
        """The snapshots folders of the other logs of this bot, such as one that was moved aside for a new log."""
        known = (_load(path).folder for path in sorted(self.folder.glob("*.json")))
        return tuple(folder for folder in known if folder and folder != self._root_name)

    @property
    def recalled(self) -> EvidenceMemory | None:
        """What is remembered; None before the first run. Nothing is written."""
        return self._find()

    @property
    def prospect(self) -> EvidenceMemory:
        """What a run would remember at its start; the id of a new log is another one each time. Nothing is written."""
        return self._find() or self._begin()

    def update(self, change: Callable[[EvidenceMemory], EvidenceMemory], *, disk: Disk | None = None) -> EvidenceMemory:
        """Replace the memory by what *change* returns, atomically and durably.

        Raises `OSError` as a part of a transaction, which has a *disk*, and `SnapshotError` without one.
        """
        before = self.memory
        with self._locked():
            before = self._find() or before
            after = change(before)
            if after != before:
                self._save(after, disk) if disk else self._save_alone(after)
            return after

    def note_witness(
        self, place: str, *, told: RememberedHead | None = None, read_back: RememberedHead | None = None
    ) -> None:
        """Remember what was published to the witness at *place*, or read back from it; None changes nothing.

        Raises `SnapshotError`.
        """

        def change(memory: EvidenceMemory) -> EvidenceMemory:
            note = memory.witnesses.get(place, WitnessNote())
            note = note.replaced(told=told or note.told, read_back=read_back or note.read_back)
            return memory.replaced(witnesses={**memory.witnesses, place: note})

        self.update(change)

    def begin_log(self, moved_to: Path | None) -> EvidenceMemory:
        """Draw the id of a new log for the folder; the old log is remembered for the folder *moved_to*.

        What was given up and what is held count for the new log too.
        """
        old = self.memory
        folder = _name(moved_to) if moved_to else ""
        self.update(lambda memory: memory.replaced(folder=folder))
        self.__dict__.pop("log", None)
        given_up = tuple(dict.fromkeys((*old.given_up, *old.published, *old.heads[-1:])))
        return self.update(lambda memory: memory.replaced(given_up=given_up, holds=old.holds))

    @cached_property
    def log(self) -> str:
        """The id of the log."""
        return self.memory.log

    @property
    def journal(self) -> Path:
        """The transaction that a crash interrupted."""
        return self.folder / f"{self.log}.journal"

    @property
    def lock(self) -> Path:
        """The lock of the writer."""
        return self.folder / f"{self.log}.lock"

    @property
    def git(self) -> Path:
        """The git repository, without a work tree."""
        return self.folder / f"{self.log}.git"

    @property
    def search(self) -> Path:
        """The search index."""
        return self.folder / f"{self.log}.search.sqlite"

    @property
    def replayed(self) -> Path:
        """What the last clean check replayed."""
        return self.folder / f"{self.log}.replayed.sqlite"

    def mirror(self, address: str) -> Path:
        """The memory of the mirror at *address*."""
        return self.folder / f"{self.log}.mirror-{hashlib.sha256(address.encode()).hexdigest()[:12]}.sqlite"

    def is_of_mirror(self, path: Path) -> bool:
        """Return whether a file is the memory of a mirror, or one that SQLite keeps next to it."""
        return path.name.startswith(f"{self.log}.mirror-")

    @property
    def captures(self) -> Path:
        """What the last capture of each space saw."""
        return self.folder / f"{self.log}.captures"

    @property
    def answers(self) -> Path:
        """What the wiki answered to a capture that is not finished."""
        return self.folder / f"{self.log}.answers.sqlite"

    @property
    def _root_name(self) -> str:
        return _name(self._place)

    def _find(self) -> EvidenceMemory | None:
        """Return the memory of the folder of this name; else that of the same folder under another name."""
        known = []
        for path in sorted(self.folder.glob("*.json")):
            known.append(_load(path))
            if known[-1].folder == self._root_name:
                return known[-1]
        root = self.root.resolve()
        for memory in known:
            if memory.folder and Path(memory.folder).resolve() == root:
                return memory.replaced(folder=self._root_name)
        return None

    def _begin(self) -> EvidenceMemory:
        """Return the memory of the log in a folder that moved; else an empty one, for that log or a new one."""
        with suppress(EvidenceError, OSError):
            head = load_head(self.root)
            if head is not None and head.log:
                known = self.folder / f"{head.log}.json"
                if not known.exists():
                    return EvidenceMemory(log=head.log, folder=self._root_name)
                moved = _load(known)
                if moved.folder and not Path(moved.folder).is_dir():
                    return moved.replaced(folder=self._root_name)
        return EvidenceMemory(log=self._draw_log(), folder=self._root_name)

    def _save_alone(self, memory: EvidenceMemory) -> None:
        try:
            self._save(memory, Disk())
        except OSError as error:
            raise SnapshotError(
                f"{error.filename or self.folder} cannot be written: {error.strerror or error}; the bot cannot go on "
                "without its memory of the snapshots"
            ) from error

    def _save(self, memory: EvidenceMemory, disk: Disk) -> None:
        path = self.folder / f"{memory.log}.json"
        draft = path.with_suffix(".draft")
        disk.write(draft, dump_json(memory.content()))
        disk.sync(draft)
        disk.replace(draft, path)
        disk.sync(self.folder)

    @contextmanager
    def _locked(self) -> Iterator[None]:
        make_private_folder(self.folder)
        handle = os.open(self.folder, os.O_RDONLY | os.O_DIRECTORY)
        try:
            fcntl.flock(handle, fcntl.LOCK_EX)
            yield
        finally:
            os.close(handle)


def make_private_folder(path: Path) -> None:
    """Create a folder that only its owner can read; raises `SettingsError`."""
    try:
        make_folders(path, PRIVATE_FOLDER_MODE)
        if path.stat().st_mode & 0o077:
            path.chmod(PRIVATE_FOLDER_MODE)
    except OSError as error:
        raise SettingsError(
            f"state: {path} cannot be created: {error.strerror}; let the bot write there, or choose another folder"
        ) from error


def _name(folder: Path) -> str:
    return unicodedata.normalize("NFC", os.fsencode(folder.absolute()).decode("utf-8", "backslashreplace"))


def _load(path: Path) -> EvidenceMemory:
    try:
        return EvidenceMemory.parse(read_file(path))
    except NewerFormatError as error:
        raise EvidenceError(f"{path} {error}") from error
    except (OSError, FileFormatError) as error:
        raise EvidenceError(
            f"{path} {error}; restore the state folder from a copy, or move this file away and accept the snapshots "
            "with `wikibot evidence trust --head DIGEST`"
        ) from error

"""The data file as several programs share it: its lock, its history, and the two halves of an adoption.

Commands, scheduler and adoption take the lock from reading to writing. Other programs (an editor, git) do not: their
changes are noticed by the content of the file.
"""

import codecs
import errno
import hashlib
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

from bot.config.data_changes import describe_changes
from bot.config.data_commit import commit_file, repository_lock
from bot.config.data_file import DataFile, read_present, revision_of
from bot.config.data_history import DataHistory, PastRevision, PendingAdoption, end_of
from bot.config.revision_journal import Revision, RevisionJournal
from bot.errors import ContentError, SettingsError
from bot.files import InstanceLock, read_file, replace_file, write_durably
from bot.log import logger

_LOCK_SECONDS = 30.0
"""The longest wait for another edit; an edit of a large file takes about a second."""
_QUIET_SECONDS = 0.2
"""The file is read when it was last written at least this long ago: editors write in several steps."""
_QUIET_SECONDS_NEW_END = 2.0
"""The same if the last line is another than before: the rest may still be to come."""
_MAX_LOOKS = 10


class SharedDataFile:
    """The data file at *path*; *state* is the folder of its lock, its history and its revisions.

    *name* is the name of the workspace. With *commits*, each change is also a commit, if git tracks the file.
    """

    def __init__(self, path: Path, state: Path, name: str | None = None, *, commits: bool = True) -> None:
        self.path = path
        digest = hashlib.sha256(str(path.resolve()).encode()).hexdigest()[:12]
        self.journal = RevisionJournal(state / "revisions" / (name or digest))
        self._commits = commits
        self.history = DataHistory(state / f"data-{digest}.json", path)
        self._lock_path = state / f"data-{digest}.lock"

    @contextmanager
    def lock(self) -> Iterator[None]:
        """Lock the data file; entering waits for another edit, or for a rebase of the clone, then raises `LockedError`.

        Raises `SettingsError` if the lock file cannot be created.
        """
        with (
            InstanceLock(self._lock_path, purpose=f"editing {self.path}", wait_seconds=_LOCK_SECONDS),
            repository_lock(self.path, is_shared=True),
        ):
            yield

    @contextmanager
    def editing(self, sleep: Callable[[float], None] = time.sleep) -> Iterator[None]:
        """Take the lock during an edit, when no other program is writing the file.

        Raises `ContentError` while an interrupted adoption is not settled, and if the file looks cut off.
        """
        with self.lock():
            if self.history.load().adoption is not None:
                raise ContentError(
                    "an adoption was interrupted, so the file may be incomplete; nothing was written: run "
                    "`wikibot plan`, which asks the wiki and completes the file, then edit again",
                    path=self.path,
                )
            self._read_settled(self.history.newest(), sleep)
            yield

    def save(self, document: DataFile, what: str, **details: object) -> Revision:
        """Write *document* as the next revision; the caller has the lock. *what* is the change in words.

        *details* are fields of `Revision`. Raises `ContentError` if the file was changed in the meantime, and
        `SettingsError` if the revision cannot be recorded; then nothing is written.
        """
        self._note_outside(document.loaded_text)
        self._commit(self.journal.newest())
        revision = self.journal.begin(document.text, what=what, **({"origin": "edited"} | details))
        try:
            document.save()
        except BaseException:
            self.journal.settle(document.loaded_text)
            raise
        self._complete(revision)
        self.history.add_saved(document.text, datetime.now(UTC), before=document.loaded_text)
        return revision

    def _complete(self, revision: Revision) -> None:
        self.journal.complete(revision)
        self._commit(revision)

    def _commit(self, revision: Revision | None) -> None:
        """Commit the file as it is if git tracks it and it differs; *revision* is its newest revision."""
        problem = commit_file(self.path, revision.what, revision.who) if self._commits and revision else None
        if problem is not None:
            logger.warning("{}: the change is saved, but not committed: {}", self.path, problem)

    def _note_outside(self, text: str | None) -> None:
        """Record the content of the file, *text*, as a revision if another program made it."""
        self.journal.settle(text)
        if text is None or self.journal.is_newest(text):
            return
        newest = self.journal.newest()
        if newest is None:
            what, origin = "the file as wikibot saw it first", "first"
        else:
            what, origin = self._describe_outside(self.journal.content(newest.number), text), "outside"
        self.journal.complete(self.journal.begin(text, what=what, origin=origin))

    def _describe_outside(self, before: str, after: str) -> str:
        try:
            changes = describe_changes(DataFile.parse(before, self.path), DataFile.parse(after, self.path))
        except ContentError:  # for example an old content that this version refuses
            return "changed outside wikibot"
        return f"changed outside wikibot: {changes}"

    def read(self, sleep: Callable[[float], None] = time.sleep) -> DataFile:
        """Read the file for a comparison with the wiki, and add its revision to the history.

        Waits until no other program is writing the file. Raises `ContentError` if it is still being written, or looks
        cut off.
        """
        try:
            with self.lock():
                if self.history.load().adoption is None:
                    self._drop_prepared()  # left by an adoption that ended before its journal
                newest = self.history.newest()
                document = self._load_settled(newest, sleep)
                self.history.add_read(document.text, datetime.now(UTC))
                self._note_outside(document.text)
                return document
        except SettingsError as error:  # a read-only or full disk must not stop the update of the wiki
            logger.warning("the revision of the data file is not recorded: {}", error)
            return self._load_settled(None, sleep)

    def _load_settled(self, newest: PastRevision | None, sleep: Callable[[float], None]) -> DataFile:
        for _ in range(_MAX_LOOKS):
            text = self._read_settled(newest, sleep)
            document = DataFile.load(self.path)
            if text in (document.text, None):
                return document
        raise self._busy()

    def _read_settled(self, newest: PastRevision | None, sleep: Callable[[float], None]) -> str | None:
        """Return the text of the file when no program is writing it; None if it is not UTF-8 or there is no file."""
        for _ in range(_MAX_LOOKS):
            try:
                state = _state_of(self.path)
                content = read_present(self.path) or b""
                text = content.decode(errors="replace")
                if newest is None or newest.revision != revision_of(text):
                    sleep(_missing_quiet_seconds(newest, text, state))
                    if _state_of(self.path) != state:
                        continue
                    if not _is_start_of_utf8(content):
                        return None
                    self._raise_if_cut_off(newest, text)
            except FileNotFoundError:
                sleep(_QUIET_SECONDS)  # some editors rename the file before they write the new one
                if self.path.exists():
                    continue
                self._raise_if_gone(newest)
                return None
            return text
        raise self._busy()

    def _busy(self) -> ContentError:
        return ContentError("is being written by another program; nothing was published: try again", path=self.path)

    def _raise_if_gone(self, newest: PastRevision | None) -> None:
        """Raise `ContentError` for a file that was read before: a new one from the page has only what is shown."""
        if newest is not None and not self.path.exists():
            raise ContentError(
                f"does not exist, but did on {newest.first_seen:%Y-%m-%d}; nothing was written: put it back, from "
                "version control or a backup. The page has only the items that are shown",
                path=self.path,
            )

    def _raise_if_cut_off(self, newest: PastRevision | None, text: str) -> None:
        if newest is not None and not text.strip():
            raise ContentError(
                "is empty, but was not at the last run; nothing was published: put its content back", path=self.path
            )
        if newest is not None and newest.end.endswith("\n") and not text.endswith("\n"):
            raise ContentError(
                "looks cut off: the last line has no line end, but had one at the last run; nothing was "
                "published: complete the file, or end its last line",
                path=self.path,
                line=text.count("\n") + 1,
            )

    def begin_adoption(self, adoption: PendingAdoption) -> None:
        """Record the adoption and write the new content next to the data file, both durably; the caller has the lock.

        Raises `ContentError` if the data file was changed since the adoption was proposed, or cannot be written; then
        the page must not be written.
        """
        if self.revision() != adoption.before:
            raise ContentError("has changed on disk since it was read; nothing was written, try again", path=self.path)
        self.path.parent.mkdir(parents=True, exist_ok=True)
        try:
            write_durably(self._prepared, adoption.text.encode())
        except OSError as error:
            self._drop_prepared()
            raise ContentError(f"cannot be written: {error.strerror}; nothing was written", path=self.path) from error
        try:
            self.history.begin(adoption)
        except SettingsError:
            self._drop_prepared()
            raise

    def complete_adoption(self) -> bool:
        """Put the prepared content in place, after the page was written; the caller has the lock.

        Returns False, without a change, if another program changed the data file since the adoption began.
        """
        adoption = self._pending()
        if self.revision() not in (adoption.before, revision_of(adoption.text)):
            self.abandon_adoption()
            return False
        revision = self._begin_adopted(adoption.text)
        try:
            if self._prepared.exists() and read_file(self._prepared) == adoption.text.encode():
                self._rename()
            else:
                replace_file(self.path, adoption.text.encode())
                self._drop_prepared()
        except OSError as error:
            raise ContentError(
                f"cannot be written: {error.strerror}; the page is written: the next command completes the file",
                path=self.path,
            ) from error
        if revision is not None:
            self._complete(revision)
        self.history.complete(adoption.text, datetime.now(UTC))
        return True

    def _begin_adopted(self, text: str) -> Revision | None:
        """Begin the revision of an adoption; None if the file has it already."""
        on_disk = read_present(self.path)
        present = None if on_disk is None else on_disk.decode(errors="replace")
        self._note_outside(present)
        if present == text:
            return None
        self._commit(self.journal.newest())
        before = None if present is None else DataFile.parse(present, self.path)
        changes = describe_changes(before, DataFile.parse(text, self.path))
        return self.journal.begin(text, what=f"taken from the page: {changes}", origin="adopted")

    def abandon_adoption(self) -> None:
        """Forget the adoption; the data file stays as it is. The caller has the lock."""
        self.history.abandon(revision_of(self._pending().text))
        self._drop_prepared()

    def _drop_prepared(self) -> None:
        """Remove the prepared content, if there is any; where the disk is read-only, there is none of this bot."""
        try:
            self._prepared.unlink(missing_ok=True)
        except OSError as error:
            if error.errno != errno.EROFS:  # which a read-only mount answers even if there is no such file
                raise

    @property
    def _prepared(self) -> Path:
        target = self.path.resolve()
        return target.with_name(f".{target.name}.adoption")

    def _pending(self) -> PendingAdoption:
        adoption = self.history.load().adoption
        if adoption is None:
            raise RuntimeError("no adoption is being carried out")
        return adoption

    def revision(self) -> str | None:
        """Return the revision of the file on disk; None if there is no file."""
        on_disk = read_present(self.path)
        return None if on_disk is None else revision_of(on_disk.decode(errors="replace"))

    def _rename(self) -> None:
        target = self.path.resolve()
        if target.exists():
            self._prepared.chmod(target.stat().st_mode & 0o777)
        self._prepared.replace(target)


def _missing_quiet_seconds(newest: PastRevision | None, text: str, state: tuple[int, int]) -> float:
    """Return how long to wait until the file was not written for long enough; 0 if it was."""
    quiet = _QUIET_SECONDS if newest is None or newest.end == end_of(text) else _QUIET_SECONDS_NEW_END
    return max(quiet - max(time.time() - state[0] / 1e9, 0), 0)


def _is_start_of_utf8(content: bytes) -> bool:
    """Return whether *content* is UTF-8, or the beginning of it: a file can be cut off within a character."""
    try:
        codecs.getincrementaldecoder("utf-8")().decode(content)
    except UnicodeDecodeError:
        return False
    return True


def _state_of(path: Path) -> tuple[int, int]:
    """Return the time of the last change in nanoseconds, and the size."""
    stat = path.stat()
    return stat.st_mtime_ns, stat.st_size

"""All errors that the bot raises intentionally.

    BotError                        also raised as it is, if nobody needs to distinguish the error
    ├── SettingsError               bot.yaml, environment, secrets or a template are wrong
    ├── ContentError                the canonical data file is wrong
    │   └── EditConflictError       an edit of an entry that somebody else changed in the meantime
    ├── StorageFormatError          page content that the bot cannot change safely
    │   ├── MalformedBodyError      a body that is not well-formed storage format
    │   └── RegionError             region markers that are duplicated, nested, swapped or incomplete
    ├── WikiError                   a request failed, or the wiki rejects a write: 400, 409, 413, 501
    │   ├── WikiUnreachableError    no connection, a timeout, or 5xx after all tries
    │   │   └── UntrustedCertificateError  a certificate of an authority that this machine does not trust
    │   ├── WikiAnswerError         an answer that violates the API (HTML, truncated JSON, another page)
    │   ├── RateLimitedError        429 after all tries
    │   ├── AuthenticationError     401, or a login page
    │   ├── PermissionDeniedError   403
    │   ├── PageNotFoundError       404: a page or space is absent or restricted
    │   ├── PageConflictError       the page was saved after the bot read it
    │   └── WritesForbiddenError    a write was attempted in a dry run
    ├── OutdatedPlanError           the data file has changed since the plan was made
    ├── UnsafePlanError             a plan that exceeds the safety limits
    ├── HistoryError                the run records cannot be read or written
    ├── LockedError                 another instance has the lock
    ├── StoppedError                the stop label is set or unreadable, or a stop was requested
    └── SnapshotError               a problem with the snapshots, or an incomplete capture
        ├── RedactedError           the page was redacted already
        ├── ObjectStoreError        object storage does not answer, refuses a request, or has what nobody expected
        └── EvidenceError           the snapshots on disk are missing, damaged or inconsistent
            └── ContinuityError     the snapshots do not continue what this bot remembers; a person decides

Each message says what happened, to what, and what to do. Each error has the data that a caller needs.
"""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path


class BotError(Exception):
    """An error that the bot reports to people without a traceback."""


class LocatedError(BotError):
    """An error with a position in a file; *line* counts from 1."""

    def __init__(self, message: str, *, path: Path | str | None = None, line: int | None = None) -> None:
        place = "" if path is None else f"{path}: " if line is None else f"{path}:{line}: "
        super().__init__(place + message)
        self.path, self.line = path, line


class SettingsError(LocatedError):
    """bot.yaml, environment, secrets or a template are wrong."""


class ContentError(LocatedError):
    """The canonical data file is wrong."""


@dataclass(frozen=True, slots=True)
class EditConflict:
    """What two people made of one field of one entry; None: without a value. *field* is empty for a whole entry.

    The values are those of JSON: of *base*, from which both began, of *theirs*, in the file, and *yours*, not saved.
    """

    entry: str
    field: str
    base: object
    theirs: object
    yours: object

    def __str__(self) -> str:
        """Return the conflict with all three values."""
        what = f"{self.entry}, {self.field}" if self.field else self.entry
        return f"{what}:\n  was:    {_said(self.base)}\n  theirs: {_said(self.theirs)}\n  yours:  {_said(self.yours)}"


def _said(value: object) -> str:
    if value is None:
        return "(nothing)"
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)


class EditConflictError(ContentError):
    """An edit of entries that somebody else changed in the meantime; nothing was saved."""

    def __init__(self, conflicts: Sequence[EditConflict], *, path: Path | str | None = None) -> None:
        listed = "\n".join(map(str, conflicts))
        super().__init__(
            f"was changed by somebody else at the same entry; nothing was saved: decide, then edit again\n{listed}",
            path=path,
        )
        self.conflicts = tuple(conflicts)


class StorageFormatError(BotError):
    """Page content that the bot cannot change safely."""


class MalformedBodyError(StorageFormatError):
    """A body that is not well-formed storage format; *offset* is the position at which parsing failed."""

    def __init__(self, message: str, *, offset: int | None = None) -> None:
        super().__init__(message)
        self.offset = offset


class RegionError(StorageFormatError):
    """Region markers that are duplicated, nested, swapped or incomplete; *region* is the name of the region."""

    def __init__(self, message: str, *, region: str) -> None:
        super().__init__(message)
        self.region = region


class WikiError(BotError):
    """A request failed or the wiki rejected a write; *status* is the HTTP status of the refusal, or None."""

    status: int | None = None


class WikiUnreachableError(WikiError):
    """No connection, a timeout, or a server error after all tries."""


class UntrustedCertificateError(WikiUnreachableError):
    """The certificate is signed by an authority that this machine does not trust; `wiki.ca_bundle` can add it."""


class WikiAnswerError(WikiError):
    """An answer that violates the API: HTML, truncated JSON, a wrong type, or the data of another page."""


class UnsettledListingError(WikiAnswerError):
    """A listing that changed during each attempt to read it; everything that was seen has been returned."""


class RateLimitedError(WikiError):
    """The wiki answered 429; *retry_after_seconds* is the last `Retry-After`, or None.

    *is_worth_waiting* is set for a page write that was not sent again: the next write slot begins after the wait that
    the wiki asks for, and the page has to be read again then.
    """

    is_worth_waiting = False

    def __init__(self, message: str, *, retry_after_seconds: float | None = None) -> None:
        super().__init__(message)
        self.retry_after_seconds = retry_after_seconds


class AuthenticationError(WikiError):
    """Authentication failed: 401, or a login page instead of an answer."""


class PermissionDeniedError(WikiError):
    """The account does not have permission for the request."""


class PageNotFoundError(WikiError):
    """The page, or without *page* the space, does not exist or is restricted; the wiki answers 404 for both.

    *reason* is what is known about the page, and what to do.
    """

    def __init__(self, page: str = "", *, space_key: str | None = None, said: str = "", reason: str = "") -> None:
        if page:
            what = f"page {page!r} was not found" + (f" in space {space_key}" if space_key else "")
            advice = "it may have been renamed, deleted or restricted for the bot's account"
        else:
            what = f"space {space_key!r} was not found"
            advice = "check its key, and that the bot's account may see the space"
        super().__init__(f"{what}{_quoted(said)}; {reason or advice}")
        self.page, self.space_key = page, space_key


def _quoted(said: str) -> str:
    """Return the message of the wiki in parentheses."""
    return f" ({said})" if said else ""


class PageConflictError(WikiError):
    """The page was saved after the bot read it."""

    def __init__(self, page_id: str, *, base_version: int) -> None:
        super().__init__(f"page {page_id} was saved after version {base_version} was read; plan again")
        self.page_id, self.base_version = page_id, base_version


class WritesForbiddenError(WikiError):
    """A write was attempted while writing is forbidden (a dry run): a bug, blocked by the session."""


class OutdatedPlanError(BotError):
    """The data file has changed since the plan was made; nothing was written."""


class UnsafePlanError(BotError):
    """A plan that exceeds the safety limits; nothing was written."""


class HistoryError(BotError):
    """The run records cannot be read or written."""


class LockedError(BotError):
    """Another instance has the lock; *holder* describes that instance."""

    def __init__(self, message: str, *, holder: str = "") -> None:
        super().__init__(message)
        self.holder = holder


class StoppedError(BotError):
    """Work was stopped: the stop label is set or cannot be read, or a person requested a stop."""


class NotifyError(BotError):
    """A message to a person or to a monitor was not sent."""


class SnapshotError(BotError):
    """A problem with the snapshots, or pages that should have been captured and were not."""


class ObjectStoreError(SnapshotError):
    """Object storage does not answer, refuses a request, or has something that nobody expected there."""


class RedactedError(SnapshotError):
    """The page was redacted already."""


class EvidenceError(SnapshotError):
    """The snapshots on disk are missing, damaged or inconsistent."""


class ContinuityError(EvidenceError):
    """The snapshots on disk do not continue what this bot or a witness knows; a person decides. Nothing was written."""

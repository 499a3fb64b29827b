"""Every error that the bot raises on purpose.

    BotError
    ├── SettingsError               bot.yaml, environment or secrets are wrong
    ├── ContentError                the canonical data file is wrong
    ├── TemplateError               a template is missing or refers to what is not there
    ├── SpliceError                 spans that overlap or lie outside the text
    ├── StorageFormatError
    │   ├── MalformedBodyError      a body that is not well-formed storage format
    │   └── RegionError             region markers that are doubled, nested, swapped or half lost
    ├── WikiError
    │   ├── WikiUnreachableError    no connection, a timeout, 5xx that lasted
    │   │   └── UntrustedCertificateError  a certificate of an authority that this machine does not know
    │   ├── WikiAnswerError         an answer that is not what the API promises (HTML, cut JSON, another page)
    │   ├── RateLimitedError        429 that lasted
    │   ├── AuthenticationError     401, or a login page
    │   ├── PermissionDeniedError   403
    │   ├── PageNotFoundError       404, which may also mean restricted
    │   │   └── SpaceNotFoundError  no such space for this account
    │   ├── PageConflictError       someone saved the page after we read it
    │   ├── RejectedWriteError      the wiki refuses what we sent: 400, 409, 413, 501
    │   └── WritesForbiddenError    a write was tried in a dry run
    ├── PlanError                   a plan that is unreadable, or not the one that was reviewed
    │   └── UnsafePlanError         a plan past the safety limits
    ├── HistoryError                the run records cannot be read or written
    ├── LockedError                 another instance holds the lock
    ├── StoppedError                the stop page or label is set
    └── SnapshotError
        ├── ShortfallError          pages that should have been captured were not
        └── EvidenceError           the snapshots on disk are not what they should be

The message says what happened, to what, and what to do. Each carries the data that a caller needs.
"""

from pathlib import Path


class BotError(Exception):
    """Anything the bot reports to a person without a traceback."""


class LocatedError(BotError):
    """An error with a place in a file; *line* counts from 1."""

    def __init__(self, message: str, *, path: Path | str | None = None, line: int | None = None) -> None:
        place = "" if path is None else f"{path}: " if line is None else f"{path}:{line}: "
        super().__init__(place + message)
        self.path, self.line = path, line


class SettingsError(LocatedError):
    """bot.yaml, environment or secrets are wrong."""


class ContentError(LocatedError):
    """The canonical data file is wrong."""


class TemplateError(LocatedError):
    """A template is missing, malformed, or refers to what is not there."""


class SpliceError(BotError):
    """Spans that overlap or lie outside the text."""


class StorageFormatError(BotError):
    """Something about a page body in storage format."""


class MalformedBodyError(StorageFormatError):
    """A body that is not well-formed storage format; *offset* is where the parser gave up."""

    def __init__(self, message: str, *, offset: int | None = None) -> None:
        super().__init__(message)
        self.offset = offset


class RegionError(StorageFormatError):
    """Region markers that are doubled, nested, swapped or half lost; *region* names the region."""

    def __init__(self, message: str, *, region: str) -> None:
        super().__init__(message)
        self.region = region


class WikiError(BotError):
    """The wiki did not do what we asked; *status* is the HTTP status of its refusal, None without one."""

    status: int | None = None


class WikiUnreachableError(WikiError):
    """No connection, a timeout, or a server error that lasted through our tries."""


class UntrustedCertificateError(WikiUnreachableError):
    """The certificate is signed by an authority that this machine does not know; `wiki.ca_bundle` can name it."""


class WikiAnswerError(WikiError):
    """An answer that is not what the API promises: HTML, cut JSON, a wrong type, another page's data."""


class RateLimitedError(WikiError):
    """The wiki kept answering 429; *retry_after_seconds* is its last wish, if it named one."""

    def __init__(self, message: str, *, retry_after_seconds: float | None = None) -> None:
        super().__init__(message)
        self.retry_after_seconds = retry_after_seconds


class AuthenticationError(WikiError):
    """The wiki does not know us: 401, or a login page in the place of an answer."""


class PermissionDeniedError(WikiError):
    """The account may not do this."""


class PageNotFoundError(WikiError):
    """No such page for this account: absent, or restricted (the wiki answers 404 for both)."""

    def __init__(self, page: str, *, space_key: str | None = None, said: str = "") -> None:
        where = f" in space {space_key}" if space_key else ""
        super().__init__(
            f"page {page!r} was not found{where}{_quoted(said)}; "
            "it may have been renamed, deleted or restricted for the bot's account"
        )
        self.page, self.space_key = page, space_key


class SpaceNotFoundError(PageNotFoundError):
    """No such space for this account; every page of it is as absent."""

    def __init__(self, space_key: str, *, said: str = "") -> None:
        WikiError.__init__(
            self,
            f"space {space_key!r} was not found{_quoted(said)}; "
            "check its key, and that the bot's account may see the space",
        )
        self.page, self.space_key = "", space_key


def _quoted(said: str) -> str:
    """Return the wiki's own words in parentheses."""
    return f" ({said})" if said else ""


class PageConflictError(WikiError):
    """Someone saved the page after we read it."""

    def __init__(self, page_id: str, *, base_version: int) -> None:
        super().__init__(f"page {page_id} has moved on from version {base_version}; plan again")
        self.page_id, self.base_version = page_id, base_version


class RejectedWriteError(WikiError):
    """The wiki refuses what we sent: malformed body, archived page, too large."""


class WritesForbiddenError(WikiError):
    """A write was tried while writing is forbidden (a dry run): a bug, stopped in the session."""


class PlanError(BotError):
    """A plan that is unreadable, out of date, or not the one that was reviewed."""


class UnsafePlanError(PlanError):
    """A plan past the safety limits; nothing was written."""


class HistoryError(BotError):
    """The run records cannot be read or written."""


class LockedError(BotError):
    """Another instance holds the lock; *holder* describes it."""

    def __init__(self, message: str, *, holder: str = "") -> None:
        super().__init__(message)
        self.holder = holder


class StoppedError(BotError):
    """The stop page or stop label is set, or its state could not be read; nothing was written."""


class SnapshotError(BotError):
    """Something about the snapshots."""


class ShortfallError(SnapshotError):
    """Pages that should have been captured were not."""


class EvidenceError(SnapshotError):
    """The snapshots on disk are not what they should be."""

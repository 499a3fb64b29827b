"""Fetch everything about one page; several pages can be fetched concurrently."""

import hashlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from itertools import takewhile

from bot.config.policy import HistoryMode
from bot.errors import PageNotFoundError, WikiAnswerError, WikiError
from bot.snapshot.archive.bag import sha256
from bot.snapshot.archive.journal import StagedFile
from bot.snapshot.archive.record import PageRecord, RecordedComment, RecordedFile, RecordedRestrictions, RecordedVersion
from bot.snapshot.capture.agreement import agreed
from bot.storage.visible_text import is_blank
from bot.wiki.gateway import Attachment, Page, Restrictions, WikiGateway

_SMALL_BYTES = 1 << 20


@dataclass(frozen=True, slots=True)
class Download:
    """The staged bytes of an attachment version that is not captured yet."""

    attachment: Attachment
    file: StagedFile


@dataclass(frozen=True, slots=True)
class Observation:
    """A page with all its data, as fetched from the wiki."""

    page: Page
    labels: tuple[str, ...]
    restrictions: RecordedRestrictions
    comments: tuple[RecordedComment, ...]
    versions: tuple[RecordedVersion, ...]
    attachments: tuple[Attachment, ...]
    downloads: tuple[Download, ...]
    older: tuple[Page, ...] = ()
    missing: tuple[str, ...] = ()
    """Attachments that could not be downloaded although the page could be read."""
    purged: tuple[int, ...] = ()
    """Versions that the history lists but the wiki no longer has."""


@dataclass(frozen=True, slots=True)
class Known:
    """What is already captured of a page."""

    record: PageRecord | None = None
    held_versions: frozenset[int] = field(default_factory=frozenset)


def observe(
    gateway: WikiGateway,
    page: Page,
    known: Known,
    history: HistoryMode,
    new_file: Callable[[], StagedFile],
    restrictions: Restrictions | None = None,
) -> Observation:
    """Fetch all data of *page*; raises `WikiError` if anything except an attachment cannot be read.

    What is not captured yet is read until two answers agree. An empty text of a page that has a text counts as
    unreadable. Each attachment is downloaded to a file of *new_file*. *restrictions* are those that this run has read
    already.
    """
    held = known.record
    versions = _fetch_versions(gateway, page, known)
    if is_blank(page.body):
        _check_blank(gateway, page, known, versions)
    older, purged = _fetch_older(gateway, page, _wanted_versions(page, versions, known, history))
    attachments = agreed(lambda: _fetch_attachments(gateway, page.id), is_known=lambda found: _same_files(held, found))
    downloads, missing = _download_new(gateway, attachments, known, new_file)
    return Observation(
        page,
        agreed(
            lambda: tuple(sorted(gateway.fetch_labels(page.id))),
            is_known=lambda labels: held is not None and labels == held.labels,
        ),
        _fetch_restrictions(gateway, page.id, held, restrictions),
        agreed(
            lambda: tuple(map(RecordedComment.taken_from, gateway.fetch_comments(page.id))),
            is_known=lambda comments: held is not None and comments == held.comments,
        ),
        versions,
        attachments,
        downloads,
        older,
        missing,
        purged,
    )


def _check_blank(gateway: WikiGateway, page: Page, known: Known, versions: Sequence[RecordedVersion]) -> None:
    """Raise `WikiError` if the wiki sends an empty text for a page that has one.

    Observed: the API sends an empty body for some live documents while people see the text of an earlier version.
    """
    before = known.record
    is_other_text = (
        before is not None and before.version.number == page.version and before.source_bytes > len(page.body)
    )
    is_our_text = bool(versions) and versions[0].number == page.version and versions[0].message.startswith("wikibot ")
    is_lost = page.ref.is_live and page.version > 1 and not _was_blank(gateway, page)
    is_known = before is not None and before.source_sha256 == sha256(page.body.encode("utf-8", "surrogatepass"))
    is_shown = not is_known and not is_blank(agreed(lambda: gateway.fetch_view(page.id)))
    if is_other_text or is_our_text or is_lost or is_shown:
        live = "; it is a live document, whose text people may see all the same" if page.ref.is_live else ""
        raise WikiError(f"the wiki sends an empty text for version {page.version}, which has one{live}")


def _was_blank(gateway: WikiGateway, page: Page) -> bool:
    try:
        return is_blank(agreed(lambda: gateway.fetch_page(page.id, version=page.version - 1)).body)
    except PageNotFoundError:
        return True


def same_file(file: RecordedFile, attachment: Attachment) -> bool:
    """Return whether this version of an attachment is already captured."""
    held = (file.id, file.version.number, file.size_bytes)
    return file.path is not None and held == (attachment.id, attachment.version.number, attachment.size_bytes)


def _fetch_attachments(gateway: WikiGateway, page_id: str) -> tuple[Attachment, ...]:
    return tuple(_with_author(gateway, attachment) for attachment in gateway.fetch_attachments(page_id))


def _fetch_restrictions(
    gateway: WikiGateway, page_id: str, held: PageRecord | None, read: Restrictions | None
) -> RecordedRestrictions:
    known = [held.restrictions] if held else []
    if read is not None:
        first = RecordedRestrictions.taken_from(read)
        if first in known:
            return first
        known.append(first)
    return agreed(
        lambda: RecordedRestrictions.taken_from(gateway.fetch_restrictions(page_id)), is_known=lambda one: one in known
    )


def _same_files(held: PageRecord | None, found: Sequence[Attachment]) -> bool:
    if held is None:
        return False
    files = {file.id: file for file in held.attachments}
    return len(files) == len(found) and all(one.id in files and same_file(files[one.id], one) for one in found)


def _with_author(gateway: WikiGateway, attachment: Attachment) -> Attachment:
    """Add the name of the author if the listing has only the id."""
    author = attachment.version.author
    if author.display_name != author.id:
        return attachment
    return replace(attachment, version=replace(attachment.version, author=gateway.fetch_user(author.id)))


def _fetch_versions(gateway: WikiGateway, page: Page, known: Known) -> tuple[RecordedVersion, ...]:
    """Return the version history, newest first; captured versions are not requested again."""
    before = known.record
    if before and before.versions and before.versions[0].number == page.version:
        return before.versions
    old = {version.number: version for version in before.versions} if before else {}

    def fetch_fresh() -> tuple[RecordedVersion, ...]:
        listed = gateway.fetch_versions(page.id)
        return tuple(map(RecordedVersion.taken_from, takewhile(lambda version: version.number not in old, listed)))

    return (*agreed(fetch_fresh), *(before.versions if before else ()))


def _wanted_versions(page: Page, versions: Sequence[RecordedVersion], known: Known, history: HistoryMode) -> list[int]:
    numbers = sorted(version.number for version in versions if version.number < page.version)
    missing = [number for number in numbers if number not in known.held_versions]
    match history:
        case HistoryMode.ALL:
            return missing
        case HistoryMode.CHANGES if known.held_versions:
            return [number for number in missing if number > max(known.held_versions)]
        case _:
            return []


def _fetch_older(gateway: WikiGateway, page: Page, numbers: list[int]) -> tuple[tuple[Page, ...], tuple[int, ...]]:
    found, purged = [], []
    for number in numbers:
        try:
            found.append(_fetch_version(gateway, page.id, number))
        except PageNotFoundError:
            purged.append(number)
    return tuple(found), tuple(purged)


def _fetch_version(gateway: WikiGateway, page_id: str, number: int) -> Page:
    return agreed(lambda: gateway.fetch_page(page_id, version=number))


def _download_new(
    gateway: WikiGateway, attachments: Sequence[Attachment], known: Known, new_file: Callable[[], StagedFile]
) -> tuple[tuple[Download, ...], tuple[str, ...]]:
    held = known.record.attachments if known.record else ()
    downloads, missing = [], []
    for attachment in attachments:
        if any(same_file(file, attachment) for file in held):
            continue
        file = new_file()
        try:
            _download(gateway, attachment, file)
            downloads.append(Download(attachment, file))
        except WikiError as error:
            file.remove()
            missing.append(f"{attachment.name}: {error}")
    return tuple(downloads), tuple(missing)


def _download(gateway: WikiGateway, attachment: Attachment, file: StagedFile) -> None:
    """Write the bytes of an attachment to *file*; a small file is read until two answers agree.

    The size proves little about a small file: another one may have the same.
    """
    gateway.download(attachment, file)
    if attachment.size_bytes > _SMALL_BYTES:
        return
    check = _Digest()
    gateway.download(attachment, check)
    if check.sha256 != file.sha256:
        gateway.download(attachment, file)
    if check.sha256 != file.sha256:
        raise WikiAnswerError("the wiki sends other bytes each time")


class _Digest:
    """A download of which only the digest is kept."""

    def __init__(self) -> None:
        self.restart()

    def restart(self) -> None:
        self._digest = hashlib.sha256()

    def write(self, data: bytes) -> None:
        self._digest.update(data)

    @property
    def sha256(self) -> str:
        return self._digest.hexdigest()

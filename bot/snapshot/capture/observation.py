"""Fetch everything about one page; several pages can be fetched concurrently."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace

from bot.config.policy import HistoryMode
from bot.errors import PageNotFoundError, WikiError
from bot.snapshot.archive.journal import StagedFile
from bot.snapshot.archive.record import PageRecord, RecordedComment, RecordedFile, RecordedRestrictions, RecordedVersion
from bot.storage.visible_text import is_blank
from bot.wiki.gateway import Attachment, Page, Restrictions, WikiGateway


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

    An empty text of a page that has a text counts as unreadable. Each attachment is downloaded to a file of *new_file*.
    *restrictions* are requested, unless this run has read them already.
    """
    versions = _fetch_versions(gateway, page, known)
    if is_blank(page.body):
        _check_blank(gateway, page, known, versions)
    older, purged = _fetch_older(gateway, page, _wanted_versions(page, versions, known, history))
    attachments = tuple(_with_author(gateway, attachment) for attachment in gateway.fetch_attachments(page.id))
    downloads, missing = _download_new(gateway, attachments, known, new_file)
    return Observation(
        page,
        tuple(sorted(gateway.fetch_labels(page.id))),
        RecordedRestrictions.taken_from(restrictions or gateway.fetch_restrictions(page.id)),
        tuple(map(RecordedComment.taken_from, gateway.fetch_comments(page.id))),
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
    if is_other_text or is_our_text or is_lost:
        live = "; it is a live document, whose text people may see all the same" if page.ref.is_live else ""
        raise WikiError(f"the wiki sends an empty text for version {page.version}, which has one{live}")


def _was_blank(gateway: WikiGateway, page: Page) -> bool:
    try:
        return is_blank(gateway.fetch_page(page.id, version=page.version - 1).body)
    except PageNotFoundError:
        return True


def same_file(file: RecordedFile, attachment: Attachment) -> bool:
    """Return whether this version of an attachment is already captured."""
    held = (file.id, file.version.number, file.size_bytes)
    return file.path is not None and held == (attachment.id, attachment.version.number, attachment.size_bytes)


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
    fresh = []
    for version in gateway.fetch_versions(page.id):
        if version.number in old:
            break
        fresh.append(RecordedVersion.taken_from(version))
    return (*fresh, *(before.versions if before else ()))


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
            found.append(gateway.fetch_page(page.id, version=number))
        except PageNotFoundError:
            purged.append(number)
    return tuple(found), tuple(purged)


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
            gateway.download(attachment, file)
            downloads.append(Download(attachment, file))
        except WikiError as error:
            file.remove()
            missing.append(f"{attachment.name}: {error}")
    return tuple(downloads), tuple(missing)

"""Fetch everything about one page; several pages can be fetched concurrently."""

import hashlib
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field, replace

from bot.config.policy import HistoryMode
from bot.errors import PageNotFoundError, WikiAnswerError, WikiError
from bot.snapshot.archive.journal import StagedFile
from bot.snapshot.archive.record import PageRecord, RecordedComment, RecordedRestrictions, RecordedVersion
from bot.snapshot.capture.agreement import agreed
from bot.snapshot.capture.overview import NOTHING_KNOWN, Hints
from bot.snapshot.capture.recorded_parts import (
    as_attachment,
    has_same_comments,
    has_same_files,
    in_threads,
    same_file,
)
from bot.storage.visible_text import is_blank
from bot.wiki.gateway import Attachment, Comment, Page, PagePart, Version, WikiGateway

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
    is_settled: bool = False
    """Whether body and parts are as captured, and the last capture had no doubt about the page."""


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
    hints: Hints = NOTHING_KNOWN,
) -> Observation:
    """Fetch the data of *page* that *hints* lack; raises `WikiError` if anything but an attachment cannot be read.

    What is not captured yet is read until two answers agree; a hint counts as one answer. An empty text of a page that
    has a text counts as unreadable. Each attachment is downloaded to a file of *new_file*.
    """
    versions = _fetch_versions(gateway, page, known)
    if is_blank(page.body) and not hints.is_body_known:
        _check_blank(gateway, page, known, versions)
    older, purged = _fetch_older(gateway, page, _wanted_versions(page, versions, known, history))
    parts = _Parts(gateway, page.id, known.record, hints)
    attachments = parts.attachments()
    downloads, missing = _download_new(gateway, attachments, known, new_file)
    return Observation(
        page,
        parts.labels(),
        parts.restrictions(),
        parts.comments(),
        versions,
        attachments,
        downloads,
        older,
        missing,
        purged,
        is_settled=hints.is_body_known and hints.unchanged == frozenset(PagePart),
    )


@dataclass(frozen=True, slots=True)
class _Parts:
    """The parts of a page: as recorded if nothing changed, else as two answers say.

    What is recorded counts as one of them, unless a listing contradicts it.
    """

    gateway: WikiGateway
    page_id: str
    held: PageRecord | None
    hints: Hints

    def labels(self) -> tuple[str, ...]:
        held, seen = self.held, self.hints.parts.labels
        named = self.hints.named_labels
        if held and PagePart.LABELS in self.hints.unchanged and named <= set(held.labels):
            return held.labels
        if seen is not None and PagePart.LABELS in self.hints.certain and named <= seen:
            return tuple(sorted(seen))
        held = self._held_unless_contradicted(PagePart.LABELS)
        known = [held.labels if held else None, tuple(sorted(seen)) if seen is not None else None]
        return agreed(lambda: tuple(sorted(self.gateway.fetch_labels(self.page_id))), is_known=known.__contains__)

    def restrictions(self) -> RecordedRestrictions:
        held, seen = self.held, self.hints.parts.restrictions
        if held and PagePart.RESTRICTIONS in self.hints.unchanged:
            return held.restrictions
        if seen is not None and PagePart.RESTRICTIONS in self.hints.certain:
            return RecordedRestrictions.taken_from(seen)
        held = self._held_unless_contradicted(PagePart.RESTRICTIONS)
        known = [held.restrictions if held else None, RecordedRestrictions.taken_from(seen) if seen else None]
        return agreed(
            lambda: RecordedRestrictions.taken_from(self.gateway.fetch_restrictions(self.page_id)),
            is_known=known.__contains__,
        )

    def attachments(self) -> tuple[Attachment, ...]:
        held, seen = self.held, self.hints.parts.attachments
        if held and PagePart.ATTACHMENTS in self.hints.unchanged:
            return tuple(map(as_attachment, held.attachments))
        if seen is not None and PagePart.ATTACHMENTS in self.hints.certain:
            return _named(self.gateway, sorted(seen, key=lambda each: each.name))
        held = self._held_unless_contradicted(PagePart.ATTACHMENTS)
        return agreed(
            lambda: _named(self.gateway, self.gateway.fetch_attachments(self.page_id)),
            is_known=lambda found: (
                (held is not None and has_same_files(held.attachments, found))
                or (seen is not None and _is_same_list(seen, found))
            ),
        )

    def comments(self) -> tuple[RecordedComment, ...]:
        held, seen = self.held, self.hints.parts.comments
        if held and PagePart.COMMENTS in self.hints.unchanged:
            return held.comments
        has_texts = seen is not None and all(comment.body for comment in seen)
        if seen is not None and has_texts and PagePart.COMMENTS in self.hints.certain:
            return _recorded(self.gateway, seen)
        certain = self._held_unless_contradicted(PagePart.COMMENTS)
        found = agreed(
            lambda: _recorded(self.gateway, self.gateway.fetch_comments(self.page_id)),
            is_known=lambda found: (
                (certain is not None and set(found) == set(certain.comments))
                or (seen is not None and has_texts and has_same_comments(found, seen))
            ),
        )
        return held.comments if held and set(found) == set(held.comments) else found

    def _held_unless_contradicted(self, part: PagePart) -> PageRecord | None:
        return None if part in self.hints.contradicted else self.held


def _recorded(gateway: WikiGateway, comments: Iterable[Comment]) -> tuple[RecordedComment, ...]:
    named = (replace(each, version=_with_author(gateway, each.version)) for each in in_threads(comments))
    return tuple(map(RecordedComment.taken_from, named))


def _is_same_list(seen: Sequence[Attachment], found: Sequence[Attachment]) -> bool:
    return {_identity(one) for one in seen} == {_identity(one) for one in found}


def _identity(attachment: Attachment) -> tuple[object, ...]:
    version = attachment.version
    return attachment.id, attachment.name, attachment.size_bytes, version.number, version.when, version.author.id


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
    is_known = before is not None and before.has_body(page.body.encode("utf-8", "surrogatepass"))
    is_shown = not is_known and not is_blank(agreed(lambda: gateway.fetch_view(page.id)))
    if is_other_text or is_our_text or is_lost or is_shown:
        live = "; it is a live document, whose text people may see all the same" if page.ref.is_live else ""
        raise WikiError(f"the wiki sends an empty text for version {page.version}, which has one{live}")


def _was_blank(gateway: WikiGateway, page: Page) -> bool:
    try:
        return is_blank(agreed(lambda: gateway.fetch_page(page.id, version=page.version - 1)).body)
    except PageNotFoundError:
        return True


def _named(gateway: WikiGateway, attachments: Iterable[Attachment]) -> tuple[Attachment, ...]:
    return tuple(with_author(gateway, each) for each in attachments)


def with_author(gateway: WikiGateway, attachment: Attachment) -> Attachment:
    """Add the name of the author of an attachment if the listing has only the id."""
    return replace(attachment, version=_with_author(gateway, attachment.version))


def _with_author(gateway: WikiGateway, version: Version) -> Version:
    """Add the name of the author if the listing has only the id."""
    author = version.author
    return version if author.display_name != author.id else replace(version, author=gateway.fetch_user(author.id))


def _fetch_versions(gateway: WikiGateway, page: Page, known: Known) -> tuple[RecordedVersion, ...]:
    """Return the version history, newest first; it is read down to the first version that is captured as it is.

    If people delete a version, later ones get other numbers: a number that is captured may be that of another version.
    """
    before = known.record
    held = before.versions if before else ()
    if not _is_without_gaps(held) or (held and held[0].number > page.version):
        held = ()  # a list that was cut, or a wiki that was restored from a backup: all of it is read again
    times = {version.number: version.when for version in held}

    def is_held(version: RecordedVersion | Version) -> bool:
        return times.get(version.number) == version.when

    if held and held[0].number == page.version and is_held(page.ref.version):
        return held
    if page.version == 1:
        return (RecordedVersion.taken_from(_with_author(gateway, page.ref.version)),)

    def fetch_newest() -> tuple[RecordedVersion, ...]:
        found: list[RecordedVersion] = []
        for version in gateway.fetch_versions(page.id):
            found.append(RecordedVersion.taken_from(version))
            if is_held(version):
                break
        return tuple(found)

    def is_whole(found: Sequence[RecordedVersion]) -> bool:
        """Return whether no version is missing and the newest is the one that two other answers named."""
        numbers = [version.number for version in found]
        if not numbers or numbers != list(range(page.version, numbers[-1] - 1, -1)):
            return False
        ref = page.ref.version
        newest = (found[0].when, found[0].author.id, found[0].message)
        is_ended = numbers[-1] == 1 or is_held(found[-1])
        return is_ended and newest == (ref.when, ref.author.id, ref.message)

    found = [version for version in agreed(fetch_newest, is_known=is_whole) if not is_held(version)]
    oldest = found[-1].number if found else page.version + 1
    return (*found, *(version for version in held if version.number < oldest))


def _is_without_gaps(versions: Sequence[RecordedVersion]) -> bool:
    return [version.number for version in versions] == list(range(len(versions), 0, -1))


def _wanted_versions(page: Page, versions: Sequence[RecordedVersion], known: Known, history: HistoryMode) -> list[int]:
    """Return the numbers of the earlier versions to read: those without a text, or with the text of another version."""
    before, newest = known.record, max(known.held_versions, default=0)
    other = {version.number for version in replaced_versions(before, versions)}
    older = sorted((version for version in versions if version.number < page.version), key=lambda each: each.number)
    missing = [each for each in older if each.number not in known.held_versions or each.number in other]
    match history:
        case HistoryMode.ALL:
            return [each.number for each in missing]
        case HistoryMode.CHANGES if before and newest:
            return [each.number for each in missing if each.number > newest or each.when > before.version.when]
        case _:
            return []


def replaced_versions(before: PageRecord | None, versions: Sequence[RecordedVersion]) -> list[RecordedVersion]:
    """Return the versions whose number was that of another version when the page was captured."""
    times = {version.number: version.when for version in before.versions} if before else {}
    return [version for version in versions if times.get(version.number, version.when) != version.when]


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
            download_checked(gateway, attachment, file)
            downloads.append(Download(attachment, file))
        except WikiError as error:
            file.remove()
            missing.append(f"{attachment.name}: {error}")
    return tuple(downloads), tuple(missing)


def download_checked(gateway: WikiGateway, attachment: Attachment, file: StagedFile) -> None:
    """Write the bytes of an attachment to *file*; a small file is read until two answers agree.

    The size proves little about a small file: another one may have the same. Raises `WikiError`.
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

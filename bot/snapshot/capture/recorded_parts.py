"""Compare the parts of a page in a listing with its record, and return recorded parts as the gateway has them."""

from collections import defaultdict
from collections.abc import Iterable

from bot.snapshot.archive.entry import id_order
from bot.snapshot.archive.record import PageRecord, RecordedComment, RecordedFile, RecordedRestrictions, RecordedVersion
from bot.wiki.gateway import Attachment, Comment, PagePart, PageParts, User, Version


def has_same_part(part: PagePart, parts: PageParts, held: PageRecord) -> bool | None:
    """Return whether a part of a listing is as recorded; None if the listing does not say it."""
    match part:
        case PagePart.LABELS if parts.labels is not None:
            return tuple(sorted(parts.labels)) == held.labels
        case PagePart.ATTACHMENTS if parts.attachments is not None:
            return has_same_files(held.attachments, parts.attachments)
        case PagePart.COMMENTS if parts.comments is not None:
            return has_same_comments(held.comments, parts.comments)
        case PagePart.RESTRICTIONS if parts.restrictions is not None:
            return RecordedRestrictions.taken_from(parts.restrictions) == held.restrictions
        case _:
            return None


def find_equal_parts(first: PageParts, second: PageParts) -> frozenset[PagePart]:
    """Return the parts that both answers have and on which they agree."""
    equal = {
        PagePart.LABELS: first.labels is not None and first.labels == second.labels,
        PagePart.ATTACHMENTS: _by_id(first.attachments) == _by_id(second.attachments) is not None,
        PagePart.COMMENTS: _by_id(first.comments) == _by_id(second.comments) is not None,
        PagePart.RESTRICTIONS: first.restrictions is not None and first.restrictions == second.restrictions,
    }
    return frozenset(part for part, is_equal in equal.items() if is_equal)


def in_threads(comments: Iterable[Comment]) -> list[Comment]:
    """Return comments in one order: footer before inline, each followed by its replies, the oldest first."""
    found = {comment.id: comment for comment in comments}
    below: dict[str | None, list[Comment]] = defaultdict(list)
    for comment in found.values():
        below[comment.parent_id if comment.parent_id in found else None].append(comment)
    waiting = sorted(below[None], key=lambda one: (one.inline_ref is not None, id_order(one.id)), reverse=True)
    ordered = []
    while waiting:
        comment = waiting.pop()
        ordered.append(comment)
        waiting += sorted(below.pop(comment.id, ()), key=lambda one: id_order(one.id), reverse=True)
    left = found.keys() - {comment.id for comment in ordered}  # replies to each other
    return ordered + [found[comment_id] for comment_id in sorted(left, key=id_order)]


def _by_id(items: Iterable[Attachment | Comment] | None) -> dict[str, Attachment | Comment] | None:
    return {item.id: item for item in items} if items is not None else None


def same_file(file: RecordedFile, attachment: Attachment) -> bool:
    """Return whether this version of an attachment is already captured."""
    held = (file.id, file.version.number, file.size_bytes)
    return file.path is not None and held == (attachment.id, attachment.version.number, attachment.size_bytes)


def has_same_files(held: Iterable[RecordedFile], found: Iterable[Attachment]) -> bool:
    """Return whether exactly these attachments are captured, in these versions and with these names."""
    files = {file.id: file for file in held}
    seen = {attachment.id: attachment for attachment in found}
    return files.keys() == seen.keys() and all(
        same_file(file, seen[key]) and _described(file) == _described(seen[key]) for key, file in files.items()
    )


def has_same_comments(held: Iterable[RecordedComment], found: Iterable[Comment]) -> bool:
    """Return whether exactly these comments are recorded, in any order. Bodies that are not listed do not count."""
    recorded = {comment.id: comment for comment in held}
    seen = {comment.id: comment for comment in found}
    return recorded.keys() == seen.keys() and all(
        _placed(comment) == _placed(seen[key]) and seen[key].body in ("", comment.body)
        for key, comment in recorded.items()
    )


def as_attachment(file: RecordedFile) -> Attachment:
    """Return a recorded attachment as the wiki listed it; its bytes are captured already."""
    return Attachment(file.id, file.name, file.media_type, file.size_bytes, _as_version(file.version), "", file.comment)


def _as_version(version: RecordedVersion) -> Version:
    author = User(version.author.id, version.author.display_name, version.author.username)
    return Version(version.number, version.when, author, version.message, version.is_minor)


def _described(file: RecordedFile | Attachment) -> tuple[str, str, str]:
    return file.name, file.media_type, file.comment


def _placed(comment: RecordedComment | Comment) -> tuple[object, ...]:
    version = (comment.version.number, comment.version.when, comment.version.author.id)
    place = (comment.parent_id, comment.inline_ref, comment.inline_text)
    return *version, *place, comment.is_resolved

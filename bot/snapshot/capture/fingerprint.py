"""A short text that identifies all that the listings of a run say about a page, to compare two captures."""

import hashlib
from collections.abc import Collection

from bot.config.policy import HistoryMode
from bot.wiki.gateway import Comment, PageParts, PageRef, Version

_BYTES = 12


def take_fingerprint(
    ref: PageRef, parts: PageParts, named_labels: Collection[str], place: str, history: HistoryMode
) -> str:
    """Return the same text for the same page in the same state, in any process.

    Restrictions are read by rotation, so that a listing without restrictions and one that says that there are none
    count as equal.
    """
    files = comments = None
    if parts.attachments is not None:
        files = sorted(
            (one.id, one.name, one.media_type, one.size_bytes, one.comment, *_said(one.version))
            for one in parts.attachments
        )
    if parts.comments is not None:
        comments = sorted((one.id, *_placed(one), *_said(one.version)) for one in parts.comments)
    content = (
        (ref.title, ref.status.value, ref.space_key, ref.parent_id, ref.position, ref.url, ref.is_live, place),
        _said(ref.version),
        None if parts.labels is None else sorted(parts.labels),
        files,
        comments,
        (parts.restrictions.readers, parts.restrictions.editors) if parts.restrictions else ((), ()),
        sorted(named_labels),
        history.value,
    )
    return hashlib.blake2b(repr(content).encode("utf-8", "surrogatepass"), digest_size=_BYTES).hexdigest()


def _said(version: Version) -> tuple[object, ...]:
    return version.number, version.when.timestamp(), version.author.id, version.message, version.is_minor


def _placed(comment: Comment) -> tuple[str, str, str, bool, str]:
    place = comment.parent_id or "", comment.inline_ref or "", comment.inline_text or ""
    return *place, comment.is_resolved, comment.body

"""Three-way comparison of one region: desired, live and last applied text (pure)."""

import hashlib
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from bot.storage.meaning import canonical, is_same


class Verdict(StrEnum):
    """Result of the three-way comparison of a region."""

    IN_SYNC = "in_sync"
    BEHIND = "behind"
    """The desired text has changed; the live text has not."""
    DRIFTED = "drifted"
    """The live text has changed; the desired text has not."""
    CONFLICT = "conflict"
    """Both the live and the desired text have changed."""
    UNMANAGED = "unmanaged"
    """The history has no record of a write by the bot, so the origin of the live text is unknown."""


@dataclass(frozen=True, slots=True)
class LastApplied:
    """The last applied state of a region: the text as the wiki stored it, and the digest of the text that was sent.

    *adopted* is the revision of the data file if the text was adopted from the page, else None. *open_entries* are the
    numbers of the entries that a merge left open, *left_out* those of the lines that an adoption did not take.
    """

    version: int
    text: str
    digest: str
    adopted: str | None = None
    open_entries: tuple[int, ...] = ()
    left_out: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class ManualEdit:
    """A version in which people changed a region; if *is_certain* is False, the version may not touch the region."""

    version: int
    when: datetime
    author: str
    message: str = ""
    is_certain: bool = True


def digest_of(text: str) -> str:
    """Return the digest of what a reader sees in *text*, as used in version messages: 40 bits of a SHA-256 in hex.

    Two spellings of one text have the same digest. Earlier releases used the digest of the bytes.
    """
    return hashlib.sha256(canonical(text).encode()).hexdigest()[:10]


def judge(desired: str, live: str | None, last_applied: LastApplied | None, *, space_key: str = "") -> Verdict:
    """Compare the three states of a region; *live* is None if the region is missing on the page of *space_key*.

    The server may change the text that is sent. The recorded digest is of the text that was sent. If the live text is
    unchanged since the last write and the digest of the desired text matches the recorded digest, the region is in
    sync even if the two texts differ. A digest of an older release matches nothing; then the stored text decides.
    """
    if live is not None and is_same(live, desired, space_key=space_key):
        return Verdict.IN_SYNC
    if last_applied is None:
        return Verdict.UNMANAGED
    has_live_moved = live is None or not is_same(live, last_applied.text, space_key=space_key)
    has_desired_moved = digest_of(desired) != last_applied.digest and not is_same(
        desired, last_applied.text, space_key=space_key
    )
    if has_live_moved:
        return Verdict.CONFLICT if has_desired_moved else Verdict.DRIFTED
    return Verdict.BEHIND if has_desired_moved else Verdict.IN_SYNC

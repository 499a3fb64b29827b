"""Three-way verdict on one region: what it should say, what it says, what we last made it say (pure)."""

import hashlib
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from bot.storage.meaning import is_same


class Verdict(StrEnum):
    """How a region on a page stands to the data file."""

    IN_SYNC = "in_sync"
    BEHIND = "behind"
    """The data file has moved on; nobody touched the page."""
    DRIFTED = "drifted"
    """People changed the page; the data file is as it was."""
    CONFLICT = "conflict"
    """Both have changed."""
    UNMANAGED = "unmanaged"
    """The history tells of no write of ours, so whose text this is cannot be known."""


@dataclass(frozen=True, slots=True)
class LastApplied:
    """What we last made a region say: as the wiki stored it, and the digest of what we had sent."""

    version: int
    text: str
    digest: str


@dataclass(frozen=True, slots=True)
class Edit:
    """One version in which people changed a region; *is_certain* is False where only the range is known."""

    version: int
    when: datetime
    author: str
    message: str = ""
    is_certain: bool = True


def digest_of(text: str) -> str:
    """Return the short SHA-256 of a rendered region, as version messages carry it (40 bits in hex)."""
    return hashlib.sha256(text.encode()).hexdigest()[:10]


def judge(desired: str, live: str | None, last_applied: LastApplied | None) -> Verdict:
    """Compare the three states of a region; *live* is None where its markers are gone.

    The recorded digest settles whatever the server made of our text: where the page is as we left it and we want what
    we wanted then, all is well, however different the two may look.
    """
    if live is not None and is_same(live, desired):
        return Verdict.IN_SYNC
    if last_applied is None:
        return Verdict.UNMANAGED
    has_live_moved = live is None or not is_same(live, last_applied.text)
    has_desired_moved = digest_of(desired) != last_applied.digest
    if has_live_moved:
        return Verdict.CONFLICT if has_desired_moved else Verdict.DRIFTED
    return Verdict.BEHIND if has_desired_moved else Verdict.IN_SYNC

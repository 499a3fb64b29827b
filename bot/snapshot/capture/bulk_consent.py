"""BulkConsent to bulk changes: a person accepts one list of pages, by its digest."""

import hashlib
from collections.abc import Collection
from dataclasses import dataclass

from bot.snapshot.archive.entry import id_order

_MANY_PAGES, _MANY_SHARE = 5, 0.2


@dataclass(frozen=True, slots=True)
class BulkConsent:
    """The digests of the lists that a person accepted: pages that lost something, and pages that left the selection."""

    gone: frozenset[str] = frozenset()
    deselected: frozenset[str] = frozenset()


def is_many(count: int, of: int) -> bool:
    """Return whether so many pages at once make a lost right, a wrong setting or a false answer likely."""
    return count > _MANY_PAGES and count > _MANY_SHARE * of


def list_digest(what: str, page_ids: Collection[str]) -> str:
    """Return the digest of a list of pages, which *what* happened to; the order of the pages does not matter."""
    lines = (what, *sorted(page_ids, key=id_order))
    return hashlib.sha256("".join(f"{line}\n" for line in lines).encode()).hexdigest()[:16]

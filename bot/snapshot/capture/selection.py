"""Determine which pages of a space are archived: by status, by label, by ancestor."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from bot.config.policy import ArchivedSettings
from bot.snapshot.archive.record import Ancestor
from bot.wiki.gateway import PageRef, PageSelection, PageStatus, WikiGateway

_LISTED = (PageStatus.CURRENT, PageStatus.ARCHIVED)


@dataclass(frozen=True, slots=True)
class Selection:
    """The pages of one space: all listed pages, and the pages to capture, with the query that selected them."""

    space_key: str
    query: str
    listed: Mapping[str, PageRef]
    chosen: tuple[PageRef, ...]
    archived: frozenset[str] = field(default_factory=frozenset)
    """Ids of the selected pages that the rule counts as archived."""

    def ancestors(self, page_id: str) -> tuple[Ancestor, ...]:
        """Return the ancestors of a page, the highest first; a cycle ends where it closes."""
        return find_ancestors(self.listed, page_id)


def select(gateway: WikiGateway, space_key: str, rule: ArchivedSettings, *, everything: bool = False) -> Selection:
    """List a space and select pages; *everything* selects all pages regardless of the rule."""
    listed = {ref.id: ref for ref in gateway.iter_refs(space_key, PageSelection(_LISTED))}
    labelled = _find_labelled(gateway, space_key, rule)
    archived = frozenset(ref.id for ref in listed.values() if ref.id in labelled or _is_archived(ref, rule, listed))
    chosen = tuple(ref for ref in listed.values() if everything or ref.id in archived)
    query = f'space = "{space_key}"' + ("" if everything else f" and ({rule.describe()})")
    return Selection(space_key, query, listed, chosen, archived)


def find_ancestors(listed: Mapping[str, PageRef], page_id: str) -> tuple[Ancestor, ...]:
    """Return the ancestors of a page, the highest first."""
    above: dict[str, Ancestor] = {}
    ref = listed.get(page_id)
    while ref and ref.parent_id in listed and ref.parent_id not in above and ref.parent_id != page_id:
        ref = listed[str(ref.parent_id)]
        above[ref.id] = Ancestor(id=ref.id, title=ref.title)
    return tuple(reversed(above.values()))


def _find_labelled(gateway: WikiGateway, space_key: str, rule: ArchivedSettings) -> set[str]:
    if not rule.labels:
        return set()
    # Pages with status archived always count, and the labels of each would cost a request.
    statuses = (PageStatus.CURRENT,) if rule.status else _LISTED
    return {ref.id for ref in gateway.iter_refs(space_key, PageSelection(statuses, rule.labels))}


def _is_archived(ref: PageRef, rule: ArchivedSettings, listed: Mapping[str, PageRef]) -> bool:
    if rule.status and ref.status is PageStatus.ARCHIVED:
        return True
    wanted = set(rule.under)
    return bool(wanted) and any({page.id, page.title} & wanted for page in find_ancestors(listed, ref.id))

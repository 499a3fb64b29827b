"""Compare the entries of a region three ways: on the page, in the data file, and as the bot wrote them last (pure).

An entry is a news item, a status line or a link. Entries have no identity on the page, so they are matched by what they
say: first equal entries, then similar entries, then the only changed entry between two unchanged entries.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from difflib import SequenceMatcher

_ALIKE = 0.6
_ALIKE_IN_PLACE = 0.3
"""Less likeness is enough for the only changed entry between two entries that did not change."""


@dataclass(frozen=True, slots=True)
class EntryComparison:
    """What became of each entry since the last write by the bot. Numbers are positions in the three lists.

    *from_page* and *from_file* map an entry of the page to the same entry of the data file, where only one of the two
    has a new wording. *clashes* does so where both have. *gone* are entries of the page that the data file has removed.
    *removed* are entries of the data file that people removed from the page. *unpublished* are entries of the data file
    that the page never had, or that have a new wording in the data file and were removed from the page.
    """

    from_page: dict[int, int] = field(default_factory=dict)
    from_file: dict[int, int] = field(default_factory=dict)
    gone: list[int] = field(default_factory=list)
    removed: list[int] = field(default_factory=list)
    unpublished: list[int] = field(default_factory=list)
    clashes: dict[int, int] = field(default_factory=dict)


def compare(page: Sequence[str], file: Sequence[str], last: Sequence[str] | None) -> EntryComparison:
    """Compare the entries, each given as what it says; *last* is None if nobody knows what was written last.

    Without *last*, an entry of the data file that the page does not have counts as unpublished, since an entry that
    was never on the page cannot have been removed there.
    """
    found = EntryComparison()
    in_page = {there: here for here, there in pair(page, last).items()} if last is not None else {}
    in_file = {there: here for here, there in pair(file, last).items()} if last is not None else {}
    origin_of_page = {here: there for there, here in in_page.items()}
    origin_of_file = {here: there for there, here in in_file.items()}
    partner = {in_page[there]: in_file[there] for there in in_page.keys() & in_file.keys()}
    free_page = [number for number in range(len(page)) if number not in partner]
    free_file = [number for number in range(len(file)) if number not in partner.values()]
    least = _ALIKE if last is None else 1.0  # two entries that were both added are the same only if they are equal
    direct = pair([page[number] for number in free_page], [file[number] for number in free_file], least=least)
    partner |= {free_page[here]: free_file[there] for here, there in direct.items()}
    for here, there in partner.items():
        _compare_pair(found, page, file, last, here, there, origin_of_page.get(here, origin_of_file.get(there)))
    for here in range(len(page)):
        origin = origin_of_page.get(here)
        if here not in partner and origin is not None and last is not None and page[here] == last[origin]:
            found.gone.append(here)
    for there in range(len(file)):
        if there in partner.values():
            continue
        origin = origin_of_file.get(there)
        is_changed = origin is None or last is None or file[there] != last[origin]
        (found.unpublished if is_changed else found.removed).append(there)
    return found


def _compare_pair(
    found: EntryComparison,
    page: Sequence[str],
    file: Sequence[str],
    last: Sequence[str] | None,
    here: int,
    there: int,
    origin: int | None,
) -> None:
    if page[here] == file[there]:
        return
    if last is None or origin is None or file[there] == last[origin]:
        found.from_page[here] = there
    elif page[here] == last[origin]:
        found.from_file[here] = there
    else:
        found.clashes[here] = there


def pair(ones: Sequence[str], others: Sequence[str], *, least: float = _ALIKE) -> dict[int, int]:
    """Match the entries of two lists; returns positions in *ones* with positions in *others*.

    *least* is the likeness that entries need, from 0 to 1; with 1, only equal entries match.
    """
    paired: dict[int, int] = {}
    places: dict[str, list[int]] = {}
    for position, other in enumerate(others):
        places.setdefault(other, []).append(position)
    for position, one in enumerate(ones):
        if places.get(one):
            paired[position] = places[one].pop(0)
    if least >= 1:
        return paired
    if least >= 1:
        return paired
    left = [number for number in range(len(ones)) if number not in paired]
    free = [number for number in range(len(others)) if number not in paired.values()]
    alike = sorted(
        ((_likeness(ones[here], others[there]), here, there) for here in left for there in free), reverse=True
    )
    for likeness, here, there in alike:
        if likeness >= least and here not in paired and there not in paired.values():
            paired[here] = there
    return paired | {
        here: there
        for here, there in _only_changed(paired, len(ones), len(others))
        if _likeness(ones[here], others[there]) >= _ALIKE_IN_PLACE
    }


def _only_changed(paired: dict[int, int], ones: int, others: int) -> Iterator[tuple[int, int]]:
    """Yield each unmatched pair that has matched neighbours, or the end of a list, on both sides."""
    fixed = {-1: -1, ones: others, **paired}
    for one in range(ones):
        if one in paired or one - 1 not in fixed or one + 1 not in fixed:
            continue
        if fixed[one + 1] - fixed[one - 1] == 2:
            yield one, fixed[one - 1] + 1


def _likeness(one: str, other: str) -> float:
    one, other = one.casefold(), other.casefold()
    return max(SequenceMatcher(None, one.split(), other.split()).ratio(), SequenceMatcher(None, one, other).ratio())

"""Compare the entries of a region three ways: on the page, in the data file, and as the bot wrote them last (pure).

An entry is a news item, a status line or a link. Entries have no identity on the page, so they are matched by what they
say: first equal entries, then similar entries, then the only changed entry between two unchanged entries.
"""

import re
from collections.abc import Container, Iterator, Sequence
from dataclasses import dataclass, field
from difflib import SequenceMatcher

_ALIKE = 0.6
_ALIKE_IN_PLACE = 0.3
_LETTERS_ALIKE_IN_PLACE = 0.5
"""Less likeness is enough for the only changed entry between two entries that did not change: a third of the
words of the shorter one, or half of the letters. Any two sentences have a third of their letters in common."""
_WORD = re.compile(r"[\u2e80-\ud7ff\U00020000-\U0003ffff]|[^\W\u2e80-\ud7ff]+")
"""A word; in scripts without spaces, a character."""


@dataclass(frozen=True, slots=True)
class EntryComparison:
    """What became of each entry since the last write by the bot. Numbers are positions in the three lists.

    *partner* maps each entry of the page to the same entry of the data file; *known* maps each entry of the page that
    the bot wrote to its position in the last write. *from_page* and *from_file* are the pairs where only one of the two
    has a new wording, *clashes* those where both have. *gone* are entries of the page that the data file has removed;
    *withdrawn* are such entries with a new wording on the page. *removed* are entries of the data file that people
    removed from the page. *unpublished* are entries of the data file that the page never had.
    """

    partner: dict[int, int] = field(default_factory=dict)
    known: dict[int, int] = field(default_factory=dict)
    from_page: dict[int, int] = field(default_factory=dict)
    from_file: dict[int, int] = field(default_factory=dict)
    clashes: dict[int, int] = field(default_factory=dict)
    gone: list[int] = field(default_factory=list)
    withdrawn: list[int] = field(default_factory=list)
    removed: list[int] = field(default_factory=list)
    unpublished: list[int] = field(default_factory=list)


def compare(
    page: Sequence[str], file: Sequence[str], last: Sequence[str] | None, *, is_page_newer: bool = False
) -> EntryComparison:
    """Compare the entries, each given as what it says; *last* is None if nobody knows what was written last.

    Without *last*, an entry of the data file that the page does not have counts as unpublished, since an entry that
    was never on the page cannot have been removed there. Two wordings of an entry clash then, unless *is_page_newer*.
    """
    in_page = {there: here for here, there in pair(page, last).items()} if last is not None else {}
    in_file = {there: here for here, there in pair(file, last).items()} if last is not None else {}
    origin_of_page = {here: there for there, here in in_page.items()}
    origin_of_file = {here: there for there, here in in_file.items()}
    partner = {in_page[there]: in_file[there] for there in in_page.keys() & in_file.keys()}
    free_page = [number for number in range(len(page)) if number not in partner]
    free_file = [number for number in range(len(file)) if number not in partner.values()]
    origins = {there: origin_of_page.get(here, origin_of_file.get(there)) for here, there in partner.items()}
    least = _ALIKE if last is None else 1.0  # two entries that were both added are the same only if they are equal
    direct = pair([page[number] for number in free_page], [file[number] for number in free_file], least=least)
    partner |= {free_page[here]: free_file[there] for here, there in direct.items()}
    found = EntryComparison(partner, origin_of_page)
    for here, there in partner.items():
        origin = origins.get(there)
        before = None if last is None or origin is None else last[origin]
        _compare_pair(found, page, file, here, there, file[there] if is_page_newer else before)
    for here, origin in origin_of_page.items():
        if here not in partner and last is not None:
            (found.gone if page[here] == last[origin] else found.withdrawn).append(here)
    for there in range(len(file)):
        if there not in partner.values():
            (found.removed if there in origin_of_file else found.unpublished).append(there)
    if last is not None:
        edited = {there for there, origin in origin_of_file.items() if file[there] != last[origin]}
        _join_rewritten(found, len(page), len(file), edited)
    return found


def _join_rewritten(found: EntryComparison, on_page: int, in_file: int, edited: Container[int]) -> None:
    """Make one clash of an entry that both sides rewrote, if one of them left too few of its words to be recognised.

    One side alone looks like a removal, the other like a new entry. In the same place, between entries that both sides
    have, the two are one question. *edited* are the entries of the data file with a new wording.
    """
    for here, there in _only_changed(found.partner, on_page, in_file):
        if here in found.withdrawn and there in found.unpublished:
            found.withdrawn.remove(here)
            found.unpublished.remove(there)
        elif there in found.removed and there in edited and here not in found.known:
            found.removed.remove(there)
        else:
            continue
        found.clashes[here] = there
        found.partner[here] = there


def extend_base(last: Sequence[str], partial: Sequence[str], still_open: Container[int]) -> list[str]:
    """Return what page and data file last had in common, after a merge that left some entries open.

    *last* is the last complete write, *partial* what the page said after the merge. The entries *still_open* of
    *partial* are not common: there the wording of *last* counts.
    """
    origin = pair(partial, last)
    base: list[str] = []
    for here, words in enumerate(partial):
        if here not in still_open:
            base.append(words)
        elif here in origin:
            base.append(last[origin[here]])
    return base + [words for there, words in enumerate(last) if there not in origin.values()]


def _compare_pair(
    found: EntryComparison,
    page: Sequence[str],
    file: Sequence[str],
    here: int,
    there: int,
    before: str | None,
) -> None:
    """Enter what became of a pair that said *before* in the last write; None if nobody knows."""
    if page[here] == file[there]:
        return
    if file[there] == before:
        found.from_page[here] = there
    elif page[here] == before:
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
        if _is_alike_in_place(ones[here].casefold(), others[there].casefold())
    }


def _only_changed(paired: dict[int, int], ones: int, others: int) -> Iterator[tuple[int, int]]:
    """Yield each unmatched pair that has matched neighbours, or the end of a list, on both sides."""
    fixed = {-1: -1, ones: others, **paired}
    for one in range(ones):
        if one in paired or one - 1 not in fixed or one + 1 not in fixed:
            continue
        if fixed[one + 1] - fixed[one - 1] == 2:
            yield one, fixed[one - 1] + 1


def _is_alike_in_place(one: str, other: str) -> bool:
    words = _WORD.findall(one), _WORD.findall(other)
    common = sum(block.size for block in SequenceMatcher(None, *words).get_matching_blocks())
    if common and common >= _ALIKE_IN_PLACE * min(map(len, words)):
        return True
    return SequenceMatcher(None, one, other).ratio() >= _LETTERS_ALIKE_IN_PLACE


def _likeness(one: str, other: str) -> float:
    one, other = one.casefold(), other.casefold()
    return max(SequenceMatcher(None, one.split(), other.split()).ratio(), SequenceMatcher(None, one, other).ratio())

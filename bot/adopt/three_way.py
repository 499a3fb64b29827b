"""Compare the entries of a region three ways: on the page, in the data file, and as the bot wrote them last (pure).

An entry is a news item, a status line or a link. Entries have no identity on the page, so they are matched by what they
say: first equal entries, then similar entries, then the only changed entry between two unchanged entries. Of several
similar entries, one that shares a word which no other entry has comes first: short entries that differ in a number
have more letters in common with each other than with their own former wording.
"""

import re
from collections import Counter
from collections.abc import Container, Iterator, Sequence
from dataclasses import dataclass, field
from difflib import SequenceMatcher
from itertools import chain
from typing import Self

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


@dataclass(frozen=True, slots=True)
class LastCommon:
    """The entries that page and data file had in common: *words* of each, and what the page said of it since.

    Both lists have the same positions. They differ in the entries that merges left open.
    """

    words: Sequence[str]
    on_page: Sequence[str]

    @classmethod
    def of(cls, words: Sequence[str]) -> Self:
        """Return the state after a write that left nothing open."""
        return cls(words, words)

    def after(self, partial: Sequence[str], still_open: Container[int]) -> "LastCommon":
        """Return the state after a merge that left some entries open; *partial* is what the page says since.

        The entries *still_open* of *partial* are not common: there the former wording counts.
        """
        origin = pair(partial, self.on_page, first=still_open)
        entries: list[tuple[str, str]] = []
        for here, said in enumerate(partial):
            if here not in still_open:
                entries.append((said, said))
            elif here in origin:
                entries.append((self.words[origin[here]], said))
        rest = set(range(len(self.words))).difference(origin.values())
        entries += [(self.words[there], self.on_page[there]) for there in sorted(rest)]
        return LastCommon([words for words, _ in entries], [said for _, said in entries])


def compare(
    page: Sequence[str], file: Sequence[str], common: LastCommon | None, *, is_page_newer: bool = False
) -> EntryComparison:
    """Compare the entries, each given as what it says; *common* is None if nobody knows what was written last.

    Without it, an entry of the data file that the page does not have counts as unpublished, since an entry that
    was never on the page cannot have been removed there. Two wordings of an entry clash then, unless *is_page_newer*.
    """
    last = None if common is None else common.words
    in_page = {} if common is None else {there: here for here, there in pair(page, common.on_page).items()}
    in_file = {} if last is None else {there: here for here, there in pair(file, last).items()}
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


def pair(
    ones: Sequence[str], others: Sequence[str], *, least: float = _ALIKE, first: Container[int] = ()
) -> dict[int, int]:
    """Match the entries of two lists; returns positions in *ones* with positions in *others*.

    *least* is the likeness that entries need, from 0 to 1; with 1, only equal entries match. Of the entries that have
    no equal one, those at the positions *first* choose before the others.
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
    matched = set(paired.values())
    free = [number for number in range(len(others)) if number not in matched]
    if not left or not free:
        return paired
    alike = _find_alike(ones, others, left, free, least)
    for here, there in sorted(alike, key=lambda each: each[0] not in first):
        if here not in paired and there not in paired.values():
            paired[here] = there
    return paired | {
        here: there
        for here, there in _only_changed(paired, len(ones), len(others))
        if _is_alike_in_place(ones[here].casefold(), others[there].casefold())
    }


def _find_alike(
    ones: Sequence[str], others: Sequence[str], left: Sequence[int], free: Sequence[int], least: float
) -> list[tuple[int, int]]:
    """Return the pairs of the entries *left* and *free* that are alike, the best pair first.

    Entries with an own word, which both have and no other entry has, come first. For these it is enough that they have
    more than half of the words of the shorter one in common, however many words were added.
    """
    words_of_ones, words_of_others = ([_WORD.findall(each.casefold()) for each in side] for side in (ones, others))
    rare = _find_rare(words_of_ones) & _find_rare(words_of_others)
    ranked: list[tuple[bool, float, int, int, int]] = []
    for rank, here in enumerate(left):
        for place, there in enumerate(free):
            one, other = words_of_ones[here], words_of_others[there]
            has_own = not rare.isdisjoint(set(one).intersection(other))
            likeness = _likeness(ones[here], others[there])
            if likeness >= least or (has_own and _common_words(one, other) > min(len(one), len(other)) / 2):
                ranked.append((not has_own, -likeness, abs(rank - place), here, there))
    return [(here, there) for *_, here, there in sorted(ranked)]


def _find_rare(entries: Sequence[Sequence[str]]) -> set[str]:
    """Return the words that only one of the entries has."""
    counts = Counter(chain.from_iterable(map(set, entries)))
    return {word for word, count in counts.items() if count == 1}


def _common_words(one: Sequence[str], other: Sequence[str]) -> int:
    """Return the number of words that both have in the same order."""
    return sum(block.size for block in SequenceMatcher(None, one, other).get_matching_blocks())


def _only_changed(paired: dict[int, int], ones: int, others: int) -> Iterator[tuple[int, int]]:
    """Yield each unmatched pair that has matched neighbours, or the end of a list, on both sides."""
    fixed = {-1: -1, ones: others, **paired}
    taken = set(paired.values())
    for one in range(ones):
        if one in paired or one - 1 not in fixed or one + 1 not in fixed:
            continue
        if fixed[one + 1] - fixed[one - 1] == 2 and fixed[one - 1] + 1 not in taken:
            yield one, fixed[one - 1] + 1


def _is_alike_in_place(one: str, other: str) -> bool:
    words = _WORD.findall(one), _WORD.findall(other)
    common = _common_words(*words)
    if common and common >= _ALIKE_IN_PLACE * min(map(len, words)):
        return True
    return SequenceMatcher(None, one, other).ratio() >= _LETTERS_ALIKE_IN_PLACE


def _likeness(one: str, other: str) -> float:
    one, other = one.casefold(), other.casefold()
    return max(SequenceMatcher(None, one.split(), other.split()).ratio(), SequenceMatcher(None, one, other).ratio())

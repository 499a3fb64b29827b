"""Merge a region entry by entry: what the page says, what the data file says, and what the bot wrote last (pure).

`merge` decides how the entries of the page are written in the data file. This module decides first which side has the
newer wording of each entry, so that neither a correction on the page nor a new entry of the data file is lost.
"""

import datetime as dt
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

from bot.adopt.data_targets import LinkTarget, Pages
from bot.adopt.hidden_entries import with_hidden
from bot.adopt.merge import line_content, link_identity, merge, plain_blanks, reread_line, respell, with_links_below
from bot.adopt.three_way import LastCommon, compare
from bot.adopt.values import Value
from bot.config.data_model import News, NewsItem, NewsPoint, QuickLink, QuickLinks, StatusBanner, StatusLine
from bot.config.entry_ref import Entry
from bot.config.news_selection import day_of, older_news, shown_news, shown_part
from bot.inline import PageTarget
from bot.item_id import make_id
from bot.sync.data_links import LinkKind

_UNSEEN = ("id", "publish_at", "expires_at", "pinned", "file")
"""The fields of a news item that the page does not show."""
_ENTRIES = ("lines", "links", "items")
_WORDS = ("heading", "intro")
"""The fields of a region, besides its entries, that have words."""


class Choice(StrEnum):
    """What a person decides about a dispute."""

    PAGE = "page"
    FILE = "file"
    BOTH = "both"
    SKIP = "skip"
    """Neither: page and data file stay as they are, and the question stays open."""


@dataclass(frozen=True, slots=True)
class Dispute:
    """An entry on which page and data file disagree, and only a person can decide.

    Both have a new wording; or *page* is None: people removed the entry from the page; or *file* is None: the data file
    removed an entry that has a new wording on the page. *name* is set for the heading or the intro of the region.
    """

    page: str | None
    file: str | None
    name: str | None = None

    @property
    def choices(self) -> tuple[Choice, ...]:
        """The possible decisions."""
        may_have_both = self.name is None and self.page is not None and self.file is not None
        return (Choice.PAGE, Choice.FILE, *([Choice.BOTH] * may_have_both), Choice.SKIP)

    def __str__(self) -> str:
        """Describe the two sides."""
        what = f"the {self.name}: " if self.name else ""
        if self.page is None:
            return f"{what}people removed “{self.file}” from the page, the data file has it"
        if self.file is None:
            return f"{what}the page has a new wording “{self.page}”, the data file has removed it"
        return f"{what}the page says “{self.page}”, the data file “{self.file}”"


Choose = Callable[[Dispute], Choice]


def choose_nothing(_dispute: Dispute) -> Choice:
    """Leave every dispute open."""
    return Choice.SKIP


@dataclass(frozen=True, slots=True)
class PartialMerge:
    """What the page said after a merge that left the entries *still_open* open."""

    value: Value
    still_open: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class LastWritten:
    """What the bot wrote last as a whole, and what later merges that left entries open made of it, oldest first."""

    value: Value
    partials: tuple[PartialMerge, ...] = ()


@dataclass(frozen=True, slots=True)
class MergedRegion:
    """A merged region: *value* for the data file, *page_value* for the page; they differ in what is *open*.

    *taken* describes what comes from the page; *removed* are the entries that go because people removed them.
    *is_decided* is set if a person decided a dispute, *moves_off* if items of the page move to the older news.
    """

    value: Value
    page_value: Value
    open: tuple[Dispute, ...] = ()
    taken: tuple[str, ...] = ()
    removed: tuple[str, ...] = ()
    is_decided: bool = False
    moves_off: bool = False


def merge_entries(
    read: Value,
    base: Value,
    last: LastWritten | None,
    pages: Pages,
    *,
    now: dt.datetime,
    zone: dt.tzinfo = dt.UTC,
    choose: Choose = choose_nothing,
    is_page_newer: bool = False,
) -> MergedRegion:
    """Merge *read* from the page with *base* from the data file; *last* is what the bot wrote last, if that is known.

    A wording that is new on one side is taken, and a new entry of either side is preserved. *choose* decides about the
    rest. Without *last* nobody knows which of two wordings is new, unless *is_page_newer*.
    """
    merger = _Merger(read, shown_part(base, now), last, pages, now, zone, is_page_newer=is_page_newer)
    decisions = {dispute: choose(dispute) for dispute in merger.disputes}
    return MergedRegion(
        with_hidden(merger.merge(decisions, if_open=Choice.FILE), base, now),
        with_hidden(merger.merge(decisions, if_open=Choice.PAGE), base, now),
        tuple(dispute for dispute, choice in decisions.items() if choice is Choice.SKIP),
        tuple(merger.describe_taken(decisions)),
        tuple(each.file or "" for each, choice in decisions.items() if each.page is None and choice is Choice.PAGE),
        any(choice is not Choice.SKIP for choice in decisions.values()),
        bool(merger.pushed_off),
    )


class _Merger:
    """Compares the three states of one region, and merges them as decided."""

    def __init__(
        self,
        read: Value,
        base: Value,
        last: LastWritten | None,
        pages: Pages,
        now: dt.datetime,
        zone: dt.tzinfo,
        *,
        is_page_newer: bool,
    ) -> None:
        self._pages, self._now, self._zone = pages, now, zone
        self._read, self._base = read, base
        if last is not None:
            self._fields = _find_fields(read, base, last.value, pages)
        else:
            self._fields = {} if is_page_newer else dict(_find_other_words(read, base, pages))
        self._on_page, self._in_file = list(_entries(read)), list(_entries(base))
        shown: Sequence[Entry] = self._in_file
        older: Sequence[Entry] = ()
        if isinstance(base, News):
            shown, older = shown_news(base, now), older_news(base, now)
        self._places = [number for number, entry in enumerate(self._in_file) if entry in shown]
        self._shown_count = len(self._places)
        self._older = [number for number, entry in enumerate(self._in_file) if entry in older]
        self._places += self._older if last else []
        self._page_speller = _Speller(pages, is_read=True, day=_day_shown(read, base, zone))
        file_speller = _Speller(pages, is_read=False, day=_day_shown(base, read, zone))
        self._page_words = [self._page_speller.spell(entry) for entry in self._on_page]
        self._file_words = [file_speller.spell(self._in_file[number]) for number in self._places]
        self._found = compare(self._page_words, self._file_words, self._find_common(last), is_page_newer=is_page_newer)
        self._sides: dict[Dispute, list[tuple[int, int]]] = {}
        for dispute, positions in self._find_disputes():
            self._sides.setdefault(dispute, []).append(positions)

    @property
    def disputes(self) -> tuple[Dispute, ...]:
        fields = (Dispute(*sides, name) for name, sides in self._fields.items() if sides is not None)
        return (*fields, *self._sides)

    def _find_common(self, last: LastWritten | None) -> LastCommon | None:
        if last is None:
            return None
        common = LastCommon.of([self._page_speller.spell(entry) for entry in _entries(last.value)])
        for merged in last.partials:
            partial = [self._page_speller.spell(entry) for entry in _entries(merged.value)]
            common = common.after(partial, merged.still_open)
        return common

    def _find_disputes(self) -> list[tuple[Dispute, tuple[int, int]]]:
        """Return the disputes about entries, each with its positions on the page and in the data file, or -1."""
        found = self._found
        clashes = [
            (Dispute(self._page_words[here], self._file_words[there]), (here, there))
            for here, there in found.clashes.items()
        ]
        removed = [
            (Dispute(None, self._file_words[there]), (-1, there))
            for there in found.removed
            if there < self._shown_count
        ]
        return [*clashes, *removed, *((Dispute(self._page_words[here], None), (here, -1)) for here in found.withdrawn)]

    def _positions(self) -> Iterator[tuple[Dispute, int, int]]:
        for dispute, positions in self._sides.items():
            yield from ((dispute, here, there) for here, there in positions)

    def merge(self, decisions: Mapping[Dispute, Choice], *, if_open: Choice) -> Value:
        """Return the merged value; what is open is taken from the side *if_open*."""
        found, places = self._found, self._places
        on_page, in_file = [[entry] for entry in self._on_page], list(self._in_file)
        kept = {*self._older, *(places[there] for there in found.unpublished)}
        for here, there in found.from_page.items():
            in_file[places[there]] = _reworded(in_file[places[there]], self._on_page[here])
        for here, there in found.from_file.items():
            on_page[here] = [in_file[places[there]]]
        for here in (*found.gone, *self.pushed_off):
            on_page[here] = []
        for dispute, here, there in self._positions():
            choice = if_open if decisions[dispute] is Choice.SKIP else decisions[dispute]
            if there < 0:
                on_page[here] = on_page[here] if choice is Choice.PAGE else []
            elif here < 0:
                kept |= {places[there]} if choice is Choice.FILE else set()
            elif choice is Choice.PAGE:
                in_file[places[there]] = _reworded(in_file[places[there]], self._on_page[here])
            else:
                page_entry = [self._on_page[here]] if choice is Choice.BOTH else []
                is_older = there >= self._shown_count  # newer items of the data file push it off the page
                on_page[here] = [*page_entry, *([] if is_older else [in_file[places[there]]])]
        entries = [entry for here in self._order() for entry in on_page[here]]
        page_side = _with(self._with_fields(decisions, if_open), entries)
        file_side = _with(self._base, [entry for number, entry in enumerate(in_file) if number not in kept])
        merged = merge(page_side, file_side, self._pages, now=self._now, zone=self._zone)
        entries = _with_new_ids(list(_entries(merged)), [in_file[number] for number in kept])
        return _with(merged, _put_in(entries, in_file, kept))

    def _order(self) -> list[int]:
        """Return the order of the entries: that of the data file, unless people changed it on the page."""
        found, order = self._found, list(range(len(self._on_page)))
        positions = [found.known[here] for here in order if here in found.known]
        if not positions or positions != sorted(positions):
            return order
        shown = shown_news(self._base, self._now) if isinstance(self._base, News) else self._in_file
        rank = {number: list(shown).index(entry) for number, entry in enumerate(self._in_file) if entry in shown}
        at = (-1, 0)
        keys = {}
        for here in order:  # an entry without a partner follows the entry above it
            place = rank.get(self._places[found.partner[here]]) if here in found.partner else None
            at = (at[0], at[1] + 1) if place is None else (place, 0)
            keys[here] = at
        return sorted(order, key=lambda here: keys[here])

    def _with_fields(self, decisions: Mapping[Dispute, Choice], if_open: Choice) -> Value:
        """Return the page's value with what the data file says in each field that is unchanged on the page."""
        update = {}
        for name, sides in self._fields.items():
            choice = Choice.FILE if sides is None else decisions[Dispute(*sides, name)]
            if (if_open if choice is Choice.SKIP else choice) is Choice.FILE:
                update[name] = getattr(self._base, name)
        return self._read.model_copy(update=update)

    @property
    def pushed_off(self) -> list[int]:
        """Return the entries of the page that give way to newer ones of the data file, by its limit `show`."""
        return [
            here
            for here, there in self._found.partner.items()
            if there >= self._shown_count and here in self._found.known
        ]

    def describe_taken(self, decisions: Mapping[Dispute, Choice]) -> list[str]:
        """Describe what comes from the page."""
        found = self._found
        decided = {
            here: there
            for dispute, here, there in self._positions()
            if decisions[dispute] is Choice.PAGE and min(here, there) >= 0
        }
        reworded = [
            f"“{self._file_words[there]}” is now “{self._page_words[here]}”"
            for here, there in sorted((found.from_page | decided).items())
        ]
        settled = found.partner.keys() | found.known
        return reworded + [f"new: “{words}”" for here, words in enumerate(self._page_words) if here not in settled]


def find_open(text: Value, base: Value, disputes: Sequence[Dispute], pages: Pages, zone: dt.tzinfo) -> tuple[int, ...]:
    """Return the numbers of the entries of a page's *text* that *disputes* leave open."""
    speller = _Speller(pages, is_read=True, day=_day_shown(text, base, zone))
    still_open = {dispute.page for dispute in disputes if dispute.name is None}
    return tuple(number for number, entry in enumerate(_entries(text)) if speller.spell(entry) in still_open)


def _find_fields(
    read: Value, base: Value, last: Value, pages: Pages
) -> dict[str, tuple[str | None, str | None] | None]:
    """Return the fields that the page does not decide: None if the page did not change the field, else both wordings.

    `show` is not among them, because the page decides it by the number of its items.
    """
    fields: dict[str, tuple[str | None, str | None] | None] = {}
    for name in type(base).model_fields:
        if name in _ENTRIES or name == "show":
            continue
        ours, theirs = getattr(base, name), getattr(read, name)
        before = getattr(last, name)
        if theirs == before:
            fields[name] = None
        elif name in _WORDS and before not in (ours, respell(ours, pages) if ours else ours) and theirs != ours:
            fields[name] = (theirs, ours)
    return fields


def _find_other_words(
    read: Value, base: Value, pages: Pages
) -> Iterator[tuple[str, tuple[str | None, str | None] | None]]:
    """Yield heading and intro with both wordings, if both sides have one and nobody knows which is new."""
    for name in _WORDS:
        ours, theirs = getattr(base, name, None), getattr(read, name, None)
        if ours and theirs and plain_blanks(theirs) not in {plain_blanks(ours), plain_blanks(respell(ours, pages))}:
            yield name, (theirs, ours)


def _entries(value: Value) -> Sequence[Entry]:
    match value:
        case StatusBanner():
            return value.lines
        case QuickLinks():
            return value.links
        case News():
            return value.items


def _with(value: Value, entries: Sequence[Entry]) -> Value:
    match value:
        case StatusBanner():
            return value.model_copy(update={"lines": tuple(entries)})
        case QuickLinks():
            return value.model_copy(update={"links": tuple(entries)})
        case News():
            return value.model_copy(update={"items": tuple(entries)})


def _target_words(target: PageTarget | LinkTarget) -> str:
    """Return the page with the key of its space, the address with the look of its card, or the file."""
    if isinstance(target, PageTarget):
        return ":".join(filter(None, ("page", target.space_key, target.title)))
    address = target.value if target.kind is LinkKind.EXTERNAL else f"{target.kind}:{target.value}"
    return " ".join(filter(None, (address, target.card)))


class _Speller:
    """Spells all that a reader sees of an entry: *is_read* from the page, or as it would be read back."""

    def __init__(self, pages: Pages, *, is_read: bool, day: Callable[[NewsItem], dt.date | None]) -> None:
        self._pages, self._is_read, self._day = pages, is_read, day

    def spell(self, entry: Entry) -> str:
        match entry:
            case StatusLine():
                content = line_content(entry) if self._is_read else reread_line(entry, self._pages)
                parts = [self._reread(entry.label), *(str(part) for part in content if part), entry.highlight or ""]
            case QuickLink():
                links = (link_identity(link, self._pages) for link in with_links_below((entry,)))
                below = " / ".join(f"{text} ({_target_words(target)})" if target else text for text, target in links)
                remarks = [self._reread(each) for each in (entry.group, entry.remark_before, entry.remark)]
                parts = [*remarks[:2], below, remarks[2], entry.colour or ""]
            case NewsItem():
                day = self._day(entry)
                parts = [f"{day}:" if day else "", self._reread(entry.group), *self._points((entry,))]
        cells = (*getattr(entry, "cells_before", ()), *entry.cells)
        return plain_blanks(" ".join(filter(None, [*parts, *map(self._reread, cells)])))

    def _points(self, items: Sequence[NewsItem | NewsPoint]) -> Iterator[str]:
        for item in items:
            yield self._reread(item.text)
            yield from self._points(item.items)

    def _reread(self, markdown: str | None) -> str:
        if not markdown or self._is_read:
            return (markdown or "").strip()
        return respell(markdown, self._pages).strip()


def _day_shown(value: Value, other: Value, zone: dt.tzinfo) -> Callable[[NewsItem], dt.date | None]:
    """Return a function that returns the day that *value* shows of an item, if *other* shows days in the same way."""
    dates = value.dates if isinstance(value, News) else "hidden"
    if dates == "hidden" or not isinstance(other, News) or other.dates != dates:
        return lambda _item: None
    return (lambda item: day_of(item, zone)) if dates == "by_day" else (lambda item: item.date)


def _reworded(entry: Entry, new: Entry) -> Entry:
    """Return what *new* says, with what the page does not show of *entry*."""
    if isinstance(entry, NewsItem) and isinstance(new, NewsItem):
        unseen = {name: getattr(entry, name) for name in _UNSEEN}
        return new.model_copy(update=unseen | {"date": new.date or entry.date})
    if isinstance(entry, StatusLine | QuickLink):
        return new.model_copy(update={name: getattr(entry, name) for name in ("publish_at", "expires_at")})
    return new


def _with_new_ids(merged: Sequence[Entry], kept: Sequence[Entry]) -> list[Entry]:
    """Give another id to each entry whose id one of *kept* has: `merge` did not see those."""
    own = {entry.id for entry in kept if isinstance(entry, NewsItem)}
    taken = own | {entry.id for entry in merged if isinstance(entry, NewsItem)}
    entries: list[Entry] = []
    for entry in merged:
        if isinstance(entry, NewsItem) and entry.id in own:
            entry = entry.model_copy(update={"id": make_id(entry.text, taken)})
            taken.add(entry.id)
        entries.append(entry)
    return entries


def _put_in(merged: list[Entry], in_file: Sequence[Entry], unpublished: set[int]) -> list[Entry]:
    """Put the unpublished entries of the data file back, each after the entry that it follows in the data file."""
    for number in sorted(unpublished):
        before = next((entry for entry in reversed(in_file[:number]) if _find(merged, entry) is not None), None)
        place = None if before is None else _find(merged, before)
        merged.insert(0 if place is None else place + 1, in_file[number])
    return merged


def _find(entries: Sequence[Entry], wanted: Entry) -> int | None:
    for number, entry in enumerate(entries):
        if entry == wanted or (isinstance(entry, NewsItem) and isinstance(wanted, NewsItem) and entry.id == wanted.id):
            return number
    return None

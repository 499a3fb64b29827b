"""What differs between two revisions of a data file, as the operations that lead from one to the other."""

from collections.abc import Iterator, Mapping, Sequence
from difflib import SequenceMatcher
from typing import Any

from bot.config.data_file import ENTRY_LISTS, DataFile
from bot.config.data_model import REGION_NAMES, NewsItem
from bot.config.data_operation import (
    AddEntry,
    EditEntry,
    EntryPlace,
    MoveEntry,
    Operation,
    RemoveEntry,
    SetFields,
    SetSection,
    Several,
)
from bot.config.entry_ref import Entry, EntryRef, as_seen, entries_of, links_below, own_digest
from bot.config.yaml_source import Location


def find_changes(before: DataFile, after: DataFile) -> Several:
    """Return the operations that make the values of *after* from those of *before*."""
    operations: list[Operation] = []
    for section in ("workspace", *REGION_NAMES):
        old, new = getattr(before.data, section), getattr(after.data, section)
        if old == new:
            continue
        if old is None or new is None:
            values = [None if each is None else as_seen(each) for each in (old, new)]
            operations.append(SetSection(section=section, seen=values[0], value=values[1]))
            continue
        operations += _find_fields(section, as_seen(old), as_seen(new))
        if section == "news":
            operations += _find_news(before, after)
        elif section in ENTRY_LISTS:
            operations += _find_entries(before, after, (section,), (section,))
    return Several(operations=tuple(operations))


def describe_changes(before: DataFile | None, after: DataFile) -> str:
    """Return in words what differs."""
    if before is None:
        return "file made"
    return find_changes(before, after).words if before.data != after.data else "only spelling or comments changed"


def _differences(old: Mapping[str, Any], new: Mapping[str, Any], *, without: str | None) -> dict[str, Any]:
    keys = [*old, *(key for key in new if key not in old)]
    return {key: new.get(key) for key in keys if key != without and old.get(key) != new.get(key)}


def _find_fields(section: str, old: Mapping[str, Any], new: Mapping[str, Any]) -> Iterator[Operation]:
    changes = _differences(old, new, without=ENTRY_LISTS.get(section))
    if changes:
        yield SetFields(section=section, seen={key: old.get(key) for key in changes}, changes=changes)


def _find_news(before: DataFile, after: DataFile) -> Iterator[Operation]:
    old, new = _items(before), _items(after)
    for item_id in old:
        if item_id not in new:
            yield RemoveEntry(entry=_news_ref(old[item_id]))
    for item_id, item in old.items():
        if item_id in new and new[item_id] != item:
            changes = _differences(as_seen(item), as_seen(new[item_id]), without=None)
            if changes:
                yield EditEntry(entry=_news_ref(item), changes=changes)
    yield from _find_news_places(after, old)


def _find_news_places(after: DataFile, old: Mapping[str, NewsItem]) -> Iterator[Operation]:
    """Yield the additions and moves, from the top; each item follows the one that is above it in the end."""
    new = _items(after)
    stay, common = [each for each in old if each in new], [each for each in new if each in old]
    blocks = SequenceMatcher(None, stay, common, autojunk=False).get_matching_blocks()
    unmoved = {item_id for block in blocks for item_id in stay[block.a : block.a + block.size]}
    place = EntryPlace(is_first=True)
    for number, item in enumerate(new.values()):
        if item.id not in old:
            written = after.entry_text(("news", "items", number))
            yield AddEntry(section="news", value=as_seen(item), place=place, written=written)
        elif item.id not in unmoved:
            yield MoveEntry(entry=_news_ref(old[item.id]), place=place)
        place = EntryPlace(after=_news_ref(item), is_first=True)


def _find_entries(before: DataFile, after: DataFile, old_at: Location, new_at: Location) -> Iterator[Operation]:
    """Yield the operations on the lists of entries of two parents; work from the end, so that places stay valid."""
    section = str(old_at[0])
    old, new = _below(before, old_at), _below(after, new_at)
    key = ENTRY_LISTS[section]
    digests = tuple(map(own_digest, old)), tuple(map(own_digest, new))
    for tag, start, end, new_start, new_end in reversed(
        SequenceMatcher(None, digests[0], digests[1], autojunk=False).get_opcodes()
    ):
        if tag == "equal" or end - start == new_end - new_start:
            for offset in reversed(range(end - start)):
                places = (*old_at, key, start + offset), (*new_at, key, new_start + offset)
                yield from _find_entry(before, after, *places, old[start + offset], new[new_start + offset])
            continue
        for number in reversed(range(new_start, new_end)):
            where = (*new_at, key, number)
            yield AddEntry(
                section=section,
                value=as_seen(new[number]),
                place=_place_after(before, old_at, start),
                written=after.entry_text(where),
            )
        for number in range(start, end):
            yield RemoveEntry(entry=EntryRef.at(before.data, (*old_at, key, number)))


def _find_entry(
    before: DataFile, after: DataFile, old_at: Location, new_at: Location, old: Entry, new: Entry
) -> Iterator[Operation]:
    changes = _differences(as_seen(old), as_seen(new), without="links")
    if links_below(old) != links_below(new):
        yield from _find_entries(before, after, old_at, new_at)
    if changes:
        yield EditEntry(entry=EntryRef.at(before.data, old_at), changes=changes)


def _place_after(before: DataFile, parent: Location, index: int) -> EntryPlace:
    """Return the place behind the entry that is above position *index* in the list of *parent*."""
    under = EntryRef.at(before.data, parent) if len(parent) > 1 else None
    if index == 0:
        return EntryPlace(under=under, is_first=True)
    above = EntryRef.at(before.data, (*parent, ENTRY_LISTS[str(parent[0])], index - 1))
    return EntryPlace(after=above, under=under)


def _below(document: DataFile, parent: Location) -> Sequence[Entry]:
    entries: Sequence[Entry] = entries_of(document.data, str(parent[0]))
    for step in parent:
        if isinstance(step, int):
            entries = links_below(entries[step])
    return entries


def _items(document: DataFile) -> dict[str, NewsItem]:
    return {item.id: item for item in document.data.news.items} if document.data.news else {}


def _news_ref(item: NewsItem) -> EntryRef:
    return EntryRef(section="news", name=item.id, seen=as_seen(item))

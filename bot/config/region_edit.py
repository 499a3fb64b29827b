"""Change a value of a YAML file where it differs, so that comments and the style of the rest stay (pure)."""

from collections.abc import Mapping, Sequence
from difflib import SequenceMatcher

from bot.config import yaml_edit
from bot.config.yaml_source import Location, YamlSource


def update_value(source: YamlSource, location: Location, old: object, new: object) -> YamlSource:
    """Replace *old* at *location* by *new*, part by part; both are plain values without defaults."""
    if old == new:
        return source
    if isinstance(old, Mapping) and isinstance(new, Mapping):
        return _update_mapping(source, location, old, new)
    if isinstance(old, list) and isinstance(new, list) and old and new:
        return _update_list(source, location, old, new)
    return yaml_edit.set_value(source, location, new)


def _update_mapping(
    source: YamlSource, location: Location, old: Mapping[str, object], new: Mapping[str, object]
) -> YamlSource:
    for key in old.keys() - new.keys():
        source = yaml_edit.remove_key(source, (*location, key))
    for key, value in new.items():
        where = (*location, key)
        if key in old:
            source = update_value(source, where, old[key], value)
        else:
            source = yaml_edit.set_value(source, where, value)
    return source


def _update_list(source: YamlSource, location: Location, old: Sequence[object], new: Sequence[object]) -> YamlSource:
    """Insert new items first, so that the list is never empty; work from the end, so that positions stay valid."""
    matcher = SequenceMatcher(None, [_key(item) for item in old], [_key(item) for item in new], autojunk=False)
    for tag, start, end, new_start, new_end in reversed(matcher.get_opcodes()):
        has_ids = any(isinstance(item, Mapping) and "id" in item for item in (*old[start:end], *new[new_start:new_end]))
        is_other = tag == "replace" and has_ids
        common = 0 if is_other else min(end - start, new_end - new_start)
        for offset in reversed(range(common, new_end - new_start)):
            source = yaml_edit.insert_item(source, location, start + common, new[new_start + offset])
        for number in reversed(range(start + common, end)):
            source = yaml_edit.remove_item(source, (*location, number + max(new_end - new_start - common, 0)))
        for offset in range(common):
            source = update_value(source, (*location, start + offset), old[start + offset], new[new_start + offset])
    return source


def _key(item: object) -> str:
    """Return what an item is recognised by: its id, or all of it."""
    return f"id {item['id']}" if isinstance(item, Mapping) and "id" in item else repr(item)

"""Edit one value in a YAML text by offset; all other bytes, comments and blank lines are preserved."""

import re
from collections.abc import Iterable, Mapping
from io import StringIO
from itertools import pairwise
from pathlib import Path

from ruamel.yaml import YAML
from ruamel.yaml.error import YAMLError
from ruamel.yaml.nodes import CollectionNode, MappingNode, Node, SequenceNode
from ruamel.yaml.representer import SafeRepresenter

from bot.config.yaml_source import Location, YamlSource, parse_yaml
from bot.errors import ContentError, StorageFormatError
from bot.splice import Span, splice

_INDENT = 2


def set_value(source: YamlSource, location: Location, value: object, *, first: bool = False) -> YamlSource:
    """Set the value at *location*; a new key becomes the last key of its mapping, or with *first* the first key."""
    *parents, step = location
    edit = _setting(source, tuple(parents), step, value, first=first)
    return _apply(source, edit, location, value)


def set_keys(source: YamlSource, location: Location, changes: Mapping[str, object]) -> YamlSource:
    """Set several keys of the mapping at *location*; None removes a key. The result is parsed once if possible."""
    wanted, edits = source.value, []
    for key, value in changes.items():
        edit = (
            _removal(source, (*location, key)) if value is None else _setting(source, location, key, value, first=False)
        )
        if edit is not None:
            edits.append(edit)
            changed = _ABSENT if value is None else value
            wanted = _changed(wanted, (*location, key), changed, is_new_item=False)
    if not edits:
        return source
    try:
        edited = parse_yaml(splice(source.text, _joined(edits)), path=source.path, error=ContentError)
        if edited.value == wanted:
            return edited
    except (ContentError, StorageFormatError):
        pass  # the edits touch each other: make one after the other
    for key, value in changes.items():
        where = (*location, key)
        source = remove_key(source, where) if value is None else set_value(source, where, value)
    return source


def _joined(edits: Iterable[tuple[Span, str]]) -> dict[Span, str]:
    """Return the edits by span; new keys at one place follow each other."""
    found: dict[Span, str] = {}
    for span, text in edits:
        if span in found and span.start != span.end:
            raise StorageFormatError(f"{span} is edited twice")
        before = found.get(span, "")
        found[span] = before + (text.lstrip("\r\n") if before.endswith("\n") else text)
    return found


def _setting(source: YamlSource, parents: Location, step: str | int, value: object, *, first: bool) -> tuple[Span, str]:
    parent = _get(source, parents)
    node = source.node_at((*parents, step))
    if node:
        return _replace(source, parent, node, value)
    if first and isinstance(parent, MappingNode) and parent.value:
        return _prepend_key(source, parent, str(step), value)
    return _append_key(source, parent, str(step), value)


def add_list(source: YamlSource, location: Location, value: object, *, written: str | None = None) -> YamlSource:
    """Add a list of one item as the last key of a mapping; *written* is the text of the item elsewhere in the file."""
    *parents, key = location
    parent = _get(source, tuple(parents))
    if written is not None and source.node_at(location) is None and not _is_flow(parent):
        newline, column = _newline(source.text), int(parent.start_mark.column)
        body = _indented(written, " " * (column + 2 * _INDENT), newline).lstrip()
        lines = f"{' ' * column}{key}:{newline}{' ' * (column + _INDENT)}- {body}{newline}"
        at = _line_end(source.text, _end(parent))
        before = "" if source.text[:at].endswith("\n") else newline
        try:
            return _apply(source, (Span(at, at), before + lines), location, [value])
        except ContentError:
            pass  # for example a scalar that depends on its indentation; dump the value instead
    return set_value(source, location, [value])


def remove_key(source: YamlSource, location: Location) -> YamlSource:
    """Remove a key and its value from a mapping."""
    edit = _removal(source, location)
    return source if edit is None else _apply(source, edit, location, _ABSENT)


def _removal(source: YamlSource, location: Location) -> tuple[Span, str] | None:
    *parents, step = location
    parent = _get(source, tuple(parents))
    if not isinstance(parent, MappingNode):
        raise _cannot(source, location)
    index = next((i for i, (key, _) in enumerate(parent.value) if key.value == step), None)
    if index is None:
        return None
    items = [(key, value) for key, value in parent.value]
    return _cut(source, parent, [Span(k.start_mark.index, _end(v)) for k, v in items], index)


def item_text(source: YamlSource, location: Location) -> str | None:
    """Return the text of an item of a block sequence without dash and indentation; None in flow style."""
    *parents, _ = location
    parent, node = _get(source, tuple(parents)), _get(source, location)
    if isinstance(parent, CollectionNode) and parent.flow_style:
        return None
    start, column = int(node.start_mark.index), int(node.start_mark.column)
    first, *others = source.text[start : _line_end(source.text, _end(node))].splitlines()
    if any(line[:column].strip() for line in others):
        return None
    return "\n".join([first, *(line[column:] for line in others)])


def insert_item(
    source: YamlSource, location: Location, index: int, value: object, *, written: str | None = None
) -> YamlSource:
    """Insert *value* into the sequence at *location*, before the item at *index*.

    *written* is the text of the value elsewhere in the file (`item_text`); it is used if the sequence allows this.
    """
    node = _get(source, location)
    if written is not None and isinstance(node, SequenceNode) and node.value and not node.flow_style:
        try:
            edit = _insert_in_block(source, node, index, value, written=written)
            return _apply(source, edit, (*location, index), value, is_new_item=True)
        except ContentError:
            pass  # for example a scalar that depends on its indentation; dump the value instead
    if not isinstance(node, SequenceNode):
        raise _cannot(source, location)
    if not node.value:
        *parents, _ = location
        edit = _replace(source, _get(source, tuple(parents)), node, [value])
    elif node.flow_style:
        edit = _insert_in_flow(node, index, _dump_flow(value))
    else:
        edit = _insert_in_block(source, node, index, value)
    return _apply(source, edit, (*location, index), value, is_new_item=True)


def remove_item(source: YamlSource, location: Location) -> YamlSource:
    """Remove one item of a sequence; a sequence without items becomes `[]`."""
    *parents, index = location
    node = _get(source, tuple(parents))
    if not isinstance(node, SequenceNode) or not isinstance(index, int):
        raise _cannot(source, location)
    if len(node.value) == 1:
        return set_value(source, tuple(parents), [])
    edit = _cut(source, node, [Span(_item_start(source, node, i), _end(n)) for i, n in enumerate(node.value)], index)
    return _apply(source, edit, location, _ABSENT)


def move_item(source: YamlSource, location: Location, index: int) -> YamlSource:
    """Move one item of a sequence to position *index*; the text of the item does not change."""
    *parents, before = location
    node = _get(source, tuple(parents))
    if not isinstance(node, SequenceNode) or not isinstance(before, int) or not 0 <= index < len(node.value):
        raise _cannot(source, location)
    if index == before:
        return source
    rewritten = (
        _move_in_flow(source, node, before, index) if node.flow_style else _move_in_block(source, node, before, index)
    )
    items = list(_value_at(source.value, tuple(parents)))
    items.insert(index, items.pop(before))
    try:
        return _apply(source, rewritten, tuple(parents), items)
    except ContentError:
        # Without its final line break, a block scalar has another value: end the file with a line break.
        span, text = rewritten
        return _apply(source, (span, text + _newline(source.text)), tuple(parents), items)


def _value_at(tree: object, location: Location) -> list[object]:
    for step in location:
        tree = tree[step]  # type: ignore[index]  # a location leads through mappings and lists only
    assert isinstance(tree, list)  # noqa: S101
    return tree


def _move_in_flow(source: YamlSource, node: SequenceNode, before: int, index: int) -> tuple[Span, str]:
    """Return the items in their new order, with the existing separators."""
    spans = [Span(int(item.start_mark.index), _end(item)) for item in node.value]
    texts = [source.text[span.start : span.end] for span in spans]
    between = [source.text[left.end : right.start] for left, right in pairwise(spans)]
    texts.insert(index, texts.pop(before))
    whole = "".join(text + separator for text, separator in zip(texts, [*between, ""], strict=True))
    return Span(spans[0].start, spans[-1].end), whole


def _move_in_block(source: YamlSource, node: SequenceNode, before: int, index: int) -> tuple[Span, str]:
    """Return the affected lines, with the lines of the moved item at their new place."""
    text, newline = source.text, _newline(source.text)
    starts = [_line_start(text, _item_start(source, node, position)) for position in range(len(node.value))]
    ends = [_line_end(text, _end(item)) for item in node.value]
    if any(text[start : _item_start(source, node, i)].strip() for i, start in enumerate(starts)):
        raise _cannot(source, (before,))
    moved = text[starts[before] : ends[before]]
    if index < before:
        span = Span(starts[index], ends[before])
        pieces = [moved, text[starts[index] : starts[before]]]
    else:
        span = Span(starts[before], ends[index])
        pieces = [text[ends[before] : ends[index]], moved]
    has_last_break = text[span.start : span.end].endswith("\n")
    whole = "".join(piece if piece.endswith("\n") else piece + newline for piece in pieces)
    return span, whole if has_last_break else whole.removesuffix(newline)


def remove_list_of_one(source: YamlSource, location: Location) -> YamlSource:
    """Remove a key whose value is a list of one item; the comments above the item stay."""
    *parents, step = location
    parent, node = _get(source, tuple(parents)), _get(source, location)
    if _is_flow(parent) or _is_flow(node) or not (isinstance(parent, MappingNode) and isinstance(node, SequenceNode)):
        return remove_key(source, location)
    text = source.text
    key = next(key for key, _ in parent.value if key.value == step)
    start, item = _line_start(text, int(key.start_mark.index)), _line_start(text, _item_start(source, node, 0))
    if text[start : int(key.start_mark.index)].strip():
        return remove_key(source, location)
    above = text[_line_end(text, int(key.end_mark.index)) : item]
    return _apply(source, (Span(start, _line_end(text, _end(node))), above), location, _ABSENT)


_ABSENT = object()


def _apply(
    source: YamlSource, edit: tuple[Span, str], location: Location, value: object, *, is_new_item: bool = False
) -> YamlSource:
    """Splice, then verify that exactly the requested value has changed."""
    span, text = edit
    edited = parse_yaml(splice(source.text, {span: text}), path=source.path, error=ContentError)
    wanted = _changed(source.value, location, value, is_new_item=is_new_item)
    if edited.value != wanted:
        raise _cannot(source, location)
    return edited


def _changed(tree: object, location: Location, value: object, *, is_new_item: bool) -> object:
    step, *rest = location
    if isinstance(tree, Mapping):
        copy = dict(tree)
        if rest:
            copy[step] = _changed(copy[step], tuple(rest), value, is_new_item=is_new_item)
        elif value is _ABSENT:
            copy.pop(step, None)
        else:
            copy[step] = value
        return copy
    assert isinstance(tree, list)  # noqa: S101 -- a location leads through mappings and lists only
    assert isinstance(step, int)  # noqa: S101
    items = list(tree)
    if rest:
        items[step] = _changed(items[step], tuple(rest), value, is_new_item=is_new_item)
    elif is_new_item:
        items.insert(step, value)
    elif value is _ABSENT:
        del items[step]
    else:
        items[step] = value
    return items


def _get(source: YamlSource, location: Location) -> Node:
    node = source.node_at(location)
    if node is None:
        raise _cannot(source, location)
    return node


def _is_flow(node: Node) -> bool:
    return isinstance(node, CollectionNode) and bool(node.flow_style)


def _cannot(source: YamlSource, location: Location) -> ContentError:
    where = ".".join(str(step) for step in location)
    message = (
        f"{where} is written in a way that cannot be changed without changing the text around it; "
        "edit the file in an editor"
    )
    return ContentError(message, path=source.path, line=source.line_of(location))


def _end(node: Node) -> int:
    """Return the end of a node's text; the end mark of a block collection includes the comments that follow."""
    if isinstance(node, CollectionNode) and not node.flow_style and node.value:
        last = node.value[-1]
        return _end(last[1] if isinstance(node, MappingNode) else last)
    return int(node.end_mark.index)


def _line_start(text: str, offset: int) -> int:
    return text.rfind("\n", 0, offset) + 1


def _line_end(text: str, offset: int) -> int:
    """Return the offset after the line break at the end of the line that contains *offset*."""
    if offset > 0 and text[offset - 1] == "\n":
        return offset  # a block scalar ends with its own line break
    found = text.find("\n", offset)
    return len(text) if found < 0 else found + 1


def _newline(text: str) -> str:
    return "\r\n" if "\r\n" in text else "\n"


def _item_start(source: YamlSource, node: SequenceNode, index: int) -> int:
    """Return the offset of the dash of an item in a block sequence, or of the item itself in flow style."""
    start = int(node.value[index].start_mark.index)
    if node.flow_style:
        return start
    floor = _end(node.value[index - 1]) if index else int(node.start_mark.index)
    dashes = [m.start(1) for m in re.finditer(r"(?:^|(?<=[ \n]))(-)(?=\s)", source.text[floor:start])]
    if not dashes:
        raise _cannot(source, (index,))
    return floor + dashes[0]


def _cut(source: YamlSource, parent: CollectionNode, spans: list[Span], index: int) -> tuple[Span, str]:
    span = spans[index]
    if parent.flow_style:
        if index + 1 < len(spans):
            return Span(span.start, spans[index + 1].start), ""
        start = spans[index - 1].end if index else span.start
        return Span(start, span.end), ""
    text = source.text
    start = _line_start(text, span.start)
    if text[start : span.start].strip():  # other text precedes on the same line, such as the dash of an item
        if index + 1 == len(spans):
            raise _cannot(source, (index,))
        return Span(span.start, spans[index + 1].start), ""
    return Span(start, _line_end(text, span.end)), ""


def _replace(source: YamlSource, parent: Node, node: Node, value: object) -> tuple[Span, str]:
    text, newline = source.text, _newline(source.text)
    start, end = int(node.start_mark.index), _end(node)
    if isinstance(parent, CollectionNode) and parent.flow_style:
        return Span(start, end), _dump_flow(value)
    own_break = newline if end > start and text[end - 1] == "\n" else ""  # the line break of a block scalar
    is_block = isinstance(value, Mapping | list) and bool(value)
    if not isinstance(parent, MappingNode):
        dumped = _indented(_dump_block(value), " " * int(node.start_mark.column), newline).lstrip()
        return Span(start, end), (dumped if is_block else _dump_flow(value)) + own_break
    key = next(key for key, child in parent.value if child is node)
    after_colon = text.index(":", int(key.end_mark.index)) + 1
    block = _indented(_dump_block(value), " " * (int(key.start_mark.column) + _INDENT), newline) if is_block else ""
    if start == end:  # `key:` without a value
        return Span(after_colon, after_colon), newline + block if is_block else " " + _dump_flow(value)
    if "\n" not in text[after_colon:start]:
        if is_block:
            return Span(after_colon, end), newline + block + own_break
        return Span(start, end), _dump_flow(value) + own_break
    line = _line_start(text, start)
    if is_block:
        return Span(line, end), block + own_break
    between = text[after_colon:line].rstrip("\r\n")  # preserves the comments above the old value
    return Span(after_colon, end), " " + _dump_flow(value) + between + own_break


def _append_key(source: YamlSource, parent: Node, key: str, value: object) -> tuple[Span, str]:
    if not isinstance(parent, MappingNode):
        raise _cannot(source, (key,))
    if parent.flow_style:
        at = _end(parent.value[-1][1]) if parent.value else int(parent.end_mark.index) - 1
        separator = ", " if parent.value else ""
        return Span(at, at), separator + _dump_flow({key: value})[1:-1]
    text, newline = source.text, _newline(source.text)
    at = _line_end(text, _end(parent))
    before = "" if text[:at].endswith("\n") or at == 0 else newline
    lines = _indented(_dump_block({key: value}), " " * int(parent.start_mark.column), newline)
    return Span(at, at), before + lines + newline


def _prepend_key(source: YamlSource, parent: MappingNode, key: str, value: object) -> tuple[Span, str]:
    at = int(parent.value[0][0].start_mark.index)
    if parent.flow_style:
        return Span(at, at), _dump_flow({key: value})[1:-1] + ", "
    text, newline = source.text, _newline(source.text)
    column = int(parent.value[0][0].start_mark.column)
    if text[_line_start(text, at) : at].strip():
        raise _cannot(source, (key,))
    lines = _indented(_dump_block({key: value}), " " * column, newline)
    return Span(_line_start(text, at), _line_start(text, at)), lines + newline


def _insert_in_flow(node: SequenceNode, index: int, item: str) -> tuple[Span, str]:
    if index < len(node.value):
        at = int(node.value[index].start_mark.index)
        return Span(at, at), item + ", "
    at = _end(node.value[-1])
    return Span(at, at), ", " + item


def _insert_in_block(
    source: YamlSource, node: SequenceNode, index: int, value: object, *, written: str | None = None
) -> tuple[Span, str]:
    text, newline = source.text, _newline(source.text)
    column = int(node.start_mark.column)
    neighbour = node.value[min(index, len(node.value) - 1)]
    in_flow = isinstance(neighbour, CollectionNode) and neighbour.flow_style
    if written is not None:
        body = _indented(written, " " * (column + _INDENT), newline).lstrip()
    elif in_flow:
        body = _dump_flow(value)
    else:
        body = _indented(_dump_block(value), " " * (column + _INDENT), newline).lstrip()
    item = " " * column + "- " + body + newline
    if index >= len(node.value):
        at = _line_end(text, _end(node))
        return Span(at, at), ("" if text[:at].endswith("\n") else newline) + item
    dash = _item_start(source, node, index)
    at = _line_start(text, dash)
    if text[at:dash].strip():
        raise _cannot(source, (index,))
    return Span(at, at), item


class _Quoting(SafeRepresenter):
    """Represents every string in double quotes."""


_Quoting.add_representer(
    str, lambda representer, text: representer.represent_scalar("tag:yaml.org,2002:str", text, style='"')
)


def _dump_block(value: object) -> str:
    dumped = _dump(value, in_flow=False)
    if isinstance(value, list):  # ruamel indents the dashes of a top-level list by its offset
        dumped = "\n".join(line.removeprefix(" " * _INDENT) for line in dumped.split("\n"))
    return dumped


def _dump_flow(value: object) -> str:
    """Dump *value* on one line, valid both in flow style and in block style."""
    return _dump({"k": value}, in_flow=True).removeprefix("{k: ").removeprefix('{"k": ').removesuffix("}")


def _dump(value: object, *, in_flow: bool) -> str:
    """Dump *value*; quote all strings if ruamel does not load its own output correctly, for example `{a: ?b}`."""
    dumped = _dump_as(value, in_flow=in_flow, representer=SafeRepresenter)
    try:
        if YAML(typ="safe", pure=True).load(dumped) == value:
            return dumped
    except YAMLError:
        pass
    return _dump_as(value, in_flow=in_flow, representer=_Quoting)


def _dump_as(value: object, *, in_flow: bool, representer: type[SafeRepresenter]) -> str:
    yaml = YAML(typ="safe", pure=True)
    yaml.Representer = representer
    yaml.width = 1_000_000
    yaml.default_flow_style = in_flow
    yaml.sort_base_mapping_type_on_output = False  # type: ignore[assignment]  # they declare None
    yaml.indent(mapping=_INDENT, sequence=_INDENT + 2, offset=_INDENT)
    stream = StringIO()
    yaml.dump(value, stream)
    return stream.getvalue().rstrip("\n")


def _indented(dumped: str, indent: str, newline: str) -> str:
    return newline.join(indent + line if line else line for line in dumped.split("\n"))


def dump(value: object) -> str:
    """Return *value* in block style."""
    return _dump_block(value)


def parse(text: str, path: Path) -> YamlSource:
    """Parse *text* as the data file at *path*."""
    return parse_yaml(text, path=path, error=ContentError)

"""Reads plain YAML with libyaml: the same nodes and values as ruamel.yaml, some twenty times as fast."""

import re
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from typing import Any

from ruamel.yaml.error import YAMLError as OtherYAMLError
from ruamel.yaml.nodes import MappingNode, Node, ScalarNode, SequenceNode
from ruamel.yaml.tag import Tag
from yaml.error import YAMLError
from yaml.events import (
    DocumentStartEvent,
    MappingEndEvent,
    MappingStartEvent,
    ScalarEvent,
    SequenceEndEvent,
    SequenceStartEvent,
    StreamEndEvent,
)

from bot.garbage_collector import paused_collector

try:
    from yaml.cyaml import CParser
except ImportError:  # PyYAML was built without libyaml
    CParser = None

Resolve = Callable[[str], tuple[str, object]]
"""Returns tag and value of a plain scalar."""
_USUAL = re.compile(r"[\n\r -~\u00a0-\u2027\u202a-\ud7ff\ue000-\ufefe\uff00-\ufffd\U00010000-\U0010ffff]*")
"""Texts for which the two scanners agree: YAML 1.1 and 1.2 differ in line breaks, tabs and control characters."""
_COMMENT_AT_ONCE = re.compile(r"[|>][0-9+-]*#")
"""A comment directly after the indicator of a block scalar, which only libyaml accepts."""
_MAX_DEPTH = 60
_PREFIX = "tag:yaml.org,2002:"
_STR, _MAP, _SEQ = (Tag(suffix=f"{_PREFIX}{name}") for name in ("str", "map", "seq"))


class _NotPlainError(Exception):
    """The text has a construct that is left to the other reader: anchor, tag, directive, merge key, complex key."""


@dataclass(slots=True)
class _Collection:
    """A sequence, or a mapping whose keys and values follow each other in *children*."""

    start: MappingStartEvent | SequenceStartEvent
    end: MappingEndEvent | SequenceEndEvent
    children: list[Any]
    """Scalars and collections, without a recursive type, because the events have no types."""


_Known = dict[str, tuple[Tag, object]]
"""Tag and value of each scalar without quotes."""


@dataclass(frozen=True, slots=True)
class PlainYaml:
    """A text as values, and as the events of which the nodes are made when somebody asks for them."""

    value: object
    _shape: Any
    _known: _Known

    def make_root(self) -> Node | None:
        """Return the nodes, with their places in the text."""
        with paused_collector():
            return None if self._shape is None else _node_of(self._shape, self._known)


def read_plain(text: str, resolve: Resolve, *, max_values: int) -> PlainYaml | None:
    """Return what *text* contains; None if the text has errors, unusual constructs or too many values."""
    if CParser is None or not _USUAL.fullmatch(text) or _COMMENT_AT_ONCE.search(text):
        return None
    try:
        with paused_collector():
            return _Reader(text, resolve, max_values).read()
    except (
        YAMLError,
        OtherYAMLError,
        _NotPlainError,
        ValueError,
        TypeError,
        LookupError,
        AttributeError,
        ArithmeticError,
    ):
        return None


class _Scalar(ScalarNode):
    """A scalar node, made without the calls of the base classes: there are tens of thousands in a large file."""

    __slots__ = ()

    def __init__(self, tag: Tag, event: ScalarEvent) -> None:
        self.ctag = tag
        self.value = event.value
        self.start_mark = event.start_mark
        self.end_mark = event.end_mark
        self.comment = self.anchor = None
        self.style = event.style or None


class _Late:
    """The children of a collection, made when somebody asks for them: an edit needs those on its path only."""

    def __init__(self, *values: Any, **words: Any) -> None:
        self.children: list[Any] | None = None
        self.source: tuple[_Collection, _Known]
        super().__init__(*values, **words)

    @property
    def value(self) -> list[Any]:
        if self.children is None:
            shape, known = self.source
            self.children = self._of([_node_of(child, known) for child in shape.children])
        return self.children

    @value.setter
    def value(self, children: list[Any] | None) -> None:
        self.children = children

    def _of(self, nodes: list[Node]) -> list[Any]:
        return nodes


class _Sequence(_Late, SequenceNode):
    pass


class _Mapping(_Late, MappingNode):
    def _of(self, nodes: list[Node]) -> list[Any]:
        return list(zip(nodes[::2], nodes[1::2], strict=True))


@cache
def _tag(name: str | Tag) -> Tag:
    """Return the tag of all nodes of this kind; a node would make one of its own from the name."""
    return name if isinstance(name, Tag) else Tag(suffix=name)


class _Reader:
    def __init__(self, text: str, resolve: Resolve, max_values: int) -> None:
        self._next: Callable[[], Any] = CParser(text).get_event
        self._resolve = resolve
        self._rest = max_values
        self._depth = 0
        self._known: _Known = {}

    def read(self) -> PlainYaml:
        """Read the only document."""
        self._next()  # the start of the stream
        start = self._next()
        if type(start) is not DocumentStartEvent:
            return PlainYaml(None, None, self._known)
        if start.version or start.tags:
            raise _NotPlainError
        shape, value = self._read_value(self._next())
        self._next()  # the end of the document
        if type(self._next()) is not StreamEndEvent:
            raise _NotPlainError
        return PlainYaml(value, shape, self._known)

    def _read_value(self, event: Any) -> tuple[Any, object]:
        kind = type(event)
        if kind is ScalarEvent:
            return event, self._read_scalar(event)
        if event.anchor is not None or event.tag is not None:
            raise _NotPlainError
        self._depth += 1
        if self._depth > _MAX_DEPTH:
            raise _NotPlainError
        read = self._read_mapping(event) if kind is MappingStartEvent else self._read_sequence(event)
        self._depth -= 1
        return read

    def _read_scalar(self, event: ScalarEvent) -> object:
        if event.anchor is not None or event.tag is not None:
            raise _NotPlainError
        text = event.value
        if not event.implicit[0]:
            return text
        if not text:
            raise _NotPlainError  # the readers place a missing value differently
        known = self._known.get(text)
        if known is None:
            name, value = self._resolve(text)
            known = self._known[text] = _tag(name), value
        return known[1]

    def _read_mapping(self, start: MappingStartEvent) -> tuple[_Collection, object]:
        shapes: list[Any] = []
        values: dict[Any, object] = {}
        while type(event := self._next()) is ScalarEvent:
            name = self._read_scalar(event)
            if name in values:
                raise _NotPlainError
            shape, values[name] = self._read_value(self._next())
            shapes += event, shape
        if type(event) is not MappingEndEvent:
            raise _NotPlainError
        self._count(len(shapes))
        return _Collection(start, event, shapes), values

    def _read_sequence(self, start: SequenceStartEvent) -> tuple[_Collection, object]:
        shapes: list[Any] = []
        values: list[object] = []
        while type(event := self._next()) is not SequenceEndEvent:
            shape, value = self._read_value(event)
            shapes.append(shape)
            values.append(value)
        self._count(len(shapes))
        return _Collection(start, event, shapes), values

    def _count(self, values: int) -> None:
        self._rest -= values
        if self._rest <= 0:  # the root is one more
            raise _NotPlainError


def _node_of(shape: Any, known: _Known) -> Node:
    if isinstance(shape, ScalarEvent):
        return _Scalar(known[shape.value][0] if shape.implicit[0] else _STR, shape)
    start, end = shape.start.start_mark, shape.end.end_mark
    kind, tag = (_Sequence, _SEQ) if isinstance(shape.start, SequenceStartEvent) else (_Mapping, _MAP)
    node = kind(tag, None, start, end, flow_style=shape.start.flow_style)
    node.source = shape, known
    return node

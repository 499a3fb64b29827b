"""Reads plain YAML with libyaml: the same nodes and values as ruamel.yaml, some twenty times as fast."""

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cache
from typing import Any

from ruamel.yaml.error import YAMLError as OtherYAMLError
from ruamel.yaml.nodes import MappingNode, Node, ScalarNode, SequenceNode
from ruamel.yaml.tag import Tag
from yaml.error import YAMLError
from yaml.events import (
    AliasEvent,
    DocumentStartEvent,
    MappingEndEvent,
    MappingStartEvent,
    ScalarEvent,
    SequenceEndEvent,
    SequenceStartEvent,
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
_STR, _MAP, _SEQ = f"{_PREFIX}str", f"{_PREFIX}map", f"{_PREFIX}seq"


class _NotPlainError(Exception):
    """The text has a construct that is left to the other reader: anchor, tag, directive, merge key, complex key."""


@dataclass(slots=True)
class _Open:
    """A collection whose end was not read yet."""

    start: Any
    nodes: list[Any] = field(default_factory=list)
    values: Any = None
    key: tuple[ScalarNode, Any] | None = None


def read_plain(text: str, resolve: Resolve, *, max_values: int) -> tuple[Node | None, object] | None:
    """Return root node and value of *text*; None if the text has errors, unusual constructs or too many values."""
    if CParser is None or not _USUAL.fullmatch(text) or _COMMENT_AT_ONCE.search(text):
        return None
    try:
        with paused_collector():
            return _Reader(resolve, max_values).read(text)
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


@cache
def _tag(name: str | Tag) -> Tag:
    """Return the tag of all nodes of this kind; a node would make one of its own from the name."""
    return name if isinstance(name, Tag) else Tag(suffix=name)


class _Reader:
    def __init__(self, resolve: Resolve, max_values: int) -> None:
        self._resolve = resolve
        self._rest = max_values
        self._known: dict[str, tuple[str, object]] = {}
        self._open: list[_Open] = []
        self._root: tuple[Node | None, object] = (None, None)
        self._documents = 0

    def read(self, text: str) -> tuple[Node | None, object]:
        parser = CParser(text)
        while (event := parser.get_event()) is not None:
            self._take(event)
        return self._root

    def _take(self, event: Any) -> None:
        kind = type(event)
        if kind is ScalarEvent:
            self._add(*self._scalar(event))
        elif kind in (MappingStartEvent, SequenceStartEvent):
            self._begin(event)
        elif kind in (MappingEndEvent, SequenceEndEvent):
            self._end(event)
        elif kind is AliasEvent:
            raise _NotPlainError
        elif kind is DocumentStartEvent:
            self._documents += 1
            if self._documents > 1 or event.version or event.tags:
                raise _NotPlainError

    def _scalar(self, event: ScalarEvent) -> tuple[ScalarNode, object]:
        if event.anchor is not None or event.tag is not None:
            raise _NotPlainError
        value: object = event.value
        tag = _STR
        if event.implicit[0]:
            if not event.value:
                raise _NotPlainError  # the readers place a missing value differently
            if event.value not in self._known:
                self._known[event.value] = self._resolve(event.value)
            tag, value = self._known[event.value]
        return ScalarNode(_tag(tag), event.value, event.start_mark, event.end_mark, style=event.style or None), value

    def _begin(self, event: MappingStartEvent | SequenceStartEvent) -> None:
        if event.anchor is not None or event.tag is not None or len(self._open) > _MAX_DEPTH:
            raise _NotPlainError
        self._open.append(_Open(event, values={} if isinstance(event, MappingStartEvent) else []))

    def _end(self, event: MappingEndEvent | SequenceEndEvent) -> None:
        done = self._open.pop()
        kind, tag = (MappingNode, _MAP) if isinstance(event, MappingEndEvent) else (SequenceNode, _SEQ)
        node = kind(_tag(tag), done.nodes, done.start.start_mark, event.end_mark, flow_style=done.start.flow_style)
        self._add(node, done.values)

    def _add(self, node: Node, value: object) -> None:
        self._rest -= 1
        if self._rest < 0:
            raise _NotPlainError
        if not self._open:
            self._root = node, value
            return
        parent = self._open[-1]
        if isinstance(parent.values, list):
            parent.nodes.append(node)
            parent.values.append(value)
        elif parent.key is None:
            if not isinstance(node, ScalarNode) or value in parent.values:
                raise _NotPlainError
            parent.key = node, value
        else:
            key, name = parent.key
            parent.nodes.append((key, node))
            parent.values[name] = value
            parent.key = None

"""Elements, texts and their offsets in a page body (stdlib expat with the HTML entity DTD).

A body is a fragment of XML: several roots, the prefixes `ac:` and `ri:` undeclared, the HTML entities undeclared.
Expat reads it as it is; what it says about where things stand is translated from UTF-8 bytes to `str` offsets, so
that a change is a splice into the source and nothing is ever printed from a tree.
"""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from enum import StrEnum
from functools import lru_cache
from html.entities import name2codepoint
from xml.parsers import expat

from bot.errors import MalformedBodyError
from bot.splice import Span

_OPEN, _CLOSE = b"<body>", b"</body>"
_PREDEFINED = {"lt", "gt", "amp", "quot", "apos"}  # XML's own; redeclaring them needs another spelling
_ENTITY_DTD = "".join(
    f'<!ENTITY {name} "&#{code};">' for name, code in name2codepoint.items() if name not in _PREDEFINED
)
_KNOWN_ENTITIES = _PREDEFINED | set(name2codepoint)
_ENTITY = re.compile(rb"&([^#;]+);")
_START_TAG = re.compile(rb"(?:[^\"'>]|\"[^\"]*\"|'[^']*')*+>")
_NAMELESS = "<body>"


class TextKind(StrEnum):
    """How a run of characters stands in the source."""

    PLAIN = "plain"
    CDATA = "cdata"
    COMMENT = "comment"
    INSTRUCTION = "instruction"


@dataclass(frozen=True, slots=True, eq=False)
class Text:
    """Characters between two tags.

    *span* is what they take in the source, `<![CDATA[` and `]]>` included; *value* is what they mean, with
    entities resolved and every line end a line feed. Comments and instructions are kept apart by *kind*.
    """

    span: Span
    value: str
    kind: TextKind = TextKind.PLAIN
    parent: "Element | None" = field(default=None, repr=False)

    @property
    def is_visible(self) -> bool:
        """Whether the characters belong to the content, unlike those of a comment."""
        return self.kind in (TextKind.PLAIN, TextKind.CDATA)


@dataclass(slots=True, eq=False)
class Element:
    """One element; *span* reaches over its tags, *inner* lies between them (empty, at the end, in `<x/>`)."""

    name: str
    attributes: dict[str, str]
    span: Span
    inner: Span
    parent: "Element | None" = field(default=None, repr=False)
    nodes: "list[Element | Text]" = field(default_factory=list, repr=False)

    @property
    def children(self) -> "list[Element]":
        """The elements directly inside."""
        return [node for node in self.nodes if isinstance(node, Element)]

    @property
    def text(self) -> str:
        """All characters inside, however deep, as they stand."""
        return "".join(node.value for node in self.walk() if isinstance(node, Text) and node.is_visible)

    def walk(self) -> "Iterator[Element | Text]":
        """Yield what is inside in document order, without recursion: pages can nest as deep as they like."""
        stack = [iter(self.nodes)]
        while stack:
            for node in stack[-1]:
                yield node
                if isinstance(node, Element):
                    stack.append(iter(node.nodes))
                    break
            else:
                stack.pop()

    def elements(self) -> "Iterator[Element]":
        """Yield the elements inside, in document order."""
        return (node for node in self.walk() if isinstance(node, Element))

    def ancestors(self) -> "Iterator[Element]":
        """Yield what this element is in, nearest first; the body itself is not an element."""
        parent = self.parent
        while parent is not None and parent.parent is not None:
            yield parent
            parent = parent.parent


@dataclass(frozen=True, slots=True, eq=False)
class Tree:
    """A scanned body; *root* stands for the body itself and has no tags."""

    source: str
    root: Element = field(repr=False)

    def elements(self) -> Iterator[Element]:
        """Yield every element in document order."""
        return self.root.elements()


@lru_cache(maxsize=4)  # several regions are looked for in one body; a tree is never changed once it is built
def scan(body: str) -> Tree:
    """Find every element and text of *body*. Raises `MalformedBodyError`, which says where reading stopped."""
    try:
        data = body.encode()
    except UnicodeEncodeError as error:
        raise MalformedBodyError(
            f"the body holds half a character at offset {error.start}", offset=error.start
        ) from error
    builder = _Builder(body, data)
    builder.parse()
    return Tree(body, builder.root)


def line_and_column(body: str, offset: int) -> str:
    """Say where *offset* is, for a person; both count from 1."""
    before = body[:offset]
    return f"line {before.count(chr(10)) + 1}, column {offset - (before.rfind(chr(10)) + 1) + 1}"


def _mask_declaration(data: bytes) -> bytes:
    """Let a file that begins with an XML declaration, as exports do, pass for the fragment that it holds."""
    declaration = b"<?xml "
    if data.removeprefix(b"\xef\xbb\xbf").startswith(declaration):
        return data.replace(declaration, b"<?xxx ", 1)
    return data


class _Builder:
    """Builds the tree from expat's events; offsets come as bytes of the wrapped fragment."""

    def __init__(self, body: str, data: bytes) -> None:
        self._body, self._data = body, _OPEN + _mask_declaration(data) + _CLOSE
        self._byte, self._char = len(_OPEN), 0
        self.root = Element(_NAMELESS, {}, Span(0, len(body)), Span(0, len(body)))
        self._at = self.root
        self._depth = 0
        self._tag_ends: list[int] = []
        self._run_start: int | None = None
        self._run: list[str] = []
        self._in_cdata = False
        self._parser = self._make_parser()

    def _make_parser(self) -> expat.XMLParserType:
        parser = expat.ParserCreate("utf-8")
        parser.buffer_text = False
        parser.UseForeignDTD(True)
        parser.SetParamEntityParsing(expat.XML_PARAM_ENTITY_PARSING_ALWAYS)
        parser.ExternalEntityRefHandler = self._declare_entities
        parser.SkippedEntityHandler = self._refuse_entity
        parser.StartElementHandler = self._start
        parser.EndElementHandler = self._end
        parser.CharacterDataHandler = self._characters
        parser.StartCdataSectionHandler = self._start_cdata
        parser.EndCdataSectionHandler = self._end_cdata
        parser.CommentHandler = self._outside_text(TextKind.COMMENT, b"-->")
        parser.ProcessingInstructionHandler = self._outside_text(TextKind.INSTRUCTION, b"?>")
        return parser

    def parse(self) -> None:
        try:
            self._parser.Parse(self._data, True)
        except expat.ExpatError as error:
            offset = self._safe_offset(self._parser.ErrorByteIndex)
            reason = expat.ErrorString(error.code)
            raise self._malformed(reason, offset) from error

    def _malformed(self, reason: str, offset: int) -> MalformedBodyError:
        place = line_and_column(self._body, offset)
        return MalformedBodyError(f"the body is not well-formed storage format at {place}: {reason}", offset=offset)

    def _safe_offset(self, byte: int) -> int:
        inside = self._data[len(_OPEN) : max(byte, len(_OPEN))]
        return min(len(inside.decode(errors="ignore")), len(self._body))

    def _offset(self, byte: int) -> int:
        """Translate a byte index, which never lies before the last one asked for."""
        self._char += len(self._data[self._byte : byte].decode())
        self._byte = byte
        return self._char

    def _here(self) -> int:
        return self._offset(self._parser.CurrentByteIndex)

    def _declare_entities(self, context: str | None, *_: object) -> int:
        self._parser.ExternalEntityParserCreate(context).Parse(_ENTITY_DTD, True)
        return 1

    def _refuse_entity(self, name: str, _is_parameter: bool = False, /) -> None:
        offset = self._safe_offset(self._parser.CurrentByteIndex)
        raise self._malformed(f"unknown entity &{name};", offset)

    def _check_entities(self, tag: bytes) -> None:
        """Refuse what expat would drop without a word: an unknown entity in an attribute."""
        for name in _ENTITY.findall(tag):
            if name.decode() not in _KNOWN_ENTITIES:
                self._refuse_entity(name.decode())

    def _start(self, name: str, attributes: dict[str, str]) -> None:
        self._depth += 1
        if self._depth == 1:
            return
        first = self._parser.CurrentByteIndex
        start = self._offset(first)
        self._flush(start)
        match = _START_TAG.match(self._data, first)
        assert match is not None  # noqa: S101 -- expat has just read this tag
        self._check_entities(match.group())
        tag_end = self._offset(match.end())
        element = Element(name, attributes, Span(start, tag_end), Span(tag_end, tag_end), self._at)
        self._at.nodes.append(element)
        self._at = element
        self._tag_ends.append(match.end() if match.group().endswith(b"/>") else -1)

    def _end(self, _name: str) -> None:
        self._depth -= 1
        if self._depth == 0:
            self._flush(len(self._body))
            return
        element = self._at
        if self._tag_ends.pop() < 0:
            first = self._parser.CurrentByteIndex
            close = self._offset(first)
            self._flush(close)
            end = self._offset(self._data.index(b">", first) + 1)
            element.inner = Span(element.inner.start, close)
            element.span = Span(element.span.start, end)
        assert element.parent is not None  # noqa: S101 -- only the root has none
        self._at = element.parent

    def _characters(self, value: str) -> None:
        if self._run_start is None:
            self._run_start = self._here()
        self._run.append(value)

    def _flush(self, end: int, kind: TextKind = TextKind.PLAIN) -> None:
        """Close the run of characters that reaches to *end*."""
        if self._run_start is not None:
            self._at.nodes.append(Text(Span(self._run_start, end), "".join(self._run), kind, self._at))
        self._run_start = None
        self._run.clear()

    def _start_cdata(self) -> None:
        start = self._here()
        self._flush(start)
        self._run_start = start

    def _end_cdata(self) -> None:
        self._flush(self._offset(self._parser.CurrentByteIndex + len(b"]]>")), TextKind.CDATA)

    def _outside_text(self, kind: TextKind, terminator: bytes) -> Callable[..., None]:
        def add(*values: str) -> None:
            first = self._parser.CurrentByteIndex
            start = self._offset(first)
            self._flush(start)
            end = self._offset(self._data.index(terminator, first) + len(terminator))
            self._at.nodes.append(Text(Span(start, end), " ".join(values), kind, self._at))

        return add

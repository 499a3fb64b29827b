"""Parse a page body into a tree of elements and texts with their offsets in the source.

A body is an XML fragment: it may have several roots; the prefixes `ac:` and `ri:` and the HTML entities are not
declared. There are two parsers, which return the same kind of tree:

- `read_strictly` is for bodies that are written back: every offset is exact; a body that is not well-formed
  raises `MalformedBodyError`.
- `read_leniently` is for bodies that are converted or searched. It never raises. For a well-formed body it returns the
  same tree as `read_strictly`. For any other body it keeps all text and as much markup as can be matched, and records
  the problems.

Both run in linear time at any depth of nesting.
"""

import re
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from enum import StrEnum
from functools import lru_cache
from html.entities import html5
from types import MappingProxyType
from xml.parsers import expat

from bot.errors import MalformedBodyError
from bot.splice import Span
from bot.storage.loose_markup import iter_tokens

_PREDEFINED = {"lt", "gt", "amp", "quot", "apos"}
"""The entities that XML predefines."""
_ENTITY = re.compile(r"&([A-Za-z][A-Za-z0-9]*);")
_UNKNOWN_ENTITY = "undefined entity"
_START_TAG = re.compile(rb"(?:[^\"'>]|\"[^\"]*\"|'[^']*')*+>")
_DECLARATION = re.compile(rb"\A(?:\xef\xbb\xbf)?\s*<\?(xml)\s")
_DECLARED = re.compile(r"\A\ufeff?\s*<\?xml\s", re.ASCII)
_DOCUMENT_TYPE = re.compile(r"\A\s*(?:<\?xml[^>]*\?>\s*)?(<!DOCTYPE[^>\[]*>)")
_NAMELESS = "<body>"
_NO_ATTRIBUTES: Mapping[str, str] = MappingProxyType({})
_LONGEST_ALIKE = 4
"""The longest text that is looked for among those before it, besides white space."""
_LONGEST_SHARED = 48
"""The longest start tag, in bytes, that is looked for among those before it: longer ones seldom recur."""


class TextKind(StrEnum):
    """How a text is written in the source."""

    PLAIN = "plain"
    CDATA = "cdata"
    COMMENT = "comment"
    INSTRUCTION = "instruction"


@dataclass(frozen=True, slots=True, eq=False)
class Text:
    """Characters between two tags.

    *start* and *length* are the range in the source, including `<![CDATA[` and `]]>`; *value* is the decoded text:
    entities resolved, every line end a line feed. Comments and processing instructions have their own *kind*.
    """

    start: int
    length: int
    value: str
    kind: TextKind = TextKind.PLAIN
    parent: "Element | None" = field(default=None, repr=False)

    @property
    def span(self) -> Span:
        """The range in the source."""
        return Span(self.start, self.start + self.length)

    @property
    def is_visible(self) -> bool:
        """Whether the text is content; comments and processing instructions are not."""
        return self.kind in (TextKind.PLAIN, TextKind.CDATA)


@dataclass(slots=True, eq=False)
class Element:
    """One element: where it starts, and the lengths of its start tag, content and end tag (for `<x/>`: 0 and 0).

    Elements may share *attributes*. Lengths need less memory than offsets: Python has each small number only once.
    """

    name: str
    attributes: Mapping[str, str]
    start: int
    opening: int
    content: int = 0
    closing: int = 0
    parent: "Element | None" = field(default=None, repr=False)
    nodes: "Sequence[Element | Text]" = field(default=(), repr=False)

    @property
    def span(self) -> Span:
        """The range in the source, with both tags."""
        return Span(self.start, self.start + self.opening + self.content + self.closing)

    @property
    def inner(self) -> Span:
        """The range between the tags (for `<x/>`: empty, at the end)."""
        start = self.start + self.opening
        return Span(start, start + self.content)

    def end_with(self, end_tag: Span) -> None:
        """Set where the element ends, while it is parsed."""
        self.content = end_tag.start - self.start - self.opening
        self.closing = end_tag.end - end_tag.start

    @property
    def children(self) -> "list[Element]":
        """The direct child elements."""
        return [node for node in self.nodes if isinstance(node, Element)]

    @property
    def text(self) -> str:
        """The text of all descendants as written, including text that no reader sees (see `text_of`)."""
        return "".join(node.value for node in self.walk() if isinstance(node, Text) and node.is_visible)

    def find_child(self, *names: str) -> "Element | None":
        """Return the first direct child element with one of *names*, or None."""
        return next((node for node in self.nodes if isinstance(node, Element) and node.name in names), None)

    def walk(self) -> "Iterator[Element | Text]":
        """Yield all descendants in document order, without recursion, because pages can nest to any depth."""
        stack = [iter(self.nodes)]
        while stack:
            for node in stack[-1]:
                yield node
                if isinstance(node, Element):
                    stack.append(iter(node.nodes))
                    break
            else:
                stack.pop()

    def elements(self, *names: str) -> "Iterator[Element]":
        """Yield the descendant elements in document order; if *names* are given, only elements with one of them."""
        return (node for node in self.walk() if isinstance(node, Element) and (not names or node.name in names))

    def release(self) -> None:
        """Take this element apart, so that the memory is free at once: parents and children refer to each other.

        For a tree of `read_leniently` that its reader no longer needs; those of `read_strictly` are shared.
        """
        pending: list[Element | Text] = [self]
        while pending:
            element = pending.pop()
            if isinstance(element, Element) and element.nodes:
                pending += element.nodes
                element.nodes = ()

    def ancestors(self) -> "Iterator[Element]":
        """Yield the ancestor elements, nearest first; the body itself is not an element."""
        parent = self.parent
        while parent is not None and parent.parent is not None:
            yield parent
            parent = parent.parent


@dataclass(frozen=True, slots=True)
class Problem:
    """A problem of a body: its description, and the offset where the parser noticed it."""

    message: str
    offset: int


@dataclass(frozen=True, slots=True, eq=False)
class Document:
    """A parsed body, which callers must not modify; *root* represents the body itself and has no tags."""

    source: str
    root: Element = field(repr=False)
    problems: tuple[Problem, ...] = ()

    def elements(self, *names: str) -> Iterator[Element]:
        """Yield the elements in document order; if *names* are given, only elements with one of them."""
        return self.root.elements(*names)


@lru_cache(maxsize=4)  # several regions are looked up in one body; a tree is never changed after parsing
def read_strictly(body: str) -> Document:
    """Parse a body strictly. Raises `MalformedBodyError` with the position of the error."""
    return Document(body, _StrictReader(body, body, _Growth(body)).read())


def check_syntax(body: str) -> None:
    """Raise `MalformedBodyError` where `read_strictly` does, without building a tree."""
    _StrictChecker(body, body).check()


def new_root(body: str) -> Element:
    """Return the element that represents *body* itself, without content."""
    return Element(_NAMELESS, {}, 0, 0, len(body))


def read_leniently(body: str, *, max_depth: int | None = None, has_offsets: bool = True) -> Document:
    """Parse a body that may be malformed; `problems` lists what is wrong with the body.

    An unknown entity, a stray `&` or `<` is text. An end tag without a start tag is dropped; an element without an end
    tag ends where its parent ends. The case of a start tag and its end tag may differ. Control characters are dropped.
    Elements nested deeper than *max_depth* lose their tags and keep their text.

    Without offsets, the tree needs about two thirds of the memory: each offset is 0, and equal short texts are one
    `Text` without a parent.
    """
    problems: list[Problem] = []
    masked = _mask_document_type(body)
    growth = _Growth if has_offsets else _LightGrowth
    try:
        root = (_StrictReader if has_offsets else _LightReader)(body, masked, growth(body)).read()
    except MalformedBodyError as error:
        problems.append(Problem(str(error), error.offset or 0))
        root = _LooseReader(body, masked, growth(body)).read()
    if max_depth is not None and (deepest := _flatten(root, max_depth)) is not None:
        message = f"elements nested deeper than {max_depth} levels: their text was kept, their markup was not"
        problems.append(Problem(message, deepest))
    return Document(body, root, tuple(problems))


def check_well_formed(body: str, *, what: str = "the page") -> None:
    """Raise `MalformedBodyError` unless *body* may be written: a well-formed fragment that is not empty.

    An empty body is refused because a truncated response or a draft that was never published also has an empty body. A
    document with an XML declaration is refused because no page of a wiki has one.
    """
    if not body.strip():
        raise MalformedBodyError(f"{what}: its body is empty; type something on it first")
    if _DECLARED.match(body):
        raise MalformedBodyError(f"{what}: its body begins with an XML declaration; it should be a fragment", offset=0)
    try:
        check_syntax(body)
    except MalformedBodyError as error:
        raise MalformedBodyError(f"{what}: {error}", offset=error.offset) from error


def line_and_column(body: str, offset: int) -> str:
    """Describe the position of *offset* by line and column, both counted from 1."""
    before = body[:offset]
    return f"line {before.count(chr(10)) + 1}, column {offset - (before.rfind(chr(10)) + 1) + 1}"


def _mask_document_type(body: str) -> str:
    """Return *body* with its document type declaration, found in exports, replaced by a processing instruction."""
    match = _DOCUMENT_TYPE.match(body)
    return body if match is None else f"{body[: match.start(1)]}<?{match[1][2:-2]}?>{body[match.end(1) :]}"


def _declare_entities(body: str) -> bytes:
    """Return declarations of the HTML entities in *body*; expat knows only the entities of XML."""
    declared = []
    for name in sorted(set(_ENTITY.findall(body)) - _PREDEFINED):
        if characters := html5.get(f"{name};"):
            value = "".join(f"&#38;#{ord(each)};" if each in "<&" else f"&#{ord(each)};" for each in characters)
            declared.append(f'<!ENTITY {name} "{value}">')
    return f"<!DOCTYPE body [{''.join(declared)}]>".encode() if declared else b""


class _Growth:
    """A tree during parsing."""

    def __init__(self, body: str) -> None:
        self._root = self._at = new_root(body)
        self._nodes: list[Element | Text] = []
        self._outer: list[list[Element | Text]] = []

    def open(self, name: str, attributes: Mapping[str, str], start: int, end: int) -> None:
        element = Element(name, attributes or _NO_ATTRIBUTES, start, end - start, parent=self._at)
        self._nodes.append(element)
        self._outer.append(self._nodes)
        self._at, self._nodes = element, []

    def close(self, end_tag: Span | None = None) -> None:
        """Close the innermost element; an element with an empty tag `<x/>` has no end tag."""
        element = self._at
        element.nodes = tuple(self._nodes)
        if end_tag is not None:
            element.end_with(end_tag)
        assert element.parent is not None  # noqa: S101 -- only the root has none
        self._at, self._nodes = element.parent, self._outer.pop()

    def add_text(self, start: int, end: int, value: str, kind: TextKind) -> None:
        self._nodes.append(Text(start, end - start, value, kind, self._at))

    def finish(self) -> Element:
        """Return the root; all other elements are closed."""
        self._root.nodes = tuple(self._nodes)
        return self._root


class _LightGrowth(_Growth):
    """A tree without offsets."""

    def __init__(self, body: str) -> None:
        super().__init__(body)
        self._texts: dict[str, Text] = {}
        self._attributes: dict[tuple[tuple[str, str], ...], Mapping[str, str]] = {}

    def open(self, name: str, attributes: Mapping[str, str], _start: int, _end: int) -> None:
        if attributes and sum(map(len, attributes.values())) <= _LONGEST_SHARED:
            attributes = self._attributes.setdefault(tuple(attributes.items()), attributes)
        super().open(name, attributes, 0, 0)

    def close(self, _end_tag: Span | None = None) -> None:
        super().close()

    def add_text(self, _start: int, _end: int, value: str, kind: TextKind) -> None:
        text = self._texts.get(value) if kind is TextKind.PLAIN else None
        if text is None:
            text = Text(0, 0, value, kind)
            if kind is TextKind.PLAIN and (len(value) <= _LONGEST_ALIKE or value.isspace()):
                self._texts[value] = text
        self._nodes.append(text)


class _StrictChecker:
    """Parses with expat, and converts its byte offsets to offsets in the `str`."""

    def __init__(self, body: str, masked: str) -> None:
        self._body = body
        prefix = _declare_entities(masked) + b"<body>"
        self._first = len(prefix)
        self._data = b"".join((prefix, _mask_declaration(_encode(masked)), b"</body>"))
        self._is_ascii = body.isascii()
        self._byte, self._char = self._first, 0
        self._parser = expat.ParserCreate("utf-8")

    def check(self) -> None:
        """Parse the body. Raises `MalformedBodyError`."""
        try:
            self._parser.Parse(self._data, True)
        except expat.ExpatError as error:
            offset = self._safe_offset(self._parser.ErrorByteIndex)
            raise _malformed(self._body, self._reason(expat.ErrorString(error.code), offset), offset) from error
        finally:
            del self._parser  # it refers to this object; without it, both are freed at once

    def _safe_offset(self, byte: int) -> int:
        inside = self._data[self._first : max(byte, self._first)]
        return min(len(inside.decode(errors="ignore")), len(self._body))

    def _reason(self, reason: str, offset: int) -> str:
        if reason != _UNKNOWN_ENTITY:
            return reason
        names = (match for match in _ENTITY.finditer(self._body, offset) if match[1] not in _PREDEFINED)
        unknown = next((match for match in names if f"{match[1]};" not in html5), None)
        return f"unknown entity {unknown[0]}" if unknown else "unknown entity"

    def _offset(self, byte: int) -> int:
        """Convert a byte offset; each call must pass an offset that is not smaller than the previous one."""
        if self._is_ascii:
            return byte - self._first
        self._char += len(self._data[self._byte : byte].decode())
        self._byte = byte
        return self._char

    def _here(self) -> int:
        return self._offset(self._parser.CurrentByteIndex)


class _LightReader(_StrictChecker):
    """Builds the tree of a body without offsets."""

    def __init__(self, body: str, masked: str, growth: _Growth) -> None:
        super().__init__(body, masked)
        self._growth = growth
        self._depth = 0
        self._run: list[str] = []
        parser = self._parser
        parser.StartElementHandler = self._start
        parser.EndElementHandler = self._end
        parser.CharacterDataHandler = self._run.append
        parser.StartCdataSectionHandler = self._flush
        parser.EndCdataSectionHandler = lambda: self._add(TextKind.CDATA)
        parser.CommentHandler = lambda *values: self._add_apart(TextKind.COMMENT, values)
        parser.ProcessingInstructionHandler = lambda *values: self._add_apart(TextKind.INSTRUCTION, values)

    def read(self) -> Element:
        """Return the tree of the body. Raises `MalformedBodyError`."""
        self.check()
        return self._growth.finish()

    def _start(self, name: str, attributes: dict[str, str]) -> None:
        self._depth += 1
        if self._depth > 1:
            self._flush()
            self._growth.open(name, attributes, 0, 0)

    def _end(self, _name: str) -> None:
        self._depth -= 1
        self._flush()
        if self._depth:
            self._growth.close()

    def _flush(self) -> None:
        if self._run:
            self._add(TextKind.PLAIN)

    def _add(self, kind: TextKind) -> None:
        self._growth.add_text(0, 0, "".join(self._run), kind)
        self._run.clear()

    def _add_apart(self, kind: TextKind, values: tuple[str, ...]) -> None:
        self._flush()
        self._growth.add_text(0, 0, " ".join(values), kind)


class _StrictReader(_StrictChecker):
    """Builds the tree of a body."""

    def __init__(self, body: str, masked: str, growth: _Growth) -> None:
        super().__init__(body, masked)
        self._growth = growth
        self._depth = 0
        self._tag_ends: list[int] = []
        self._alike: dict[bytes, Mapping[str, str]] = {}
        self._run_start: int | None = None
        self._run: list[str] = []
        parser = self._parser
        parser.buffer_text = False
        parser.StartElementHandler = self._start
        parser.EndElementHandler = self._end
        parser.CharacterDataHandler = self._characters
        parser.StartCdataSectionHandler = self._start_cdata
        parser.EndCdataSectionHandler = self._end_cdata
        parser.CommentHandler = self._outside_text(TextKind.COMMENT, b"-->")
        parser.ProcessingInstructionHandler = self._outside_text(TextKind.INSTRUCTION, b"?>")

    def read(self) -> Element:
        """Return the tree of the body. Raises `MalformedBodyError`."""
        self.check()
        return self._growth.finish()

    def _start(self, name: str, attributes: dict[str, str]) -> None:
        self._depth += 1
        if self._depth == 1:
            return
        first = self._parser.CurrentByteIndex
        start = self._offset(first)
        self._flush(start)
        match = _START_TAG.match(self._data, first)
        assert match is not None  # noqa: S101 -- expat has just read this tag
        byte = match.end()
        if attributes and byte - first <= _LONGEST_SHARED:
            alike = self._alike.setdefault(match[0], attributes)
        else:
            alike = attributes
        self._growth.open(name, alike, start, self._offset(byte))
        self._tag_ends.append(byte if self._data.startswith(b"/>", byte - 2) else -1)

    def _end(self, _name: str) -> None:
        self._depth -= 1
        if self._depth == 0:
            self._flush(len(self._body))
        elif self._tag_ends.pop() >= 0:
            self._growth.close()
        else:
            first = self._parser.CurrentByteIndex
            start = self._offset(first)
            self._flush(start)
            self._growth.close(Span(start, self._offset(self._data.index(b">", first) + 1)))

    def _characters(self, value: str) -> None:
        if self._run_start is None:
            self._run_start = self._here()
        self._run.append(value)

    def _flush(self, end: int, kind: TextKind = TextKind.PLAIN) -> None:
        """Close the text that ends at *end*."""
        if self._run_start is not None:
            self._growth.add_text(self._run_start, end, "".join(self._run), kind)
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
            self._growth.add_text(start, end, " ".join(values), kind)

        return add


def _encode(body: str) -> bytes:
    try:
        return body.encode()
    except UnicodeEncodeError as error:
        raise MalformedBodyError(
            f"the body contains half a character at offset {error.start}", offset=error.start
        ) from error


def _mask_declaration(data: bytes) -> bytes:
    """Rename an XML declaration, which exports have, to a processing instruction that is allowed inside a document."""
    match = _DECLARATION.match(data)
    return data if match is None else data[: match.start(1)] + b"xxx" + data[match.end(1) :]


def _malformed(body: str, reason: str, offset: int) -> MalformedBodyError:
    place = line_and_column(body, offset)
    return MalformedBodyError(f"the body is not well-formed storage format at {place}: {reason}", offset=offset)


class _LooseReader:
    """Matches tags by name; everything else is text."""

    def __init__(self, body: str, masked: str, growth: _Growth) -> None:
        self._tokens, self._length = iter_tokens(masked), len(body)
        self._growth = growth
        self._open: list[str] = []
        self._counts: Counter[str] = Counter()

    def read(self) -> Element:
        for token in self._tokens:
            match token.kind:
                case "start":
                    self._growth.open(token.value, token.attributes, *token.span)
                    self._open.append(token.value.lower())
                    self._counts[token.value.lower()] += 1
                case "empty":
                    self._growth.open(token.value, token.attributes, *token.span)
                    self._growth.close()
                case "end":
                    self._end(token.value.lower(), token.span)
                case kind:
                    self._growth.add_text(*token.span, token.value, TextKind(kind))
        for _ in self._open:
            self._growth.close(Span(self._length, self._length))
        return self._growth.finish()

    def _end(self, name: str, tag: Span) -> None:
        """Close the innermost open *name* and all open elements inside it; ignore the tag if no *name* is open."""
        while self._counts[name]:
            closed = self._open.pop()
            self._counts[closed] -= 1
            self._growth.close(tag if closed == name else Span(tag.start, tag.start))
            if closed == name:
                return


def _flatten(root: Element, max_depth: int) -> int | None:
    """Replace elements below *max_depth* by their texts; return the offset of the first of them."""
    first: int | None = None
    level = [root]
    for _ in range(max_depth):
        level = [child for element in level for child in element.children]
    for element in level:
        children = element.children
        if children:
            first = children[0].span.start if first is None else min(first, children[0].span.start)
            texts = (node for node in element.walk() if isinstance(node, Text))
            element.nodes = tuple(replace(text, parent=element) for text in texts)
    return first

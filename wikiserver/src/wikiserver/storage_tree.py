"""Parse storage format to a small tree that is written back unchanged: spelling and CDATA are preserved."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from html.entities import name2codepoint
from typing import TYPE_CHECKING, TypeAlias
from xml.parsers import expat

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

MAX_DEPTH = 120
"""Maximum depth of elements; real pages stay under 40, and Python's recursion limit is near 1,000."""

_XML_ENTITIES = {"amp": "&", "lt": "<", "gt": ">", "quot": '"', "apos": "'"}
_ENTITIES = {name: chr(point) for name, point in name2codepoint.items()} | _XML_ENTITIES
_ENTITY_DTD = "".join(
    f'<!ENTITY {name} "&#{ord(char)};">' for name, char in _ENTITIES.items() if name not in _XML_ENTITIES
)
_REFERENCE = re.compile(r"&(?:#x([0-9a-fA-F]+)|#([0-9]+)|([\w.:-]+));")
_START_TAG = re.compile(rb"<[^\s/>]+(?:\s+[^\s=]+\s*=\s*(?:\"[^\"]*\"|'[^']*'))*")
_WRAPPER = "storage-format"
_WRAPPED_AT = len(_WRAPPER) + 2


class BadBody(ValueError):  # noqa: N818 -- the REST layer converts it to a 400 answer
    """The body is not well-formed; the message has the position, in the wording of the imitated server."""

    def __init__(self, problem: str, *, row: int, column: int) -> None:
        super().__init__(f"Error parsing xhtml: {problem} at [row,col {{unknown-source}}]: [{row},{column}]")
        self.problem, self.row, self.column = problem, row, column


@dataclass(slots=True)
class Text:
    """Characters between tags, as written in the source (`&nbsp;` stays `&nbsp;`)."""

    raw: str

    @property
    def value(self) -> str:
        """The decoded text."""
        return _REFERENCE.sub(_resolve, self.raw)


@dataclass(slots=True)
class CData:
    """A CDATA section, or several adjacent ones: `]]]]><![CDATA[>` is read as `]]>`."""

    value: str


@dataclass(slots=True)
class Verbatim:
    """A comment or processing instruction."""

    raw: str


@dataclass(slots=True)
class Element:
    """A tag with its attributes (decoded, in source order) and its content.

    *start* and *end* are UTF-8 offsets in the body, including tags; 0 for elements that were not parsed.
    """

    name: str
    attributes: dict[str, str] = field(default_factory=dict)
    children: list[Node] = field(default_factory=list)
    start: int = field(default=0, compare=False)
    end: int = field(default=0, compare=False)

    def get(self, attribute: str, default: str = "") -> str:
        """The attribute's value, or *default*."""
        return self.attributes.get(attribute, default)

    def elements(self, *names: str) -> Iterator[Element]:
        """The direct child elements; if names are given, only those with one of them."""
        return (child for child in self.children if isinstance(child, Element) and (not names or child.name in names))

    def find(self, *names: str) -> Element | None:
        """The first direct child with one of these names."""
        return next(self.elements(*names), None)

    def walk(self) -> Iterator[Element]:
        """Every descendant element, in document order."""
        for child in self.elements():
            yield child
            yield from child.walk()

    @property
    def text(self) -> str:
        """The text of all descendants, CDATA included, without a separator."""
        return text_of(self.children)

    @property
    def macro_name(self) -> str:
        """`ac:name` of a macro, in the current or the legacy form; empty for anything else."""
        return self.get("ac:name") if self.name in {"ac:structured-macro", "ac:macro"} else ""

    def parameter(self, name: str, default: str = "") -> str:
        """Text of the macro parameter *name* (`""` is the unnamed one), or *default*."""
        found = (p.text for p in self.elements("ac:parameter", "ac:default-parameter") if p.get("ac:name") == name)
        return next(found, default)


Node: TypeAlias = Element | Text | CData | Verbatim


def text_of(nodes: Iterable[Node]) -> str:
    """The text of *nodes*, CDATA included."""
    pieces = []
    for node in nodes:
        match node:
            case Element():
                pieces.append(node.text)
            case Text() | CData():
                pieces.append(node.value)
            case Verbatim():
                pass
    return "".join(pieces)


def parse(body: str) -> Element:
    """Parse a storage-format fragment; the returned element is a wrapper that is not part of the fragment.

    Raises BadBody for a malformed fragment, an unknown entity, or nesting deeper than MAX_DEPTH.
    """
    try:
        source = f"<{_WRAPPER}>{body}</{_WRAPPER}>".encode()
    except UnicodeEncodeError as error:
        row, column = _position(body, error.start - _WRAPPED_AT)
        raise BadBody("half of a surrogate pair", row=row, column=column) from error
    return _Reader(source).read()


def serialise(nodes: Iterable[Node]) -> str:
    """Serialise *nodes* as the server does: `<x />`, double quotes, attributes escaped."""
    pieces: list[str] = []
    _print(nodes, pieces)
    return "".join(pieces)


def escape_attribute(value: str) -> str:
    """Escape *value* for double quotes; line ends and tabs are preserved by a parser."""
    for char, reference in (
        ("&", "&amp;"),
        ("<", "&lt;"),
        (">", "&gt;"),
        ('"', "&quot;"),
        ("\n", "&#10;"),
        ("\r", "&#13;"),
        ("\t", "&#9;"),
    ):
        value = value.replace(char, reference)
    return value


def _print(nodes: Iterable[Node], pieces: list[str]) -> None:
    for node in nodes:
        match node:
            case Text() | Verbatim():
                pieces.append(node.raw)
            case CData():
                pieces += "<![CDATA[", node.value.replace("]]>", "]]]]><![CDATA[>"), "]]>"
            case Element():
                attributes = "".join(f' {key}="{escape_attribute(value)}"' for key, value in node.attributes.items())
                if not node.children:
                    pieces.append(f"<{node.name}{attributes} />")
                    continue
                pieces.append(f"<{node.name}{attributes}>")
                _print(node.children, pieces)
                pieces.append(f"</{node.name}>")


def _resolve(reference: re.Match[str]) -> str:
    hexadecimal, decimal, name = reference.groups()
    if name:
        return _ENTITIES.get(name, reference[0])
    return chr(int(hexadecimal, 16) if hexadecimal else int(decimal))


def _position(text: str, index: int) -> tuple[int, int]:
    """Row and column, from 1, of *index* in *text*."""
    return text.count("\n", 0, index) + 1, index - text.rfind("\n", 0, index)


class _Reader:
    """Parses one source with expat.

    Text comes from the default handler, to which expat passes every byte as written (entities unexpanded).
    """

    def __init__(self, source: bytes) -> None:
        self._source = source
        self._has_references = b"&" in source
        self._open: list[Element] = []
        self._in_cdata = False
        self._root: Element | None = None
        self._parser = parser = expat.ParserCreate("utf-8")
        parser.UseForeignDTD(True)
        parser.ExternalEntityRefHandler = self._declare_entities
        parser.StartElementHandler = self._start
        parser.EndElementHandler = self._end
        parser.StartCdataSectionHandler = self._start_cdata
        parser.EndCdataSectionHandler = self._end_cdata
        parser.CommentHandler = lambda text: self._append(Verbatim(f"<!--{text}-->"))
        parser.ProcessingInstructionHandler = lambda target, data: self._append(Verbatim(f"<?{target} {data}?>"))
        parser.DefaultHandler = self._characters

    def read(self) -> Element:
        try:
            self._parser.Parse(self._source, True)
        except expat.ExpatError as error:
            row, column = error.lineno, error.offset
            raise self._bad(expat.ErrorString(error.code), row=row, column=column) from error
        if self._root is None:  # pragma: no cover -- expat has already reported "no element found"
            raise self._bad("no content")
        return self._root

    def _declare_entities(self, context: str, *_: str | None) -> int:
        self._parser.ExternalEntityParserCreate(context).Parse(_ENTITY_DTD, True)
        return 1

    def _start(self, name: str, attributes: dict[str, str]) -> None:
        if len(self._open) > MAX_DEPTH:
            raise self._bad(f"elements nested deeper than {MAX_DEPTH}")
        if attributes and self._has_references:
            self._refuse_unknown_references()
        element = Element(name, attributes, start=self._parser.CurrentByteIndex - _WRAPPED_AT)
        if self._open:
            self._open[-1].children.append(element)
        else:
            self._root = element
        self._open.append(element)

    def _refuse_unknown_references(self) -> None:
        """Refuse undeclared entities in an attribute, which expat drops silently."""
        tag = _START_TAG.match(self._source, self._parser.CurrentByteIndex)
        if tag and b"&" in tag[0]:
            self._check_references(tag[0].decode())

    def _check_references(self, raw: str) -> None:
        for reference in _REFERENCE.finditer(raw):
            if reference[3] and reference[3] not in _ENTITIES:
                raise self._bad(f'Undeclared general entity "{reference[3]}"')

    def _end(self, _name: str) -> None:
        element = self._open.pop()
        at = self._parser.CurrentByteIndex
        # For an empty-element tag, expat is already after the tag; otherwise it is before the end tag.
        is_self_closed = not element.children and self._source[at - 2 : at] == b"/>"
        element.end = (at if is_self_closed else self._source.index(b">", at) + 1) - _WRAPPED_AT

    def _start_cdata(self) -> None:
        self._in_cdata = True
        siblings = self._open[-1].children
        if not (siblings and isinstance(siblings[-1], CData)):
            siblings.append(CData(""))

    def _end_cdata(self) -> None:
        self._in_cdata = False

    def _characters(self, raw: str) -> None:
        if not self._open:
            return
        last = self._open[-1].children[-1] if self._open[-1].children else None
        if self._in_cdata and isinstance(last, CData):
            last.value += raw
            return
        if raw.startswith("&"):
            self._check_references(raw)
        if isinstance(last, Text):
            last.raw += raw
            return
        self._append(Text(raw))

    def _append(self, node: Node) -> None:
        if self._open:
            self._open[-1].children.append(node)

    def _bad(self, problem: str, *, row: int | None = None, column: int | None = None) -> BadBody:
        row = self._parser.CurrentLineNumber if row is None else row
        column = self._parser.CurrentColumnNumber if column is None else column
        wrapper = _WRAPPED_AT if row == 1 else 0
        return BadBody(problem, row=row, column=max(column - wrapper, 0) + 1)

"""Find the landmarks of a page by their offsets, without a tree of the whole page.

An outline has only the elements by which regions are found: the macros `details` and `anchor` with their parts, the
elements with the names that the caller asks for, and the elements around all of these. A landmark has the offsets,
attributes and ancestors of the same element in the tree of `read_strictly`. Its text is parsed only when it is read,
and only its own slice of the page.

The body is checked first by the parser of `read_strictly`, which builds nothing then. In a well-formed body, each `<`
begins a tag, a comment, a CDATA section or an instruction, so that a regular expression finds the tags. It passes over
whole elements without a landmark, up to a depth, in one step.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import lru_cache

from bot.splice import Span
from bot.storage.macros import MACRO_ELEMENTS, macro_name
from bot.storage.reader import Document, Element, Text, check_syntax, new_root, read_strictly

_MARKERS = ("details", "anchor")
_CONTAINERS = ("ac:layout", "ac:layout-section", "ac:layout-cell", "ac:rich-text-body", "table", "tbody")
"""Elements that can be as large as the page: one that is passed over in vain has to be read a second time."""
_DEPTH = 5
_TEXT = r"[^<]*+"
_NO_TAG = r"<!(?:--(?:[^-]++|-(?!->))*+-->|\[CDATA\[(?:[^\]]++|\](?!\]>))*+\]\]>)|<\?(?:[^?]++|\?(?!>))*+\?>"
_MACROS = "|".join(map(re.escape, MACRO_ELEMENTS))
_SPACE = r"[ \t\r\n]"
_NAME = r"[^ \t\r\n/>=]++"
_VALUE = r"\"[^\"]*+\"|'[^']*+'"
_INSIDE_TAG = rf"[^\"'/>]*+(?:(?:{_VALUE})[^\"'/>]*+)*+"
_TAG = rf"<(?:(?P<end>/)[^>]*+|(?P<name>{_NAME}){_INSIDE_TAG}(?P<empty>/)?)>"
_OTHER_MACRO = rf"{_SPACE}++ac:name=\"(?!(?:{'|'.join(_MARKERS)})\")[^\"&\s]*+\""
_START_OF_OTHER = re.compile(rf"<(?:{_MACROS}){_OTHER_MACRO}")
_START_TAG = re.compile(rf"<({_NAME})({_INSIDE_TAG})/?>")
_ATTRIBUTE = re.compile(rf"({_NAME}){_SPACE}*+={_SPACE}*+({_VALUE})")
_IN_VALUE = re.compile(r"[&\t\r\n]")
_NEEDS_PARSER = re.compile(r"<[!?]|[&\r]")
_ANY_TAG = re.compile(rf"<{_INSIDE_TAG}/?>|</[^>]*+>")


@dataclass(slots=True, eq=False)
class Landmark(Element):
    """An element of an outline: *nodes* are the landmarks in it; its text is read from *source*."""

    nodes: list[Element | Text] = field(default_factory=list, repr=False)
    source: str = ""

    @property
    def text(self) -> str:
        """The text of all descendants as written, as in the tree of the whole page."""
        inner = self.inner.of(self.source)
        if _NEEDS_PARSER.search(inner):
            return read_strictly(inner).root.text
        return _ANY_TAG.sub("", inner) if "<" in inner else inner


@lru_cache(maxsize=2)  # several regions are looked up in one body, before and after a write
def read_outline(body: str, names: frozenset[str] = frozenset()) -> Document:
    """Return the landmarks of *body*, and the elements *names*. Raises `MalformedBodyError` as `read_strictly` does."""
    return scan_outline(body, names)


def scan_outline(body: str, names: frozenset[str] = frozenset()) -> Document:
    """Return what `read_outline` returns, without a memory of it: for a body that is looked at once."""
    check_syntax(body)
    return Document(body, _Scanner(body, names).scan())


@lru_cache(maxsize=8)
def _tag_after_leaves(names: frozenset[str]) -> re.Pattern[str]:
    """Return the pattern of the next tag after any number of elements without a landmark."""
    stops = "|".join(re.escape(name) for name in sorted({*names, *_CONTAINERS}))
    start = rf"<(?![/!?]|(?:{stops})[ \t\r\n/>]|(?:{_MACROS})(?!{_OTHER_MACRO})){_INSIDE_TAG}"
    inside = _TEXT
    for _ in range(_DEPTH):
        leaf = rf"{start}(?:/>|>{inside}</[^>]*+>)"
        inside = rf"{_TEXT}(?:(?:{leaf}|{_NO_TAG}){_TEXT})*+"
    return re.compile(inside + _TAG, re.DOTALL)


_NEXT_TAG = re.compile(rf"{_TEXT}(?:(?:{_NO_TAG}){_TEXT})*+{_TAG}", re.DOTALL)


class _Scanner:
    """Walks over the tags of a well-formed body; makes an element of a tag only if it is a landmark or around one."""

    def __init__(self, body: str, names: frozenset[str]) -> None:
        self._body, self._names = body, names
        self._after_leaves = _tag_after_leaves(names)
        root = new_root(body)
        self._root = Landmark(root.name, root.attributes, root.start, root.opening, root.content, source=body)
        self._starts: list[int] = []
        self._elements: list[Landmark | None] = [self._root]
        """The open elements; None for an element in which no landmark was found so far."""

    def scan(self) -> Element:
        for tag in self._iter_tags():
            if tag["end"]:
                self._close(Span(tag.start("end") - 1, tag.end()))
                continue
            self._starts.append(tag.start("name") - 1)
            self._elements.append(None)
            if self._is_landmark(tag["name"]):
                self._make_elements()
            if tag["empty"]:
                self._close()
        return self._root

    def _iter_tags(self) -> Iterator[re.Match[str]]:
        at = 0
        while tag := (_NEXT_TAG if _is_marker(self._elements[-1]) else self._after_leaves).match(self._body, at):
            yield tag
            at = tag.end()

    def _is_landmark(self, name: str) -> bool:
        if name in self._names or _is_marker(self._elements[-2]):
            return True
        if name not in MACRO_ELEMENTS or _START_OF_OTHER.match(self._body, self._starts[-1]):
            return False
        return _is_marker(self._make(self._starts[-1], self._root))

    def _make_elements(self) -> None:
        """Make the innermost open element, and those around it that are not made yet."""
        first = next(at for at in range(len(self._elements) - 1, -1, -1) if self._elements[at] is not None)
        parent = self._elements[first]
        for at in range(first + 1, len(self._elements)):
            assert parent is not None  # noqa: S101 -- the root is made
            element = self._make(self._starts[at - 1], parent)
            parent.nodes.append(element)
            self._elements[at] = parent = element

    def _make(self, start: int, parent: Element) -> Landmark:
        tag = _START_TAG.match(self._body, start)
        assert tag is not None  # noqa: S101 -- the tag was found before
        attributes: Mapping[str, str] = {name: value[1:-1] for name, value in _ATTRIBUTE.findall(tag[2])}
        if any(map(_IN_VALUE.search, attributes.values())):
            attributes = read_strictly(f"<{tag[1]}{tag[2]}/>").root.children[0].attributes
        return Landmark(tag[1], attributes, start, tag.end() - start, parent=parent, source=self._body)

    def _close(self, end_tag: Span | None = None) -> None:
        self._starts.pop()
        element = self._elements.pop()
        if element is not None and end_tag is not None:
            element.end_with(end_tag)


def _is_marker(element: Element | None) -> bool:
    return element is not None and macro_name(element) in _MARKERS

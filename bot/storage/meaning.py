"""Compare two fragments by what a reader sees, not by how an editor or the server spells it.

A body is read as blocks, and each line of text as words with marks: strong, emphasis, code, colour, link. A save in
an editor changes the spelling of all of these. Ignored are, for example: a paragraph that is the whole text of an item
or cell, ids and classes, emoji attributes of the same icon, the key of the own space in a link, a link text that is
the title, empty paragraphs at the edges of a region, item or cell, hard spaces, spans that only change the spacing,
the order of nested marks, widths of tables, inline comment markers and notices, because they are not content.

Always a difference: words, case, order, the target of a link, the key of another space, an icon, a colour, a
highlight, centred or right-aligned text, the kind and number of lists, the level of a heading, an empty paragraph
between others, and every character of code (`code`, `pre`, plain-text bodies, parameters).
"""

import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from functools import lru_cache
from operator import itemgetter

from bot.storage.appearance import look_of, seen_attributes
from bot.storage.emoticons import find_character, icon_of
from bot.storage.macros import HEADINGS, is_macro, macro_name
from bot.storage.notice import without_notice
from bot.storage.reader import Element, Text, read_strictly

_TRANSPARENT = {
    *("ac:inline-comment-marker", "thead", "tbody", "tfoot", "ac:link-body", "ac:plain-text-link-body"),
}
_HIDDEN = {"ac:task-id", "ac:task-uuid", "colgroup", "col"}
_MARKS = {
    name: name for name in ("strong", "em", "u", "s", "code", "sub", "sup", "small", "big", "q", "cite", "kbd")
} | {
    "b": "strong",
    "i": "em",
    "ins": "u",
    "del": "s",
    "strike": "s",
    "tt": "code",
    "samp": "samp",
    "var": "var",
    "abbr": "abbr",
    "mark": "mark",
}
_ON_SPACES = ("background-color", "code")
"""The marks that a reader sees on a space."""
_ON_OBJECTS = ("link",)
_LINES = {"p", "dt", "caption", "ac:caption", *HEADINGS}
_OBJECTS = {"ac:emoticon", "ac:hipchat-emoticon", "time", "ac:placeholder", "ri:user"}
_PICTURES = {"ac:image", "img"}
_PARAMETERS = {"ac:parameter", "ac:default-parameter"}
_VERBATIM = {"pre", "ac:plain-text-body", "ac:task-status", *_PARAMETERS}
_LEAVES = _OBJECTS | _PICTURES | _VERBATIM | {"br", "hr"}
_INLINE_MACROS = {"status", "anchor", "jira", "mathinline", "profile"}
_INLINE = {*_MARKS, *_OBJECTS, *_PICTURES, "span", "a", "font", "br", "ac:link", "ac:inline-comment-marker"}
_BLOCKS_IN_LINES = (*_LINES, "ul", "ol", "table", "div", "blockquote", "pre", "hr")
_EDITOR_PARAMETERS = {"atlassian-macro-output-type", "breakoutMode", "breakoutWidth"}
_CURSOR_TARGET = "auto-cursor-target"
"""The class of the empty paragraph that Data Center's editor puts around a macro."""

_SPACES = re.compile(r"[ \t\r\n\f]+")
_LINE_END = re.compile(r"[\t\r\n\f]")
_UNSEEN = {ord("\u00a0"): " ", ord("\u200b"): None, ord("\u2060"): None, ord("\ufeff"): None}
_BREAK = "<br>"

_LONGEST_REMEMBERED = 10_000
"""In characters; 512 such texts and their results take at most about 20 MB."""

_Inside = tuple[Iterator[Element | Text], Callable[[], None]]


def is_same(a: str, b: str, *, space_key: str = "") -> bool:
    """Return whether a reader sees the same in two fragments on a page of the space. Raises `MalformedBodyError`."""
    return a == b or canonical(a, space_key=space_key) == canonical(b, space_key=space_key)


def is_inline(element: Element) -> bool:
    """Return whether *element* is part of a line of text."""
    if is_macro(element):
        return macro_name(element) in _INLINE_MACROS
    return element.name in _INLINE and not any(True for _ in element.elements(*_BLOCKS_IN_LINES))


def canonical(fragment: str, *, space_key: str = "") -> str:
    """Return a text that is the same for all fragments in which a reader sees the same. Raises `MalformedBodyError`.

    Links to pages of *space_key* are the same with and without the key. The time is linear in the length.
    """
    if len(fragment) <= _LONGEST_REMEMBERED:
        return _canonical_of_short(fragment, space_key)
    return _canonical(fragment, space_key)


def _canonical(fragment: str, space_key: str) -> str:
    return _Writer(space_key).write(read_strictly(without_notice(fragment)).root)


_canonical_of_short = lru_cache(maxsize=512)(_canonical)
"""Remembers the last texts: a plan compares the same few with each version of a page."""


@dataclass(slots=True)
class _Flow:
    """The content of a region, item, cell or macro so far; *empty* counts the empty paragraphs since its last block."""

    has_content: bool = False
    empty: int = 0


@dataclass(slots=True)
class _Marks:
    """The marks at the current place. A mark is written when it changes, however the elements are nested."""

    stacks: dict[str, list[str]] = field(default_factory=dict)
    written: dict[str, str] = field(default_factory=dict)
    changed: set[str] = field(default_factory=set)

    def push(self, marks: dict[str, str]) -> None:
        for key, value in marks.items():
            self.stacks.setdefault(key, []).append(value)
        self.changed.update(marks)

    def pop(self, marks: Iterable[str]) -> None:
        for key in marks:
            self.stacks[key].pop()
            self.changed.add(key)

    def current(self, key: str) -> str:
        stack = self.stacks.get(key)
        return stack[-1] if stack else ""

    def settle(self, keys: Iterable[str] | None = None) -> Iterator[str]:
        """Yield what has changed since the last text, of *keys* or of all marks, in a fixed order."""
        for key in sorted(self.changed if keys is None else self.changed.intersection(keys)):
            self.changed.discard(key)
            yield from self.settle_to(key, self.current(key))

    def settle_to(self, key: str, value: str) -> Iterator[str]:
        """Yield the change of one mark to *value*, which may differ from its value at the current place."""
        if self.written.get(key, "") != value:
            self.written[key] = value
            yield f"<@{key}={_escape(value)}>"


@dataclass(slots=True)
class _Line:
    """The line of text that is being written; *size* counts the pieces of all lines.

    Text without a paragraph around it is a line of its own, as if it were a paragraph.
    """

    name: str = "p"
    attributes: str = ""
    is_explicit: bool = False
    pieces: list[str] | None = None
    space: dict[str, str] | None = None
    takes_space: bool = False
    size: int = 0

    def begin(self, name: str, attributes: str) -> None:
        """Begin a paragraph, a heading or another element that is one line."""
        self.name, self.attributes, self.is_explicit = name, attributes, True

    def end(self) -> tuple[list[str], str, str]:
        """Return the pieces of the line, with the name and the attributes of its element."""
        ended = self.pieces or [], self.name, self.attributes
        self.name, self.attributes, self.is_explicit = "p", "", False
        self.pieces, self.space, self.takes_space = None, None, False
        return ended


class _Writer:
    """Writes the canonical form of one fragment in one walk, without recursion, because pages can nest to any depth."""

    def __init__(self, space_key: str) -> None:
        self._space_key = space_key
        self._out: list[str] = []
        self._marks = _Marks()
        self._flows = [_Flow()]
        self._line = _Line()

    def write(self, root: Element) -> str:
        """Return the canonical form of the content of *root*."""
        stack: list[_Inside] = [(iter(root.nodes), self._end_line)]
        while stack:
            nodes, leave = stack[-1]
            node = next(nodes, None)
            if node is None:
                stack.pop()
                leave()
            elif isinstance(node, Text):
                self._write_words(node.value if node.is_visible else "")
            elif (inside := self._enter(node)) is not None:
                stack.append(inside)
        return "".join(self._out)

    def _enter(self, element: Element) -> _Inside | None:
        """Write the start of *element*; return its content and what to do at its end, or None if it is written."""
        name = element.name
        if name in _HIDDEN or _is_cursor_target(element):
            return None
        if name in _TRANSPARENT:
            return iter(element.nodes), _do_nothing
        if name in _MARKS or name in ("span", "a", "font"):
            return self._enter_mark(element)
        if name == "ac:link":
            return self._enter_link(element)
        if name in _LINES:
            return self._enter_line(element)
        if is_macro(element):
            return self._enter_macro(element)
        if name not in _LEAVES:
            return self._enter_block(element)
        self._write_leaf(element)
        return None

    def _write_leaf(self, element: Element) -> None:
        match element.name:
            case "br":
                self._open_line().append(_BREAK)
                self._line.space, self._line.takes_space = None, False
            case "ac:emoticon" | "ac:hipchat-emoticon":
                self._write_icon(element)
            case name if name in _PICTURES:
                self._line.space = None
                self._write_object(self._as_written(element))
                self._line.takes_space = False
            case name if name in _OBJECTS:
                self._write_object(self._as_written(element))
            case _:
                self._write_block(self._as_written(element))

    def _write_icon(self, emoticon: Element) -> None:
        """Write an icon; an emoji that is a character of Unicode is that character."""
        characters = find_character(emoticon)
        if characters is None:
            self._write_object(f"<icon {_escape(icon_of(emoticon))}>")
        else:
            self._write_words(characters)

    def _enter_mark(self, element: Element) -> _Inside:
        marks = dict(look_of(element).font)
        if element.name in _MARKS:
            marks[_MARKS[element.name]] = "on"
        href = element.attributes.get("href")
        if element.name == "a" and href is not None:
            # The editor of Cloud makes such an address of a link to a place on the same page.
            marks["link"] = href if href.startswith("#") else f"href {href}"
        self._marks.push(marks)
        return iter(element.nodes), lambda: self._marks.pop(marks)

    def _enter_link(self, element: Element) -> _Inside:
        """Begin an `ac:link`; without text, it shows the title of its target, or what the wiki makes of the target."""
        resource = next((child for child in element.children if child.name.startswith("ri:")), None)
        shown = {} if resource is None else resource.attributes
        target = "" if resource is None else self._as_written(resource)
        self._marks.push({"link": f"{target}#{element.attributes.get('ac:anchor', '')}"})
        size = self._line.size

        def leave() -> None:
            title = shown.get("ri:content-title") or shown.get("ri:filename")
            if self._line.size == size and title:
                self._write_words(title)
            elif self._line.size == size:
                self._write_object("<target>")
            self._marks.pop(("link",))

        return (node for node in element.nodes if isinstance(node, Text) or not node.name.startswith("ri:")), leave

    def _enter_line(self, element: Element) -> _Inside:
        """Begin a paragraph or a heading; its content may end the line, and text after that begins a new one."""
        self._end_line()
        look = look_of(element)
        attributes = self._attributes(element, look.box | _only_background(look.font))
        font = _without_background(look.font)
        self._marks.push(font)
        self._line.begin(element.name, attributes)
        start = len(self._out)

        def leave() -> None:
            is_untouched = self._line.pieces is None and len(self._out) == start
            self._end_line()
            if is_untouched and element.name == "p":
                self._flows[-1].empty += 1
            elif is_untouched:
                self._write_block(f"<{element.name}{attributes}></{element.name}>")
            self._marks.pop(font)

        return iter(element.nodes), leave

    def _enter_block(self, element: Element) -> _Inside:
        look = look_of(element)
        attributes = self._attributes(element, look.box | _only_background(look.font))
        if element.name == "div" and not attributes and not look.font:
            self._end_line()
            return iter(element.nodes), self._end_line
        font = _without_background(look.font)
        self._write_block(f"<{element.name}{attributes}>")
        self._flows.append(_Flow())
        self._marks.push(font)

        def leave() -> None:
            self._end_line()
            self._flows.pop()
            self._out.append(f"</{element.name}>")
            self._marks.pop(font)

        return iter(element.nodes), leave

    def _enter_macro(self, element: Element) -> _Inside | None:
        name = macro_name(element)
        tag = f"<macro{self._attributes(element)}>{''.join(self._macro_parts(element, name))}"
        bodies = [child for child in element.children if child.name == "ac:rich-text-body"]
        if bodies:
            self._write_block(tag)
            return iter(bodies), lambda: self._out.append("</macro>")
        if name in _INLINE_MACROS or self._line.is_explicit:
            self._write_object(f"{tag}</macro>")
        else:
            self._write_block(f"{tag}</macro>")
        return None

    def _macro_parts(self, macro: Element, name: str | None) -> Iterator[str]:
        """Yield the parameters by name, then everything else but the rich-text bodies."""
        named = ((each.attributes.get("ac:name", ""), each) for each in macro.children if each.name in _PARAMETERS)
        for key, parameter in sorted(named, key=itemgetter(0)):
            value = parameter.text
            if key in _EDITOR_PARAMETERS or (name == "status" and _is_default_of_status(key, value)):
                continue
            if name == "status" and key in ("colour", "color"):
                yield f"<colour>{_escape(value.strip().lower())}</colour>"
            else:
                yield self._as_written(parameter)
        others = (child for child in macro.children if child.name not in _PARAMETERS | {"ac:rich-text-body"})
        yield from map(self._as_written, others)

    def _write_words(self, value: str) -> None:
        value = value.translate(_UNSEEN)
        if self._marks.current("code"):
            if value:
                self._write_content(_escape(_LINE_END.sub(" ", value)))
            return
        text = _SPACES.sub(" ", value)
        words = text.strip(" ")
        if text.startswith(" "):
            self._add_space()
        if words:
            self._write_content(_escape(words))
            if text.endswith(" "):
                self._add_space()

    def _add_space(self) -> None:
        """Remember a space, which a reader sees only between two words or icons of one line."""
        line = self._line
        if line.takes_space and line.space is None:
            line.space = {key: self._marks.current(key) for key in _ON_SPACES}

    def _write_object(self, piece: str) -> None:
        self._write_content(piece, _ON_OBJECTS)

    def _write_content(self, piece: str, marks: Iterable[str] | None = None) -> None:
        """Write a piece of a line with the changes of *marks*, by default of all marks."""
        pieces = self._open_line()
        if self._line.space is not None:
            for key, value in self._line.space.items():
                pieces += self._marks.settle_to(key, value)
            pieces.append(" ")
            self._line.space = None
        pieces += self._marks.settle(marks)
        pieces.append(piece)
        self._line.takes_space = True
        self._line.size += 1

    def _open_line(self) -> list[str]:
        if self._line.pieces is None:
            self._line.pieces = []
        return self._line.pieces

    def _write_block(self, piece: str) -> None:
        self._end_line()
        self._begin_content()
        self._out += [*self._marks.settle(_ON_OBJECTS), piece]

    def _begin_content(self) -> None:
        flow = self._flows[-1]
        if flow.has_content:
            self._out += ["<p></p>"] * flow.empty
        flow.has_content, flow.empty = True, 0

    def _end_line(self) -> None:
        """Write the line that is open; a line break at its end is not seen, and breaks alone are empty lines."""
        pieces, name, attributes = self._line.end()
        if not pieces:
            return
        if all(piece == _BREAK for piece in pieces):
            self._flows[-1].empty += len(pieces)
            return
        self._begin_content()
        if pieces[-1] == _BREAK:
            pieces.pop()
        self._out += [f"<{name}{attributes}>", *pieces, f"</{name}>"]

    def _as_written(self, element: Element) -> str:
        """Return *element* with its content as written; only attributes that no reader sees are dropped."""
        pieces: list[str] = []
        is_verbatim = element.name in _VERBATIM
        stack: list[tuple[str, Iterator[Element | Text]]] = [("", iter([element]))]
        while stack:
            end, nodes = stack[-1]
            node = next(nodes, None)
            if node is None:
                pieces.append(end)
                stack.pop()
            elif isinstance(node, Text):
                if node.is_visible and (is_verbatim or node.value.strip()):
                    pieces.append(_escape(node.value))
            elif node.name == "ac:inline-comment-marker":
                stack.append(("", iter(node.nodes)))
            else:
                look = look_of(node)
                pieces.append(f"<{node.name}{self._attributes(node, look.box | look.font)}>")
                stack.append((f"</{node.name}>", iter(node.nodes)))
        return "".join(pieces)

    def _attributes(self, element: Element, style: dict[str, str] | None = None) -> str:
        seen = seen_attributes(element)
        if seen.get("ri:space-key") == self._space_key and seen.get("ri:content-title"):
            del seen["ri:space-key"]
        if style:
            seen["style"] = ";".join(f"{name}:{value}" for name, value in sorted(style.items()))
        return "".join(f' {name}="{_escape(value)}"' for name, value in sorted(seen.items()))


def _do_nothing() -> None:
    pass


def _only_background(font: dict[str, str]) -> dict[str, str]:
    """Return the background of a block, which a reader sees around its text too."""
    return {key: value for key, value in font.items() if key == "background-color" and value}


def _without_background(font: dict[str, str]) -> dict[str, str]:
    return {key: value for key, value in font.items() if key != "background-color"}


def _is_cursor_target(element: Element) -> bool:
    if element.name != "p" or _CURSOR_TARGET not in element.attributes.get("class", ""):
        return False
    return all(node.name == "br" if isinstance(node, Element) else not node.value.strip() for node in element.nodes)


def _is_default_of_status(key: str, value: str) -> bool:
    return (key in ("colour", "color") and value.strip().lower() in ("", "grey", "gray", "neutral")) or (
        key == "subtle" and value.strip() == "false"
    )


def _escape(text: str) -> str:
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;").replace('"', "&quot;")

"""Extract the visible text of a page, on one line (`text_of`) or line by line (`lines_of`).

What the wiki shows for an element without text counts as text: the name of a mentioned person, a date, the title of
a linked page, an emoji, the title of a status, the check box of a task, the file name of an image. What only the
editor or the server sees does not count: parameters, placeholders, task numbers, comments.
"""

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType

from bot.errors import MalformedBodyError
from bot.storage.emoticons import find_emoji, name_emoji
from bot.storage.macros import HEADINGS, collapse, find_parameter, find_rich_text_body, macro_name
from bot.storage.notice import is_notice_anchor
from bot.storage.reader import Element, Text, TextKind, read_leniently, read_strictly

BLOCKS = {
    *("p", "div", *HEADINGS, "blockquote", "pre", "hr", "br", "caption", "ac:caption"),
    *("ul", "ol", "li", "dl", "dt", "dd", "table", "thead", "tbody", "tfoot", "tr"),
    *("ac:layout", "ac:layout-section", "ac:layout-cell", "ac:task-list", "ac:task", "ac:task-body"),
    *("ac:rich-text-body", "ac:plain-text-body", "ac:adf-content"),
}
"""Elements that start and end a line."""
HIDDEN = {
    *("ac:parameter", "ac:default-parameter", "ac:placeholder", "ac:adf-fallback", "ac:adf-attribute"),
    *("ac:task-id", "ac:task-uuid", "ac:task-status", "colgroup", "script", "style"),
}
"""Elements whose content is not visible as text."""
USER_KEYS = ("ri:account-id", "ri:userkey", "ri:username")
"""Attributes of an `ri:user` that identify a person."""
_CELLS = {"td", "th"}
_LINE_MACROS = {"status", "anchor", "jira"}
_STATUS_DOTS = {"green": "🟢", "yellow": "🟡", "red": "🔴", "blue": "🔵", "purple": "🟣"}
_PICTURES = ("ac:emoticon", "ac:image", "img")
_MAX_DEPTH = 200

_NOBODY: Mapping[str, str] = MappingProxyType({})


def text_of(part: str | Element | Text, users: Mapping[str, str] = _NOBODY) -> str:
    """Return the visible text of *part* on one line; *users* maps user ids to names."""
    line = _Line()
    root = read_leniently(part, max_depth=_MAX_DEPTH).root if isinstance(part, str) else part
    for node, is_end in _walk([root]):
        if isinstance(node, Text):
            line.add(node.value if node.is_visible else "")
            continue
        if node.name in _CELLS or _is_block(node):
            line.add(" ")
        if not is_end:
            line.add_object(shown_text(node, users))
    return line.take()


def shown_text(element: Element, users: Mapping[str, str] = _NOBODY) -> str:
    """Return the text that the wiki shows for *element* in addition to its content; empty for most elements."""
    match element.name:
        case "ac:emoticon" | "ac:hipchat-emoticon":
            return find_emoji(element) or f":{name_emoji(element)}:"
        case "time":
            return "" if element.text.strip() else element.attributes.get("datetime", "")
        case "ac:image" | "img":
            return _image_text(element)
        case "ac:link":
            return "" if _has_words(element) else _target_text(element, users)
        case "ac:task":
            return f"{check_box(element)} "
        case "ri:user" if element.parent is None or element.parent.name != "ac:link":
            return mention_text(element, users)
        case "ac:structured-macro" | "ac:macro":
            return _macro_text(element)
        case _:
            return ""


def check_box(task: Element) -> str:
    """Return the check box of an `ac:task`."""
    status = task.find_child("ac:task-status")
    return "[x]" if status is not None and status.text.strip() == "complete" else "[ ]"


def mention_text(user: Element, users: Mapping[str, str] = _NOBODY) -> str:
    """Return an `ri:user` as a mention: with the name of the person if known, else with the id."""
    ids = [user.attributes[key] for key in USER_KEYS if user.attributes.get(key)]
    return "@" + next((users[each] for each in ids if each in users), ids[0] if ids else "unknown user")


def _has_words(link: Element) -> bool:
    return bool(link.text.strip()) or any(link.elements(*_PICTURES))


def _target_text(link: Element, users: Mapping[str, str]) -> str:
    """Return what a link without text shows: the title or the name of its target."""
    resource = next((child for child in link.children if child.name.startswith("ri:")), None)
    if resource is None:
        return link.attributes.get("ac:anchor", "")
    if resource.name == "ri:user":
        return mention_text(resource, users)
    attributes = resource.attributes
    if resource.name == "ri:shortcut":
        return f"{attributes.get('ri:parameter', '')}@{attributes.get('ri:key', '')}"
    keys = ("ri:content-title", "ri:filename", "ri:value", "ri:space-key")
    named = next((attributes[key] for key in keys if attributes.get(key)), "")
    if not named and attributes.get("ri:content-id"):
        return f"page {attributes['ri:content-id']}"
    return named or link.attributes.get("ac:anchor", "")


def _image_text(image: Element) -> str:
    attributes = image.attributes
    alternative = attributes.get("ac:alt") or attributes.get("alt")
    if alternative:
        return alternative
    resource = next((child for child in image.children if child.name.startswith("ri:")), image)
    address = resource.attributes.get("ri:value") or resource.attributes.get("src", "")
    return resource.attributes.get("ri:filename") or address.partition("?")[0].rpartition("/")[2]


def _macro_text(macro: Element) -> str:
    name = macro_name(macro) or ""
    title = collapse(find_parameter(macro, "title") or "")
    match name:
        case "anchor":
            return ""
        case "status":
            return _status_text(title, find_parameter(macro, "colour") or find_parameter(macro, "color") or "")
        case "jira":
            return find_parameter(macro, "key") or find_parameter(macro, "jqlQuery") or ""
        case _ if title or find_rich_text_body(macro) or macro.find_child("ac:plain-text-body"):
            return title
        case _:
            files = (each.attributes.get("ri:filename") for each in macro.elements("ri:attachment"))
            return next(filter(None, files), f"[{name}]")


def status_dot(colour: str) -> str:
    """Return a dot in the colour of a status macro; white for grey and for unknown colours."""
    return _STATUS_DOTS.get(colour.lower(), "⚪")


def _status_text(title: str, colour: str) -> str:
    shown = title or colour
    return f"{status_dot(colour)} {shown}" if shown else ""


def _is_block(element: Element) -> bool:
    name = macro_name(element)
    return element.name in BLOCKS or (name is not None and name not in _LINE_MACROS)


class _Line:
    """The pieces of one line; adds a space between a word and the text that the wiki shows for an element."""

    def __init__(self) -> None:
        self._pieces: list[str] = []
        self._is_after_object = False

    def add(self, text: str) -> None:
        if not text:
            return
        if self._is_after_object and text[0].isalnum():
            self._pieces.append(" ")
        self._is_after_object = False
        self._pieces.append(text)

    def add_object(self, text: str) -> None:
        if not text:
            return
        if self._pieces and (self._is_after_object or self._pieces[-1][-1].isalnum()):
            self._pieces.append(" ")
        self._pieces.append(text)
        self._is_after_object = True

    def take(self) -> str:
        """Return the line with white space collapsed, and start a new line."""
        line = collapse("".join(self._pieces))
        self._pieces.clear()
        self._is_after_object = False
        return line


def _walk(nodes: Iterable[Element | Text]) -> Iterator[tuple[Element | Text, bool]]:
    """Yield texts, and the start and end of visible elements, without recursion."""
    stack: list[tuple[Element | None, Iterator[Element | Text]]] = [(None, iter(nodes))]
    while stack:
        owner, inside = stack[-1]
        node = next(inside, None)
        if node is None:
            stack.pop()
            if owner is not None:
                yield owner, True
        elif isinstance(node, Text):
            yield node, False
        elif node.name not in HIDDEN:
            yield node, False
            stack.append((node, iter(node.nodes)))


def lines_of(fragment: str) -> list[str]:
    """Return the visible lines, with bullets, check boxes, and link targets after the link text.

    A macro is shown with its parameters, because its output depends on them. For a fragment that is not well-formed,
    the lines of its source are returned.
    """
    try:
        root = read_strictly(fragment).root
    except MalformedBodyError:
        return fragment.splitlines()
    page = _Page()
    for node, is_end in _walk(root.nodes):
        if isinstance(node, Text):
            page.add_text(node)
        elif is_end:
            page.leave(node)
        else:
            page.enter(node)
    page.break_line()
    return page.lines


def is_blank(body: str) -> bool:
    """Return whether *body* has nothing but empty paragraphs."""
    return not re.sub(r"</?p\b[^>]*>|<br\b[^>]*>|&nbsp;|\s", "", body)


def count_characters(fragment: str) -> int:
    """Return the number of visible characters without white space."""
    return sum(len("".join(line.split())) for line in lines_of(fragment))


@dataclass
class _Page:
    """Collects lines with the line breaks of a browser."""

    lines: list[str] = field(default_factory=list)
    _line: _Line = field(default_factory=_Line)
    _counters: list[int | None] = field(default_factory=list)
    _bullet: str = ""
    _targets: list[str] = field(default_factory=list)

    def add_text(self, node: Text) -> None:
        if node.kind is TextKind.CDATA and "\n" in node.value:
            self.break_line()
            self.lines += [line.rstrip() for line in node.value.splitlines() if line.strip()]
        elif node.is_visible:
            self._line.add(node.value)

    def break_line(self) -> None:
        line = self._line.take()
        if line:
            self.lines.append(self._bullet + line)
            self._bullet = " " * len(self._bullet)

    def enter(self, element: Element) -> None:
        name = element.name
        if _is_block(element):
            self.break_line()
        match name:
            case "ul" | "ol" | "ac:task-list":
                self._counters.append(0 if name == "ol" else None)
            case "li":
                self._bullet = self._next_bullet()
            case "ac:task":
                self._bullet = f"{self._next_bullet()}{check_box(element)} "
            case "td" | "th":
                self._line.add(" | ")
            case "ac:structured-macro" | "ac:macro" if macro_name(element) != "status" and not _marks_notice(element):
                self._line.add_object(f"[{_describe_macro(element)}]")
                if _is_block(element):
                    self.break_line()
            case "ac:link" | "ri:user":
                pass  # the line shows the target
            case "ac:image":
                self._line.add_object(f"{element.attributes.get('ac:alt') or '[image]'} ")
            case _:
                self._line.add_object(shown_text(element))

    def leave(self, element: Element) -> None:
        target = _describe_target(element)
        if target and element.parent is not None and element.parent.name == "ac:link":
            self._targets.append(target)  # in the source, the target precedes the text of the link
        elif target:
            self._line.add(f" {target}")
        if element.name == "ac:link" and self._targets:
            self._line.add(f" {self._targets.pop()}")
        if _is_block(element):
            self.break_line()
        if element.name in ("ul", "ol", "ac:task-list"):
            self._counters.pop()
            self._bullet = ""
        if element.name in ("li", "ac:task"):
            self._bullet = ""

    def _next_bullet(self) -> str:
        depth = max(len(self._counters) - 1, 0)
        if not self._counters or self._counters[-1] is None:
            return "  " * depth + "• "
        self._counters[-1] += 1
        return f"{'  ' * depth}{self._counters[-1]}. "


def _marks_notice(element: Element) -> bool:
    return macro_name(element) == "anchor" and is_notice_anchor(find_parameter(element, "") or "")


def _describe_macro(macro: Element) -> str:
    parameters = (
        f"{child.attributes.get('ac:name', '')}={child.text.strip()}".removeprefix("=")
        for child in macro.children
        if child.name in ("ac:parameter", "ac:default-parameter")
    )
    shown = ", ".join(parameters)
    name = macro.attributes.get("ac:name", "macro")
    return f"{name}: {shown}" if shown else name


def _describe_target(element: Element) -> str:
    """Return the target of a link, shown after its text."""
    attributes = element.attributes
    match element.name:
        case "a":
            return f"‹{attributes.get('href', '')}›"
        case "ri:page" | "ri:blog-post":
            space = attributes.get("ri:space-key")
            title = attributes.get("ri:content-title", "this page")
            return f"‹{space + ':' if space else ''}{title}›"
        case "ri:attachment":
            return f"‹file {attributes.get('ri:filename', '')}›"
        case "ri:url":
            return f"‹{attributes.get('ri:value', '')}›"
        case "ri:user":
            return mention_text(element)
        case "ac:link" if attributes.get("ac:anchor"):
            return f"‹#{attributes['ac:anchor']}›"
        case _:
            return ""

"""Change a body as the wiki does on save: ids, element names, spelling, order."""

from __future__ import annotations

import re
from html.entities import codepoint2name
from typing import TYPE_CHECKING, Literal, TypeAlias

from wikiserver.storage_tree import BadBody, CData, Element, Text, Verbatim, parse, serialise

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from wikiserver.storage_tree import Node

__all__ = ["BadBody", "Flavour", "Level", "normalise"]

Flavour: TypeAlias = Literal["cloud", "datacenter"]
Level: TypeAlias = Literal["none", "light", "full"]

_RENAMED = {"b": "strong", "i": "em"}
_MACROS = {"ac:structured-macro"}
_VERSIONED = {"ri:page", "ri:attachment", "ri:blog-post"}
_BLOCKS = {"p", "h1", "h2", "h3", "h4", "h5", "h6", "ul", "ol", "li", "td", "th", "tr", "blockquote"}
_AC_BLOCKS = {"table", "ac:image", "ac:structured-macro", "ac:task-list", "ac:layout-cell"}
_DROPPED = {"id", "target", "rel", "contenteditable", "tabindex"}
_HEX_COLOUR = re.compile(r"((?:background-)?color\s*:\s*)#([0-9a-fA-F]{6}|[0-9a-fA-F]{3})\b")
_SPELLING = str.maketrans({"&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;", "\r": "&#13;"})
# Cloud writes a named entity for every character that has one; Data Center writes the character itself.
_CLOUD_SPELLING = _SPELLING | {point: f"&{name};" for point, name in codepoint2name.items()}


def normalise(body: str, *, flavour: Flavour, level: Level, new_id: Callable[[], str]) -> str:
    """Return *body* as the wiki stores it.

    `none` stores the body unchanged. `light` makes the changes of every save: spelling (`<x />`, double quotes,
    entities), missing ids, `b` → `strong`, hex colours → `rgb()`. `full` also makes the changes that a save may make:
    parameters and attributes in another order, some attributes and all comments dropped, ids on every block (Cloud).
    Existing ids are preserved, so a second save changes nothing. Raises BadBody at every level if *body* is not
    well-formed.
    """
    root = parse(body)
    if level == "none":
        return body
    _Save(flavour, level, new_id, root).settle(root)
    return serialise(root.children)


class _Save:
    """One save of one body."""

    def __init__(self, flavour: Flavour, level: Level, new_id: Callable[[], str], root: Element) -> None:
        self._is_cloud = flavour == "cloud"
        self._is_full = level == "full"
        self._new_id = new_id
        self._last_task = max((_task_number(task) for task in root.walk() if task.name == "ac:task"), default=0)

    def settle(self, parent: Element) -> None:
        """Convert the descendants of *parent* to the stored form, in place."""
        if self._is_full:
            parent.children = [child for child in parent.children if not isinstance(child, Verbatim)]
        for child in parent.children:
            if isinstance(child, Text):
                child.raw = _one_line_end(child.raw)
                child.raw = child.value.translate(_CLOUD_SPELLING if self._is_cloud else _SPELLING)
            elif isinstance(child, CData):
                child.value = _one_line_end(child.value)
            elif isinstance(child, Element):
                self._settle_element(child)
                self.settle(child)
        if self._is_full:
            parent.children = list(_joined(parent.children))

    def _settle_element(self, element: Element) -> None:
        element.name = _RENAMED.get(element.name, element.name)
        attributes = element.attributes
        if "style" in attributes:
            attributes["style"] = _HEX_COLOUR.sub(_rgb, attributes["style"])
        for name in [name for name in attributes if name.lower().startswith("on")]:
            del attributes[name]
        self._add_ids(element)
        if self._is_full:
            self._reorder(element)

    def _add_ids(self, element: Element) -> None:
        attributes = element.attributes
        if element.name in _MACROS:
            attributes.setdefault("ac:schema-version", "1")
            if not attributes.get("ac:macro-id"):
                attributes["ac:macro-id"] = self._new_id()
        if element.name == "ac:task":
            self._complete_task(element)
        if not self._is_cloud:
            return
        if element.name in _VERSIONED:
            attributes.setdefault("ri:version-at-save", "1")
        if element.name in _AC_BLOCKS and (self._is_full or element.name == "table"):
            _set_missing(attributes, "ac:local-id", self._new_id)
        if element.name in _BLOCKS and self._is_full:
            _set_missing(attributes, "local-id", self._new_id)

    def _complete_task(self, task: Element) -> None:
        """Add the number and uuid of a task, in the order of the wiki: id, uuid, status, body."""
        if task.find("ac:task-id") is None:
            self._last_task += 1
            task.children.insert(0, Element("ac:task-id", children=[Text(str(self._last_task))]))
        if task.find("ac:task-uuid") is None:
            after_id = next(i for i, child in enumerate(task.children) if child is task.find("ac:task-id")) + 1
            task.children.insert(after_id, Element("ac:task-uuid", children=[Text(self._new_id())]))

    def _reorder(self, element: Element) -> None:
        attributes = element.attributes
        element.attributes = {name: attributes[name] for name in sorted(attributes) if name not in _DROPPED}
        places = [i for i, c in enumerate(element.children) if isinstance(c, Element) and c.name == "ac:parameter"]
        parameters = sorted(element.elements("ac:parameter"), key=lambda parameter: parameter.get("ac:name"))
        for place, parameter in zip(places, parameters, strict=True):
            element.children[place] = parameter


def _joined(children: Iterable[Node]) -> Iterator[Node]:
    """Yield *children*; CDATA sections become one if a removed comment was between them, as a parser reads them."""
    last: Node | None = None
    for child in children:
        if isinstance(last, CData) and isinstance(child, CData):
            last.value += child.value
            continue
        last = child
        yield child


def _one_line_end(text: str) -> str:
    """Return *text* with every line end replaced by a line feed, as XML parsers do."""
    return text.replace("\r\n", "\n").replace("\r", "\n")


def _set_missing(attributes: dict[str, str], name: str, new_id: Callable[[], str]) -> None:
    if name not in attributes:
        attributes[name] = new_id()


def _task_number(task: Element) -> int:
    number = task.find("ac:task-id")
    text = number.text.strip() if number else ""
    return int(text) if text.isascii() and text.isdigit() and len(text) < 10 else 0


def _rgb(colour: re.Match[str]) -> str:
    digits = colour[2] if len(colour[2]) == 6 else "".join(digit * 2 for digit in colour[2])
    red, green, blue = (int(digits[i : i + 2], 16) for i in (0, 2, 4))
    return f"{colour[1]}rgb({red},{green},{blue})"

"""Helpers that build ADF nodes, and read the storage-format attributes that they need."""

from typing import Any

from wikiserver.storage_tree import Element

AdfNode = dict[str, Any]


def make_node(
    kind: str,
    attributes: AdfNode | None = None,
    content: list[AdfNode] | None = None,
    marks: list[AdfNode] | None = None,
) -> AdfNode:
    """Return a node; empty values are omitted."""
    node: AdfNode = {"type": kind}
    if attributes:
        node["attrs"] = attributes
    if marks:
        node["marks"] = marks
    if content:
        node["content"] = content
    return node


def text_node(value: str, marks: list[AdfNode]) -> AdfNode:
    """Return a text node with its marks."""
    node: AdfNode = {"text": value, "type": "text"}
    return node | {"marks": list(marks)} if marks else node


def plain_content(value: str) -> list[AdfNode]:
    """Return the content of a node that contains text without marks."""
    return [text_node(value, [])] if value else []


def local_id_of(element: Element) -> AdfNode:
    """Return the local id of an element as attributes."""
    local_id = element.get("local-id") or element.get("ac:local-id")
    return {"localId": local_id} if local_id else {}


def style_value(element: Element, name: str) -> str:
    """Return one property of an inline style; empty if it is not set."""
    for part in element.get("style").split(";"):
        key, _, value = part.partition(":")
        if key.strip() == name:
            return value.strip()
    return ""


def alignment_of(element: Element) -> list[AdfNode]:
    """Return the alignment mark of a block."""
    align = {"center": "center", "right": "end"}.get(style_value(element, "text-align"))
    return [{"type": "alignment", "attrs": {"align": align}}] if align else []


def breakout_of(macro: Element) -> list[AdfNode]:
    """Return the mark of a code block that is wider than the page."""
    mode, width = macro.parameter("breakoutMode"), macro.parameter("breakoutWidth")
    if not mode:
        return []
    return [{"type": "breakout", "attrs": {"mode": mode} | ({"width": int(width)} if width.isdecimal() else {})}]


def to_number(text: str) -> float:
    """Return a number; 0 for an invalid one."""
    try:
        return float(text)
    except ValueError:
        return 0.0


def hex_colour(colour: str) -> str:
    """Return a colour as `#rrggbb` if it is written as `rgb()`."""
    parts = colour.removeprefix("rgb(").removesuffix(")").split(",")
    if len(parts) == 3 and all(part.strip().isdecimal() for part in parts):
        return "#" + "".join(f"{int(part):02x}" for part in parts)
    return colour


def default_text(target: Element | None) -> str:
    """Return the text that a link without text shows."""
    if target is None:
        return ""
    return target.get("ri:content-title") or target.get("ri:filename") or target.get("ri:space-key")

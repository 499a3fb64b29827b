"""ADF extensions: what the new editor could not say in storage format, said once and not again as its fallback."""

from bs4 import Tag

from bot.convert.lowering import Lowering
from bot.convert.tree import Node, attribute, find_child, make, plain, tags, text_of

_ALERTS = {
    "info": "NOTE",
    "note": "IMPORTANT",
    "tip": "TIP",
    "success": "TIP",
    "warning": "WARNING",
    "error": "CAUTION",
    "custom": "NOTE",
}


def lower_adf_extension(lowering: Lowering, tag: Tag) -> list[Node]:
    node = find_child(tag, "ac:adf-node")
    if node is not None:
        lowered = _known_node(lowering, node)
        if lowered is not None:
            return lowered
        lowering.lose("element", f"ADF {attribute(node, 'type')}", "kept as its text")
        content = find_child(node, "ac:adf-content")
        if content is not None and plain(text_of(content)):
            return [make("div", *lowering.children(content))]
    fallback = find_child(tag, "ac:adf-fallback")
    return lowering.children(fallback) if fallback is not None else []


def _known_node(lowering: Lowering, node: Tag) -> list[Node] | None:
    match attribute(node, "type"):
        case "panel":
            return [_panel(lowering, node)]
        case "decision-list" | "decisionList":
            return [_decisions(lowering, node)]
        case _:
            return None


def _panel(lowering: Lowering, node: Tag) -> Tag:
    values = _attributes(node)
    icon = values.get("panel-icon-text") or values.get("panel-icon", "")
    content = find_child(node, "ac:adf-content")
    children = lowering.children(content) if content is not None else []
    # A custom panel's icon is part of what it says; a short name without colons or letters is a picture.
    title = [make("p", icon)] if icon and not icon.isascii() else []
    return make("alert", *title, *children, kind=_ALERTS.get(values.get("panel-type", ""), "NOTE"))


def _decisions(lowering: Lowering, node: Tag) -> Tag:
    items: list[Node] = []
    content = find_child(node, "ac:adf-content") or node
    for item in tags(content, "ac:adf-node"):
        is_decided = _attributes(item).get("state", "DECIDED").upper() == "DECIDED"
        text = find_child(item, "ac:adf-content")
        children = lowering.children(text) if text is not None else []
        items.append(make("li", *children, mark="✔️" if is_decided else "❔"))
    return make("ul", *items)


def _attributes(node: Tag) -> dict[str, str]:
    return {attribute(tag, "key"): plain(text_of(tag)) for tag in tags(node, "ac:adf-attribute")}

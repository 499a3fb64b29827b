"""Confluence's own elements other than links and macros: layouts, tasks, emoticons, dates, comment marks, ADF."""

from datetime import UTC, date, datetime

from wikiserver.storage_tree import Element
from wikiserver.view import html
from wikiserver.view.emoticons import EMOTICONS, PICTURES
from wikiserver.view.render import Rendering, element

_SIDEBARS = {
    "two-left-sidebar": {0},
    "two-right-sidebar": {1},
    "three-with-sidebars": {0, 2},
    "three-left-sidebars": {0, 1},
    "three-right-sidebars": {1, 2},
}
_ADF_PANELS = {
    "info": ("#DEEBFF", "#4C9AFF"),
    "note": ("#EAE6FF", "#998DD9"),
    "success": ("#E3FCEF", "#57D9A3"),
    "warning": ("#FFFAE6", "#FFC400"),
    "error": ("#FFEBE6", "#FF8F73"),
}
_NOT_SHOWN = (
    "ac:parameter", "ac:default-parameter", "ac:placeholder", "ac:adf-mark", "ac:adf-attribute", "ac:caption",
    "ac:task-id", "ac:task-uuid", "ac:task-status", "ri:page", "ri:attachment", "ri:user", "ri:url", "ri:space",
)  # fmt: skip


@element("ac:structured-macro", "ac:macro")
def any_macro(view: Rendering, node: Element) -> str:
    """Render a macro with the table of macros."""
    return view.macro(node)


@element(*_NOT_SHOWN)
def not_shown(view: Rendering, node: Element) -> str:
    """Render nothing: the parent has read this element."""
    del view, node
    return ""


@element("ac:layout")
def layout(view: Rendering, node: Element) -> str:
    """The columns of a page."""
    sections = "".join(layout_section(view, section) for section in node.elements("ac:layout-section"))
    return html.tag("div", {"class": "contentLayout2"}, f"\n{sections}")


@element("ac:layout-section")
def layout_section(view: Rendering, node: Element) -> str:
    """One band of columns."""
    kind = node.get("ac:type", "fixed-width").replace("_", "-")
    asides = _SIDEBARS.get(kind, set())
    cells = [
        _layout_cell(view, cell, "aside" if number in asides else "normal")
        for number, cell in enumerate(node.elements("ac:layout-cell"))
    ]
    return html.tag("div", {"class": f"columnLayout {kind}", "data-layout": kind}, "\n" + "".join(cells)) + "\n"


def _layout_cell(view: Rendering, node: Element, kind: str) -> str:
    inner = html.tag("div", {"class": "innerCell"}, f"\n{view.children(node)}") + "\n"
    return html.tag("div", {"class": f"cell {kind}", "data-type": kind}, f"\n{inner}") + "\n"


@element("ac:task-list")
def task_list(view: Rendering, node: Element) -> str:
    """Action items."""
    attributes: html.Attributes = {"class": "inline-task-list", "data-inline-tasks-content-id": view.context.page_id}
    return html.tag("ul", attributes, view.children(node))


@element("ac:task")
def task(view: Rendering, node: Element) -> str:
    """One action item, complete or not."""
    status = node.find("ac:task-status")
    number = node.find("ac:task-id")
    is_done = status is not None and status.text.strip() == "complete"
    body = node.find("ac:task-body")
    words = html.tag("span", {"class": "placeholder-inline-tasks"}, view.children(body) if body else "")
    if view.is_page:
        state = "Done" if is_done else "To do"
        words = html.tag("span", {"class": "task-box", "role": "img", "aria-label": state}) + words
    attributes = {"class": "checked" if is_done else None, "data-inline-task-id": number.text.strip() if number else ""}
    return html.tag("li", attributes, words)


@element("ac:emoticon")
def emoticon(view: Rendering, node: Element) -> str:
    """An emoticon or emoji: a character in browsers, an image elsewhere."""
    name = node.get("ac:name", "unknown")
    character, alternative = EMOTICONS.get(name, ("", f"({name})"))
    fallback = node.get("ac:emoji-fallback")
    if fallback and not fallback.startswith(":"):
        character, alternative = fallback, fallback
    css = f"emoticon emoticon-{name}"
    if view.is_page and (name not in PICTURES or character == fallback):
        attributes = {"class": css, "role": "img", "aria-label": alternative, "title": alternative}
        return html.tag("span", attributes, html.text(character or alternative))
    short_name = node.attributes.get("ac:emoji-shortname")
    return html.tag(
        "img",
        {
            "class": css,
            "data-emoji-id": node.attributes.get("ac:emoji-id"),
            "data-emoji-shortname": short_name,
            "data-emoji-fallback": node.attributes.get("ac:emoji-fallback"),
            "data-emoticon-name": name,
            "src": view.absolute(f"/images/icons/emoticons/{name}.svg"),
            "width": 16,
            "height": 16,
            "alt": alternative,
            "title": alternative,
            "border": 0,
        },
    )


@element("time")
def day(view: Rendering, node: Element) -> str:
    """A date in readable form; past dates are marked, as overdue ones are."""
    stamp = node.get("datetime")
    try:
        moment = date.fromisoformat(stamp[:10])
    except ValueError:
        return html.tag("time", {"datetime": stamp}, view.children(node) or html.text(stamp))
    css = "date-past" if moment < datetime.now(UTC).date() else "date-future"
    return html.tag("time", {"datetime": stamp, "class": css}, f"{moment.day} {moment:%b %Y}")


@element("ac:inline-comment-marker")
def comment_mark(view: Rendering, node: Element) -> str:
    """Commented text."""
    attributes = {"class": "inline-comment-marker", "data-ref": node.get("ac:ref")}
    return html.tag("span", attributes, view.children(node))


@element("ac:adf-extension")
def adf_extension(view: Rendering, node: Element) -> str:
    """A node of the newer editor: a panel, its fallback, or its text; exactly one of these."""
    adf_node = node.find("ac:adf-node")
    if adf_node is not None and adf_node.get("type") == "panel":
        return _adf_panel(view, adf_node)
    fallback = next((child for child in node.walk() if child.name == "ac:adf-fallback"), None)
    if fallback is not None:
        return view.children(fallback)
    return "".join(view.children(child) for child in node.walk() if child.name == "ac:adf-content")


def _adf_panel(view: Rendering, node: Element) -> str:
    kinds = [a.text for a in node.elements("ac:adf-attribute") if a.get("key") == "panel-type"]
    background, border = _ADF_PANELS.get(kinds[0] if kinds else "", _ADF_PANELS["info"])
    content = node.find("ac:adf-content")
    attributes = {
        "class": "panel conf-macro output-block",
        "data-hasbody": "true",
        "data-macro-id": "",
        "data-macro-name": "panel",
        "style": f"background-color: {background};border-color: {border};border-width: 1px;",
    }
    words = f"\n{view.children(content) if content else ''}\n"
    inner = html.tag("div", {"class": "panelContent", "style": f"background-color: {background};"}, words)
    return html.tag("div", attributes, inner)


@element("ac:adf-fragment-mark", "ac:adf-fallback")
def adf_part(view: Rendering, node: Element) -> str:
    """Parts outside their extension: only their text."""
    return view.children(node)

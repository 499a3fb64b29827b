"""Macros that format text: boxes, panels, code, statuses, expand, columns."""

import re

from wikiserver.storage_tree import Element
from wikiserver.view import html
from wikiserver.view.render import Rendering, macro

_BOXES = {
    "info": ("information", "info"),
    "note": ("note", "warning"),
    "tip": ("tip", "approve"),
    "warning": ("warning", "error"),
}
_LOZENGES = {
    "green": "success", "yellow": "current", "red": "error", "blue": "complete", "purple": "progress",
}  # fmt: skip
_SIZE = re.compile(r"\d+(?:\.\d+)?(?:px|%|em)?")


@macro("status")
def status(view: Rendering, node: Element) -> str:
    """A status in capitals; browsers get the original text and a style that capitalises it."""
    kind = _LOZENGES.get(node.parameter("colour", node.parameter("color")).lower())
    css = f"status-macro aui-lozenge aui-lozenge-visual-refresh{f' aui-lozenge-{kind}' if kind else ''}"
    words = node.parameter("title") or node.parameter("colour") or node.parameter("")
    words = words if view.is_page else words.upper()
    return html.tag("span", view.macro_attributes(node, css, inline=True), html.text(words))


@macro("info", "note", "tip", "warning")
def box(view: Rendering, node: Element) -> str:
    """An information box."""
    kind, icon = _BOXES[node.macro_name]
    title = node.parameter("title")
    css = f"aui-icon aui-icon-small aui-iconfont-{icon} confluence-information-macro-icon"
    return html.tag(
        "div",
        view.macro_attributes(node, f"confluence-information-macro confluence-information-macro-{kind}"),
        (html.tag("p", {"class": "title"}, html.text(title)) if title else "")
        + html.tag("span", {"class": css}, " ")
        + html.tag("div", {"class": "confluence-information-macro-body"}, view.macro_body(node)),
    )


@macro("panel")
def panel(view: Rendering, node: Element) -> str:
    """A box with a colour, a border and an optional title."""
    title = node.parameter("title")
    background = _style(background_color=node.parameter("bgColor"))
    border = _style(
        border_color=node.parameter("borderColor"),
        border_style=node.parameter("borderStyle"),
        border_width=_size(node.parameter("borderWidth", "1")),
    )
    header = ""
    if title:
        style = _style(background_color=node.parameter("titleBGColor"), color=node.parameter("titleColor"))
        header = html.tag("div", {"class": "panelHeader", "style": style}, html.tag("b", {}, html.text(title)))
    style = " ".join(filter(None, (background, border))) or None
    content = html.tag("div", {"class": "panelContent", "style": background}, f"\n{view.macro_body(node)}\n")
    return html.tag("div", view.macro_attributes(node, "panel", style=style), header + content)


def _style(**declarations: str) -> str | None:
    return html.safe_style(";".join(f"{k.replace('_', '-')}: {v}" for k, v in declarations.items() if v))


def _size(value: str) -> str:
    if not _SIZE.fullmatch(value):
        return ""
    return value if value[-1] in "%xm" else f"{value}px"


@macro("code")
def code(view: Rendering, node: Element) -> str:
    """A block of program text."""
    body = node.find("ac:plain-text-body", "ac:rich-text-body")
    words = body.text if body else ""
    title = node.parameter("title")
    header = ""
    if title:
        bold = html.tag("b", {}, html.text(title))
        header = html.tag("div", {"class": "codeHeader panelHeader pdl", "style": "border-bottom-width: 1px;"}, bold)
    language = node.parameter("language") or node.parameter("", "java") or "java"
    gutter = "true" if node.parameter("linenumbers") == "true" else "false"
    theme = node.parameter("theme") or "Confluence"
    pre = html.tag(
        "pre",
        {
            "class": "syntaxhighlighter-pre",
            "data-syntaxhighlighter-params": f"brush: {language}; gutter: {gutter}; theme: {theme}",
            "data-theme": theme,
        },
        _after_pre(words),
    )
    content = html.tag("div", {"class": "codeContent panelContent pdl"}, f"\n{pre}\n")
    return html.tag("div", view.macro_attributes(node, "code panel pdl", style="border-width: 1px;"), header + content)


def _after_pre(words: str) -> str:
    """Add a line end after `<pre>`, because browsers drop the first one."""
    return ("\n" if words.startswith("\n") else "") + html.text(words)


@macro("noformat")
def noformat(view: Rendering, node: Element) -> str:
    """Monospaced text without highlighting."""
    body = node.find("ac:plain-text-body", "ac:rich-text-body")
    pre = html.tag("pre", {}, _after_pre(body.text if body else ""))
    content = html.tag("div", {"class": "preformattedContent panelContent"}, f"\n{pre}\n")
    return html.tag("div", view.macro_attributes(node, "preformatted panel", style="border-width: 1px;"), content)


@macro("expand", "ui-expand")
def expand(view: Rendering, node: Element) -> str:
    """Collapsible text; expanded in exports."""
    title = node.parameter("title") or "Click here to expand..."
    label = html.tag("span", {"class": "expand-control-text"}, html.text(title))
    content = html.tag("div", {"class": "expand-content"}, view.macro_body(node))
    attributes = view.macro_attributes(node, "expand-container")
    if view.is_page:
        return html.tag("details", attributes, html.tag("summary", {"class": "expand-control"}, label) + content)
    icon = html.tag("span", {"class": "expand-control-icon"}, "")
    return html.tag("div", attributes, html.tag("div", {"class": "expand-control"}, icon + label) + content)


@macro("section")
def section(view: Rendering, node: Element) -> str:
    """A row of columns, in pages older than page layouts."""
    row = html.tag("div", {"class": "sectionMacroRow"}, view.macro_body(node))
    css = "sectionMacro sectionMacroWithBorder" if node.parameter("border") == "true" else "sectionMacro"
    return html.tag("div", view.macro_attributes(node, "sectionColumnWrapper"), html.tag("div", {"class": css}, row))


@macro("column")
def column(view: Rendering, node: Element) -> str:
    """One column of a section."""
    width = _size(node.parameter("width"))
    style = f"width:{width};min-width:{width};max-width:{width};" if width else None
    return html.tag("div", view.macro_attributes(node, "columnMacro", style=style), view.macro_body(node))


@macro("anchor")
def anchor(view: Rendering, node: Element) -> str:
    """A place that can be the target of links."""
    name = node.parameter("") or node.parameter("anchor")
    attributes = view.macro_attributes(node, "confluence-anchor-link", inline=True)
    return html.tag("span", {**attributes, "id": view.unique_id(view.anchor_id(name))}, "")


@macro("excerpt")
def excerpt(view: Rendering, node: Element) -> str:
    """The part of a page that others include; may be hidden on this page."""
    if node.parameter("hidden") == "true":
        return ""
    name = "span" if node.parameter("atlassian-macro-output-type").lower() == "inline" else "div"
    return html.tag(name, view.macro_attributes(node, "", inline=name == "span"), view.macro_body(node))


@macro("toc-zone", "ul", "center", "align", "div", "span", "table-filter", "sv-translation", "tableenhancer", "legend")
def only_a_frame(view: Rendering, node: Element) -> str:
    """Macros that show only their body."""
    return html.tag("div", view.macro_attributes(node, node.macro_name), view.macro_body(node))


@macro("")
def unknown(view: Rendering, node: Element) -> str:
    """An unknown macro: its name and its text, so that no content is lost."""
    note = html.tag("span", {"class": "unknown-macro-name"}, f"Unknown macro: {html.text(node.macro_name)}")
    plain = node.find("ac:plain-text-body")
    body = view.macro_body(node) + (html.tag("pre", {}, _after_pre(plain.text)) if plain else "")
    name = "div" if body else "span"
    return html.tag(name, view.macro_attributes(node, "unknown-macro", inline=not body), note + body)

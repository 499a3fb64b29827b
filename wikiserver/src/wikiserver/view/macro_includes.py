"""Macros that show parts of other pages: include, excerpt-include, page properties and their report."""

from wikiserver.storage_tree import Element, Node, parse
from wikiserver.view import html
from wikiserver.view.context import LinkedPage, PageName
from wikiserver.view.links import page_link, page_name
from wikiserver.view.macro_navigation import labels_wanted
from wikiserver.view.render import Rendering, macro

MAX_REPORTED = 50


def _target(view: Rendering, node: Element) -> tuple[str, LinkedPage | None]:
    """Find the page that a macro refers to, by `ri:page` or by text (`Title` or `KEY:Title`)."""
    target = next((child for child in node.walk() if child.name == "ri:page"), None)
    if target is not None:
        return target.get("ri:content-title"), view.context.find_page(page_name(target))
    title = node.parameter("") or node.parameter("pageTitle") or node.parameter("default-parameter")
    space, colon, rest = title.partition(":")
    found = view.context.find_page(PageName(rest, space)) if colon else None
    return title, found or view.context.find_page(PageName(title))


def _missing(view: Rendering, node: Element, title: str, reason: str) -> str:
    words = f"Unable to render {{{node.macro_name}}}: {html.text(title)} {reason}"
    return html.tag("div", view.macro_attributes(node, "error"), html.tag("p", {}, words))


@macro("include")
def include(view: Rendering, node: Element) -> str:
    """A whole other page."""
    title, page = _target(view, node)
    loaded = view.context.load_page(page) if page else None
    if page is None or loaded is None:
        return _missing(view, node, title, "was not found")
    body, context = loaded
    content = view.include(page.id, body, context, part=lambda root: root.children)
    if content is None:
        return _missing(view, node, title, "would include itself")
    return html.tag("div", view.macro_attributes(node, ""), content)


@macro("excerpt-include")
def excerpt_include(view: Rendering, node: Element) -> str:
    """The excerpt of another page, in a panel with its title."""
    title, page = _target(view, node)
    loaded = view.context.load_page(page) if page else None
    if page is None or loaded is None:
        return _missing(view, node, title, "was not found")
    body, context = loaded
    name = node.parameter("name")
    content = view.include(page.id, body, context, part=lambda root: _excerpt(root, name))
    if content is None:
        return _missing(view, node, title, "would include itself")
    if node.parameter("nopanel") == "true":
        return html.tag("span", view.macro_attributes(node, "", inline=True), content)
    header = html.tag("div", {"class": "panelHeader"}, html.tag("b", {}, page_link(view, page)))
    inner = html.tag("div", {"class": "panelContent"}, content)
    return html.tag("div", view.macro_attributes(node, "panel"), header + inner)


def _excerpt(root: Element, name: str) -> list[Node]:
    for found in root.walk():
        if found.macro_name == "excerpt" and (not name or found.parameter("name") == name):
            body = found.find("ac:rich-text-body")
            return body.children if body else []
    return []


@macro("details")
def details(view: Rendering, node: Element) -> str:
    """Page Properties: a table that reports read; may be hidden on the page."""
    if node.parameter("hidden") == "true":
        return ""
    return html.tag("div", view.macro_attributes(node, "plugin-tabmeta-details"), view.macro_body(node))


@macro("detailssummary")
def properties_report(view: Rendering, node: Element) -> str:
    """A table of the properties of all pages that have a label."""
    wanted_id = node.parameter("id")
    rows: list[tuple[LinkedPage, dict[str, str]]] = []
    columns = [name.strip() for name in node.parameter("headings").split(",") if name.strip()]
    is_open = not columns
    for page in view.context.list_labelled(labels_wanted(node), MAX_REPORTED):
        loaded = view.context.load_page(page)
        properties = _properties(view, page, loaded[0], wanted_id) if loaded else {}
        rows.append((page, properties))
        columns += [name for name in properties if is_open and name not in columns]
    first = node.parameter("firstcolumn") or "Title"
    head = "".join(html.tag("th", {"class": "confluenceTh"}, html.text(name)) for name in (first, *columns))
    body = "".join(
        html.tag(
            "tr",
            {},
            "".join(
                html.tag("td", {"class": "confluenceTd"}, cell)
                for cell in (page_link(view, page), *(p.get(c, "") for c in columns))
            ),
        )
        for page, p in rows
    )
    table = html.tag(
        "table",
        {"class": "aui metadata-summary-macro confluenceTable"},
        html.tag("thead", {}, html.tag("tr", {}, head)) + html.tag("tbody", {}, body),
    )
    content = html.tag("div", {"class": "table-wrap"}, table) if rows else html.tag("p", {}, "No pages found.")
    return html.tag("div", view.macro_attributes(node, ""), content)


def _properties(view: Rendering, page: LinkedPage, body: str, wanted_id: str) -> dict[str, str]:
    """Return the keys and values of a page's properties, each value rendered."""
    found: dict[str, str] = {}
    loaded = view.context.load_page(page)
    for block in parse(body).walk():
        if block.macro_name != "details" or (wanted_id and block.parameter("id") != wanted_id):
            continue
        for row in (child for child in block.walk() if child.name == "tr"):
            cells = list(row.elements("th", "td"))
            if len(cells) == 2 and loaded is not None:
                value = view.include(page.id, body, loaded[1], part=lambda _, cell=cells[1]: cell.children)  # type: ignore[misc]
                found.setdefault(cells[0].text.strip(), value if value is not None else html.text(cells[1].text))
    return found

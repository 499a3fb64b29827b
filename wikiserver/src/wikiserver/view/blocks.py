"""Plain HTML in a body: safe elements are preserved, with the classes and ids that the wiki adds."""

import re

from wikiserver.storage_tree import Element
from wikiserver.view import html
from wikiserver.view.render import Heading, Rendering, element

_PLAIN = (
    "p div span strong b em i u s del ins sub sup small big code tt kbd samp var pre blockquote cite q abbr acronym "
    "ul ol li dl dt dd thead tbody tfoot tr colgroup col caption br hr font center address figure figcaption mark wbr"
)
_ATTRIBUTES = (
    "class title colspan rowspan width height align valign lang dir start type value datetime alt border cellpadding "
    "cellspacing color face size scope local-id cite span"
)
_DROPPED_WITH_CONTENT = (
    "script style iframe object embed applet template noscript svg math link meta base form frame frameset"
)
_KEPT = frozenset(_ATTRIBUTES.split())
_KEPT_DATA = re.compile(
    r"data-(?!(?:run|e|level|confirm|marker|comment|draft|row)$)[a-z0-9-]+"
)  # except attributes that our script reads
_OUR_IDS = {
    "content",
    "main",
    "side",
    "source",
    "labels",
    "comments",
    "comments-head",
    "inline-comments",
    "new-comment",
}
_CLOSES_ITSELF = {"p", "th", "td"}


def kept_attributes(node: Element) -> dict[str, str | int | None]:
    """Return the safe attributes of an HTML element; event handlers, ids and unknown attributes are dropped."""
    kept: dict[str, str | int | None] = {}
    for name, value in node.attributes.items():
        if name in _KEPT or _KEPT_DATA.fullmatch(name):
            kept[name] = value
        elif name == "style":
            kept["style"] = html.safe_style(value)
        elif name == "ac:local-id":
            kept["data-local-id"] = value
    return kept


def _with_class(attributes: dict[str, str | int | None], css: str) -> dict[str, str | int | None]:
    given = attributes.pop("class", None)
    return {**attributes, "class": f"{given} {css}" if given else css}


@element(*_PLAIN.split())
def plain(view: Rendering, node: Element) -> str:
    """Render containers and text formatting unchanged."""
    if node.name in _CLOSES_ITSELF and not node.children and not view.is_page:
        return html.tag(node.name, kept_attributes(node), "").replace(f"></{node.name}>", " />")
    return html.tag(node.name, kept_attributes(node), view.children(node))


@element("h1", "h2", "h3", "h4", "h5", "h6")
def heading(view: Rendering, node: Element) -> str:
    """Render a heading with the id that links and tables of contents refer to."""
    words = node.text
    identity = view.unique_id(view.anchor_id(words))
    content = view.children(node)
    view.headings.append(Heading(int(node.name[1]), words.strip(), identity))
    slug = re.sub(r"\s+", "-", words.strip())
    if view.is_page and slug and slug not in _OUR_IDS:  # the newer editor links to headings by their text only
        slug = view.unique_id(slug)
        content = html.tag("span", {"id": slug, "class": "heading-anchor"}) + content
    return html.tag(node.name, {**kept_attributes(node), "id": identity}, content)


@element("table")
def table(view: Rendering, node: Element) -> str:
    """Render a table in a scrollable box."""
    inner = html.tag("table", _with_class(kept_attributes(node), "confluenceTable"), view.children(node))
    return html.tag("div", {"class": "table-wrap"}, inner)


@element("td", "th")
def cell(view: Rendering, node: Element) -> str:
    """Render a cell; its highlight is a style in browsers, an attribute elsewhere."""
    attributes = kept_attributes(node)
    highlight = html.safe_style(f"background-color: {node.get('data-highlight-colour')}")
    if view.is_page and node.get("data-highlight-colour") and highlight:
        attributes["style"] = f"{attributes.get('style') or ''} {highlight}".strip()
    attributes = _with_class(attributes, "confluenceTd" if node.name == "td" else "confluenceTh")
    if not node.children and not view.is_page:
        return html.tag(node.name, attributes, "").replace(f"></{node.name}>", " />")
    return html.tag(node.name, attributes, view.children(node))


@element("a")
def link(view: Rendering, node: Element) -> str:
    """Render a plain HTML link; a link to a script loses its address and keeps its text."""
    attributes = kept_attributes(node)
    address = node.get("href")
    if not address or not html.is_safe_address(address):
        return html.tag("a", attributes, view.children(node))
    external: dict[str, str | int | None] = {}
    if view.is_external(address):
        external["class"] = "external-link"
        external["rel"] = "nofollow noopener" if view.is_page else None
        attributes.pop("class", None)
    return html.tag("a", {**external, **attributes, "href": address}, view.children(node))


@element("img")
def image(view: Rendering, node: Element) -> str:
    """Render a plain HTML image."""
    del view
    source = node.get("src")
    if not source or not html.is_safe_address(source, image=True):
        return ""
    return html.tag("img", {**kept_attributes(node), "src": source})


@element(*_DROPPED_WITH_CONTENT.split())
def dropped(view: Rendering, node: Element) -> str:
    """Drop elements that could run or load something, including their content."""
    del view, node
    return ""

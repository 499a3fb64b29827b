"""Macros that link to other pages: contents, children, trees, searches, recent changes, pages with a label."""

import re
from collections.abc import Iterable, Sequence
from urllib.parse import urlencode

from wikiserver.storage_tree import Element
from wikiserver.view import html
from wikiserver.view.context import LinkedPage, PageName
from wikiserver.view.links import page_link, page_name
from wikiserver.view.render import Heading, Rendering, macro

MAX_LISTED = 200
"""Maximum number of pages that one macro lists; a link leads to the rest."""


@macro("toc")
def contents(view: Rendering, node: Element) -> str:
    """The headings of the page; in `view` the browser builds the list, as in Confluence."""
    lowest, highest = _number(node.parameter("minLevel"), 1), _number(node.parameter("maxLevel"), 7)
    extra: dict[str, str | int | None] = {
        "data-cssliststyle": node.parameter("style") or "default",
        "data-excludeheaderregex": node.parameter("exclude") or None,
        "data-headerelements": ",".join(f"H{level}" for level in range(lowest, highest + 1)),
        "data-numberedoutline": node.parameter("outline", "false") or "false",
        "data-structure": node.parameter("type", "list") or "list",
    }
    if view.representation == "view":
        attributes = view.macro_attributes(node, "toc-macro client-side-toc-macro ", extra=extra)
        return html.tag("div", attributes, " ")

    def render() -> str:
        wanted = [h for h in view.headings if lowest <= h.level <= highest and h.text and _is_listed(h, node)]
        # An export has no macro attributes: exporters that look for macros in `view` fetch this list instead.
        return html.tag("div", {"class": "toc-macro rbtoc"}, _outline(wanted))

    return view.defer(render)


def _is_listed(heading: Heading, node: Element) -> bool:
    """Apply `include` and `exclude`; an invalid pattern is ignored."""
    include, exclude = node.parameter("include"), node.parameter("exclude")
    return (not include or _matches(include, heading.text)) and not (exclude and _matches(exclude, heading.text))


def _matches(pattern: str, words: str) -> bool:
    """Match a pattern from a page: only words and `.*` between `|` are supported, to prevent slow patterns."""
    alternatives = (re.escape(part).replace(r"\.\*", ".*?") for part in pattern[:200].split("|"))
    return any(re.fullmatch(alternative, words) for alternative in alternatives)


def _outline(headings: Sequence[Heading]) -> str:
    """Nest *headings* in lists by their levels."""
    pieces: list[str] = []
    levels: list[int] = []
    for heading in headings:
        while levels and levels[-1] > heading.level and len(levels) > 1 and levels[-2] >= heading.level:
            levels.pop()
            pieces.append("</li></ul>")
        if levels and levels[-1] >= heading.level:
            levels[-1] = heading.level
            pieces.append("</li>")
        else:
            levels.append(heading.level)
            pieces.append('<ul class="toc-indentation">')
        pieces.append("<li>" + html.tag("a", {"href": f"#{heading.id}"}, html.text(heading.text)))
    return "".join(pieces) + "</li></ul>" * len(levels)


def _number(text: str, default: int) -> int:
    return int(text) if text.isascii() and text.isdigit() and 0 < len(text) < 7 else default


def _start(view: Rendering, node: Element, parameter: str) -> LinkedPage | None:
    """Find the start page of a macro; None means this page (or an absent page)."""
    given = next((p for p in node.elements("ac:parameter") if p.get("ac:name") == parameter), None)
    if given is None:
        return None
    target = next((child for child in given.walk() if child.name == "ri:page"), None)
    if target is not None and target.get("ri:content-title"):
        return view.context.find_page(page_name(target))
    name = given.text.strip()
    if not name or name.startswith("@"):
        return view.context.find_home() if name in {"@home", "@none"} else None
    space, colon, title = name.partition(":")
    found = view.context.find_page(PageName(title, space)) if colon else None
    return found or view.context.find_page(PageName(name))


@macro("children")
def children(view: Rendering, node: Element) -> str:
    """Links to the pages below this one, or below another."""
    start = _start(view, node, "page")
    depth = 99 if node.parameter("all") == "true" else _number(node.parameter("depth"), 1)
    order = node.parameter("sort")
    is_backward = node.parameter("reverse") == "true"
    first = _number(node.parameter("first"), MAX_LISTED)
    budget = [MAX_LISTED]

    def level(page_id: int | None, remaining: int, limit: int) -> str:
        pages = list(view.context.list_children(page_id))
        if order == "title":
            pages.sort(key=lambda page: page.title.casefold())
        if is_backward:
            pages.reverse()
        items = []
        for page in pages[:limit]:
            if budget[0] <= 0:
                items.append(html.tag("li", {}, "…"))
                break
            budget[0] -= 1
            below = level(page.id, remaining - 1, MAX_LISTED) if remaining > 1 and page.has_children else ""
            items.append(html.tag("li", {}, page_link(view, page) + below))
        return html.tag("ul", {"class": "childpages-macro"}, "".join(items)) if items else ""

    return html.tag("div", view.macro_attributes(node, ""), level(start.id if start else None, depth, first))


@macro("pagetree", "content-tree")
def page_tree(view: Rendering, node: Element) -> str:
    """The tree of the space; each level is loaded when it is expanded."""
    start = _start(view, node, "root") or view.context.find_home()
    pages = view.context.list_children(start.id if start else None)
    depth = min(_number(node.parameter("startDepth"), 1), 3)
    search = ""
    if node.parameter("searchBox") == "true":
        search = _search_form(view, start, "Search this page tree")
    return html.tag("div", view.macro_attributes(node, "plugin_pagetree"), search + tree_level(view, pages, depth))


def tree_level(view: Rendering, pages: Sequence[LinkedPage], depth: int) -> str:
    """Return one level of a page tree, and *depth* - 1 levels below it."""
    items = []
    for page in pages[:MAX_LISTED]:
        row = html.tag("span", {"class": "plugin_pagetree_children_span"}, page_link(view, page))
        if page.has_children and depth > 1:
            row += tree_level(view, view.context.list_children(page.id), depth - 1)
        elif page.has_children and view.is_page:
            more = view.url(f"/pages/tree?{urlencode({'parent': page.id})}")
            toggle = html.tag("summary", {"title": f"Show the pages below {page.title}"}, "")
            later = html.tag(
                "p", {}, html.tag("a", {"href": view.url(page.path)}, "Open the page to see those below it")
            )
            row += html.tag("details", {"class": "tree-branch", "data-level": more}, toggle + later)
        items.append(html.tag("li", {}, row))
    if len(pages) > MAX_LISTED:
        items.append(html.tag("li", {}, f"… and {len(pages) - MAX_LISTED} more"))
    return html.tag("ul", {"class": "plugin_pagetree_children_list"}, "".join(items)) if items else ""


@macro("pagetreesearch")
def page_tree_search(view: Rendering, node: Element) -> str:
    """A search box for the pages below one page."""
    start = _start(view, node, "rootPage") or view.context.find_page_by_id(str(view.context.page_id))
    return html.tag(
        "div", view.macro_attributes(node, "plugin_pagetreesearch"), _search_form(view, start, "Search these pages")
    )


@macro("livesearch", "search")
def live_search(view: Rendering, node: Element) -> str:
    """A search box for the space."""
    placeholder = node.parameter("placeholder") or "Search this space"
    return html.tag("div", view.macro_attributes(node, "search-macro"), _search_form(view, None, placeholder))


def _search_form(view: Rendering, ancestor: LinkedPage | None, placeholder: str) -> str:
    hidden = {"space": view.context.space_key, "ancestor": ancestor.id if ancestor else None}
    fields = "".join(
        f'<input type="hidden" name="{name}" value="{html.text(value)}"/>' for name, value in hidden.items() if value
    )
    label = html.text(placeholder)
    box = f'<input type="search" name="text" aria-label="{label}" placeholder="{label}"/>'
    button = html.tag("button", {"type": "submit"}, "Search")
    return html.tag("form", {"action": view.url("/search"), "method": "get", "role": "search"}, fields + box + button)


@macro("recently-updated", "recently-updated-dashboard")
def recently_updated(view: Rendering, node: Element) -> str:
    """The last changes in the space, with author and time."""
    pages = view.context.list_recent(min(_number(node.parameter("max"), 15), MAX_LISTED))
    return html.tag("div", view.macro_attributes(node, "recently-updated"), _dated(view, pages, "update-items"))


def _dated(view: Rendering, pages: Iterable[LinkedPage], css: str) -> str:
    items = []
    for page in pages:
        note = f"updated {page.updated_at:%Y-%m-%d}" if page.updated_at else ""
        note += f" by {page.updated_by}" if page.updated_by else ""
        detail = html.tag("span", {"class": "update-item-changes"}, html.text(note))
        items.append(html.tag("li", {"class": "update-item"}, f"{page_link(view, page)} {detail}"))
    return html.tag("ul", {"class": css}, "".join(items)) if items else html.tag("p", {}, "Nothing yet.")


@macro("contentbylabel")
def content_by_label(view: Rendering, node: Element) -> str:
    """Pages that have a label, by title."""
    labels = labels_wanted(node)
    pages = view.context.list_labelled(labels, min(_number(node.parameter("max"), 15), MAX_LISTED)) if labels else ()
    items = "".join(html.tag("li", {}, page_link(view, page)) for page in pages)
    content = html.tag("ul", {"class": "content-by-label"}, items) if items else html.tag("p", {}, "No content found.")
    return html.tag("div", view.macro_attributes(node, ""), content)


def labels_wanted(node: Element) -> list[str]:
    """Return the labels of a macro, from `labels`, `label` or the `label` conditions of its CQL."""
    listed = node.parameter("labels") or node.parameter("label")
    if listed:
        return [label for label in re.split(r"[,\s]+", listed) if label]
    groups = re.findall(r"label\s*(?:=|in)\s*(\([^)]*\)|\"[^\"]*\"|[\w-]+)", node.parameter("cql"))
    return [label for group in groups for label in re.findall(r"[^\s,()\"']+", group)]


@macro("listlabels", "labels-list")
def list_labels(view: Rendering, node: Element) -> str:
    """The labels of this page."""
    items = "".join(html.tag("li", {"class": "aui-label"}, html.text(label)) for label in view.context.labels)
    return html.tag(
        "div", view.macro_attributes(node, ""), html.tag("ul", {"class": "label-list"}, items) if items else ""
    )

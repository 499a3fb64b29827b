"""Macros that show other pages: lists as of the capture, and included text."""

from collections.abc import Callable, Sequence

from bs4 import Tag

from bot.convert.context import IncludedPage, Listing, PageLink, ReportRow
from bot.convert.links import page_target
from bot.convert.lowering import Lowering
from bot.convert.macro import Macro, read_macro
from bot.convert.parse import parse_storage
from bot.convert.tree import Node, attribute, make

# How deep the elements of an included page may nest, of one that it includes, and so on; no further.
_INCLUDED_DEPTHS = (20, 10, 5)

# What a list may show beside each page, and we do not ask for.
_EXTRA_COLUMNS = {
    "showLastModified": "last changes",
    "showCreator": "creators",
    "showPageLabels": "labels",
    "showLabels": "labels",
    "showCommentsCount": "numbers of comments",
    "showLikesCount": "numbers of likes",
}

FindParts = Callable[[Tag], list[Tag]]


def page_list(links: tuple[PageLink, ...]) -> list[Node]:
    """Return a nested list of *links*."""
    items = [make("li", make("a", page.title, href=page.target), *page_list(page.children)) for page in links]
    return [make("ul", *items)] if items else []


def as_captured(lowering: Lowering, what: str, shown: list[Node], *remarks: str) -> list[Node]:
    """Say that what follows was made by the wiki when the page was captured, and is not in the page itself."""
    if not shown:
        return [lowering.note("; ".join([f"{what}: none", *remarks]))]
    return [make("p", lowering.note("; ".join([f"{what}, as captured", *remarks]))), *shown]


def lower_children(lowering: Lowering, macro: Macro) -> list[Node]:
    return _static(lowering, macro, lowering.context.children, "child pages")


def lower_page_tree(lowering: Lowering, macro: Macro) -> list[Node]:
    return _static(lowering, macro, lowering.context.page_tree, "page tree")


def lower_listing(lowering: Lowering, macro: Macro) -> list[Node]:
    what = {"contentbylabel": "pages with a label", "blog-posts": "blog posts", "index": "index of pages"}
    name = what[macro.name.lower()]
    listing = lowering.context.listings.get(macro.identity)
    if listing is None:
        return _static(lowering, macro, lowering.context.lists.get(macro.name), name)
    shown = page_list(tuple(row.page for row in listing.rows))
    return as_captured(lowering, name, shown, *_shortfalls(lowering, macro, listing))


def lower_report(lowering: Lowering, macro: Macro) -> list[Node]:
    """A page-properties report: the table it showed at the capture."""
    what = "report of page properties"
    listing = lowering.context.listings.get(macro.identity)
    if listing is not None:
        shown: list[Node] = [_report_table(macro, listing.rows, listing.columns)] if listing.rows else []
        return as_captured(lowering, what, shown, *_shortfalls(lowering, macro, listing))
    rows = lowering.context.report
    if rows is None:
        return _static(lowering, macro, None, what)
    wanted = [name.strip() for name in macro.get("headings").split(",") if name.strip()]
    names = wanted or list(dict.fromkeys(name for row in rows for name in row.values))
    return as_captured(lowering, what, [_report_table(macro, rows, names)])


def _report_table(macro: Macro, rows: Sequence[ReportRow], columns: Sequence[str]) -> Tag:
    head = make("tr", make("th", macro.get("firstcolumn") or "Title"), *(make("th", name) for name in columns))
    body = [
        make(
            "tr",
            make("td", make("a", row.page.title, href=row.page.target)),
            *(make("td", row.values.get(name, "")) for name in columns),
        )
        for row in rows
    ]
    return make("table", head, *body)


def _shortfalls(lowering: Lowering, macro: Macro, listing: Listing) -> list[str]:
    """Return in what the list is less than the wiki showed, each noted as a loss."""
    extra = [name for name, value in macro.parameters.items() if name in _EXTRA_COLUMNS and value == "true"]
    remarks = [f"{listing.left_out} more left out"] if listing.left_out else []
    remarks += ["of this space only"] if listing.is_partial else []
    remarks += [f"without {', '.join(_EXTRA_COLUMNS[name] for name in extra)}"] if extra else []
    for remark in remarks:
        lowering.lose("macro", macro.name, remark)
    return remarks


def lower_include(lowering: Lowering, macro: Macro) -> list[Node]:
    return _include(lowering, macro, "included page", lambda root: [root])


def lower_excerpt_include(lowering: Lowering, macro: Macro) -> list[Node]:
    """The excerpt of another page: the named one, else its first."""
    wanted = macro.get("name", "excerptName")

    def find(root: Tag) -> list[Tag]:
        for tag in root.find_all(["ac:structured-macro", "ac:macro"]):
            found = read_macro(tag)
            if found.name == "excerpt" and found.rich_body is not None and wanted in ("", found.get("name")):
                return [found.rich_body]
        return []

    return _include(lowering, macro, "included excerpt of", find)


def _static(lowering: Lowering, macro: Macro, links: tuple[PageLink, ...] | None, what: str) -> list[Node]:
    if links is not None:
        return as_captured(lowering, what, page_list(links))
    lowering.lose("macro", macro.name, macro.settings())
    return [lowering.note(f"{what}: not captured")]


def _include(lowering: Lowering, macro: Macro, what: str, find: FindParts) -> list[Node]:
    title, key, target = _included_page(lowering, macro)
    page = _find_included(lowering, title, key)
    label = make("a", title or "a page", href=(page.target if page and page.target else target))
    name = f"{key}:{title}"
    if page is None or name in lowering.including or len(lowering.including) == len(_INCLUDED_DEPTHS):
        lowering.lose("macro", macro.name, f"{what} {title}: not captured")
        return [make("em", f"({what} ", label, ": not captured)")]
    root, problem = parse_storage(page.body, max_depth=_INCLUDED_DEPTHS[len(lowering.including)])
    if problem:
        lowering.lose("body", title, problem)
    parts = find(root)
    if not parts:
        lowering.lose("macro", macro.name, f"{title} has no such excerpt")
        return [make("em", f"({what} ", label, ": there is none)")]
    version = f", version {page.version}" if page.version is not None else ""
    note = make("p", make("em", f"({what} ", label, f"{version})"))
    with lowering.within(name, title, key):
        body = [node for part in parts for node in lowering.children(part)]
    return [note, make("blockquote", *body)]


def _included_page(lowering: Lowering, macro: Macro) -> tuple[str, str, str]:
    """Return title, space key and target of the page a macro names; older ones name it in their text."""
    resource = macro.resource("ri:page") or macro.resource("ri:blog-post")
    if resource is not None:
        title, target = page_target(lowering, resource)
        return title, attribute(resource, "ri:space-key") or lowering.context.space_key, target
    named = macro.get("page", "pageTitle", "")
    key, colon, title = named.partition(":")
    if not (colon and key.isalnum() and key.isupper()):
        key, title = "", named
    return title, key or lowering.context.space_key, lowering.targets.page(title, key)


def _find_included(lowering: Lowering, title: str, key: str) -> IncludedPage | None:
    included = lowering.context.included
    found = included.get(f"{key}:{title}")
    return found or (included.get(title) if key in ("", lowering.context.space_key) else None)

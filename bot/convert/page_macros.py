"""Handlers of macros that show other pages: lists as of the capture, and included text."""

from collections.abc import Callable, Sequence

from bot.convert.context import IncludedPage, ListedPage, Listing, ReportRow
from bot.convert.document import Block, Cell, Item, List, Node, Paragraph, Quote, Row, Styled, Table, flow
from bot.convert.links import link_to, page_target
from bot.convert.page_builder import PageBuilder, paragraph
from bot.storage.addresses import name_digest
from bot.storage.macros import MACRO_ELEMENTS, Macro, describe, read_macro
from bot.storage.reader import Element, read_leniently

# Maximum depth of elements in an included page, in a page that this page includes, and so on.
_INCLUDED_DEPTHS = (20, 10, 5)

# Columns that a list may show in the wiki, and that are not captured.
_EXTRA_COLUMNS = {
    "showLastModified": "last changes",
    "showCreator": "creators",
    "showPageLabels": "labels",
    "showLabels": "labels",
    "showCommentsCount": "numbers of comments",
    "showLikesCount": "numbers of likes",
}

_WITHHELD = {"restricted": "only some people may read it", "redacted": "a redaction removed it"}

FindParts = Callable[[Element], list[Element]]


def page_list(links: tuple[ListedPage, ...]) -> list[Block]:
    """Return a nested list of *links*."""
    items = tuple(Item((*flow(link_to([page.title], page.target)), *page_list(page.children))) for page in links)
    return [List(items)] if items else []


def as_captured(
    page: PageBuilder, macro: Macro, what: str, shown: Callable[[], list[Block]], *remarks: str
) -> list[Node]:
    """State that the wiki generated the following content at the time of the capture; the page does not contain it."""
    settings = describe(macro.parameters)
    if not page.may_show(macro.name, f"{what} ({settings})" if settings else what):
        return [page.note(f"{what}: shown before")]
    blocks = shown()
    if not blocks:
        return [page.note("; ".join([f"{what}: none", *remarks]))]
    return [paragraph(page.note("; ".join([f"{what}, as captured", *remarks]))), *blocks]


def build_children(page: PageBuilder, macro: Macro) -> list[Node]:
    return _static(page, macro, page.context.children, "child pages")


def build_page_tree(page: PageBuilder, macro: Macro) -> list[Node]:
    return _static(page, macro, page.context.page_tree, "page tree")


def build_listing(page: PageBuilder, macro: Macro) -> list[Node]:
    what = {"contentbylabel": "pages with a label", "blog-posts": "blog posts", "index": "index of pages"}[macro.key]
    listing = page.context.listings.get(macro.identity)
    if listing is None:
        return _static(page, macro, None, what)
    links = tuple(row.page for row in listing.rows)
    return as_captured(page, macro, what, lambda: page_list(links), *_shortfalls(page, macro, listing))


def build_report(page: PageBuilder, macro: Macro) -> list[Node]:
    """Convert a Page Properties report to the table that it showed at the time of the capture."""
    what = "report of page properties"
    listing = page.context.listings.get(macro.identity)
    if listing is None:
        return _static(page, macro, None, what)
    return as_captured(
        page,
        macro,
        what,
        lambda: [_report_table(page, macro, listing.rows, listing.columns)] if listing.rows else [],
        *_shortfalls(page, macro, listing),
    )


def _report_table(page: PageBuilder, macro: Macro, rows: Sequence[ReportRow], columns: Sequence[str]) -> Table:
    head = Row(tuple(Cell(flow([name]), is_head=True) for name in (macro.get("firstcolumn") or "Title", *columns)))
    body = (
        Row(
            (
                Cell(flow(link_to([row.page.title], row.page.target))),
                *(Cell(_value(page, row, name)) for name in columns),
            )
        )
        for row in rows
    )
    return Table((head, *body))


def _value(page: PageBuilder, row: ReportRow, name: str) -> tuple[Block, ...]:
    """Return a property as the page has it; names in it refer to that page."""
    if name not in row.bodies:
        return flow([row.values.get(name, "")])
    title, key = row.page.title, page.context.space_key
    with page.within(f"{key}:{title}", title, key):
        document = read_leniently(row.bodies[name], max_depth=_INCLUDED_DEPTHS[0], has_offsets=False)
        blocks = page.blocks(document.root)
    document.root.release()
    return blocks


def _shortfalls(page: PageBuilder, macro: Macro, listing: Listing) -> list[str]:
    """Return what the list lacks compared to the wiki; each is recorded as a loss."""
    extra = [name for name in _EXTRA_COLUMNS if macro.get(name) == "true"]
    remarks = [f"{listing.left_out} more left out"] if listing.left_out else []
    remarks += ["of this space only"] if listing.is_partial else []
    remarks += [f"without {', '.join(_EXTRA_COLUMNS[name] for name in extra)}"] if extra else []
    macro.read_all()  # the capture evaluated all parameters of the macro
    for remark in remarks:
        page.lose("macro", macro.name, remark)
    return remarks


def _static(page: PageBuilder, macro: Macro, links: tuple[ListedPage, ...] | None, what: str) -> list[Node]:
    if links is not None:
        return as_captured(page, macro, what, lambda: page_list(links))
    page.lose_macro(macro.name, describe(macro.read_all()))
    return [page.note(f"{what}: not captured")]


def build_include(page: PageBuilder, macro: Macro) -> list[Node]:
    return _include(page, macro, "included page", lambda root: [root])


def build_excerpt_include(page: PageBuilder, macro: Macro) -> list[Node]:
    """Convert the included excerpt of another page: the named excerpt, or else the first."""
    wanted = macro.get("name", "excerptName")

    def find(root: Element) -> list[Element]:
        for element in root.elements(*MACRO_ELEMENTS):
            found = read_macro(element)
            if found.name == "excerpt" and found.rich_bodies and wanted in ("", found.get("name")):
                return [*found.rich_bodies]
        return []

    return _include(page, macro, f"included excerpt “{wanted}” of" if wanted else "included excerpt of", find)


def _include(page: PageBuilder, macro: Macro, what: str, find: FindParts) -> list[Node]:
    title, key, page_id, target = _included_page(page, macro)
    withheld = page.context.withheld.get(name_digest("", page_id) if page_id else name_digest(key, title))
    if withheld is not None:
        page.lose("macro", macro.name, f"{what}: {withheld}, so left out")
        return [_remark(f"({what}: left out, because {_WITHHELD[withheld]})")]
    included = _find_included(page, title, key, page_id)
    if page_id and included is not None:
        title, key = included.title, page.context.space_key
    label = link_to([title or "a page"], included.target if included and included.target else target)
    name = f"{key}:{title}"
    if included is None or name in page.including or len(page.including) == len(_INCLUDED_DEPTHS):
        page.lose("macro", macro.name, f"{what} {title}: not captured")
        return [_remark(f"({what} ", *label, ": not captured)")]
    if not page.may_show(macro.name, f"{what} {title}"):
        return [_remark(f"({what} ", *label, ": shown before)")]
    document = read_leniently(included.body, max_depth=_INCLUDED_DEPTHS[len(page.including)], has_offsets=False)
    for problem in document.problems:
        page.lose("body", title, problem.message)
    parts = find(document.root)
    if not parts:
        page.lose("macro", macro.name, f"{title} has no such excerpt")
        return [_remark(f"({what} ", *label, ": there is none)")]
    version = f", version {included.version}" if included.version is not None else ""
    with page.within(name, title, key):
        blocks = page.blocks(*parts)
    document.root.release()
    return [Paragraph((_remark(f"({what} ", *label, f"{version})"),)), Quote(blocks)]


def _remark(*content: Node) -> Styled:
    return Styled("em", paragraph(*content).content)


def _included_page(page: PageBuilder, macro: Macro) -> tuple[str, str, str, str]:
    """Return title, space key, id and target of the page that a macro refers to; older macros have a title as text."""
    resource, named = macro.resource("ri:page", "ri:blog-post"), macro.get("page", "pageTitle", "")
    if resource is not None:
        title, target = page_target(page, resource)
        key = resource.attributes.get("ri:space-key") or page.context.space_key
        return title, key, resource.attributes.get("ri:content-id", ""), target
    key, colon, title = named.partition(":")
    if not (colon and key.isalnum() and key.isupper()):
        key, title = "", named
    return title, key or page.context.space_key, "", page.targets.page(title, key)


def _find_included(page: PageBuilder, title: str, key: str, page_id: str) -> IncludedPage | None:
    included = page.context.included
    if page_id:
        return included.get(f":{page_id}")
    found = included.get(f"{key}:{title}")
    return found or (included.get(title) if key in ("", page.context.space_key) else None)

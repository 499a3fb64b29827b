"""The table of macro handlers."""

from collections.abc import Callable, Mapping

from bot.convert import macro_handlers, media, page_macros
from bot.convert.document import Block, Details, Fence, Node, flow
from bot.convert.links import person
from bot.convert.page_builder import PageBuilder, paragraph
from bot.convert.said import is_meaningless
from bot.storage.macros import MACRO_PARTS, Macro, decoded, describe, find_json, read_macro
from bot.storage.reader import Element

MacroHandler = Callable[[PageBuilder, Macro], list[Node]]

# Macros whose output is a search or live state of the wiki; none has text of its own.
_LIVE = {
    "livesearch": "search box",
    "pagetreesearch": "search box",
    "recently-updated": "recently updated pages",
    "recently-updated-dashboard": "recently updated pages",
    "contributors": "contributors",
    "contributors-summary": "contributors",
    "content-by-user": "pages by a person",
    "content-report-table": "content report",
    "change-history": "change history",
    "popular-labels": "popular labels",
    "related-labels": "related labels",
    "recently-used-labels": "recently used labels",
    "listlabels": "list of labels",
    "space-attachments": "attachments of the space",
    "space-details": "details of the space",
    "spaces": "list of spaces",
    "favpages": "favourite pages",
    "create-from-template": "button to create a page",
    "create-space-button": "button to create a space",
    "profile": "profile of a person",
    "profile-picture": "picture of a person",
    "status-list": "status updates",
    "network": "network of a person",
    "tasks-report-macro": "report of tasks",
    "gadget": "gadget",
    "chart": "chart",
    "calendar": "calendar",
}

_MATH_INLINE = ("mathinline", "math-inline", "latex-inline", "easy-math-inline", "eazy-math-inline")
_WITHIN_TEXT = frozenset({"status", "anchor", "jira", "jiraissues", *_MATH_INLINE})
_SOURCE = {"html": "html", "html-bobswift": "html", "style": "css", "sql": "sql", "plantuml": "plantuml"}
_SOURCE |= {"mermaid": "mermaid", "mermaid-macro": "mermaid", "markdown-macro": "markdown", "csv": "csv", "xslt": "xml"}
_LONGEST_SETTING = 200
_LONGEST_WORD = 20
"""If the average word of a text is longer, the text is data."""


def build_macro(page: PageBuilder, element: Element, is_alone: bool) -> list[Node]:
    """Convert a macro; a macro that is not in the table keeps its text and parameters, under a note."""
    macro = read_macro(element)
    handle = MACROS.get(macro.key, _unknown)
    nodes = handle(page, macro)
    if handle not in _BODIED:
        nodes = [*nodes, *_unexpected_body(page, macro)]
    nodes = [*nodes, *_unread(page, macro)]
    # Nodes other than parameters and bodies are not valid here, but are content.
    nodes = [*nodes, *page.nodes(element, without=MACRO_PARTS)]
    return [*flow(nodes)] if is_alone and macro.key not in _WITHIN_TEXT else nodes


def _unknown(page: PageBuilder, macro: Macro) -> list[Node]:
    """Convert an unknown macro: a note in the page, its text, and an entry in the losses."""
    name = macro.name or "without a name"
    settings, long_ones = _settings(page, macro)
    page.lose_macro(name, settings)
    note = page.note(f"macro {name}; {settings}" if settings else f"macro {name}")
    if macro.plain_body is not None:
        return [paragraph(note), *long_ones, Fence(macro.plain_body, _SOURCE.get(macro.key, ""))]
    if macro.rich_bodies:
        if macro_handlers.is_block(macro):
            return [paragraph(note), *long_ones, *page.blocks(*macro.rich_bodies)]
        return [note, " ", *macro_handlers.body(page, macro), *long_ones]
    return [note, *long_ones]


def _unread(page: PageBuilder, macro: Macro) -> list[Node]:
    """Record the parameters that the handler of *macro* did not read; keep the long ones, which are content."""
    unread = {name: value for name, value in macro.unread.items() if not is_meaningless(macro.key, name)}
    if not unread:
        return []
    settings, long_ones = _settings(page, macro, unread)
    page.lose_macro(macro.name, settings)
    return long_ones


def _settings(page: PageBuilder, macro: Macro, parameters: Mapping[str, str] | None = None) -> tuple[str, list[Node]]:
    """Return *parameters* (all if None) as text, and the long ones, which are content, as blocks."""
    short: dict[str, str] = {}
    long_ones: list[Node] = []
    for name, value in (macro.read_all() if parameters is None else parameters).items():
        people = [f"@{person(page, user)}" for user in macro.parameter_elements[name].elements("ri:user")]
        text = ", ".join(people) or decoded(value)
        if len(text) <= _LONGEST_SETTING:
            short[name] = text
        else:
            short[name] = "(see below)"
            long_ones.append(Details(name or "value", (_long(text),)))
    return describe(short), long_ones


def _long(text: str) -> Block:
    """Return a long value as JSON, words, or data."""
    if find_json(text) is not None:
        return Fence(text, "json")
    return paragraph(text) if len(text.split()) > len(text) / _LONGEST_WORD else Fence(text)


def _unexpected_body(page: PageBuilder, macro: Macro) -> list[Node]:
    """Keep the body of a macro whose handler does not show it (for example the numbers of a chart)."""
    fence = [Fence(macro.plain_body)] if macro.plain_body else []
    return [*page.blocks(*macro.rich_bodies), *fence]


def _live(page: PageBuilder, macro: Macro) -> list[Node]:
    settings, long_ones = _settings(page, macro)
    page.lose_macro(macro.name, settings)
    return [page.note(f"{_LIVE[macro.key]}: not part of a snapshot"), *long_ones]


def _columns(page: PageBuilder, macro: Macro) -> list[Node]:
    page.lose_style("layout in columns (placed one after the other)")
    return macro_handlers.build_unwrapped(page, macro)


MACROS: dict[str, MacroHandler] = {
    **dict.fromkeys(("info", "note", "tip", "success", "warning", "error"), macro_handlers.build_alert),
    **dict.fromkeys(("panel", "auimessage", "alert"), macro_handlers.build_panel),
    **dict.fromkeys(("expand", "ui-expand", "expandable"), macro_handlers.build_expand),
    **dict.fromkeys(("code", "code-block", "codeblock"), macro_handlers.build_code),
    **dict.fromkeys(("noformat", "preformatted"), macro_handlers.build_noformat),
    **dict.fromkeys(("excerpt", "multiexcerpt", "multiexcerpt-macro"), macro_handlers.build_excerpt),
    "details": macro_handlers.build_page_properties,
    "markdown": macro_handlers.build_markdown,
    **dict.fromkeys(("html", "html-bobswift"), macro_handlers.build_html),
    "section": _columns,
    **dict.fromkeys(
        ("column", "div", "span", "content-block", "content-column", "toc-zone", "center", "align", "table-filter"),
        macro_handlers.build_unwrapped,
    ),
    "content-layer": macro_handlers.build_unwrapped,
    "status": macro_handlers.build_status,
    "anchor": macro_handlers.build_anchor,
    "toc": macro_handlers.build_contents,
    "roadmap": macro_handlers.build_roadmap,
    **dict.fromkeys(("jira", "jiraissues"), macro_handlers.build_jira),
    **dict.fromkeys(("widget", "iframe", "multimedia", "viewport-url-redirect"), macro_handlers.build_embedded),
    **dict.fromkeys(
        ("mathblock", "math-block", "latex", "latex-block", "mathdisplay", "easy-math-block", "eazy-math-block"),
        macro_handlers.build_formula_block,
    ),
    **dict.fromkeys(_MATH_INLINE, macro_handlers.build_formula),
    **dict.fromkeys(
        ("view-file", "viewpdf", "viewdoc", "viewxls", "viewppt", "view-pdf", "view-doc", "view-xls", "view-ppt"),
        media.build_view_file,
    ),
    **dict.fromkeys(("drawio", "drawio-sketch", "inc-drawio", "gliffy"), media.build_diagram),
    "attachments": media.build_attachment_list,
    "gallery": media.build_gallery,
    "children": page_macros.build_children,
    "pagetree": page_macros.build_page_tree,
    **dict.fromkeys(("contentbylabel", "blog-posts", "index"), page_macros.build_listing),
    "detailssummary": page_macros.build_report,
    "include": page_macros.build_include,
    "excerpt-include": page_macros.build_excerpt_include,
    **dict.fromkeys(_LIVE, _live),
}
"""The handlers of macros, by name."""

_BODIED = {
    *(macro_handlers.build_alert, macro_handlers.build_panel, macro_handlers.build_expand, macro_handlers.build_code),
    *(macro_handlers.build_noformat, macro_handlers.build_excerpt, macro_handlers.build_page_properties),
    *(macro_handlers.build_markdown, macro_handlers.build_html, macro_handlers.build_unwrapped),
    *(macro_handlers.build_formula, macro_handlers.build_formula_block, _unknown, _columns),
}
"""The handlers that convert the body of the macro."""

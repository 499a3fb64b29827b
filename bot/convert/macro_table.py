"""The table of macros: what each becomes in a page that stands on its own."""

from collections.abc import Callable

from bot.convert import media, page_macros, panels, small_macros
from bot.convert.lowering import Lowering
from bot.convert.macro import Macro, loose_content
from bot.convert.tree import Node, make, stands_alone, verbatim

MacroHandler = Callable[[Lowering, Macro], list[Node]]

# What these show, a search or the wiki's own state decides anew at each visit; none has text of its own.
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
    "roadmap": "roadmap",
    "chart": "chart",
    "calendar": "calendar",
}

_MATH_INLINE = ("mathinline", "math-inline", "latex-inline", "easy-math-inline", "eazy-math-inline")
_WITHIN_TEXT = frozenset({"status", "anchor", "jira", "jiraissues", *_MATH_INLINE})
_SOURCE = {"html": "html", "html-bobswift": "html", "style": "css", "sql": "sql", "plantuml": "plantuml"}
_SOURCE |= {"mermaid": "mermaid", "mermaid-macro": "mermaid", "markdown-macro": "markdown", "csv": "csv", "xslt": "xml"}


def lower_macro(lowering: Lowering, macro: Macro) -> list[Node]:
    """Return what *macro* shows; one that is not in the table keeps its text, under a note."""
    handler = MACROS.get(macro.name.lower(), _lower_unknown)
    nodes = handler(lowering, macro)
    if handler not in _BODIED:
        nodes += _unexpected_body(lowering, macro)
    nodes += [lowered for node in loose_content(macro) for lowered in lowering.node(node)]
    is_block = macro.name.lower() not in _WITHIN_TEXT and stands_alone(macro.tag)
    return [make("div", *nodes)] if is_block else nodes


def _lower_unknown(lowering: Lowering, macro: Macro) -> list[Node]:
    """Never drop in silence: a note in the page, its text, and an entry among the losses."""
    name = macro.name or "without a name"
    settings = macro.settings()
    lowering.lose("macro", name, settings)
    note = lowering.note(f"macro {name}; {settings}" if settings else f"macro {name}")
    if macro.plain_body is not None:
        return [make("p", note), verbatim("fence", macro.plain_body, language=_SOURCE.get(macro.name.lower(), ""))]
    if macro.rich_body is not None:
        body = lowering.children(macro.rich_body)
        return [make("p", note), make("div", *body)] if panels.is_block(macro) else [note, make("span", " "), *body]
    return [note]


def _unexpected_body(lowering: Lowering, macro: Macro) -> list[Node]:
    """Keep the text of a macro that needs none for what it shows (a chart has its numbers in it)."""
    rich = [make("div", *lowering.children(macro.rich_body))] if macro.rich_body is not None else []
    return [*rich, verbatim("fence", macro.plain_body)] if macro.plain_body else [*rich]


def _lower_live(lowering: Lowering, macro: Macro) -> list[Node]:
    lists = lowering.context.lists
    if macro.name in lists:
        return page_macros.as_captured(lowering, _LIVE[macro.name.lower()], page_macros.page_list(lists[macro.name]))
    what = _LIVE[macro.name.lower()]
    lowering.lose("macro", macro.name, macro.settings())
    return [lowering.note(f"{what}: not part of a snapshot")]


def _lower_unwrapped(lowering: Lowering, macro: Macro) -> list[Node]:
    """A macro that only arranges what is inside it."""
    return [make("div", *lowering.children(macro.rich_body))] if macro.rich_body is not None else []


def _lower_columns(lowering: Lowering, macro: Macro) -> list[Node]:
    lowering.lose_style("layout in columns (placed one after the other)")
    return _lower_unwrapped(lowering, macro)


MACROS: dict[str, MacroHandler] = {
    **dict.fromkeys(("info", "note", "tip", "success", "warning", "error"), panels.lower_alert),
    **dict.fromkeys(("panel", "auimessage", "alert"), panels.lower_panel),
    **dict.fromkeys(("expand", "ui-expand", "expandable"), panels.lower_expand),
    **dict.fromkeys(("code", "code-block", "codeblock"), panels.lower_code),
    **dict.fromkeys(("noformat", "preformatted"), panels.lower_noformat),
    **dict.fromkeys(("excerpt", "multiexcerpt", "multiexcerpt-macro"), panels.lower_excerpt),
    "details": panels.lower_page_properties,
    "markdown": panels.lower_markdown,
    **dict.fromkeys(("section",), _lower_columns),
    **dict.fromkeys(
        ("column", "div", "span", "content-block", "content-column", "toc-zone", "center", "align", "table-filter"),
        _lower_unwrapped,
    ),
    "content-layer": _lower_unwrapped,
    "status": small_macros.lower_status,
    "anchor": small_macros.lower_anchor,
    "toc": small_macros.lower_toc,
    **dict.fromkeys(("jira", "jiraissues"), small_macros.lower_jira),
    **dict.fromkeys(("widget", "iframe", "multimedia", "viewport-url-redirect"), small_macros.lower_embedded),
    **dict.fromkeys(
        ("mathblock", "math-block", "latex", "latex-block", "mathdisplay", "easy-math-block", "eazy-math-block"),
        small_macros.lower_math_block,
    ),
    **dict.fromkeys(_MATH_INLINE, small_macros.lower_math_inline),
    **dict.fromkeys(
        ("view-file", "viewpdf", "viewdoc", "viewxls", "viewppt", "view-pdf", "view-doc", "view-xls", "view-ppt"),
        media.lower_view_file,
    ),
    **dict.fromkeys(("drawio", "drawio-sketch", "inc-drawio", "gliffy"), media.lower_diagram),
    "attachments": media.lower_attachment_list,
    "gallery": media.lower_gallery,
    "children": page_macros.lower_children,
    "pagetree": page_macros.lower_page_tree,
    "contentbylabel": page_macros.lower_listing,
    "blog-posts": page_macros.lower_listing,
    "index": page_macros.lower_listing,
    "detailssummary": page_macros.lower_report,
    "include": page_macros.lower_include,
    "excerpt-include": page_macros.lower_excerpt_include,
    **dict.fromkeys(_LIVE, _lower_live),
}

_BODIED = {
    *(panels.lower_alert, panels.lower_panel, panels.lower_expand, panels.lower_code, panels.lower_noformat),
    *(panels.lower_excerpt, panels.lower_page_properties, panels.lower_markdown),
    *(small_macros.lower_math_block, small_macros.lower_math_inline, _lower_unknown, _lower_unwrapped, _lower_columns),
}
"""The handlers that show a macro's body themselves."""

"""The handlers of macros; the table is at the end. Macros that show files or other pages have modules of their own."""

from collections.abc import Callable, Iterator, Mapping
from typing import Any
from urllib.parse import quote

from bot.convert import media, page_macros
from bot.convert.document import (
    ALERTS,
    Alert,
    Apart,
    Block,
    Code,
    Details,
    Fence,
    Formula,
    Item,
    Link,
    List,
    Node,
    Paragraph,
    RenderedMarkdown,
    Styled,
    flow,
)
from bot.convert.html import find_address, html_to_markdown, view_to_markdown
from bot.convert.link_targets import is_unsafe, slug
from bot.convert.links import link, link_to, person
from bot.convert.meaningless import is_meaningless_parameter
from bot.convert.page_builder import PageBuilder, paragraph
from bot.storage.macros import MACRO_PARTS, Macro, decoded, describe, find_json, is_macro, read_macro
from bot.storage.reader import Element
from bot.storage.visible_text import status_dot

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

_BLOCK_NAMES = frozenset(
    {"p", "h1", "h2", "h3", "h4", "h5", "h6", "ul", "ol", "li", "table", "blockquote", "hr", "div", "pre"}
)
_LEVELS = range(1, 8)


def build_macro(page: PageBuilder, element: Element, is_alone: bool) -> list[Node]:
    """Convert a macro; a macro that is not in the table keeps its text and parameters, under a note."""
    macro = read_macro(element)
    handle = MACROS.get(macro.key, _unknown)
    nodes = handle(page, macro)
    if handle not in _BODIED:
        nodes = [*nodes, *_unwrapped(page, macro)]
    nodes = [*nodes, *_unread(page, macro)]
    # Nodes other than parameters and bodies are not valid here, but are content.
    nodes = [*nodes, *page.nodes(element, without=MACRO_PARTS)]
    return [*flow(nodes)] if is_alone and macro.key not in _WITHIN_TEXT else nodes


def _unknown(page: PageBuilder, macro: Macro) -> list[Node]:
    """Convert an unknown macro: a note in the page, its text, and an entry in the losses."""
    name = macro.name or "without a name"
    if shown := _as_shown(page, macro, f"macro {name}") if is_live(macro) else []:
        return shown
    settings, long_ones = _settings(page, macro)
    page.lose_macro(name, settings)
    note = page.note(f"macro {name}; {settings}" if settings else f"macro {name}")
    if macro.plain_body is not None:
        return [paragraph(note), *long_ones, Fence(macro.plain_body, _SOURCE.get(macro.key, ""))]
    if macro.rich_bodies:
        if _is_block(macro):
            return [paragraph(note), *long_ones, *page.blocks(*macro.rich_bodies)]
        return [note, " ", *_body(page, macro), *long_ones]
    return [note, *long_ones]


def _unread(page: PageBuilder, macro: Macro) -> list[Node]:
    """Record the parameters that the handler of *macro* did not read; keep the long ones, which are content."""
    unread = {name: value for name, value in macro.unread.items() if not is_meaningless_parameter(macro.key, name)}
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


def is_live(macro: Macro, *, with_unknown: bool = True) -> bool:
    """Return whether only the wiki knows what *macro* shows or where it leads: a list, an issue, an unknown macro."""
    if macro.rich_bodies or macro.plain_body is not None:
        return False
    return macro.key in (*_LIVE, "jira", "jiraissues") or (with_unknown and bool(macro.key) and macro.key not in MACROS)


def _as_shown(page: PageBuilder, macro: Macro, what: str) -> list[Node]:
    """Return what the wiki showed for a live macro at the capture; empty if that was not captured."""
    view = page.context.views.get(macro.identity)
    if view is None:
        return []
    macro.read_all()
    shown = view_to_markdown(view.html, page.context.base_url, page.targets.address)
    remark = f"{what}, as shown on {view.day}" if shown else f"{what}: nothing was shown on {view.day}"
    return [paragraph(page.note(remark)), *([RenderedMarkdown(shown)] if shown else [])]


def _live(page: PageBuilder, macro: Macro) -> list[Node]:
    if shown := _as_shown(page, macro, _LIVE[macro.key]):
        return shown
    settings, long_ones = _settings(page, macro)
    page.lose_macro(macro.name, settings)
    remark = "drawn by the wiki from what follows" if macro.rich_bodies else "not part of a snapshot"
    return [page.note(f"{_LIVE[macro.key]}: {remark}"), *long_ones]


def _columns(page: PageBuilder, macro: Macro) -> list[Node]:
    page.lose_style("layout in columns (placed one after the other)")
    return _unwrapped(page, macro)


def _body(page: PageBuilder, macro: Macro) -> list[Node]:
    """Return the content of a macro."""
    if macro.rich_bodies:
        return [node for rich_body in macro.rich_bodies for node in page.nodes(rich_body)]
    return [Fence(macro.plain_body)] if macro.plain_body else []


def _is_block(macro: Macro) -> bool:
    """Return whether a macro contains blocks, not words in a sentence."""
    return any(
        element.name in _BLOCK_NAMES or is_macro(element)
        for rich_body in macro.rich_bodies
        for element in rich_body.elements()
    )


def _unwrapped(page: PageBuilder, macro: Macro) -> list[Node]:
    """Convert a macro that only arranges its body."""
    fence = [Fence(macro.plain_body)] if macro.plain_body else []
    return [*page.blocks(*macro.rich_bodies), *fence]


def _alert(page: PageBuilder, macro: Macro) -> list[Node]:
    """Convert info, note, tip, warning, … to a GitHub alert of the same kind."""
    return [Alert(ALERTS[macro.key], (*_title(macro), *flow(_body(page, macro))))]


def _panel(page: PageBuilder, macro: Macro) -> list[Node]:
    """Convert a panel with custom colours and icon."""
    if macro.get("bgColor", "titleBGColor", "titleColor", "borderColor"):
        page.lose_style("panel colours")
    icon = macro.get("panelIconText") or macro.get("panelIcon")
    shown = [paragraph(icon)] if icon and not macro.get("title") else []
    return [
        Alert(ALERTS.get(macro.get("type").lower(), "NOTE"), (*shown, *_title(macro, icon), *flow(_body(page, macro))))
    ]


def _expand(page: PageBuilder, macro: Macro) -> list[Node]:
    title = macro.get("title", "") or "Click here to expand..."
    return [Details(title, flow(_body(page, macro)))]


def _code(page: PageBuilder, macro: Macro) -> list[Node]:
    """Convert a code block, with its title and its language."""
    first_line = macro.get("firstline")
    if first_line not in ("", "1"):
        page.lose("macro", macro.name, f"first line number {first_line}: Markdown does not number lines")
    if macro.get("collapse") == "true":
        page.lose_style("collapsed code (shown open)")
    if macro.rich_bodies and macro.plain_body is None:
        return [*_title(macro), *flow(_body(page, macro))]
    return [*_title(macro), Fence(macro.plain_body or "", macro.get("language", "lang", ""))]


def _noformat(_page: PageBuilder, macro: Macro) -> list[Node]:
    return [*_title(macro), Fence(macro.plain_body or "")]


def _markdown(_page: PageBuilder, macro: Macro) -> list[Node]:
    """Show Markdown source as code, because it could affect the rest of the page."""
    return [Fence(macro.plain_body or "", "markdown")]


def _html(page: PageBuilder, macro: Macro) -> list[Node]:
    """Convert an HTML macro: its content as Markdown, and its source, collapsed."""
    source = macro.plain_body or ""
    page.lose("macro", macro.name, "HTML: shown as Markdown, with its source")
    shown = html_to_markdown(source)
    rendered = [RenderedMarkdown(shown)] if shown else []
    return [*rendered, Details("HTML source", (Fence(source, "html"),)), *page.blocks(*macro.rich_bodies)]


def _excerpt(page: PageBuilder, macro: Macro) -> list[Node]:
    """Convert an excerpt, the text that other pages include; a hidden excerpt is shown collapsed."""
    is_block, nodes = _is_block(macro), _body(page, macro)  # the body is taken apart while it is converted
    if macro.get("hidden") == "true":
        return [Details("Excerpt (hidden on the page)", flow(nodes))]
    return [*flow(nodes)] if is_block else nodes


def _page_properties(page: PageBuilder, macro: Macro) -> list[Node]:
    blocks = flow(_body(page, macro))
    if macro.get("hidden") == "true":
        return [Details("Page properties (hidden on the page)", blocks)]
    return [*blocks]


def _status(_page: PageBuilder, macro: Macro) -> list[Node]:
    """Convert a status; a dot preserves its colour."""
    colour = macro.get("colour", "color").lower()
    title = macro.get("title") or colour
    return [Apart((f"{status_dot(colour)} ", Styled("strong", (title,))))] if title else []


def _anchor(page: PageBuilder, macro: Macro) -> list[Node]:
    name = macro.get("", "name", "anchor")
    return [page.anchor(slug(name) or " ".join(name.split()))] if name else []


def _contents(page: PageBuilder, macro: Macro) -> list[Node]:
    """Return a table of contents, which is filled in when the whole page is converted."""
    lowest, highest = (macro.get(name) for name in ("minLevel", "maxLevel"))
    if not page.may_show(macro.name, "table of contents"):
        return [page.note("table of contents: shown before")]
    return [
        page.contents(
            int(lowest) if lowest.isdecimal() else _LEVELS[0], int(highest) if highest.isdecimal() else _LEVELS[-1]
        )
    ]


def _jira(page: PageBuilder, macro: Macro) -> list[Node]:
    """Convert one issue to a link; the result of a query is not part of the page, so the query is shown instead."""
    servers = page.context.jira
    named = macro.get("server", "serverId")
    address = next((servers[key] for key in (macro.get("serverId"), macro.get("server"), "") if key in servers), "")
    address = address.rstrip("/")
    key = macro.get("key", "issueKey")
    view = page.context.views.get(macro.identity)
    target = f"{address}/browse/{quote(key)}" if address else find_address(view.html, f"/browse/{key}") if view else ""
    if named and not (address or view):
        page.lose("macro", macro.name, f"the address of the Jira server {named} is not known: shown without links")
    if key:
        is_link = target and not is_unsafe(target)
        return [Apart((Link((key,), page.targets.address(target)) if is_link else Styled("strong", (key,)),))]
    query = macro.get("jqlQuery", "jql", "url", "")
    if as_shown := _as_shown(page, macro, "Jira issues"):
        code: list[Node] = [Code(query)] if query else []
        return [*as_shown, *(link_to(code, f"{address}/issues/?jql={quote(query)}") if address and query else code)]
    page.lose("macro", macro.name, f"the issues found by: {query}")
    label = page.note("Jira issues, as the wiki finds them at each visit:")
    shown: list[Node] = [Code(query)]
    return [label, " ", *(link_to(shown, f"{address}/issues/?jql={quote(query)}") if address else shown)]


def _embedded(page: PageBuilder, macro: Macro) -> list[Node]:
    """Convert an embedded site or video to a link."""
    address = macro.get("url", "src", "redirectTo", "")
    if address:
        page.lose("macro", macro.name, f"shown as a link: {address}")
        return link(page, [address], address)
    name = macro.get("name")
    page.lose("macro", macro.name, name)
    if name:
        return ["📎 ", *link_to([name], page.targets.attachment(name))]
    return [page.note(f"macro {macro.name}")]


def _formula_block(_page: PageBuilder, macro: Macro) -> list[Node]:
    formula = _formula_text(macro)
    return [Fence(formula.strip("\n"), "math")] if formula.strip() else []


def _formula(_page: PageBuilder, macro: Macro) -> list[Node]:
    formula = _formula_text(macro)
    return [Formula(formula)] if formula.strip() else []


def _formula_text(macro: Macro) -> str:
    if macro.plain_body is not None:
        return macro.plain_body
    if macro.rich_bodies:
        return "".join(rich_body.text for rich_body in macro.rich_bodies)
    return macro.get("body", "equation", "")


def _roadmap(page: PageBuilder, macro: Macro) -> list[Node]:
    """Convert a roadmap to a list; its lanes and bars are in one parameter."""
    plan, title = find_json(macro.get("source")), decoded(macro.get("title"))
    if not isinstance(plan, dict):
        page.lose("macro", macro.name, "its plan cannot be read: shown as it is")
        source = decoded(decoded(macro.get("source")))
        return [*flow([page.note("roadmap"), " ", title]), *([Fence(source)] if source else [])]
    page.lose("macro", macro.name, "the picture of the time line: shown as a list")
    timeline = plan.get("timeline")
    time: dict[str, Any] = timeline if isinstance(timeline, dict) else {}
    days = [_day(time, key) for key in ("startDate", "endDate")]
    title = _words_of(plan, "title") or title or "Roadmap"
    span = f" ({' to '.join(filter(None, days))})" if any(days) else ""
    unit = _words_of(time, "displayOption").lower()
    lanes = tuple(_entry(lane, unit) for lane in _entries(plan, "lanes"))
    markers = tuple(_entry(marker, unit) for marker in _entries(plan, "markers"))
    lists = [List(items) for items in (lanes, markers) if items]
    return [Paragraph((Styled("strong", (title,)), span)), *lists]


def _entry(entry: dict[str, Any], unit: str) -> Item:
    """Return a lane, a bar or a marker with its description, its time, its page, and its content."""
    day = _day(entry, "startDate") or _day(entry, "markerDate")
    duration, linked = entry.get("duration"), entry.get("pageLink")
    length = f"{duration:.1f} {unit or 'unit'}s" if isinstance(duration, int | float) else ""
    notes = [day, length, _words_of(linked, "title") if isinstance(linked, dict) else ""]
    description = f": {_words_of(entry, 'description')}" if _words_of(entry, "description") else ""
    when = f" ({', '.join(filter(None, notes))})" if any(notes) else ""
    bars = tuple(_entry(bar, unit) for bar in _entries(entry, "bars"))
    first = Paragraph((f"{_words_of(entry, 'title') or 'Without a title'}{description}{when}",))
    return Item((first, List(bars)) if bars else (first,))


def _entries(entry: dict[str, Any], key: str) -> Iterator[dict[str, Any]]:
    found = entry.get(key)
    return (each for each in found if isinstance(each, dict)) if isinstance(found, list) else iter(())


def _words_of(entry: dict[str, Any], key: str) -> str:
    value = entry.get(key)
    return " ".join(str(value).split()) if isinstance(value, str | int | float) else ""


def _day(entry: dict[str, Any], key: str) -> str:
    return _words_of(entry, key).partition(" ")[0].partition("T")[0]


def _title(macro: Macro, icon: str = "") -> list[Block]:
    title = macro.get("title")
    return [paragraph(Styled("strong", (f"{icon} {title}" if icon else title,)))] if title else []


MACROS: dict[str, MacroHandler] = {
    **dict.fromkeys(("info", "note", "tip", "success", "warning", "error"), _alert),
    **dict.fromkeys(("panel", "auimessage", "alert"), _panel),
    **dict.fromkeys(("expand", "ui-expand", "expandable"), _expand),
    **dict.fromkeys(("code", "code-block", "codeblock"), _code),
    **dict.fromkeys(("noformat", "preformatted"), _noformat),
    **dict.fromkeys(("excerpt", "multiexcerpt", "multiexcerpt-macro"), _excerpt),
    "details": _page_properties,
    "markdown": _markdown,
    **dict.fromkeys(("html", "html-bobswift"), _html),
    "section": _columns,
    **dict.fromkeys(
        ("column", "div", "span", "content-block", "content-column", "toc-zone", "center", "align", "table-filter"),
        _unwrapped,
    ),
    "content-layer": _unwrapped,
    "status": _status,
    "anchor": _anchor,
    "toc": _contents,
    "roadmap": _roadmap,
    **dict.fromkeys(("jira", "jiraissues"), _jira),
    **dict.fromkeys(("widget", "iframe", "multimedia", "viewport-url-redirect"), _embedded),
    **dict.fromkeys(
        ("mathblock", "math-block", "latex", "latex-block", "mathdisplay", "easy-math-block", "eazy-math-block"),
        _formula_block,
    ),
    **dict.fromkeys(_MATH_INLINE, _formula),
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
    *(_alert, _panel, _expand, _code),
    *(_noformat, _excerpt, _page_properties),
    *(_markdown, _html, _unwrapped),
    *(_formula, _formula_block, _unknown, _columns),
}
"""The handlers that convert the body of the macro."""

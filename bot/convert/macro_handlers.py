"""Handlers of macros that show their body: panels, code, excerpts, statuses, formulas, issues, roadmaps, and so on."""

from collections.abc import Iterator
from typing import Any
from urllib.parse import quote

from bot.convert.document import (
    Alert,
    Apart,
    Block,
    Code,
    Details,
    Fence,
    Formula,
    Item,
    List,
    Node,
    Paragraph,
    RenderedMarkdown,
    Styled,
    flow,
)
from bot.convert.html import html_to_markdown
from bot.convert.link_targets import slug
from bot.convert.links import link, link_to
from bot.convert.page_builder import PageBuilder, paragraph
from bot.storage.macros import Macro, decoded, find_json, is_macro
from bot.storage.visible_text import status_dot

_ALERTS = {
    "info": "NOTE",
    "note": "IMPORTANT",
    "tip": "TIP",
    "success": "TIP",
    "warning": "WARNING",
    "error": "CAUTION",
    "hint": "TIP",
}
_BLOCK_NAMES = frozenset(
    {"p", "h1", "h2", "h3", "h4", "h5", "h6", "ul", "ol", "li", "table", "blockquote", "hr", "div", "pre"}
)
_LEVELS = range(1, 8)


def body(page: PageBuilder, macro: Macro) -> list[Node]:
    """Return the content of a macro."""
    if macro.rich_bodies:
        return [node for rich_body in macro.rich_bodies for node in page.nodes(rich_body)]
    return [Fence(macro.plain_body)] if macro.plain_body else []


def is_block(macro: Macro) -> bool:
    """Return whether a macro contains blocks, not words in a sentence."""
    return any(
        element.name in _BLOCK_NAMES or is_macro(element)
        for rich_body in macro.rich_bodies
        for element in rich_body.elements()
    )


def build_unwrapped(page: PageBuilder, macro: Macro) -> list[Node]:
    """Convert a macro that only arranges its body."""
    fence = [Fence(macro.plain_body)] if macro.plain_body else []
    return [*page.blocks(*macro.rich_bodies), *fence]


def build_alert(page: PageBuilder, macro: Macro) -> list[Node]:
    """Convert info, note, tip, warning, … to a GitHub alert of the same kind."""
    return [Alert(_ALERTS[macro.key], (*_title(macro), *flow(body(page, macro))))]


def build_panel(page: PageBuilder, macro: Macro) -> list[Node]:
    """Convert a panel with custom colours and icon."""
    if macro.get("bgColor", "titleBGColor", "titleColor", "borderColor"):
        page.lose_style("panel colours")
    icon = macro.get("panelIconText") or macro.get("panelIcon")
    shown = [paragraph(icon)] if icon and not macro.get("title") else []
    return [
        Alert(_ALERTS.get(macro.get("type").lower(), "NOTE"), (*shown, *_title(macro, icon), *flow(body(page, macro))))
    ]


def build_expand(page: PageBuilder, macro: Macro) -> list[Node]:
    title = macro.get("title", "") or "Click here to expand..."
    return [Details(title, flow(body(page, macro)))]


def build_code(page: PageBuilder, macro: Macro) -> list[Node]:
    """Convert a code block, with its title and its language."""
    first_line = macro.get("firstline")
    if first_line not in ("", "1"):
        page.lose("macro", macro.name, f"first line number {first_line}: Markdown does not number lines")
    if macro.get("collapse") == "true":
        page.lose_style("collapsed code (shown open)")
    if macro.rich_bodies and macro.plain_body is None:
        return [*_title(macro), *flow(body(page, macro))]
    return [*_title(macro), Fence(macro.plain_body or "", macro.get("language", "lang", ""))]


def build_noformat(_page: PageBuilder, macro: Macro) -> list[Node]:
    return [*_title(macro), Fence(macro.plain_body or "")]


def build_markdown(_page: PageBuilder, macro: Macro) -> list[Node]:
    """Show Markdown source as code, because it could affect the rest of the page."""
    return [Fence(macro.plain_body or "", "markdown")]


def build_html(page: PageBuilder, macro: Macro) -> list[Node]:
    """Convert an HTML macro: its content as Markdown, and its source, collapsed."""
    source = macro.plain_body or ""
    page.lose("macro", macro.name, "HTML: shown as Markdown, with its source")
    shown = html_to_markdown(source)
    rendered = [RenderedMarkdown(shown)] if shown else []
    return [*rendered, Details("HTML source", (Fence(source, "html"),)), *page.blocks(*macro.rich_bodies)]


def build_excerpt(page: PageBuilder, macro: Macro) -> list[Node]:
    """Convert an excerpt, the text that other pages include; a hidden excerpt is shown collapsed."""
    nodes = body(page, macro)
    if macro.get("hidden") == "true":
        return [Details("Excerpt (hidden on the page)", flow(nodes))]
    return [*flow(nodes)] if is_block(macro) else nodes


def build_page_properties(page: PageBuilder, macro: Macro) -> list[Node]:
    blocks = flow(body(page, macro))
    if macro.get("hidden") == "true":
        return [Details("Page properties (hidden on the page)", blocks)]
    return [*blocks]


def build_status(_page: PageBuilder, macro: Macro) -> list[Node]:
    """Convert a status; a dot preserves its colour."""
    colour = macro.get("colour", "color").lower()
    title = macro.get("title") or colour
    return [Apart((f"{status_dot(colour)} ", Styled("strong", (title,))))] if title else []


def build_anchor(page: PageBuilder, macro: Macro) -> list[Node]:
    name = macro.get("", "name", "anchor")
    return [page.anchor(slug(name) or " ".join(name.split()))] if name else []


def build_contents(page: PageBuilder, macro: Macro) -> list[Node]:
    """Return a table of contents, which is filled in when the whole page is converted."""
    lowest, highest = (macro.get(name) for name in ("minLevel", "maxLevel"))
    if not page.may_show(macro.name, "table of contents"):
        return [page.note("table of contents: shown before")]
    return [
        page.contents(
            int(lowest) if lowest.isdecimal() else _LEVELS[0], int(highest) if highest.isdecimal() else _LEVELS[-1]
        )
    ]


def build_jira(page: PageBuilder, macro: Macro) -> list[Node]:
    """Convert one issue to a link; the result of a query is not part of the page, so the query is shown instead."""
    servers = page.context.jira
    address = next((servers[key] for key in (macro.get("serverId"), macro.get("server"), "") if key in servers), "")
    address = address.rstrip("/")
    key = macro.get("key", "issueKey")
    if key:
        return link_to([key], f"{address}/browse/{quote(key)}") if address else [Styled("strong", (key,))]
    query = macro.get("jqlQuery", "jql", "url", "")
    page.lose("macro", macro.name, f"the issues found by: {query}")
    label = page.note("Jira issues, as the wiki finds them at each visit:")
    shown: list[Node] = [Code(query)]
    return [label, " ", *(link_to(shown, f"{address}/issues/?jql={quote(query)}") if address else shown)]


def build_embedded(page: PageBuilder, macro: Macro) -> list[Node]:
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


def build_formula_block(_page: PageBuilder, macro: Macro) -> list[Node]:
    formula = _formula(macro)
    return [Fence(formula.strip("\n"), "math")] if formula.strip() else []


def build_formula(_page: PageBuilder, macro: Macro) -> list[Node]:
    formula = _formula(macro)
    return [Formula(formula)] if formula.strip() else []


def _formula(macro: Macro) -> str:
    if macro.plain_body is not None:
        return macro.plain_body
    if macro.rich_bodies:
        return "".join(rich_body.text for rich_body in macro.rich_bodies)
    return macro.get("body", "equation", "")


def build_roadmap(page: PageBuilder, macro: Macro) -> list[Node]:
    """Convert a roadmap to a list; its lanes and bars are in one parameter."""
    plan, title = find_json(macro.get("source")), decoded(macro.get("title"))
    page.lose("macro", macro.name, "the picture of the time line: shown as a list")
    if not isinstance(plan, dict):
        return [page.note("roadmap: not part of a snapshot"), *flow([title, " ", macro.get("source")])]
    timeline = plan.get("timeline")
    time: dict[str, Any] = timeline if isinstance(timeline, dict) else {}
    days = [_day(time, key) for key in ("startDate", "endDate")]
    title = _said(plan, "title") or title or "Roadmap"
    span = f" ({' to '.join(filter(None, days))})" if any(days) else ""
    unit = _said(time, "displayOption").lower()
    lanes = tuple(_entry(lane, unit) for lane in _entries(plan, "lanes"))
    markers = tuple(_entry(marker, unit) for marker in _entries(plan, "markers"))
    lists = [List(items) for items in (lanes, markers) if items]
    return [Paragraph((Styled("strong", (title,)), span)), *lists]


def _entry(entry: dict[str, Any], unit: str) -> Item:
    """Return a lane, a bar or a marker with its description, its time, its page, and its content."""
    day = _day(entry, "startDate") or _day(entry, "markerDate")
    duration, linked = entry.get("duration"), entry.get("pageLink")
    length = f"{duration:.1f} {unit}s" if isinstance(duration, int | float) and unit else ""
    notes = [day, length, _said(linked, "title") if isinstance(linked, dict) else ""]
    said = f": {_said(entry, 'description')}" if _said(entry, "description") else ""
    when = f" ({', '.join(filter(None, notes))})" if any(notes) else ""
    bars = tuple(_entry(bar, unit) for bar in _entries(entry, "bars"))
    first = Paragraph((f"{_said(entry, 'title') or 'Without a title'}{said}{when}",))
    return Item((first, List(bars)) if bars else (first,))


def _entries(entry: dict[str, Any], key: str) -> Iterator[dict[str, Any]]:
    found = entry.get(key)
    return (each for each in found if isinstance(each, dict)) if isinstance(found, list) else iter(())


def _said(entry: dict[str, Any], key: str) -> str:
    value = entry.get(key)
    return " ".join(str(value).split()) if isinstance(value, str | int | float) else ""


def _day(entry: dict[str, Any], key: str) -> str:
    return _said(entry, key).partition(" ")[0].partition("T")[0]


def _title(macro: Macro, icon: str = "") -> list[Block]:
    title = macro.get("title")
    return [paragraph(Styled("strong", (f"{icon} {title}" if icon else title,)))] if title else []

"""Macros without a body of blocks: status, anchors, contents, issues, formulas, embedded sites."""

from urllib.parse import quote

from bot.convert.links import anchor, link
from bot.convert.lowering import Lowering
from bot.convert.macro import Macro
from bot.convert.tree import Node, make, set_apart, text_of, verbatim

_STATUS = {"green": "🟢", "yellow": "🟡", "red": "🔴", "blue": "🔵", "purple": "🟣"}


def lower_status(_lowering: Lowering, macro: Macro) -> list[Node]:
    """A lozenge: its colour as a dot, so that it is not lost."""
    colour = macro.get("colour", "color").lower()
    dot = _STATUS.get(colour, "⚪")
    title = macro.get("title") or colour
    return set_apart(macro.tag, f"{dot} ", make("strong", title)) if title else []


def lower_anchor(_lowering: Lowering, macro: Macro) -> list[Node]:
    name = macro.get("", "name", "anchor")
    return [anchor(name)] if name else []


def lower_toc(_lowering: Lowering, macro: Macro) -> list[Node]:
    """Filled in when the whole page is known."""
    lowest, highest = macro.get("minLevel") or "1", macro.get("maxLevel") or "7"
    return [make("toc", lowest=lowest, highest=highest)]


def lower_jira(lowering: Lowering, macro: Macro) -> list[Node]:
    """One issue is a link to it; the result of a query is not part of the page, so the query stands for it."""
    servers = lowering.context.jira
    address = next((servers[key] for key in (macro.get("serverId"), macro.get("server"), "") if key in servers), "")
    address = address.rstrip("/")
    key = macro.get("key", "issueKey")
    if key:
        return [make("a", key, href=f"{address}/browse/{quote(key)}") if address else make("strong", key)]
    query = macro.get("jqlQuery", "url", "")
    lowering.lose("macro", macro.name, f"the issues found by: {query}")
    label: Node = lowering.note("Jira issues, as the wiki finds them at each visit:")
    target = f"{address}/issues/?jql={quote(query)}"
    shown = make("code", query)
    return [label, make("span", " "), make("a", shown, href=target) if address else shown]


def lower_embedded(lowering: Lowering, macro: Macro) -> list[Node]:
    """A site or a film shown inside the page: a link to it."""
    address = macro.get("url", "src", "")
    if address:
        lowering.lose("macro", macro.name, f"shown as a link: {address}")
        return [link(lowering, [make("span", address)], address)]
    name = macro.get("name")
    lowering.lose("macro", macro.name, name)
    if name:
        return [make("span", "📎 ", make("a", name, href=lowering.targets.attachment(name)))]
    return [lowering.note(f"macro {macro.name}")]


def lower_math_block(_lowering: Lowering, macro: Macro) -> list[Node]:
    formula = _formula(macro)
    return [verbatim("mathblock", formula)] if formula.strip() else []


def lower_math_inline(_lowering: Lowering, macro: Macro) -> list[Node]:
    formula = _formula(macro)
    return [verbatim("math", formula)] if formula.strip() else []


def _formula(macro: Macro) -> str:
    if macro.plain_body is not None:
        return macro.plain_body
    if macro.rich_body is not None:
        return text_of(macro.rich_body)
    return macro.get("body", "equation", "")

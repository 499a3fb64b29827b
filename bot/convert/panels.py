"""Macros with a body: panels, expands, code, excerpts, page properties."""

from bs4 import Tag

from bot.convert.lowering import Lowering
from bot.convert.macro import Macro
from bot.convert.tree import BLOCKS, Node, make, tags_within, verbatim

ALERTS = {
    "info": "NOTE",
    "note": "IMPORTANT",
    "tip": "TIP",
    "success": "TIP",
    "warning": "WARNING",
    "error": "CAUTION",
}


def lower_alert(lowering: Lowering, macro: Macro) -> list[Node]:
    """info, note, tip, warning, …: a GitHub alert of its own kind."""
    return [make("alert", *_title(macro), *_body(lowering, macro), kind=ALERTS[macro.name.lower()])]


def lower_panel(lowering: Lowering, macro: Macro) -> list[Node]:
    """A panel of the author's own colours and icon."""
    if macro.get("bgColor", "titleBGColor", "titleColor", "borderColor"):
        lowering.lose_style("panel colours")
    icon = macro.get("panelIconText") or macro.get("panelIcon")
    shown = [make("p", icon)] if icon and not macro.get("title") else []
    return [make("alert", *shown, *_title(macro, icon), *_body(lowering, macro), kind="NOTE")]


def lower_expand(lowering: Lowering, macro: Macro) -> list[Node]:
    title = macro.get("title", "") or "Click here to expand..."
    return [make("details", *_body(lowering, macro), summary=title)]


def lower_code(lowering: Lowering, macro: Macro) -> list[Node]:
    """Code, its title above it; the language as its author chose it."""
    if macro.rich_body is not None and macro.plain_body is None:
        return [*_title(macro), make("div", *_body(lowering, macro))]
    return [*_title(macro), verbatim("fence", macro.plain_body or "", language=macro.get("language", "lang", ""))]


def lower_noformat(_lowering: Lowering, macro: Macro) -> list[Node]:
    return [*_title(macro), verbatim("fence", macro.plain_body or "")]


def lower_markdown(_lowering: Lowering, macro: Macro) -> list[Node]:
    """Markdown that an author typed is shown as code: it may not reach out of its place in the page."""
    return [verbatim("fence", macro.plain_body or "", language="markdown")]


def lower_excerpt(lowering: Lowering, macro: Macro) -> list[Node]:
    """The text that other pages include; a hidden one is there all the same, folded away."""
    body = _body(lowering, macro)
    if macro.get("hidden") == "true":
        return [make("details", *body, summary="Excerpt (hidden on the page)")]
    return [make("div", *body)] if is_block(macro) else body


def lower_page_properties(lowering: Lowering, macro: Macro) -> list[Node]:
    body = _body(lowering, macro)
    if macro.get("hidden") == "true":
        return [make("details", *body, summary="Page properties (hidden on the page)")]
    return [make("div", *body)]


def is_block(macro: Macro) -> bool:
    """Tell whether a macro holds blocks, rather than words in a sentence."""
    body = macro.rich_body
    return body is not None and any(
        tag.name in BLOCKS or tag.name == "ac:structured-macro" for tag in tags_within(body)
    )


def _title(macro: Macro, icon: str = "") -> list[Tag]:
    title = macro.get("title")
    return [make("p", make("strong", f"{icon} {title}" if icon else title))] if title else []


def _body(lowering: Lowering, macro: Macro) -> list[Node]:
    if macro.rich_body is not None:
        return lowering.children(macro.rich_body)
    return [verbatim("fence", macro.plain_body)] if macro.plain_body else []

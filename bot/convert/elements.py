"""The handlers of storage-format elements; the table is at the end."""

import re
from collections.abc import Iterator
from dataclasses import replace

from bot.convert.document import (
    ALERTS,
    Alert,
    Apart,
    Block,
    Break,
    Cell,
    Code,
    Fence,
    Heading,
    Inline,
    Inlines,
    Item,
    List,
    Node,
    Paragraph,
    Preformatted,
    Quote,
    Row,
    Rule,
    Styled,
    Table,
    add_block,
    flow,
    wrap,
)
from bot.convert.html import is_plain_html
from bot.convert.links import build_anchor, build_link
from bot.convert.macro_handlers import build_macro
from bot.convert.meaningless import MEANINGLESS_ELEMENTS
from bot.convert.media import build_html_image, build_image, build_media
from bot.convert.page_builder import ElementHandler, ObjectHandler, PageBuilder, paragraph
from bot.storage.emoticons import find_emoji, name_emoji
from bot.storage.reader import Element, Text

_STYLED = {"bold": "strong", "italic": "em", "line-through": "del", "underline": "ins"}
_CHECKED, _UNCHECKED = "[x]", "[ ]"
_LETTERS = {"a": "small letters", "A": "letters", "i": "small Roman numbers", "I": "Roman numbers"}
_LETTERS |= {"lower-alpha": "small letters", "lower-latin": "small letters", "upper-alpha": "letters"}
_LETTERS |= {"upper-latin": "letters", "lower-roman": "small Roman numbers", "upper-roman": "Roman numbers"}
_LETTERS |= {"lower-greek": "Greek letters"}
"""How a numbered list counts, by its `type` or its style."""
_LIST_STYLE = re.compile(r"list-style(?:-type)?\s*:[^;]*?\b((?:lower|upper)-\w+)", re.IGNORECASE)
_LARGEST_NUMBER = 999_999_999
"""Markdown has no longer numbers."""
_SECTIONS = frozenset({"thead", "tbody", "tfoot"})


def _paragraph(page: PageBuilder, element: Element) -> list[Node]:
    return [*flow(page.nodes(element))]


def _heading(page: PageBuilder, element: Element) -> list[Node]:
    """Convert a heading: its paragraphs become one line; other blocks in it follow."""
    level, line = int(element.name[1]), list[Inline | str]()
    built: list[Node] = []
    for block in flow(page.nodes(element)):
        if isinstance(block, Paragraph):
            line += [" ", *block.content] if line else block.content
            continue
        if line:
            built.append(Heading(level, tuple(line)))
            line = []
        built.append(block)
    return [*built, Heading(level, tuple(line))] if line else built


def _quote(page: PageBuilder, element: Element) -> list[Node]:
    return [Quote(page.blocks(element))]


def _styled(kind: str) -> ElementHandler:
    def around(run: Inlines) -> Styled:
        return Styled(kind, run)

    def handle(page: PageBuilder, element: Element) -> list[Node]:
        return wrap(page.nodes(element), around)

    return handle


def _unwrapped(page: PageBuilder, element: Element) -> list[Node]:
    return page.nodes(element)


def _dropped(_page: PageBuilder, _element: Element) -> list[Node]:
    return []


def _forbidden(page: PageBuilder, element: Element) -> list[Node]:
    page.lose("element", element.name, "never shown on a page")
    return []


def _break(page: PageBuilder, element: Element) -> list[Node]:
    return [Break(), *page.nodes(element)]


def _rule(page: PageBuilder, element: Element) -> list[Node]:
    return [Rule(), *page.nodes(element)]


def _span(page: PageBuilder, element: Element) -> list[Node]:
    """Convert the style of a span that Markdown can express; other styles are counted as losses."""
    nodes = page.nodes(element)
    style = element.attributes.get("style", "").lower()
    for value, kind in _STYLED.items() if style else ():
        if re.search(rf"(?:font-weight|font-style|text-decoration)[\w-]*\s*:[^;]*\b{value}\b", style):
            nodes = wrap(nodes, lambda run, kind=kind: Styled(kind, run))  # type: ignore[misc] # a default binds the loop's kind
    return nodes


def _preformatted(page: PageBuilder, element: Element) -> list[Node]:
    """Convert `pre`: plain text becomes a fence; a `pre` with links or emphasis is kept as HTML."""
    if all(child.name in ("span", "br", "code") for child in element.elements()):
        return [Fence("".join(_lines(element)))]
    nodes = page.nodes(element)
    run = tuple(node for node in nodes if not isinstance(node, Block))
    return [Preformatted(run)] if len(run) == len(nodes) and is_plain_html(run) else [*flow(nodes)]


def _lines(element: Element) -> Iterator[str]:
    """Yield the text of *element*, including line breaks."""
    for node in element.walk():
        if isinstance(node, Text):
            if node.is_visible:
                yield node.value
        elif node.name == "br":
            yield "\n"


def _code(page: PageBuilder, element: Element) -> list[Node]:
    if all(child.name == "span" for child in element.elements()):
        return [Code(element.text)]
    nodes = page.nodes(element)
    texts = [node for node in nodes if isinstance(node, str)]
    return [Code("".join(texts))] if len(texts) == len(nodes) else wrap(nodes, lambda run: Styled("code", run))


def _time(_page: PageBuilder, element: Element) -> list[Node]:
    return [Apart((" ".join(element.text.split()) or element.attributes.get("datetime", ""),))]


def _emoticon(page: PageBuilder, element: Element) -> list[Node]:
    found = find_emoji(element)
    if found is not None:
        return [found]
    name = name_emoji(element)
    page.lose("emoji", name, "only the wiki has its picture")
    return [f":{name}:"]


def _layout_section(page: PageBuilder, element: Element) -> list[Node]:
    columns = sum(child.name == "ac:layout-cell" for child in element.children)
    if columns > 1:
        page.lose_style(f"layout in {columns} columns (placed one after the other)")
    return [*flow(page.nodes(element))]


def _placeholder(page: PageBuilder, element: Element) -> list[Node]:
    text = " ".join(element.text.split())
    page.lose("placeholder", text, "an instruction that only the editor shows")
    return [Styled("em", (text,))]


def _inline_comment(page: PageBuilder, element: Element) -> list[Node]:
    """Mark the end of the commented text with a footnote; of several markers, the last one has the footnote."""
    nodes = page.nodes(element)
    ref = element.attributes.get("ac:ref", "")
    if ref not in page.context.comments or page.is_in_comment:
        where = "text of another comment, without a footnote" if page.is_in_comment else "text, not captured"
        page.lose_style(f"inline comment (marked in the {where})")
        return nodes
    return [*nodes, page.reference(ref)]


def _definition_term(page: PageBuilder, element: Element) -> list[Node]:
    return [*flow(wrap(page.nodes(element), lambda run: Styled("strong", run)))]


def _definition(page: PageBuilder, element: Element) -> list[Node]:
    return [Quote(page.blocks(element))]


def _quotation(page: PageBuilder, element: Element) -> list[Node]:
    return ["“", *page.nodes(element), "”"]


# Lists and tasks


class _Lists:
    """The lists that one source list becomes; a number out of order, or a list of the other kind, starts a new list."""

    def __init__(self, start: int | None) -> None:
        self._start = self._next = start
        self._indent = 0
        self._items: list[Item] = []
        self._last: list[Block] = []
        """The blocks of the last item, including stray content."""
        self._has_strays = False
        self._built: list[Block] = []

    def add(self, item: Item, number: int | None = None) -> bool:
        """Add an item, with its *number* if it has one; return whether a new list had to be started."""
        is_out_of_order = self._next is not None and number not in (None, self._next)
        if is_out_of_order:
            self._close()
            self._start = self._next = number
        if self._next is not None:
            self._next += 1
        self._finish_item()
        self._items.append(item)
        self._last = list(item.blocks)
        return is_out_of_order and len(self._built) > 0

    def add_stray(self, blocks: tuple[Block, ...]) -> None:
        """Add content outside any item to the previous item; before the first item, an inner list replaces this one."""
        for block in blocks:
            if self._items:
                add_block(self._last, block)
                self._has_strays = True
            elif not isinstance(block, List):
                self.add(Item((block,)))
            elif self._built or (block.start is None) != (self._start is None):
                self._built.append(replace(block, indent=block.indent + 1))
            else:
                self._indent = block.indent + 1
                for item in block.items:
                    self.add(item)

    def close(self) -> list[Node]:
        """Return the lists."""
        self._close()
        return [*self._built]

    def _finish_item(self) -> None:
        if self._has_strays:
            self._items[-1] = replace(self._items[-1], blocks=tuple(self._last))
            self._has_strays = False

    def _close(self) -> None:
        if self._items:
            self._finish_item()
            self._built.append(List(tuple(self._items), self._start, self._indent))
            self._items, self._indent = [], 0


def _list(page: PageBuilder, element: Element) -> list[Node]:
    """Convert `ul` and `ol`; a list directly in a list is an indentation made by the editor."""
    lists = _Lists(_start(page, element) if element.name.lower() == "ol" else None)
    strays: list[Node] = []
    for node in element.nodes:
        if isinstance(node, Text):
            if node.is_visible:
                strays.append(node.value)
        elif node.name.lower() != "li":
            strays += page.element(node)
        else:
            strays = _add_strays(lists, strays)
            page.note_attributes(node)
            value = node.attributes.get("value", "")
            number = _number(value)
            if number is None and value and element.name.lower() == "ol":
                page.lose("list", f"value {value}", "Markdown counts from 0 up: shown as the next number")
            if lists.add(Item(page.blocks(node)), number):
                page.lose("list", f"value {number}", "the number of an item in the midst: shown as a list of its own")
    _add_strays(lists, strays)
    return lists.close()


def _add_strays(lists: _Lists, strays: list[Node]) -> list[Node]:
    if blocks := flow(strays):
        lists.add_stray(blocks)
    return []


def _start(page: PageBuilder, element: Element) -> int:
    """Return the first number of an `ol`; numbering that Markdown does not support is a loss."""
    attributes = element.attributes
    style = _LIST_STYLE.search(attributes.get("style", ""))
    kind, start = style[1].lower() if style else attributes.get("type", ""), attributes.get("start", "")
    if kind in _LETTERS:
        page.lose("list", f"type {kind}", f"counted with {_LETTERS[kind]}: shown with numbers")
    if "reversed" in attributes:
        page.lose("list", "reversed", f"counted down{f' from {start}' if start else ''}: shown counting up")
    number = _number(start)
    if number is None and start:
        page.lose("list", f"start {start}", f"Markdown counts from 0 up to {_LARGEST_NUMBER}: shown from 1")
    return 1 if number is None else number


def _number(text: str) -> int | None:
    text = text.strip()
    is_number = text.isascii() and text.isdecimal() and len(text.lstrip("0")) <= len(str(_LARGEST_NUMBER))
    return int(text) if is_number else None


def _stray_item(page: PageBuilder, element: Element) -> list[Node]:
    """Convert an `li` outside any list."""
    return [List((Item(page.blocks(element)),))]


def _task_list(page: PageBuilder, element: Element) -> list[Node]:
    """Convert a task list to check boxes; assignee and date are in the text of the task, as mention and date."""
    lists = _Lists(None)
    for child in element.children:
        if child.name == "ac:task":
            lists.add(_task(page, child))
        elif blocks := flow(page.element(child)):
            lists.add_stray(blocks)
    return lists.close()


def _task(page: PageBuilder, task: Element) -> Item:
    status, body = task.find_child("ac:task-status"), task.find_child("ac:task-body")
    is_done = status is not None and status.text.strip() == "complete"
    blocks = page.blocks(body) if body is not None else ()
    if not (blocks and isinstance(blocks[0], Paragraph)):
        # GitHub shows a check box only if text follows on its line.
        blocks = (Paragraph(("…",)), *blocks)
    return Item(blocks, _CHECKED if is_done else _UNCHECKED)


# Tables


def _table(page: PageBuilder, element: Element) -> list[Node]:
    """Convert a table to rows of cells; its caption, and content outside of cells, precede it."""
    before: list[Block] = []
    rows = [row for row in _rows(page, element, before) if row.cells]
    return [*before, Table(tuple(rows))] if rows else [*before]


def _rows(page: PageBuilder, parent: Element, before: list[Block]) -> Iterator[Row]:
    is_head = parent.name.lower() == "thead"
    for node in parent.nodes:
        name = "" if isinstance(node, Text) else node.name.lower()
        if isinstance(node, Text):
            before += flow([node.value] if node.is_visible else [])
        elif name == "tr":
            page.note_attributes(node)
            yield Row(tuple(_cells(page, node, before)), is_head)
        elif name in _SECTIONS:
            page.note_attributes(node)
            yield from _rows(page, node, before)
        elif name not in MEANINGLESS_ELEMENTS:
            before += flow(page.element(node))


def _cells(page: PageBuilder, row: Element, before: list[Block]) -> Iterator[Cell]:
    for node in row.nodes:
        if isinstance(node, Text):
            before += flow([node.value] if node.is_visible else [])
        elif (name := node.name.lower()) in ("td", "th"):
            page.note_attributes(node)
            yield Cell(
                page.blocks(node), name == "th", _cells_spanned(node, "colspan"), _cells_spanned(node, "rowspan")
            )
        else:
            before += flow(page.element(node))


def _cells_spanned(cell: Element, name: str) -> str:
    value = cell.attributes.get(name, "")
    return "" if value == "1" else value


# Content that storage format cannot express: once as an ADF node, and again as a fallback for old clients.


def _adf_extension(page: PageBuilder, element: Element) -> list[Node]:
    node = element.find_child("ac:adf-node")
    if node is not None:
        kind = node.attributes.get("type", "")
        if kind == "panel":
            return [_adf_panel(page, node)]
        if kind in ("decision-list", "decisionList"):
            return [_decisions(page, node)]
        page.lose("element", f"ADF {kind}", "kept as its text")
        for name, value in _adf_attributes(node).items():
            if name != "local-id":
                page.lose("attribute", f"ADF {kind} {name}", value)
        content = node.find_child("ac:adf-content")
        if content is not None and content.text.strip():
            return [*page.blocks(content)]
    fallback = element.find_child("ac:adf-fallback")
    return page.nodes(fallback) if fallback is not None else []


def _adf_panel(page: PageBuilder, node: Element) -> Alert:
    values = _adf_attributes(node)
    icon = values.get("panel-icon-text") or values.get("panel-icon", "")
    content = node.find_child("ac:adf-content")
    blocks = page.blocks(content) if content is not None else ()
    # The icon of a custom panel is content; an ASCII icon text is only the name of an image.
    title = (paragraph(icon),) if icon and not icon.isascii() else ()
    return Alert(ALERTS.get(values.get("panel-type", ""), "NOTE"), (*title, *blocks))


def _decisions(page: PageBuilder, node: Element) -> List:
    items = []
    for item in (node.find_child("ac:adf-content") or node).children:
        if item.name == "ac:adf-node":
            is_decided = _adf_attributes(item).get("state", "DECIDED").upper() == "DECIDED"
            text = item.find_child("ac:adf-content")
            items.append(Item(page.blocks(text) if text is not None else (), "✔️" if is_decided else "❔"))
    return List(tuple(items))


def _adf_attributes(node: Element) -> dict[str, str]:
    return {
        child.attributes.get("key", ""): " ".join(child.text.split())
        for child in node.children
        if child.name == "ac:adf-attribute"
    }


ELEMENTS: dict[str, ElementHandler] = {
    "p": _paragraph,
    **dict.fromkeys(("h1", "h2", "h3", "h4", "h5", "h6"), _heading),
    **dict.fromkeys(("ul", "ol"), _list),
    "li": _stray_item,
    "ac:task-list": _task_list,
    "table": _table,
    **dict.fromkeys(("thead", "tbody", "tfoot", "tr", "td", "th", "caption"), _paragraph),  # outside any table
    **{name: _styled(name) for name in ("strong", "em", "del", "ins", "sub", "sup", "kbd", "samp", "var")},
    **dict.fromkeys(("b",), _styled("strong")),
    **dict.fromkeys(("i", "figcaption"), _styled("em")),
    **dict.fromkeys(("u",), _styled("ins")),
    **dict.fromkeys(("s", "strike"), _styled("del")),
    "br": _break,
    "hr": _rule,
    "blockquote": _quote,
    **dict.fromkeys(("div", "section", "article", "header", "footer", "main", "figure", "center"), _paragraph),
    **dict.fromkeys(("span", "font"), _span),
    **dict.fromkeys(
        ("small", "big", "abbr", "cite", "label", "mark", "bdi", "bdo", "dfn", "dl", "body", "xml", "html"), _unwrapped
    ),
    **dict.fromkeys(("ac:rich-text-body", "ac:layout", "ac:layout-cell", "ac:adf-content", "acxhtml"), _unwrapped),
    **dict.fromkeys(MEANINGLESS_ELEMENTS, _dropped),
    **dict.fromkeys(("script", "style"), _forbidden),
    **dict.fromkeys(("video", "audio", "iframe", "object", "embed"), build_media),
    **dict.fromkeys(("tt", "code"), _code),
    "pre": _preformatted,
    "dt": _definition_term,
    "dd": _definition,
    "q": _quotation,
    "a": build_anchor,
    "img": build_html_image,
    "time": _time,
    "ac:link": build_link,
    **dict.fromkeys(("ac:emoticon", "ac:hipchat-emoticon"), _emoticon),
    "ac:placeholder": _placeholder,
    "ac:inline-comment-marker": _inline_comment,
    "ac:layout-section": _layout_section,
    "ac:adf-extension": _adf_extension,
}
"""The handlers of elements, by name."""

OBJECTS: dict[str, ObjectHandler] = {
    **dict.fromkeys(("ac:structured-macro", "ac:macro"), build_macro),
    "ac:image": build_image,
}
"""The handlers of elements that are a block if nothing is next to them."""

"""Tables."""

from collections.abc import Iterator

from bot.convert.document import Block, Cell, Node, Row, Table, flow
from bot.convert.page_builder import PageBuilder
from bot.storage.reader import Element, Text

_SECTIONS = frozenset({"thead", "tbody", "tfoot"})
_NOT_SHOWN = frozenset({"colgroup", "col"})


def build_table(page: PageBuilder, element: Element) -> list[Node]:
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
        elif name not in _NOT_SHOWN:
            before += flow(page.element(node))


def _cells(page: PageBuilder, row: Element, before: list[Block]) -> Iterator[Cell]:
    for node in row.nodes:
        if isinstance(node, Text):
            before += flow([node.value] if node.is_visible else [])
        elif (name := node.name.lower()) in ("td", "th"):
            page.note_attributes(node)
            yield Cell(page.blocks(node), name == "th", _span(node, "colspan"), _span(node, "rowspan"))
        else:
            before += flow(page.element(node))


def _span(cell: Element, name: str) -> str:
    value = cell.attributes.get(name, "")
    return "" if value == "1" else value

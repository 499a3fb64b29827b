"""Find status, quick links and news on a page without markers (pure).

A section is found by its label: a heading, a bold line, bold words at the start of a line, the title of a panel or of
another macro with a rich-text body, or a table cell. The section extends over the following nodes that fit its
content. In case of doubt, a node is not included.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from bot.adopt.dates import parse_day
from bot.adopt.labels import is_label_of
from bot.adopt.nodes import NodeKind, is_blank, is_bold, is_inline, is_link_only, kind_of, starts_with_icon
from bot.splice import Span
from bot.storage.macros import HEADINGS, collapse, find_parameter, find_rich_text_body, iter_content, macro_name
from bot.storage.reader import Document, Element, Text
from bot.storage.regions import why_not_details

_CONTAINERS = {"ac:layout-cell", "td", "th", "ac:rich-text-body", "div"}
_NAMING_PARAMETERS = ("title", "id", "label", "name")

Nodes = Sequence[Element | Text]


@dataclass(frozen=True, slots=True)
class Section:
    """A place that looks like a region; a region would replace *span*, and *nodes* is the content without the label.

    *is_boxed* if a Page Properties block is not allowed in that place, for example in a table or a panel.
    """

    region: str
    span: Span
    nodes: tuple[Element | Text, ...]
    how: str
    is_boxed: bool
    heading: str | None = None
    heading_level: int = 0
    has_styled_heading: bool = False


def find_sections(tree: Document, region: str, *, excluded: Sequence[Span] = ()) -> list[Section]:
    """Return the places that look like *region* and are outside the *excluded* spans, in page order."""
    copies = [each.span for each in tree.elements() if each.name == "ac:adf-extension"]
    sections: list[Section] = []
    for element in [tree.root, *iter_content(tree)]:
        if any(span.holds(element.span) for span in (*copies, *excluded)) and element.parent is not None:
            continue
        if element.parent is None or element.name in _CONTAINERS:
            sections += _labelled(element, region)
        if element.name == "table":
            sections += _in_table(element, region)
        if macro_name(element) is not None:
            sections += _in_macro(element, region)
    unique = {(section.span, section.nodes): section for section in sections if _is_free(section, excluded)}
    return sorted(unique.values(), key=lambda section: section.span)


def _is_free(section: Section, excluded: Sequence[Span]) -> bool:
    return not any(span.start < section.span.end and section.span.start < span.end for span in excluded)


def _labelled(container: Element, region: str) -> Iterator[Section]:
    for index, node in enumerate(container.nodes):
        if not isinstance(node, Element) or (node.name != "p" and node.name not in HEADINGS):
            continue
        label = collapse(node.text)
        rest: Nodes = ()
        if node.name in HEADINGS and is_label_of(region, label):
            how = f"the heading {label!r}"
        elif node.name == "p" and is_bold(node) and is_label_of(region, label):
            how = f"the bold line {label!r}"
        elif node.name == "p" and (found := _inline_label(node, region)):
            label, rest = found
            how = f"the bold words {label!r}"
        else:
            continue
        taken = [*rest, *_take(container.nodes[index + 1 :], _Reach(region, has_lead=bool(rest)))]
        if taken:
            span = Span(node.span.start, max(node.span.end, taken[-1].span.end))
            is_boxed = why_not_details(container) is not None
            level = HEADINGS.get(node.name, 0)
            yield Section(region, span, tuple(taken), how, is_boxed, label, level, _is_styled(node))


def _is_styled(label: Element) -> bool:
    """Whether a label has formatting that the templates do not render."""
    return (
        any(each.name in ("span", "em", "i", "u", "font") for each in label.elements()) or "style" in label.attributes
    )


def _inline_label(paragraph: Element, region: str) -> tuple[str, Nodes] | None:
    """Split `<strong>Status:</strong> words` into label and rest."""
    nodes = [node for node in paragraph.nodes if not (isinstance(node, Text) and not node.value.strip())]
    first = nodes[0] if nodes else None
    if not isinstance(first, Element) or first.name not in ("strong", "b") or len(nodes) < 2:
        return None
    label = collapse(first.text)
    return (label, nodes[1:]) if is_label_of(region, label) else None


def _in_macro(macro: Element, region: str) -> Iterator[Section]:
    body = find_rich_text_body(macro)
    names = [find_parameter(macro, name) or "" for name in _NAMING_PARAMETERS]
    name = next((name for name in names if is_label_of(region, name)), None)
    if body is None or name is None or name.startswith("wikibot-"):
        return
    taken = _take(body.nodes, _Reach(region))
    if taken:
        how = f"the {macro_name(macro)} macro {name!r}"
        yield Section(region, _span(taken), tuple(taken), how, why_not_details(body) is not None)


def _in_table(table: Element, region: str) -> Iterator[Section]:
    rows = [_cells(row) for row in table.elements() if row.name == "tr" and _table_of(row) is table]
    for row in rows:
        if len(row) == 2 and _is_label_cell(row[0], region) and not _is_head(row):
            yield from _in_cell(row[1], region, collapse(row[0].text))
    if len(rows) == 2 and len(rows[0]) == len(rows[1]) and _is_head(rows[0]):
        for label, cell in zip(*rows, strict=True):
            if _is_label_cell(label, region):
                yield from _in_cell(cell, region, collapse(label.text))


def _cells(row: Element) -> list[Element]:
    return [cell for cell in row.children if cell.name in ("td", "th")]


def _table_of(row: Element) -> Element | None:
    return next((each for each in row.ancestors() if each.name == "table"), None)


def _is_head(row: list[Element]) -> bool:
    return all(cell.name == "th" or is_bold(cell) for cell in row)


def _is_label_cell(cell: Element, region: str) -> bool:
    return (cell.name == "th" or is_bold(cell)) and is_label_of(region, collapse(cell.text))


def _in_cell(cell: Element, region: str, label: str) -> Iterator[Section]:
    taken = _take(cell.nodes, _Reach(region))
    if taken:
        yield Section(region, _span(taken), tuple(taken), f"the table's cell {label!r}", is_boxed=True)


def _span(nodes: Nodes) -> Span:
    return Span(nodes[0].span.start, nodes[-1].span.end)


class _Reach:
    """Decides where a section ends."""

    def __init__(self, region: str, *, has_lead: bool = False) -> None:
        self._region = region
        self._kinds: list[NodeKind] = [NodeKind.LINE] if has_lead else []
        self._has_lead = has_lead
        self._has_icons = False

    def takes(self, node: Element | Text, kind: NodeKind, *, after_gap: bool) -> bool:
        """Return whether *node* belongs to the section; *after_gap* if an empty line precedes *node*."""
        if kind in (NodeKind.LABEL, NodeKind.OTHER):
            is_taken = kind is NodeKind.OTHER and not self._kinds  # taken so that the refusal can name the content
        elif kind is NodeKind.TABLE:
            is_taken = not self._kinds
        elif not self._kinds:
            is_taken = True
        else:
            is_taken = self._goes_on(node, kind, after_gap=after_gap)
        if is_taken:
            self._has_icons |= starts_with_icon(node)
            self._kinds.append(kind)
        return is_taken

    def _goes_on(self, node: Element | Text, kind: NodeKind, *, after_gap: bool) -> bool:
        if self._kinds[0] in (NodeKind.OTHER, NodeKind.TABLE):
            return False
        match self._region:
            case "status":
                is_done = after_gap or self._has_lead or self._has_icons or NodeKind.LIST in self._kinds
                return starts_with_icon(node) or not is_done
            case "quick_links":
                return kind is NodeKind.LIST or is_link_only(node)
            case _:
                return self._news_go_on(node, kind, after_gap=after_gap)

    def _news_go_on(self, node: Element | Text, kind: NodeKind, *, after_gap: bool) -> bool:
        if kind is NodeKind.LIST or _is_day(node):
            return True
        if NodeKind.LIST in self._kinds:
            return is_link_only(node) and not after_gap
        return not (after_gap or self._has_lead)


def _is_day(node: Element | Text) -> bool:
    return isinstance(node, Element) and parse_day(collapse(node.text)) is not None


def _take(nodes: Nodes, reach: _Reach) -> list[Element | Text]:
    """Return the leading *nodes* that belong to the section, without blank nodes at both ends."""
    taken: list[Element | Text] = []
    gap: list[Element | Text] = []
    for node in nodes:
        if is_blank(node):
            gap.append(node)
            continue
        kind = kind_of(node)
        goes_on = bool(taken) and is_inline(taken[-1]) and is_inline(node)  # a line is never split
        if not goes_on and not reach.takes(node, kind, after_gap=any(isinstance(each, Element) for each in gap)):
            break
        taken += [*gap, node] if taken else [node]
        gap = []
    return taken

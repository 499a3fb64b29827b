"""Find status, quick links and news on a page without markers (pure).

A section is found by its label: a heading, a bold line, bold words or words with a colon at the start of a line, the
title of a panel or of another macro with a rich-text body, or a table cell. A person can name the label, or the first
words of a section without a label. The section extends over the following nodes that fit its content. In case of
doubt, a node is not included.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum

from bot.adopt.blocks import is_block
from bot.adopt.dates import parse_day
from bot.adopt.labels import is_label, is_label_of, simplify
from bot.splice import Span
from bot.storage.macros import HEADINGS, collapse, find_parameter, find_rich_text_body, iter_content, macro_name
from bot.storage.reader import Document, Element, Text
from bot.storage.regions import why_not_details
from bot.storage.unseen_text import is_unseen
from bot.storage.visible_text import text_of

_CONTAINERS = {"ac:layout-cell", "td", "th", "ac:rich-text-body", "div"}
_NAMING_PARAMETERS = ("title", "id", "label", "name")
_SEEN = {"ac:emoticon", "ac:image", "ac:link", "time", "img", "hr"}
_OTHER = {"div", "hr", "pre", "blockquote"}
_OTHER_PREFIXES = ("ac:layout", "ac:task", "ac:adf")
_BOXES = {"info", "note", "tip", "warning", "panel", "excerpt", "expand"}
_LINE_MACROS = {"status", "anchor", "jira"}
_LONGEST_LABEL = 60
_FIRST_WORDS = 6
_YEAR = re.compile(r"(?<!\d)(19|20)\d\d(?!\d)")

Nodes = Sequence[Element | Text]


@dataclass(frozen=True, slots=True)
class Wanted:
    """The section to find: of *region*; if *name* is given, the one with that label or these first words."""

    region: str
    name: str | None = None

    def fits(self, label: str) -> bool:
        """Return whether *label* is the label of the section."""
        if self.name is not None:
            return simplify(label) == simplify(self.name)
        return is_label_of(self.region, label)


@dataclass(frozen=True, slots=True)
class Section:
    """A place that looks like a region; a region would replace *span*, and *nodes* is the content without the label.

    *is_boxed* if a Page Properties block is not allowed in that place, for example in a table or a panel. *is_inline*
    if the content begins in the line of the label. *rest* is what follows below the heading and is left out.
    """

    region: str
    span: Span
    nodes: tuple[Element | Text, ...]
    how: str
    is_boxed: bool
    heading: str | None = None
    heading_level: int = 0
    is_inline: bool = False
    rest: str = ""

    @property
    def name(self) -> str:
        """The label, or the first words."""
        return self.heading or " ".join(" ".join(map(text_of, self.nodes)).split()[:_FIRST_WORDS])


def find_sections(tree: Document, wanted: Wanted, *, excluded: Sequence[Span] = ()) -> list[Section]:
    """Return the places that look like *wanted* and are outside the *excluded* spans, in page order."""
    sections: list[Section] = []
    for element in _open_elements(tree, excluded):
        if element.parent is None or element.name in _CONTAINERS:
            sections += _labelled(element, wanted)
        if element.name == "table":
            sections += _in_table(element, wanted)
        if macro_name(element) is not None:
            sections += _in_macro(element, wanted)
    if not sections and wanted.name is not None:
        sections += _starting_with(tree, wanted, excluded)
    unique = {(section.span, section.nodes): section for section in sections if _is_free(section, excluded)}
    return sorted(unique.values(), key=lambda section: section.span)


def list_labels(tree: Document, *, excluded: Sequence[Span] = ()) -> list[str]:
    """Return what a person can name as the label of a section: headings, bold lines and titles of panels."""
    labels: list[str] = []
    for element in _open_elements(tree, excluded):
        text = text_of(element)
        if element.name in HEADINGS or (element.name == "p" and is_bold(element)):
            labels.append(text)
        elif macro_name(element) is not None and find_rich_text_body(element) is not None:
            labels.append(find_parameter(element, "title") or "")
    return list(dict.fromkeys(label for label in labels if label and len(label) <= _LONGEST_LABEL))


def find_strips(tree: Document, *, next_to: Sequence[Span], excluded: Sequence[Span]) -> list[Section]:
    """Return lines of links without a label that are next to one of the spans *next_to*."""
    strips = []
    for element in _open_elements(tree, excluded):
        if element.name != "p" or element.parent is None or not _is_strip(element):
            continue
        siblings = [each for each in element.parent.nodes if each is element or not is_blank(each)]
        at = siblings.index(element)
        around = siblings[max(at - 1, 0) : at + 2]
        if any(span.contains(each.span) for span in next_to for each in around):
            how = f"the line of links “{text_of(element)}”"
            boxed = why_not_details(element.parent) is not None
            strips.append(Section("quick_links", element.span, (element,), how, boxed))
    return strips


def _open_elements(tree: Document, excluded: Sequence[Span]) -> Iterator[Element]:
    """Yield the body and its elements, without copies for old editors and the *excluded* spans."""
    copies = [each.span for each in tree.elements("ac:adf-extension")]
    yield tree.root
    for element in iter_content(tree):
        if not any(span.contains(element.span) for span in (*copies, *excluded)):
            yield element


def _is_free(section: Section, excluded: Sequence[Span]) -> bool:
    return not any(span.start < section.span.end and section.span.start < span.end for span in excluded)


def _labelled(container: Element, wanted: Wanted) -> Iterator[Section]:
    for index, node in enumerate(container.nodes):
        if not isinstance(node, Element) or (node.name != "p" and node.name not in HEADINGS):
            continue
        label: str | None = text_of(node)
        rest: Nodes = ()
        if node.name in HEADINGS and wanted.fits(label or ""):
            how = f"the heading {label!r}"
        elif node.name == "p" and is_bold(node) and wanted.fits(label or ""):
            how = f"the bold line {label!r}"
        elif node.name == "p" and (found := _inline_label(node, wanted)):
            label, rest = found
            how = f"the bold words {label!r}"
        elif node.name == "p" and (words := _plain_label(node, wanted)):
            label, rest = None, [node]
            how = f"the words {words!r}"
        else:
            continue
        reach = _Reach(wanted.region, level=HEADINGS.get(node.name), has_lead=bool(rest))
        taken = [*rest, *_take(container.nodes[index + 1 :], reach)]
        following = _following(container.nodes[index + 1 :], taken)
        taken += _further_boxes(taken, following)
        box = _box_of(taken)
        if box is not None:
            inside = _take(box.nodes, _Reach(wanted.region, level=0))
            if inside:
                yield Section(wanted.region, _span(inside), tuple(inside), how, why_not_details(box) is not None)
                continue
        is_followed = any(not is_blank(each) for each in container.nodes[index + 1 :])
        if taken or is_followed:
            span = Span(node.span.start, max(each.span.end for each in (node, *taken)))
            is_boxed = why_not_details(container) is not None
            level = HEADINGS.get(node.name, 0)
            left = _rest(following) if level else ""
            yield Section(wanted.region, span, tuple(taken), how, is_boxed, label, level, bool(label and rest), left)


def _following(nodes: Nodes, taken: Nodes) -> Element | Text | None:
    """Return the first of *nodes* behind those that are *taken* which a reader sees."""
    end = taken[-1].span.end if taken else 0
    return next((each for each in nodes if each.span.start >= end and not is_blank(each)), None)


def _rest(following: Element | Text | None) -> str:
    """Return the first words of what comes after a section, if they are no heading of something else."""
    if following is None or kind_of(following) in (NodeKind.HEADING, NodeKind.CAPTION):
        return ""
    words = text_of(following).split()
    return " ".join(words[:_FIRST_WORDS]) + (" …" if len(words) > _FIRST_WORDS else "")


def _box_of(taken: Nodes) -> Element | None:
    """Return the body of the panel that is the whole content of a section; the region goes into the panel."""
    only = taken[0] if len(taken) == 1 else None
    if not isinstance(only, Element) or macro_name(only) not in _BOXES:
        return None
    return find_rich_text_body(only)


def _further_boxes(taken: Nodes, following: Element | Text | None) -> list[Element]:
    """Return a second panel in which the content of a section goes on, so that the section is not cut in two.

    For example, the news of each month can be in a panel of its own.
    """
    if _box_of(taken) is None or not isinstance(following, Element) or _box_of([following]) is None:
        return []
    is_of_same_name = [macro_name(following)] == [macro_name(each) for each in taken if isinstance(each, Element)]
    return [following] if is_of_same_name and not is_label(find_parameter(following, "title") or "") else []


def _inline_label(paragraph: Element, wanted: Wanted) -> tuple[str, Nodes] | None:
    """Split `<strong>Status:</strong> words` into label and rest."""
    nodes = [node for node in paragraph.nodes if not (isinstance(node, Text) and not node.value.strip())]
    first = nodes[0] if nodes else None
    if not isinstance(first, Element) or first.name not in ("strong", "b") or len(nodes) < 2:
        return None
    label = text_of(first)
    return (label, nodes[1:]) if wanted.fits(label) else None


def _plain_label(paragraph: Element, wanted: Wanted) -> str | None:
    """Return the label of `Status: words`, a line in which label and content look alike."""
    first = next((node for node in paragraph.walk() if isinstance(node, Text) and node.value.strip()), None)
    label, colon, _ = (first.value if first is not None and first.is_visible else "").partition(":")
    is_region = wanted.region in ("status", "quick_links")
    return collapse(label) if is_region and colon and wanted.fits(label) else None


def _in_macro(macro: Element, wanted: Wanted) -> Iterator[Section]:
    body = find_rich_text_body(macro)
    names = [find_parameter(macro, name) or "" for name in _NAMING_PARAMETERS]
    name = next((name for name in names if name and wanted.fits(name)), None)
    if body is None or name is None or name.startswith("wikibot-"):
        return
    taken = _take(body.nodes, _Reach(wanted.region, level=0))
    if taken:
        how = f"the {macro_name(macro)} macro {name!r}"
        yield Section(wanted.region, _span(taken), tuple(taken), how, why_not_details(body) is not None)


def _in_table(table: Element, wanted: Wanted) -> Iterator[Section]:
    rows = [_cells(row) for row in table.elements("tr") if _table_of(row) is table]
    for row in rows:
        if len(row) == 2 and _is_label_cell(row[0], wanted) and not _is_head(row):
            yield from _in_cell(row[1], wanted, collapse(row[0].text))
    if len(rows) == 2 and len(rows[0]) == len(rows[1]) and _is_head(rows[0]):
        for label, cell in zip(*rows, strict=True):
            if _is_label_cell(label, wanted):
                yield from _in_cell(cell, wanted, collapse(label.text))


def _cells(row: Element) -> list[Element]:
    return [cell for cell in row.children if cell.name in ("td", "th")]


def _table_of(row: Element) -> Element | None:
    return next((each for each in row.ancestors() if each.name == "table"), None)


def _is_head(row: list[Element]) -> bool:
    return all(cell.name == "th" or is_bold(cell) for cell in row)


def _is_label_cell(cell: Element, wanted: Wanted) -> bool:
    return (cell.name == "th" or is_bold(cell)) and wanted.fits(text_of(cell))


def _in_cell(cell: Element, wanted: Wanted, label: str) -> Iterator[Section]:
    taken = _take(cell.nodes, _Reach(wanted.region, level=0))
    if taken:
        yield Section(wanted.region, _span(taken), tuple(taken), f"the table's cell {label!r}", is_boxed=True)


def _starting_with(tree: Document, wanted: Wanted, excluded: Sequence[Span]) -> Iterator[Section]:
    """Find paragraphs, lists and tables without a label by their first words."""
    name = simplify(wanted.name or "")
    for element in _open_elements(tree, excluded):
        parent = element.parent
        if element.name not in ("p", "ul", "ol", "table") or parent is None or not name:
            continue
        is_open = parent.name in _CONTAINERS or parent.parent is None
        if is_open and f"{simplify(text_of(element))} ".startswith(name):
            index = next(n for n, each in enumerate(parent.nodes) if each is element)
            taken = _take(parent.nodes[index:], _Reach(wanted.region))
            how = f"the words {wanted.name!r}"
            yield Section(wanted.region, _span(taken), tuple(taken), how, why_not_details(parent) is not None)


def _span(nodes: Nodes) -> Span:
    return Span(nodes[0].span.start, nodes[-1].span.end)


class NodeKind(StrEnum):
    """Rough classification of a node."""

    LINE = "line"
    LIST = "list"
    TABLE = "table"
    HEADING = "heading"
    CAPTION = "caption"
    """A bold line: the start of another part of the page, or a sub-heading."""
    OTHER = "other"
    """A macro, a layout or another container."""


_CONTENT = (NodeKind.LINE, NodeKind.LIST, NodeKind.TABLE)


class _Reach:
    """Decides where a section ends; *level* is the level of its heading, 0 if all of a container is the section."""

    def __init__(self, region: str, *, level: int | None = None, has_lead: bool = False) -> None:
        self._region, self._level = region, level
        self._kinds: list[NodeKind] = [NodeKind.LINE] if has_lead else []
        self._has_lead = has_lead
        self._has_icons = False

    def takes(self, node: Element | Text, kind: NodeKind, *, following: NodeKind | None, after_gap: bool) -> bool:
        """Return whether *node* belongs to the section; *after_gap* if an empty line precedes *node*."""
        match kind:
            case NodeKind.HEADING | NodeKind.CAPTION if self._is_group(node, kind, following):
                is_taken = True
            case NodeKind.HEADING:
                is_taken = False
            case NodeKind.CAPTION if is_label(text_of(node)):
                is_taken = False
            case NodeKind.OTHER:
                is_taken = not self._kinds  # taken so that the refusal can name the content
            case _ if not self._kinds or self._kinds[-1] in (NodeKind.HEADING, NodeKind.CAPTION):
                is_taken = True
            case NodeKind.TABLE:
                is_taken = self._kinds == [NodeKind.LINE] and self._region != "status" and not after_gap
            case _:
                is_taken = self._goes_on(node, kind, following=following, after_gap=after_gap)
        if is_taken:
            self._has_icons |= starts_with_icon(node)
            self._kinds.append(kind)
        return is_taken

    def _is_group(self, node: Element | Text, kind: NodeKind, following: NodeKind | None) -> bool:
        """Return whether a heading or a bold line is a sub-heading among links or news."""
        text = text_of(node)
        is_of_another = any(is_label_of(region, text) for region in ("status", "quick_links", "news"))
        if self._region == "status" or is_of_another or following not in _CONTENT or not isinstance(node, Element):
            return False
        starts_groups = self._kinds[:1] in ([], [kind])
        is_title = kind is NodeKind.HEADING and self._region == "news" and starts_groups and self._level != 1
        if _YEAR.search(text) or self._level is None or (following is NodeKind.LINE and not is_title):
            return _YEAR.search(text) is not None and self._is_deeper(node, kind)
        if kind is NodeKind.HEADING:
            return self._is_deeper(node, kind) and (starts_groups or self._level != 1)
        return starts_groups

    def _is_deeper(self, node: Element, kind: NodeKind) -> bool:
        return kind is NodeKind.CAPTION or HEADINGS[node.name] > (self._level or 0)

    def _goes_on(self, node: Element | Text, kind: NodeKind, *, following: NodeKind | None, after_gap: bool) -> bool:
        if self._kinds[0] in (NodeKind.OTHER, NodeKind.TABLE):
            return False
        is_intro = self._kinds == [NodeKind.LINE] and kind is NodeKind.LIST and not after_gap
        match self._region:
            case "status":
                is_done = after_gap or self._has_lead or self._has_icons or NodeKind.LIST in self._kinds
                return starts_with_icon(node) or not is_done
            case "quick_links":
                return kind is NodeKind.LIST or _starts_with_link(node) or is_intro
            case _:
                return self._news_go_on(node, kind, following=following, after_gap=after_gap)

    def _news_go_on(self, node: Element | Text, kind: NodeKind, *, following: NodeKind | None, after_gap: bool) -> bool:
        if kind is NodeKind.LIST or (_is_day(node) and following is NodeKind.LIST):
            return True
        if NodeKind.LIST in self._kinds:
            return is_link_only(node) and text_of(node) == "Older news" and not after_gap
        return not (after_gap or self._has_lead)


def _is_day(node: Element | Text) -> bool:
    return isinstance(node, Element) and parse_day(text_of(node)) is not None


def _take(nodes: Nodes, reach: _Reach) -> list[Element | Text]:
    """Return the leading *nodes* that belong to the section, without blank nodes at both ends."""
    taken: list[Element | Text] = []
    gap: list[Element | Text] = []
    for index, node in enumerate(nodes):
        if is_blank(node):
            gap.append(node)
            continue
        following = next((kind_of(each) for each in nodes[index + 1 :] if not is_blank(each)), None)
        goes_on = bool(taken) and is_inline(taken[-1]) and is_inline(node)  # a line is never split
        has_gap = any(isinstance(each, Element) for each in gap)
        if not goes_on and not reach.takes(node, kind_of(node), following=following, after_gap=has_gap):
            break
        taken += [*gap, node] if taken else [node]
        gap = []
    return taken


def kind_of(node: Element | Text) -> NodeKind:
    """Return the kind of *node*, which must not be blank."""
    if isinstance(node, Text):
        return NodeKind.LINE
    if node.name in ("ul", "ol"):
        return NodeKind.LIST
    if node.name == "table":
        return NodeKind.TABLE
    if node.name in HEADINGS:
        return NodeKind.HEADING
    macro = macro_name(node)
    if (
        node.name in _OTHER
        or (macro is not None and macro not in _LINE_MACROS)
        or node.name.startswith(_OTHER_PREFIXES)
    ):
        return NodeKind.OTHER
    is_caption = node.name == "p" and len(text_of(node)) <= _LONGEST_LABEL and is_bold(node)
    return NodeKind.CAPTION if is_caption else NodeKind.LINE


def is_blank(node: Element | Text) -> bool:
    """Return whether *node* has no visible content."""
    if isinstance(node, Text):
        return not node.is_visible or is_unseen(node.value)
    if not is_unseen(node.text) or node.name in _SEEN or macro_name(node) is not None:
        return False
    return not any(each.name in _SEEN or macro_name(each) is not None for each in node.elements())


def is_inline(node: Element | Text) -> bool:
    """Return whether *node* is part of a line without a paragraph element."""
    if isinstance(node, Text):
        return True
    is_frame = node.name in _OTHER or node.name.startswith(_OTHER_PREFIXES) or find_rich_text_body(node) is not None
    return not is_block(node) and not is_frame


def is_bold(element: Element) -> bool:
    """Return whether *element* has visible words and all of them are bold."""
    texts = [node for node in element.walk() if isinstance(node, Text) and node.is_visible and node.value.strip()]
    return bool(texts) and all(_is_in_bold(text, element) for text in texts)


def is_link_only(node: Element | Text) -> bool:
    """Return whether *node* is a line that contains only links."""
    if isinstance(node, Text) or (is_block(node) and node.name != "p"):
        return False
    links = list(_links_in(node))
    linked = "".join(link.text for link in links)
    return bool(links) and "".join(node.text.split()) == "".join(linked.split())


def _starts_with_link(node: Element | Text) -> bool:
    """Return whether *node* is a line whose first words are a link, behind an icon or a bullet at most."""
    if isinstance(node, Text) or (is_block(node) and node.name != "p"):
        return False
    for each in (node, *node.walk()):
        if isinstance(each, Element) and each.name in ("a", "ac:link"):
            return each.find_child("ri:user") is None
        if isinstance(each, Text) and each.is_visible and any(map(str.isalnum, each.value)):
            return False
    return False


def _is_strip(paragraph: Element) -> bool:
    """Return whether a paragraph is two or more links with at most punctuation between."""
    links = list(_links_in(paragraph))
    if len(links) < 2 or any(link.find_child("ri:user") for link in links):
        return False
    inside = {id(text) for link in links for text in link.walk() if isinstance(text, Text)}
    others = [node for node in paragraph.walk() if isinstance(node, Text) and id(node) not in inside]
    return not any(character.isalnum() for text in others for character in text.value)


def _links_in(node: Element) -> Iterator[Element]:
    return (each for each in (node, *node.elements()) if each.name in ("a", "ac:link"))


def starts_with_icon(node: Element | Text) -> bool:
    """Return whether the first visible content of *node* is an icon or a lozenge."""
    if isinstance(node, Text):
        return False
    for each in (node, *node.walk()):
        if isinstance(each, Text) and each.is_visible and each.value.strip():
            return False
        if isinstance(each, Element) and (each.name == "ac:emoticon" or macro_name(each) == "status"):
            return True
    return False


def _is_in_bold(text: Text, element: Element) -> bool:
    parent = text.parent
    while parent is not None and parent is not element:
        if parent.name in ("strong", "b"):
            return True
        parent = parent.parent
    return False

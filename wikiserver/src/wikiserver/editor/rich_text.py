"""Edit a rendered page: runs of plain paragraphs are editable, everything else is shown and unchanged."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Final

from wikiserver.editor.typed_html import TypedHtml, is_unchanged
from wikiserver.storage_tree import Element, Node, Text, parse
from wikiserver.view import ViewContext, html
from wikiserver.view.render import Rendering

BLOCKS: Final = frozenset(("p", "h1", "h2", "h3", "h4", "h5", "h6", "ul", "ol", "blockquote"))
INLINE: Final = frozenset(
    ("strong", "em", "b", "i", "u", "s", "del", "ins", "sub", "sup", "small", "code", "span", "a", "br")
) | {"ac:inline-comment-marker"}
CHIPS: Final = frozenset(("ac:link", "ac:emoticon", "ac:image", "time", "img"))
INLINE_MACROS: Final = frozenset(("status", "anchor", "jira", "mathinline", "view-file"))
_ROOMY_MACROS: Final = frozenset(
    ("info", "note", "tip", "warning", "panel", "expand", "details", "excerpt", "section", "column", "toc-zone")
)
_BLOCK_HTML: Final = re.compile("<(?:div|p|h[1-6]|table|ul|ol|dl|pre|blockquote|form|details|hr)[ />]")
_CELLS: Final = frozenset(("td", "th", "ac:layout-cell"))


@dataclass(frozen=True, slots=True)
class Run:
    """Adjacent nodes that are edited together, and their position in the body (UTF-8 offsets).

    An empty cell (`<td />`) is also a run: text typed in it is inserted between *before* and *after*.
    """

    parent: Element
    nodes: tuple[Node, ...]
    start: int
    end: int
    before: str = ""
    after: str = ""


def render_editable(body: str, context: ViewContext) -> str:
    """Return the rendered page with every run in an editable box (`data-run`)."""
    root = parse(body)
    rendering = _EditableRendering(context, root, body)
    shown = rendering.complete(rendering.children(root))
    return re.sub(r"<(/?)form\b", r"<\1div", shown)  # a form within the editor's form would end that form


def apply_edits(body: str, edits: Mapping[int, str]) -> str:
    """Return *body* with the runs of these numbers replaced by typed HTML; all other bytes are unchanged.

    Raises ValueError if a number is not a run of this body.
    """
    root = parse(body)
    source = body.encode()
    runs = find_runs(root, source)
    shown = _EditableRendering(ViewContext(), root, body)
    elements = list(root.walk())
    pieces, cursor = [], 0
    for number in sorted(edits):
        if not 0 <= number < len(runs):
            raise ValueError(f"this page has no part {number} that can be edited")
        run = runs[number]
        if is_unchanged(edits[number], shown.content(run)):
            continue
        typed = TypedHtml(source, elements, run.nodes, shown.editable).storage(edits[number])
        pieces += [source[cursor : run.start], f"{run.before}{typed}{run.after}".encode()]
        cursor = run.end
    return b"".join([*pieces, source[cursor:]]).decode()


def find_runs(root: Element, source: bytes) -> list[Run]:
    """Return the runs of a body in document order."""
    return list(_runs_in(root, source, 0, len(source)))


def _runs_in(parent: Element, source: bytes, start: int, end: int) -> Iterator[Run]:
    """Yield the runs among the children of *parent*, whose content is between *start* and *end*.

    Comments and CDATA have no known offset, so adjacent text is not editable.
    """
    gathered: list[Node] = []
    cursor: int | None = start
    run_start = start
    for child in parent.children:
        if not gathered and _can_begin(child, cursor):
            run_start = child.start if isinstance(child, Element) else cursor or 0
            gathered = [child]
        elif gathered and _is_editable(child):
            gathered.append(child)
        elif isinstance(child, Element):
            yield from _run(parent, gathered, run_start, child.start)
            gathered = []
            yield from _runs_inside(child, source)
        else:
            yield from _run(parent, gathered, run_start, None)
            gathered = []
        cursor = child.end if isinstance(child, Element) else None
    yield from _run(parent, gathered, run_start, end)
    if not gathered and _may_grow(parent):
        yield Run(parent, (), end, end)


def _can_begin(node: Node, cursor: int | None) -> bool:
    if isinstance(node, Text):
        return cursor is not None and bool(node.value.strip())
    return _is_editable(node)


def _run(parent: Element, nodes: list[Node], start: int, end: int | None) -> Iterator[Run]:
    """Yield the run of *nodes*, if there is one; *end* is the end of its last text, None if unknown."""
    nodes = list(nodes)
    while nodes and isinstance(nodes[-1], Text) and (end is None or not nodes[-1].value.strip()):
        nodes.pop()
    if nodes:
        last = nodes[-1]
        yield Run(parent, tuple(nodes), start, last.end if isinstance(last, Element) else end or 0)


def _runs_inside(element: Element, source: bytes) -> Iterator[Run]:
    """Yield the runs inside an element that is not itself a run."""
    if element.name == "ac:rich-text-body" or element.name in _CELLS:
        start = _content_start(element, source)
        if start is not None:
            yield from _runs_in(element, source, start, source.rindex(b"</", element.start, element.end))
        elif element.name in _CELLS:
            tag_end = element.start + len(source[element.start : element.end - len(b"/>")].rstrip())
            yield Run(element, (), tag_end, element.end, ">", f"</{element.name}>")
    elif not element.macro_name or element.macro_name in _ROOMY_MACROS:
        for child in element.elements():
            yield from _runs_inside(child, source)


def _content_start(element: Element, source: bytes) -> int | None:
    """Return the start of the content of an element; None for an empty-element tag."""
    if source[element.end - 2 : element.end] == b"/>" and not element.children:
        return None
    at, quote = element.start, b""
    while quote or source[at : at + 1] != b">":
        char = source[at : at + 1]
        if quote:
            quote = b"" if char == quote else quote
        elif char in {b'"', b"'"}:
            quote = char
        at += 1
    return at + 1


def _may_grow(parent: Element) -> bool:
    """Return whether text can be inserted at an empty place: the end of a page without columns, an empty column."""
    if parent.name in _CELLS or parent.name == "ac:rich-text-body":
        return not any(True for _ in parent.elements())
    return not any(child.name == "ac:layout" for child in parent.elements())


def _is_editable(node: Node) -> bool:
    """Return whether a node can be part of a run."""
    if isinstance(node, Text):
        return True
    if not isinstance(node, Element) or (_holds_code(node) and not is_chip(node)):
        return False
    return is_inline(node) or (node.name in BLOCKS and is_plain_block(node))


def _holds_code(element: Element) -> bool:
    """Return whether an element contains CDATA or a comment outside of chips."""
    return any(
        not is_chip(child) and _holds_code(child) if isinstance(child, Element) else not isinstance(child, Text)
        for child in element.children
    )


def is_plain_block(block: Element) -> bool:
    """Return whether a block contains only text, inline elements and lists."""
    if block.name in {"ul", "ol"}:
        return all(_is_plain_item(child) for child in block.children)
    if block.name == "blockquote":
        return all(is_inline(c) or (c.name == "p" and is_plain_block(c)) for c in block.elements())
    return all(is_inline(child) for child in block.elements())


def _is_plain_item(node: Node) -> bool:
    if isinstance(node, Text):
        return not node.value.strip()
    return (
        isinstance(node, Element)
        and node.name == "li"
        and all(is_inline(c) or (c.name in {"p", "ul", "ol"} and is_plain_block(c)) for c in node.elements())
    )


def is_chip(element: Element) -> bool:
    """Return whether an inline element is shown as one piece that can be kept or deleted but not changed."""
    return element.name in CHIPS or element.macro_name in INLINE_MACROS


def is_inline(element: Element) -> bool:
    """Return whether an element is part of a line of text."""
    return is_chip(element) or (element.name in INLINE and all(is_inline(child) for child in element.elements()))


class _EditableRendering(Rendering):
    """The rendered page with runs in boxes; content included from other pages is not editable."""

    def __init__(self, context: ViewContext, root: Element, body: str) -> None:
        super().__init__(context, "page")
        self._numbers = {id(element): number for number, element in enumerate(root.walk())}
        self._runs = find_runs(root, body.encode())
        self._by_first = {id(run.nodes[0]): number for number, run in enumerate(self._runs) if run.nodes}
        self._growing = {id(run.parent): number for number, run in enumerate(self._runs) if not run.nodes}

    def children(self, parent: Element) -> str:
        """Render the content of *parent*, runs as boxes."""
        pieces, inside = [], 0
        for node in parent.children:
            if inside:
                inside -= 1
                continue
            number = self._by_first.get(id(node))
            if number is None:
                pieces.append(self.nodes([node]))
                continue
            run = self._runs[number]
            inside = len(run.nodes) - 1
            pieces.append(self._box(number))
        if id(parent) in self._growing:
            pieces.append(self._box(self._growing[id(parent)]))
        return "".join(pieces)

    def macro(self, node: Element) -> str:
        """Render a macro in a frame with its name; a table of contents is deferred until the page is rendered."""
        if node.macro_name == "toc":
            return html.tag("div", {"class": "toc-macro quiet"}, "Contents: the headings of the page appear here.")
        shown = super().macro(node)
        if is_chip(node) or not shown:
            return shown
        label = " ".join(filter(None, (node.macro_name, node.parameter("id") or node.parameter("title"))))
        is_inert = node.find("ac:rich-text-body") is None
        attributes: html.Attributes = {"class": "macro-frame", "data-label": label, "inert": "" if is_inert else None}
        return html.tag("div", attributes, shown)

    def content(self, run: Run) -> str:
        """Return the content of a run's box; an empty run gets an empty line."""
        return "".join(map(self.editable, run.nodes)) if run.nodes else "<p><br/></p>"

    def _box(self, number: int) -> str:
        attributes: html.Attributes = {
            "class": "editable-run",
            "data-run": number,
            "contenteditable": "true",
            "spellcheck": "true",
            "role": "textbox",
            "aria-multiline": "true",
            "aria-label": f"Text, part {number + 1}",
        }
        return html.tag("div", attributes, self.content(self._runs[number]))

    def _chip_content(self, node: Element) -> str:
        """Render the content of a chip; a block inside would split the paragraph in the browser."""
        shown = self.complete(self.nodes([node]))
        return html.text(f"[{node.macro_name or node.name}]") if _BLOCK_HTML.search(shown) else shown

    def editable(self, node: Node) -> str:
        """Render one node of a run with an id (`data-e`), so that the typed HTML can be matched with the source."""
        if isinstance(node, Text):
            return html.text(node.value)
        if not isinstance(node, Element):
            return ""
        number = self._numbers[id(node)]
        if is_chip(node):
            chip: html.Attributes = {"class": "chip", "data-e": number, "contenteditable": "false"}
            return html.tag("span", chip, self._chip_content(node))
        name = "span" if node.name == "ac:inline-comment-marker" else node.name
        attributes: dict[str, str | int | None] = {"data-e": number, "style": html.safe_style(node.get("style"))}
        if node.name == "ac:inline-comment-marker":
            attributes["class"] = "inline-comment-marker"
        if node.name == "a" and html.is_safe_address(node.get("href")):
            attributes["href"] = node.get("href")
        content = "".join(map(self.editable, node.children))
        return html.tag(name, attributes, content or ("<br/>" if node.name in {"p", "li"} else ""))

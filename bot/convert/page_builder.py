"""Walk over a body: convert each element to blocks or inline content with the tables of handlers.

The builder has the state that handlers share: the context, the link targets, the losses, the notes, and the pages
included so far.
"""

import re
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager

from bot.convert.context import Loss, PageContext
from bot.convert.document import Anchor, Block, Code, Contents, Node, NoteReference, Paragraph, Styled, flow
from bot.convert.link_targets import Targets
from bot.convert.meaningless import is_meaningless_attribute
from bot.storage.reader import Element, Text

MAX_DEPTH = 80
"""Elements nested deeper lose their tags, but keep their text (real pages stay under 40)."""

_MOST_REPEATS = 20
"""How often one page may repeat included pages, lists and tables of contents."""

_PARAGRAPH_LIKE = frozenset({"p", "h1", "h2", "h3", "h4", "h5", "h6"})
_INLINE_NAMES = frozenset(
    {"span", "strong", "em", "u", "s", "b", "i", "a", "sub", "sup", "del", "font", "code"}
    | {"ac:link-body", "ac:inline-comment-marker"}
)
_INLINE_PARENTS = _PARAGRAPH_LIKE | _INLINE_NAMES
_INLINE_NEIGHBOURS = _INLINE_NAMES | {"br", "ac:link", "ac:emoticon", "time"}

_USED: dict[str, frozenset[str]] = {
    "a": frozenset({"href", "name", "id", "title"}),
    "ol": frozenset({"start", "type", "reversed"}),
    "li": frozenset({"value"}),
    **dict.fromkeys(("td", "th"), frozenset({"colspan", "rowspan"})),
    "img": frozenset({"src", "alt", "title", "width", "height"}),
    **dict.fromkeys(("video", "audio", "iframe", "embed", "source"), frozenset({"src"})),
    "object": frozenset({"data"}),
    "time": frozenset({"datetime"}),
    "ac:link": frozenset({"ac:anchor"}),
    "ac:image": frozenset({"ac:alt", "ac:title", "ac:width", "ac:height", "ac:href"}),
    "ac:emoticon": frozenset({"ac:name", "ac:emoji-id", "ac:emoji-fallback", "ac:emoji-shortname"}),
    "ac:hipchat-emoticon": frozenset({"ac:name", "ac:shortcut"}),
    "ac:inline-comment-marker": frozenset({"ac:ref"}),
}
"""The attributes that the handler of each element uses."""

_STYLES = {
    "colour": re.compile(r"(?:^|;)\s*color\s*:", re.IGNORECASE),
    "alignment": re.compile(r"(?:^|;)\s*text-align\s*:\s*(?:center|right|justify)", re.IGNORECASE),
    "font size": re.compile(r"(?:^|;)\s*font-size\s*:", re.IGNORECASE),
    "highlight": re.compile(r"(?:^|;)\s*background(?:-color)?\s*:", re.IGNORECASE),
}
"""The styles that Markdown cannot express; their occurrences are counted."""

_STYLE_ATTRIBUTES = {
    "align": "alignment",
    "valign": "alignment",
    "color": "colour",
    "bgcolor": "colour",
    "size": "font size",
    "face": "font",
    "lang": "language of the text",
    "xml:lang": "language of the text",
}
"""The attributes that are styles too."""

ElementHandler = Callable[["PageBuilder", Element], list[Node]]
ObjectHandler = Callable[["PageBuilder", Element, bool], list[Node]]
"""Handles an element that may be a block; the third argument says whether nothing inline is next to it."""


class PageBuilder:
    """The state of one conversion: the context, the link targets, and the losses so far."""

    def __init__(
        self, context: PageContext, handlers: Mapping[str, ElementHandler], objects: Mapping[str, ObjectHandler]
    ) -> None:
        self.context = context
        self.targets = Targets(context)
        self.anchors: set[str] = set()
        self.note_pieces: Counter[str] = Counter()
        """The number of text pieces that each comment marks, in the order of the comments."""
        self.is_in_comment = False
        """Whether the text of a comment is converted: a mark in it has no footnote, which would be in a footnote."""
        self.has_contents = False
        self.including: tuple[str, ...] = ()
        self._handlers, self._objects = handlers, objects
        self._shown: Counter[str] = Counter()
        self._repeats = 0
        self._losses: dict[Loss, None] = {}
        self._styles: Counter[str] = Counter()
        self._cut: Counter[tuple[str, str]] = Counter()

    # The walk

    def nodes(self, parent: Element, *, without: frozenset[str] = frozenset()) -> list[Node]:
        """Convert all nodes of *parent*, except elements with a name in *without*.

        Each element is taken apart once it is converted, so that the memory of tree and result do not add up.
        """
        built: list[Node] = []
        for index, node in enumerate(parent.nodes):
            if isinstance(node, Text):
                if node.is_visible:
                    built.append(node.value)
                continue
            if node.name in without:
                continue
            handle = self._objects.get(node.name)
            if handle is None:
                built += self.element(node)
            else:
                self.note_attributes(node)
                built += handle(self, node, is_alone(parent, index))
            node.release()
        return built

    def element(self, element: Element) -> list[Node]:
        """Convert *element*; an element without a handler keeps its text and counts as a loss."""
        self.note_attributes(element)
        if handle := self._handlers.get(element.name) or self._handlers.get(element.name.lower()):
            return handle(self, element)
        if handle_object := self._objects.get(element.name):
            return handle_object(self, element, False)
        return self._unknown(element)

    def blocks(self, *parents: Element) -> tuple[Block, ...]:
        """Return the content of *parents* as blocks; they are taken apart."""
        blocks = flow(node for parent in parents for node in self.nodes(parent))
        for parent in parents:
            parent.release()
        return blocks

    def _unknown(self, element: Element) -> list[Node]:
        self.lose("element", element.name, "kept as its text")
        nodes = self.nodes(element)
        return nodes if flow(nodes) else [self.note(f"element {element.name}")]

    # Losses

    def lose(self, kind: str, what: str, detail: str = "") -> None:
        """Record a loss, once."""
        self._losses.setdefault(Loss(kind, what, " ".join(detail.split())))

    def lose_macro(self, name: str, settings: str) -> None:
        """Record that the wiki shows more for a macro than the Markdown; *settings* are its complete parameters."""
        self._losses.setdefault(Loss("macro", name, settings))

    def lose_style(self, what: str) -> None:
        """Count a loss of style; one entry of the page says how often it occurred."""
        self._styles[what] += 1

    def note_attributes(self, element: Element) -> None:
        """Record the attributes of *element* that Markdown cannot express."""
        attributes = element.attributes
        if not attributes:
            return
        styles = set()
        if style := attributes.get("style"):
            styles = {what for what, pattern in _STYLES.items() if pattern.search(style)}
        if "data-highlight-colour" in attributes:
            styles.add("highlight")
        for name, value in _unused_attributes(element).items():
            if name == "dir":
                styles |= {"direction of the text"} if value.lower() != "ltr" else set()
            elif name in _STYLE_ATTRIBUTES:
                styles.add(_STYLE_ATTRIBUTES[name])
            else:
                self.lose("attribute", f"{element.name} {name}", value)
        for what in styles:
            self.lose_style(what)

    def losses(self) -> tuple[Loss, ...]:
        """Return all losses; a counted loss includes its number of occurrences."""
        cut = (
            Loss("macro", name, f"repeated {what}: not shown again, {_times(n)}")
            for (name, what), n in self._cut.items()
        )
        styles = (Loss("style", what, _times(count)) for what, count in sorted(self._styles.items()))
        return (*self._losses, *cut, *styles)

    # Generated content

    def note(self, text: str) -> Styled:
        """Return a generated note that replaces what could not be converted."""
        return Styled("em", (f"({text})",))

    def unsafe(self, address: str, kind: str = "link") -> list[Node]:
        """Return an unsafe address as text, and record it as a loss."""
        self.lose(kind, address, "an address that must not be followed: shown as text")
        return [" (", Code(address), ")"]

    def anchor(self, name: str) -> Anchor:
        """Return an anchor that can be the target of links."""
        self.anchors.add(name)
        return Anchor(name)

    def reference(self, ref: str) -> NoteReference:
        """Return a reference to the comment *ref*, whose text is at the end of the page."""
        self.note_pieces[ref] += 1
        return NoteReference(ref, self.note_pieces[ref])

    def contents(self, lowest: int, highest: int) -> Contents:
        """Return a table of contents, which is filled in when the whole page is converted."""
        self.has_contents = True
        return Contents(lowest, highest)

    # Repetition and inclusion

    def may_show(self, macro: str, what: str) -> bool:
        """Return whether to show *what* in full: always the first time, then a limited number of times per page.

        Without a limit, a page that includes a page 20 times, which includes another 20 times, and so on, grows
        exponentially.
        """
        self._shown[what] += 1
        if self._shown[what] == 1:
            return True
        if self._repeats < _MOST_REPEATS:
            self._repeats += 1
            return True
        self._cut[macro, what] += 1
        return False

    @contextmanager
    def within(self, name: str, title: str, space_key: str) -> Iterator[None]:
        """Convert an included page: names in it refer to its own space and attachments."""
        outer = self.including, self.targets
        self.including, self.targets = (*self.including, name), Targets(self.context, title, space_key)
        yield
        self.including, self.targets = outer


def _unused_attributes(element: Element) -> dict[str, str]:
    """Return the attributes of *element* that no handler uses and that are not meaningless."""
    used = _USED.get(element.name, frozenset())
    return {
        name: value
        for name, value in element.attributes.items()
        if name not in used and value and not is_meaningless_attribute(name)
    }


def is_alone(parent: Element, index: int) -> bool:
    """Return whether a node is a block: neither in a paragraph nor next to text."""
    if parent.name in _INLINE_PARENTS:
        return False
    nodes = parent.nodes
    return not (_is_inline(nodes, range(index - 1, -1, -1)) or _is_inline(nodes, range(index + 1, len(nodes))))


def _is_inline(nodes: Sequence[Element | Text], order: Iterable[int]) -> bool:
    """Return whether the first node in *order* that is not white space is inline content."""
    for index in order:
        node = nodes[index]
        if isinstance(node, Element):
            return node.name in _INLINE_NEIGHBOURS
        if node.is_visible and node.value.strip():
            return True
    return False


def paragraph(*content: Node) -> Paragraph:
    """Return a paragraph of inline *content*."""
    return Paragraph(tuple(node for node in content if not isinstance(node, Block)))


def _times(count: int) -> str:
    return "once" if count == 1 else f"{count} times"

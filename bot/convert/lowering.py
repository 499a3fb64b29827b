"""Storage format → plain HTML elements and a few of our own: each macro becomes what it shows.

The result knows nothing of the wiki any more, so one writer can put it down as Markdown or, in a table that
Markdown cannot say, as HTML.
"""

from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager

from bs4 import Tag
from bs4.element import NavigableString

from bot.convert.context import Loss, PageContext
from bot.convert.link_targets import Targets
from bot.convert.tree import Node, fill, make, make_tag, plain, text_of

_LONGEST_REMARK = 200

ElementHandler = Callable[["Lowering", Tag], list[Node]]


class Lowering:
    """One page on its way: the context, the targets, and what has been lost so far."""

    def __init__(self, context: PageContext, elements: dict[str, ElementHandler]) -> None:
        self.context = context
        self.targets = Targets(context)
        self.footnotes: dict[str, Tag] = {}
        self.including: tuple[str, ...] = ()
        self._elements = elements
        self._losses: dict[Loss, None] = {}
        self._styles: Counter[str] = Counter()

    def children(self, parent: Tag) -> list[Node]:
        """Lower all that *parent* holds."""
        return [lowered for child in list(parent.children) for lowered in self.node(child)]

    def node(self, node: Node) -> list[Node]:
        if not isinstance(node, Tag):
            return [NavigableString(str(node))]
        handler = self._elements.get(node.name.lower())
        return self._unknown(node) if handler is None else handler(self, node)

    def copy(self, tag: Tag, *kept_attributes: str, name: str = "") -> Tag:
        """Return *tag* with lowered children and only *kept_attributes*."""
        attributes = {key: str(tag[key]) for key in kept_attributes if tag.has_attr(key)}
        return fill(make_tag(name or tag.name.lower(), attributes), self.children(tag))

    def lose(self, kind: str, what: str, detail: str = "") -> None:
        self._losses.setdefault(Loss(kind, what, shorten(detail)))

    def lose_style(self, what: str) -> None:
        """Count a matter of looks; one entry a page says how often it occurred."""
        self._styles[what] += 1

    def note(self, text: str) -> Tag:
        """Return a remark of ours that stands in the page for what could not be kept."""
        return make("em", f"({shorten(text)})")

    def footnote(self, ref: str) -> Tag:
        """Return a reference to the comment *ref*; the comment itself goes to the end of the page."""
        if ref in self.footnotes:
            # A marker may be split over several elements: only its last piece carries the reference.
            label, self.footnotes[ref]["label"] = self.footnotes[ref]["label"], ""
        else:
            label = str(len(self.footnotes) + 1)
        self.footnotes[ref] = make("footnoteref", label=str(label))
        return self.footnotes[ref]

    @contextmanager
    def within(self, name: str, title: str, space_key: str) -> Iterator[None]:
        """Lower what belongs to another, included page: its names mean its own files and neighbours."""
        outer = self.including, self.targets
        self.including, self.targets = (*self.including, name), Targets(self.context, title, space_key)
        yield
        self.including, self.targets = outer

    def losses(self) -> tuple[Loss, ...]:
        styles = (Loss("style", what, _times(count)) for what, count in sorted(self._styles.items()))
        return (*self._losses, *styles)

    def _unknown(self, tag: Tag) -> list[Node]:
        self.lose("element", tag.name, "kept as its text")
        children = self.children(tag)
        return children if _has_text(children) else [self.note(f"element {tag.name}")]


def shorten(text: str) -> str:
    """Return *text* as one line, cut where it goes on and on (a macro may hold a whole picture in a parameter)."""
    line = plain(text)
    return line if len(line) <= _LONGEST_REMARK else f"{line[:_LONGEST_REMARK]}…"


def _has_text(nodes: Iterable[Node]) -> bool:
    return any(text_of(node).strip() for node in nodes)


def _times(count: int) -> str:
    return "once" if count == 1 else f"{count} times"

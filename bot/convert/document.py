"""The document model of the converter: a block contains either blocks or a run of inline content."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from itertools import chain
from typing import TypeVar

ALERTS = {
    "info": "NOTE",
    "note": "IMPORTANT",
    "tip": "TIP",
    "success": "TIP",
    "warning": "WARNING",
    "error": "CAUTION",
    "hint": "TIP",
}
"""The kind of a GitHub alert, by the name of a macro or of a panel in the editor of Cloud."""


class Inline:
    """Inline content other than plain `str`."""

    __slots__ = ()


class Block:
    """Content that starts on its own line."""

    __slots__ = ()


Node = Block | Inline | str
Inlines = tuple[Inline | str, ...]


@dataclass(frozen=True, slots=True)
class Styled(Inline):
    """Content in an HTML element: strong, em, del have Markdown syntax; ins, sub, sup, kbd, … are written as HTML."""

    kind: str
    content: Inlines


@dataclass(frozen=True, slots=True)
class Code(Inline):
    text: str


@dataclass(frozen=True, slots=True)
class Link(Inline):
    """*anchor* names an anchor of this page; its address is resolved when the whole page is converted."""

    content: Inlines
    address: str
    title: str = ""
    anchor: str = ""


@dataclass(frozen=True, slots=True)
class Anchor(Inline):
    """A named position that links can lead to."""

    name: str


@dataclass(frozen=True, slots=True)
class InlineImage(Inline):
    source: str
    alt: str
    title: str = ""
    width: str = ""
    height: str = ""


@dataclass(frozen=True, slots=True)
class Formula(Inline):
    text: str


@dataclass(frozen=True, slots=True)
class NoteReference(Inline):
    """The end of a piece of commented text; *piece* counts the pieces of one comment from 1."""

    ref: str
    piece: int


@dataclass(frozen=True, slots=True)
class Apart(Inline):
    """Content that the wiki shows with space around it, so that adjacent words do not touch it."""

    content: Inlines
    is_picture: bool = False


@dataclass(frozen=True, slots=True)
class Break(Inline):
    pass


@dataclass(frozen=True, slots=True)
class Paragraph(Block):
    content: Inlines


@dataclass(frozen=True, slots=True)
class Heading(Block):
    level: int
    content: Inlines


@dataclass(frozen=True, slots=True)
class Item:
    """A list item; *mark* is a check box or another sign before its text."""

    blocks: tuple[Block, ...]
    mark: str = ""


@dataclass(frozen=True, slots=True)
class List(Block):
    """A list, numbered if *start* is set; *indent* is how many levels deeper it belongs than where it was found."""

    items: tuple[Item, ...]
    start: int | None = None
    indent: int = 0


@dataclass(frozen=True, slots=True)
class Quote(Block):
    blocks: tuple[Block, ...]


@dataclass(frozen=True, slots=True)
class Alert(Block):
    """A GitHub alert: *kind* is NOTE, TIP, IMPORTANT, WARNING or CAUTION."""

    kind: str
    blocks: tuple[Block, ...]


@dataclass(frozen=True, slots=True)
class Details(Block):
    """Collapsed content under a *summary*."""

    summary: str
    blocks: tuple[Block, ...]


@dataclass(frozen=True, slots=True)
class Fence(Block):
    code: str
    language: str = ""


@dataclass(frozen=True, slots=True)
class Preformatted(Block):
    """Preformatted text that contains links or emphasis."""

    content: Inlines


@dataclass(frozen=True, slots=True)
class RenderedMarkdown(Block):
    """Markdown that was converted from HTML."""

    markdown: str


@dataclass(frozen=True, slots=True)
class Rule(Block):
    pass


@dataclass(frozen=True, slots=True)
class Contents(Block):
    """A table of contents of the headings from level *lowest* to level *highest*."""

    lowest: int
    highest: int


@dataclass(frozen=True, slots=True)
class Cell:
    blocks: tuple[Block, ...]
    is_head: bool = False
    colspan: str = ""
    rowspan: str = ""

    @property
    def is_merged(self) -> bool:
        """Whether the cell spans several rows or columns."""
        return bool(self.colspan or self.rowspan)


@dataclass(frozen=True, slots=True)
class Row:
    cells: tuple[Cell, ...]
    is_head: bool = False


@dataclass(frozen=True, slots=True)
class Table(Block):
    rows: tuple[Row, ...]


_Holder = TypeVar("_Holder", bound=Quote | Alert | Details | Item | Cell)


def flow(nodes: Iterable[Node]) -> tuple[Block, ...]:
    """Return *nodes* as blocks: visible inline content between blocks becomes a paragraph."""
    blocks: list[Block] = []
    run: list[Inline | str] = []
    for node in nodes:
        if not isinstance(node, Block):
            run.append(node)
            continue
        if run:
            _add_paragraph(blocks, run)
            run = []
        add_block(blocks, node)
    if run:
        _add_paragraph(blocks, run)
    return tuple(blocks)


def add_block(blocks: list[Block], block: Block) -> None:
    """Append *block* to *blocks*; an indented list goes into the last item of a list directly before it."""
    last = blocks[-1] if blocks else None
    if isinstance(block, List) and block.indent and isinstance(last, List) and last.items:
        item = last.items[-1]
        inner = list(item.blocks)
        add_block(inner, replace(block, indent=block.indent - 1))
        blocks[-1] = replace(last, items=(*last.items[:-1], replace(item, blocks=tuple(inner))))
    else:
        blocks.append(block)


def _add_paragraph(blocks: list[Block], run: list[Inline | str]) -> None:
    if any(map(is_visible, run)):
        while isinstance(run[0], str) and not run[0].strip():
            del run[0]
        while isinstance(last := run[-1], str) and not last.strip():
            del run[-1]
        blocks.append(Paragraph(set_apart(run)))


def is_visible(inline: Inline | str) -> bool:
    """Return whether *inline* is visible or a link target."""
    if isinstance(inline, str):
        return bool(inline) and not inline.isspace()
    if isinstance(inline, Code):
        return bool(inline.text.strip())
    if isinstance(inline, Styled | Apart):
        return any(map(is_visible, inline.content))
    return not isinstance(inline, Break)


def wrap(nodes: list[Node], wrapper: Callable[[Inlines], Inline]) -> list[Node]:
    """Return *nodes* with the inline content wrapped by *wrapper*, also the inline content of blocks among them."""
    if not any(isinstance(node, Block) for node in nodes):
        return [wrapper(tuple(node for node in nodes if not isinstance(node, Block)))]

    def change(block: Block) -> Block:
        return replace(block, content=(wrapper(block.content),)) if isinstance(block, Paragraph | Heading) else block

    return [*change_blocks(flow(nodes), change)]


def change_blocks(blocks: tuple[Block, ...], change: Callable[[Block], Block]) -> tuple[Block, ...]:
    """Return *blocks* with *change* applied to each block without inner blocks, at any depth."""

    def inside(holder: _Holder) -> _Holder:
        return replace(holder, blocks=change_blocks(holder.blocks, change))

    def changed(block: Block) -> Block:
        match block:
            case Quote() | Alert() | Details():
                return inside(block)
            case List():
                return replace(block, items=tuple(map(inside, block.items)))
            case Table():
                return Table(tuple(replace(row, cells=tuple(map(inside, row.cells))) for row in block.rows))
            case _:
                return change(block)

    return tuple(map(changed, blocks))


def _inner_blocks(block: Block) -> Iterator[Block]:
    match block:
        case Quote() | Alert() | Details():
            yield from block.blocks
        case List():
            yield from chain.from_iterable(item.blocks for item in block.items)
        case Table():
            yield from chain.from_iterable(cell.blocks for row in block.rows for cell in row.cells)


def walk(blocks: Iterable[Block]) -> Iterator[Block]:
    """Yield *blocks* and all blocks in them in reading order."""
    for block in blocks:
        yield block
        yield from walk(_inner_blocks(block))


def leaves(run: Iterable[Inline | str]) -> Iterator[Inline | str]:
    """Yield the texts and objects of *run* without the styles and links around them."""
    for inline in run:
        if isinstance(inline, Styled | Link | Apart):
            yield from leaves(inline.content)
        else:
            yield inline


def text_of_run(run: Iterable[Inline | str]) -> str:
    """Return the characters of *run*, without the alternative texts of images."""
    return "".join(map(_characters, leaves(run)))


def _characters(leaf: Inline | str) -> str:
    if isinstance(leaf, str):
        return leaf
    return leaf.text if isinstance(leaf, Code | Formula) else ""


def set_apart(run: list[Inline | str]) -> Inlines:
    """Return *run* with a space between an `Apart` object and an adjacent word or object."""
    return tuple(_Spacer().spaced(run)) if any(map(_holds_apart, run)) else tuple(run)


def _holds_apart(inline: Inline | str) -> bool:
    if isinstance(inline, Styled | Link):
        return any(map(_holds_apart, inline.content))
    return isinstance(inline, Apart)


class _Spacer:
    """Inserts spaces into a run; remembers the last character, and the `Apart` object that ended directly before."""

    def __init__(self) -> None:
        self._last = ""
        self._after: Apart | None = None

    def spaced(self, run: Iterable[Inline | str]) -> Iterator[Inline | str]:
        for inline in run:
            if isinstance(inline, Apart):
                if self._last.isalnum() or (self._after and not (self._after.is_picture and inline.is_picture)):
                    yield " "
                self._after, self._last = None, ""
                yield from self.spaced(inline.content)
                self._after, self._last = inline, ""
            elif isinstance(inline, Styled | Link):
                yield replace(inline, content=tuple(self.spaced(inline.content)))
            else:
                yield from self._spaced_leaf(inline)

    def _spaced_leaf(self, inline: Inline | str) -> Iterator[Inline | str]:
        if isinstance(inline, Anchor | NoteReference):
            yield inline
            return
        text = _characters(inline) if isinstance(inline, str | Code | Formula) else "\n"
        if self._after and text[:1].isalnum():
            yield " "
        if text:
            self._after, self._last = None, text[-1]
        yield inline

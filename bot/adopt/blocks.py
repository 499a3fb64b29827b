"""Part of a page as paragraphs, headings, lists and tables."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from bot.adopt.data_targets import CannotSayError
from bot.adopt.phrases import Context, Phrase, Style, Words, read_phrases
from bot.storage.macros import HEADINGS
from bot.storage.reader import Element, Text

_MAX_DEPTH = 20
_LAYOUT_ATTRIBUTES = {"style", "align", "class"}


@dataclass(frozen=True, slots=True)
class TextLine:
    """A line of text; *level* is the heading level, or 0 for a paragraph."""

    phrases: list[Phrase]
    level: int = 0

    @property
    def is_bold(self) -> bool:
        """Whether all words are bold."""
        return bool(self.phrases) and all(
            isinstance(each, Words) and (Style.STRONG in each.marks or not each.text.strip()) for each in self.phrases
        )

    @property
    def is_only_bold(self) -> bool:
        """Whether bold is the only mark, as in a heading that a template renders."""
        return all(isinstance(each, Words) and each.marks == (Style.STRONG,) for each in self.phrases)


@dataclass(frozen=True, slots=True)
class Bullet:
    """An item of a list, with its nested lists."""

    phrases: list[Phrase]
    lists: tuple["BulletList", ...] = ()


@dataclass(frozen=True, slots=True)
class BulletList:
    """A list."""

    items: tuple[Bullet, ...]


@dataclass(frozen=True, slots=True)
class Grid:
    """A table: rows of cells, each a tuple of blocks; empty cells are omitted."""

    rows: tuple[tuple[tuple["PageBlock", ...], ...], ...]


PageBlock = TextLine | BulletList | Grid


def read_blocks(nodes: Iterable[Element | Text], context: Context) -> list[PageBlock]:
    """Read blocks; empty paragraphs are omitted. Raises `CannotSayError` for macros and other unsupported content."""
    return list(_read(nodes, context, depth=0))


def _read(nodes: Iterable[Element | Text], context: Context, *, depth: int) -> Iterator[PageBlock]:
    if depth > _MAX_DEPTH:
        raise CannotSayError("blocks nested too deep")
    line: list[Element | Text] = []
    for node in nodes:
        if isinstance(node, Text) or not is_block(node):
            line.append(node)
            continue
        yield from _read_line(line, context)
        line = []
        match node.name:
            case "ul" | "ol":
                yield _read_list(node, context, depth=depth)
            case "div":
                yield from _read(node.nodes, context, depth=depth + 1)
            case "table":
                yield _read_table(node, context, depth=depth)
            case _:
                if _LAYOUT_ATTRIBUTES & node.attributes.keys():
                    context.note("indents and other styles of paragraphs are not kept")
                yield from _read_line(node.nodes, context, level=HEADINGS.get(node.name, 0))
    yield from _read_line(line, context)


def is_block(element: Element) -> bool:
    """Whether *element* is a block and not part of a line."""
    return element.name in {"p", "div", "ul", "ol", "table", *HEADINGS}


def _read_line(nodes: Iterable[Element | Text], context: Context, *, level: int = 0) -> Iterator[TextLine]:
    phrases = read_phrases(nodes, context)
    if phrases:
        yield TextLine(phrases, level)


def _read_list(element: Element, context: Context, *, depth: int) -> BulletList:
    if element.name == "ol":
        context.note("a numbered list becomes one with bullets")
    items: list[Bullet] = []
    for child in element.children:
        if child.name != "li":
            raise CannotSayError(f"<{child.name}> in a list")
        items.append(_read_item(child, context, depth=depth))
    return BulletList(tuple(item for item in items if item.phrases or item.lists))


def _read_table(table: Element, context: Context, *, depth: int) -> Grid:
    rows = []
    for row in (each for each in table.elements() if each.name == "tr"):
        cells = (tuple(_read(cell.nodes, context, depth=depth + 1)) for cell in row.children)
        rows.append(tuple(cell for cell in cells if cell))
    return Grid(tuple(row for row in rows if row))


def _read_item(element: Element, context: Context, *, depth: int) -> Bullet:
    """Read one item: a line, then lists. Raises `CannotSayError` for more than one line."""
    paragraphs: list[TextLine] = []
    lists: list[BulletList] = []
    for block in _read(element.nodes, context, depth=depth + 1):
        if isinstance(block, BulletList):
            lists.append(block)
        elif lists or paragraphs or isinstance(block, Grid) or block.level:
            raise CannotSayError("a list item of several paragraphs")
        else:
            paragraphs.append(block)
    return Bullet(paragraphs[0].phrases if paragraphs else [], tuple(lists))

"""Part of a page as lines, lists and tables."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from bot.adopt.data_targets import CannotSayError
from bot.adopt.phrases import (
    Context,
    LineBreak,
    Phrase,
    Style,
    find_target,
    is_icon,
    marks_of,
    read_phrases,
    say,
    text_of,
)
from bot.storage.macros import HEADINGS, collapse
from bot.storage.reader import Element, Text
from bot.storage.unseen_text import is_unseen

_MAX_DEPTH = 20
_CELLS = ("td", "th")
_HIGHLIGHT = "data-highlight-colour"


@dataclass(frozen=True, slots=True)
class TextLine:
    """A line of text; *level* is the heading level, or 0 for a paragraph."""

    phrases: list[Phrase]
    level: int = 0

    @property
    def is_bold(self) -> bool:
        """Whether all words are bold."""
        words = [each for each in self.phrases if not is_unseen(text_of(each))]
        return bool(words) and all(Style.STRONG in marks_of(each) for each in words)

    @property
    def is_only_bold(self) -> bool:
        """Whether bold is the only mark, as in a heading that a template renders."""
        return all(marks_of(each) == (Style.STRONG,) for each in self.phrases)

    @property
    def has_link(self) -> bool:
        """Whether any of the words is a link."""
        return any(find_target(each) for each in self.phrases)


@dataclass(frozen=True, slots=True)
class Bullet:
    """An item of a list, with its nested lists; *element* is its place on the page."""

    phrases: list[Phrase]
    lists: tuple["BulletList", ...] = ()
    element: Element | None = None


@dataclass(frozen=True, slots=True)
class BulletList:
    """A list."""

    items: tuple[Bullet, ...]
    is_numbered: bool = False


@dataclass(frozen=True, slots=True)
class GridCell:
    """A cell of a table: one line, and its colour."""

    phrases: list[Phrase]
    is_head: bool
    highlight: str | None
    element: Element


@dataclass(frozen=True, slots=True)
class Grid:
    """A table: rows of cells, all rows with the same number of cells."""

    rows: tuple[tuple[GridCell, ...], ...]


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
                yield _read_table(node, context)
            case _:
                yield from _read_line(node.nodes, context, level=HEADINGS.get(node.name, 0))
    yield from _read_line(line, context)


def is_block(element: Element) -> bool:
    """Return whether *element* is a block and not part of a line."""
    return element.name in {"p", "div", "ul", "ol", "table", *HEADINGS}


def _read_line(nodes: Iterable[Element | Text], context: Context, *, level: int = 0) -> Iterator[TextLine]:
    phrases = read_phrases(nodes, context)
    if phrases:
        yield TextLine(phrases, level)


def _read_list(element: Element, context: Context, *, depth: int) -> BulletList:
    items: list[Bullet] = []
    for child in element.children:
        if child.name != "li":
            raise CannotSayError(f"<{child.name}> in a list")
        items.append(_read_item(child, context, depth=depth))
    return BulletList(tuple(item for item in items if item.phrases or item.lists), element.name == "ol")


def _read_item(element: Element, context: Context, *, depth: int) -> Bullet:
    """Read one item: lines, then lists. Several paragraphs become lines of one."""
    phrases: list[Phrase] = []
    lists: list[BulletList] = []
    for block in _read(element.nodes, context, depth=depth + 1):
        if isinstance(block, BulletList):
            lists.append(block)
        elif lists:
            raise CannotSayError(f"words behind the points below {collapse(element.text)[:40]!r}")
        elif isinstance(block, Grid) or block.level:
            raise CannotSayError("a table or a heading in a list item")
        else:
            phrases += [LineBreak(), *block.phrases] if phrases else block.phrases
    return Bullet(phrases, tuple(lists), element)


def _read_table(table: Element, context: Context) -> Grid:
    rows = []
    for row in (each for each in table.elements("tr")):
        cells = [child for child in row.children if child.name in _CELLS]
        rows.append(tuple(_read_cell(cell, context) for cell in cells))
    rows = [row for row in rows if any(cell.phrases for cell in row)]
    if len({len(row) for row in rows}) > 1:
        raise CannotSayError("a table whose rows have different numbers of cells")
    return Grid(tuple(rows))


def _read_cell(cell: Element, context: Context) -> GridCell:
    if any(cell.attributes.get(name, "1") != "1" for name in ("colspan", "rowspan")):
        raise CannotSayError("a table with cells that were merged")
    phrases: list[Phrase] = []
    for block in _read(cell.nodes, context, depth=1):
        if not isinstance(block, TextLine) or block.level:
            raise CannotSayError(f"a list, a heading or a table in the table cell {collapse(cell.text)[:40]!r}")
        phrases += [LineBreak(), *block.phrases] if phrases else block.phrases
    return GridCell(phrases, cell.name == "th", cell.attributes.get(_HIGHLIGHT), cell)


def words_of(block: PageBlock) -> str:
    """Return the words of a line; empty for a list or a table."""
    return say(block.phrases) if isinstance(block, TextLine) else ""


def splits_icon(phrases: list[Phrase]) -> bool:
    """Return whether *phrases* are only icons."""
    return bool(phrases) and all(is_icon(each) for each in phrases)

"""Tables: Markdown's own where it can say them, else HTML with Markdown in its cells."""

from collections.abc import Callable, Iterator

from bs4 import Tag

from bot.convert.emphasis import CLOSE, STRONG, finish_line
from bot.convert.html import is_sayable, render_children, render_tag
from bot.convert.tree import attribute, tags

RenderInline = Callable[[Tag], str]
RenderBlocks = Callable[[Tag], str]


def render_table(table: Tag, inline: RenderInline, blocks: RenderBlocks) -> str:
    """Return *table* as Markdown.

    *inline* renders a paragraph's content with marks still in it (see `inline.py`), *blocks* a whole cell.
    """
    rows = list(tags(table, "tr"))
    return _html_table(rows, blocks) if _needs_html(rows) else _pipe_table(rows, inline)


def _needs_html(rows: list[Tag]) -> bool:
    heads = sum(1 for row in rows if attribute(row, "head"))
    cells = [cell for row in rows for cell in tags(row)]
    return heads > 1 or any(_is_merged(cell) or not _fits_one_line(cell) for cell in cells)


def _is_merged(cell: Tag) -> bool:
    return any(attribute(cell, name) not in ("", "1") for name in ("colspan", "rowspan"))


def _fits_one_line(container: Tag) -> bool:
    """Tell whether a cell or list item holds but paragraphs and lists of such."""
    return all(
        block.name == "p" or (block.name in ("ul", "ol") and all(_fits_one_line(item) for item in tags(block)))
        for block in tags(container)
    )


def _pipe_table(rows: list[Tag], inline: RenderInline) -> str:
    cells = [
        [(cell.name == "th", _one_line(cell, inline, is_head=cell.name == "th")) for cell in tags(row)] for row in rows
    ]
    width = max(len(row) for row in cells)
    has_head = all(is_head for is_head, _text in cells[0]) or bool(attribute(rows[0], "head"))
    head = [_one_line(cell, inline) for cell in tags(rows[0])] if has_head else []
    body = [[text for _is_head, text in row] for row in cells[1 if has_head else 0 :]]
    lines = [_pipe_row(head, width), "|" + " --- |" * width, *(_pipe_row(row, width) for row in body)]
    return "\n".join(lines)


def _pipe_row(cells: list[str], width: int) -> str:
    return "|" + "".join(f" {cell} |" if cell else "  |" for cell in cells + [""] * (width - len(cells)))


def _one_line(cell: Tag, inline: RenderInline, *, is_head: bool = False) -> str:
    """Return a cell's content in one line; a heading among ordinary rows is told apart by being bold."""
    return "".join(_pieces(cell, inline, is_head=is_head)).replace("|", "\\|")


def _pieces(container: Tag, inline: RenderInline, *, is_head: bool = False) -> Iterator[str]:
    previous = ""
    for block in tags(container):
        if block.name == "p":
            text = inline(block)
            line = finish_line(f"{STRONG}{text}{CLOSE}" if is_head else text, line_break="<br>")
            yield f"<br>{line}" if previous == "p" else line
        else:
            start = f' start="{attribute(block, "start")}"' if attribute(block, "start") else ""
            yield f"<{block.name}{start}>"
            for item in tags(block):
                mark = attribute(item, "mark")
                yield f"<li>{mark + ' ' if mark else ''}"
                yield from _pieces(item, inline)
                yield "</li>"
            yield f"</{block.name}>"
        previous = block.name


def _html_table(rows: list[Tag], blocks: RenderBlocks) -> str:
    lines = ["<table>"]
    for row in rows:
        lines.append("<tr>")
        lines += (_html_cell(cell, blocks) for cell in tags(row))
        lines.append("</tr>")
    return "\n".join([*lines, "</table>"])


def _html_cell(cell: Tag, blocks: RenderBlocks) -> str:
    """One line of HTML for a simple cell; between blank lines a cell may hold any Markdown."""
    for name in ("colspan", "rowspan"):
        if attribute(cell, name) in ("", "1"):
            del cell[name]
    start, end = render_tag(cell), f"</{cell.name}>"
    children = list(tags(cell))
    if not children:
        return start + end
    if len(children) == 1 and children[0].name == "p" and is_sayable(children[0]):
        text = " ".join(render_children(children[0]).split(" ")).replace("\n", " ")
        return f"{start}{text.strip()}{end}"
    return f"{start}\n\n{blocks(cell)}\n\n{end}"

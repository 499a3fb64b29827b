"""Write blocks as GitHub-flavoured Markdown in one pass: one method for each block and each inline."""

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from html import escape
from typing import Any

from bot.convert.document import (
    Alert,
    Anchor,
    Apart,
    Block,
    Break,
    Cell,
    Code,
    Details,
    Fence,
    Formula,
    Heading,
    Inline,
    InlineImage,
    Inlines,
    Item,
    Link,
    List,
    NoteReference,
    Paragraph,
    Preformatted,
    Quote,
    RenderedMarkdown,
    Row,
    Rule,
    Styled,
    Table,
    leaves,
    text_of_run,
)
from bot.convert.html import is_plain_html, render_image, render_run
from bot.convert.markdown_text import (
    EMPHASIS,
    Boundary,
    Emphasis,
    Part,
    code_span,
    escape_label,
    escape_text,
    finish_line,
    finish_lines,
    trimmed,
)

_AUTOLINK = re.compile(r"(?:https?|ftp|mailto):[^\s<>\\]+$")
_LANGUAGES = {"c#": "csharp", "html/xml": "xml", "none": "", "plain": "", "text": "", "coldfusion": "cfm"}
_LANGUAGES |= {"actionscript3": "actionscript", "py": "python", "c++": "cpp"}
_LABELS = {"NOTE": "Note", "TIP": "Tip", "IMPORTANT": "Important", "WARNING": "Warning", "CAUTION": "Caution"}
_NOTE = re.compile(r"\[\^[0-9]+\]")
_LARGEST_NUMBER = 1_000_000_000


@dataclass(frozen=True, slots=True)
class Within:
    """The context of a block."""

    item: bool = False
    container: bool = False
    cell: bool = False


_PAGE = Within()


class MarkdownWriter:
    """Writes the blocks of one page; *anchor_address* finds an anchor, *labels* are those of its footnotes."""

    def __init__(
        self, anchor_address: Callable[[str], str], labels: Mapping[str, int], last_pieces: Mapping[str, int]
    ) -> None:
        self._anchor_address = anchor_address
        self._labels = labels
        self._last_pieces = last_pieces

    def blocks(self, blocks: tuple[Block, ...], within: Within = _PAGE, *, separator: str = "\n\n") -> str:
        """Return *blocks* as Markdown; adjacent lists alternate their markers, so that they stay separate lists."""
        written: list[str] = []
        previous: List | None = None
        is_other = False
        for block in blocks:
            if isinstance(block, List):
                touches = previous is not None and (previous.start is None) == (block.start is None)
                is_other = touches and not is_other
                text = self._list(block, within, is_other=is_other)
                previous = block
            else:
                text = _BLOCKS[type(block)](self, block, within)
                previous = None
            if text:
                written.append(text)
        return separator.join(written)

    def footnote(self, label: int, blocks: tuple[Block, ...]) -> str:
        """Return the text of a footnote."""
        return f"[^{label}]: {_indented(self.blocks(blocks, Within(container=True)), 4)}"

    # Blocks

    def write_paragraph(self, block: Paragraph, within: Within) -> str:
        return finish_lines(self._parts(block.content, within))

    def write_heading(self, block: Heading, within: Within) -> str:
        line = re.sub(r"(#+)$", r"\\\1", finish_line(self._parts(block.content, within)))
        return f"{'#' * block.level} {line}" if line else ""

    def write_rule(self, _block: Rule, within: Within) -> str:
        return "___" if within.item else "---"

    def write_quote(self, block: Quote, within: Within) -> str:
        return _quoted(self.blocks(block.blocks, replace(within, container=True)))

    def write_alert(self, block: Alert, within: Within) -> str:
        """Write an alert; GitHub supports alerts only at the top level, and would show the raw label elsewhere."""
        text = self.blocks(block.blocks, replace(within, container=True))
        if not text:
            return ""
        if within.container or within.item or within.cell:
            return _quoted(f"**{_LABELS[block.kind]}**\n\n{text}")
        starts_with_text = isinstance(block.blocks[0], Paragraph)
        return _quoted(f"[!{block.kind}]\n{text}" if starts_with_text else f"[!{block.kind}]\n\n{text}")

    def write_details(self, block: Details, within: Within) -> str:
        text = self.blocks(block.blocks, within)
        body = f"{text}\n\n" if text else ""
        return f"<details>\n<summary>{escape(block.summary, quote=False)}</summary>\n\n{body}</details>"

    def write_fence(self, block: Fence, _within: Within) -> str:
        language = block.language.strip().lower()
        language = re.sub(r"[^\w+#.-]", "", _LANGUAGES.get(language, language))
        code = re.sub(r"\r\n?", "\n", block.code)
        fence = "`" * max(3, 1 + max((len(run) for run in re.findall("`+", code)), default=0))
        return f"{fence}{language}\n{code}\n{fence}" if code else f"{fence}{language}\n{fence}"

    def write_preformatted(self, block: Preformatted, _within: Within) -> str:
        content = render_run(block.content, self._anchor_address)
        return f"<pre>{chr(10) if content.startswith(chr(10)) else ''}{content}</pre>"

    def write_rendered(self, block: RenderedMarkdown, _within: Within) -> str:
        return block.markdown

    def _list(self, block: List, within: Within, *, is_other: bool) -> str:
        is_tight = all(map(_is_tight, block.items))
        inside = replace(within, item=True)
        return ("\n" if is_tight else "\n\n").join(
            self._item(item, _marker(block, index, is_other=is_other), inside, is_tight=is_tight)
            for index, item in enumerate(block.items)
        )

    def _item(self, item: Item, marker: str, within: Within, *, is_tight: bool) -> str:
        text = self.blocks(item.blocks, within, separator="\n" if is_tight else "\n\n")
        if item.mark:
            is_inline = not item.blocks or isinstance(item.blocks[0], Paragraph)
            text = f"{item.mark} {text}" if is_inline else f"{item.mark}\n\n{text}"
        return f"{marker} {_indented(text, len(marker) + 1)}".rstrip(" ")

    # Tables

    def write_table(self, block: Table, within: Within) -> str:
        inside = replace(within, cell=True)
        if _needs_html(block.rows):
            return "\n".join(["<table>", *self._html_rows(block.rows, inside), "</table>"])
        return self._pipe_table(block.rows, inside)

    def _pipe_table(self, rows: tuple[Row, ...], within: Within) -> str:
        width = max(len(row.cells) for row in rows)
        has_head = rows[0].is_head or all(cell.is_head for cell in rows[0].cells)
        head = [self._one_line(cell, within, is_bold=False) for cell in rows[0].cells] if has_head else []
        lines = [_pipe_row(head, width), "|" + " --- |" * width]
        lines += (
            _pipe_row([self._one_line(cell, within, is_bold=cell.is_head) for cell in row.cells], width)
            for row in rows[1 if has_head else 0 :]
        )
        return "\n".join(lines)

    def _one_line(self, cell: Cell, within: Within, *, is_bold: bool) -> str:
        """Return the content of a cell on one line; a header cell in an ordinary row is bold."""
        return "".join(self._pieces(cell.blocks, within, is_bold=is_bold)).replace("|", "\\|")

    def _pieces(self, blocks: tuple[Block, ...], within: Within, *, is_bold: bool = False) -> Iterator[str]:
        previous: Block | None = None
        for block in blocks:
            if isinstance(block, Paragraph):
                parts = self._parts(block.content, within)
                line = finish_line([Emphasis("strong", parts)] if is_bold else parts, line_break="<br>")
                yield f"<br>{line}" if isinstance(previous, Paragraph) else line
            elif isinstance(block, List):
                yield from self._html_list(block, within)
            previous = block

    def _html_list(self, block: List, within: Within) -> Iterator[str]:
        name = "ul" if block.start is None else "ol"
        yield f"<{name}>" if block.start in (None, 1) else f'<{name} start="{block.start}">'
        for item in block.items:
            yield f"<li>{item.mark + ' ' if item.mark else ''}"
            yield from self._pieces(item.blocks, within)
            yield "</li>"
        yield f"</{name}>"

    def _html_rows(self, rows: tuple[Row, ...], within: Within) -> Iterator[str]:
        for row in rows:
            yield "<tr>"
            for cell in row.cells:
                yield self._html_cell(cell, within)
            yield "</tr>"

    def _html_cell(self, cell: Cell, within: Within) -> str:
        """Return one line of HTML for a simple cell; other cells contain Markdown between blank lines."""
        name = "th" if cell.is_head else "td"
        spans = (("colspan", cell.colspan), ("rowspan", cell.rowspan))
        start = f"<{name}{''.join(f' {key}={chr(34)}{escape(value)}{chr(34)}' for key, value in spans if value)}>"
        end = f"</{name}>"
        if not cell.blocks:
            return start + end
        first = cell.blocks[0]
        if len(cell.blocks) == 1 and isinstance(first, Paragraph) and is_plain_html(first.content):
            return f"{start}{render_run(first.content, self._anchor_address).replace(chr(10), ' ').strip()}{end}"
        return f"{start}\n\n{self.blocks(cell.blocks, within)}\n\n{end}"

    # Inline content

    def _parts(self, run: Inlines, within: Within, *, in_link: bool = False) -> list[Part]:
        """Return *run* as parts of a line; adjacent texts are escaped as one."""
        parts: list[Part] = []
        texts: list[str] = []
        for inline in run:
            if isinstance(inline, str):
                texts.append(inline)
                continue
            if texts:
                parts.append(_escaped("".join(texts), in_link, parts))
                texts = []
            _INLINES[type(inline)](self, inline, parts, within, in_link)
        if texts:
            parts.append(_escaped("".join(texts), in_link, parts))
        return parts

    def write_styled(self, inline: Styled, parts: list[Part], within: Within, in_link: bool) -> None:
        inner = self._parts(inline.content, within, in_link=in_link)
        if inline.kind in EMPHASIS:
            parts.append(Emphasis(inline.kind, inner))
            return
        before, inner, after = trimmed(inner)
        parts += before
        if inner:
            parts += [f"<{inline.kind}>", *inner, f"</{inline.kind}>"]
        parts += after

    def write_code(self, inline: Code, parts: list[Part], within: Within, _in_link: bool) -> None:
        code = inline.text
        # Parsers disagree on `\|` inside code in a table.
        if within.cell and "\\|" in code:
            parts.append(f"<code>{''.join(char if char.isalnum() else f'&#{ord(char)};' for char in code)}</code>")
        elif code:
            parts += [Boundary.CODE, code_span(code), Boundary.CODE]

    def write_link(self, inline: Link, parts: list[Part], within: Within, in_link: bool) -> None:
        address = self._anchor_address(inline.anchor) if inline.anchor else inline.address
        if in_link:
            parts += self._parts(inline.content, within, in_link=True)
            return
        if _AUTOLINK.match(address) and _is_address_itself(inline.content, address):
            parts += [Boundary.LINK, f"<{address}>"]
            return
        before, inner, after = trimmed(self._parts(inline.content, within, in_link=True))
        title = f' "{_title(inline.title)}"' if inline.title else ""
        parts += [*before, Boundary.LINK, "[", *inner, f"]({_destination(address)}{title})", *after]

    def write_image(self, inline: InlineImage, parts: list[Part], _within: Within, _in_link: bool) -> None:
        if inline.width or inline.height:
            parts.append(render_image(inline))
            return
        title = f' "{_title(inline.title)}"' if inline.title else ""
        parts.append(f"![{escape_label(inline.alt)}]({_destination(inline.source)}{title})")

    def write_anchor(self, inline: Anchor, parts: list[Part], _within: Within, _in_link: bool) -> None:
        parts.append(f'<a id="{escape(inline.name)}"></a>')

    def write_formula(self, inline: Formula, parts: list[Part], _within: Within, _in_link: bool) -> None:
        parts += ["$", Boundary.CODE, code_span(inline.text.strip()), Boundary.CODE, "$"]

    def write_reference(self, inline: NoteReference, parts: list[Part], _within: Within, _in_link: bool) -> None:
        """Write a footnote reference after the last piece of commented text only."""
        if inline.piece == self._last_pieces[inline.ref]:
            parts.append(f"[^{self._labels[inline.ref]}]")

    def write_break(self, _inline: Break, parts: list[Part], _within: Within, _in_link: bool) -> None:
        parts.append(Boundary.BREAK)

    def write_apart(self, inline: Apart, parts: list[Part], within: Within, in_link: bool) -> None:
        parts += self._parts(inline.content, within, in_link=in_link)


_BLOCKS: dict[type[Block], Callable[[MarkdownWriter, Any, Within], str]] = {
    Paragraph: MarkdownWriter.write_paragraph,
    Heading: MarkdownWriter.write_heading,
    Rule: MarkdownWriter.write_rule,
    Quote: MarkdownWriter.write_quote,
    Alert: MarkdownWriter.write_alert,
    Details: MarkdownWriter.write_details,
    Fence: MarkdownWriter.write_fence,
    Preformatted: MarkdownWriter.write_preformatted,
    RenderedMarkdown: MarkdownWriter.write_rendered,
    Table: MarkdownWriter.write_table,
}

_INLINES: dict[type[Inline], Callable[[MarkdownWriter, Any, list[Part], Within, bool], None]] = {
    Styled: MarkdownWriter.write_styled,
    Code: MarkdownWriter.write_code,
    Link: MarkdownWriter.write_link,
    InlineImage: MarkdownWriter.write_image,
    Anchor: MarkdownWriter.write_anchor,
    Formula: MarkdownWriter.write_formula,
    NoteReference: MarkdownWriter.write_reference,
    Break: MarkdownWriter.write_break,
    Apart: MarkdownWriter.write_apart,
}


def _escaped(text: str, in_link: bool, before: list[Part]) -> str:
    """Return *text* escaped; behind a footnote reference, `(` would begin an address, and `:` a footnote."""
    escaped = escape_label(text) if in_link else escape_text(text)
    if escaped.startswith(("(", ":")) and before and isinstance(before[-1], str) and _NOTE.fullmatch(before[-1]):
        return f"\\{escaped}"
    return escaped


def _is_address_itself(run: Inlines, address: str) -> bool:
    """Return whether the text of a link is its address."""
    return text_of_run(run) == address and not any(isinstance(inline, Code | InlineImage) for inline in leaves(run))


def _is_tight(item: Item) -> bool:
    """Return whether an item is one paragraph with at most lists under it; such a list needs no blank lines."""
    blocks = item.blocks
    for index, block in enumerate(blocks):
        if not isinstance(block, List) and (index or not isinstance(block, Paragraph)):
            return False
        if index and isinstance(block, List) and not _may_follow_text(block):
            return False
    return not (len(blocks) > 1 and isinstance(blocks[0], Paragraph) and _is_html_line(blocks[0].content))


def _may_follow_text(the_list: List) -> bool:
    """Return whether a list may follow text directly: not if its first item is empty or it does not start at 1."""
    first = the_list.items[0] if the_list.items else None
    return first is not None and bool(first.blocks or first.mark) and the_list.start in (None, 1)


def _is_html_line(run: Inlines) -> bool:
    """Return whether *run* is a single HTML tag: it starts an HTML block, which ends at the next blank line."""
    seen = [inline for inline in run if not (isinstance(inline, str) and inline.isspace()) and inline != ""]
    return len(seen) == 1 and isinstance(seen[0], InlineImage) and bool(seen[0].width or seen[0].height)


def _marker(the_list: List, index: int, *, is_other: bool) -> str:
    if the_list.start is None:
        return "*" if is_other else "-"
    return f"{(the_list.start + index) % _LARGEST_NUMBER}{')' if is_other else '.'}"


def _needs_html(rows: tuple[Row, ...]) -> bool:
    return sum(row.is_head for row in rows) > 1 or any(
        cell.is_merged or not _fits_one_line(cell.blocks) for row in rows for cell in row.cells
    )


def _fits_one_line(blocks: tuple[Block, ...]) -> bool:
    """Return whether a cell or list item contains only paragraphs and lists of paragraphs."""
    return all(
        isinstance(block, Paragraph)
        or (isinstance(block, List) and all(_fits_one_line(item.blocks) for item in block.items))
        for block in blocks
    )


def _pipe_row(cells: list[str], width: int) -> str:
    return "|" + "".join(f" {cell} |" if cell else "  |" for cell in cells + [""] * (width - len(cells)))


def _indented(text: str, width: int) -> str:
    """Indent every line except the first line and empty lines."""
    return re.sub(r"\n(?!\n|$)", "\n" + " " * width, text) if "\n" in text else text


def _quoted(text: str) -> str:
    return "\n".join(f"> {line}" if line else ">" for line in text.split("\n")) if text else ""


def _destination(address: str) -> str:
    """Return *address* escaped as a link destination."""
    address = re.sub(r"\s", "%20", address.strip()).replace("<", "%3C").replace(">", "%3E").replace("\\", "%5C")
    # GitHub's parser ignores a backslash before `&` here.
    return re.sub(r"[()]", r"\\\g<0>", re.sub(r"&(?=#?\w+;)", "&amp;", address))


def _title(text: str) -> str:
    """Return the title of a link or image, shown as a tooltip, in Markdown syntax."""
    return escape_text(text).replace('"', '\\"')

"""Convert one page from storage format to Markdown, from its body and context."""

import re
from collections import Counter
from collections.abc import Iterator

from bot.convert.context import Conversion, InlineComment, PageContext
from bot.convert.document import (
    Block,
    Contents,
    Heading,
    Inline,
    Item,
    Link,
    List,
    Paragraph,
    Quote,
    Styled,
    change_blocks,
    text_of_run,
    walk,
)
from bot.convert.elements import ELEMENTS, OBJECTS
from bot.convert.link_targets import slug
from bot.convert.markdown_writer import MarkdownWriter
from bot.convert.page_builder import MAX_DEPTH, PageBuilder
from bot.storage.reader import read_leniently

_NOTHING_KNOWN = PageContext()


def convert_page(body: str, metadata: PageContext = _NOTHING_KNOWN) -> Conversion:
    """Convert *body* to GitHub-flavoured Markdown, and return it with the losses; never raises on a malformed body."""
    page = PageBuilder(metadata, ELEMENTS, OBJECTS)
    blocks = _blocks(page, body)
    page.is_in_comment = True
    notes = [(ref, _comment(page, metadata.comments[ref])) for ref in page.note_pieces]
    anchors = _Anchors(blocks, page, metadata.title)
    if page.has_contents:
        blocks = anchors.with_contents(blocks)
        notes = [(ref, anchors.with_contents(text)) for ref, text in notes]
    labels = {ref: label for label, (ref, _text) in enumerate(notes, 1)}
    writer = MarkdownWriter(anchors.address, labels, page.note_pieces)
    written = [writer.blocks(blocks), *(writer.footnote(labels[ref], text) for ref, text in notes)]
    markdown = "\n\n".join(filter(None, written))
    return Conversion(f"{markdown}\n" if markdown else "", page.losses())


def _blocks(page: PageBuilder, body: str) -> tuple[Block, ...]:
    document = read_leniently(body, max_depth=MAX_DEPTH, has_offsets=False)
    for problem in document.problems:
        page.lose("body", "malformed", f"{problem.message}; what could be read was converted")
    blocks = page.blocks(document.root)
    document.root.release()
    return blocks


def _comment(page: PageBuilder, comment: InlineComment) -> tuple[Block, ...]:
    """Return a comment as the blocks of a footnote: author, text, replies."""
    first, *rest = _blocks(page, comment.body) or (Paragraph(()),)
    author: list[Inline | str] = [
        Styled("strong", (comment.author,)),
        f"{' (resolved)' if comment.is_resolved else ''}: ",
    ]
    opening = (
        [Paragraph((*author, *first.content))] if isinstance(first, Paragraph) else [Paragraph(tuple(author)), first]
    )
    return (*opening, *rest, *(Quote(_comment(page, reply)) for reply in comment.replies))


class _Anchors:
    """Link targets inside the page: GitHub's ids of its headings, and anchors."""

    def __init__(self, blocks: tuple[Block, ...], page: PageBuilder, title: str) -> None:
        self._blocks, self._page, self._title = blocks, page, title
        self._headings: list[tuple[int, str, str]] | None = None
        self._slugs: dict[str, str] = {}

    def headings(self) -> list[tuple[int, str, str]]:
        """Return level, text and id of each heading; the page title is the first heading of the file."""
        if self._headings is None:
            self._headings = list(_number_headings(self._blocks, self._title))
            self._slugs = {_key(text): anchor for _level, text, anchor in reversed(self._headings)}
        return self._headings

    def address(self, anchor: str) -> str:
        """Return the address of an *anchor* in the page: a heading in any spelling, or an anchor by its name."""
        self.headings()
        if slug(anchor) in self._page.anchors:
            return f"#{slug(anchor)}"
        # Data Center writes `PageTitle-HeadingText`, Cloud `Heading-Text`, authors the heading itself.
        found = self._slugs.get(_key(anchor)) or self._slugs.get(_key(anchor).removeprefix(_key(self._title)))
        return f"#{found or slug(anchor)}"

    def with_contents(self, blocks: tuple[Block, ...]) -> tuple[Block, ...]:
        """Return *blocks* with each table of contents filled in."""
        return change_blocks(blocks, self._filled)

    def _filled(self, block: Block) -> Block:
        if not isinstance(block, Contents):
            return block
        entries = [entry for entry in self.headings() if block.lowest <= entry[0] <= block.highest]
        return List(_nested(entries))


def _number_headings(blocks: tuple[Block, ...], title: str) -> Iterator[tuple[int, str, str]]:
    """Yield level, text and id of each heading; GitHub numbers duplicate ids."""
    seen = Counter([slug(title)] if title else [])
    for block in walk(blocks):
        if isinstance(block, Heading):
            text = " ".join(text_of_run(block.content).split())
            anchor = slug(text)
            number = seen[anchor]
            seen[anchor] += 1
            if text:
                yield block.level, text, f"{anchor}-{number}" if number else anchor


def _key(text: str) -> str:
    return re.sub(r"[\W_]", "", text.lower())


def _nested(entries: list[tuple[int, str, str]]) -> tuple[Item, ...]:
    """Return headings as list items with links; headings of a deeper level are in a list under the previous heading."""
    items: list[Item] = []
    index = 0
    while index < len(entries):
        level, text, anchor = entries[index]
        end = index + 1
        while end < len(entries) and entries[end][0] > level:
            end += 1
        inner = _nested(entries[index + 1 : end])
        link = Paragraph((Link((text,), f"#{anchor}"),))
        items.append(Item((link, List(inner)) if inner else (link,)))
        index = end
    return tuple(items)

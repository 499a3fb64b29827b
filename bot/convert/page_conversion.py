"""Storage format → Markdown: one page, from its body and what is known about it."""

from collections.abc import Iterable, Iterator

from bs4 import Tag

from bot.convert.context import Comment, Conversion, PageContext
from bot.convert.elements import ELEMENTS
from bot.convert.lowering import Lowering
from bot.convert.markdown_writer import PageWriter
from bot.convert.navigation import resolve_places
from bot.convert.parse import parse_storage
from bot.convert.shape import shape
from bot.convert.tree import BLOCKS, ROOT, Node, attribute, fill, make, make_tag, plain

_NOTHING_KNOWN = PageContext()


def convert_page(body: str, metadata: PageContext = _NOTHING_KNOWN) -> Conversion:
    """Return *body* as GitHub-flavoured Markdown with what it could not say; never raises on a body."""
    root, problem = parse_storage(body)
    lowering = Lowering(metadata, ELEMENTS)
    if problem is not None:
        lowering.lose("body", "malformed", problem)
    nodes = lowering.children(root)
    page = fill(make_tag(ROOT), shape([*nodes, *_footnotes(lowering)]))
    resolve_places(page, metadata.title)
    markdown = PageWriter().convert_soup(page)
    return Conversion(f"{markdown}\n" if markdown else "", lowering.losses())


def words_of(part: Tag, metadata: PageContext = _NOTHING_KNOWN) -> str:
    """Return what a reader sees of a parsed *part* of a page, as plain text on one line."""
    return plain("".join(_say(Lowering(metadata, ELEMENTS).children(part))))


def _say(nodes: Iterable[Node]) -> Iterator[str]:
    for node in nodes:
        if not isinstance(node, Tag):
            yield str(node)
            continue
        gap = " " if node.name in BLOCKS or node.name in ("br", "td", "th") else ""
        yield gap
        yield attribute(node, "mark") + gap if node.name == "li" else attribute(node, "alt")
        yield from _say(node.children)
        yield gap


def _footnotes(lowering: Lowering) -> list[Node]:
    comments = lowering.context.comments
    return [
        make("footnote", *_comment(comments[ref]), label=str(reference["label"]))
        for ref, reference in lowering.footnotes.items()
    ]


def _comment(comment: Comment) -> list[Tag]:
    lines = [line for line in comment.text.split("\n") if line.strip()] or [""]
    resolved = " (resolved)" if comment.is_resolved else ""
    first = make("p", make("strong", comment.author), f"{resolved}: {lines[0]}")
    replies = [make("blockquote", *_comment(reply)) for reply in comment.replies]
    return [first, *(make("p", line) for line in lines[1:]), *replies]

"""Storage format → Markdown: one page, from its body and what is known about it."""

from bs4 import Tag

from bot.snapshot.convert.elements import ELEMENTS
from bot.snapshot.convert.lowering import Lowering
from bot.snapshot.convert.model import Comment, Conversion, PageContext
from bot.snapshot.convert.navigation import resolve_places
from bot.snapshot.convert.parse import parse_storage
from bot.snapshot.convert.shape import shape
from bot.snapshot.convert.tree import ROOT, Node, fill, make, make_tag
from bot.snapshot.convert.writer import PageWriter

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

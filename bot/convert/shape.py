"""Give a lowered page the shape Markdown has: blocks hold blocks or a run of inline content, never both."""

from collections.abc import Iterable, Iterator

from bs4 import Tag
from bs4.element import NavigableString

from bot.convert.tree import BLOCKS, Node, attribute, fill, make, make_tag, tags, tags_within

_HEADINGS = frozenset({"h1", "h2", "h3", "h4", "h5", "h6"})
_LEAVES = frozenset({"fence", "mathblock", "toc", "pre"})
_PARAGRAPHS = frozenset({"p", "div"})
_CONTAINERS = frozenset({"blockquote", "alert", "details", "footnote"})
_TABLE_PARTS = frozenset({"thead", "tbody", "tfoot", "tr", "td", "th", "caption"})

Wrappers = tuple[Tag, ...]


def shape(nodes: Iterable[Node]) -> list[Tag]:
    """Return *nodes* as blocks."""
    return list(_blocks(nodes, ()))


def _blocks(nodes: Iterable[Node], wrappers: Wrappers) -> Iterator[Tag]:
    """Yield blocks; of lists of a kind that touch, every other one is `other`: it needs another marker."""
    previous: Tag | None = None
    for block in _plain_blocks(nodes, wrappers):
        if previous is not None and block.name in ("ul", "ol") and previous.name == block.name:
            block["other"] = "" if attribute(previous, "other") else "yes"
        yield block
        previous = block


def _plain_blocks(nodes: Iterable[Node], wrappers: Wrappers) -> Iterator[Tag]:
    """Yield blocks; *wrappers* are inline elements (strong, a, …) that were opened around blocks."""
    run: list[Node] = []
    for node in list(nodes):
        if not (isinstance(node, Tag) and _holds_block(node)):
            run.append(node)
            continue
        yield from _paragraph(run, wrappers)
        run = []
        yield from _block(node, wrappers) if _is_block(node) else _blocks(node.children, (*wrappers, node))
    yield from _paragraph(run, wrappers)


def _is_block(tag: Tag) -> bool:
    return tag.name in BLOCKS or tag.name in _TABLE_PARTS


def _holds_block(tag: Tag) -> bool:
    return _is_block(tag) or any(_is_block(child) for child in tags_within(tag))


def _paragraph(run: list[Node], wrappers: Wrappers) -> Iterator[Tag]:
    """Yield *run* as a paragraph, unless there is nothing to see in it."""
    if any(_is_visible(node) for node in run):
        yield make("p", *_wrapped(run, wrappers))


def _is_visible(node: Node) -> bool:
    if not isinstance(node, Tag):
        return bool(str(node).strip())
    if node.name in ("img", "footnoteref", "math") or (node.name == "a" and node.attrs):
        return True
    return any(_is_visible(child) for child in node.children)


def _wrapped(run: list[Node], wrappers: Wrappers) -> list[Node]:
    for wrapper in reversed(wrappers):
        run = [fill(make_tag(wrapper.name, {key: str(value) for key, value in wrapper.attrs.items()}), run)]
    return run


def _block(tag: Tag, wrappers: Wrappers) -> Iterator[Tag]:
    name = tag.name
    if name in _LEAVES:
        yield tag
    elif name == "hr":
        yield make("hr")
        yield from _blocks(tag.children, wrappers)
    elif name in _PARAGRAPHS:
        yield from _blocks(tag.children, wrappers)
    elif name in _HEADINGS:
        yield from _heading(tag, wrappers)
    elif name in _CONTAINERS:
        yield _refilled(tag, _blocks(tag.children, wrappers))
    elif name in ("ul", "ol"):
        yield from _list(tag, wrappers)
    elif name == "li":
        yield from _list(make("ul", tag), wrappers)
    elif name == "table":
        yield from _table(tag, wrappers)
    else:  # a part of a table outside any table
        yield from _blocks(tag.children, wrappers)


def _refilled(tag: Tag, children: Iterable[Node]) -> Tag:
    return fill(make_tag(tag.name, {key: str(value) for key, value in tag.attrs.items()}), children)


def _heading(tag: Tag, wrappers: Wrappers) -> Iterator[Tag]:
    """A heading is one line: its paragraphs become the line, other blocks in it follow."""
    line: list[Node] = []
    for block in list(_blocks(tag.children, wrappers)):
        if block.name != "p":
            yield from _heading_line(tag.name, line)
            line = []
            yield block
            continue
        line += [NavigableString(" ")] * bool(line) + list(block.children)
    yield from _heading_line(tag.name, line)


def _heading_line(name: str, line: list[Node]) -> Iterator[Tag]:
    if line:
        yield make(name, *line)


def _list(tag: Tag, wrappers: Wrappers) -> Iterator[Tag]:
    """Yield a list whose every child is an item; what stands between items joins the one before."""
    items: list[Tag] = []
    for child in list(tag.children):
        if isinstance(child, Tag) and child.name == "li":
            items.append(_refilled(child, _blocks(child.children, wrappers)))
            continue
        strays = list(_blocks([child], wrappers))
        if strays and items:
            fill(items[-1], strays)
        elif strays:
            items.append(make("li", *strays))
    if not items:
        return
    for index, item in enumerate(items):
        item["index"] = str(index)
    shaped = _refilled(tag, items)
    if all(_is_tight_item(item) for item in items):
        shaped["tight"] = "yes"
    yield shaped


def _is_tight_item(item: Tag) -> bool:
    """Tell whether an item is one paragraph with at most lists under it: its list then needs no blank lines."""
    blocks = list(tags(item))
    if any(block.name not in ("p", "ul", "ol") or (block.name == "p" and i) for i, block in enumerate(blocks)):
        return False
    return all(_may_follow_text(block) for block in blocks[1:])


def _may_follow_text(the_list: Tag) -> bool:
    """A list whose first item is empty, or that does not start at 1, needs a blank line before it."""
    first = next(tags(the_list), None)
    return first is not None and bool(first.contents) and attribute(the_list, "start") in ("", "1")


def _table(tag: Tag, wrappers: Wrappers) -> Iterator[Tag]:
    """Yield a table as rows of cells; `head` says that a row belongs to the head."""
    captions = [block for caption in tags(tag, "caption") for block in _blocks(caption.children, wrappers)]
    rows = [_row(row, wrappers) for row in _rows(tag)]
    rows = [row for row in rows if row.contents]
    yield from captions
    if rows:
        yield make("table", *rows)


def _rows(table: Tag) -> Iterator[Tag]:
    for part in tags(table):
        if part.name == "tr":
            yield part
        elif part.name in ("thead", "tbody", "tfoot"):
            yield from tags(part, "tr")


def _row(row: Tag, wrappers: Wrappers) -> Tag:
    cells = [_refilled(cell, _blocks(cell.children, wrappers)) for cell in tags(row, "td", "th")]
    is_head = row.parent is not None and row.parent.name == "thead"
    return make("tr", *cells, head="yes" if is_head and cells else attribute(row, "head"))

"""Two states of a page as one HTML text: the newer one as it is read, with the changed words marked (pure).

Blocks are aligned level by level: the items of two lists, the rows of two tables. The words of blocks that correspond
are compared; marks stand around text only, so that the HTML stays well-formed.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from html import escape
from html.parser import HTMLParser

from bot.plural import counted
from bot.text_diff import PieceKind, align, are_alike, diff_words

_VOID = frozenset({"br", "hr", "img", "input", "col"})
_CONTAINERS = frozenset(
    {"ul", "ol", "li", "blockquote", "table", "thead", "tbody", "tfoot", "tr", "td", "th", "details", "section", "div"}
)
_BLOCKS = _CONTAINERS | {"p", "pre", "h1", "h2", "h3", "h4", "h5", "h6", "hr", "summary", "dl", "dt", "dd", "caption"}
_LONGEST_CHARACTERS = 20_000
_ALIKE_CHILDREN = 0.3
_NEAR = 2
"""Number of unchanged blocks that are shown before and after a change."""


@dataclass
class _Node:
    """An element, or a run of text and inline elements (without *tag*); *pieces* are nodes, or texts and raw tags."""

    tag: str
    start: str
    children: "list[_Node | str]" = field(default_factory=list)

    @property
    def end(self) -> str:
        return "" if self.tag in _VOID or not self.tag else f"</{self.tag}>"

    @property
    def html(self) -> str:
        return f"{self.start}{self.inner}{self.end}"

    @property
    def inner(self) -> str:
        return "".join(each.html if isinstance(each, _Node) else escape(each, quote=False) for each in self.children)

    @property
    def text(self) -> str:
        return "".join(each.text if isinstance(each, _Node) else each for each in self.children)

    @property
    def blocks(self) -> "list[_Node]":
        """The blocks inside, with runs of inline content as blocks of their own; empty for a leaf."""
        has_blocks = any(isinstance(each, _Node) and each.tag in _BLOCKS for each in self.children)
        return list(_grouped(self.children)) if self.tag in _CONTAINERS and has_blocks else []


@dataclass(frozen=True)
class _Key:
    """What is compared of a block: kind and HTML."""

    tag: str
    html: str


class _Builder(HTMLParser):
    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.root = _Node("", "")
        self._open = [self.root]

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        del attrs
        node = _Node(tag, self.get_starttag_text() or "")
        self._open[-1].children.append(node)
        if tag not in _VOID:
            self._open.append(node)

    def handle_endtag(self, tag: str) -> None:
        names = [node.tag for node in self._open]
        if tag in names[1:]:
            del self._open[len(names) - 1 - names[::-1].index(tag) :]

    def handle_data(self, data: str) -> None:
        self._open[-1].children.append(data)


def mark_changes(old_html: str, new_html: str) -> str:
    """Return *new_html* with what was added in `ins` and what was removed in `del`; both have to be sanitised."""
    old, new = list(_grouped(_parse(old_html).children)), list(_grouped(_parse(new_html).children))
    return "\n".join(_fold(list(_merge(old, new))))


def _parse(html: str) -> _Node:
    builder = _Builder()
    builder.feed(html)
    builder.close()
    return builder.root


def _grouped(children: "Sequence[_Node | str]") -> Iterator[_Node]:
    """Yield the blocks; text and inline elements between them become nodes without a tag."""
    run = _Node("", "")
    for child in children:
        if isinstance(child, _Node) and child.tag in _BLOCKS:
            if run.text.strip() or any(isinstance(each, _Node) for each in run.children):
                yield run
            run = _Node("", "")
            yield child
        else:
            run.children.append(child)
    if run.text.strip() or any(isinstance(each, _Node) for each in run.children):
        yield run


def _merge(old: list[_Node], new: list[_Node]) -> Iterator[tuple[bool, str]]:
    """Yield whether a block changed, and its HTML."""
    by_key = {_key(node): node for node in (*old, *new)}
    for before, after in align([_key(node) for node in old], [_key(node) for node in new], _Alike(by_key)):
        if before is None and after is not None:
            yield True, _whole(by_key[after], "ins", "added")
        elif after is None and before is not None:
            yield True, _whole(by_key[before], "del", "removed")
        elif before is not None and after is not None:
            yield before != after, after.html if before == after else _edited(by_key[before], by_key[after])


def _key(node: _Node) -> _Key:
    return _Key(node.tag, node.html)


class _Alike:
    """Compares two blocks; the text of each is made once."""

    def __init__(self, by_key: dict[_Key, _Node]) -> None:
        self._nodes = by_key

    def __call__(self, before: _Key, after: _Key) -> bool:
        if before.tag != after.tag:
            return False
        old, new = self._nodes[before], self._nodes[after]
        if old.blocks and new.blocks:
            ours, theirs = ({each.text.strip() for each in _leaves(node)} for node in (old, new))
            if len(ours & theirs) >= _ALIKE_CHILDREN * max(len(ours), len(theirs)):
                return True
        return are_alike(old.text, new.text)


def _leaves(node: _Node) -> Iterator[_Node]:
    blocks = node.blocks
    if not blocks:
        yield node
    for block in blocks:
        yield from _leaves(block)


def _edited(old: _Node, new: _Node) -> str:
    if old.blocks and new.blocks:
        if new.tag == "tr" and len(old.blocks) == len(new.blocks):  # the same columns
            pairs = zip(old.blocks, new.blocks, strict=True)
            inner = "".join(b.html if a.html == b.html else _edited(a, b) for a, b in pairs)
        else:
            inner = "\n".join(html for _, html in _merge(old.blocks, new.blocks))
        return f"{new.start}{inner}{new.end}"
    if old.text == new.text:
        return f"{_marked(new.start, 'edited')}{new.inner}{new.end}"  # other emphasis, or another link
    return f"{_marked(new.start, 'edited')}{_words(old.text, new)}{new.end}"


def _whole(node: _Node, mark: str, kind: str) -> str:
    blocks = node.blocks
    if blocks:
        return f"{_marked(node.start, kind)}{''.join(_whole(each, mark, kind) for each in blocks)}{node.end}"
    if node.tag in _VOID:
        return node.html
    return f"{_marked(node.start, kind)}<{mark}>{node.inner}</{mark}>{node.end}"


def _marked(start: str, kind: str) -> str:
    """Return a start tag with the class *kind*; the classes that the sanitised HTML has are replaced."""
    if not start:
        return ""
    bare = re.sub(r' class="[^"]*"', "", start)
    return re.sub(r"^<(\w+)", rf'<\1 class="{kind}"', bare)


def _words(old: str, new: _Node) -> str:
    """Return the content of *new* with the changed words marked."""
    if len(old) + len(new.text) > _LONGEST_CHARACTERS:
        return f"<del>{escape(old, quote=False)}</del> <ins>{new.inner}</ins>"
    changes: dict[int, str] = {}
    added: set[int] = set()
    position = 0
    for piece in diff_words(old, new.text):
        if piece.kind is PieceKind.REMOVED:
            changes[position] = changes.get(position, "") + piece.text
            continue
        if piece.kind is PieceKind.ADDED:
            added.update(range(position, position + len(piece.text)))
        position += len(piece.text)
    return _WordMarker(changes, added).mark(new)


class _WordMarker:
    """Writes a block again; *removed* has the text that was at a position, *added* the positions that are new."""

    def __init__(self, removed: dict[int, str], added: set[int]) -> None:
        self._removed, self._added, self._position = removed, added, 0

    def mark(self, node: _Node) -> str:
        return self._inner(node) + self._gone()

    def _inner(self, node: _Node) -> str:
        parts = []
        for child in node.children:
            if isinstance(child, _Node):
                parts.append(f"{child.start}{self._inner(child)}{child.end}")
            else:
                parts.append(self._text(child))
        return "".join(parts)

    def _text(self, text: str) -> str:
        parts: list[str] = []
        start = 0
        for index in range(len(text) + 1):
            at_end = index == len(text)
            here = self._position + index
            turns = index > 0 and not at_end and ((here in self._added) != (here - 1 in self._added))
            if at_end or turns or here in self._removed:
                parts.append(self._run(text[start:index], is_new=self._position + start in self._added))
                start = index
                if not at_end:
                    parts.append(self._gone(here))
        self._position += len(text)
        return "".join(parts)

    def _run(self, text: str, *, is_new: bool) -> str:
        shown = escape(text, quote=False)
        return f"<ins>{shown}</ins>" if is_new and text else shown

    def _gone(self, position: int | None = None) -> str:
        text = self._removed.pop(self._position if position is None else position, "")
        return f"<del>{escape(text, quote=False)}</del>" if text else ""


def _fold(blocks: list[tuple[bool, str]]) -> Iterator[str]:
    """Yield the blocks; a long run without changes can be opened."""
    near = {
        index + step for index, (is_changed, _) in enumerate(blocks) if is_changed for step in range(-_NEAR, _NEAR + 1)
    }
    run: list[str] = []
    for index, (_, html) in enumerate(blocks):
        if near and index not in near:
            run.append(html)
            continue
        yield from _folded(run)
        run = []
        yield html
    yield from _folded(run)


def _folded(run: list[str]) -> Iterator[str]:
    if len(run) > 1:
        words = f"{counted(len(run), 'block')} without changes"
        yield f'<details class="same"><summary>{words}</summary>{"".join(run)}</details>'
    else:
        yield from run

"""Compare the visible text of two versions of a page word by word: added, removed and changed text."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final, Literal

from wikiserver.editor.sequences import differences
from wikiserver.storage_tree import CData, Element, Node, Text, parse

Kind = Literal["same", "added", "removed", "changed", "skipped"]
CONTEXT_LINES: Final = 2

_BLOCKS: Final = frozenset(("p", "h1", "h2", "h3", "h4", "h5", "h6", "li", "tr", "pre", "blockquote", "div")) | {
    "ac:task",
    "ac:caption",
    "ac:plain-text-body",
}
_MARKS: Final = {"li": "• ", "ac:task": "☐ ", **{f"h{level}": "#" * level + " " for level in range(1, 7)}}
_WORDS: Final = re.compile(r"\s+|[\w'’-]+|[^\w\s]")


@dataclass(frozen=True, slots=True)
class Piece:
    """Some words that are added, removed or unchanged."""

    text: str
    kind: Literal["same", "added", "removed"]


@dataclass(frozen=True, slots=True)
class Line:
    """One line of a comparison."""

    kind: Kind
    pieces: Sequence[Piece]


def compare(before: str, after: str) -> list[Line]:
    """Return the changes between two bodies, with some unchanged context."""
    old, new = readable_lines(before), readable_lines(after)
    lines: list[Line] = []
    cursor = 0
    for start, end, new_start, new_end in differences(old, new):
        lines += [Line("same", (Piece(text, "same"),)) for text in new[cursor:new_start]]
        pairs = min(end - start, new_end - new_start)
        for number in range(pairs):
            lines += _changed(old[start + number], new[new_start + number])
        lines += [Line("removed", (Piece(text, "removed"),)) for text in old[start + pairs : end]]
        lines += [Line("added", (Piece(text, "added"),)) for text in new[new_start + pairs : new_end]]
        cursor = new_end
    lines += [Line("same", (Piece(text, "same"),)) for text in new[cursor:]]
    return _shortened(lines)


def _changed(old: str, new: str) -> list[Line]:
    """Compare two lines word by word; lines that have too little in common are shown one after the other."""
    before, after = _WORDS.findall(old), _WORDS.findall(new)
    pieces: list[Piece] = []
    cursor = 0
    for start, end, new_start, new_end in differences(before, after):
        pieces += [
            Piece("".join(after[cursor:new_start]), "same"),
            Piece("".join(before[start:end]), "removed"),
            Piece("".join(after[new_start:new_end]), "added"),
        ]
        cursor = new_end
    pieces.append(Piece("".join(after[cursor:]), "same"))
    shared = sum(len(piece.text) for piece in pieces if piece.kind == "same")
    if shared * 5 < len(old) + len(new):
        return [Line("removed", (Piece(old, "removed"),)), Line("added", (Piece(new, "added"),))]
    return [Line("changed", [piece for piece in pieces if piece.text])]


def _shortened(lines: Sequence[Line]) -> list[Line]:
    """Omit long unchanged passages."""
    near = {
        index
        for number, line in enumerate(lines)
        if line.kind != "same"
        for index in range(number - CONTEXT_LINES, number + CONTEXT_LINES + 1)
    }
    kept: list[Line] = []
    for number, line in enumerate(lines):
        if number in near:
            kept.append(line)
        elif not kept or kept[-1].kind != "skipped":
            kept.append(Line("skipped", ()))
    return kept


def readable_lines(body: str) -> list[str]:
    """Return a body as lines of words, with marks for headings, items, cells and macros."""
    return [
        line for line in (" ".join(line.split()) for line in "".join(_words(parse(body).children)).split("\n")) if line
    ]


def _words(nodes: Sequence[Node]) -> Iterator[str]:
    for node in nodes:
        match node:
            case Text():
                yield re.sub(r"\s+", " ", node.value)
            case CData():
                yield node.value
            case Element():
                yield from _element_words(node)


def _element_words(node: Element) -> Iterator[str]:
    if node.macro_name:
        yield from _macro_words(node)
    elif node.name in {"td", "th"}:
        yield from ("│ ", "".join(_words(node.children)).replace("\n", " "), " ")
    elif node.name == "br":
        yield "\n"
    elif node.name in {"ac:emoticon", "ri:page", "ri:attachment", "ri:user", "ri:url", "time"}:
        yield _named(node)
    elif node.name in {"ac:task-id", "ac:task-uuid", "ac:adf-fallback"}:
        return
    elif node.name == "ac:task-status":
        yield "[done] " if node.text == "complete" else ""
    elif node.name in _BLOCKS:
        yield from ("\n", _MARKS.get(node.name, ""), *_words(node.children), "\n")
    else:
        yield from _words(node.children)


def _named(node: Element) -> str:
    if node.name == "ac:emoticon":
        return f"({node.get('ac:name')})"
    names = ("ri:content-title", "ri:filename", "ri:account-id", "ri:userkey", "ri:username", "ri:value", "datetime")
    return f"[{next((node.get(name) for name in names if node.get(name)), node.name)}] "


def _macro_words(node: Element) -> Iterator[str]:
    if node.macro_name == "status":
        yield f"[{node.parameter('title')}] "
        return
    settings = [
        f"{p.get('ac:name') or 'value'}: {p.text or ''.join(_words(p.children)).strip()}"
        for p in node.elements("ac:parameter")
    ]
    has_body = any(True for _ in node.elements("ac:rich-text-body", "ac:plain-text-body"))
    label = f"{{{node.macro_name}{' — ' if settings else ''}{', '.join(settings)}}}"
    yield f"\n{label}\n" if has_body else f"{label} "
    for body in node.elements("ac:rich-text-body", "ac:plain-text-body"):
        yield from ("\n", *_words(body.children), "\n")

"""Compare two fragments and ignore only the differences that the server makes when it saves a page.

Differences that are ignored because the server makes them on save: ids and schema versions, `b` and `strong`, `i` and
`em`, hex and rgb colours, the order of attributes and of macro parameters, the spelling of entities, quotation marks
and empty elements, CDATA or escapes, dropped attributes, comments, task numbers. Also ignored: invisible white space
(between blocks, at their edges, in runs), and inline comment markers, because they are not content.

Always a difference: a word, the case of a letter, a link target, an icon, an order, a non-breaking space instead of a
space, and every character of preformatted text (`pre`, plain-text bodies, parameters, CDATA).
"""

import re
from collections.abc import Iterable, Iterator

from bot.storage.macros import HEADINGS, macro_name
from bot.storage.reader import Element, Text, TextKind, read_strictly

_RENAMED = {"b": "strong", "i": "em"}
_BOOKKEEPING = {"ac:macro-id", "ac:local-id", "local-id", "ac:schema-version", "ri:version-at-save"}
_DROPPED = {"id", "target", "rel", "contenteditable", "tabindex"}
_NUMBERING = {"ac:task-id", "ac:task-uuid"}

_VERBATIM = {"pre", "ac:plain-text-body", "ac:plain-text-link-body", "ac:parameter", "ac:default-parameter"}
_FRAMES = {
    *("ul", "ol", "dl", "table", "thead", "tbody", "tfoot", "tr", "colgroup"),
    *("ac:layout", "ac:layout-section", "ac:structured-macro", "ac:macro", "ac:task-list", "ac:task"),
    *("ac:link", "ac:image", "ac:adf-extension", "ac:adf-node"),
}
"""Elements that contain only elements; white space between these is formatting of the source."""
_FLOWS = {
    *("div", "li", "td", "th", "dd", "blockquote"),
    *("ac:layout-cell", "ac:rich-text-body", "ac:task-body", "ac:adf-content", "ac:adf-fallback"),
}
"""Elements that contain blocks or one line of text; macros and images in them are blocks."""
_LINES = {"p", "dt", "caption", "ac:caption", *HEADINGS}
_BLOCKS = _FRAMES - {"ac:link", "ac:image", "ac:structured-macro", "ac:macro"} | _FLOWS | _LINES | {"pre", "hr", "br"}
_INLINE_MACROS = {"status", "anchor", "jira"}

_SPACES = re.compile(r"[ \t\r\n]+")
_HEX_COLOUR = re.compile(r"#([0-9a-fA-F]{6}|[0-9a-fA-F]{3})(?![0-9a-fA-F])")
_RGB_COLOUR = re.compile(r"rgb\(\s*(\d+)\s*,\s*(\d+)\s*,\s*(\d+)\s*\)")


def is_same(a: str, b: str) -> bool:
    """Return whether two fragments mean the same. Raises `MalformedBodyError`."""
    return a == b or canonical(a) == canonical(b)


def canonical(fragment: str) -> str:
    """Return the canonical form of *fragment*, the same for all with the same meaning. Raises `MalformedBodyError`."""
    pieces: list[str] = []
    root = read_strictly(fragment).root
    stack = [("", False, iter(_settle(root, is_verbatim=False)))]
    while stack:
        end_tag, is_verbatim, nodes = stack[-1]
        node = next(nodes, None)
        if node is None:
            pieces.append(end_tag)
            stack.pop()
        elif isinstance(node, str):
            pieces.append(_escape(node))
        else:
            name = _RENAMED.get(node.name, node.name)
            inside_is_verbatim = is_verbatim or name in _VERBATIM
            pieces.append(f"<{name}{_attributes(node)}>")
            stack.append((f"</{name}>", inside_is_verbatim, iter(_settle(node, is_verbatim=inside_is_verbatim))))
    return "".join(pieces)


def _attributes(element: Element) -> str:
    kept = {
        name: value
        for name, value in element.attributes.items()
        if name not in _BOOKKEEPING and name not in _DROPPED and not name.lower().startswith("on")
    }
    if "style" in kept:
        kept["style"] = _settle_style(kept["style"])
    if "data-highlight-colour" in kept:
        kept["data-highlight-colour"] = _settle_colours(kept["data-highlight-colour"])
    return "".join(f' {name}="{_escape(value)}"' for name, value in sorted(kept.items()))


def _settle_style(style: str) -> str:
    declarations = (re.sub(r"\s*:\s*", ":", _SPACES.sub(" ", each.strip()), count=1) for each in style.split(";"))
    return _settle_colours(";".join(each for each in declarations if each))


def _settle_colours(value: str) -> str:
    return _RGB_COLOUR.sub(r"rgb(\1,\2,\3)", _HEX_COLOUR.sub(_rgb, value))


def _rgb(colour: re.Match[str]) -> str:
    digits = colour[1] if len(colour[1]) == 6 else "".join(digit * 2 for digit in colour[1])
    return "rgb({},{},{})".format(*(int(digits[at : at + 2], 16) for at in (0, 2, 4)))


def _escape(text: str) -> str:
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;").replace('"', "&quot;")


def _settle(parent: Element, *, is_verbatim: bool) -> list[Element | str]:
    """Return the content of *parent* with markers unwrapped, comments and numbering removed, white space normalised."""
    nodes = [each for each in _open_markers(parent.nodes) if not _is_numbering(each)]
    if macro_name(parent) is not None:
        nodes = _sort_parameters(nodes)
    if is_verbatim:
        return [each if isinstance(each, Element) else each.value for each in nodes]
    return _settle_spaces(parent, _join_texts(nodes))


def _is_numbering(node: Element | Text) -> bool:
    return isinstance(node, Element) and node.name in _NUMBERING


def _open_markers(nodes: Iterable[Element | Text]) -> Iterator[Element | Text]:
    """Yield nodes with each inline comment marker replaced by its content; skip comments."""
    stack = [iter(nodes)]
    while stack:
        node = next(stack[-1], None)
        if node is None:
            stack.pop()
        elif isinstance(node, Element) and node.name == "ac:inline-comment-marker":
            stack.append(iter(node.nodes))
        elif isinstance(node, Element) or node.is_visible:
            yield node


def _sort_parameters(nodes: list[Element | Text]) -> list[Element | Text]:
    parameters = [each for each in nodes if isinstance(each, Element) and each.name == "ac:parameter"]
    others = [each for each in nodes if not (isinstance(each, Element) and each.name == "ac:parameter")]
    return [*sorted(parameters, key=lambda each: each.attributes.get("ac:name", "")), *others]


def _join_texts(nodes: list[Element | Text]) -> list[Element | Text]:
    """Join plain texts that are adjacent after the markers between them were removed."""
    joined: list[Element | Text] = []
    for node in nodes:
        last = joined[-1] if joined else None
        if _is_plain(node) and _is_plain(last) and isinstance(node, Text) and isinstance(last, Text):
            joined[-1] = Text(last.span, last.value + node.value)
        else:
            joined.append(node)
    return joined


def _is_plain(node: Element | Text | None) -> bool:
    return isinstance(node, Text) and node.kind is TextKind.PLAIN


def _settle_spaces(parent: Element, nodes: list[Element | Text]) -> list[Element | str]:
    """Collapse runs of white space, and remove white space at the start and end of a block."""
    has_edges = parent.parent is None or parent.name in _BLOCKS or parent.name in _FRAMES
    is_block = [_stands_as_block(each, parent) for each in nodes]
    settled: list[Element | str] = []
    for index, node in enumerate(nodes):
        if isinstance(node, Element):
            settled.append(node)
            continue
        text = node.value if node.kind is TextKind.CDATA else _SPACES.sub(" ", node.value)
        if _is_plain(node):
            if is_block[index - 1] if index else has_edges:
                text = text.removeprefix(" ")
            if is_block[index + 1] if index + 1 < len(nodes) else has_edges:
                text = text.removesuffix(" ")
        if text:
            settled.append(text)
    return settled


def _stands_as_block(node: Element | Text, parent: Element) -> bool:
    if isinstance(node, Text):
        return False
    if node.name in _BLOCKS or parent.name in _FRAMES:
        return True
    if parent.name in _FLOWS or parent.parent is None:
        name = macro_name(node)
        return node.name == "ac:image" or (name is not None and name not in _INLINE_MACROS)
    return False

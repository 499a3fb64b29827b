"""What a reader of the page sees of a fragment, as lines of plain text (pure)."""

from collections.abc import Iterator
from dataclasses import dataclass, field

from bot.errors import MalformedBodyError
from bot.storage.reader import Element, Text, TextKind, read_strictly

_BLOCKS = {
    *("p", "div", "h1", "h2", "h3", "h4", "h5", "h6", "blockquote", "pre", "hr", "br"),
    *("ul", "ol", "li", "dl", "dt", "dd", "table", "thead", "tbody", "tr"),
    *("ac:layout", "ac:layout-section", "ac:layout-cell", "ac:task-list", "ac:task"),
    *("ac:structured-macro", "ac:macro", "ac:rich-text-body", "ac:plain-text-body"),
}
_UNSEEN = {
    *("ac:adf-fallback", "ac:placeholder", "ac:task-id", "ac:task-uuid", "colgroup"),
    *("ac:parameter", "ac:default-parameter"),
}


def read_lines(fragment: str) -> list[str]:
    """Return the lines that a reader sees: icons in brackets, links with their targets, lists with bullets.

    A fragment that is not well-formed comes back as its source.
    """
    try:
        tree = read_strictly(fragment)
    except MalformedBodyError:
        return fragment.splitlines()
    page = _Page()
    for node, is_end in _walk(tree.root):
        if isinstance(node, Text):
            page.add_text(node)
        elif is_end:
            page.leave(node)
        else:
            page.enter(node)
    page.break_line()
    return page.lines


def count_characters(fragment: str) -> int:
    """Return how much a reader sees, in characters without white space."""
    return sum(len("".join(line.split())) for line in read_lines(fragment))


def _walk(root: Element) -> Iterator[tuple[Element | Text, bool]]:
    """Yield texts, and elements when they begin and end, without recursion."""
    stack: list[tuple[Element | None, Iterator[Element | Text]]] = [(None, iter(root.nodes))]
    while stack:
        owner, nodes = stack[-1]
        node = next(nodes, None)
        if node is None:
            stack.pop()
            if owner is not None:
                yield owner, True
        elif isinstance(node, Text):
            yield node, False
        elif node.name not in _UNSEEN:
            yield node, False
            stack.append((node, iter(node.nodes)))


@dataclass
class _Page:
    """Collects lines as a browser would break them."""

    lines: list[str] = field(default_factory=list)
    _words: list[str] = field(default_factory=list)
    _counters: list[int | None] = field(default_factory=list)
    _bullet: str = ""
    _targets: list[str] = field(default_factory=list)

    def add_text(self, node: Text) -> None:
        if node.kind is TextKind.CDATA and "\n" in node.value:
            self.break_line()
            self.lines += [line.rstrip() for line in node.value.splitlines() if line.strip()]
        elif node.is_visible:
            self._words.append(node.value)

    def break_line(self) -> None:
        line = " ".join("".join(self._words).split())
        self._words.clear()
        if line:
            self.lines.append(self._bullet + line)
            self._bullet = " " * len(self._bullet)

    def enter(self, element: Element) -> None:
        name = element.name
        if name in _BLOCKS:
            self.break_line()
        match name:
            case "ul" | "ol" | "ac:task-list":
                self._counters.append(0 if name == "ol" else None)
            case "li" | "ac:task":
                self._bullet = self._next_bullet()
            case "td" | "th":
                self._words.append(" | ")
            case "ac:structured-macro" | "ac:macro":
                self._words.append(f"[{_describe_macro(element)}]")
                self.break_line()
            case _:
                self._words.append(_describe_start(element))

    def leave(self, element: Element) -> None:
        target = _describe_target(element)
        if target and element.parent is not None and element.parent.name == "ac:link":
            self._targets.append(target)  # it stands before the words of the link, and is read after them
        elif target:
            self._words.append(f" {target}")
        if element.name == "ac:link" and self._targets:
            self._words.append(f" {self._targets.pop()}")
        if element.name in _BLOCKS:
            self.break_line()
        if element.name in ("ul", "ol", "ac:task-list"):
            self._counters.pop()
            self._bullet = ""
        if element.name in ("li", "ac:task"):
            self._bullet = ""

    def _next_bullet(self) -> str:
        depth = max(len(self._counters) - 1, 0)
        if not self._counters or self._counters[-1] is None:
            return "  " * depth + "• "
        self._counters[-1] += 1
        return f"{'  ' * depth}{self._counters[-1]}. "


def _describe_macro(macro: Element) -> str:
    parameters = (
        f"{child.attributes.get('ac:name', '')}={child.text.strip()}".removeprefix("=")
        for child in macro.children
        if child.name in ("ac:parameter", "ac:default-parameter")
    )
    shown = ", ".join(parameters)
    name = macro.attributes.get("ac:name", "macro")
    return f"{name}: {shown}" if shown else name


def _describe_start(element: Element) -> str:
    attributes = element.attributes
    match element.name:
        case "ac:emoticon":
            return f"[{attributes.get('ac:name') or attributes.get('ac:emoji-fallback', 'icon')}] "
        case "time":
            return attributes.get("datetime", "")
        case "ac:image":
            return "[image] "
        case _:
            return ""


def _describe_target(element: Element) -> str:
    """Return where a link leads, which is told after its words."""
    attributes = element.attributes
    match element.name:
        case "a":
            return f"‹{attributes.get('href', '')}›"
        case "ri:page" | "ri:blog-post":
            space = attributes.get("ri:space-key")
            title = attributes.get("ri:content-title", "this page")
            return f"‹{space + ':' if space else ''}{title}›"
        case "ri:attachment":
            return f"‹file {attributes.get('ri:filename', '')}›"
        case "ri:url":
            return f"‹{attributes.get('ri:value', '')}›"
        case "ri:user":
            return (
                f"@{attributes.get('ri:account-id') or attributes.get('ri:userkey') or attributes.get('ri:username')}"
            )
        case "ac:link" if attributes.get("ac:anchor"):
            return f"‹#{attributes['ac:anchor']}›"
        case _:
            return ""

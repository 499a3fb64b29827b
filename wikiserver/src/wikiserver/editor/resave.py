"""Spell a body as an editor does when a person opens a page and saves it without changing a word.

Pure and deterministic: the same body, editor and seed give the same result; other seeds make other choices. The rules
and their frequencies come from stored bodies of both products: what differs between bodies that people edited there and
markup that was sent through REST. Nothing that a reader sees changes.
"""

import random
import uuid
from collections.abc import Iterable, Iterator
from typing import Final

from wikiserver.normalise import Flavour
from wikiserver.storage_tree import CData, Element, Node, Text, parse, serialise, text_of

_CODE: Final = frozenset(
    ("pre", "code", "tt", "ac:plain-text-body", "ac:parameter", "ac:default-parameter", "ac:placeholder", "ac:task-id")
) | {"ac:task-uuid", "ac:task-status", "ac:adf-extension", "ac:adf-node", "ac:image", "time"}
"""Elements whose content an editor leaves as it is."""
_LINES: Final = frozenset(("p", "h1", "h2", "h3", "h4", "h5", "h6", "dt", "caption"))
_LISTS: Final = frozenset(("ul", "ol"))
_CELLS: Final = frozenset(("td", "th"))
_FLOWS: Final = _CELLS | {"li", "blockquote", "ac:rich-text-body", "ac:layout-cell"}
_MARKS: Final = frozenset(("strong", "b", "em", "i", "u", "s", "del", "sub", "sup"))
_INLINE: Final = _MARKS | {
    *("a", "span", "code", "tt", "small", "br", "time", "ac:link", "ac:emoticon", "ac:inline-comment-marker"),
    *("ac:image", "img"),
    *("ac:placeholder", "ins", "strike", "cite", "q", "big", "kbd", "var", "samp", "abbr"),
}
_ATOMS: Final = frozenset(("ac:link", "ac:image", "ac:placeholder", "time"))
_INLINE_MACROS: Final = frozenset(("status", "anchor", "jira", "mathinline", "profile"))
_NAMED_TARGETS: Final = ("ri:content-title", "ri:filename")
_CURSOR_TARGET: Final = "auto-cursor-target"
_ONE_CELL: Final = frozenset((("colspan", "1"), ("rowspan", "1")))
_HARD_SPACE: Final = "\u00a0"

_EMOJI: Final[dict[str, tuple[str, str, str]]] = {
    "smile": (":slight_smile:", "1f642", "🙂"),
    "sad": (":disappointed:", "1f61e", "😞"),
    "cheeky": (":stuck_out_tongue:", "1f61b", "😛"),
    "laugh": (":smiley:", "1f603", "😃"),
    "wink": (":wink:", "1f609", "😉"),
    "thumbs-up": (":thumbsup:", "1f44d", "👍"),
    "thumbs-down": (":thumbsdown:", "1f44e", "👎"),
    "information": (":info:", "atlassian-info", ":info:"),
    "tick": (":check_mark:", "atlassian-check_mark", ":check_mark:"),
    "cross": (":cross_mark:", "atlassian-cross_mark", ":cross_mark:"),
    "warning": (":warning:", "atlassian-warning", ":warning:"),
    "plus": (":plus:", "atlassian-plus", ":plus:"),
    "minus": (":minus:", "atlassian-minus", ":minus:"),
    "question": (":question:", "atlassian-question_mark", ":question:"),
    "light-on": (":light_bulb_on:", "atlassian-light_bulb_on", ":light_bulb_on:"),
    "light-off": (":light_bulb_off:", "atlassian-light_bulb_off", ":light_bulb_off:"),
    "yellow-star": (":yellow_star:", "atlassian-yellow_star", ":yellow_star:"),
    "red-star": (":red_star:", "atlassian-red_star", ":red_star:"),
    "green-star": (":green_star:", "atlassian-green_star", ":green_star:"),
    "blue-star": (":blue_star:", "atlassian-blue_star", ":blue_star:"),
    "heart": (":heart:", "2764", "❤️"),
    "broken-heart": (":broken_heart:", "1f494", "💔"),
}
"""Shortname, id and fallback of the emoji that the Cloud editor makes of an emoticon of the old editor."""


def resave(body: str, editor: Flavour, *, seed: object = 0, space_key: str = "") -> str:
    """Return *body* as the editor of a flavour stores it when nothing was changed; *space_key* is that of the page.

    Raises BadBody.
    """
    root = parse(body)
    chance = random.Random(f"{seed}")  # noqa: S311 -- not for secrets
    save = _CloudSave(chance, space_key) if editor == "cloud" else _DataCenterSave(chance, space_key)
    save.settle(root)
    save.settle_end(root)
    return serialise(root.children)


class _Save:
    """One save: what both editors do. The choices of one save are made once, those for an element each time."""

    def __init__(self, chance: random.Random, space_key: str) -> None:
        self._chance = chance
        self._space_key = space_key
        self._adds_key, self._drops_key = self._is(0.5), self._is(0.3)

    def _is(self, probability: float) -> bool:
        return self._chance.random() < probability

    def _new_id(self) -> str:
        return str(uuid.UUID(int=self._chance.getrandbits(128), version=4))

    def _short_id(self) -> str:
        return f"{self._chance.getrandbits(48):012x}"

    def settle(self, parent: Element) -> None:
        """Respell the descendants of *parent*, in place."""
        for child in list(parent.children):
            if isinstance(child, Element) and child.name not in _CODE:
                self.settle(child)
        parent.children = [self._settle_node(child, parent) for child in parent.children]
        parent.children = self._settle_content(parent)

    def settle_end(self, root: Element) -> None:
        """Add what the editor leaves at the end of the page."""
        if root.children and not any(child.name == "ac:layout" for child in root.elements()) and self._is(0.4):
            root.children.append(self._empty_line())

    def _settle_node(self, node: Node, parent: Element) -> Node:
        if not isinstance(node, Element):
            return node
        self._settle_attributes(node)
        match node.name:
            case "ac:link":
                return self._settle_link(node)
            case "a":
                self._settle_address(node)
            case "ac:structured-macro":
                self._settle_macro(node)
            case "table":
                self._settle_table(node)
        return self._settle_marks(node, parent)

    def _settle_attributes(self, element: Element) -> None:
        raise NotImplementedError

    def _settle_link(self, link: Element) -> Element:
        raise NotImplementedError

    def _settle_address(self, link: Element) -> None:
        raise NotImplementedError

    def _settle_table(self, table: Element) -> None:
        raise NotImplementedError

    def _settle_content(self, parent: Element) -> list[Node]:
        raise NotImplementedError

    def _empty_line(self) -> Element:
        raise NotImplementedError

    def _settle_macro(self, macro: Element) -> None:
        if not macro.get("ac:macro-id"):
            macro.attributes["ac:macro-id"] = self._new_id()
        parameters = list(macro.elements("ac:parameter"))
        others = [child for child in macro.children if not (isinstance(child, Element) and child in parameters)]
        self._chance.shuffle(parameters)
        macro.children = [*parameters, *others]

    def _settle_space_key(self, link: Element) -> None:
        """Spell out the key of the own space in a link, or drop it; the choice is the same for a whole save."""
        for resource in link.elements("ri:page", "ri:blog-post"):
            key = resource.get("ri:space-key")
            if not key and self._space_key and self._adds_key and resource.get("ri:content-title"):
                resource.attributes = {"ri:space-key": self._space_key, **resource.attributes}
            elif key and key == self._space_key and self._drops_key:
                del resource.attributes["ri:space-key"]

    def _settle_marks(self, outer: Element, parent: Element) -> Element:
        """Swap two nested marks, such as strong in em; the editors store marks without an order."""
        del parent
        inner = outer.children[0] if len(outer.children) == 1 else None
        if isinstance(inner, Element) and {outer.name, inner.name} <= _MARKS | {"a"} and self._is(0.5):
            names, attributes = (outer.name, inner.name), (outer.attributes, inner.attributes)
            (inner.name, outer.name), (inner.attributes, outer.attributes) = names, attributes
        return outer


class _CloudSave(_Save):
    """A save in the editor of Cloud, which keeps a page as a tree of blocks whose text has sets of marks."""

    def __init__(self, chance: random.Random, space_key: str) -> None:
        super().__init__(chance, space_key)
        self._id_share = self._chance.choice((0.0, 0.3, 1.0, 1.0))
        self._wraps_cells = self._is(0.8)
        self._hides_text = self._is(0.5)

    def _empty_line(self) -> Element:
        return self._with_id(Element("p"))

    def _with_id(self, element: Element) -> Element:
        if self._is(self._id_share):
            element.attributes.setdefault("local-id", self._short_id())
        return element

    def _settle_attributes(self, element: Element) -> None:
        attributes = element.attributes
        if element.name in ("ac:structured-macro", "ac:image") and self._is(self._id_share):
            attributes.setdefault("ac:local-id", self._short_id())
        match element.name:
            case "ac:emoticon":
                self._settle_emoji(element)
            case "ri:page" | "ri:attachment" | "ri:blog-post":
                attributes.setdefault("ri:version-at-save", str(self._chance.randint(1, 40)))
            case "ac:layout-section":
                attributes.setdefault("ac:breakout-mode", "default")
            case "td" | "th":
                element.attributes = {k: v for k, v in attributes.items() if (k, v) not in _ONE_CELL}
            case _:
                self._settle_block(element)

    def _settle_block(self, element: Element) -> None:
        attributes = element.attributes
        if element.name in _LINES or element.name in _LISTS or element.name in ("li", "blockquote"):
            if attributes.get("class") != _CURSOR_TARGET:
                attributes.pop("class", None)
            if attributes.get("style", "").strip(" ;") in ("text-align: left", "text-align:left", "text-align: start"):
                del attributes["style"]
            self._with_id(element)
        if element.name == "ol":
            attributes.setdefault("start", "1")

    def _settle_emoji(self, emoticon: Element) -> None:
        known = _EMOJI.get(emoticon.get("ac:name"))
        if known is None or emoticon.get("ac:emoji-id"):
            return
        shortname, identifier, fallback = known
        added = {"ac:emoji-shortname": shortname, "ac:emoji-id": identifier, "ac:emoji-fallback": fallback}
        attributes = list({**emoticon.attributes, **added}.items())
        if self._is(0.3):
            attributes.sort()
        if self._is(0.1):
            attributes.append(("ac:local-id", self._short_id()))
        emoticon.attributes = dict(attributes)

    def _settle_link(self, link: Element) -> Element:
        self._settle_space_key(link)
        body = link.find("ac:link-body", "ac:plain-text-link-body")
        title = _title_of(link)
        if body is None and title is not None and not self._hides_text:
            body = Element("ac:link-body", children=[_text(title)])
            link.children.append(body)
        if body is None:
            return link
        if body.name == "ac:plain-text-link-body":
            body.name, body.children = "ac:link-body", [_text(body.text)]
        if title is not None and body.text == title:
            link.attributes["ac:card-appearance"] = "inline"
        if self._is(self._id_share / 2):
            link.attributes.setdefault("ac:local-id", self._short_id())
        return _with_marks_outside(link, body)

    def _settle_address(self, link: Element) -> None:
        for name in ("class", "rel", "target"):
            link.attributes.pop(name, None)
        if link.text == link.get("href") and self._is(0.5):
            link.attributes["data-card-appearance"] = "inline"

    def _settle_macro(self, macro: Element) -> None:
        super()._settle_macro(macro)
        if macro.macro_name not in _INLINE_MACROS and self._is(0.5):
            macro.attributes.setdefault("data-layout", "default")

    def _settle_table(self, table: Element) -> None:
        table.attributes.setdefault("data-table-width", "760")
        table.attributes.setdefault("data-layout", "default")
        table.attributes.setdefault("ac:local-id", self._new_id())
        table.attributes.pop("class", None)
        rows = [row for part in table.elements("thead", "tbody", "tfoot") for row in part.children]
        if rows and len(list(table.elements("thead", "tbody", "tfoot"))) > 1:
            others = [each for each in table.children if not (isinstance(each, Element) and each.name[0] == "t")]
            table.children = [*others, Element("tbody", children=rows)]

    def _settle_content(self, parent: Element) -> list[Node]:
        nodes = list(_without_bare_spans(parent.children))
        is_wrapped = parent.name in _FLOWS - _CELLS or (parent.name in _CELLS and self._wraps_cells)
        if is_wrapped and parent.name != "ac:layout-cell":
            nodes = self._wrapped(nodes)
        if parent.name == "ac:rich-text-body" and nodes and self._is(0.4):
            nodes.append(self._empty_line())
        return nodes

    def _wrapped(self, nodes: Iterable[Node]) -> list[Node]:
        """Put each run of text and inline elements into a paragraph."""
        settled: list[Node] = []
        for is_inline, run in _runs(nodes):
            if not is_inline or all(_is_blank(node) or _is_picture(node) for node in run):
                settled += (node for node in run if not _is_blank(node))
            else:
                settled.append(self._with_id(Element("p", children=run)))
        return settled


class _DataCenterSave(_Save):
    """A save in the editor of Data Center, which is a browser's rich text: spans, styles and hard spaces."""

    def __init__(self, chance: random.Random, space_key: str) -> None:
        super().__init__(chance, space_key)
        self._adds_key = self._is(0.8)
        self._span_share = self._chance.choice((0.0, 0.1, 0.4))
        self._hard_share = self._chance.choice((0.0, 0.05, 0.3))

    def _empty_line(self) -> Element:
        return Element("p", children=[Element("br")])

    def _settle_attributes(self, element: Element) -> None:
        attributes = element.attributes
        if element.name in _LINES and "style" not in attributes and self._is(0.1):
            attributes["style"] = self._chance.choice(("text-align: left;", "letter-spacing: 0.0px;"))
        if element.name in ("li", "ul") and "style" not in attributes and self._is(0.05):
            attributes["style"] = "text-align: left;"
        if element.name in ("h2", "h3", "li") and "class" not in attributes and self._is(0.05):
            attributes["class"] = _CURSOR_TARGET
        if element.name in _CELLS:
            attributes.setdefault("colspan", "1")

    def _settle_link(self, link: Element) -> Element:
        self._settle_space_key(link)
        body = link.find("ac:link-body")
        if body is not None and not any(True for _ in body.elements()) and body.text:
            body.name, body.children = "ac:plain-text-link-body", [CData(_plain(body.text))]
        plain = link.find("ac:plain-text-link-body")
        if plain is not None and plain.text == _title_of(link):
            link.children = [child for child in link.children if child is not plain]
        return link

    def _settle_address(self, link: Element) -> None:
        if link.get("href").startswith(("http:", "https:")) and self._is(0.5):
            link.attributes.setdefault("class", "external-link")
            link.attributes.setdefault("rel", "nofollow")
        if "style" not in link.attributes and self._is(0.1):
            link.attributes["style"] = "text-decoration: none;"

    def _settle_table(self, table: Element) -> None:
        table.attributes.setdefault("class", self._chance.choice(("wrapped", "relative-table wrapped")))
        rows = [row for part in (table, *table.elements("thead", "tbody")) for row in part.elements("tr")]
        if rows and table.find("colgroup") is None:
            columns: list[Node] = [Element("col") for _ in rows[0].elements("td", "th")]
            table.children.insert(0, Element("colgroup", children=columns))

    def _settle_content(self, parent: Element) -> list[Node]:
        nodes = list(parent.children)
        if parent.name in _LINES or parent.name in _FLOWS:
            nodes = [self._settle_run(node) for node in nodes]
        if parent.name in ("ac:rich-text-body", "ac:layout-cell"):
            nodes = list(self._with_cursor_targets(nodes))
            if nodes and self._is(0.4):
                nodes.append(self._empty_line())
        if parent.name == "li":
            nodes = self._settle_item(nodes)
        if parent.name in _MARKS and len(nodes) == 1:
            nodes = [self._harden(nodes[0])]
        return nodes

    def _settle_item(self, nodes: list[Node]) -> list[Node]:
        is_line = bool(nodes) and all(_is_inline(node) for node in nodes)
        if is_line and self._is(0.13):
            return [Element("p", children=nodes)]
        if is_line and not any(map(_has_break, nodes)) and self._is(0.1):
            return [*nodes, Element("br")]
        return nodes

    def _settle_run(self, node: Node) -> Node:
        """Put a text into a span now and then, and harden its spaces."""
        if not isinstance(node, Text) or not node.value.strip():
            return node
        node = self._harden(node)
        if self._is(self._span_share):
            style = {"style": "letter-spacing: 0.0px;"} if self._is(0.3) else {}
            return Element("span", style, [node])
        return node

    def _harden(self, node: Node) -> Node:
        """Replace some spaces by hard ones, as the editor does where a line may break."""
        if not isinstance(node, Text):
            return node
        words = node.value.split(" ")
        text = words[0]
        for word in words[1:]:
            text += (_HARD_SPACE if self._is(self._hard_share) else " ") + word
        return _text(text)

    def _with_cursor_targets(self, nodes: list[Node]) -> Iterator[Node]:
        """Put an empty line between two macros and after one that ends its parent, so that a person can type there."""
        shown = [node for node in nodes if not _is_blank(node)]
        followers: list[Node | None] = [*shown[1:], None]
        for node, following in zip(shown, followers, strict=bool(shown)):
            yield node
            if _is_block_macro(node) and (following is None or _is_block_macro(following)) and self._is(0.8):
                yield Element("p", {"class": _CURSOR_TARGET}, [Element("br")])


def _plain(text: str) -> str:
    return text.replace("\r", "")


def _text(value: str) -> Text:
    """Return a text node; the characters that a named entity spells stay as they are."""
    return Text(value.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;"))


def _title_of(link: Element) -> str | None:
    """Return the text that the wiki shows for a link without a text of its own; None for a person or an anchor."""
    resource = next((child for child in link.elements() if child.name.startswith("ri:")), None)
    if resource is None or not any(resource.get(name) for name in _NAMED_TARGETS):
        return None
    return resource.get("ri:content-title") or resource.get("ri:filename")


def _with_marks_outside(link: Element, body: Element) -> Element:
    """Move a mark around the whole text of a link to the outside: the text of a link has no markup on Cloud."""
    outer = link
    while len(body.children) == 1 and isinstance(inner := body.children[0], Element) and inner.name in _MARKS:
        body.children = inner.children
        inner.children = [outer]
        outer = inner
    return outer


def _without_bare_spans(nodes: Iterable[Node]) -> Iterator[Node]:
    """Yield nodes with each span that has no style, or only spacing, replaced by its content."""
    for node in nodes:
        is_span = isinstance(node, Element) and node.name == "span"
        if isinstance(node, Element) and is_span and _is_unseen_style(node.get("style")):
            yield from node.children
        else:
            yield node


def _is_unseen_style(style: str) -> bool:
    return all(not each.strip() or each.strip().startswith("letter-spacing") for each in style.split(";"))


def _runs(nodes: Iterable[Node]) -> Iterator[tuple[bool, list[Node]]]:
    """Yield runs of inline nodes, and the nodes between them one by one."""
    run: list[Node] = []
    for node in nodes:
        if _is_inline(node):
            run.append(node)
            continue
        if run:
            yield True, run
            run = []
        yield False, [node]
    if run:
        yield True, run


def _is_inline(node: Node) -> bool:
    if not isinstance(node, Element):
        return True
    if node.macro_name:
        return node.macro_name in _INLINE_MACROS
    return node.name in _INLINE and (node.name in _ATOMS or all(_is_inline(child) for child in node.children))


def _is_block_macro(node: Node | None) -> bool:
    return isinstance(node, Element) and node.name == "ac:structured-macro" and not _is_inline(node)


def _is_picture(node: Node) -> bool:
    return isinstance(node, Element) and node.name == "ac:image"


def _has_break(node: Node) -> bool:
    return isinstance(node, Element) and (node.name == "br" or any(each.name == "br" for each in node.walk()))


def _is_blank(node: Node) -> bool:
    return not isinstance(node, Element) and not text_of([node]).strip(" \t\r\n")

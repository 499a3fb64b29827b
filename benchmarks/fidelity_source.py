"""Read a page in storage format with lxml only; the measure shares no code with the converter."""

import re
import unicodedata
from dataclasses import dataclass, field, fields, replace
from html.entities import name2codepoint

from lxml import etree

_ENTITIES = "".join(
    f'<!ENTITY {name} "&#{point};">'
    for name, point in name2codepoint.items()
    if name not in ("lt", "gt", "amp", "quot")
)
_OPEN = f'<!DOCTYPE r [{_ENTITIES}]><r xmlns:ac="ac" xmlns:ri="ri" xmlns:at="at" xmlns:bs="bs">'
_HIDDEN = {
    *("ac:parameter", "ac:default-parameter", "ac:task-id", "ac:task-uuid", "ac:task-status", "ac:adf-attribute"),
    *("colgroup", "script", "style", "ac:adf-mark"),
}
_BLOCKS = {
    *("p", "h1", "h2", "h3", "h4", "h5", "h6", "ul", "ol", "li", "table", "tr", "td", "th", "div", "pre", "br", "hr"),
    *("blockquote", "ac:task", "ac:layout-cell", "ac:structured-macro", "ac:macro", "ac:image", "dt", "dd", "caption"),
    *("ac:caption", "ac:adf-extension", "ac:adf-node", "ac:emoticon", "ac:plain-text-body", "ac:placeholder", "q"),
}
_TITLED = {"status", "info", "note", "tip", "warning", "error", "success", "panel", "expand", "code", "noformat"}
_ATTRIBUTES = {
    **dict.fromkeys(("ac:image", "img"), ("width", "height", "alt")),
    "a": ("title",),
}
EMPHASIS = {"strong": "*", "b": "*", "em": "_", "i": "_"}
_UNSAFE = re.compile(r"\s*(?:javascript|vbscript|data|file):", re.IGNORECASE)
_TOKEN = re.compile(r"\w+|[^\w\s]")


@dataclass(slots=True)
class Content:
    """The parts of a page that a rendition must keep, each in reading order."""

    words: list[str] = field(default_factory=list)
    links: list[str] = field(default_factory=list)
    headings: list[tuple[int, list[str]]] = field(default_factory=list)
    items: list[tuple[int, str, list[str]]] = field(default_factory=list)
    cells: list[tuple[int, int, int, str, list[str]]] = field(default_factory=list)
    """Number of the table, row, column, span and words of each cell."""
    tables: int = 0
    code: list[str] = field(default_factory=list)
    images: list[str] = field(default_factory=list)
    """What names each picture: a file name or an address."""
    emphasis: list[str] = field(default_factory=list)
    """The characters that are strong, and those that are emphasised, with `*` or `_` before each."""
    tasks: list[str] = field(default_factory=list)
    """The state of each task, `x` or a space, and its words."""
    attributes: list[str] = field(default_factory=list)
    """Sizes and texts of pictures, titles of links, first numbers of lists, as `name=value`."""

    def add(self, other: "Content") -> None:
        """Add what follows."""
        moved = [(number + self.tables, row, column, span, words) for number, row, column, span, words in other.cells]
        joined = replace(other, cells=moved)
        for each in fields(self):
            setattr(self, each.name, getattr(self, each.name) + getattr(joined, each.name))


def tokens(text: str) -> list[str]:
    """Part *text*, composed as Unicode advises, into words and single signs."""
    return _TOKEN.findall(unicodedata.normalize("NFC", text))


def read_source(body: str) -> Content:
    """Return what *body* says."""
    root = _parse(body)
    content = Content(words=tokens(_text(root)))
    _collect(root, content)
    tables = _find(root, "table")
    content.tables = len(tables)
    content.cells = [cell for number, table in enumerate(tables) for cell in _cells(number, table)]
    return content


def _parse(body: str) -> etree._Element:
    body = re.sub(r"\A\s*<\?xml.*?\?>", "", body, flags=re.DOTALL)
    parser = etree.XMLParser(recover=True, resolve_entities=True, strip_cdata=False, huge_tree=True)
    return etree.fromstring(f"{_OPEN}{body}</r>", parser)


def named_files(body: str) -> list[tuple[str, str, str, str]]:
    """Return space key, title and id of the page (empty for its own page) and name of each file in *body*."""
    found = []
    for element in _parse(body).iter():
        if _name(element) == "ri:attachment":
            owner = next(iter(element), None)
            key, title, page_id = (_get(owner, each) for each in ("space-key", "content-title", "content-id"))
            found.append((key, title, page_id, _get(element, "filename")))
    return found


def _name(element: etree._Element | None) -> str:
    """Return an element's name as it was written; an empty string for comments."""
    tag: object = None if element is None else element.tag
    if element is None or not isinstance(tag, str):
        return ""
    local = _local(tag)
    return (f"{element.prefix}:{local}" if element.prefix else local).lower()


def _local(name: str | bytes) -> str:
    return str(name).rpartition("}")[2]


def _get(element: etree._Element | None, name: str) -> str:
    if element is None:
        return ""
    return next((str(value) for key, value in element.attrib.items() if _local(key) == name), "")


def _all_text(element: etree._Element) -> str:
    return "".join(str(text) for text in element.itertext())


def _find(root: etree._Element, *names: str) -> list[etree._Element]:
    return [element for element in root.iter() if _name(element) in names and _is_shown(element)]


def _is_shown(element: etree._Element) -> bool:
    return not any(_is_hidden(ancestor) for ancestor in (element, *element.iterancestors()))


def _is_hidden(element: etree._Element) -> bool:
    name = _name(element)
    if name != "ac:adf-fallback":
        return name in _HIDDEN
    # The fallback repeats the content, where there is content.
    parent = element.getparent()
    return parent is not None and any(
        _name(content) == "ac:adf-content" and _all_text(content).strip() for content in parent.iter()
    )


def _text(element: etree._Element, *, within_lists: bool = True, within_panels: bool = True) -> str:
    """Return what *element* shows as text; without the lists in it, or the panels and code blocks, if so asked."""
    pieces = [element.text or ""]
    if _name(element):
        pieces.insert(0, _generated(element))
        for child in element:
            name = _name(child)
            is_wanted = within_lists or name not in ("ul", "ol", "ac:task-list")
            is_wanted = is_wanted and (within_panels or not _is_panel(child, name))
            if name and not _is_hidden(child) and is_wanted:
                text = _text(child, within_lists=within_lists, within_panels=within_panels)
                pieces.append(f" {text} " if name in _BLOCKS else text)
            elif not within_lists:
                pieces.append(" ")
            pieces.append(child.tail or "")
    return "".join(pieces)


def _is_panel(element: etree._Element, name: str) -> bool:
    return name in ("ac:structured-macro", "ac:macro") and any("-body" in _name(child) for child in element)


def _generated(element: etree._Element) -> str:
    """Return the words an element shows that are not text in it: a title, the page a link leads to, a date."""
    name = _name(element)
    if name in ("ac:structured-macro", "ac:macro") and _get(element, "name") in _TITLED:
        titles = [child for child in element if _name(child) == "ac:parameter" and _get(child, "name") == "title"]
        return " ".join(f" {_all_text(title)} " for title in titles)
    if name == "time" and not (element.text or "").strip():
        return f" {_get(element, 'datetime')} "
    if name == "ac:link" and not _has_body(element):
        page = next((child for child in element if _name(child) == "ri:page"), None)
        return f" {_get(page, 'content-title')} "
    return ""


def _has_body(link: etree._Element) -> bool:
    bodies = [child for child in link if _name(child) in ("ac:link-body", "ac:plain-text-link-body")]
    return any(_all_text(body).strip() or len(body) for body in bodies)


def _collect(root: etree._Element, content: Content) -> None:
    for element in root.iter():
        name = _name(element)
        if not name or not _is_shown(element):
            continue
        for address in _link(element, name):
            # What must not be followed is to be shown as code instead.
            (content.code if _UNSAFE.match(address) else content.links).append(address)
        _collect_marks(element, name, content)
        if re.fullmatch("h[1-6]", name) and (words := tokens(_text(element, within_panels=False))):
            content.headings.append((int(name[1]), words))
        elif name in ("li", "ac:task"):
            _collect_item(element, name, content)
        elif name in ("pre", "ac:plain-text-body", "code"):
            _collect_code(element, name, content)


def _collect_marks(element: etree._Element, name: str, content: Content) -> None:
    """Collect pictures, and emphasis outside of code and of emphasis of the same kind."""
    if name == "ac:image":
        named = (_get(child, "filename") or _get(child, "value") for child in element if _name(child).startswith("ri:"))
        content.images += [each for each in named if each and not _UNSAFE.match(each)]
    elif name == "img" and (address := _get(element, "src")) and not _UNSAFE.match(address):
        content.images.append(address)
    wanted = _ATTRIBUTES.get(name, ())
    content.attributes += [f"{key}={value}" for key in wanted if (value := " ".join(_get(element, key).split()))]
    kind = EMPHASIS.get(name)
    around = [_name(ancestor) for ancestor in element.iterancestors()]
    if kind and not any(EMPHASIS.get(each) == kind or each in ("pre", "code") for each in around):
        content.emphasis += [f"{kind}{sign}" for sign in "".join(tokens(_text(element)))]


def _collect_code(element: etree._Element, name: str, content: Content) -> None:
    """Code is kept to the byte: macros and `pre`; a span's line breaks are spaces."""
    ancestors = {_name(ancestor) for ancestor in element.iterancestors()}
    if name == "code" and ("pre" in ancestors or any(_name(child) != "span" for child in element.iterdescendants())):
        return
    for line_break in element.iter("br"):
        line_break.text = "\n"
    text = _all_text(element)
    macro = _get(element.getparent(), "name")
    if name == "ac:plain-text-body" and ("math" in macro or "latex" in macro):
        return
    if text:
        content.code.append(text.replace("\n", " ") if name == "code" else text)


def _collect_item(element: etree._Element, name: str, content: Content) -> None:
    lists = [_name(ancestor) for ancestor in element.iterancestors() if _name(ancestor) in ("ul", "ol", "ac:task-list")]
    if not lists:
        return
    marks = []
    if name == "ac:task":
        status = next((child.text for child in element if _name(child) == "ac:task-status"), "")
        marks = ["[", "x", "]"] if status == "complete" else ["[", "]"]
    words = tokens(_text(element, within_lists=False))
    text = marks + words
    if name == "ac:task" and words:
        content.tasks.append(f"{'x' if 'x' in marks else ' '} {' '.join(words)}")
    content.items.append((len(lists), "ol" if lists[0] == "ol" else "ul", text))


def _link(element: etree._Element, name: str) -> list[str]:
    """Return what a link's address has to hold, whoever makes the rest of it."""
    parent = _name(element.getparent())
    match name:
        case "a":
            return [_get(element, "href")] if _get(element, "href") else []
        case "ri:page" if parent == "ac:link":
            return [_get(element, "content-title")] if _get(element, "content-title") else []
        case "ri:attachment" if parent in ("ac:link", "ac:image"):
            return [_get(element, "filename")]
        case "ri:url" if parent in ("ac:link", "ac:image"):
            return [_get(element, "value")]
        case "img":
            return [_get(element, "src")]
    return []


def _cells(number: int, table: etree._Element) -> list[tuple[int, int, int, str, list[str]]]:
    rows = [row for row in _find(table, "tr") if next(row.iterancestors("table"), None) is table]
    cells = []
    for row_number, row in enumerate(row for row in rows if len(row)):
        for column, cell in enumerate(child for child in row if _name(child) in ("td", "th")):
            span = f"{_get(cell, 'colspan') or 1}×{_get(cell, 'rowspan') or 1}"
            cells.append((number, row_number, column, span, tokens(_text(cell))))
    return cells

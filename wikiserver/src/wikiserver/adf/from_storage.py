"""Convert storage format to the Atlassian document format, the JSON document of Cloud's editor."""

import json
from collections.abc import Callable, Iterable
from typing import Final

from wikiserver.adf.names import PANELS
from wikiserver.adf.nodes import (
    AdfNode,
    alignment_of,
    breakout_of,
    default_text,
    hex_colour,
    local_id_of,
    make_node,
    plain_content,
    style_value,
    text_node,
    to_number,
)
from wikiserver.storage_tree import BadBody, CData, Element, Node, Text, parse, serialise, text_of
from wikiserver.view import PageName, ViewContext

_MARKS: Final[dict[str, AdfNode]] = {
    "strong": {"type": "strong"},
    "b": {"type": "strong"},
    "em": {"type": "em"},
    "i": {"type": "em"},
    "u": {"type": "underline"},
    "del": {"type": "strike"},
    "s": {"type": "strike"},
    "code": {"type": "code"},
    "sub": {"type": "subsup", "attrs": {"type": "sub"}},
    "sup": {"type": "subsup", "attrs": {"type": "sup"}},
}
_INLINE_MACROS: Final = frozenset(("status", "anchor", "jira", "color"))


def storage_to_adf(body: str, context: ViewContext | None = None) -> str:
    """Return *body* as an ADF document in JSON. *context* looks up the pages that links refer to.

    Content without an equivalent ADF node becomes an extension with the macro; only formatting is dropped.
    """
    try:
        root = parse(body)
    except BadBody:
        root = Element("", children=[CData(body)])
    content = _Writer(context or ViewContext()).blocks(root.children)
    return json.dumps({"type": "doc", "content": content, "version": 1}, ensure_ascii=False, separators=(",", ":"))


class _Writer:
    """Writes one ADF document."""

    def __init__(self, context: ViewContext) -> None:
        self._context = context

    def blocks(self, nodes: Iterable[Node]) -> list[AdfNode]:
        """Return block nodes; loose text between them becomes paragraphs."""
        found: list[AdfNode] = []
        loose: list[Node] = []

        def flush() -> None:
            if any(isinstance(one, Element) or text_of([one]).strip() for one in loose):
                found.append(make_node("paragraph", content=self.inlines(loose, [])))
            loose.clear()

        for node in nodes:
            if isinstance(node, Element) and self._is_block(node):
                flush()
                found += self._block(node)
            else:
                loose.append(node)
        flush()
        return found

    def _is_block(self, element: Element) -> bool:
        return element.name in _BLOCK_WRITERS and element.macro_name not in _INLINE_MACROS

    def _block(self, element: Element) -> list[AdfNode]:
        writer = _BLOCK_WRITERS.get(element.name)
        return writer(self, element) if writer is not None else self.blocks(element.children)

    def heading(self, element: Element) -> list[AdfNode]:
        attributes = {"level": int(element.name[1])} | local_id_of(element)
        return [make_node("heading", attributes, self.inlines(element.children, []), alignment_of(element))]

    def paragraph(self, element: Element) -> list[AdfNode]:
        content = self.inlines(element.children, [])
        return [make_node("paragraph", local_id_of(element), content, alignment_of(element))]

    def bullet_list(self, element: Element) -> list[AdfNode]:
        return [make_node("bulletList", local_id_of(element), self._items(element))]

    def ordered_list(self, element: Element) -> list[AdfNode]:
        attributes = {"order": int(element.get("start", "1") or 1)} | local_id_of(element)
        return [make_node("orderedList", attributes, self._items(element))]

    def quote(self, element: Element) -> list[AdfNode]:
        return [make_node("blockquote", content=self.blocks(element.children))]

    def preformatted(self, element: Element) -> list[AdfNode]:
        return [make_node("codeBlock", content=plain_content(element.text))]

    def _items(self, element: Element) -> list[AdfNode]:
        return [make_node("listItem", local_id_of(one), self._cell(one)) for one in element.elements("li")]

    def _cell(self, element: Element) -> list[AdfNode]:
        return self.blocks(element.children) or [make_node("paragraph")]

    def table(self, table: Element) -> list[AdfNode]:
        attributes: AdfNode = {"layout": table.get("data-layout", "default")}
        if width := to_number(table.get("data-table-width")):
            attributes["width"] = width
        if local_id := table.get("ac:local-id"):
            attributes["localId"] = local_id
        widths = [to_number(style_value(col, "width").removesuffix("px")) for col in table.walk() if col.name == "col"]
        rows = [row for row in table.walk() if row.name == "tr"]
        if any(cell.get("class") == "numberingColumn" for row in rows for cell in row.elements("td", "th")):
            attributes["isNumberColumnEnabled"] = True
            widths = widths[1:]
        content = [make_node("tableRow", local_id_of(row), self._cells(row, widths)) for row in rows]
        return [make_node("table", attributes, content)]

    def _cells(self, row: Element, widths: list[float]) -> list[AdfNode]:
        found, column = [], 0
        for cell in row.elements("td", "th"):
            if cell.get("class") == "numberingColumn":
                continue
            span = int(cell.get("colspan", "1") or 1)
            attributes: AdfNode = {"colspan": span, "rowspan": int(cell.get("rowspan", "1") or 1)}
            if colour := cell.get("data-highlight-colour"):
                attributes["background"] = colour
            if known := [width for width in widths[column : column + span] if width]:
                attributes["colwidth"] = known
            kind = "tableHeader" if cell.name == "th" else "tableCell"
            found.append(make_node(kind, attributes | local_id_of(cell), self._cell(cell)))
            column += span
        return found

    def image(self, image: Element) -> list[AdfNode]:
        file, address = image.find("ri:attachment"), image.find("ri:url")
        media: AdfNode = {"type": "external", "url": address.get("ri:value")} if address is not None else {}
        if file is not None:
            found = self._context.find_file(file.get("ri:filename"))
            identity = found.file_id or str(found.id) if found is not None else "UNKNOWN_MEDIA_ID"
            owner_id = found.page_id if found is not None else self._context.page_id
            media = {"type": "file", "id": identity, "collection": f"contentId-{owner_id}"}
            if found is None:
                media["alt"] = file.get("ri:filename")
        if alt := image.get("ac:alt"):
            media["alt"] = alt
        for name in ("width", "height"):
            if size := to_number(image.get(f"ac:original-{name}") or image.get(f"ac:{name}")):
                media[name] = int(size)
        marks = [self._adf_mark(one) for one in image.elements("ac:adf-mark")]
        content = [make_node("media", media, marks=marks)]
        caption = image.find("ac:caption")
        if caption is not None:
            paragraphs = [node for one in caption.elements("p") for node in self.inlines(one.children, [])]
            content.append(make_node("caption", content=paragraphs))
        attributes: AdfNode = {"layout": image.get("ac:layout", "center") or "center"}
        if width := to_number(image.get("ac:width")):
            attributes |= {"width": int(width), "widthType": "pixel"}
        return [make_node("mediaSingle", attributes, content)]

    def _adf_mark(self, mark: Element) -> AdfNode:
        attributes = {key: int(value) if value.isdecimal() else value for key, value in mark.attributes.items()}
        return {"type": str(attributes.pop("key", "border")), "attrs": attributes}

    def task_list(self, element: Element) -> list[AdfNode]:
        items = []
        for task in element.elements("ac:task"):
            status, body = task.find("ac:task-status"), task.find("ac:task-body")
            number = task.find("ac:task-id")
            is_done = status is not None and status.text.strip() == "complete"
            attributes = {"localId": number.text if number is not None else "", "state": "DONE" if is_done else "TODO"}
            items.append(make_node("taskItem", attributes, self.inlines(body.children if body is not None else [], [])))
        return [make_node("taskList", {"localId": element.get("ac:local-id") or "tasks"}, items)]

    def layout(self, element: Element) -> list[AdfNode]:
        return [node for one in element.elements("ac:layout-section") for node in self.layout_section(one)]

    def layout_section(self, section: Element) -> list[AdfNode]:
        cells = list(section.elements("ac:layout-cell"))
        if len(cells) == 1:  # Cloud's editor has no section with one column: its content is put on the page
            return self._cell(cells[0])
        width = round(100 / max(1, len(cells)), 2)
        columns = [make_node("layoutColumn", {"width": width}, self._cell(cell)) for cell in cells]
        return [make_node("layoutSection", content=columns)]

    def macro(self, macro: Element) -> list[AdfNode]:
        name, rich = macro.macro_name, macro.find("ac:rich-text-body")
        content = rich.children if rich is not None else []
        if name in PANELS and not macro.parameter("title"):
            return [make_node("panel", {"panelType": PANELS[name]} | local_id_of(macro), self.blocks(content))]
        if name == "expand":
            return [make_node("expand", {"title": macro.parameter("title")}, self.blocks(content))]
        if name == "code":
            plain, language = macro.find("ac:plain-text-body"), macro.parameter("language")
            text = plain_content(plain.text if plain is not None else "")
            return [make_node("codeBlock", {"language": language} if language else {}, text, breakout_of(macro))]
        return [self._extension(macro, self.blocks(content) if rich is not None else None)]

    def _extension(self, macro: Element, content: list[AdfNode] | None, kind: str = "extension") -> AdfNode:
        parameters = {one.get("ac:name"): {"value": one.text} for one in macro.elements("ac:parameter")}
        # The source is included, so that a save restores exactly the same macro.
        metadata: AdfNode = {
            "macroId": {"value": macro.get("ac:macro-id")},
            "schemaVersion": {"value": macro.get("ac:schema-version", "1")},
            "title": macro.macro_name,
            "storage": serialise([macro]),
        }
        attributes = {
            "layout": macro.get("data-layout", "default") or "default",
            "extensionType": "com.atlassian.confluence.macro.core",
            "extensionKey": macro.macro_name,
            "parameters": {"macroParams": parameters, "macroMetadata": metadata},
        }
        if local_id := macro.get("ac:local-id"):
            attributes["localId"] = local_id
        return make_node("bodiedExtension" if content is not None else kind, attributes, content or None)

    def adf_extension(self, element: Element) -> list[AdfNode]:
        node = element.find("ac:adf-node")
        if node is not None and node.get("type") == "panel":
            kinds = {one.get("key"): one.text for one in node.elements("ac:adf-attribute")}
            content = node.find("ac:adf-content")
            inner = self.blocks(content.children if content is not None else [])
            return [make_node("panel", {"panelType": kinds.get("panel-type", "note")}, inner)]
        fallback = element.find("ac:adf-fallback")
        return self.blocks(fallback.children if fallback is not None else [])

    def inlines(self, nodes: Iterable[Node], marks: list[AdfNode]) -> list[AdfNode]:
        """Return text and inline nodes, each with its marks."""
        found: list[AdfNode] = []
        for node in nodes:
            if isinstance(node, (Text, CData)):
                if node.value:
                    found.append(text_node(node.value, marks))
            elif isinstance(node, Element):
                found += self._inline(node, marks)
        return found

    def _inline(self, element: Element, marks: list[AdfNode]) -> list[AdfNode]:
        mark = _MARKS.get(element.name) or _mark(element)
        if mark is not None:
            return self.inlines(element.children, [*marks, mark])
        match element.name:
            case "br":
                return [make_node("hardBreak")]
            case "a" if element.get("data-card-appearance"):
                return [make_node("inlineCard", {"url": element.get("href")})]
            case "time":
                return [make_node("date", {"timestamp": element.get("datetime")})]
            case "ac:link":
                return self._link(element, marks)
            case "ac:emoticon":
                short = element.get("ac:emoji-shortname") or f":{element.get('ac:name')}:"
                text = element.get("ac:emoji-fallback") or short
                return [make_node("emoji", {"shortName": short, "id": element.get("ac:emoji-id"), "text": text})]
            case "ac:structured-macro" | "ac:macro":
                return [self._inline_macro(element)]
            case "ac:image":
                return self.image(element)
        return self.inlines(element.children, marks)

    def _inline_macro(self, macro: Element) -> AdfNode:
        if macro.macro_name == "status":
            colour = (macro.parameter("colour") or "neutral").lower()
            colour = {"grey": "neutral"}.get(colour, colour)
            attributes = {"color": colour, "style": "bold", "text": macro.parameter("title")}
            return make_node("status", attributes | {"localId": macro.get("ac:local-id") or macro.get("ac:macro-id")})
        return self._extension(macro, None, "inlineExtension")

    def _link(self, link: Element, marks: list[AdfNode]) -> list[AdfNode]:
        body = link.find("ac:link-body", "ac:plain-text-link-body")
        user, target = link.find("ri:user"), link.find("ri:page", "ri:content-entity", "ri:attachment", "ri:space")
        if user is not None:
            account = user.get("ri:account-id") or user.get("ri:userkey") or user.get("ri:username")
            return [make_node("mention", {"id": account, "text": f"@{body.text if body is not None else account}"})]
        href = self._address(link, target)
        if link.get("ac:card-appearance") == "inline":
            return [make_node("inlineCard", {"url": href})]
        content = body.children if body is not None else [CData(default_text(target) or href)]
        return self.inlines(content, [*marks, {"type": "link", "attrs": {"href": href}}])

    def _address(self, link: Element, target: Element | None) -> str:
        anchor = f"#{link.get('ac:anchor')}" if link.get("ac:anchor") else ""
        base = self._context.base_url
        if target is None:
            return anchor or "#"
        if target.name == "ri:attachment":
            file = self._context.find_file(target.get("ri:filename"))
            return base + file.path if file is not None else f"{base}/download/{target.get('ri:filename')}"
        if target.name == "ri:space":
            return f"{base}/spaces/{target.get('ri:space-key')}"
        key = target.get("ri:space-key")
        page = self._context.find_page(PageName(target.get("ri:content-title"), key))
        if page is not None:
            return base + page.path + anchor
        title = target.get("ri:content-title") or target.get("ri:content-id")
        return f"{base}/display/{key or self._context.space_key}/{title.replace(' ', '+')}{anchor}"


_BLOCK_WRITERS: Final[dict[str, Callable[[_Writer, Element], list[AdfNode]]]] = {
    **dict.fromkeys((f"h{level}" for level in range(1, 7)), _Writer.heading),
    "p": _Writer.paragraph,
    "ul": _Writer.bullet_list,
    "ol": _Writer.ordered_list,
    "table": _Writer.table,
    "blockquote": _Writer.quote,
    "hr": lambda _, __: [make_node("rule")],
    "pre": _Writer.preformatted,
    "div": lambda writer, element: writer.blocks(element.children),
    "ac:image": _Writer.image,
    "ac:task-list": _Writer.task_list,
    "ac:layout": _Writer.layout,
    "ac:layout-section": _Writer.layout_section,
    "ac:structured-macro": _Writer.macro,
    "ac:macro": _Writer.macro,
    "ac:adf-extension": _Writer.adf_extension,
}


def _mark(element: Element) -> AdfNode | None:
    """Return the mark for an element with attributes, or None."""
    if element.name == "a" and not element.get("data-card-appearance"):
        return {"type": "link", "attrs": {"href": element.get("href")}}
    if element.name == "ac:inline-comment-marker":
        return {"type": "annotation", "attrs": {"annotationType": "inlineComment", "id": element.get("ac:ref")}}
    colour = style_value(element, "color") if element.name == "span" else ""
    return {"type": "textColor", "attrs": {"color": hex_colour(colour)}} if colour else None

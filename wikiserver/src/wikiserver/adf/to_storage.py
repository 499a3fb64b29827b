"""Convert the Atlassian document format to storage format, for content that is saved as ADF."""

import html
import json
from collections.abc import Callable, Mapping
from typing import Any, Final

from wikiserver.adf.names import PANEL_MACROS

AdfNode = Mapping[str, Any]
FILE_NAME: Final = "wikiserver:file-name"
"""The attribute of a media node in which the name of its attachment is noted."""


class AdfError(ValueError):
    """The document is not valid ADF; the message states the position."""


def adf_to_storage(text: str, file_name: Callable[[str], str | None] = lambda _id: None) -> str:
    """Return the ADF document *text* (JSON) as storage format; raises AdfError for an invalid document.

    *file_name* returns the name of the attachment with a media file id, or None.
    """
    try:
        document = json.loads(text)
    except ValueError as error:
        raise AdfError(f"the document is not JSON: {error}") from error
    if not isinstance(document, dict) or document.get("type") != "doc":
        raise AdfError("the document has no node of type 'doc' at its root")
    _name_files(document, file_name)
    return _content(document)


def _name_files(node: object, file_name: Callable[[str], str | None]) -> None:
    """Add the name of its attachment to each media node of a file."""
    for child in node.get("content", []) if isinstance(node, dict) and isinstance(node.get("content"), list) else []:
        attributes = child.get("attrs") if isinstance(child, dict) else None
        if isinstance(attributes, dict) and isinstance(attributes.get("id"), str) and "collection" in attributes:
            attributes[FILE_NAME] = file_name(attributes["id"])
        _name_files(child, file_name)


def _content(node: AdfNode) -> str:
    children = node.get("content", [])
    if not isinstance(children, list):
        raise AdfError(f"the content of {node.get('type')!r} is not a list")
    return "".join(_render(child) for child in children)


def _render(node: AdfNode) -> str:
    if not isinstance(node, dict) or not isinstance(node.get("type"), str):
        raise AdfError(f"not a node: {str(node)[:60]}")
    renderer = _NODES.get(node["type"])
    if renderer is None:
        raise AdfError(f"storage format has nothing for the node {node['type']!r}")
    return renderer(node)


def _attributes(node: AdfNode) -> dict[str, Any]:
    attributes = node.get("attrs")
    return attributes if isinstance(attributes, dict) else {}


def _tag(name: str, inner: str, **attributes: object) -> str:
    spelled = "".join(
        f' {key.replace("__", ":").replace("_", "-")}="{html.escape(str(value))}"'
        for key, value in attributes.items()
        if value not in (None, "")
    )
    return f"<{name}{spelled}>{inner}</{name}>" if inner else f"<{name}{spelled} />"


def _wrapped(name: str) -> Callable[[AdfNode], str]:
    def render(node: AdfNode) -> str:
        local_id = _attributes(node).get("localId")
        return _tag(name, _content(node), style=_alignment(node), local_id=local_id)

    return render


def _alignment(node: AdfNode) -> str:
    for mark in node.get("marks", []):
        if mark.get("type") == "alignment":
            return f"text-align: {'right' if _attributes(mark).get('align') == 'end' else 'center'};"
    return ""


def _heading(node: AdfNode) -> str:
    level = _attributes(node).get("level")
    if level not in range(1, 7):
        raise AdfError(f"a heading has level {level!r}")
    return _tag(f"h{level}", _content(node), style=_alignment(node), local_id=_attributes(node).get("localId"))


def _ordered_list(node: AdfNode) -> str:
    return _tag("ol", _content(node), start=_attributes(node).get("order"))


_SIMPLE_MARKS: Final = {"strong": "strong", "em": "em", "underline": "u", "strike": "del", "code": "code"}


def _text(node: AdfNode) -> str:
    value = node.get("text")
    if not isinstance(value, str):
        raise AdfError("a text node has no text")
    rendered = html.escape(value)
    for mark in reversed(node.get("marks", [])):
        rendered = _marked(rendered, mark)
    return rendered


def _marked(inner: str, mark: AdfNode) -> str:
    kind, attributes = mark.get("type"), _attributes(mark)
    if kind in _SIMPLE_MARKS:
        return _tag(_SIMPLE_MARKS[kind], inner)
    match kind:
        case "link":
            return _tag("a", inner, href=attributes.get("href"))
        case "subsup":
            return _tag("sub" if attributes.get("type") == "sub" else "sup", inner)
        case "textColor":
            return _tag("span", inner, style=f"color: {attributes.get('color')};")
        case "backgroundColor":
            return _tag("span", inner, style=f"background-color: {attributes.get('color')};")
        case "annotation":
            return _tag("ac:inline-comment-marker", inner, ac__ref=attributes.get("id"))
    return inner


def _table(node: AdfNode) -> str:
    attributes = _attributes(node)
    width = attributes.get("width")
    return _tag(
        "table",
        _tag("tbody", _content(node)),
        data_table_width=int(width) if isinstance(width, (int, float)) else None,
        data_layout=attributes.get("layout"),
        ac__local_id=attributes.get("localId"),
    )


def _cell(name: str) -> Callable[[AdfNode], str]:
    def render(node: AdfNode) -> str:
        attributes = _attributes(node)
        spans = {one: attributes.get(one) for one in ("colspan", "rowspan") if attributes.get(one) not in (None, 1)}
        return _tag(name, _content(node), data_highlight_colour=attributes.get("background"), **spans)

    return render


def _macro(name: str, inner: str, **parameters: object) -> str:
    shown = "".join(
        _tag("ac:parameter", html.escape(str(value)), ac__name=key)
        for key, value in parameters.items()
        if value not in (None, "")
    )
    return _tag("ac:structured-macro", shown + inner, ac__name=name, ac__schema_version="1")


def _panel(node: AdfNode) -> str:
    kind = _attributes(node).get("panelType", "info")
    inner = _content(node)
    if kind in PANEL_MACROS:
        return _macro(PANEL_MACROS[kind], _tag("ac:rich-text-body", inner))
    kept = _tag("ac:adf-attribute", html.escape(str(kind)), key="panel-type")
    shown = _tag("ac:adf-node", kept + _tag("ac:adf-content", inner), type="panel")
    fallback = _tag("ac:adf-fallback", f'<div class="panel"><div class="panelContent">{inner}</div></div>')
    return _tag("ac:adf-extension", shown + fallback)


def _code_block(node: AdfNode) -> str:
    text = "".join(str(child.get("text", "")) for child in node.get("content", []))
    breakout: dict[str, Any] = {}
    for mark in node.get("marks", []):
        if mark.get("type") == "breakout":
            found = _attributes(mark)
            breakout = {"breakoutMode": found.get("mode"), "breakoutWidth": found.get("width")}
    safe = text.replace("]]>", "]]]]><![CDATA[>")
    plain = f"<ac:plain-text-body><![CDATA[{safe}]]></ac:plain-text-body>"
    return _macro("code", plain, language=_attributes(node).get("language"), **breakout)


def _expand(node: AdfNode) -> str:
    return _macro("expand", _tag("ac:rich-text-body", _content(node)), title=_attributes(node).get("title"))


def _status(node: AdfNode) -> str:
    attributes = _attributes(node)
    colour = str(attributes.get("color", "neutral"))
    colour = "Grey" if colour == "neutral" else colour.capitalize()
    return _macro("status", "", title=attributes.get("text"), colour=colour)


def _media_single(node: AdfNode) -> str:
    attributes, children = _attributes(node), node.get("content", [])
    media = next((_attributes(one) for one in children if one.get("type") == "media"), {})
    caption = next((_content(one) for one in children if one.get("type") == "caption"), "")
    if media.get("type") == "external":
        source = _tag("ri:url", "", ri__value=media.get("url"))
    else:
        source = _tag("ri:attachment", "", ri__filename=media.get(FILE_NAME) or media.get("alt") or media.get("id"))
    inner = source + (_tag("ac:caption", _tag("p", caption)) if caption else "")
    for mark in next((one.get("marks", []) for one in children if one.get("type") == "media"), []):
        if mark.get("type") == "border":
            inner += _tag("ac:adf-mark", "", key="border", **_attributes(mark))
    return _tag(
        "ac:image",
        inner,
        ac__layout=attributes.get("layout"),
        ac__alt=media.get("alt"),
        ac__width=attributes.get("width"),
    )


def _task_list(node: AdfNode) -> str:
    items = []
    for number, item in enumerate(node.get("content", []), start=1):
        if item.get("type") == "taskList":
            items.append(_task_list(item))
            continue
        is_done = _attributes(item).get("state") == "DONE"
        parts = _tag("ac:task-id", str(number)) + _tag("ac:task-status", "complete" if is_done else "incomplete")
        items.append(_tag("ac:task", parts + f"<ac:task-body>{_content(item)}</ac:task-body>"))
    return _tag("ac:task-list", "".join(items))


_SECTIONS: Final = {1: "fixed-width", 2: "two_equal", 3: "three_equal"}


def _layout_section(node: AdfNode) -> str:
    cells = [_tag("ac:layout-cell", _content(one)) for one in node.get("content", [])]
    kind = _SECTIONS.get(len(cells), "fixed-width")
    return _tag("ac:layout", _tag("ac:layout-section", "".join(cells), ac__type=kind))


def _extension(node: AdfNode) -> str:
    attributes = _attributes(node)
    parameters = attributes.get("parameters") or {}
    metadata = parameters.get("macroMetadata") or {}
    if isinstance(metadata.get("storage"), str):
        return str(metadata["storage"])
    values = {key: one.get("value") for key, one in (parameters.get("macroParams") or {}).items()}
    inner = _tag("ac:rich-text-body", _content(node)) if node.get("content") else ""
    return _macro(str(attributes.get("extensionKey")), inner, **values)


def _mention(node: AdfNode) -> str:
    return _tag("ac:link", _tag("ri:user", "", ri__account_id=_attributes(node).get("id")))


def _emoji(node: AdfNode) -> str:
    attributes = _attributes(node)
    short = str(attributes.get("shortName", ""))
    return _tag(
        "ac:emoticon",
        "",
        ac__name=short.strip(":") or "blue-star",
        ac__emoji_shortname=short,
        ac__emoji_id=attributes.get("id"),
        ac__emoji_fallback=attributes.get("text"),
    )


def _card(node: AdfNode) -> str:
    url = str(_attributes(node).get("url", ""))
    return _tag("a", html.escape(url), href=url, data_card_appearance="inline")


_NODES: Final[dict[str, Callable[[AdfNode], str]]] = {
    "paragraph": _wrapped("p"),
    "heading": _heading,
    "text": _text,
    "hardBreak": lambda _: "<br />",
    "rule": lambda _: "<hr />",
    "bulletList": _wrapped("ul"),
    "orderedList": _ordered_list,
    "listItem": _wrapped("li"),
    "blockquote": _wrapped("blockquote"),
    "table": _table,
    "tableRow": _wrapped("tr"),
    "tableCell": _cell("td"),
    "tableHeader": _cell("th"),
    "panel": _panel,
    "codeBlock": _code_block,
    "expand": _expand,
    "nestedExpand": _expand,
    "status": _status,
    "mediaSingle": _media_single,
    "mediaGroup": _media_single,
    "mediaInline": lambda node: _media_single({"content": [{"type": "media", "attrs": _attributes(node)}]}),
    "taskList": _task_list,
    "layoutSection": _layout_section,
    "extension": _extension,
    "inlineExtension": _extension,
    "bodiedExtension": _extension,
    "mention": _mention,
    "emoji": _emoji,
    "inlineCard": _card,
    "blockCard": _card,
    "date": lambda node: _tag("time", "", datetime=_attributes(node).get("timestamp")),
}

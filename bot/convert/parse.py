"""Storage format → a bs4 tree, with CDATA, entities and whitespace as they were written."""

import html
import re
from html.entities import html5
from xml.parsers import expat

from bs4 import CData, Tag
from bs4.element import NavigableString

from bot.convert.tree import ROOT, make_tag

MAX_DEPTH = 80
"""Elements nested deeper than this lose their tags, not their text (real pages stay under 40)."""

_ENTITY_DTD = "".join(
    f'<!ENTITY {name[:-1]} "&#38;#{ord(text)};">' if text in "<&" else f'<!ENTITY {name[:-1]} "&#{ord(text)};">'
    for name, text in html5.items()
    if name.endswith(";") and len(text) == 1 and name[:-1] not in {"lt", "gt", "amp", "quot", "apos"}
)
_PROLOG = re.compile(r"\A\s*(?:<\?xml.*?\?>\s*)?(?:<!DOCTYPE[^>]*>\s*)?", re.DOTALL)
_ILLEGAL = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff\ud800-\udfff]")
_TOKEN = re.compile(
    r"<!\[CDATA\[(?P<cdata>.*?)(?:\]\]>|\Z)"
    r"|(?P<skip><!--.*?(?:-->|\Z)|<\?.*?\?>|<![A-Za-z][^>]*>)"
    r"|</(?P<end>[\w:.-]+)\s*>"
    r"|<(?P<start>[A-Za-z_][\w:.-]*)(?P<attributes>(?:\s+[\w:.-]+(?:\s*=\s*(?:\"[^\"]*\"|'[^']*'|[^\s\"'>/]+))?)*)\s*"
    r"(?P<empty>/?)>",
    re.DOTALL,
)
_ATTRIBUTE = re.compile(r"([\w:.-]+)(?:\s*=\s*(\"[^\"]*\"|'[^']*'|[^\s\"'>/]+))?")
_VOID = frozenset({"br", "hr", "img", "col", "wbr"})


class _TreeBuilder:
    """Put events together to a tree; text nodes that touch become one."""

    def __init__(self, max_depth: int) -> None:
        self.max_depth = max_depth
        self.root = make_tag(ROOT)
        self.was_flattened = False
        self._open = [self.root]
        self._names: list[str] = []
        self._text: list[str] = []
        self._in_cdata = False

    def start(self, name: str, attributes: dict[str, str]) -> None:
        self._flush()
        self._names.append(name)
        if len(self._names) > self.max_depth:
            self.was_flattened = True
            return
        tag = make_tag(name, attributes)
        self._open[-1].append(tag)
        self._open.append(tag)

    def end(self, name: str) -> None:
        """Close the innermost open *name* and all that is open inside it; ignore it where none is open."""
        if name not in self._names:
            return
        self._flush()
        while True:
            closed = self._names.pop()
            if len(self._open) > len(self._names) + 1:
                self._open.pop()
            if closed == name:
                return

    def text(self, data: str) -> None:
        self._text.append(data)

    def start_cdata(self) -> None:
        self._flush()
        self._in_cdata = True

    def end_cdata(self) -> None:
        self._flush()
        self._in_cdata = False

    def close(self) -> Tag:
        self._flush()
        return self.root

    def _flush(self) -> None:
        if self._text:
            kind = CData if self._in_cdata else NavigableString
            self._open[-1].append(kind("".join(self._text)))
            self._text.clear()


def parse_storage(body: str, *, max_depth: int = MAX_DEPTH) -> tuple[Tag, str | None]:
    """Return *body* as a tree, and what was wrong with it (None where it is well-formed)."""
    builder = _TreeBuilder(max_depth)
    problem = _parse_strictly(body, builder)
    if problem is not None:
        builder = _TreeBuilder(max_depth)
        _parse_leniently(body, builder)
    root = builder.close()
    if problem is None and builder.was_flattened:
        problem = f"elements nested deeper than {max_depth} levels: their text was kept, their markup was not"
    return root, problem


def _parse_strictly(body: str, builder: _TreeBuilder) -> str | None:
    text = _PROLOG.sub("", body, count=1)
    parser = expat.ParserCreate("utf-8")
    parser.buffer_text = True
    parser.SetParamEntityParsing(expat.XML_PARAM_ENTITY_PARSING_ALWAYS)
    parser.UseForeignDTD(True)

    def declare_entities(context: str, _base: str | None, _system: str | None, _public: str | None) -> int:
        parser.ExternalEntityParserCreate(context).Parse(_ENTITY_DTD, True)
        return 1

    depth = 0

    def start(name: str, attributes: dict[str, str]) -> None:
        nonlocal depth
        depth += 1
        if depth > 1:
            builder.start(name, attributes)

    def end(name: str) -> None:
        nonlocal depth
        depth -= 1
        if depth:
            builder.end(name)

    parser.ExternalEntityRefHandler = declare_entities
    parser.StartElementHandler = start
    parser.EndElementHandler = end
    parser.CharacterDataHandler = builder.text
    parser.StartCdataSectionHandler = builder.start_cdata
    parser.EndCdataSectionHandler = builder.end_cdata
    try:
        parser.Parse(f"<body>{text}</body>".encode("utf-8", "surrogatepass"), True)
    except (expat.ExpatError, ValueError) as error:
        place = f" (line {error.lineno})" if isinstance(error, expat.ExpatError) else ""
        reason = expat.errors.messages.get(getattr(error, "code", 0), str(error))
        return f"not well-formed: {reason}{place}; what could be read was converted"
    return None


def _parse_leniently(body: str, builder: _TreeBuilder) -> None:
    """Read what can be read: unknown `&` and `<` are text, ends without a start are dropped."""
    body = _ILLEGAL.sub("", _PROLOG.sub("", body, count=1))
    cursor = 0
    for token in _TOKEN.finditer(body):
        builder.text(html.unescape(body[cursor : token.start()]))
        cursor = token.end()
        if token["cdata"] is not None:
            builder.start_cdata()
            builder.text(token["cdata"])
            builder.end_cdata()
        elif token["end"]:
            builder.end(token["end"])
        elif token["start"]:
            _start_leniently(token, builder)
    builder.text(html.unescape(body[cursor:]))


def _start_leniently(token: re.Match[str], builder: _TreeBuilder) -> None:
    attributes = {
        name: html.unescape((value or "").strip("\"'")) for name, value in _ATTRIBUTE.findall(token["attributes"])
    }
    builder.start(token["start"], attributes)
    if token["empty"] or token["start"].lower() in _VOID:
        builder.end(token["start"])

"""Tokenize a body that may be malformed into tags, texts and comments, in linear time."""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from html import unescape
from html.entities import html5

from bot.splice import Span

_NAME = r"[A-Za-z_][\w:.-]*"
_LONGEST_ODD_TAG = 2_000
_START = re.compile(rf"<({_NAME})((?:\s++[\w:.-]++(?:\s*+=\s*+(?:\"[^\"<]*+\"|'[^'<]*+'|[^\s\"'<>/]++)?)?)*+)\s*+(/?)>")
_ODD_START = re.compile(  # with `<` in a value, which XML forbids; used only on tags of limited length
    rf"<({_NAME})((?:\s++[\w:.-]++(?:\s*+=\s*+(?:\"[^\"]*+\"|'[^']*+'|[^\s\"'<>/]++)?)?)*+)\s*+(/?)>"
)
_END = re.compile(rf"</({_NAME})\s*+>")
_ATTRIBUTE = re.compile(r"([\w:.-]+)(?:\s*=\s*(\"[^\"]*\"|'[^']*'|[^\s\"'<>/]+))?")
_VOID = {"br", "hr", "img", "col", "wbr"}
_ENTITY = re.compile(r"&(?:#[0-9]+;?|#[xX][0-9A-Fa-f]+;?|([A-Za-z][A-Za-z0-9]*)(;?))")
_ILLEGAL = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff\ud800-\udfff]")


@dataclass(frozen=True, slots=True)
class Token:
    """One token: a tag (*kind* is `start`, `empty` or `end`, *value* is the tag name), or a text or comment."""

    kind: str
    span: Span
    value: str
    attributes: dict[str, str] = field(default_factory=dict)


def iter_tokens(body: str) -> Iterator[Token]:
    """Yield the tokens of *body*; everything that is not markup is text."""
    text_start = cursor = 0
    reader = _Markup(body)
    while (at := body.find("<", cursor)) >= 0:
        token = reader.find_token(at)
        if token is None:
            cursor = at + 1
            continue
        if at > text_start:
            yield _text(body, Span(text_start, at))
        yield token
        text_start = cursor = token.span.end
    if len(body) > text_start:
        yield _text(body, Span(text_start, len(body)))


def resolve_entities(text: str, *, is_attribute: bool = False) -> str:
    """Return *text* with its entities resolved; unknown entities are unchanged.

    An entity without a semicolon is resolved if legacy HTML allows this and no letter or digit follows. In an
    attribute, `=` must not follow either, because the `&` then separates URL parameters.
    """
    if "&" not in text:
        return text

    def resolve(match: re.Match[str]) -> str:
        name, semicolon = match[1], match[2]
        if name is None:
            return unescape(match[0])
        if not semicolon and is_attribute and text.startswith("=", match.end()):
            return match[0]
        return html5.get(name + semicolon, match[0])

    return _ENTITY.sub(resolve, text)


def _text(body: str, span: Span) -> Token:
    return Token("plain", span, _clean(resolve_entities(span.of(body))))


def _clean(text: str) -> str:
    return _ILLEGAL.sub("", text.replace("\r\n", "\n").replace("\r", "\n"))


class _Markup:
    """Finds markup; caches which end delimiters do not occur any more, so that none is searched for twice."""

    def __init__(self, body: str) -> None:
        self._body = body
        self._missing: set[str] = set()

    def find_token(self, at: int) -> Token | None:
        """Return the token that starts with the `<` at offset *at*; None if that `<` is text."""
        body = self._body
        if body.startswith("<![CDATA[", at):
            return self._enclosed("cdata", at, "<![CDATA[", "]]>")
        if body.startswith("<!--", at):
            return self._enclosed("comment", at, "<!--", "-->")
        if body.startswith("<?", at):
            return self._instruction(at, "?>")
        if body.startswith("<!", at):
            return self._instruction(at, ">") if body[at + 2 : at + 3].isalpha() else None
        if body.startswith("</", at):
            match = _END.match(body, at)
            return Token("end", Span(*match.span()), match[1]) if match else None
        match = _START.match(body, at) or _ODD_START.match(body, at, at + _LONGEST_ODD_TAG)
        return _start(match) if match else None

    def _enclosed(self, kind: str, at: int, begin: str, end: str) -> Token:
        """Return the text between *begin* and *end*; without *end*, the text up to the end of the body."""
        start = at + len(begin)
        found = self._body.find(end, start)
        stop = len(self._body) if found < 0 else found
        return Token(kind, Span(at, min(stop + len(end), len(self._body))), _clean(self._body[start:stop]))

    def _instruction(self, at: int, end: str) -> Token | None:
        found = -1 if end in self._missing else self._body.find(end, at)
        if found < 0:
            self._missing.add(end)
            return None
        return Token("instruction", Span(at, found + len(end)), _clean(self._body[at + 2 : found]))


def _start(match: re.Match[str]) -> Token:
    attributes: dict[str, str] = {}
    for name, value in _ATTRIBUTE.findall(match[2]):
        if value[:1] in ("'", '"'):
            value = value[1:-1]
        attributes.setdefault(name, _clean(resolve_entities(value, is_attribute=True)).replace("\n", " "))
    is_empty = bool(match[3]) or match[1].lower() in _VOID
    return Token("empty" if is_empty else "start", Span(*match.span()), match[1], attributes)

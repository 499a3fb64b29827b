"""Write lines of Markdown so that text and emphasis are parsed as intended, next to any text.

Markdown interprets `**` by the characters on both sides: `**강조(bold)**은` is not bold. Therefore a line is first
a list of parts. When the line is complete, each emphasis becomes Markdown, or HTML if the Markdown would not be parsed
as intended.
intended.
"""

import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass, field
from enum import Enum, auto
from string import punctuation


class Boundary(Enum):
    """Parts of a line other than text and emphasis."""

    BREAK = auto()
    LINK = auto()
    """Start of a link: `!` directly before a link would make it an image."""
    CODE = auto()
    """Start or end of code: two adjacent spans would be one longer run of backticks."""


@dataclass(slots=True)
class Emphasis:
    """Parts of a line with emphasis of *kind*: strong, em or del."""

    kind: str
    parts: "list[Part]" = field(default_factory=list)


Part = str | Boundary | Emphasis
EMPHASIS = frozenset({"strong", "em", "del"})

_WHITESPACE = re.compile(r"[ \t\r\n]+")
_IRREGULAR_SPACE = re.compile(r"[\t\r\n]|  ")
_SPECIAL = re.compile(r"[`\[\\_*~<&$:]|www\.", re.IGNORECASE)
_ENTITY = re.compile(r"&(?=#?[0-9A-Za-z]+;|$)")
_MARKUP = re.compile(
    r"[`\[]"
    r"|\\(?![^\W_])"  # would escape what follows, also if the space between is removed
    r"|(?<![^\W_])_|_(?![^\W_])"  # snake_case is safe
    r"|(?<!\S )[*~]|[*~](?! \S)"  # safe between words and spaces
    r"|<(?=[A-Za-z/!?]|$)"
    r"|(?<=\w):(?=//)|(?<=\bwww)\.|(?<=mailto):|(?<=xmpp):",  # prevents autolinks in plain text
    re.IGNORECASE,
)
# GitHub replaces these by emoji after it parsed the Markdown, so a backslash would not help.
_SHORTCODE = re.compile(r":(?=(?:[a-z][a-z0-9_+-]*|[+-]1|100|1234|8ball):)")
_DOLLAR = re.compile(r"(?<![\w\\])\$(?=[^\s$](?:[^$]*[^\s$])?\$(?!\w)|`)")
_LINE_START = re.compile(r"(?:[-+*](?=\s|$)|#{1,6}(?=\s|$)|>|[=|:-][-=|:\s]*$)")
_NUMBER_START = re.compile(r"(\d{1,9})([.)])(?=\s|$)")


def escape_text(text: str) -> str:
    """Return *text* escaped for Markdown; `finish_lines` escapes the starts of lines."""
    if _IRREGULAR_SPACE.search(text):
        text = _WHITESPACE.sub(" ", text)
    if not text.isascii():
        text = unicodedata.normalize("NFC", text)
    if not _SPECIAL.search(text):
        return text
    text = _MARKUP.sub(lambda match: "\\" + match[0], text)
    text = _ENTITY.sub(r"\\&", text)
    text = _SHORTCODE.sub("<span>:</span>", text)
    return _DOLLAR.sub("<span>$</span>", text)


def escape_label(text: str) -> str:
    """Return text for a link label, with its brackets escaped."""
    return escape_text(text).replace("]", "\\]")


def code_span(text: str) -> str:
    """Return *text* as inline code, delimited by more backticks than its longest run of backticks."""
    text = re.sub(r"\r\n?|\n", " ", text)
    ticks = "`" * (max((len(run) for run in re.findall("`+", text)), default=0) + 1)
    needs_padding = text.startswith("`") or text.endswith("`") or (text[:1] == text[-1:] == " " and text.strip(" "))
    padding = " " if needs_padding else ""
    return f"{ticks}{padding}{text}{padding}{ticks}"


def finish_lines(parts: list[Part]) -> str:
    """Return the text of a paragraph: emphasis resolved, line breaks added, no line that starts a block."""
    lines = _trim([line.strip(" ") for line in settle(parts)])
    return "\\\n".join(_escape_line_start(line) for line in lines)


def finish_line(parts: list[Part], *, line_break: str = " ") -> str:
    """Return the text of a heading or a cell, which has only one line."""
    lines = [line.strip(" ") for line in settle(parts)]
    while lines and not lines[-1].strip():
        lines.pop()
    return line_break.join(lines).strip()


def _trim(lines: list[str]) -> list[str]:
    """Remove empty lines from both ends."""
    start, end = 0, len(lines)
    while start < end and not lines[end - 1].strip():
        end -= 1
    while start < end and not lines[start].strip():
        start += 1
    return lines[start:end]


def _escape_line_start(line: str) -> str:
    if _LINE_START.match(line):
        return "\\" + line
    return _NUMBER_START.sub(r"\1\\\2", line, count=1) if _NUMBER_START.match(line) else line


def trimmed(parts: list[Part]) -> tuple[list[Part], list[Part], list[Part]]:
    """Return the white space and breaks before *parts*, the trimmed parts, and the white space and breaks after."""
    before = _pull(parts, 0, " ")
    after = _pull(parts, -1, " ")
    return before, parts, after


def _pull(parts: list[Part], end: int, characters: str | None) -> list[Part]:
    """Remove white space (*characters*, if given) and breaks at one end (0 or -1) of *parts*; return removed parts."""
    pulled: list[Part] = []
    while parts:
        part = parts[end]
        if part is Boundary.BREAK:
            pulled.append(parts.pop(end))
            continue
        if not isinstance(part, str):
            break
        rest = part.rstrip(characters) if end else part.lstrip(characters)
        if len(rest) < len(part):
            pulled.append(part[len(rest) :] if end else part[: len(part) - len(rest)])
        if rest:
            parts[end] = rest
            break
        parts.pop(end)
    return pulled[::-1] if end else pulled


def settle(parts: list[Part]) -> list[str]:
    """Return the lines of *parts*, with emphasis and links as Markdown, or as HTML if Markdown would not be parsed."""
    if all(isinstance(part, str) for part in parts):
        return ["".join(part for part in parts if isinstance(part, str))]
    return _write(_tidy(parts, ()))


def _tidy(parts: list[Part], around: tuple[str, ...]) -> list[Part]:
    """Move white space out of emphasis, drop empty and redundant emphasis, join adjacent emphasis of one kind."""
    tidied: list[Part] = []
    for part in parts:
        if not isinstance(part, Emphasis):
            if part != "":
                tidied.append(part)
            continue
        inner = Emphasis(part.kind, _tidy(part.parts, (*around, part.kind)))
        before, after = _pull(inner.parts, 0, None), _pull(inner.parts, -1, None)
        tidied += before
        if inner.kind in around:
            tidied += inner.parts
        elif inner.parts:
            _join(tidied, inner)
        tidied += after
    return tidied


def _join(parts: list[Part], part: Part) -> None:
    """Append *part* to *parts*; adjacent emphasis of the same kind is joined on every level."""
    last = parts[-1] if parts else None
    if isinstance(last, Emphasis) and isinstance(part, Emphasis) and last.kind == part.kind:
        for inner in part.parts:
            _join(last.parts, inner)
    else:
        parts.append(part)


@dataclass(slots=True, eq=False)
class _Delimiter:
    kind: str
    closing: int = -1
    """A delimiter of emphasis; an opening one has the index of its closing delimiter."""
    text: str = ""


_Piece = str | Boundary | _Delimiter


def _write(parts: list[Part]) -> list[str]:
    pieces: list[_Piece] = []
    _flatten(parts, pieces)
    for index, piece in enumerate(pieces):
        if isinstance(piece, _Delimiter) and piece.closing > 0:
            closing = pieces[piece.closing]
            assert isinstance(closing, _Delimiter)  # noqa: S101 -- `_flatten` has put it there
            piece.text, closing.text = _delimiters(pieces, index, piece.closing)
    lines: list[list[str]] = [[]]
    previous: _Piece = ""
    for piece in pieces:
        if piece is Boundary.BREAK:
            lines.append([])
        elif isinstance(piece, Boundary):
            _write_border(lines[-1], piece, previous)
        else:
            lines[-1].append(piece if isinstance(piece, str) else piece.text)
        previous = piece
    return ["".join(line) for line in lines]


def _write_border(line: list[str], mark: Boundary, previous: _Piece) -> None:
    if mark is Boundary.CODE:
        if previous is Boundary.CODE:
            line.append("<!-- -->")
    elif line and line[-1].endswith("!") and not line[-1].endswith("\\!"):
        line[-1] = line[-1][:-1] + "\\!"


def _flatten(parts: Sequence[Part], pieces: list[_Piece]) -> None:
    for part in parts:
        if not isinstance(part, Emphasis):
            pieces.append(part)
            continue
        opening = _Delimiter(part.kind)
        pieces.append(opening)
        _flatten(part.parts, pieces)
        opening.closing = len(pieces)
        pieces.append(_Delimiter(part.kind))


def _delimiters(pieces: list[_Piece], opening: int, closing: int) -> tuple[str, str]:
    kind = _kind(pieces, opening)
    before, first = _edge(pieces, opening, -1), _edge(pieces, opening, 1)
    last, after = _edge(pieces, closing, -1), _edge(pieces, closing, 1)
    html = f"<{kind}>", f"</{kind}>"
    if not (_may_flank(before, first) and _may_flank(after, last)):
        return html
    touches = {_kind(pieces, index) for index in (opening - 1, opening + 1, closing - 1, closing + 1)}
    if kind == "del":
        # GitHub's parser skips `~~` when it determines what is next to `*`.
        return html if any(touches) else ("~~", "~~")
    if kind == "strong":
        return ("**", "**")
    if not touches & {"strong", "em"}:
        return ("*", "*")
    is_free = all(not edge or edge.isspace() or _is_surely_punctuation(edge) for edge in (before, after))
    return ("_", "_") if is_free else html


def _kind(pieces: list[_Piece], index: int) -> str:
    piece = pieces[index] if 0 <= index < len(pieces) else ""
    return piece.kind if isinstance(piece, _Delimiter) else ""


def _edge(pieces: list[_Piece], index: int, step: int) -> str:
    """Return the character next to piece *index*; an empty string at the end of a line."""
    index += step
    while 0 <= index < len(pieces) and pieces[index] in (Boundary.LINK, Boundary.CODE):
        index += step
    if not 0 <= index < len(pieces):
        return ""
    piece = pieces[index]
    if isinstance(piece, _Delimiter):
        return "*"  # every delimiter of emphasis, HTML too, starts and ends in punctuation
    if isinstance(piece, Boundary):
        return ""
    return piece[0] if step > 0 else piece[-1]


def _may_flank(outside: str, inside: str) -> bool:
    """Return whether a delimiter between these characters can open (or, seen from the end, close) emphasis."""
    if not inside or inside.isspace():
        return False
    return not _may_be_punctuation(inside) or not outside or outside.isspace() or _is_surely_punctuation(outside)


def _may_be_punctuation(character: str) -> bool:
    # Newer parsers count symbols as punctuation, older ones do not: rely on neither.
    return unicodedata.category(character)[0] in "PS"


def _is_surely_punctuation(character: str) -> bool:
    return character in punctuation or unicodedata.category(character)[0] == "P"

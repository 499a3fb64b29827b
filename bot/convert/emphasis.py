"""Text that stays text, and emphasis that stays emphasis, whatever stands beside it.

While a line is put together, emphasis and breaks are control characters (XML allows none of them in a body, so a
page cannot contain them). Only when the whole line is known can one say whether `**` would work there: Markdown
reads it by the characters on both sides, and `**강조(bold)**은` is not bold. Where it would not, HTML says it.
"""

import re
import unicodedata
from dataclasses import dataclass, field
from string import punctuation

STRONG, EM, DELETED, CLOSE, BREAK, LINK, CODE = "\x01", "\x02", "\x03", "\x04", "\x05", "\x06", "\x07"
_MARKS = re.compile(f"([{STRONG}{EM}{DELETED}{CLOSE}{BREAK}{LINK}{CODE}])")
_TAG = {STRONG: "strong", EM: "em", DELETED: "del"}

_WHITESPACE = re.compile(r"[ \t\r\n]+")
_ENTITY = re.compile(r"&(?=#?[0-9A-Za-z]+;|$)")
_MARKUP = re.compile(
    r"[`\[]"
    r"|\\(?![^\W_])"  # a backslash that would escape what follows it, also once a space between them has gone
    r"|(?<![^\W_])_|_(?![^\W_])"  # snake_case needs nothing
    r"|(?<!\S )[*~]|[*~](?! \S)"  # between words and spaces they are themselves
    r"|<(?=[A-Za-z/!?]|$)"
    r"|(?<=\w):(?=//)|(?<=\bwww)\.|(?<=mailto):|(?<=xmpp):",  # an address in plain text is no link
    re.IGNORECASE,
)
# GitHub makes emoji of these after Markdown is done, so a backslash would not help.
_SHORTCODE = re.compile(r":(?=(?:[a-z][a-z0-9_+-]*|[+-]1|100|1234|8ball):)")
_DOLLAR = re.compile(r"(?<![\w\\])\$(?=[^\s$](?:[^$]*[^\s$])?\$(?!\w)|`)")
_LINE_START = re.compile(r"(?:[-+*](?=\s|$)|#{1,6}(?=\s|$)|>|[=|:-][-=|:\s]*$)")
_NUMBER_START = re.compile(r"(\d{1,9})([.)])(?=\s|$)")


def escape_text(text: str) -> str:
    """Return *text* so that Markdown shows it as it is; line starts are seen to by `finish_lines`."""
    text = unicodedata.normalize("NFC", _WHITESPACE.sub(" ", text))
    text = _MARKUP.sub(lambda match: "\\" + match[0], text)
    text = _ENTITY.sub(r"\\&", text)
    text = _SHORTCODE.sub("<span>:</span>", text)
    return _DOLLAR.sub("<span>$</span>", text)


def escape_label(text: str) -> str:
    """Return text for between the brackets of a link, which its own brackets may not close."""
    return escape_text(text).replace("]", "\\]")


def code_span(text: str) -> str:
    """Return *text* as inline code, delimited by more backticks than it holds in a row."""
    text = re.sub(r"\r\n?|\n", " ", text)
    ticks = "`" * (max((len(run) for run in re.findall("`+", text)), default=0) + 1)
    needs_padding = text.startswith("`") or text.endswith("`") or (text[:1] == text[-1:] == " " and text.strip(" "))
    padding = " " if needs_padding else ""
    return f"{CODE}{ticks}{padding}{text}{padding}{ticks}{CODE}"


def finish_lines(text: str) -> str:
    """Return a paragraph's text: emphasis settled, breaks made, no line that starts a block."""
    lines = [line.strip(" ") for line in settle(text).split(BREAK)]
    while lines and not lines[-1].strip():
        lines.pop()
    while lines and not lines[0].strip():
        lines.pop(0)
    return "\\\n".join(_escape_line_start(line) for line in lines)


def finish_line(text: str, *, line_break: str = " ") -> str:
    """Return the text of a heading or a cell, which has but one line."""
    lines = [line.strip(" ") for line in settle(text).split(BREAK)]
    while lines and not lines[-1].strip():
        lines.pop()
    return line_break.join(lines).strip()


def _escape_line_start(line: str) -> str:
    if _LINE_START.match(line):
        return "\\" + line
    return _NUMBER_START.sub(r"\1\\\2", line, count=1) if _NUMBER_START.match(line) else line


@dataclass(slots=True)
class _Run:
    """A piece of a line: *kind* is empty for the whole, else the emphasis it has."""

    kind: str = ""
    parts: list["str | _Run"] = field(default_factory=list)


def settle(text: str) -> str:
    """Replace the marks of emphasis and links in *text* by Markdown, or by HTML where Markdown would fail."""
    if not _MARKS.search(text):
        return text
    return _write(_tidy(_read(text)))


def _read(text: str) -> _Run:
    stack = [_Run()]
    for piece in _MARKS.split(text):
        if piece in _TAG and piece:
            stack.append(_Run(piece))
        elif piece == CLOSE and len(stack) > 1:
            run = stack.pop()
            stack[-1].parts.append(run)
        elif piece and piece != CLOSE:
            stack[-1].parts.append(piece)
    while len(stack) > 1:
        run = stack.pop()
        stack[-1].parts.append(run)
    return stack[0]


def _tidy(run: _Run, around: str = "") -> _Run:
    """Move space out of emphasis, drop emphasis of nothing or inside its like, join what touches."""
    parts: list[str | _Run] = []
    for part in run.parts:
        if isinstance(part, str):
            parts.append(part)
            continue
        inner = _tidy(part, around + run.kind)
        before, after = _pull_space(inner)
        parts += [before] if before else []
        if inner.kind in around + run.kind:
            parts += inner.parts
        elif inner.parts:
            _join(parts, inner)
        parts += [after] if after else []
    return _Run(run.kind, parts)


def _join(parts: list["str | _Run"], part: "str | _Run") -> None:
    """Add *part* to *parts*; emphasis that touches its like becomes one, on every level."""
    last = parts[-1] if parts else None
    if isinstance(last, _Run) and isinstance(part, _Run) and last.kind == part.kind:
        for inner in part.parts:
            _join(last.parts, inner)
    else:
        parts.append(part)


def _pull_space(run: _Run) -> tuple[str, str]:
    """Take the space and breaks at both ends of *run* out of it, and return them."""
    before = after = ""
    while run.parts and isinstance(first := run.parts[0], str):
        rest = first.lstrip() if first != BREAK else ""
        before += first[: len(first) - len(rest)]
        if rest:
            run.parts[0] = rest
            break
        run.parts.pop(0)
    while run.parts and isinstance(last := run.parts[-1], str):
        rest = last.rstrip() if last != BREAK else ""
        after = last[len(rest) :] + after
        if rest:
            run.parts[-1] = rest
            break
        run.parts.pop()
    return before, after


@dataclass(slots=True)
class _Delimiter:
    kind: str
    is_opening: bool
    partner: "_Delimiter | None" = None
    text: str = ""


def _write(run: _Run) -> str:
    pieces: list[str | _Delimiter] = []
    _flatten(run, pieces)
    for index, piece in enumerate(pieces):
        if isinstance(piece, _Delimiter) and piece.is_opening:
            closing = next(i for i in range(index + 1, len(pieces)) if pieces[i] is piece.partner)
            piece.text, pieces[closing].text = _delimiters(pieces, index, closing)  # type: ignore[union-attr]
    written, previous = "", None
    for piece in pieces:
        if piece == CODE:
            # Two spans that touch would be one longer run of backticks.
            written += "<!-- -->" if previous == CODE else ""
        elif piece == LINK:
            # `!` before a link would make it a picture.
            written = written[:-1] + "\\!" if written.endswith("!") and not written.endswith("\\!") else written
        else:
            written += piece if isinstance(piece, str) else piece.text
        previous = piece
    return written


def _flatten(run: _Run, pieces: list[str | _Delimiter]) -> None:
    for part in run.parts:
        if isinstance(part, str):
            pieces.append(part)
            continue
        opening, closing = _Delimiter(part.kind, True), _Delimiter(part.kind, False)
        opening.partner = closing
        pieces.append(opening)
        _flatten(part, pieces)
        pieces.append(closing)


def _delimiters(pieces: list[str | _Delimiter], opening: int, closing: int) -> tuple[str, str]:
    kind = pieces[opening].kind  # type: ignore[union-attr]
    before, first = _edge(pieces, opening, -1), _edge(pieces, opening, 1)
    last, after = _edge(pieces, closing, -1), _edge(pieces, closing, 1)
    html = f"<{_TAG[kind]}>", f"</{_TAG[kind]}>"
    if not (_may_flank(before, first) and _may_flank(after, last)):
        return html
    touches = {_neighbour(pieces, opening + 1), _neighbour(pieces, opening - 1)}
    touches |= {_neighbour(pieces, closing + 1), _neighbour(pieces, closing - 1)}
    if kind == DELETED:
        # GitHub's reader looks through `~~` when it judges what stands beside `*`.
        return html if any(touches) else ("~~", "~~")
    if kind == STRONG:
        return ("**", "**")
    if STRONG not in touches and EM not in touches:
        return ("*", "*")
    is_free = all(not edge or edge.isspace() or _is_surely_punctuation(edge) for edge in (before, after))
    return ("_", "_") if is_free else html


def _neighbour(pieces: list[str | _Delimiter], index: int) -> str:
    piece = pieces[index] if 0 <= index < len(pieces) else ""
    return piece.kind if isinstance(piece, _Delimiter) else ""


def _edge(pieces: list[str | _Delimiter], index: int, step: int) -> str:
    """Return the character that stands beside piece *index*; an empty string at the end of a line."""
    index += step
    while 0 <= index < len(pieces) and pieces[index] in (LINK, CODE):
        index += step
    if not 0 <= index < len(pieces):
        return ""
    piece = pieces[index]
    if isinstance(piece, _Delimiter):
        return "*"  # any mark of emphasis, as HTML too, starts and ends in punctuation
    if piece == BREAK:
        return ""
    return piece[0] if step > 0 else piece[-1]


def _may_flank(outside: str, inside: str) -> bool:
    """Tell whether a delimiter between these characters opens (or, seen from the end, closes)."""
    if not inside or inside.isspace():
        return False
    return not _may_be_punctuation(inside) or not outside or outside.isspace() or _is_surely_punctuation(outside)


def _may_be_punctuation(character: str) -> bool:
    # Newer readers count symbols as punctuation, older ones do not: rely on neither.
    return unicodedata.category(character)[0] in "PS"


def _is_surely_punctuation(character: str) -> bool:
    return character in punctuation or unicodedata.category(character)[0] == "P"

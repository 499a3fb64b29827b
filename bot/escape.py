"""Text from outside, made safe to show: on a terminal and in Markdown (HTML is escaped by the templates). Pure."""

import json
import re
import unicodedata
from html import escape

_KEPT = frozenset("\n\t")
_JOINERS = frozenset("\u200c\u200d")
"""Between characters of emoji and of several scripts they change what people see; between others they are invisible."""
_BLANKS = frozenset("\u034f\u115f\u1160\u17b4\u17b5\u3164\uffa0")
"""Letters and marks that show nothing, by which two names can look alike (Default_Ignorable_Code_Point)."""
_VARIANTS = re.compile("[\ufe00-\ufe0f\U000e0100-\U000e01ef]")
_KEYS = frozenset("0123456789#*")
"""What a variation selector makes a key of, as an emoji."""
_BREAKS = frozenset("\n\t\u2028\u2029")
_HIDDEN_IN_JSON = re.compile("[\x7f-\x9f]|[^\x00-\x7f]")
_OWN_COLOUR = re.compile(r"\x1b\[(?:[0-2]|3[1-6])m")
"""What this program paints with: no sequence that hides text, moves the cursor or changes the terminal."""
_PLAIN_WORDS = re.compile(r"[A-Za-z0-9,.:;()/'\"-]+(?: [A-Za-z0-9,.:;()/'\"-]+)*")
_MARKDOWN_SPECIAL = str.maketrans({each: f"\\{each}" for each in "\\`*_{}[]|#!~"})


def visible(text: str) -> str:
    """Return *text* with control and format characters, separators of lines and lone surrogates as code points.

    Such characters can steer a terminal (escape sequences) or reverse the direction of writing (bidi overrides), and
    text after a separator could look like a line of the program. Lone surrogates, which JSON allows, cannot be encoded.
    """
    if text.isascii() and text.isprintable():
        return text
    around = zip(["", *text], text, [*text[1:], ""], strict=False)
    return "".join(f"\\u{ord(each):04x}" if _is_hidden(each, before, after) else each for before, each, after in around)


def visible_in_line(text: str) -> str:
    """Return *text* as `visible` does, on one line: a name with a line feed could look like a line of the program."""
    return visible("".join(f"\\u{ord(each):04x}" if each in _BREAKS else each for each in text))


def visible_but_colours(text: str) -> str:
    """Return *text* as `visible` does, with the colours in which this program paints."""
    pieces, colours = _OWN_COLOUR.split(text), _OWN_COLOUR.findall(text)
    return "".join(visible(piece) + colour for piece, colour in zip(pieces, [*colours, ""], strict=True))


def visible_in_json(text: str) -> str:
    """Return the JSON *text* with hidden characters as escapes, which mean the same: JSON escapes only the first 32."""

    def shown(found: re.Match[str]) -> str:
        start, end = found.span()
        is_hidden = _is_hidden(found[0], text[max(start - 1, 0) : start], text[end : end + 1])
        return _json_escape(found[0]) if is_hidden else found[0]

    return _HIDDEN_IN_JSON.sub(shown, text)


def _is_hidden(character: str, before: str, after: str) -> bool:
    """Return whether a character between two others, or the ends of the text, does something that nobody sees."""
    if character in _KEPT:
        return False
    if character in _JOINERS:
        return before.isascii() and after.isascii()
    if _VARIANTS.match(character):
        return (before.isascii() and before not in _KEYS) or _VARIANTS.match(before) is not None
    is_tag = "\U000e0000" <= character <= "\U000e0fff"
    return is_tag or character in _BLANKS or unicodedata.category(character) in {"Cc", "Cf", "Cs", "Zl", "Zp"}


def _json_escape(character: str) -> str:
    return json.dumps(character)[1:-1] if ord(character) > 0x7F else f"\\u{ord(character):04x}"


def escape_markdown(text: str) -> str:
    """Return *text* on one line so that every reader of Markdown shows it as it is."""
    if _PLAIN_WORDS.fullmatch(text):
        return text  # nearly every title
    escaped = " ".join(text.split()).translate(_MARKDOWN_SPECIAL)
    return escape(escaped.replace("\0", "\ufffd"), quote=False)  # readers of Markdown show NUL as U+FFFD

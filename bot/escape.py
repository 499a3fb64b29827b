"""Text from outside, made safe to show: on a terminal and in Markdown (HTML is escaped by the templates). Pure."""

import json
import re
import unicodedata
from html import escape

_KEPT = frozenset("\n\t\u200c\u200d")
"""Line feeds and tabs; the joiners of emoji and of several scripts neither steer a terminal nor reverse text."""
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
    return "".join(f"\\u{ord(each):04x}" if _is_hidden(each) else each for each in text)


def visible_in_line(text: str) -> str:
    """Return *text* as `visible` does, on one line: a name with a line feed could look like a line of the program."""
    return visible("".join(f"\\u{ord(each):04x}" if each in _BREAKS else each for each in text))


def visible_but_colours(text: str) -> str:
    """Return *text* as `visible` does, with the colours in which this program paints."""
    pieces, colours = _OWN_COLOUR.split(text), _OWN_COLOUR.findall(text)
    return "".join(visible(piece) + colour for piece, colour in zip(pieces, [*colours, ""], strict=True))


def visible_in_json(text: str) -> str:
    """Return the JSON *text* with hidden characters as escapes, which mean the same: JSON escapes only the first 32."""
    return _HIDDEN_IN_JSON.sub(lambda found: _json_escape(found[0]) if _is_hidden(found[0]) else found[0], text)


def _is_hidden(character: str) -> bool:
    return character not in _KEPT and unicodedata.category(character) in {"Cc", "Cf", "Cs", "Zl", "Zp"}


def _json_escape(character: str) -> str:
    return json.dumps(character)[1:-1] if ord(character) > 0x7F else f"\\u{ord(character):04x}"


def escape_markdown(text: str) -> str:
    """Return *text* on one line so that every reader of Markdown shows it as it is."""
    if _PLAIN_WORDS.fullmatch(text):
        return text  # nearly every title
    escaped = " ".join(text.split()).translate(_MARKDOWN_SPECIAL)
    return escape(escaped.replace("\0", "\ufffd"), quote=False)  # readers of Markdown show NUL as U+FFFD

"""Text from outside, made safe to show: on a terminal and in Markdown (HTML is escaped by the templates). Pure."""

import unicodedata
from html import escape

_KEPT_CONTROLS = "\n\t"
_MARKDOWN_SPECIAL = frozenset("\\`*_{}[]|#!~")


def visible(text: str) -> str:
    """Return *text* with control and format characters written as hexadecimal code points.

    Such characters can steer a terminal (escape sequences) or reverse the direction of writing (bidi overrides).
    Line feeds and tabs stay.
    """
    return "".join(
        f"\\u{ord(each):04x}" if unicodedata.category(each) in {"Cc", "Cf"} and each not in _KEPT_CONTROLS else each
        for each in text
    )


def escape_markdown(text: str) -> str:
    """Return *text* on one line so that every reader of Markdown shows it as it is."""
    escaped = "".join(f"\\{each}" if each in _MARKDOWN_SPECIAL else each for each in " ".join(text.split()))
    return escape(escaped.replace("\0", "\ufffd"), quote=False)  # readers of Markdown show NUL as U+FFFD

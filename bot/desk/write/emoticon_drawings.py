"""Drawings of the wiki's emoticons, as SVG that loads nothing: not every machine has a font with emoji."""

import re
from typing import Final

from markupsafe import Markup, escape

from bot.desk.shown_names import icon_name

_GREEN, _RED, _BLUE, _GOLD, _GREY = "#1f8a4c", "#c4302b", "#1d68c4", "#e0a100", "#6b7280"


def _line(path: str, colour: str = "#fff", width: str = "1.9") -> str:
    return (
        f'<path d="{path}" fill="none" stroke="{colour}" stroke-width="{width}" stroke-linecap="round" '
        'stroke-linejoin="round"/>'
    )


def _disc(colour: str, drawing: str) -> str:
    return f'<circle cx="8" cy="8" r="7" fill="{colour}"/>{drawing}'


def _star(colour: str) -> str:
    return f'<path d="M8 1.2l2.1 4.4 4.8.6-3.5 3.4.9 4.8L8 12l-4.3 2.4.9-4.8L1.1 6.2l4.8-.6z" fill="{colour}"/>'


def _face(mouth: str, eyes: str = "M5.7 6v.3M10.3 6v.3") -> str:
    return _disc("#ffd34d", _line(f"{eyes} {mouth}", "#5f4100", "1.4"))


def _hand(turn: str = "") -> str:
    thumb = "M5.4 7.6L8.2 2c1.3 0 2 .9 1.7 2.2L9.4 6.6h3.9c1 0 1.5.8 1.3 1.7l-1.1 4.3c-.2.8-.8 1.4-1.6 1.4H5.4z"
    shape = f"M2 7.2h2.6V14H2z {thumb}"
    return f'<path d="{shape}" fill="#d9952b"{turn}/>'


def _bulb(colour: str) -> str:
    return f'<path d="M8 1.2a4.9 4.9 0 0 0-2.7 9v1.9h5.4v-1.9a4.9 4.9 0 0 0-2.7-9z M6 13.2h4v1.5H6z" fill="{colour}"/>'


_HEART = (
    '<path d="M8 14C2.6 10 1.2 7.4 1.2 5.2A3.6 3.6 0 0 1 8 3.7a3.6 3.6 0 0 1 6.8 1.5C14.8 7.4 13.4 10 8 14z" '
    'fill="#d6336c"/>'
)
_SIGN = '<path d="M8 1.4l7 12.8H1z" fill="#e0a100"/>'
DRAWINGS: Final[dict[str, str]] = {
    "tick": _disc(_GREEN, _line("M4.7 8.4l2.3 2.3 4.3-4.9")),
    "cross": _disc(_RED, _line("M5.4 5.4l5.2 5.2M10.6 5.4l-5.2 5.2")),
    "star": _star(_GOLD),
    "yellow-star": _star(_GOLD),
    "red-star": _star(_RED),
    "green-star": _star(_GREEN),
    "blue-star": _star(_BLUE),
    "warning": _SIGN + _line("M8 6v3.7M8 12v.1", "#3d2c00", "1.7"),
    "information": _disc(_BLUE, _line("M8 7.6v4M8 4.6v.1")),
    "question": _disc(_GREY, _line("M6 6.3a2 2 0 1 1 2.8 1.9c-.6.2-.8.6-.8 1.2M8 11.8v.1", "#fff", "1.6")),
    "plus": _disc(_GREEN, _line("M8 4.7v6.6M4.7 8h6.6")),
    "minus": _disc(_RED, _line("M4.7 8h6.6")),
    "light-on": _bulb("#f0b400"),
    "light-off": _bulb("#9aa5b1"),
    "thumbs-up": _hand(),
    "thumbs-down": _hand(' transform="rotate(180 8 8)"'),
    "smile": _face("M5.2 9.4c1.4 1.8 4.2 1.8 5.6 0"),
    "sad": _face("M5.2 10.8c1.4-1.8 4.2-1.8 5.6 0"),
    "wink": _face("M5.2 9.4c1.4 1.8 4.2 1.8 5.6 0", "M5.7 6v.3M9.4 6.2h1.8"),
    "laugh": _face("M5 9h6c-.6 3-5.4 3-6 0z"),
    "cheeky": _face("M5.2 9.4h5.6M9 9.6v2"),
    "heart": _HEART,
    "broken-heart": _HEART + _line("M8 4L6.8 7l2.4 2L8 12.6", "#fff", "1.2"),
}
_ICON = re.compile(r'<span class="wiki-icon wiki-icon-([a-z-]+)">([^<]*)</span>')


def draw(name: str, words: str = "") -> Markup:
    """Return the drawing of an emoticon by its name in storage format; *words* are for readers who do not see it."""
    label = f'role="img" aria-label="{escape(words)}"' if words else 'aria-hidden="true"'
    return Markup(f'<svg class="emoticon" viewBox="0 0 16 16" {label}>{DRAWINGS[name]}</svg>')  # noqa: S704 -- constants


def draw_icons(html: str) -> Markup:
    """Return safe HTML with drawings in place of the characters of the emoticons."""

    def replace(match: re.Match[str]) -> str:
        return str(draw(match[1], icon_name(match[1]))) if match[1] in DRAWINGS else match[0]

    return Markup(_ICON.sub(replace, html))  # noqa: S704 -- nh3 has cleaned it

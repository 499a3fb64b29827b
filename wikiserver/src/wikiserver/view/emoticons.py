"""The emoticons of storage format: a character for each, its typed form, and an SVG image."""

from typing import Final

EMOTICONS: Final[dict[str, tuple[str, str]]] = {
    "smile": ("🙂", "(smile)"),
    "sad": ("🙁", "(sad)"),
    "cheeky": ("😛", "(tongue)"),
    "laugh": ("😀", "(big grin)"),
    "wink": ("😉", "(wink)"),
    "thumbs-up": ("👍", "(thumbs up)"),
    "thumbs-down": ("👎", "(thumbs down)"),
    "information": ("ℹ️", "(info)"),
    "tick": ("✅", "(tick)"),
    "cross": ("❌", "(error)"),
    "warning": ("⚠️", "(warning)"),
    "plus": ("➕", "(plus)"),
    "minus": ("➖", "(minus)"),
    "question": ("❓", "(question)"),
    "light-on": ("💡", "(lightbulb)"),
    "light-off": ("🔅", "(light off)"),
    "star": ("⭐", "(star)"),
    "yellow-star": ("⭐", "(star)"),
    "red-star": ("🔴", "(red star)"),
    "green-star": ("🟢", "(green star)"),
    "blue-star": ("🔵", "(blue star)"),
    "heart": ("❤️", "(heart)"),
    "broken-heart": ("💔", "(broken heart)"),
}


def _disc(colour: str, drawing: str) -> str:
    return f'<circle cx="8" cy="8" r="7" fill="{colour}"/>{drawing}'


def _lines(path: str, colour: str = "#fff") -> str:
    round_ends = 'stroke-linecap="round" stroke-linejoin="round"'
    return f'<path d="{path}" fill="none" stroke="{colour}" stroke-width="2" {round_ends}/>'


def _star(colour: str) -> str:
    points = "M8 .9l2.2 4.6 5 .7-3.6 3.5.8 5L8 12.3l-4.4 2.4.8-5L.8 6.2l5-.7z"
    return f'<path d="{points}" fill="{colour}"/>'


def _face(mouth: str, eyes: str = "M5.6 6v.4M10.4 6v.4") -> str:
    return _disc("#ffcf3f", _lines(f"{eyes} {mouth}", "#6b4500").replace('width="2"', 'width="1.5"'))


_HEART = (
    '<path d="M8 14.2C2 9.8.9 7 .9 5a3.7 3.7 0 0 1 7.1-1.5A3.7 3.7 0 0 1 15.1 5c0 2-1.1 4.8-7.1 9.2z" fill="#d9342b"/>'
)
_BULB = "M8 1a5 5 0 0 0-2.6 9.3V12h5.2v-1.7A5 5 0 0 0 8 1z M6 13.2h4v1.6H6z"
_HAND = "M1 7h3v7H1z M5 7l3-6c1.5 0 2.2 1 1.8 2.4L9.3 6H14c1 0 1.6 1 1.3 2l-1.5 5c-.2.6-.7 1-1.3 1H5z"

PICTURES: Final[dict[str, str]] = {
    "smile": _face("M5 9.5c1.5 2 4.5 2 6 0"),
    "sad": _face("M5 11c1.5-2 4.5-2 6 0"),
    "laugh": _face("M4.6 9h6.8c-.6 3.5-6.2 3.5-6.8 0z"),
    "cheeky": _face("M5 9.5h6 M9 9.8v2.4"),
    "wink": _face("M5 9.5c1.5 2 4.5 2 6 0", "M5.6 6v.4M9.4 6.2h2"),
    "thumbs-up": f'<path d="{_HAND}" fill="#e0a030"/>',
    "thumbs-down": f'<path d="{_HAND}" fill="#e0a030" transform="rotate(180 8 8)"/>',
    "information": _disc("#1d68c4", _lines("M8 7.5V12M8 4.3v.1")),
    "tick": _disc("#1f8a4c", _lines("M4.5 8.3l2.5 2.5 4.6-5")),
    "cross": _disc("#c4302b", _lines("M5.3 5.3l5.4 5.4M10.7 5.3l-5.4 5.4")),
    "warning": '<path d="M8 1l7.3 13.5H.7z" fill="#e2a400"/>' + _lines("M8 6v4M8 12.3v.1", "#3d2c00"),
    "plus": _disc("#1f8a4c", _lines("M8 4.5v7M4.5 8h7")),
    "minus": _disc("#c4302b", _lines("M4.5 8h7")),
    "question": _disc("#5a6776", _lines("M5.9 6.2a2.1 2.1 0 1 1 2.9 2c-.6.3-.8.6-.8 1.3M8 12v.1")),
    "light-on": f'<path d="{_BULB}" fill="#f2b600"/>',
    "light-off": f'<path d="{_BULB}" fill="#9aa5b1"/>',
    "star": _star("#f2b600"),
    "yellow-star": _star("#f2b600"),
    "red-star": _star("#d9342b"),
    "green-star": _star("#1f8a4c"),
    "blue-star": _star("#1d68c4"),
    "heart": _HEART,
    "broken-heart": _HEART + _lines("M8 3.5L6.5 7l3 2L8 13", "#fff").replace('width="2"', 'width="1.2"'),
}
"""The content of an SVG of 16 by 16."""

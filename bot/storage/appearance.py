"""The attributes and styles of an element that a reader sees; what the editors add and nobody sees is dropped.

Observed in stored bodies of both products: an editor save adds ids, classes, card appearances, layouts and widths of
tables, and writes colours, numbers and styles in other words.
"""

import re
from dataclasses import dataclass

from bot.storage.reader import Element

_UNSEEN = {
    *("ac:macro-id", "ac:local-id", "local-id", "ac:schema-version", "ri:version-at-save", "ac:card-appearance"),
    *("ac:breakout-mode", "ac:breakout-width", "ac:original-width", "ac:original-height", "ac:custom-width"),
    *("ri:local-id", "ac:task-list-id", "lang", "xml:lang", "role", "valign", "nowrap"),
    *("id", "class", "rel", "target", "contenteditable", "tabindex", "spellcheck", "scope", "style", "align"),
}
"""Attributes that no reader sees, and `style` and `align`, which are read by `look_of`."""
_UNSEEN_OF = {
    "ac:image": {"ac:layout"},
    "a": {"title"},
    "td": {"title", "width", "height"},
    "th": {"title", "width", "height"},
    "table": {"width"},
}
_DEFAULTS = {("ol", "start", "1"), *((cell, span, "1") for cell in ("td", "th") for span in ("colspan", "rowspan"))}
_HIGHLIGHT = "data-highlight-colour"

_SPACING = {
    *("letter-spacing", "word-spacing", "line-height", "white-space", "orphans", "widows", "text-indent"),
    *("margin", "margin-top", "margin-bottom", "margin-right", "padding", "vertical-align", "width", "height"),
    *("min-width", "max-width", "text-decoration-style", "text-decoration-color", "-webkit-text-stroke-width"),
}
"""Properties that change at most the space between words or around a block."""
_FONT = {"color", "background-color", "font-size", "font-family"}
"""Properties that apply to text, however the text is nested."""
_NOTHING = {"", "initial", "inherit", "normal", "none", "auto", "left", "start", "transparent", "rgba(0,0,0,0)"}
DEFAULT_COLOURS = {"rgb(23,43,77)", "rgb(9,30,66)", "rgb(41,42,46)", "rgb(51,51,51)", "rgb(0,0,0)", "windowtext"}
"""The colours of words without a colour; an editor writes them around words that were moved or pasted."""
_LIST_SIGNS = {("ul", "disc"), ("ol", "decimal")}
"""The signs of a list that has no style."""
_DECORATIONS = {"underline": "u", "line-through": "s"}

_SPACES = re.compile(r"\s+")
_AROUND_COMMA = re.compile(r"\s*([,()])\s*")
_HEX = re.compile(r"#([0-9a-f]{6}|[0-9a-f]{3})(?![0-9a-f])")
_VARIABLE = re.compile(r"var\(--[\w-]+,(.*)\)")
_POINT_ZERO = re.compile(r"(?<=\d)\.0+(?!\d)")
_NO_LENGTH = re.compile(r"0(?:px|em|rem|pt|cm|in|%)?")
_NAMED = {
    "black": "rgb(0,0,0)",
    "white": "rgb(255,255,255)",
    "red": "rgb(255,0,0)",
    "lime": "rgb(0,255,0)",
    "blue": "rgb(0,0,255)",
    "yellow": "rgb(255,255,0)",
    "green": "rgb(0,128,0)",
    "gray": "rgb(128,128,128)",
    "grey": "rgb(128,128,128)",
    "silver": "rgb(192,192,192)",
    "maroon": "rgb(128,0,0)",
    "navy": "rgb(0,0,128)",
    "olive": "rgb(128,128,0)",
    "purple": "rgb(128,0,128)",
    "teal": "rgb(0,128,128)",
    "orange": "rgb(255,165,0)",
}


@dataclass(frozen=True, slots=True)
class Look:
    """What the style of an element shows: *font* applies to the text inside, *box* to the element itself."""

    font: dict[str, str]
    box: dict[str, str]


def seen_attributes(element: Element) -> dict[str, str]:
    """Return the attributes that a reader sees the effect of, without the style."""
    unseen = _UNSEEN_OF.get(element.name, set())
    seen = {
        name: value
        for name, value in element.attributes.items()
        if name not in _UNSEEN
        and name not in unseen
        and not name.startswith(("data-", "on", "aria-"))
        and (element.name, name, value) not in _DEFAULTS
    }
    highlight = element.attributes.get(_HIGHLIGHT) or _highlight_of_class(element.attributes.get("class", ""))
    if highlight:
        seen[_HIGHLIGHT] = settle_value(highlight)
    return seen


def _highlight_of_class(classes: str) -> str:
    names = (each.removeprefix("highlight-") for each in classes.split() if each.startswith("highlight-"))
    return next(names, "")


def look_of(element: Element) -> Look:
    """Return the visible effect of the style of *element*, with each value in one spelling."""
    font: dict[str, str] = {}
    box: dict[str, str] = {}
    alignment = element.attributes.get("align")
    declarations = [f"text-align:{alignment}"] if alignment and element.name != "table" else []
    if element.name == "font":
        declarations.append(f"color:{element.attributes.get('color', '')}")
    for declaration in [*declarations, *element.attributes.get("style", "").split(";")]:
        name, _, value = declaration.partition(":")
        name, value = name.strip().lower(), settle_value(value)
        if name in _SPACING or not value or (element.name, value) in _LIST_SIGNS:
            continue
        if name in _FONT:
            is_default = value in _NOTHING or (name == "color" and value in DEFAULT_COLOURS)
            font[name] = "" if is_default else value
        elif name.startswith(("font-weight", "font-style", "text-decoration")):
            font |= _marks_of(name, value)
        elif name == "list-style-type" or not (value in _NOTHING or _NO_LENGTH.fullmatch(value)):
            box[name] = value
    return Look(font, box)


def _marks_of(name: str, value: str) -> dict[str, str]:
    """Return a font style as the mark that shows the same: `strong`, `em`, `u`, `s`; an empty value ends the mark."""
    match name:
        case "font-weight":
            is_bold = value in ("bold", "bolder") or (value.isdecimal() and int(value) >= 600)
            return {"strong": "on" if is_bold else ""}
        case "font-style":
            return {"em": "on" if value in ("italic", "oblique") else ""}
        case _:
            return {mark: "on" for word, mark in _DECORATIONS.items() if word in value.split()}


def settle_value(value: str) -> str:
    """Return a CSS value or a colour in one spelling: `rgb(1,2,3)`, `30px`; a theme variable as its fallback."""
    value = _SPACES.sub(" ", value.strip().lower().removesuffix("!important").strip())
    value = _AROUND_COMMA.sub(r"\1", value)
    variable = _VARIABLE.fullmatch(value)
    value = variable[1] if variable else value
    return _NAMED.get(value) or _POINT_ZERO.sub("", _HEX.sub(_rgb, value))


def _rgb(colour: re.Match[str]) -> str:
    digits = colour[1] if len(colour[1]) == 6 else "".join(digit * 2 for digit in colour[1])
    return "rgb({},{},{})".format(*(int(digits[at : at + 2], 16) for at in (0, 2, 4)))

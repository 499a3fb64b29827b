"""Build safe HTML: escaped text, checked addresses, checked styles."""

from __future__ import annotations

import re
from collections.abc import Mapping
from html import escape
from typing import TypeAlias

Attributes: TypeAlias = Mapping[str, str | int | None]

SAFE_SCHEMES = re.compile(
    "https?|mailto|tel|s?ftp|ftps|ssh|git|news|irc|xmpp|sip|skype|callto|slack|onenote|smb|nfs|file", re.IGNORECASE
)
VOID = {"br", "hr", "col", "img", "wbr"}

_SCHEME = re.compile(r"[a-zA-Z][a-zA-Z0-9+.-]*(?=:)")
_INVISIBLE = re.compile(r"[\x00-\x20\x7f-\x9f\u200b-\u200f\u2028\u2029\ufeff]+")
_IMAGE_DATA = re.compile(r"data:image/(?:png|gif|jpe?g|webp);base64,[A-Za-z0-9+/=\s]*$")
_UNSAFE_STYLE = re.compile(r"url\s*\(|expression|javascript|[\\@<>{}]|-\s*\d", re.IGNORECASE)
_SAFE_PROPERTY = re.compile(
    r"(?:background-)?color|text-(?:align|decoration|indent)|(?:min-|max-)?(?:width|height)|vertical-align|"
    r"(?:margin|padding)(?:-(?:left|right|top|bottom))?|border(?:-[a-z-]+)?|font(?:-(?:weight|style|size|family))?|"
    r"line-height|letter-spacing|list-style-type|white-space|float|clear|table-layout"
)


def text(value: object) -> str:
    """Return *value* escaped for use between tags or in double quotes."""
    return escape(str(value), quote=True)


def tag(name: str, attributes: Attributes | None = None, content: str | None = "") -> str:
    """Return an element around the HTML *content*; attributes that are None are omitted."""
    written = "".join(f' {key}="{text(value)}"' for key, value in (attributes or {}).items() if value is not None)
    if name in VOID:
        return f"<{name}{written}/>"
    return f"<{name}{written}>{content}</{name}>"


def is_safe_address(address: str, *, image: bool = False) -> bool:
    """Return whether an address is safe for a link or an image: no script, no unknown scheme."""
    compact = _INVISIBLE.sub("", address)
    scheme = _SCHEME.match(compact)
    if scheme is None:
        return not compact.startswith(":")
    if image and _IMAGE_DATA.match(address):
        return True
    return SAFE_SCHEMES.fullmatch(scheme[0]) is not None


def safe_style(style: str) -> str | None:
    """Return the declarations that only affect the appearance; None if there are none."""
    kept = []
    for declaration in style.split(";"):
        name, colon, value = declaration.partition(":")
        if colon and _SAFE_PROPERTY.fullmatch(name.strip().lower()) and not _UNSAFE_STYLE.search(value):
            kept.append(f"{name.strip()}: {value.strip()};")
    return " ".join(kept) or None

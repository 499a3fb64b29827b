"""JSON in a canonical form: sorted keys, LF, UTF-8 in NFC."""

import json
import unicodedata
from collections.abc import Iterable

_LINES = json.JSONEncoder(ensure_ascii=False, sort_keys=True, separators=(", ", ": "))
_INDENTED = json.JSONEncoder(ensure_ascii=False, sort_keys=True, indent=1)


def dump_json(value: object) -> bytes:
    """Return *value* as an indented document."""
    return _encode(value, _INDENTED)


def dump_lines(values: Iterable[object]) -> bytes:
    """Return *values* as JSON Lines."""
    return b"".join(_encode(value, _LINES) for value in values)


def dump_value(value: object) -> str:
    """Return *value* as it is in a line of `dump_lines`."""
    return _encode(value, _LINES).decode().removesuffix("\n")


def _encode(value: object, encoder: json.JSONEncoder) -> bytes:
    text = encoder.encode(value)
    if not unicodedata.is_normalized("NFC", text):
        # Each text by itself: the n of an escaped line feed must not join the mark that follows it.
        text = encoder.encode(_normalized(value))
    # A lone surrogate, which JSON allows and UTF-8 does not, becomes a question mark.
    return text.encode("utf-8", "replace") + b"\n"


def _normalized(value: object) -> object:
    match value:
        case str():
            return unicodedata.normalize("NFC", value)
        case dict():
            return {_normalized(name): _normalized(each) for name, each in value.items()}
        case list() | tuple():
            return [_normalized(each) for each in value]
        case _:
            return value

"""JSON in a canonical form: sorted keys, LF, UTF-8 in NFC."""

import json
import unicodedata
from collections.abc import Iterable

_LINES = json.JSONEncoder(ensure_ascii=False, sort_keys=True, separators=(", ", ": "))


def dump_json(value: object) -> bytes:
    """Return *value* as an indented document."""
    return _encode(json.dumps(value, ensure_ascii=False, sort_keys=True, indent=1))


def dump_lines(values: Iterable[object]) -> bytes:
    """Return *values* as JSON Lines."""
    return b"".join(_encode(_LINES.encode(value)) for value in values)


def dump_value(value: object) -> str:
    """Return *value* as it is in a line of `dump_lines`."""
    return _encode(_LINES.encode(value)).decode().removesuffix("\n")


def _encode(text: str) -> bytes:
    # A lone surrogate, which JSON allows and UTF-8 does not, becomes a question mark.
    return unicodedata.normalize("NFC", text).encode("utf-8", "replace") + b"\n"

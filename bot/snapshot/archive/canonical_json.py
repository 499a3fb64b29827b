"""JSON in a canonical form: sorted keys, LF, UTF-8 in NFC."""

import json
import unicodedata
from collections.abc import Iterable


def dump_json(value: object) -> bytes:
    """Return *value* as an indented document."""
    return _encode(json.dumps(value, ensure_ascii=False, sort_keys=True, indent=1))


def dump_lines(values: Iterable[object]) -> bytes:
    """Return *values* as JSON Lines."""
    return b"".join(
        _encode(json.dumps(value, ensure_ascii=False, sort_keys=True, separators=(", ", ": "))) for value in values
    )


def _encode(text: str) -> bytes:
    # A lone surrogate, which JSON allows and UTF-8 does not, becomes a question mark.
    return unicodedata.normalize("NFC", text).encode("utf-8", "replace") + b"\n"
